package dashboard

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/propusk/propusk/storage"
)

// change changes an app as a command does.
func (w *world) change(id string, change func(*storage.App)) {
	w.t.Helper()
	_, err := w.db.UpdateApp(context.Background(), storage.Command, id, func(a *storage.App) error {
		change(a)
		return nil
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

// TestImplicitOff holds that an instance which answers only code offers nothing else, takes nothing else, and
// says of an app that has more that it is refused.
func TestImplicitOff(t *testing.T) {
	w := newWorld(t)
	w.board.config.Implicit = false
	alice := w.as("alice")
	page := alice.get("/apps/demo/protocol")
	want(t, page, http.StatusOK, "Signed requests")
	wantNot(t, page, `id="flows"`, `name="response_type"`, "This instance answers only code")
	want(t, alice.post("/apps/demo/protocol", "section", "flows", "response_type", "id_token"), http.StatusBadRequest)
	w.change("demo", func(a *storage.App) { a.Registration.ResponseTypes = []string{"code", "code id_token"} })
	want(t, alice.get("/apps/demo/protocol"), http.StatusOK, "This instance answers only code. The app is also registered for code id_token, which is refused.")
	w.board.config.Implicit = true
	want(t, alice.get("/apps/demo/protocol"), http.StatusOK, `name="response_type" value="code id_token" checked`, `name="response_type" value="code token"><`)
}

// TestKeysThatCannotSign holds that developers learn what client_secret_jwt still lacks, until it does not.
func TestKeysThatCannotSign(t *testing.T) {
	w := newWorld(t)
	alice := w.as("alice")
	wantNot(t, alice.get("/apps/demo/settings"), "the older ones cannot sign")
	want(t, alice.follow(alice.post("/apps/demo/settings", "section", "methods", "method", "client_secret_jwt")), http.StatusOK,
		"the older ones cannot sign", `href="/apps/demo/keys#new"`)
	want(t, alice.get("/apps/demo/notices"), http.StatusOK, "The app has no key that works")
	want(t, alice.post("/apps/demo/keys", "section", "new", "label", "signing"), http.StatusOK, "it is shown only once")
	wantNot(t, alice.get("/apps/demo/settings"), "the older ones cannot sign")
	wantNot(t, alice.get("/apps/demo/notices"), "The app has no key that works")
}

// TestOwnKeys holds that an app which signs with keys of its own is neither called keyless nor given keys.
func TestOwnKeys(t *testing.T) {
	w := newWorld(t)
	alice := w.as("alice")
	want(t, alice.post("/apps/demo/settings", "section", "methods", "method", "private_key_jwt", "jwks", publicKey), http.StatusSeeOther)
	want(t, alice.get("/apps/demo/settings"), http.StatusOK, "&#34;kid&#34;: &#34;1&#34;", `value="private_key_jwt" checked`)
	page := alice.get("/apps/demo/keys")
	want(t, page, http.StatusOK, "This app signs with keys of its own")
	wantNot(t, page, `value="new"`)
	wantNot(t, alice.get("/apps/demo/notices"), "The app has no key that works")
	want(t, alice.get("/apps/demo/setup"), http.StatusOK, "in the file that OIDC_CLIENT_KEY_FILE names", "With private_key_jwt alone it has no access keys.")
	wantNot(t, alice.get("/apps/demo/setup"), "A secret is shown only when it is made.")
	wantNot(t, alice.get("/apps/plain/setup"), "OIDC_CLIENT_KEY_FILE")
}

// TestSubjectsChange holds that developers are told when everybody gets another sub, also by a change that
// does not look like it.
func TestSubjectsChange(t *testing.T) {
	w := newWorld(t)
	alice := w.as("alice")
	id, _ := alice.created("name", "Buoys", "type", "web", "redirects", "https://buoys.example/cb")
	other := "Everybody has another sub in this app from now on."
	want(t, alice.follow(alice.post("/apps/"+id+"/protocol", "section", "people", "subject_type", "pairwise")), http.StatusOK, other, "The sub is made for the host buoys.example.")
	wantNot(t, alice.follow(alice.post("/apps/"+id, "section", "general", "name", "Buoys", "redirects", "https://buoys.example/cb2")), other)
	want(t, alice.follow(alice.post("/apps/"+id, "section", "general", "name", "Buoys", "redirects", "https://new.example/cb")), http.StatusOK, other)
}

// TestOpenApp holds that an app with an address for it can be opened from its page and from the account of
// whoever gave it access (OpenID Connect Core §4), and any other not.
func TestOpenApp(t *testing.T) {
	w := newWorld(t)
	alice := w.as("alice")
	w.allow("alice", "demo", "email")
	link := `href="https://demo.example/in?a=b&amp;iss=http%3A%2F%2Flocalhost%3A9998"`
	wantNot(t, alice.get("/apps/demo"), `id="app-open"`)
	wantNot(t, alice.get("/account"), "demo.example/in")
	w.change("demo", func(a *storage.App) { a.Registration.InitiateLoginURI = "https://demo.example/in?a=b" })
	want(t, alice.get("/apps/demo"), http.StatusOK, link)
	want(t, alice.get("/account"), http.StatusOK, link)
	w.change("demo", func(a *storage.App) { a.Enabled = false })
	wantNot(t, alice.get("/apps/demo"), `id="app-open"`)
}

// TestAbout holds that the app's page shows what the registration says of the app, as links that load nothing.
func TestAbout(t *testing.T) {
	w := newWorld(t)
	w.change("demo", func(a *storage.App) {
		a.Registration.ClientURI, a.Registration.LogoURI = "https://demo.example/about", "https://demo.example/logo.png"
		a.Registration.Contacts = []string{"Ann <ann@demo.example>"}
		a.Registration.Dynamic, a.Registration.SoftwareID, a.Registration.SoftwareVersion = true, "harbour", "4.2"
	})
	page := w.as("bob").get("/apps/demo")
	want(t, page, http.StatusOK, `<a href="https://demo.example/about"`, `<a href="https://demo.example/logo.png"`, `<a href="mailto:ann@demo.example">Ann &lt;ann@demo.example&gt;</a>`,
		"The app registered itself.", "harbour 4.2")
	wantNot(t, page, "<img")
}

// TestUndelivered holds that the page about sign-outs counts those that the app was not told of, not the
// attempts, and none that it was told of since.
func TestUndelivered(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	w.change("demo", func(a *storage.App) { a.Registration.BackchannelLogoutURI = "https://demo.example/out" })
	alice := w.as("alice")
	want(t, alice.get("/apps/demo/protocol"), http.StatusOK, "No undelivered one is known.")
	w.as("bob")
	bob := w.user("bob").ID
	sessions, err := w.db.Sessions(ctx, bob)
	if err != nil || len(sessions) != 1 {
		t.Fatalf("sessions %v, %v", sessions, err)
	}
	err = w.db.Decide(ctx, storage.Actor{Kind: storage.ActorUser, ID: bob}, "demo", []storage.Consent{{Scope: "openid", Granted: true}})
	if err != nil {
		t.Fatal(err)
	}
	_, err = w.db.RedeemCode(ctx, &storage.Grant{ID: storage.NewID(), UserID: bob, AppID: "demo", SessionID: sessions[0].ID,
		Scopes: []string{"openid"}, EndsAt: w.clock.Now().Add(time.Hour)}, false)
	if err == nil {
		err = w.db.EndSession(ctx, storage.Command, sessions[0].ID)
	}
	if err != nil {
		t.Fatal(err)
	}
	claimed, _, err := w.db.ClaimLogouts(ctx, 10)
	if err != nil || len(claimed) != 1 {
		t.Fatalf("claimed %v, %v", claimed, err)
	}
	_, err = w.db.LogoutUndelivered(ctx, claimed[0], "status 500")
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		w.db.Record(storage.Event{AppID: "demo", Endpoint: storage.EventLogout, Result: "failed", Description: "status 500"})
	}
	want(t, alice.get("/apps/demo/protocol"), http.StatusOK, "1 sign-out was not delivered.", `<a href="/apps/demo/notices">`)
	want(t, alice.get("/apps/demo/notices"), http.StatusOK, "status 500")
	err = w.db.LogoutDelivered(ctx, claimed[0])
	if err != nil {
		t.Fatal(err)
	}
	want(t, alice.get("/apps/demo/protocol"), http.StatusOK, "No undelivered one is known.")
	wantNot(t, alice.get("/apps/demo/notices"), "status 500")
}

// TestScopesOffered holds that a developer is offered the scopes that they may give, no others, and that one
// named by hand is refused at its field.
func TestScopesOffered(t *testing.T) {
	w := newWorld(t)
	titles := map[string]string{"en": "t", "ru": "т"}
	for _, s := range []storage.Scope{{Name: "of.demo", AppID: "demo"}, {Name: "of.plain", AppID: "plain"}, {Name: "of.nobody"}} {
		s.Title, s.Text = titles, titles
		err := w.db.CreateScope(context.Background(), w.actor("alice"), s)
		if err != nil {
			t.Fatal(err)
		}
	}
	w.change("demo", func(a *storage.App) { a.Scopes = []storage.AppScope{{Name: "openid"}} })
	bob, alice := w.as("bob"), w.as("alice")
	page := bob.get("/apps/demo/authorization")
	want(t, page, http.StatusOK, `name="scope.email"`, `name="scope.of.demo"`, "Scopes of other apps are given by")
	wantNot(t, page, `name="scope.of.plain"`, `name="scope.of.nobody"`, `name="scope.apps.read"`, `name="scope.extern.api"`)
	page = alice.get("/apps/demo/authorization")
	want(t, page, http.StatusOK, `name="scope.of.plain"`, `name="scope.of.nobody"`, `name="scope.apps.read"`)
	wantNot(t, page, "Scopes of other apps are given by")

	want(t, bob.post("/apps/demo/authorization", "section", "scopes", "scope.openid", "required", "scope.email", "optional", "more", "of.plain phone"),
		http.StatusUnprocessableEntity, "may give this scope", "<code>of.plain</code>", `<option value="required" selected>`, `name="scope.email"`)
	if _, has := w.app("demo").Scope("email"); has {
		t.Error("a refused form gave the app a scope")
	}
	err := w.db.SetDeveloper(context.Background(), w.actor("alice"), "plain", storage.Developer{UserID: w.user("bob").ID, Role: storage.RoleDeveloper})
	if err != nil {
		t.Fatal(err)
	}
	want(t, bob.get("/apps/demo/authorization"), http.StatusOK, `name="scope.of.plain"`)
	want(t, bob.post("/apps/demo/authorization", "section", "scopes", "scope.of.plain", "optional", "scope.of.demo", "optional"), http.StatusSeeOther)
}

// TestGrantsAndFlows holds that the grant type which a response type needs is not taken away in silence.
func TestGrantsAndFlows(t *testing.T) {
	w := newWorld(t)
	w.change("demo", func(a *storage.App) { a.Registration.ResponseTypes = []string{"code", "code id_token"} })
	want(t, w.as("alice").post("/apps/demo/authorization", "section", "grants", "grant", "refresh_token"), http.StatusUnprocessableEntity,
		"needs the grant type authorization_code", `id="mistake"`)
}
