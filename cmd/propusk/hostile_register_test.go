package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/propusk/propusk/storage"
)

// hostileRegister holds the cases of apps that register themselves.
var hostileRegister = map[string]func(*testing.T){
	"HC-121": registerKeys,
	"HC-122": registerTexts,
	"HC-123": registerFlows,
	"HC-124": registerManaged,
	"HC-125": registerSectors,
	"HC-126": registerGrowth,
}

// plainClient are good metadata, with changes.
func plainClient(changes ...any) object {
	return with(object{"redirect_uris": []any{"https://new.example/cb"}, "client_name": "New"}, changes...)
}

// enrol sends metadata (a text as it is) and lets a second pass, so that nobody's share runs out.
func (w *world) enrol(body any, headers ...string) *reply {
	w.t.Helper()
	w.clock.Advance(time.Second)
	return w.sendJSON(http.MethodPost, "/connect/register", body, headers...)
}

func (w *world) sendJSON(method, path string, body any, headers ...string) *reply {
	w.t.Helper()
	text, ok := body.(string)
	if !ok {
		text = string(toJSON(w.t, body))
	}
	r := w.request(method, path, text, headers...)
	r.Header.Set("Content-Type", "application/json")
	return w.send(r)
}

// entry is a client that has registered itself.
type entry struct {
	object
	path  string   // of its own entry
	token []string // header with its registration access token
}

func (w *world) registered(changes ...any) entry {
	w.t.Helper()
	got := w.enrol(plainClient(changes...))
	token, at := got.text("registration_access_token"), got.text("registration_client_uri")
	if got.status != http.StatusCreated || token == "" || !strings.HasPrefix(at, w.issuer+"/connect/register/") {
		w.t.Fatalf("register %v: %d %s", changes, got.status, got.body)
	}
	return entry{got.json(), strings.TrimPrefix(at, w.issuer), []string{"Authorization", "Bearer " + token}}
}

func (e entry) id() string { id, _ := e.object["client_id"].(string); return id }

// wantNoEntry: each of these is refused and nothing of it is kept; an honest client gets in afterwards.
func (w *world) wantNoEntry(rows map[string]any) {
	w.t.Helper()
	before := w.stored()
	for what, body := range rows {
		got := w.enrol(body)
		code := got.text("error")
		if got.status != http.StatusBadRequest || code != "invalid_client_metadata" && code != "invalid_redirect_uri" || got.header.Get("Cache-Control") != "no-store" {
			w.t.Errorf("%s: got %d %s", what, got.status, clipLog(got.body))
		}
	}
	w.wantUnchanged("registrations that were refused", before)
	w.registered()
}

// registerKeys: keys are public, few, and by one way; whoever sends private ones is told to make others.
func registerKeys(t *testing.T) {
	w := newWorld(t, inProduction, registering("open"))
	owner := rsaOwner()
	var public object
	err := json.Unmarshal(toJSON(t, owner.jwk()), &public)
	if err != nil {
		t.Fatal(err)
	}
	set := func(keys ...any) object { return object{"keys": keys} }
	rows := map[string]any{}
	for _, name := range []string{"d", "p", "q", "dp", "dq", "qi", "oth", "k"} {
		rows["private member "+name] = plainClient("jwks", set(with(public, name, "AQAB")))
		rows["private member "+name+" in the second key"] = plainClient("jwks", set(public, with(public, name, "AQAB")))
		rows["private member "+name+", empty"] = plainClient("jwks", set(with(public, name, "")))
	}
	many := make([]any, 1000)
	for i := range many {
		many[i] = object{"kty": "OKP", "kid": fmt.Sprint(i)}
	}
	for what, jwks := range map[string]any{
		"symmetric": set(object{"kty": "oct", "k": b64("secret")}), "symmetric without k": set(public, object{"kty": "oct"}), "no keys": set(), "keys null": object{"keys": json.RawMessage("null")}, "not a set": public, "a list": []any{public},
		"a text": string(toJSON(t, set(public))), "a number": 7, "keys of numbers": set(1, 2), "keys of null": set(json.RawMessage("null")), "1000 keys": set(many...), "51 keys": set(many[:51]...), "33 KB": set(with(public, "pad", strings.Repeat("x", 33<<10))),
		"deep": set(with(public, "x", json.RawMessage(strings.Repeat("[", 5000)+strings.Repeat("]", 5000)), "pad", strings.Repeat("x", 24<<10))), "keys in capitals, private": object{"KEYS": []any{with(public, "d", "x")}},
	} {
		rows[what] = plainClient("jwks", jwks)
	}
	for what, uri := range map[string]any{"http": "http://new.example/k", "loopback in clear": "http://127.0.0.1/k", "user": "https://a@new.example/k", "fragment": "https://new.example/k#x", "file": "file:///etc/passwd", "relative": "/k", "no host": "https:///k", "a list": []any{"https://new.example/k"}} {
		rows["jwks_uri, "+what] = plainClient("jwks_uri", uri)
	}
	rows["both"] = plainClient("jwks", set(public), "jwks_uri", "https://new.example/k")
	rows["private_key_jwt without keys"] = plainClient("token_endpoint_auth_method", "private_key_jwt")
	rows["jwks null and private_key_jwt"] = plainClient("token_endpoint_auth_method", "private_key_jwt", "jwks", json.RawMessage("null"))
	rows["private_key_jwt by HS256"] = plainClient("token_endpoint_auth_method", "private_key_jwt", "jwks", set(public), "token_endpoint_auth_signing_alg", "HS256")
	rows["client_secret_jwt by RS256"] = plainClient("token_endpoint_auth_method", "client_secret_jwt", "jwks", set(public), "token_endpoint_auth_signing_alg", "RS256")
	for _, alg := range []string{"none", "None", "RS384", "HS512", "RS1", "dir"} {
		rows["assertions by "+alg] = plainClient("token_endpoint_auth_method", "private_key_jwt", "jwks", set(public), "token_endpoint_auth_signing_alg", alg)
		rows["request objects by "+alg] = plainClient("jwks", set(public), "request_object_signing_alg", alg)
	}
	w.wantNoEntry(rows)
	// Two keys under one kid are no fault; keys that are too weak are kept and prove nothing.
	same := w.registered("token_endpoint_auth_method", "private_key_jwt", "grant_types", []any{"authorization_code", "client_credentials"}, "jwks", set(public, rsaAttacker().jwk()))
	for _, k := range []rpKey{owner, rsaAttacker()} {
		got := w.post("/connect/introspect", asserting(w.assert(party{id: same.id()}, k), "grant_type", "", "scope", "", "token", "x"))
		if got.status != http.StatusOK {
			t.Errorf("a key under the kid of two: got %d %s", got.status, got.body)
		}
	}
	weak := w.registered("token_endpoint_auth_method", "private_key_jwt", "jwks", set(with(public, "n", "AQAB"), object{"kty": "RSA", "kid": "one", "n": public["n"], "e": "AQ"}))
	wantError(t, "weak keys", w.token(asserting(w.assert(party{id: weak.id()}, owner))), http.StatusUnauthorized, "invalid_client")
}

// registerTexts: links lead to https, names are plain text.
func registerTexts(t *testing.T) {
	w := newWorld(t, inProduction, registering("open"))
	rows := map[string]any{}
	for _, member := range []string{"logo_uri", "policy_uri", "tos_uri", "client_uri", "initiate_login_uri", "backchannel_logout_uri", "frontchannel_logout_uri"} {
		for _, uri := range []string{
			"javascript:alert(1)", "JaVaScRiPt:alert(1)", "java\nscript:alert(1)", " javascript:alert(1)", "data:text/html,<script>alert(1)</script>", "vbscript:x", "blob:https://new.example/x", "file:///etc/passwd", "about:blank",
			"http://new.example/x", "//evil.example/x", "/x", "https:", "https:///x", "https:new.example", "https://a@evil.example/", "https://new.example\\@evil.example/", "https://new.example/ x", "https://new.example/\u202e", "https://нов.example/x\n",
			"https://new.example/" + strings.Repeat("x", 3000), "ftp://new.example/", "intent://new.example/",
		} {
			rows[member+" "+uri] = plainClient(member, uri)
		}
		rows[member+" a list"] = plainClient(member, []any{"https://new.example/"})
	}
	for _, name := range []string{
		"Bank\u202egnp.exe", "Ba\u200bnk", "Ba\u200dnk", "Bank\u2066", "\ufeffBank", "Ba\u00adnk", "Bank\x00", "Bank\nLine", "Ba\u2028nk", "Bank\x1b[31m", "\ue000", strings.Repeat("x", 5000), "\u202d", "Bank\u061c",
	} {
		rows["name "+name], rows["Russian name "+name] = plainClient("client_name", name), plainClient("client_name#ru", name)
	}
	rows["a name that is a number"], rows["a name that is a list"] = plainClient("client_name", 7), plainClient("client_name", []any{"x"})
	rows["a language of markup"], rows["a long language"] = plainClient(`client_name#"><script>`, "x"), plainClient("client_name#"+strings.Repeat("x", 100), "x")
	langs := plainClient()
	for i := range 60 {
		langs[fmt.Sprintf("client_name#x-%d", i)] = "x"
	}
	rows["60 languages"], rows["21 contacts"] = langs, plainClient("contacts", strings.Split(strings.Repeat("a@b.example ", 20)+"a@b.example", " "))
	rows["a contact of markup"], rows["software_id with controls"] = plainClient("contacts", []any{"<script>"}), plainClient("software_id", "a\x00b")
	w.wantNoEntry(rows)
	made := w.registered("client_name", markup, "client_name#ru", markup, "software_id", markup)
	a := party{made.id(), fmt.Sprint(made.object["client_secret"]), "https://new.example/cb", "openid"}
	p := w.signedIn("alice")
	for what, got := range map[string]*reply{
		"consent": p.walkTo(authorizePath(a.asking())), "sign-in": w.person("bob").walkTo(authorizePath(a.asking())), "a problem": p.get(authorizePath(a.asking("redirect_uri", "https://evil.example"))),
		"registry": p.get("/apps"), "the app": p.get("/apps/" + a.id),
	} {
		wantHarmless(t, what, got)
		if strings.Contains(got.body, markup) {
			t.Errorf("%s repeats markup", what)
		}
	}
	got := w.send(w.request(http.MethodGet, made.path, "", made.token...))
	if got.header.Get("Content-Type") != "application/json" || got.header.Get("X-Content-Type-Options") != "nosniff" || strings.Contains(got.body, "<script") {
		t.Errorf("the entry: %s %s", got.header.Get("Content-Type"), got.body)
	}
}

// walkTo opens a path and returns the page it ends on, without filling in anything.
func (p *person) walkTo(path string) *reply {
	p.w.t.Helper()
	_, got := p.open(path)
	return got
}

// registerFlows: an app that registers itself gets what discovery offers to everybody, and none of what only
// people of this instance may give.
func registerFlows(t *testing.T) {
	w := newWorld(t, inProduction, registering("open"))
	rows := map[string]any{}
	for _, uri := range []string{
		"javascript:alert(1)", "JAVASCRIPT:alert(1)", "data:text/html,x", "https://new.example/cb#", "https://new.example/cb#f", "https://*.example/cb", "https://new.example/*", "https://new.example/cb?code=x", "https://new.example/cb?state=x", "https://new.example/cb?iss=x",
		"http://new.example/cb", "https://a@new.example/cb", "https://new.example/../cb", "https://new.example/%2e%2e/cb", "https://new.example\\@evil.example/", "https://new.example:0/cb", "https://new.example:99999/cb", "//new.example/cb", "/cb", "cb", "https://", "https:new.example",
		"com.example.app:/cb", "myapp://cb", "urn:ietf:wg:oauth:2.0:oob", "", " https://new.example/cb", "https://new.example/cb\n", "https://new.example/" + strings.Repeat("x", 2100), "https://нов.example/cb", "https://new.example/\u202ecb", "blob:https://new.example/x", "file:///cb",
	} {
		rows["redirect_uris "+uri] = plainClient("redirect_uris", []any{uri})
		rows["second of redirect_uris "+uri] = plainClient("redirect_uris", []any{"https://new.example/cb", uri})
		if uri != "" {
			rows["post_logout_redirect_uris "+uri] = plainClient("post_logout_redirect_uris", []any{uri})
		}
	}
	for member, values := range map[string][]any{
		"redirect_uris":              {nil, []any{}, "https://new.example/cb", []any{7}, []any{nil}, []any{[]any{"https://new.example/cb"}}, object{"0": "https://new.example/cb"}, manyURIs(51)},
		"response_types":             {[]any{"token"}, []any{"id_token"}, []any{"code id_token"}, []any{"code token"}, []any{"none"}, []any{"code code"}, []any{"CODE"}, "code", []any{""}, []any{"code", "id_token token"}},
		"grant_types":                {[]any{"password"}, []any{"implicit"}, []any{"urn:ietf:params:oauth:grant-type:jwt-bearer"}, []any{"urn:ietf:params:oauth:grant-type:token-exchange"}, []any{"personal_access_token"}, []any{""}, "authorization_code", []any{7}, []any{"authorization_code", "password"}},
		"token_endpoint_auth_method": {"tls_client_auth", "self_signed_tls_client_auth", "none ", "NONE", "client_secret", 7, []any{"none"}}, "application_type": {"browser", "service", "WEB", 7}, "subject_type": {"secret", "PAIRWISE", 7},
		"id_token_signed_response_alg": {"none", "HS256", "RS384", 7}, "userinfo_signed_response_alg": {"none", "HS256"}, "introspection_signed_response_alg": {"none"}, "default_max_age": {-1, 1.5, "60", json.RawMessage("1e300")}, "require_auth_time": {"yes", 1},
		"scope": {"openid \"", "openid \x00", strings.Repeat("s ", 60), 7, []any{"openid"}}, "request_uris": {manyURIs(51), []any{"http://new.example/r"}, []any{"file:///etc/passwd"}, []any{"javascript:x"}, []any{7}},
	} {
		for _, value := range values {
			body := plainClient(member, value)
			rows[member+" "+string(toJSON(t, value))] = body
		}
	}
	rows["client_credentials of a public client"] = plainClient("token_endpoint_auth_method", "none", "grant_types", []any{"authorization_code", "client_credentials"})
	for what, text := range map[string]string{
		"nothing": "", "null": "null", "a list": "[]", "a text": `"x"`, "two objects": string(toJSON(t, plainClient())) + "{}", "a member twice": `{"redirect_uris":["https://new.example/cb"],"redirect_uris":["https://evil.example/cb"]}`, "a member twice, escaped": `{"redirect_uris":["https://new.example/cb"],"redirect\u005furis":["https://evil.example/cb"]}`,
		"cut off": `{"redirect_uris":["https://new.example/cb"]`, "deep": `{"x":` + strings.Repeat("[", 20000) + strings.Repeat("]", 20000) + "}", "NaN": `{"x":NaN}`, "a BOM": "\ufeff{}",
	} {
		rows[what] = text
	}
	w.wantNoEntry(rows)
	registerGreedy(t, w)
}

func manyURIs(n int) []any {
	list := make([]any, n)
	for i := range list {
		list[i] = fmt.Sprintf("https://new.example/%d", i)
	}
	return list
}

// registerGreedy: what a client may not say of itself has no effect and is not repeated.
func registerGreedy(t *testing.T, w *world) {
	t.Helper()
	greedy := object{
		"client_id": demoApp.id, "client_secret": "chosen-by-the-client", "registration_access_token": "chosen", "client_id_issued_at": 1, "client_secret_expires_at": 1, "software_statement": "e30.e30.",
		"trusted": true, "skip_consent": true, "without_pkce": true, "any_loopback": true, "insecure_redirect": true, "preset_scope": []any{"openid"}, "offline_without_consent": true, "delegated": true, "enabled": true, "owner": w.userID("alice"),
		"developers": []any{w.userID("bob")}, "trusted_domains": []any{"evil.example"}, "network_addresses": []any{"0.0.0.0/0"}, "access_token_format": "jwt", "sector": "victim.example", "dynamic": false, "token_hash": "x", "scopes": []any{object{"name": "apps.write"}},
		"id_token_claims": true, "access": "full", "registration": object{"sector": "victim.example"}, "Trusted": true, "CLIENT_SECRET": "x",
	}
	body := plainClient("scope", "openid email apps.read apps.write users.write me.read extern.api", "application_type", "web", "token_endpoint_auth_method", "client_secret_basic")
	maps.Copy(body, greedy)
	got := w.enrol(body)
	for name, sent := range greedy {
		if kept, ok := got.json()[name]; ok && fmt.Sprint(kept) == fmt.Sprint(sent) {
			t.Errorf("%s is repeated: %v", name, kept)
		}
	}
	app := w.app(got.text("client_id"))
	if got.text("scope") != "openid email" || app.Trusted || app.SkipConsent || app.WithoutPKCE || app.AnyLoopback || app.InsecureRedirect || app.OfflineWithoutConsent || len(app.PresetScopes) != 0 || app.OwnerID() != "" || len(app.TrustedDomains) != 0 || app.Registration.Sector != "" || !app.Registration.Dynamic {
		t.Errorf("scope %q, app %+v", got.text("scope"), app)
	}
	if w.db.CheckAppSecret(app, "chosen-by-the-client") || len(app.Scopes) != 2 {
		t.Errorf("the client chose its secret, or has %v", app.Scopes)
	}
	demo := w.app(demoApp.id)
	if demo.Name == "New" || demo.Registration.Dynamic {
		t.Error("a seeded app was overwritten")
	}
	_ = storage.System
}
