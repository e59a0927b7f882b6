package dashboard

import (
	"net/http"
	"testing"

	"github.com/propusk/propusk/storage"
)

// TestEventsPairwise: developers see whom an event is about as their app knows them, administrators the name.
func TestEventsPairwise(t *testing.T) {
	w := newWorld(t)
	w.change("demo", func(a *storage.App) {
		a.AnyLoopback, a.RedirectURIs, a.GrantTypes = false, []string{"https://demo.example/cb"}, []string{storage.GrantCode}
		a.Registration.SubjectType = storage.SubjectPairwise
	})
	carol, err := w.db.UserByName(t.Context(), "carol")
	if err != nil {
		t.Fatal(err)
	}
	app, err := w.db.App(t.Context(), "demo")
	if err != nil {
		t.Fatal(err)
	}
	w.db.Record(storage.Event{ID: "E-1", AppID: "demo", Endpoint: "token", Result: "ok", UserID: carol.ID})
	sub := w.db.Subject(app, carol.ID)
	got := w.as("bob").get("/apps/demo/events")
	want(t, got, http.StatusOK, sub)
	wantNot(t, got, carol.Name)
	got = w.as("alice").get("/apps/demo/events")
	want(t, got, http.StatusOK, carol.Name)
	wantNot(t, got, sub)
}
