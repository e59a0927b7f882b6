package provider

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/propusk/propusk/storage"
	"github.com/propusk/propusk/storage/storagetest"
)

// openWorld is a world in which clients may register under the policy.
func openWorld(t *testing.T, policy string, change ...func(*Config)) *world {
	t.Helper()
	clock := storagetest.NewClock()
	return newWorldWith(t, storagetest.SeededAt(t, clock), clock, append(change, func(c *Config) { c.Registration = policy })...)
}

// send sends JSON, or a text as it is, with the token.
func (w *world) send(method, target string, body any, token string) *httptest.ResponseRecorder {
	w.t.Helper()
	text, ok := body.(string)
	if !ok {
		encoded, err := json.Marshal(body)
		if err != nil {
			w.t.Fatal(err)
		}
		text = string(encoded)
	}
	r := httptest.NewRequest(method, target, strings.NewReader(text))
	r.Header.Set("Content-Type", "application/json")
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	return w.do(r)
}

type object = map[string]any

// registered registers a client and returns what came back.
func (w *world) registered(body any) object {
	w.t.Helper()
	rec := w.send(http.MethodPost, PathRegister, body, "")
	if rec.Code != http.StatusCreated {
		w.t.Fatalf("register: %d %s", rec.Code, rec.Body)
	}
	return w.object(rec)
}

func rat(client object) string { return client["registration_access_token"].(string) }

func place(client object) string {
	return strings.TrimPrefix(client["registration_client_uri"].(string), storagetest.Issuer)
}

func (w *world) apps() []string {
	w.t.Helper()
	var ids []string
	for after := ""; ; {
		page, next, err := w.db.Apps(w.t.Context(), storage.AppFilter{Limit: 100, After: after})
		if err != nil {
			w.t.Fatal(err)
		}
		for _, app := range page {
			ids = append(ids, app.ID)
		}
		after = next
		if after == "" {
			return ids
		}
	}
}

func (w *world) initial(login string, scopes ...string) string {
	w.t.Helper()
	u := w.user(login)
	_, secret, err := w.db.CreatePersonalToken(w.t.Context(), storage.UserActor(u, ""),
		storage.NewPersonalToken{UserID: u.ID, Name: "t", Scopes: scopes, ExpiresAt: w.clock.Now().Add(time.Hour)})
	if err != nil {
		w.t.Fatal(err)
	}
	return secret
}
