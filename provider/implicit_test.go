package provider

import (
	"crypto"
	"encoding/json"
	"html"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/go-jose/go-jose/v4"
	"github.com/google/go-cmp/cmp"

	"github.com/propusk/propusk/storage"
)

// implicitWorld is a world in which demo and spa are registered for every response type.
func implicitWorld(t *testing.T) *world {
	t.Helper()
	w := newWorld(t)
	w.p.implicit = true
	for _, app := range []string{"demo", "spa"} {
		w.change(app, func(a *storage.App) { a.Registration.ResponseTypes = append([]string{"code"}, implicitTypes...) })
	}
	return w
}

// answer sends an authorization request and returns what came back and how: query, fragment or form_post.
func (w *world) answer(q url.Values) (values url.Values, mode string) {
	w.t.Helper()
	rec := w.get(PathAuthorize + "?" + q.Encode())
	if rec.Code == http.StatusOK {
		values = url.Values{}
		for _, m := range regexp.MustCompile(`name="([^"]+)" value="([^"]*)"`).FindAllStringSubmatch(rec.Body.String(), -1) {
			values.Set(m[1], html.UnescapeString(m[2]))
		}
		return values, modeFormPost
	}
	u, err := url.Parse(rec.Header().Get("Location"))
	if err != nil || rec.Code != http.StatusSeeOther || !strings.HasPrefix(u.String(), q.Get("redirect_uri")) {
		w.t.Fatalf("authorize: %d, Location %q, %v\n%s", rec.Code, rec.Header().Get("Location"), err, rec.Body)
	}
	if _, fragment, ok := strings.Cut(rec.Header().Get("Location"), "#"); ok {
		values, err = url.ParseQuery(fragment)
		if err != nil || u.RawQuery != "" {
			w.t.Fatalf("Location %q: %v", rec.Header().Get("Location"), err)
		}
		return values, modeFragment
	}
	return u.Query(), modeQuery
}

// verified is the id_token as somebody else's client sees it.
func (w *world) verified(app, text string) *oidc.IDToken {
	w.t.Helper()
	var set jose.JSONWebKeySet
	err := json.Unmarshal(w.get(PathJWKS).Body.Bytes(), &set)
	if err != nil {
		w.t.Fatal(err)
	}
	keys := &oidc.StaticKeySet{}
	for _, key := range set.Keys {
		keys.PublicKeys = append(keys.PublicKeys, crypto.PublicKey(key.Key))
	}
	token, err := oidc.NewVerifier(w.p.issuer, keys, &oidc.Config{ClientID: app, Now: w.clock.Now, SupportedSigningAlgs: storage.SigningAlgs}).
		Verify(w.t.Context(), text)
	if err != nil {
		w.t.Fatalf("id_token: %v", err)
	}
	return token
}

// TestResponseTypes walks every response type with every mode: what comes back is what the type says,
// where it says, and each thing works.
func TestResponseTypes(t *testing.T) {
	w := implicitWorld(t)
	for _, kind := range w.p.responseTypes() {
		for _, mode := range []string{"-", modeQuery, modeFragment, modeFormPost} {
			for _, words := range []string{kind, reversed(kind)} {
				t.Run(words+" by "+mode, func(t *testing.T) {
					w.t = t
					got, how := w.answer(request("demo", "response_type", words, "response_mode", mode))
					if mode == modeQuery && kind != "code" {
						if got.Get("error") != errInvalidRequest || how != modeFragment || got.Has("code") || got.Has("access_token") || got.Has("id_token") {
							t.Errorf("tokens by query: %v by %s", got, how)
						}
						return
					}
					want := mode
					if want == "-" {
						want = modeFragment
						if kind == "code" {
							want = modeQuery
						}
					}
					if how != want {
						t.Errorf("answered by %s, want %s", how, want)
					}
					checkAnswer(t, w, kind, got)
				})
			}
		}
	}
}

// TestFrontChannelErrors: what is wrong comes back by fragment too, or by the mode that was asked for.
func TestFrontChannelErrors(t *testing.T) {
	w := implicitWorld(t)
	w.change("plain", func(a *storage.App) {
		a.GrantTypes, a.Registration.ResponseTypes = []string{storage.GrantClientCredentials}, []string{"id_token"}
	})
	tests := map[string]struct {
		app     string
		changes []string
		want    string
		mode    string
	}{
		"no nonce for id_token":        {"demo", []string{"response_type", "id_token", "nonce", "-"}, errInvalidRequest, modeFragment},
		"no nonce for id_token token":  {"demo", []string{"response_type", "token id_token", "nonce", "-"}, errInvalidRequest, modeFragment},
		"no nonce for code id_token":   {"demo", []string{"response_type", "code id_token", "nonce", ""}, errInvalidRequest, modeFragment},
		"no nonce for all three":       {"demo", []string{"response_type", "code id_token token", "nonce", "-"}, errInvalidRequest, modeFragment},
		"no nonce, by form":            {"demo", []string{"response_type", "id_token", "nonce", "-", "response_mode", "form_post"}, errInvalidRequest, modeFormPost},
		"no PKCE in the hybrid flow":   {"demo", []string{"response_type", "code id_token", "code_challenge", "-", "code_challenge_method", "-"}, errInvalidRequest, modeFragment},
		"plain PKCE in the hybrid":     {"demo", []string{"response_type", "code token", "code_challenge_method", "plain"}, errInvalidRequest, modeFragment},
		"token alone":                  {"demo", []string{"response_type", "token"}, errUnsupportedResponse, modeFragment},
		"a word twice":                 {"demo", []string{"response_type", "id_token id_token"}, errUnsupportedResponse, modeFragment},
		"none":                         {"demo", []string{"response_type", "none"}, errUnsupportedResponse, modeQuery},
		"another letter case":          {"demo", []string{"response_type", "ID_TOKEN"}, errUnsupportedResponse, modeQuery},
		"an unknown mode":              {"demo", []string{"response_type", "id_token", "response_mode", "web_message"}, errInvalidRequest, modeFragment},
		"query":                        {"demo", []string{"response_type", "id_token", "response_mode", "query"}, errInvalidRequest, modeFragment},
		"an id_token without openid":   {"demo", []string{"response_type", "id_token token", "scope", "profile"}, errInvalidScope, modeFragment},
		"an unassigned scope":          {"demo", []string{"response_type", "id_token", "scope", "openid apps.write"}, errInvalidScope, modeFragment},
		"an app without the type":      {"cli", []string{"response_type", "id_token"}, errUnauthorizedClient, modeFragment},
		"an app with another type":     {"plain", []string{"response_type", "id_token token"}, errUnauthorizedClient, modeFragment},
		"an app that is not for codes": {"plain", nil, errUnauthorizedClient, modeQuery},
		"no response_type":             {"demo", []string{"response_type", "-"}, errInvalidRequest, modeQuery},
		"two modes":                    {"demo", []string{"response_type", "id_token", "prompt", "none login"}, errInvalidRequest, modeFragment},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			w.t, w.asked = t, nil
			got, how := w.answer(request(tt.app, tt.changes...))
			if got.Get("error") != tt.want || how != tt.mode || got.Get("state") != "s-1" || got.Get("iss") != w.p.issuer || w.asked != nil {
				t.Errorf("got %v by %s, want %s by %s", got, how, tt.want, tt.mode)
			}
		})
	}
}

// TestImplicitOff: without the switch there is nothing beyond code, whatever an app is registered for, and
// discovery says the same either way.
func TestImplicitOff(t *testing.T) {
	w := implicitWorld(t)
	w.p.implicit = false
	for _, kind := range implicitTypes {
		for _, mode := range []string{"-", modeFragment, modeFormPost} {
			got, how := w.answer(request("demo", "response_type", kind, "response_mode", mode))
			if got.Get("error") != errUnsupportedResponse || how == modeFragment || got.Has("id_token") || got.Has("access_token") || got.Has("code") {
				t.Errorf("%s by %s: %v by %s", kind, mode, got, how)
			}
		}
	}
	if got, how := w.answer(request("demo", "response_mode", modeFragment)); got.Get("error") != errInvalidRequest || how != modeQuery {
		t.Errorf("a code by fragment: %v by %s", got, how)
	}
	off := w.object(w.get(PathDiscovery))
	if text := w.get(PathDiscovery).Body.String(); strings.Contains(text, "implicit") || strings.Contains(text, "fragment") || strings.Contains(text, "c_hash") {
		t.Errorf("discovery: %s", text)
	}
	if d := cmp.Diff([]any{"code"}, off["response_types_supported"]); d != "" {
		t.Errorf("response types (-want +got)\n%s", d)
	}
	on := implicitWorld(t).documentsObject()
	for name, want := range map[string][]any{
		"response_types_supported": {"code", "id_token", "id_token token", "code id_token", "code token", "code id_token token"},
		"response_modes_supported": {"query", "fragment", "form_post"},
		"grant_types_supported":    append(slices.Clone(off["grant_types_supported"].([]any)), "implicit"),
	} {
		if d := cmp.Diff(want, on[name]); d != "" {
			t.Errorf("%s (-want +got)\n%s", name, d)
		}
	}
}

// TestFragmentForOthers: an app that gets codes alone never looks into a fragment, so whoever writes the
// request does not have its code put there.
func TestFragmentForOthers(t *testing.T) {
	w := implicitWorld(t)
	w.change("spa", func(a *storage.App) { a.Registration.ResponseTypes = nil })
	if got, how := w.answer(request("spa", "response_mode", modeFragment)); got.Get("error") != errInvalidRequest || how != modeQuery {
		t.Errorf("a code by fragment: %v by %s", got, how)
	}
	if got, how := w.answer(request("demo", "response_mode", modeFragment)); !got.Has("code") || how != modeFragment {
		t.Errorf("an app that has tokens: %v by %s", got, how)
	}
}

func (w *world) documentsObject() map[string]any {
	w.t.Helper()
	return w.object(w.get(PathDiscovery))
}

// TestImplicitWithoutCode: PKCE and offline access belong to a code.
func TestImplicitWithoutCode(t *testing.T) {
	w := implicitWorld(t)
	got, _ := w.answer(request("spa", "response_type", "id_token token", "scope", "openid offline_access",
		"code_challenge", "-", "code_challenge_method", "-"))
	if got.Get("access_token") == "" || got.Get("scope") != "openid" || w.asked.HasScope(storage.ScopeOffline) {
		t.Errorf("answer %v, asked %+v", got, w.asked)
	}
}

// TestApprovedTwice: a double click gets an answer, a kept cookie that is approved later gets none.
func TestApprovedTwice(t *testing.T) {
	w := implicitWorld(t)
	got, _ := w.answer(request("demo", "response_type", "id_token token"))
	approve := func() url.Values {
		w.t.Helper()
		rec := httptest.NewRecorder()
		w.p.Approve(rec, httptest.NewRequest(http.MethodPost, "/consent", nil), w.asked, w.session, w.asked.Scopes)
		_, fragment, _ := strings.Cut(rec.Header().Get("Location"), "#")
		values, err := url.ParseQuery(fragment)
		if err != nil {
			t.Fatal(err)
		}
		return values
	}
	if again := approve(); !w.active(again.Get("access_token")) {
		t.Errorf("at once: %v", again)
	}
	w.clock.Advance(storage.RefreshGrace)
	if again := approve(); again.Get("error") != errAccessDenied || again.Has("access_token") || again.Has("id_token") {
		t.Errorf("later: %v", again)
	}
	if !w.active(got.Get("access_token")) {
		t.Error("the first answer was revoked")
	}
	w.session.ID = storage.NewID()
	if got, _ := w.answer(request("demo", "response_type", "id_token")); got.Get("error") != errAccessDenied || got.Has("id_token") {
		t.Errorf("a session that is not there: %v", got)
	}
}

// TestHashes: at_hash and c_hash of OpenID Connect Core §A.4 and §A.6.
func TestHashes(t *testing.T) {
	for text, want := range map[string]string{
		"jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y":                "77QmUPtjPfzWtF2AnpK9RQ",
		"Qcb0Orv1zh30vL1MPRsbm-diHiMwcLyZvn1arpZv-Jxf_11jnpEX3Tgfvk": "LDktKdoQak3Pk0cnXxCltA",
		"": "",
	} {
		got, err := halfHash(text, "RS256")
		if err != nil || got != want {
			t.Errorf("hash of %q: got %q, %v, want %q", text, got, err, want)
		}
	}
}
