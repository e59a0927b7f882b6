package login

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/propusk/propusk/storage"
)

// HC-096: nothing is approved by GET, nor by a POST without the token of this very browser.
func TestHostileDeviceForms(t *testing.T) {
	w := newWorld(t, production)
	d := w.device("demo")
	b := w.browser()
	b.signIn(b.get("/login"), "alice", "alice")
	code, confirm := b.get("/device").with("user_code", d.code), b.typeCode(d.code).hidden()
	stranger := w.browser()
	other := w.device("demo")
	strangers := stranger.typeCode(other.code).hidden()

	for _, form := range []url.Values{code, confirm} {
		for _, path := range []string{"/device", "/login", "/consent"} {
			a := b.get(path + "?" + form.Encode())
			if strings.Contains(a.body, "198.51.100.7") || strings.Contains(a.body, "consent-allow") {
				t.Errorf("GET %s went on", path)
			}
		}
		for _, method := range []string{"HEAD", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"} {
			if a := b.send(method, "/device", form); a.status != http.StatusMethodNotAllowed || a.header.Get("Allow") != "GET, POST" {
				t.Errorf("%s: %d, Allow %q", method, a.status, a.header.Get("Allow"))
			}
		}
	}
	forge := func(form url.Values, csrf string) url.Values {
		copied := url.Values{}
		for k, v := range form {
			copied[k] = v
		}
		copied.Set("csrf", csrf)
		return copied
	}
	for name, csrf := range map[string]string{
		"none": "", "rubbish": "AAAA", "another browser's": strangers.Get("csrf"),
		"a code that was sealed for something else": w.db.Seal("device", []byte(`{"d":"`+d.id+`","t":99999999999}`)),
	} {
		for _, form := range []url.Values{code, confirm} {
			a := b.send(http.MethodPost, "/device", forge(form, csrf))
			if a.status != http.StatusForbidden {
				t.Errorf("token %s: %d, want 403", name, a.status)
			}
		}
	}
	// A token that asked about no device confirms none.
	a := b.send(http.MethodPost, "/device", forge(confirm, code.Get("csrf")))
	wantPage(t, a, http.StatusForbidden, "")
	b.header.Set("Sec-Fetch-Site", "cross-site")
	wantPage(t, b.send(http.MethodPost, "/device", confirm), http.StatusForbidden, "")
	b.header.Del("Sec-Fetch-Site")
	for _, sealed := range []string{"", "AAAA", w.db.Seal("csrf", []byte(`{"d":"`+d.id+`"}`)), url.QueryEscape("\x00")} {
		if a := b.get("/device?done=" + sealed); a.status != http.StatusOK || !a.shows("user_code") {
			t.Errorf("done=%q: %d", sealed, a.status)
		}
	}
	d.want(storage.DevicePending, "")
	other.want(storage.DevicePending, "")
}

// A hostile device names itself, and hostile addresses name codes.
func TestHostileDeviceTexts(t *testing.T) {
	w := newWorld(t, production)
	b := w.browser()
	for _, typed := range []string{`"><script>alert(1)</script>`, strings.Repeat("B", 5000), "\x00", "\xff", "WDJB\r\nX: y"} {
		a := b.get("/device?user_code=" + url.QueryEscape(typed))
		wantPage(t, a, http.StatusOK, "user_code")
		if strings.Contains(a.body, "<script>") || strings.Contains(a.body, `value="BBBB`) {
			t.Errorf("%.20q stands in the page", typed)
		}
	}
	d := &storage.DeviceCode{AppID: "demo", Scopes: []string{"openid"}, Address: `"><b>`, UserAgent: `<script>alert(1)</script>` + "\u202e/1"}
	_, code, err := w.db.CreateDeviceCode(t.Context(), d)
	if err != nil {
		t.Fatal(err)
	}
	a := b.typeCode(code)
	wantPage(t, a, http.StatusOK, "device-submit")
	if strings.Contains(a.body, "<script>") || strings.Contains(a.body, "\u202e") {
		t.Errorf("the device's own words are markup:\n%s", a.body)
	}
	if a := b.send(http.MethodPost, "/device", b.get("/device").with("user_code", strings.Repeat("B", 60000))); a.status != http.StatusOK {
		t.Errorf("a code of 60 KB: %d", a.status)
	}
}
