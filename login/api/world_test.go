package api_test

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/propusk/propusk/login/api"
	"github.com/propusk/propusk/login/page"
	"github.com/propusk/propusk/storage"
	"github.com/propusk/propusk/storage/storagetest"
)

// The seeded people.
const (
	alice = "0000000000000000000000a11c" // full access, owner of every seeded app
	bob   = "00000000000000000000000b0b" // partial access, developer of demo
	carol = "000000000000000000000ca401" // partial access, no role anywhere
)

// world is an API over a seeded database.
type world struct {
	t   *testing.T
	db  *storage.DB
	api *api.API
	log *strings.Builder
	url string
}

// newWorld starts the API on a server of its own; tokens are personal ones of the database.
func newWorld(t *testing.T) *world {
	t.Helper()
	return startWorld(t, nil)
}

// startWorld is newWorld with another way to know tokens, where actor is not nil.
func startWorld(t *testing.T, actor api.Actor) *world {
	t.Helper()
	return openWorld(t, storagetest.Seeded(t), actor)
}

// newWorldAt is newWorld with a clock of the test's own.
func newWorldAt(t *testing.T) (*world, *storagetest.Clock) {
	t.Helper()
	clock := storagetest.NewClock()
	return openWorld(t, storagetest.SeededAt(t, clock), nil), clock
}

func openWorld(t *testing.T, db *storage.DB, actor api.Actor) *world {
	t.Helper()
	w := &world{t: t, db: db, log: &strings.Builder{}}
	if actor == nil {
		actor = w.actor
	}
	log := slog.New(slog.NewTextHandler(w.log, nil))
	pages, err := page.New(page.Config{Issuer: storagetest.Issuer, Dev: true, Logger: log})
	if err != nil {
		t.Fatalf("pages: %v", err)
	}
	w.api, err = api.New(api.Config{Issuer: storagetest.Issuer, Dev: true, Logger: log, Pages: pages}, w.db, actor)
	if err != nil {
		t.Fatalf("api: %v", err)
	}
	server := httptest.NewServer(w.api.Handler())
	t.Cleanup(server.Close)
	w.url = server.URL + api.Prefix
	return w
}

// actor is who is behind a personal token, as the provider says it.
func (w *world) actor(ctx context.Context, token string) (storage.Actor, error) {
	p, u, err := w.db.PersonalTokenBySecret(ctx, token)
	if err != nil {
		return storage.Actor{}, err
	}
	if p.AppID != "" {
		return storage.Actor{}, storage.ErrForbidden
	}
	by := storage.UserActor(u, "")
	by.Scoped, by.Scopes, by.Via = true, p.Scopes, p.ID
	return by, nil
}

// token makes a personal token of the user; without scopes it has all that the user may have.
func (w *world) token(user string, scopes ...string) string {
	w.t.Helper()
	secret, _ := w.tokenAndID(user, scopes...)
	return secret
}

func (w *world) tokenAndID(user string, scopes ...string) (secret, id string) {
	w.t.Helper()
	u, err := w.db.User(w.t.Context(), user)
	if err != nil {
		w.t.Fatalf("user: %v", err)
	}
	if scopes == nil {
		scopes = storage.APIScopes(u.Access)
	}
	p, secret, err := w.db.CreatePersonalToken(w.t.Context(), storage.UserActor(u, ""), storage.NewPersonalToken{
		UserID: user, Name: "test", Scopes: scopes, ExpiresAt: w.db.Now().Add(time.Hour)})
	if err != nil {
		w.t.Fatalf("token: %v", err)
	}
	return secret, p.ID
}

// answer is what came back.
type answer struct {
	t      *testing.T
	call   string
	status int
	header http.Header
	text   string
}

// call sends a request; body is JSON, a text sent as it is, or nil. PATCH sends a merge patch.
func (w *world) call(token, method, path string, body any) answer {
	w.t.Helper()
	header := http.Header{}
	if token != "" {
		header.Set("Authorization", "Bearer "+token)
	}
	if body != nil {
		header.Set("Content-Type", "application/json")
		if method == http.MethodPatch {
			header.Set("Content-Type", "application/merge-patch+json")
		}
	}
	return w.send(method, path, header, body)
}

// send is call with headers of the test's own.
func (w *world) send(method, path string, header http.Header, body any) answer {
	w.t.Helper()
	var reader io.Reader
	switch b := body.(type) {
	case nil:
	case string:
		reader = strings.NewReader(b)
	default:
		text, err := json.Marshal(b)
		if err != nil {
			w.t.Fatalf("body: %v", err)
		}
		reader = strings.NewReader(string(text))
	}
	r, err := http.NewRequestWithContext(w.t.Context(), method, w.url+path, reader)
	if err != nil {
		w.t.Fatalf("request: %v", err)
	}
	r.Header = header
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		w.t.Fatalf("%s %s: %v", method, path, err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		w.t.Fatalf("%s %s: %v", method, path, err)
	}
	return answer{w.t, method + " " + path, response.StatusCode, response.Header, string(text)}
}

// want stops the test at another status.
func (a answer) want(status int) answer {
	a.t.Helper()
	if a.status != status {
		a.t.Fatalf("%s: status %d, want %d: %s", a.call, a.status, status, a.text)
	}
	return a
}

// object is the body as JSON.
func (a answer) object() map[string]any {
	a.t.Helper()
	var object map[string]any
	err := json.Unmarshal([]byte(a.text), &object)
	if err != nil {
		a.t.Fatalf("%s: %v in %q", a.call, err, a.text)
	}
	return object
}

// items are those of a list, and the cursor of the next page, "" on the last.
func (a answer) items() (items []map[string]any, next string) {
	a.t.Helper()
	var list struct {
		Items []map[string]any `json:"items"`
		Next  *string          `json:"next"`
	}
	err := json.Unmarshal([]byte(a.text), &list)
	if err != nil || list.Items == nil || !strings.Contains(a.text, `"next":`) {
		a.t.Fatalf("%s: no list: %q", a.call, a.text)
	}
	if list.Next != nil {
		next = *list.Next
	}
	return list.Items, next
}

// column is one field of every item.
func column(items []map[string]any, name string) []any {
	list := []any{}
	for _, item := range items {
		list = append(list, item[name])
	}
	return list
}

// wrong are the places a problem names.
func (a answer) wrong() []string {
	a.t.Helper()
	var problem struct {
		Errors []struct{ Location, Message string } `json:"errors"`
	}
	err := json.Unmarshal([]byte(a.text), &problem)
	if err != nil {
		a.t.Fatalf("%s: %v in %q", a.call, err, a.text)
	}
	places := []string{}
	for _, e := range problem.Errors {
		places = append(places, e.Location)
	}
	return places
}
