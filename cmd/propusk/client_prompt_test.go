package main_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/propusk/propusk/provider/providertest"
)

// wantPages compares what a person was shown on the last walk.
func wantPages(t *testing.T, p *providertest.Person, want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, p.Kinds()); diff != "" {
		t.Errorf("pages (-want +got):\n%s", diff)
	}
}

// wantError checks that the app was refused with an error code, its state and the issuer.
func wantError(t *testing.T, at attempt, got *providertest.Answer, code string) {
	t.Helper()
	if got.Page != nil {
		t.Fatalf("the walk ended at %s (%d), want error %s at the app:\n%s", got.Page.URL, got.Page.Status, code, got.Page.HTML)
	}
	if got.Values.Get("error") != code {
		t.Errorf("error: got %v, want %s", got.Values, code)
	}
	if got.Values.Get("state") != at.State || got.Values.Get("iss") == "" || got.Values.Get("code") != "" {
		t.Errorf("answer %v: want state %s, an iss and no code", got.Values, at.State)
	}
}

func TestClientPrompt(t *testing.T) {
	t.Parallel()
	s := startDev(t)
	demo := newApp(t, s.Issuer, "demo", "demo-secret")
	alice := providertest.NewPerson(t, s.Issuer, "alice")

	t.Run("none without a session", func(t *testing.T) {
		at := demo.attempt("prompt", "none")
		wantError(t, at, alice.Walk(at.URL), "login_required")
		wantPages(t, alice)
	})
	first := demo.login(alice)
	t.Run("none without a consent", func(t *testing.T) {
		plain := newApp(t, s.Issuer, "plain", "plain-secret")
		at := plain.attempt("prompt", "none")
		wantError(t, at, alice.Walk(at.URL), "consent_required")
	})
	t.Run("none with both", func(t *testing.T) {
		l := demo.login(alice, "prompt", "none")
		wantPages(t, alice)
		if l.Claims["sid"] != first.Claims["sid"] || l.Claims["auth_time"] != first.Claims["auth_time"] {
			t.Errorf("sid and auth_time: got %v, want those of the session %v", l.Claims, first.Claims)
		}
	})
	t.Run("none with another prompt", func(t *testing.T) {
		at := demo.attempt("prompt", "none login")
		wantError(t, at, alice.Walk(at.URL), "invalid_request")
	})
	t.Run("login", func(t *testing.T) {
		l := demo.login(alice, "prompt", "login")
		wantPages(t, alice, "sign-in")
		if l.Claims["sid"] != first.Claims["sid"] {
			t.Errorf("sid: got %v, want the session's %v", l.Claims["sid"], first.Claims["sid"])
		}
	})
	t.Run("consent", func(t *testing.T) {
		demo.login(alice, "prompt", "consent")
		wantPages(t, alice, "consent")
	})
	t.Run("login consent", func(t *testing.T) {
		demo.login(alice, "prompt", "login consent")
		wantPages(t, alice, "sign-in", "consent")
	})
	t.Run("select_account, the same", func(t *testing.T) {
		l := demo.login(alice, "prompt", "select_account")
		wantPages(t, alice, "choose")
		if l.ID.Subject != first.ID.Subject {
			t.Errorf("sub: got %s, want %s", l.ID.Subject, first.ID.Subject)
		}
	})
	t.Run("select_account, another", func(t *testing.T) {
		both := providertest.NewPerson(t, s.Issuer, "alice")
		demo.login(both)
		both.Login, both.Password, both.Switch = "bob", "bob", true
		l := demo.login(both, "prompt", "select_account")
		wantPages(t, both, "choose", "sign-in", "consent")
		if l.ID.Subject == first.ID.Subject || l.Claims["sid"] == first.Claims["sid"] {
			t.Errorf("sub and sid: got those of the first person")
		}
	})
	t.Run("denied", func(t *testing.T) {
		carol := providertest.NewPerson(t, s.Issuer, "carol")
		carol.Deny = true
		at := demo.attempt()
		wantError(t, at, carol.Walk(at.URL), "access_denied")
		wantPages(t, carol, "sign-in", "consent")
		carol.Deny = false
		demo.login(carol)
		wantPages(t, carol, "consent")
	})
}

func TestClientFreshness(t *testing.T) {
	t.Parallel()
	s := startDev(t)
	demo := newApp(t, s.Issuer, "demo", "demo-secret")
	alice := providertest.NewPerson(t, s.Issuer, "alice")
	first := demo.login(alice)

	tests := []struct {
		name   string
		maxAge string
		pages  []string
	}{
		{"an hour", "3600", nil},
		{"nothing at all", "0", []string{"sign-in"}},
	}
	for _, tt := range tests {
		t.Run("max_age: "+tt.name, func(t *testing.T) {
			l := demo.login(alice, "max_age", tt.maxAge)
			wantPages(t, alice, tt.pages...)
			got, ok := l.Claims["auth_time"].(float64)
			if !ok || got < first.Claims["auth_time"].(float64) {
				t.Errorf("auth_time: got %v, want one not before %v", l.Claims["auth_time"], first.Claims["auth_time"])
			}
		})
	}
	t.Run("max_age=0 and prompt=none", func(t *testing.T) {
		at := demo.attempt("max_age", "0", "prompt", "none")
		wantError(t, at, alice.Walk(at.URL), "login_required")
	})
	t.Run("max_age that is no number", func(t *testing.T) {
		at := demo.attempt("max_age", "soon")
		wantError(t, at, alice.Walk(at.URL), "invalid_request")
	})
}

func TestClientHints(t *testing.T) {
	t.Parallel()
	s := startDev(t)
	demo := newApp(t, s.Issuer, "demo", "demo-secret")
	alice, bob := providertest.NewPerson(t, s.Issuer, "alice"), providertest.NewPerson(t, s.Issuer, "bob")
	first := demo.login(alice)
	demo.login(bob)

	t.Run("login_hint fills in the name", func(t *testing.T) {
		carol := providertest.NewPerson(t, s.Issuer, "carol")
		carol.Walk(demo.attempt("login_hint", "c<a>rol").URL)
		if !strings.Contains(carol.Shown[0].HTML, `value="c&lt;a&gt;rol"`) {
			t.Errorf("the name is not filled in:\n%s", carol.Shown[0].HTML)
		}
	})
	t.Run("id_token_hint of the same person", func(t *testing.T) {
		demo.login(alice, "id_token_hint", first.Raw, "prompt", "none")
		wantPages(t, alice)
	})
	t.Run("id_token_hint of another person, prompt=none", func(t *testing.T) {
		at := demo.attempt("id_token_hint", first.Raw, "prompt", "none")
		wantError(t, at, bob.Walk(at.URL), "login_required")
	})
	t.Run("id_token_hint of another person", func(t *testing.T) {
		at := demo.attempt("id_token_hint", first.Raw)
		wantError(t, at, bob.Walk(at.URL), "login_required")
		wantPages(t, bob, "sign-in")
	})
	t.Run("sub that must be another person's", func(t *testing.T) {
		claims := `{"id_token":{"sub":{"essential":true,"value":"` + first.ID.Subject + `"}}}`
		at := demo.attempt("claims", claims, "prompt", "none")
		wantError(t, at, newBob(t, s, demo).Walk(at.URL), "login_required")
	})
}

// newBob is bob, signed in.
func newBob(t *testing.T, s *devServer, a *app) *providertest.Person {
	t.Helper()
	bob := providertest.NewPerson(t, s.Issuer, "bob")
	a.login(bob)
	return bob
}

func TestClientLanguage(t *testing.T) {
	t.Parallel()
	s := startDev(t)
	demo := newApp(t, s.Issuer, "demo", "demo-secret")
	tests := []struct {
		name, accept, locales, lang, word string
	}{
		{"nothing asked", "", "", "en", "Sign in"},
		{"the browser asks", "ru-RU,ru;q=0.9,en;q=0.5", "", "ru", "Войти"},
		{"the app asks", "", "ru", "ru", "Войти"},
		{"the app before the browser", "en", "ru", "ru", "Войти"},
		{"the first language we have", "", "fr-CA ru en", "ru", "Войти"},
		{"none that we have", "fr", "de fr", "en", "Sign in"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := providertest.NewPerson(t, s.Issuer, "bob")
			p.Language = tt.accept
			p.Password = "wrong"
			var parameters []string
			if tt.locales != "" {
				parameters = []string{"ui_locales", tt.locales}
			}
			p.Walk(demo.attempt(parameters...).URL)
			wantPages(t, p, "sign-in", "sign-in")
			for _, page := range p.Shown {
				if page.Lang != tt.lang || !strings.Contains(page.HTML, tt.word) {
					t.Errorf("lang %q, want %q and the word %q:\n%s", page.Lang, tt.lang, tt.word, page.HTML)
				}
			}
		})
	}
}

func TestClientAuthorizeByPost(t *testing.T) {
	t.Parallel()
	s := startDev(t)
	demo := newApp(t, s.Issuer, "demo", "demo-secret")
	alice := providertest.NewPerson(t, s.Issuer, "alice")
	for _, mode := range []string{"query", "form_post"} {
		for _, want := range [][]string{{"sign-in", "consent"}, nil} {
			at := demo.attempt("response_mode", mode)
			u, err := url.Parse(at.URL)
			if err != nil {
				t.Fatal(err)
			}
			values := u.Query()
			u.RawQuery = ""
			l := demo.redeem(at, alice.Post(u.String(), values))
			if l.Answer.Post != (mode == "form_post") {
				t.Errorf("response_mode=%s: came by form: %v", mode, l.Answer.Post)
			}
			if mode == "query" {
				wantPages(t, alice, want...)
			} else {
				wantPages(t, alice)
			}
		}
	}
}
