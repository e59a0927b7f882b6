package provider

import (
	"net/http"
	"strings"
	"testing"

	"github.com/propusk/propusk/storage"
)

// deviceWorld is the examples' world with the public client of RFC 8628.
func deviceWorld(t *testing.T) *world {
	t.Helper()
	w := rfcWorld(t)
	text := map[string]string{"en": "example", "ru": "example"}
	w.must(w.db.CreateScope(t.Context(), storage.System, storage.Scope{Name: "example_scope", Title: text, Text: text}))
	_, _, err := w.db.CreateApp(t.Context(), storage.System, storage.NewApp{App: storage.App{
		ID: "1406020730", Name: "TV", Type: storage.AppNative, GrantTypes: []string{storage.GrantDeviceCode},
		Scopes: []storage.AppScope{{Name: "example_scope"}},
	}})
	w.must(err)
	w.consent(w.session.UserID, "1406020730")
	return w
}

// ask8628 sends the request of §3.1.
func (w *world) ask8628() map[string]any {
	w.t.Helper()
	rec := w.example(`POST /connect/deviceauthorization HTTP/1.1
Host: server.example.com
Content-Type: application/x-www-form-urlencoded

client_id=1406020730&scope=example_scope`)
	if rec.Code != http.StatusOK || !strings.HasPrefix(rec.Header().Get("Content-Type"), "application/json") || rec.Header().Get("Cache-Control") != "no-store" {
		w.t.Fatalf("%d %v %s", rec.Code, rec.Header(), rec.Body)
	}
	return w.object(rec)
}

// TestRFC8628Example is §3.1 to §3.5: the codes, a poll too early and too fast, and the tokens.
func TestRFC8628Example(t *testing.T) {
	w := deviceWorld(t)
	got := w.ask8628()
	members(t, "§3.2", got, []string{"device_code", "user_code", "verification_uri", "verification_uri_complete", "expires_in", "interval"}, nil)
	uri, code := rfcIssuer+"/device", got["user_code"].(string)
	if got["verification_uri"] != uri || got["verification_uri_complete"] != uri+"?user_code="+code || got["interval"] != 5.0 || got["expires_in"].(float64) <= 0 {
		t.Errorf("%v", got)
	}
	if strings.ContainsAny(strings.ReplaceAll(code, "-", ""), "aeiouAEIOU01") { // §6.1: easy to type, and no word
		t.Errorf("user_code %s", code)
	}
	poll := func(code string) tokens { // §3.4
		w.clock.Advance(storage.DevicePollInterval)
		rec := w.example(`POST /connect/token HTTP/1.1
Host: server.example.com
Content-Type: application/x-www-form-urlencoded

grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Adevice_code
&device_code=` + code + `
&client_id=1406020730`)
		if rec.Code == http.StatusOK {
			tokens6749(t, w, "§3.5", rec)
			return tokens{status: rec.Code}
		}
		return tokens{status: rec.Code, Error: w.object(rec)["error"].(string)}
	}
	device := got["device_code"].(string)
	if got := poll(device); got.status != http.StatusBadRequest || got.Error != errAuthorizationPending {
		t.Errorf("before anybody has said anything: %+v", got)
	}
	w.clock.Advance(-storage.DevicePollInterval)
	if got := poll(device); got.status != http.StatusBadRequest || got.Error != errSlowDown {
		t.Errorf("at once again: %+v", got)
	}
	w.clock.Advance(storage.DevicePollInterval) // §3.5: five seconds more from now on
	w.decide(deviceOf(got), "example_scope")
	if got := poll(device); got.status != http.StatusOK {
		t.Errorf("approved: %+v", got)
	}
	if got := poll(device); got.status != http.StatusBadRequest || got.Error != errInvalidGrant {
		t.Errorf("twice: %+v", got)
	}
	if got := poll("GmRhmhcxhwAzkoEqiMEg_DnyEysNkuNhszIySk9eS"); got.status != http.StatusBadRequest || got.Error != errInvalidGrant {
		t.Errorf("of the text: %+v", got)
	}
}

func deviceOf(got map[string]any) device {
	return device{deviceResponse: deviceResponse{DeviceCode: got["device_code"].(string), UserCode: got["user_code"].(string)}}
}

// TestRFC8628Errors are the other errors of §3.5, and those of §3.1.
func TestRFC8628Errors(t *testing.T) {
	w := deviceWorld(t)
	poll := func(got map[string]any) string {
		w.clock.Advance(storage.DevicePollInterval)
		form := pollForm(deviceOf(got))
		form.Set("client_id", "1406020730")
		return w.token(form).Error
	}
	denied := w.ask8628()
	found, err := w.db.DeviceCodeByUserCode(t.Context(), denied["user_code"].(string))
	w.must(err)
	w.must(w.db.DecideDeviceCode(t.Context(), found.ID, w.session, nil))
	if got := poll(denied); got != errAccessDenied {
		t.Errorf("denied: %s", got)
	}
	late := w.ask8628()
	w.clock.Advance(storage.DeviceCodeTTL)
	if got := poll(late); got != errExpiredToken {
		t.Errorf("expired: %s", got)
	}
	w.refusedAs("nobody", w.post(PathDevice, map[string][]string{"scope": {"example_scope"}}), http.StatusUnauthorized, errInvalidClient)
	w.refusedAs("unknown client", w.post(PathDevice, map[string][]string{"client_id": {"459691054427"}}), http.StatusUnauthorized, errInvalidClient)
	w.refusedAs("a foreign scope", w.post(PathDevice, map[string][]string{"client_id": {"1406020730"}, "scope": {"read"}}), http.StatusBadRequest, errInvalidScope)
	w.refusedAs("an app without the grant", w.post(PathDevice, map[string][]string{"scope": {"read"}}, basic(rfcClient, "gX1fBat3bV")...), http.StatusBadRequest, errUnauthorizedClient)
	if rec := w.get(PathDevice + "?client_id=1406020730"); rec.Code != http.StatusMethodNotAllowed {
		t.Errorf("GET: %d", rec.Code)
	}
}
