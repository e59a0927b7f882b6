package api_test

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/propusk/propusk/storage"
)

// plainRegistration is what an app has that says nothing of itself.
var plainRegistration = map[string]any{
	"response_types": []any{"code"}, "jwks": nil, "jwks_uri": "", "token_endpoint_auth_signing_alg": "", "request_object_signing_alg": "",
	"request_uris": []any{}, "subject_type": "public", "sector_identifier_uri": "", "userinfo_signed_response_alg": "",
	"introspection_signed_response_alg": "", "default_max_age": nil, "require_auth_time": false, "default_acr_values": []any{},
	"initiate_login_uri": "", "backchannel_logout_uri": "", "backchannel_logout_session_required": false, "frontchannel_logout_uri": "",
	"frontchannel_logout_session_required": false, "logo_uri": "", "client_uri": "", "contacts": []any{}, "software_id": "",
	"software_version": "", "refresh_token_ttl": 7776000.0,
}

var publicKey = map[string]any{"kty": "OKP", "crv": "Ed25519", "kid": "a", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}

// fullRegistration is everything an app can say of itself.
func fullRegistration() map[string]any {
	return map[string]any{
		"response_types": []any{"code", "code id_token token"}, "jwks": map[string]any{"keys": []any{publicKey}},
		"token_endpoint_auth_signing_alg": "EdDSA", "request_object_signing_alg": "ES256", "request_uris": []any{"https://a.example/r#x"},
		"subject_type": "pairwise", "userinfo_signed_response_alg": "PS256", "introspection_signed_response_alg": "ES256",
		"default_max_age": 0.0, "require_auth_time": true, "default_acr_values": []any{"1"}, "initiate_login_uri": "https://a.example/go",
		"backchannel_logout_uri": "https://a.example/back", "backchannel_logout_session_required": true,
		"frontchannel_logout_uri": "https://a.example/front", "frontchannel_logout_session_required": true,
		"logo_uri": "https://a.example/l", "logo_uri#en": "https://a.example/l.en", "logo_uri#ru": "https://a.example/l.ru",
		"client_uri": "https://a.example/", "client_uri#en": "https://a.example/en", "client_uri#ru": "https://a.example/ru",
		"policy_uri#en": "https://b.example/p.en", "policy_uri#ru": "https://b.example/p.ru",
		"tos_uri#en": "https://b.example/t.en", "tos_uri#ru": "https://b.example/t.ru", "contacts": []any{"dev@a.example"},
		"software_id": "s", "software_version": "1", "refresh_token_ttl": 86400.0,
	}
}

// TestAppRegistration: an app is made with everything, shows it, keeps it over other changes, and loses each
// part by null.
func TestAppRegistration(t *testing.T) {
	w := newWorld(t)
	token := w.token(alice)
	want := fullRegistration()
	body := maps.Clone(want)
	maps.Copy(body, map[string]any{"client_name": "A", "redirect_uris": []any{"https://a.example/cb"}, "trusted_domains": []any{"a.example"},
		"token_endpoint_auth_method": "private_key_jwt", "response_types": []any{"code", "token id_token code"}})
	made := w.call(token, http.MethodPost, "/apps", body).want(http.StatusCreated).object()
	path := "/apps/" + made["client_id"].(string)
	if made["client_secret"] != nil {
		t.Error("an app that signs with its own key got a secret")
	}
	w.call(token, http.MethodPatch, path, map[string]any{"description": "other"}).want(http.StatusOK)
	got := w.call(token, http.MethodGet, path, nil).want(http.StatusOK).object()
	for name, value := range want {
		if diff := cmp.Diff(value, made[name]); diff != "" {
			t.Errorf("made %s: %s", name, diff)
		}
		if diff := cmp.Diff(value, got[name]); diff != "" {
			t.Errorf("read %s: %s", name, diff)
		}
	}
	w.call(token, http.MethodPatch, path, map[string]any{"token_endpoint_auth_method": "client_secret_basic"}).want(http.StatusOK)
	for name := range want {
		changed := w.call(token, http.MethodPatch, path, map[string]any{name: nil}).want(http.StatusOK).object()
		if diff := cmp.Diff(plainRegistration[name], changed[name]); diff != "" {
			t.Errorf("%s removed: %s", name, diff)
		}
	}
	app, err := w.db.App(t.Context(), made["client_id"].(string))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(storage.Registration{}, app.Registration); diff != "" {
		t.Errorf("left (-want +got):\n%s", diff)
	}
}

// TestAppRegistrationRefused: what does not suit is refused by the name of its field, and changes nothing.
func TestAppRegistrationRefused(t *testing.T) {
	w := newWorld(t)
	token := w.token(alice)
	made := w.call(token, http.MethodPost, "/apps", map[string]any{"client_name": "A", "redirect_uris": []any{"https://a.example/cb"},
		"trusted_domains": []any{"a.example"}}).want(http.StatusCreated).object()
	path := "/apps/" + made["client_id"].(string)
	private := maps.Clone(publicKey)
	private["d"] = "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"
	keys := func(list ...any) map[string]any { return map[string]any{"keys": list} }
	tests := map[string]struct {
		patch map[string]any
		field string
	}{
		"unknown response type":     {map[string]any{"response_types": []any{"token"}}, "response_types"},
		"types without code":        {map[string]any{"response_types": []any{"id_token"}}, "response_types"},
		"code without its grant":    {map[string]any{"grant_types": []any{"refresh_token"}, "response_types": []any{"code"}}, "response_types"},
		"implicit over http":        {map[string]any{"response_types": []any{"code", "code id_token"}, "redirect_uris": []any{"http://localhost/cb"}, "trusted_domains": nil}, "redirect_uris"},
		"a private key":             {map[string]any{"jwks": keys(private)}, "jwks"},
		"a symmetric key":           {map[string]any{"jwks": keys(map[string]any{"kty": "oct", "k": "AAAA"})}, "jwks"},
		"no keys":                   {map[string]any{"jwks": keys()}, "jwks"},
		"no key set":                {map[string]any{"jwks": map[string]any{"key": 1}}, "jwks"},
		"keys twice":                {map[string]any{"jwks": keys(publicKey), "jwks_uri": "https://a.example/k"}, "jwks"},
		"private_key_jwt alone":     {map[string]any{"token_endpoint_auth_method": "private_key_jwt"}, "jwks"},
		"HS256 for a key":           {map[string]any{"token_endpoint_auth_method": "private_key_jwt", "jwks": keys(publicKey), "token_endpoint_auth_signing_alg": "HS256"}, "token_endpoint_auth_signing_alg"},
		"RS256 for a secret":        {map[string]any{"token_endpoint_auth_method": "client_secret_jwt", "token_endpoint_auth_signing_alg": "RS256"}, "token_endpoint_auth_signing_alg"},
		"alg none":                  {map[string]any{"token_endpoint_auth_signing_alg": "none"}, "token_endpoint_auth_signing_alg"},
		"unsigned requests":         {map[string]any{"request_object_signing_alg": "none"}, "request_object_signing_alg"},
		"userinfo by a secret":      {map[string]any{"userinfo_signed_response_alg": "HS256"}, "userinfo_signed_response_alg"},
		"unknown subject type":      {map[string]any{"subject_type": "secret"}, "subject_type"},
		"pairwise on two hosts":     {map[string]any{"subject_type": "pairwise", "trusted_domains": nil, "redirect_uris": []any{"https://a.example/cb", "https://b.example/cb"}}, "sector_identifier_uri"},
		"pairwise by a device":      {map[string]any{"subject_type": "pairwise", "grant_types": []any{"authorization_code", storage.GrantDeviceCode}}, "subject_type"},
		"pairwise on none":          {map[string]any{"subject_type": "pairwise", "redirect_uris": []any{}}, "sector_identifier_uri"},
		"a sector nobody can read":  {map[string]any{"sector_identifier_uri": "https://a.example/sector"}, "sector_identifier_uri"},
		"keys elsewhere":            {map[string]any{"jwks_uri": "https://b.example/k"}, "jwks_uri"},
		"logout elsewhere":          {map[string]any{"backchannel_logout_uri": "https://b.example/out"}, "backchannel_logout_uri"},
		"logout in clear":           {map[string]any{"backchannel_logout_uri": "http://a.example/out"}, "backchannel_logout_uri"},
		"front logout, other host":  {map[string]any{"frontchannel_logout_uri": "https://a.example:444/out", "trusted_domains": []any{"a.example", "a.example:444"}}, "frontchannel_logout_uri"},
		"a request by script":       {map[string]any{"request_uris": []any{"javascript:x"}}, "request_uris"},
		"login begun in clear":      {map[string]any{"initiate_login_uri": "http://localhost/go"}, "initiate_login_uri"},
		"a logo elsewhere":          {map[string]any{"logo_uri#ru": "https://b.example/l"}, "logo_uri#ru"},
		"terms by script":           {map[string]any{"tos_uri#ru": "javascript:x"}, "tos_uri#ru"},
		"another language":          {map[string]any{"tos_uri#fr": "https://a.example/"}, "tos_uri#fr"},
		"a contact without address": {map[string]any{"contacts": []any{"somebody"}}, "contacts"},
		"a negative age":            {map[string]any{"default_max_age": -1}, "default_max_age"},
		"refresh shorter than use":  {map[string]any{"refresh_token_ttl": 3599}, "refresh_token_ttl"},
		"refresh for ever":          {map[string]any{"refresh_token_ttl": 1e12}, "refresh_token_ttl"},
		"its own token":             {map[string]any{"token_hash": "x"}, "token_hash"},
		"its own sector":            {map[string]any{"sector": "b.example"}, "sector"},
	}
	before := w.call(token, http.MethodGet, path, nil).want(http.StatusOK).text
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			w.t = t
			got := w.call(token, http.MethodPatch, path, test.patch).want(http.StatusUnprocessableEntity)
			if !slices.ContainsFunc(got.wrong(), func(place string) bool { return strings.HasPrefix(place, "body."+test.field) }) {
				t.Errorf("names %v: %s", got.wrong(), got.text)
			}
			if strings.Contains(got.text, "nWGxne") {
				t.Error("the answer repeats the private key")
			}
		})
	}
	w.t = t
	if after := w.call(token, http.MethodGet, path, nil).want(http.StatusOK).text; after != before {
		t.Errorf("the app has changed:\n%s\n%s", before, after)
	}
}

// TestAppRegistrationRights: whoever may write an app may set these, nobody else; the audit log names what
// changed and no value of keys.
func TestAppRegistrationRights(t *testing.T) {
	w := newWorld(t)
	patch := map[string]any{"jwks": map[string]any{"keys": []any{publicKey}}, "userinfo_signed_response_alg": "RS256", "tos_uri#ru": "https://a.example/t"}
	w.call(w.token(carol), http.MethodPatch, "/apps/demo", patch).want(http.StatusNotFound)
	w.call(w.token(bob), http.MethodPatch, "/apps/demo", patch).want(http.StatusOK)
	list, _, err := w.db.AuditLog(t.Context(), storage.AuditFilter{Target: "demo", Limit: 1})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := list[0].Action+": "+list[0].Detail, "app.update: jwks, tos_uri#ru, userinfo_signed_response_alg"; !strings.HasPrefix(got, want) {
		t.Errorf("audit %q, want %q", got, want)
	}
}

// TestAppSector: a sector_identifier_uri is read when it is set and when further redirect URIs come, and must
// hold them all.
func TestAppSector(t *testing.T) {
	w := newWorld(t)
	token := w.token(alice)
	var asked []string
	listed, down := []string{"https://a.example/cb", "https://b.example/cb"}, false
	w.db.ReadSectors(func(_ context.Context, uri string) ([]string, error) {
		asked = append(asked, uri)
		if down {
			return nil, errors.New("down")
		}
		return listed, nil
	})
	made := w.call(token, http.MethodPost, "/apps", map[string]any{"client_name": "A", "subject_type": "pairwise",
		"redirect_uris": []any{"https://a.example/cb", "https://b.example/cb"}, "sector_identifier_uri": "https://a.example/sector"}).want(http.StatusCreated).object()
	path := "/apps/" + made["client_id"].(string)
	patch := func(patch map[string]any, status int) answer {
		t.Helper()
		return w.call(token, http.MethodPatch, path, patch).want(status)
	}
	app, err := w.db.App(t.Context(), made["client_id"].(string))
	if err != nil || app.Registration.Sector != "a.example" {
		t.Errorf("sector %q, %v", app.Registration.Sector, err)
	}
	down = true
	patch(map[string]any{"client_name": "B"}, http.StatusOK)
	patch(map[string]any{"redirect_uris": []any{"https://b.example/cb"}}, http.StatusOK)
	if len(asked) != 1 {
		t.Errorf("asked %v", asked)
	}
	patch(map[string]any{"redirect_uris": []any{"https://a.example/cb"}}, http.StatusUnprocessableEntity)
	down = false
	patch(map[string]any{"redirect_uris": []any{"https://a.example/cb"}}, http.StatusOK)
	refused := patch(map[string]any{"redirect_uris": []any{"https://c.example/cb"}}, http.StatusUnprocessableEntity)
	if diff := cmp.Diff([]string{"body.sector_identifier_uri"}, refused.wrong()); diff != "" || !strings.Contains(refused.text, "https://c.example/cb") {
		t.Errorf("%s\n%s", diff, refused.text)
	}
	w.call(w.token(carol), http.MethodPatch, path, map[string]any{"sector_identifier_uri": "https://evil.example/"}).want(http.StatusNotFound)
	if slices.Contains(asked, "https://evil.example/") {
		t.Error("somebody without rights had an address fetched")
	}
}
