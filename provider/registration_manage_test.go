package provider

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/propusk/propusk/storage"
)

// TestManageGuarded: whatever is wrong with the token or the client, the answer is the same.
func TestManageGuarded(t *testing.T) {
	w := openWorld(t, "open")
	mine := w.registered(object{"redirect_uris": []any{"https://a.example/cb"}})
	other := w.registered(object{"redirect_uris": []any{"https://b.example/cb"}})
	var want string
	for name, c := range map[string]struct{ path, token string }{
		"no token":                {place(mine), ""},
		"another client's":        {place(mine), rat(other)},
		"cut":                     {place(mine), strings.TrimSuffix(rat(mine), rat(mine)[len(rat(mine))-1:])},
		"the secret":              {place(mine), mine["client_secret"].(string)},
		"unknown client":          {PathRegister + "/app_dyn_unknown", rat(mine)},
		"seeded client":           {PathRegister + "/demo", rat(mine)},
		"seeded client, no token": {PathRegister + "/demo", ""},
		"nothing":                 {PathRegister + "/", rat(mine)},
		"path below":              {place(mine) + "/x", rat(mine)},
	} {
		for _, method := range []string{http.MethodGet, http.MethodPut, http.MethodDelete} {
			rec := w.send(method, c.path, "{}", c.token)
			answer := w.object(rec)
			if rec.Code != http.StatusUnauthorized || answer["error"] != errInvalidToken || rec.Header().Get("WWW-Authenticate") == "" {
				t.Errorf("%s %s: %d %s", method, name, rec.Code, rec.Body)
			}
			if want == "" {
				want = rec.Body.String()
			}
			if rec.Body.String() != want {
				t.Errorf("%s %s: %s, elsewhere %s", method, name, rec.Body, want)
			}
		}
	}
	if rec := w.send(http.MethodPost, place(mine), "{}", rat(mine)); rec.Code != http.StatusMethodNotAllowed {
		t.Errorf("POST: %d", rec.Code)
	}
	w.change(mine["client_id"].(string), func(a *storage.App) { a.Enabled = false })
	if rec := w.send(http.MethodGet, place(mine), "", rat(mine)); rec.Code != http.StatusUnauthorized {
		t.Errorf("a disabled client: %d", rec.Code)
	}
}

// TestReplace: PUT replaces everything; what is left out is back at its default.
func TestReplace(t *testing.T) {
	w := openWorld(t, "open")
	made := w.registered(object{"redirect_uris": []any{"https://a.example/cb"}, "client_name": "A", "client_name#ru": "А", "logo_uri": "https://a.example/l",
		"grant_types": []any{"authorization_code", "refresh_token"}, "scope": "openid"})
	id := made["client_id"].(string)
	w.change(id, func(a *storage.App) { a.Trusted = true })
	rec := w.send(http.MethodPut, place(made), object{"client_id": id, "client_secret": made["client_secret"], "redirect_uris": []any{"https://b.example/cb"}, "logo_uri": nil}, rat(made))
	got := w.object(rec)
	if rec.Code != http.StatusOK || got["client_name"] != "b.example" || got["logo_uri"] != nil || got["client_name#ru"] != nil || got["client_secret"] != nil {
		t.Fatalf("%d %s", rec.Code, rec.Body)
	}
	app := w.app(id)
	if app.Trusted || app.MatchRedirectURI("https://a.example/cb") || !app.MatchRedirectURI("https://b.example/cb") || app.Allows(storage.GrantRefreshToken) {
		t.Errorf("app %+v", app)
	}
	if rec := w.send(http.MethodGet, place(made), "", rat(made)); rec.Code != http.StatusOK || w.object(rec)["client_name"] != "b.example" {
		t.Errorf("read again: %d %s", rec.Code, rec.Body)
	}
	if !w.db.CheckAppSecret(app, made["client_secret"].(string)) {
		t.Error("the secret changed")
	}
}

func TestReplaceRefused(t *testing.T) {
	w := openWorld(t, "open")
	made := w.registered(object{"redirect_uris": []any{"https://a.example/cb"}})
	good := object{"client_id": made["client_id"], "redirect_uris": []any{"https://b.example/cb"}}
	for name, change := range map[string]object{
		"another client_id": {"client_id": "demo"},
		"no client_id":      {"client_id": nil},
		"chosen secret":     {"client_secret": "chosen-by-the-client"},
		"its own token":     {"registration_access_token": rat(made)},
		"its own address":   {"registration_client_uri": made["registration_client_uri"]},
		"times":             {"client_id_issued_at": 1},
		"javascript":        {"redirect_uris": []any{"javascript:x"}},
	} {
		body := maps.Clone(good)
		maps.Copy(body, change)
		if rec := w.send(http.MethodPut, place(made), body, rat(made)); rec.Code != http.StatusBadRequest {
			t.Errorf("%s: %d %s", name, rec.Code, rec.Body)
		}
	}
	if app := w.app(made["client_id"].(string)); !app.MatchRedirectURI("https://a.example/cb") {
		t.Error("a refused update changed the app")
	}
}

// TestReplacePublic: a client that begins to authenticate gets a secret, one that ceases loses it.
func TestReplacePublic(t *testing.T) {
	w := openWorld(t, "open")
	made := w.registered(object{"redirect_uris": []any{"https://a.example/cb"}, "token_endpoint_auth_method": "none"})
	if made["client_secret"] != nil {
		t.Fatal("a public client got a secret")
	}
	put := func(method string) object {
		rec := w.send(http.MethodPut, place(made), object{"client_id": made["client_id"], "redirect_uris": []any{"https://a.example/cb"}, "token_endpoint_auth_method": method}, rat(made))
		if rec.Code != http.StatusOK {
			t.Fatalf("%s: %d %s", method, rec.Code, rec.Body)
		}
		return w.object(rec)
	}
	secret, _ := put("client_secret_post")["client_secret"].(string)
	if secret == "" || !w.db.CheckAppSecret(w.app(made["client_id"].(string)), secret) {
		t.Errorf("secret %q", secret)
	}
	put("none")
	if w.db.CheckAppSecret(w.app(made["client_id"].(string)), secret) {
		t.Error("the secret of a public client works")
	}
}

// signIn runs the code flow of a registered client.
func (w *world) signIn(client object, uri string) tokens {
	w.t.Helper()
	id := client["client_id"].(string)
	w.consent(w.session.UserID, id)
	form := codeForm(w.code(request(id, "redirect_uri", uri)))
	form.Set("redirect_uri", uri)
	got := w.token(form, basic(id, client["client_secret"].(string))...)
	if got.status != http.StatusOK {
		w.t.Fatalf("token: %+v", got)
	}
	return got
}

func (w *world) claims(accessToken string) object {
	w.t.Helper()
	return w.object(w.get(PathUserInfo, "Authorization", "Bearer "+accessToken))
}

// TestDelete: everything of the app stops.
func TestDelete(t *testing.T) {
	w := openWorld(t, "open")
	made := w.registered(object{"redirect_uris": []any{"https://a.example/cb"}, "grant_types": []any{"authorization_code", "refresh_token"}})
	got := w.signIn(made, "https://a.example/cb")
	rec := w.send(http.MethodDelete, place(made), "", rat(made))
	if rec.Code != http.StatusNoContent || rec.Body.Len() != 0 {
		t.Fatalf("%d %s", rec.Code, rec.Body)
	}
	if rec := w.send(http.MethodDelete, place(made), "", rat(made)); rec.Code != http.StatusUnauthorized {
		t.Errorf("a second time: %d", rec.Code)
	}
	if rec := w.get(PathUserInfo, "Authorization", "Bearer "+got.AccessToken); rec.Code != http.StatusUnauthorized {
		t.Errorf("its access token: %d", rec.Code)
	}
	if again := w.token(refreshForm(got.RefreshToken), basic(made["client_id"].(string), made["client_secret"].(string))...); again.status != http.StatusUnauthorized {
		t.Errorf("its refresh token: %+v", again)
	}
	if rec := w.get(PathAuthorize + "?" + request(made["client_id"].(string), "redirect_uri", "https://a.example/cb").Encode()); rec.Code != http.StatusBadRequest {
		t.Errorf("authorize: %d", rec.Code)
	}
}

// TestPairwise: apps of one sector know a person by one subject, all others by another, wherever a
// subject is said.
func TestPairwise(t *testing.T) {
	w := openWorld(t, "open")
	register := func(uri string) object {
		return w.registered(object{"redirect_uris": []any{uri}, "subject_type": "pairwise", "grant_types": []any{"authorization_code", "refresh_token"}})
	}
	one, same, other := register("https://a.example/cb"), register("https://a.example/2"), register("https://b.example/cb")
	first, second, third := w.signIn(one, "https://a.example/cb"), w.signIn(same, "https://a.example/2"), w.signIn(other, "https://b.example/cb")
	sub := payload(t, first.IDToken)["sub"].(string)
	switch {
	case sub == w.session.UserID || sub == "":
		t.Fatalf("sub %q is the user's id", sub)
	case payload(t, second.IDToken)["sub"] != sub:
		t.Error("two apps of one sector are told different subjects")
	case payload(t, third.IDToken)["sub"] == sub:
		t.Error("two sectors are told the same subject")
	case w.claims(first.AccessToken)["sub"] != sub || w.claims(third.AccessToken)["sub"] == sub:
		t.Error("userinfo says another subject than the id_token")
	}
	credentials := basic(one["client_id"].(string), one["client_secret"].(string))
	for _, token := range []string{first.AccessToken, first.RefreshToken} {
		answer := w.object(w.post(PathIntrospect, url.Values{"token": {token}}, credentials...))
		if answer["sub"] != sub || answer["username"] != nil {
			t.Errorf("introspection: %v", answer)
		}
	}
	again := w.token(refreshForm(first.RefreshToken), credentials...)
	if payload(t, again.IDToken)["sub"] != sub {
		t.Error("a refreshed id_token says another subject")
	}
	w.change(one["client_id"].(string), func(a *storage.App) { a.AccessTokenFormat = storage.TokenJWT })
	if got := payload(t, w.signIn(one, "https://a.example/cb").AccessToken)["sub"]; got != sub {
		t.Errorf("the access token says %v", got)
	}
	w.authorize(request(one["client_id"].(string), "redirect_uri", "https://a.example/cb", "id_token_hint", first.IDToken))
	if w.asked.HintSub != sub {
		t.Errorf("hint %q", w.asked.HintSub)
	}
	if got := w.authorize(request(one["client_id"].(string), "redirect_uri", "https://a.example/cb", "id_token_hint", third.IDToken)); got.Get("error") != errInvalidRequest {
		t.Errorf("a hint of another sector: %v", got)
	}
	if rec := w.get(PathEndSession + "?id_token_hint=" + first.IDToken); rec.Code != http.StatusNoContent || w.logout.SessionID != w.db.SessionName(w.app(one["client_id"].(string)), w.session.ID) {
		t.Errorf("logout: %d %+v", rec.Code, w.logout)
	}
}

// TestSector: the list behind a sector_identifier_uri must hold every redirect URI.
func TestSector(t *testing.T) {
	list := `["https://a.example/cb","https://b.example/cb"]`
	remote := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/away" {
			http.Redirect(w, r, "/list", http.StatusFound)
			return
		}
		_, _ = w.Write([]byte(map[string]string{"/list": list, "/object": `{}`, "/null": "null", "/huge": `["` + strings.Repeat("x", sectorLimit) + `"]`}[r.URL.Path]))
	}))
	t.Cleanup(remote.Close)
	host := strings.TrimPrefix(remote.URL, "https://")
	w := openWorld(t, "open", func(c *Config) { c.AllowHosts, c.InsecureHosts = []string{host}, []string{host} })
	for path, c := range map[string]struct {
		uris []any
		good bool
	}{
		"/list": {[]any{"https://a.example/cb", "https://b.example/cb"}, true}, "/list?other": {[]any{"https://a.example/cb", "https://c.example/cb"}, false},
		"/object": {[]any{"https://a.example/cb"}, false}, "/null": {[]any{"https://a.example/cb"}, false}, "/nothing": {[]any{"https://a.example/cb"}, false},
		"/away": {[]any{"https://a.example/cb"}, false}, "/huge": {[]any{"https://a.example/cb"}, false},
	} {
		rec := w.send(http.MethodPost, PathRegister, object{"redirect_uris": c.uris, "subject_type": "pairwise", "sector_identifier_uri": remote.URL + path}, "")
		answer := w.object(rec)
		switch {
		case c.good != (rec.Code == http.StatusCreated), !c.good && answer["error"] != errInvalidMetadata:
			t.Errorf("%s: %d %s", path, rec.Code, rec.Body)
		case c.good && w.app(answer["client_id"].(string)).Registration.Sector != "127.0.0.1":
			t.Errorf("sector %q", w.app(answer["client_id"].(string)).Registration.Sector)
		}
	}
}

// TestSignedUserInfo: the JWT has iss and aud, is signed as registered, and passes for no id_token.
func TestSignedUserInfo(t *testing.T) {
	w := openWorld(t, "open")
	made := w.registered(object{"redirect_uris": []any{"https://a.example/cb"}, "userinfo_signed_response_alg": "ES256"})
	got := w.signIn(made, "https://a.example/cb")
	rec := w.get(PathUserInfo, "Authorization", "Bearer "+got.AccessToken)
	text := rec.Body.String()
	if rec.Code != http.StatusOK || rec.Header().Get("Content-Type") != "application/jwt" {
		t.Fatalf("%d %v %s", rec.Code, rec.Header(), text)
	}
	claims := payload(t, text)
	if claims["iss"] != w.p.issuer || claims["aud"] != made["client_id"] || claims["sub"] != w.session.UserID || claims["email"] != "alice@example.com" {
		t.Errorf("claims %v", claims)
	}
	if h := header(t, text); h["alg"] != "ES256" || h["typ"] != nil {
		t.Errorf("header %v", h)
	}
	if _, err := w.p.verifyJWT(text, typeUserInfo); err == nil {
		t.Error("a JWT without a type is taken for one of ours")
	}
	if _, err := w.p.readHint(text); err == nil {
		t.Error("userinfo passes for an id_token")
	}
	if rec := w.get(PathUserInfo, "Authorization", "Bearer "+text); rec.Code != http.StatusUnauthorized {
		t.Errorf("userinfo as access token: %d", rec.Code)
	}
}

// TestRegisteredDefaults: what a client registered for every request holds where the request says nothing.
func TestRegisteredDefaults(t *testing.T) {
	w := openWorld(t, "open")
	made := w.registered(object{"redirect_uris": []any{"https://a.example/cb"}, "default_max_age": 60, "default_acr_values": []any{"1"}})
	id := made["client_id"].(string)
	w.consent(w.session.UserID, id)
	w.authorize(request(id, "redirect_uri", "https://a.example/cb"))
	if w.asked.MaxAge == nil || *w.asked.MaxAge != 60 || len(w.asked.ACRValues) != 1 {
		t.Errorf("asked %+v", w.asked)
	}
	w.authorize(request(id, "redirect_uri", "https://a.example/cb", "max_age", "5"))
	if *w.asked.MaxAge != 5 {
		t.Errorf("max_age %d", *w.asked.MaxAge)
	}
}

// TestRegisteredDiscovery: everything that registration decides by is what discovery says.
func TestRegisteredDiscovery(t *testing.T) {
	w := openWorld(t, "open")
	var doc metadata
	err := json.Unmarshal(w.get(PathDiscovery).Body.Bytes(), &doc)
	if err != nil {
		t.Fatal(err)
	}
	if doc.Registration != w.p.issuer+PathRegister {
		t.Errorf("registration_endpoint %q", doc.Registration)
	}
	jwks := object{"keys": []any{object{"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}}}
	for member, list := range map[string][]string{
		"id_token_signed_response_alg": doc.IDTokenAlgs, "userinfo_signed_response_alg": doc.UserInfoAlgs,
		"subject_type": doc.SubjectTypes, "token_endpoint_auth_method": doc.TokenAuthMethods,
	} {
		for _, value := range list {
			if got := w.registered(object{"redirect_uris": []any{"https://a.example/cb"}, "jwks": jwks, member: value}); got[member] != value {
				t.Errorf("%s %s: registered as %v", member, value, got[member])
			}
		}
	}
}
