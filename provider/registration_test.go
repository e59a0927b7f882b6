package provider

import (
	"fmt"
	"maps"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/propusk/propusk/storage"
	"github.com/propusk/propusk/storage/storagetest"
)

// TestRegistrationClosed: by default there is nothing, and discovery says nothing of it; what an app can have
// by other ways than registration is advertised all the same.
func TestRegistrationClosed(t *testing.T) {
	w := newWorld(t)
	for _, path := range []string{PathRegister, PathRegister + "/demo"} {
		if rec := w.send(http.MethodPost, path, object{"redirect_uris": []string{callback}}, ""); rec.Code != http.StatusNotFound {
			t.Errorf("%s: %d", path, rec.Code)
		}
	}
	doc := w.object(w.get(PathDiscovery))
	if got, ok := doc["registration_endpoint"]; ok {
		t.Errorf("discovery: registration_endpoint is %v", got)
	}
	if got := doc["subject_types_supported"]; !cmp.Equal(got, []any{"public", "pairwise"}) {
		t.Errorf("subject types %v", got)
	}
	if got := doc["userinfo_signing_alg_values_supported"]; !cmp.Equal(got, doc["id_token_signing_alg_values_supported"]) {
		t.Errorf("userinfo algorithms %v", got)
	}
}

// rfc7591 is the example of RFC 7591 §3.1 without what it says of keys that its server would have to fetch.
const rfc7591 = `{
  "redirect_uris": ["https://client.example.org/callback", "https://client.example.org/callback2"],
  "client_name": "My Example Client",
  "client_name#ja-Jpan-JP": "\u30AF\u30E9\u30A4\u30A2\u30F3\u30C8\u540D",
  "token_endpoint_auth_method": "client_secret_basic",
  "logo_uri": "https://client.example.org/logo.png",
  "jwks_uri": "https://client.example.org/my_public_keys.jwks",
  "example_extension_parameter": "example_value"
}`

func TestRegister(t *testing.T) {
	w := openWorld(t, "open")
	rec := w.send(http.MethodPost, PathRegister, rfc7591, "")
	if rec.Code != http.StatusCreated || rec.Header().Get("Content-Type") != "application/json" || rec.Header().Get("Cache-Control") != "no-store" {
		t.Fatalf("%d %v %s", rec.Code, rec.Header(), rec.Body)
	}
	got := w.object(rec)
	want := object{
		"redirect_uris": []any{"https://client.example.org/callback", "https://client.example.org/callback2"},
		"client_name":   "My Example Client", "client_name#ja-Jpan-JP": "クライアント名", "token_endpoint_auth_method": "client_secret_basic",
		"logo_uri": "https://client.example.org/logo.png", "jwks_uri": "https://client.example.org/my_public_keys.jwks",
		"application_type": "web", "grant_types": []any{"authorization_code"}, "response_types": []any{"code"},
		"id_token_signed_response_alg": "RS256", "subject_type": "public", "scope": "openid profile email address phone offline_access",
		"client_secret_expires_at": 0.0, "client_id_issued_at": float64(w.clock.Now().Unix()),
		"client_id": got["client_id"], "client_secret": got["client_secret"], "registration_access_token": got["registration_access_token"],
		"registration_client_uri": storagetest.Issuer + PathRegister + "/" + got["client_id"].(string),
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if !strings.HasPrefix(rat(got), "propusk_rat_") || !storage.ValidChecksum(rat(got)) {
		t.Errorf("token %q", rat(got))
	}
	app := w.app(got["client_id"].(string))
	if app.Trusted || app.SkipConsent || app.WithoutPKCE || !app.Enabled || app.OwnerID() != "" || app.Registration.TokenHash == rat(got) {
		t.Errorf("app %+v", app)
	}
	if !w.db.CheckAppSecret(app, got["client_secret"].(string)) {
		t.Error("the secret is not one of the app")
	}
}

// TestRegisterEcho: what is said is kept and said again; what is left out is not there.
func TestRegisterEcho(t *testing.T) {
	w := openWorld(t, "open")
	jwks := object{"keys": []any{object{"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo", "kid": "a"}}}
	for name, c := range map[string]object{
		"native public": {"application_type": "native", "token_endpoint_auth_method": "none", "redirect_uris": []any{"com.example.app:/cb", "http://127.0.0.1/cb"}},
		"device":        {"grant_types": []any{storage.GrantDeviceCode}, "token_endpoint_auth_method": "none", "client_name": "TV"},
		"everything": {
			"redirect_uris": []any{"https://a.example/cb?x=1"}, "post_logout_redirect_uris": []any{"https://a.example/out"},
			"grant_types": []any{"authorization_code", "refresh_token"}, "response_types": []any{"code"}, "client_name": "A", "client_name#ru": "А",
			"contacts": []any{"a@example.com"}, "client_uri": "https://a.example", "logo_uri": "https://a.example/l.png",
			"policy_uri": "https://a.example/p", "tos_uri": "https://a.example/t", "initiate_login_uri": "https://a.example/go",
			"id_token_signed_response_alg": "ES256", "userinfo_signed_response_alg": "PS256", "default_max_age": 60.0,
			"require_auth_time": true, "default_acr_values": []any{"1"}, "subject_type": "pairwise", "software_id": "s", "software_version": "1",
			"scope": "openid email", "jwks": jwks, "token_endpoint_auth_method": "client_secret_post",
		},
	} {
		t.Run(name, func(t *testing.T) {
			made := w.registered(c)
			rec := w.send(http.MethodGet, place(made), "", rat(made))
			read := w.object(rec)
			if rec.Code != http.StatusOK {
				t.Fatalf("read: %d %s", rec.Code, rec.Body)
			}
			for member, want := range c {
				if diff := cmp.Diff(want, made[member]); diff != "" {
					t.Errorf("%s: %s", member, diff)
				}
			}
			delete(made, "client_secret")
			delete(made, "client_secret_expires_at")
			if diff := cmp.Diff(made, read); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestRegisterRefused: each is refused with the code of its kind, and nothing is made.
func TestRegisterRefused(t *testing.T) {
	w := openWorld(t, "open", func(c *Config) { c.Implicit = true })
	good := object{"redirect_uris": []any{"https://a.example/cb"}}
	with := func(pairs ...any) object {
		c := maps.Clone(good)
		for i := 0; i+1 < len(pairs); i += 2 {
			c[pairs[i].(string)] = pairs[i+1]
		}
		return c
	}
	uris := func(list ...any) object { return object{"redirect_uris": list} }
	count := len(w.apps())
	for name, c := range map[string]struct {
		body any
		code string
	}{
		"no redirect URIs":         {object{}, errInvalidRedirectURI},
		"javascript":               {uris("javascript:alert(1)"), errInvalidRedirectURI},
		"javascript in caps":       {uris("JaVaScRiPt:alert(1)"), errInvalidRedirectURI},
		"data":                     {uris("data:text/html,x"), errInvalidRedirectURI},
		"fragment":                 {uris("https://a.example/cb#f"), errInvalidRedirectURI},
		"wildcard":                 {uris("https://*.example/cb"), errInvalidRedirectURI},
		"http on a public host":    {uris("http://a.example/cb"), errInvalidRedirectURI},
		"user in the URI":          {uris("https://a@b.example/cb"), errInvalidRedirectURI},
		"second of two":            {uris("https://a.example/cb", "https://a.example/../cb"), errInvalidRedirectURI},
		"private scheme, web":      {uris("com.example.app:/cb"), errInvalidRedirectURI},
		"implicit on http":         {with("redirect_uris", []any{"http://localhost/cb"}, "response_types", []any{"id_token"}), errInvalidRedirectURI},
		"implicit on localhost":    {with("redirect_uris", []any{"https://localhost/cb"}, "response_types", []any{"id_token"}), errInvalidRedirectURI},
		"redirect URIs a text":     {object{"redirect_uris": "https://a.example/cb"}, errInvalidMetadata},
		"51 redirect URIs":         {uris(slices.Repeat([]any{"https://a.example/cb"}, 51)...), errInvalidRedirectURI},
		"logout to javascript":     {with("post_logout_redirect_uris", []any{"javascript:x"}), errInvalidMetadata},
		"unknown method":           {with("token_endpoint_auth_method", "tls_client_auth"), errInvalidMetadata},
		"unknown grant":            {with("grant_types", []any{"password"}), errInvalidMetadata},
		"unknown response type":    {with("response_types", []any{"token"}), errInvalidMetadata},
		"grants without implicit":  {with("grant_types", []any{"authorization_code"}, "response_types", []any{"id_token"}), errInvalidMetadata},
		"types without code":       {with("grant_types", []any{"authorization_code", "implicit"}, "response_types", []any{"id_token"}), errInvalidMetadata},
		"unsigned id_token":        {with("id_token_signed_response_alg", "none"), errInvalidMetadata},
		"HS256 id_token":           {with("id_token_signed_response_alg", "HS256"), errInvalidMetadata},
		"unsigned userinfo":        {with("userinfo_signed_response_alg", "none"), errInvalidMetadata},
		"unknown type":             {with("application_type", "browser"), errInvalidMetadata},
		"unknown subject type":     {with("subject_type", "secret"), errInvalidMetadata},
		"pairwise on two hosts":    {with("subject_type", "pairwise", "redirect_uris", []any{"https://a.example/cb", "https://b.example/cb"}), errInvalidMetadata},
		"pairwise without a host":  {object{"application_type": "native", "subject_type": "pairwise", "redirect_uris": []any{"com.example.app:/cb"}}, errInvalidMetadata},
		"login begun by http":      {with("initiate_login_uri", "http://a.example/go"), errInvalidMetadata},
		"login begun on localhost": {with("initiate_login_uri", "http://localhost/go"), errInvalidMetadata},
		"login begun by script":    {with("initiate_login_uri", "javascript:x"), errInvalidMetadata},
		"logo by script":           {with("logo_uri", "javascript:x"), errInvalidMetadata},
		"keys twice":               {with("jwks", object{"keys": []any{object{"kty": "oct"}}}, "jwks_uri", "https://a.example/k"), errInvalidMetadata},
		"no keys":                  {with("jwks", object{"keys": []any{}}), errInvalidMetadata},
		"private key":              {with("jwks", object{"keys": []any{object{"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo", "d": "x"}}}), errInvalidMetadata},
		"private_key_jwt, no keys": {with("token_endpoint_auth_method", "private_key_jwt"), errInvalidMetadata},
		"keys at an http URL":      {with("jwks_uri", "http://a.example/k"), errInvalidMetadata},
		"sector on this machine":   {with("sector_identifier_uri", "https://127.0.0.1:1/s"), errInvalidMetadata},
		"sector by its name":       {with("sector_identifier_uri", "https://localhost:1/s"), errInvalidMetadata},
		"sector in the cloud":      {with("sector_identifier_uri", "https://169.254.169.254/latest"), errInvalidMetadata},
		"sector in IPv6":           {with("sector_identifier_uri", "https://[::ffff:127.0.0.1]/s"), errInvalidMetadata},
		"sector in a file":         {with("sector_identifier_uri", "file:///etc/passwd"), errInvalidMetadata},
		"negative age":             {with("default_max_age", -1), errInvalidMetadata},
		"age in words":             {with("default_max_age", "60"), errInvalidMetadata},
		"name too long":            {with("client_name", strings.Repeat("x", 5000)), errInvalidMetadata},
		"name with controls":       {with("client_name", "a\x00b"), errInvalidMetadata},
		"name a number":            {with("client_name#ru", 1), errInvalidMetadata},
		"contact no address":       {with("contacts", []any{"<script>"}), errInvalidMetadata},
		"scope with quotes":        {with("scope", `openid "`), errInvalidMetadata},
		"no object":                {"[]", errInvalidMetadata},
		"null":                     {"null", errInvalidMetadata},
		"empty":                    {"", errInvalidMetadata},
		"two objects":              {`{"redirect_uris":["https://a.example/cb"]}{}`, errInvalidMetadata},
		"a member twice":           {`{"redirect_uris":["https://a.example/cb"],"client_name":"A","client_name":"B"}`, errInvalidMetadata},
		"cut off":                  {`{"redirect_uris":["https://a.example/cb"]`, errInvalidMetadata},
		"nested deep":              {`{"jwks":` + strings.Repeat("[", 20000) + strings.Repeat("]", 20000) + `}`, errInvalidMetadata},
	} {
		t.Run(name, func(t *testing.T) {
			rec := w.send(http.MethodPost, PathRegister, c.body, "")
			w.clock.Advance(time.Second)
			answer := w.object(rec)
			if rec.Code != http.StatusBadRequest || answer["error"] != c.code || answer["error_description"] == "" {
				t.Errorf("%d %s, want %s", rec.Code, rec.Body, c.code)
			}
		})
	}
	if got := len(w.apps()); got != count {
		t.Errorf("%d apps were made", got-count)
	}
}

func TestRegisterWire(t *testing.T) {
	w := openWorld(t, "open")
	form := w.post(PathRegister, url.Values{"redirect_uris": {"https://a.example/cb"}})
	if form.Code != http.StatusBadRequest || w.object(form)["error"] != errInvalidMetadata {
		t.Errorf("a form: %d %s", form.Code, form.Body)
	}
	large := w.send(http.MethodPost, PathRegister, `{"client_name":"`+strings.Repeat("x", maxBody)+`"}`, "")
	if large.Code != http.StatusRequestEntityTooLarge {
		t.Errorf("a large body: %d", large.Code)
	}
	if rec := w.get(PathRegister); rec.Code != http.StatusMethodNotAllowed || rec.Header().Get("Allow") != "POST" {
		t.Errorf("GET: %d", rec.Code)
	}
}

// TestRegisterMany: one address makes no more than its share in a minute, others are not stopped by it.
func TestRegisterMany(t *testing.T) {
	w := openWorld(t, "open")
	status := map[int]int{}
	for i := range 1000 {
		status[w.send(http.MethodPost, PathRegister, object{"redirect_uris": []any{fmt.Sprintf("https://a%d.example/cb", i)}}, "").Code]++
	}
	if want := map[int]int{201: registrationLimit, 429: 1000 - registrationLimit}; !cmp.Equal(want, status) {
		t.Errorf("statuses %v", status)
	}
	var l registrationRate
	now := w.clock.Now()
	for i := range registrationLimit + 1 {
		if got := l.allow(netip.MustParseAddr(fmt.Sprintf("2001:db8::%x", i)), now); got != (i < registrationLimit) {
			t.Errorf("number %d of a network: %t", i, got)
		}
	}
	if !l.allow(netip.MustParseAddr("2001:db8:0:1::"), now) || !l.allow(netip.MustParseAddr("2001:db8::1"), now.Add(registrationWindow)) {
		t.Error("another network, or a minute later, is stopped")
	}
}

// TestRegisterToken: with the policy "token" only an administrator's token of the API registers, and its
// person owns the app.
func TestRegisterToken(t *testing.T) {
	w := openWorld(t, "token")
	body := object{"redirect_uris": []any{"https://a.example/cb"}}
	for name, c := range map[string]struct {
		token  string
		status int
		code   string
	}{
		"none":          {"", 401, errInvalidRequest},
		"unknown":       {storage.CheckedSecret(storage.PersonalTokenPrefix), 401, errInvalidToken},
		"an app's":      {w.login().AccessToken, 401, errInvalidToken},
		"only reads":    {w.initial("alice", storage.ScopeAppsRead), 403, errInsufficientScope},
		"partial":       {w.initial("bob", storage.ScopeAppsWrite), 403, errInsufficientScope},
		"administrator": {w.initial("alice", storage.ScopeAppsWrite), 201, ""},
	} {
		rec := w.send(http.MethodPost, PathRegister, body, c.token)
		answer := w.object(rec)
		if code, _ := answer["error"].(string); rec.Code != c.status || code != c.code {
			t.Errorf("%s: %d %s", name, rec.Code, rec.Body)
		}
		if (rec.Code >= 400) != (rec.Header().Get("WWW-Authenticate") != "") {
			t.Errorf("%s: challenge %q", name, rec.Header().Get("WWW-Authenticate"))
		}
		if rec.Code == 201 && w.app(answer["client_id"].(string)).OwnerID() != w.user("alice").ID {
			t.Error("the app is not of whose token it was")
		}
	}
}
