package provider

import (
	"net/http"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/propusk/propusk/storage"
)

// TestRegistrationOffered: the entry of a client says what is offered at this moment. What was switched off
// since, and what an administrator gave besides, is not in it, so that it can be sent back as it was read.
func TestRegistrationOffered(t *testing.T) {
	w := openWorld(t, "open", func(c *Config) { c.Implicit = true })
	made := w.registered(object{"redirect_uris": []any{"https://a.example/cb"}, "response_types": []any{"code", "id_token token"},
		"grant_types": []any{"authorization_code", "implicit"}})
	if want := []any{"code", "id_token token"}; !cmp.Equal(made["response_types"], any(want)) {
		t.Fatalf("made: %v", made)
	}
	id := made["client_id"].(string)
	w.change(id, func(a *storage.App) {
		a.GrantTypes = append(a.GrantTypes, storage.GrantPersonal)
		a.Registration.DefaultACRValues = []string{"1", "phr"}
	})
	w.p.implicit = false
	read := w.object(w.send(http.MethodGet, place(made), "", rat(made)))
	for member, want := range (object{
		"response_types": []any{"code"}, "grant_types": []any{"authorization_code"}, "default_acr_values": []any{"1"},
	}) {
		if diff := cmp.Diff(want, read[member]); diff != "" {
			t.Errorf("%s (-want +got)\n%s", member, diff)
		}
	}
	for _, name := range append(slices.Clone(notReplaced), "client_secret") {
		delete(read, name)
	}
	rec := w.send(http.MethodPut, place(made), read, rat(made))
	if rec.Code != http.StatusOK {
		t.Errorf("sent back: %d %s", rec.Code, rec.Body)
	}
}

// TestRegistrationNotOffered: what nobody wants is no harm, and what is not known is ignored (RFC 7591 §2).
func TestRegistrationNotOffered(t *testing.T) {
	w := openWorld(t, "open")
	body := object{"redirect_uris": []any{"https://a.example/cb"}, "unheard_of": "x"}
	for _, name := range notOffered {
		body[name] = nil
	}
	body["dpop_bound_access_tokens"], body["id_token_encrypted_response_alg"] = false, ""
	made := w.registered(body)
	for name := range body {
		if name != "redirect_uris" && made[name] != nil {
			t.Errorf("%s: %v", name, made[name])
		}
	}
	for _, name := range notOffered {
		rec := w.send(http.MethodPost, PathRegister, object{"redirect_uris": []any{"https://a.example/cb"}, name: "RSA-OAEP"}, "")
		if rec.Code != http.StatusBadRequest || w.object(rec)["error"] != errInvalidMetadata {
			t.Errorf("%s: %d %s", name, rec.Code, rec.Body)
		}
	}
}
