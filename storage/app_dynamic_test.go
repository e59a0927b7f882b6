package storage_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/propusk/propusk/storage"
	"github.com/propusk/propusk/storage/storagetest"
)

// TestSweepApps: what registered itself and was not used for a day goes; what was used, consented to or has
// an owner stays.
func TestSweepApps(t *testing.T) {
	clock := storagetest.NewClock()
	db := storagetest.SeededAt(t, clock)
	ctx := t.Context()
	alice, err := db.UserByName(ctx, "alice")
	if err != nil {
		t.Fatal(err)
	}
	register := func(by storage.Actor) (*storage.App, string) {
		t.Helper()
		app, secret, _, err := db.RegisterApp(ctx, by, storage.NewApp{App: storage.App{
			Name: "A", GrantTypes: []string{storage.GrantCode}, RedirectURIs: []string{"https://a.example/cb"}}})
		if err != nil {
			t.Fatal(err)
		}
		return app, secret
	}
	unused, _ := register(storage.System)
	consented, _ := register(storage.System)
	owned, _ := register(storage.UserActor(alice, ""))
	err = db.Decide(ctx, storage.UserActor(alice, ""), consented.ID, []storage.Consent{{Scope: "openid", Granted: true, DecidedAt: clock.Now()}})
	if err != nil {
		t.Fatal(err)
	}
	clock.Advance(25 * time.Hour)
	fresh, _ := register(storage.System)
	_, err = db.Sweep(ctx)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]bool{}
	for name, app := range map[string]*storage.App{"unused": unused, "consented": consented, "owned": owned, "fresh": fresh} {
		_, err := db.App(ctx, app.ID)
		if err != nil && !errors.Is(err, storage.ErrNotFound) {
			t.Fatal(err)
		}
		got[name] = err == nil
	}
	want := map[string]bool{"unused": false, "consented": true, "owned": true, "fresh": true}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("kept (-want +got)\n%s", diff)
	}
}

// TestRegistrationToken: only the token of the very app opens its entry.
func TestRegistrationToken(t *testing.T) {
	db := storagetest.Seeded(t)
	app, _, token, err := db.RegisterApp(t.Context(), storage.System, storage.NewApp{App: storage.App{Name: "A", GrantTypes: []string{storage.GrantDeviceCode}}})
	if err != nil {
		t.Fatal(err)
	}
	demo, err := db.App(t.Context(), "demo")
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		app   *storage.App
		token string
		want  bool
	}{
		"its own": {app, token, true}, "none": {app, "", false}, "cut": {app, token[:len(token)-1], false},
		"another app's": {demo, token, false}, "no token, app without one": {demo, "", false}, "no app": {nil, token, false},
	} {
		if got := db.CheckRegistrationToken(c.app, c.token); got != c.want {
			t.Errorf("%s: got %t, want %t", name, got, c.want)
		}
	}
}

// TestSubject: the subject depends on the sector and the person, and is the id where nothing is pairwise.
func TestSubject(t *testing.T) {
	db := storagetest.Seeded(t)
	app := func(kind, sector string) *storage.App {
		return &storage.App{Registration: storage.Registration{SubjectType: kind, Sector: sector}}
	}
	one := db.Subject(app(storage.SubjectPairwise, "a.example"), "alice")
	switch {
	case db.Subject(app("", "a.example"), "alice") != "alice", db.Subject(app(storage.SubjectPublic, ""), "alice") != "alice":
		t.Error("a public subject is not the id")
	case len(one) != 26, one == "alice":
		t.Errorf("subject %q", one)
	case db.Subject(app(storage.SubjectPairwise, "a.example"), "alice") != one:
		t.Error("a subject changes")
	case db.Subject(app(storage.SubjectPairwise, "b.example"), "alice") == one, db.Subject(app(storage.SubjectPairwise, "a.example"), "bob") == one,
		db.Subject(app(storage.SubjectPairwise, "a.examplea"), "lice") == one:
		t.Error("two sectors or people share a subject")
	}
	sid := db.SessionName(app(storage.SubjectPairwise, "a.example"), "session")
	switch {
	case db.SessionName(app("", "a.example"), "session") != "session", db.SessionName(app(storage.SubjectPairwise, "a.example"), "") != "":
		t.Error("a public sid is not the id, or there is one of no session")
	case sid == "session", sid == db.SessionName(app(storage.SubjectPairwise, "b.example"), "session"),
		sid == db.Subject(app(storage.SubjectPairwise, "a.example"), "session"):
		t.Errorf("sid %q", sid)
	}
}
