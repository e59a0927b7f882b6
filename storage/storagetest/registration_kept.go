package storagetest

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/propusk/propusk/storage"
)

// testRegistrationKept: what an app registers comes back as it was, and a cached app shares nothing with
// the copy that is being changed.
func testRegistrationKept(t *testing.T, w *world) {
	age := int64(0)
	want := storage.Registration{
		ResponseTypes: []string{"code", "code id_token"}, JWKS: json.RawMessage(`{"keys":[{"kty":"OKP"}]}`), AuthSigningAlg: "ES256", RequestObjectAlg: "PS256",
		RequestURIs: []string{"https://app.example/r#x"}, DefaultMaxAge: &age, Contacts: []string{"dev@app.example"},
		BackchannelLogoutURI: "https://app.example/out", BackchannelSession: true, Dynamic: true,
	}
	before := w.app("demo")
	_, err := w.db.UpdateApp(w.ctx, storage.Command, "demo", func(a *storage.App) error {
		a.Registration = want
		a.AuthMethods = []string{storage.AuthPrivateKeyJWT}
		return nil
	})
	w.must(err)
	if diff := cmp.Diff(want, w.app("demo").Registration); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := w.app("demo"); len(got.Keys) != 0 || got.KeepsSecret() {
		t.Errorf("an app that signs with its own key still has %d secrets", len(got.Keys))
	}
	if diff := cmp.Diff(storage.Registration{}, before.Registration); diff != "" {
		t.Errorf("the app read before has changed (-want +got):\n%s", diff)
	}
	_, err = w.db.UpdateApp(w.ctx, storage.Command, "demo", func(a *storage.App) error {
		a.Registration.RequestURIs[0], *a.Registration.DefaultMaxAge = "https://evil.example/", 7
		a.Name = " "
		return nil
	})
	w.reason(err, "name_missing")
	if diff := cmp.Diff(want.RequestURIs, w.app("demo").Registration.RequestURIs); diff != "" || *w.app("demo").Registration.DefaultMaxAge != 0 {
		t.Errorf("a refused change shows (-want +got):\n%s", diff)
	}
	_, _, err = w.db.AddAppKey(w.ctx, storage.Command, "demo", "", time.Time{})
	w.reason(err, "secret_public")
}

// testAssertions: a JWT ID is used once by each app, until long after it has expired.
func testAssertions(t *testing.T, w *world) {
	use := func(app, jti string, want bool) {
		t.Helper()
		got, err := w.db.UseAssertion(w.ctx, app, jti, w.clock.Now().Add(time.Minute))
		w.must(err)
		if got != want {
			t.Errorf("%s of %s: got %t, want %t", jti, app, got, want)
		}
	}
	use("demo", "a", true)
	use("demo", "a", false)
	use("plain", "a", true)
	use("demo", "b", true)
	_, err := w.db.Sweep(w.ctx)
	w.must(err)
	use("demo", "a", false)
	w.clock.Advance(time.Hour)
	_, err = w.db.Sweep(w.ctx)
	w.must(err)
	use("demo", "a", true)
}
