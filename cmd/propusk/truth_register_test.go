package main

import (
	"encoding/json"
	"maps"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"github.com/propusk/propusk/storage"
)

// metadata is what a client registers that wants one value of one member (RFC 7591 §2), with what belongs
// to it.
func (w *truthWorld) metadata(member, value string) object {
	m := object{"redirect_uris": []any{"https://client.example/cb"}, "client_name": "Truth", "jwks": truthSet()}
	switch member {
	case "":
	case "response_types":
		m[member], m["grant_types"] = []any{value}, grantsOf(value)
	case "grant_types":
		m[member], m["response_types"] = []any{"authorization_code", value}, []any{"code"}
		switch value {
		case storage.GrantCode:
			m[member] = []any{value}
		case "implicit":
			m["response_types"] = []any{"code", "id_token"}
		}
	case "default_acr_values":
		m[member] = []any{value}
	case "token_endpoint_auth_signing_alg":
		m[member], m["token_endpoint_auth_method"] = value, storage.AuthPrivateKeyJWT
		if strings.HasPrefix(value, "HS") {
			m["token_endpoint_auth_method"] = storage.AuthSecretJWT
		}
	default:
		m[member] = value
	}
	if member == "token_endpoint_auth_method" && value == storage.AuthNone {
		m["application_type"], m["redirect_uris"] = "native", []any{"com.example.app:/cb"}
	}
	return m
}

func grantsOf(kind string) []any {
	var grants []any
	if carries(kind, "code") {
		grants = append(grants, storage.GrantCode)
	}
	if carries(kind, "token") || carries(kind, "id_token") {
		grants = append(grants, "implicit")
	}
	return grants
}

func truthSet() any {
	var set object
	err := json.Unmarshal(truthJWKS(), &set)
	if err != nil {
		panic(err)
	}
	return set
}

// registers sees a client register for a value that is advertised, and told that it has.
func (w *truthWorld) registers(member, value string) {
	sent := w.metadata(member, value)
	status, client := w.register(sent)
	if status != http.StatusCreated || !reflect.DeepEqual(client[member], sent[member]) {
		w.t.Fatalf("%d %v", status, client)
	}
	w.wantEnabled(client)
}

// refusesToRegister: RFC 7591 §3.2.2.
func (w *truthWorld) refusesToRegister(member, value string) {
	status, answer := w.register(w.metadata(member, value))
	if status != http.StatusBadRequest || answer["error"] != "invalid_client_metadata" {
		w.t.Errorf("%d %v", status, answer)
	}
}

// registrationLists are the members of a registration whose values discovery lists.
var registrationLists = map[string]string{
	"response_types": "response_types_supported", "grant_types": "grant_types_supported", "subject_type": "subject_types_supported",
	"scope": "scopes_supported", "default_acr_values": "acr_values_supported",
	"id_token_signed_response_alg": "id_token_signing_alg_values_supported", "userinfo_signed_response_alg": "userinfo_signing_alg_values_supported",
	"introspection_signed_response_alg": "introspection_signing_alg_values_supported",
	"token_endpoint_auth_method":        "token_endpoint_auth_methods_supported",
	"token_endpoint_auth_signing_alg":   "token_endpoint_auth_signing_alg_values_supported",
	"request_object_signing_alg":        "request_object_signing_alg_values_supported",
}

// wantEnabled: what the answer to a registration says is what discovery says.
func (w *truthWorld) wantEnabled(client object) {
	w.t.Helper()
	for member, list := range registrationLists {
		var values []any
		switch value := client[member].(type) {
		case string:
			for _, one := range strings.Fields(value) {
				values = append(values, one)
			}
		case []any:
			values = value
		}
		for _, value := range values {
			if text, _ := value.(string); !w.lists(list, text) {
				w.t.Errorf("%s %v is not among %s", member, value, list)
			}
		}
	}
}

// useRegistration: a client registers, signs somebody in, reads itself, changes itself and goes
// (RFC 7591 §3, RFC 7592 §2).
func useRegistration(w *truthWorld, _ string) {
	status, client := w.register(object{"redirect_uris": []any{"https://new.example/cb"}, "scope": "openid email nonsense extern.api"})
	if status != http.StatusCreated || client["scope"] != "openid email" {
		w.t.Fatalf("%d %v", status, client)
	}
	w.wantEnabled(client)
	id, _ := client["client_id"].(string)
	secret, _ := client["client_secret"].(string)
	a := party{id, secret, "https://new.example/cb", "openid"}
	all := w.granted(w.token(changed(a.redeeming(w.alice.code(a)), "client_id", "", "client_secret", ""), "Authorization", a.basic()))
	if w.opened(all.id, "RS256")["aud"] != id {
		w.t.Errorf("id_token %v", claimsOf(w.t, all.id))
	}
	place, _ := client["registration_client_uri"].(string)
	bearer, _ := client["registration_access_token"].(string)
	path := strings.TrimPrefix(place, w.issuer)
	read := w.get(path, "Authorization", "Bearer "+bearer)
	gone := w.send(w.request(http.MethodDelete, path, "", "Authorization", "Bearer "+bearer))
	if read.text("client_id") != id || gone.status != http.StatusNoContent || w.get(path, "Authorization", "Bearer "+bearer).status != http.StatusUnauthorized {
		w.t.Errorf("read %d %s, gone %d", read.status, read.body, gone.status)
	}
	w.refusesWhole()
}

// refusesWhole: members that ask for what there is nothing of, in whichever value.
func (w *truthWorld) refusesWhole() {
	for member, value := range (object{
		"id_token_encrypted_response_alg": "RSA-OAEP-256", "id_token_encrypted_response_enc": "A256GCM", "userinfo_encrypted_response_alg": "RSA1_5",
		"userinfo_encrypted_response_enc": "A128CBC-HS256", "request_object_encryption_alg": "ECDH-ES", "request_object_encryption_enc": "A128GCM",
		"introspection_encrypted_response_alg": "RSA-OAEP", "authorization_signed_response_alg": "RS256", "authorization_encrypted_response_alg": "RSA-OAEP",
		"tls_client_certificate_bound_access_tokens": true, "dpop_bound_access_tokens": true, "require_signed_request_object": true,
		"require_pushed_authorization_requests": true, "token_endpoint_auth_method": "tls_client_auth", "subject_type": "aggregated",
	}) {
		asked := w.metadata("", "")
		maps.Copy(asked, object{member: value})
		status, answer := w.register(asked)
		if status != http.StatusBadRequest || answer["error"] != "invalid_client_metadata" {
			w.t.Errorf("%s: %d %v", member, status, answer)
		}
	}
}

// noRegistration: nobody, not even an administrator's token, finds anything there.
func noRegistration(w *truthWorld) {
	token := w.script(w.office("alice"), "apps.read", "apps.write")
	for _, path := range []string{"/connect/register", "/connect/register/demo"} {
		for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete} {
			got := w.send(w.request(method, path, `{"redirect_uris":["https://client.example/cb"]}`, "Authorization", "Bearer "+token))
			if got.status != http.StatusNotFound {
				w.t.Errorf("%s %s: %d %s", method, path, got.status, got.body)
			}
		}
	}
	if got := w.call(token, http.MethodGet, "/apps/demo", ""); got.status != http.StatusOK {
		w.t.Errorf("the token itself is no good: %d %s", got.status, got.body)
	}
}

// TestTruthByToken: where only administrators register, discovery names the endpoint all the same, and it
// refuses the rest.
func TestTruthByToken(t *testing.T) {
	t.Parallel()
	w := newTruthWorld(t, []worldOption{inProduction, registering("token")})
	status, answer := w.register(w.metadata("", ""))
	if w.doc["registration_endpoint"] == nil || status != http.StatusUnauthorized {
		t.Errorf("%v: %d %v", w.doc["registration_endpoint"], status, answer)
	}
	r := w.request(http.MethodPost, w.at("registration_endpoint"), `{"redirect_uris":["https://client.example/cb"]}`, "Authorization", "Bearer "+w.script(w.office("alice"), "apps.write"))
	r.Header.Set("Content-Type", "application/json")
	if got := w.send(r); got.status != http.StatusCreated {
		t.Errorf("%d %s", got.status, got.body)
	}
}
