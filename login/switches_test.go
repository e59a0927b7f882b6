package login

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/propusk/propusk/storage"
)

// TestSwitches are an app's switches in next: who may sign in, and what is not asked.
func TestSwitches(t *testing.T) {
	all := []string{"openid", "profile", "email"}
	offline := append(all[:3:3], "offline_access")
	consent, refused := step{kind: stepConsent}, step{kind: stepRefuse, code: "access_denied", developers: true}
	ask := step{kind: stepRefuse, code: "consent_required"}
	done := func(scopes []string, unasked ...string) step {
		return step{kind: stepDone, scopes: scopes, unasked: unasked}
	}

	undecided := func(in *input) { in.consents = nil }
	skip := func(scopes ...string) func(*input) {
		return func(in *input) { in.consents, in.app.SkipConsent, in.app.PresetScopes = nil, true, scopes }
	}
	also := func(first func(*input), more func(*input)) func(*input) {
		return func(in *input) { first(in); more(in) }
	}
	away := func(in *input) {
		in.req.Scopes = offline
		in.app.Trusted, in.app.OfflineWithoutConsent = true, true
	}
	role := func(role storage.Role) func(*input) {
		return func(in *input) {
			in.app.Delegated = false
			in.app.Developers = []storage.Developer{{UserID: "bob", Role: storage.RoleOwner}, {UserID: "alice", Role: role}}
		}
	}
	public := func(in *input) {
		in.app.AuthMethods, in.req.RedirectURI = []string{storage.AuthNone}, "http://127.0.0.1/cb"
	}
	device := func(in *input) { in.req.Device, in.req.RedirectURI = "d", "" }

	tests := []struct {
		name   string
		change func(*input)
		want   step
		none   step
	}{
		{"not delegated, a stranger", func(in *input) { in.app.Delegated = false }, refused, refused},
		{"not delegated, an administrator without a role", func(in *input) {
			u := *alice
			u.Access = storage.Full
			in.user, in.app.Delegated = &u, false
		}, refused, refused},
		{"not delegated, the owner", role(storage.RoleOwner), done(all), done(all)},
		{"not delegated, a developer", role(storage.RoleDeveloper), done(all), done(all)},
		{"not delegated, signed out", func(in *input) {
			in.session, in.user, in.app.Delegated = nil, nil, false
		}, step{kind: stepSignIn}, step{kind: stepRefuse, code: "login_required"}},
		{"not delegated, preset", also(skip(all...), func(in *input) { in.app.Delegated = false }), refused, refused},

		{"preset", skip(all...), done(all, all...), done(all, all...)},
		{"preset with more", skip("openid", "profile", "email", "phone"), done(all, all...), done(all, all...)},
		{"preset in part", skip("openid", "profile"), consent, ask},
		{"preset empty", skip(), consent, ask},
		{"preset, but the switch is off", also(skip(all...), func(in *input) { in.app.SkipConsent = false }), consent, ask},
		{"preset, and a claim implies another scope", also(skip(all...), func(in *input) { in.req.Implied = []string{"phone"} }), consent, ask},
		{"preset, and what a claim implies is", also(skip("openid", "profile", "email", "phone"), func(in *input) { in.req.Implied = []string{"phone"} }),
			done(append(all[:3:3], "phone"), "openid", "profile", "email", "phone"), done(append(all[:3:3], "phone"), "openid", "profile", "email", "phone")},
		{"preset, decided in part", also(skip(all...), func(in *input) { in.consents = []storage.Consent{granted("openid")} }),
			done(all, "profile", "email"), done(all, "profile", "email")},
		{"preset, an optional one declined", also(skip(all...), func(in *input) { in.consents = []storage.Consent{declined("email")} }),
			done([]string{"openid", "profile"}, "openid", "profile"), done([]string{"openid", "profile"}, "openid", "profile")},
		{"preset, a required one declined", also(skip(all...), func(in *input) { in.consents = []storage.Consent{declined("profile")} }), consent, ask},
		{"preset, all optional and declined", also(skip("email"), func(in *input) {
			in.req.Scopes, in.consents = []string{"email"}, []storage.Consent{declined("email")}
		}), consent, ask},
		{"preset, all granted before", also(skip(all...), func(in *input) {
			in.consents = []storage.Consent{granted("openid"), granted("profile"), granted("email")}
		}), done(all), done(all)},
		{"preset, a public app on loopback", also(skip(all...), public), consent, ask},
		{"preset, a public app in dev", also(also(skip(all...), public), func(in *input) { in.dev = true }), done(all, all...), done(all, all...)},
		{"preset, a public app on https", also(skip(all...), func(in *input) { in.app.AuthMethods = []string{storage.AuthNone} }),
			done(all, all...), done(all, all...)},
		{"preset with prompt=consent", also(skip(all...), func(in *input) { in.req.Prompt = []string{"consent"} }), consent, step{}},
		{"preset with prompt=consent, decided", also(skip(all...), func(in *input) {
			in.req.Prompt = []string{"consent"}
			in.req.Progress.Consented, in.req.Progress.Granted = "alice", all
			in.consents = []storage.Consent{granted("openid"), granted("profile"), granted("email")}
		}), done(all), step{}},
		{"preset with offline access", also(skip(offline...), func(in *input) { in.req.Scopes = offline }), consent, ask},
		{"preset with offline access granted before", also(skip(all...), func(in *input) {
			in.req.Scopes, in.consents = offline, []storage.Consent{granted("offline_access")}
		}), done(offline, all...), done(offline, all...)},
		{"preset, with offline access of its own switch", also(skip(all...), away), done(offline, offline...), done(offline, offline...)},

		{"offline without asking", away, done(offline, "offline_access"), done(offline, "offline_access")},
		{"offline without asking, untrusted", also(away, func(in *input) { in.app.Trusted = false }), consent, ask},
		{"offline without asking, not asked for", also(away, func(in *input) { in.req.Scopes = all }), done(all), done(all)},
		{"offline without asking, granted before", also(away, func(in *input) {
			in.consents = append(in.consents, granted("offline_access"))
		}), done(offline), done(offline)},
		{"offline without asking, ended", also(away, func(in *input) {
			c := granted("offline_access")
			c.Until = in.now
			in.consents = append(in.consents, c)
		}), done(offline, "offline_access"), done(offline, "offline_access")},
		{"offline without asking, declined", also(away, func(in *input) {
			in.consents = append(in.consents, declined("offline_access"))
		}), done(all), done(all)},
		{"offline without asking, but more to ask", also(away, undecided), consent, ask},
		{"offline without asking, required", also(away, func(in *input) { in.app.Scopes[4].Required = true }),
			done(offline, "offline_access"), done(offline, "offline_access")},

		{"a device", device, done(all), step{}},
		{"a device of a public app", also(device, public), consent, step{}},
		{"a device of a public app, decided", also(also(device, public), func(in *input) {
			in.req.Device, in.req.RedirectURI = "d", ""
			in.req.Progress.Consented, in.req.Progress.Granted = "alice", all
		}), done(all), step{}},
		{"a device of a preset app", also(device, skip(all...)), done(all, all...), step{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			compareStep(t, next(testInput(tt.change)), tt.want)
		})
		if tt.none.kind == 0 {
			continue
		}
		t.Run(tt.name+", prompt=none", func(t *testing.T) {
			in := testInput(tt.change)
			in.req.Prompt = []string{"none"}
			compareStep(t, next(in), tt.none)
		})
	}
}

// TestNextOwn are the steps of a request that no app made.
func TestNextOwn(t *testing.T) {
	own := func(change func(*input)) input {
		return testInput(func(in *input) {
			in.req, in.app, in.known, in.consents = &storage.AuthRequest{ID: in.req.ID, Return: "/account"}, nil, nil, nil
			change(in)
		})
	}
	tests := []struct {
		name   string
		change func(*input)
		want   step
	}{
		{"signed in", func(*input) {}, step{kind: stepDone}},
		{"signed out", func(in *input) { in.session, in.user = nil, nil }, step{kind: stepSignIn}},
		{"disabled", func(in *input) {
			u := *alice
			u.DisabledAt = noon
			in.user = &u
		}, step{kind: stepSignIn}},
		{"proof wanted", func(in *input) { in.req.Prompt = []string{"login"} }, step{kind: stepSignIn, again: true}},
		{"proof wanted, in the same instant", func(in *input) {
			in.req.Prompt, in.session.AuthTime = []string{"login"}, noon
		}, step{kind: stepSignIn, again: true}},
		{"proof given", func(in *input) {
			in.req.Prompt, in.req.Progress.Authenticated = []string{"login"}, "s1"
		}, step{kind: stepDone}},
		{"proof given in another session", func(in *input) {
			in.req.Prompt, in.req.Progress.Authenticated = []string{"login"}, "s0"
		}, step{kind: stepSignIn, again: true}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { compareStep(t, next(own(tt.change)), tt.want) })
	}
}

// consents are the standing decisions of the person for the app, "-" before declined ones.
func (w *world) consents(login, app string) (names []string, until time.Time) {
	w.t.Helper()
	list, err := w.db.Consents(w.t.Context(), w.user(login).ID, app)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, c := range list {
		if c.Granted {
			names = append(names, c.Scope)
		} else {
			names = append(names, "-"+c.Scope)
		}
		if c.Scope == storage.ScopeOffline {
			until = c.Until
		}
	}
	return names, until
}

// audited counts the entries of that action about the person by the app.
func (w *world) audited(action, app, login string) int {
	w.t.Helper()
	list, _, err := w.db.AuditLog(w.t.Context(), storage.AuditFilter{Action: action, Actor: app, Target: w.user(login).ID})
	if err != nil {
		w.t.Fatal(err)
	}
	return len(list)
}

// What a switch grants is recorded before the app is answered, so that the account shows it and the code
// can be redeemed; prompt=none too.
func TestPresetIsRecorded(t *testing.T) {
	for _, prompt := range [][]string{nil, {"none"}} {
		w := newWorld(t, production)
		w.change("shop", func(a *storage.App) { a.SkipConsent, a.PresetScopes = true, []string{"openid", "profile", "email"} })
		b := w.browser()
		b.signIn(b.get("/login"), "alice", "alice")
		wantAway(t, b.authorize(w.request("shop", func(r *storage.AuthRequest) { r.Prompt = prompt })), "scope", "openid profile email")
		got, _ := w.consents("alice", "shop")
		if diff := cmp.Diff([]string{"email", "openid", "profile"}, got); diff != "" {
			t.Errorf("consents (-want +got):\n%s", diff)
		}
		wantAway(t, b.authorize(w.request("shop", func(r *storage.AuthRequest) { r.Prompt = prompt })), "scope", "openid profile email")
		if n := w.audited("consent.preset", "shop", "alice"); n != 1 {
			t.Errorf("%d audit entries, want 1", n)
		}
	}
}

func TestPresetBehindTheSignIn(t *testing.T) {
	w := newWorld(t, production)
	w.change("shop", func(a *storage.App) { a.SkipConsent, a.PresetScopes = true, []string{"openid", "profile", "email"} })
	b := w.browser()
	wantAway(t, b.signIn(b.authorize(w.request("shop", nil)), "alice", "alice"), "scope", "openid profile email")
	// prompt=consent asks all the same, and what is unticked stays away.
	a := b.authorize(w.request("shop", func(r *storage.AuthRequest) { r.Prompt = []string{"consent"} }))
	wantPage(t, a, http.StatusOK, "consent-allow")
	wantAway(t, b.allow(a), "scope", "openid profile")
	wantAway(t, b.authorize(w.request("shop", nil)), "scope", "openid profile")
	got, _ := w.consents("alice", "shop")
	if diff := cmp.Diff([]string{"-email", "openid", "profile"}, got); diff != "" {
		t.Errorf("consents (-want +got):\n%s", diff)
	}
}

func TestOfflineWithoutConsent(t *testing.T) {
	w := newWorld(t, production)
	w.change("shop", func(a *storage.App) { a.OfflineWithoutConsent = true })
	offline := func(r *storage.AuthRequest) { r.Scopes = append(r.Scopes, storage.ScopeOffline) }
	b := w.browser()
	a := b.signIn(b.authorize(w.request("shop", offline)), "alice", "alice")
	wantPage(t, a, http.StatusOK, "consent-allow")
	if strings.Contains(a.body, `value="offline_access"`) || !strings.Contains(a.body, "This access is kept while you are away") {
		t.Errorf("the page asks for what is kept, or does not tell it:\n%s", a.body)
	}
	if n := w.audited("consent.offline_auto", "shop", "alice"); n != 0 {
		t.Errorf("%d audit entries before the person allowed anything", n)
	}
	wantAway(t, b.allow(a, "email"), "scope", "openid profile email offline_access")
	_, until := w.consents("alice", "shop")
	if want := w.clock.Now().Add(storage.OfflineConsent); !until.Equal(want) {
		t.Errorf("offline access until %s, want %s", until, want)
	}
	if n := w.audited("consent.offline_auto", "shop", "alice"); n != 1 {
		t.Errorf("%d audit entries, want 1", n)
	}

	// Bob decided about the rest before the switch was on: no page.
	w.change("shop", func(a *storage.App) { a.OfflineWithoutConsent = false })
	c := w.browser()
	c.allow(c.signIn(c.authorize(w.request("shop", nil)), "bob", "bob"), "email")
	w.change("shop", func(a *storage.App) { a.OfflineWithoutConsent = true })
	wantAway(t, c.authorize(w.request("shop", offline)), "scope", "openid profile email offline_access")
	if n := w.audited("consent.offline_auto", "shop", "bob"); n != 1 {
		t.Errorf("%d audit entries of bob, want 1", n)
	}
	// The person takes it back like any other access.
	err := w.db.WithdrawApp(t.Context(), storage.System, w.user("bob").ID, "shop")
	if err != nil {
		t.Fatal(err)
	}
	wantPage(t, c.authorize(w.request("shop", offline)), http.StatusOK, "consent-allow")
}

// The page says for each scope whether it is available while the person is away.
func TestConsentMarksOfflineScopes(t *testing.T) {
	w := newWorld(t, production)
	offline := func(r *storage.AuthRequest) { r.Scopes = append(r.Scopes, storage.ScopeOffline) }
	b := w.browser()
	page := func() answer { return b.authorize(w.request("shop", offline)) }
	b.signIn(b.get("/login"), "alice", "alice")
	set := func(names ...string) {
		w.change("shop", func(a *storage.App) {
			for i := range a.Scopes {
				a.Scopes[i].Offline = strings.Contains(strings.Join(names, " "), a.Scopes[i].Name)
			}
		})
	}
	tests := []struct {
		offline []string
		marks   int
		say     string
	}{
		{[]string{"profile"}, 1, "what is marked with a clock"},
		{[]string{"profile", "email"}, 0, "may use what you allow here without you"},
		{nil, 0, "use nothing of what you allow here"},
	}
	for _, tt := range tests {
		set(tt.offline...)
		a := page()
		wantPage(t, a, http.StatusOK, "consent-allow")
		if got := strings.Count(a.body, "also while away"); got != tt.marks || !strings.Contains(a.body, tt.say) {
			t.Errorf("offline %v: %d marks, want %d and %q:\n%s", tt.offline, got, tt.marks, tt.say, a.body)
		}
	}
	set("profile")
	if a := b.authorize(w.request("shop", nil)); strings.Contains(a.body, "without you") {
		t.Error("a request without offline access speaks of it")
	}
}

// A person without a role is refused by an app that only its developers use, by the protocol's way.
func TestNotDelegated(t *testing.T) {
	w := newWorld(t, production)
	w.change("shop", func(a *storage.App) { a.Delegated = false })
	b := w.browser()
	a := b.signIn(b.authorize(w.request("shop", nil)), "alice", "alice")
	wantAway(t, a, "error", "access_denied", "error_description", "only the developers of this app may sign in", "state", "st")
	err := w.db.SetDeveloper(t.Context(), storage.Command, "shop", storage.Developer{UserID: w.user("bob").ID, Role: storage.RoleDeveloper})
	if err != nil {
		t.Fatal(err)
	}
	wantPage(t, b.signIn(b.authorize(w.request("shop", func(r *storage.AuthRequest) { r.Prompt = []string{"login"} })), "bob", "bob"), http.StatusOK, "consent-allow")
}
