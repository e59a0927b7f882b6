package login

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/propusk/propusk/storage"
)

var (
	noon  = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	alice = &storage.User{ID: "alice", Login: "alice", Name: "Alice Novak", Email: "alice@example.com"}
)

// testInput is a request of a signed-in person who has granted everything; change makes it the case.
func testInput(change func(*input)) input {
	in := input{
		req: &storage.AuthRequest{
			ID:          "abcdefghijklmnopqrstuvwxyz",
			AppID:       "demo",
			RedirectURI: "https://app.example/cb",
			Scopes:      []string{"openid", "profile", "email"},
			CreatedAt:   noon,
		},
		session: &storage.Session{ID: "s1", UserID: "alice", AuthTime: noon.Add(-time.Hour)},
		user:    alice,
		app: &storage.App{
			ID: "demo", Enabled: true, Delegated: true, AuthMethods: []string{storage.AuthBasic},
			Scopes: []storage.AppScope{
				{Name: "openid", Required: true}, {Name: "profile", Required: true}, {Name: "email"},
				{Name: "phone"}, {Name: "offline_access"},
			},
		},
		consents: []storage.Consent{granted("openid"), granted("profile"), granted("email")},
		now:      noon,
	}
	for _, name := range []string{"openid", "profile", "email", "phone", "address", "offline_access"} {
		in.known = append(in.known, &storage.Scope{Name: name})
	}
	change(&in)
	return in
}

func granted(scope string) storage.Consent {
	return storage.Consent{Scope: scope, Granted: true, DecidedAt: noon.Add(-24 * time.Hour)}
}

func declined(scope string) storage.Consent {
	return storage.Consent{Scope: scope, DecidedAt: noon.Add(-24 * time.Hour)}
}

func seconds(n int64) *int64 { return &n }

func acr(essential bool, value string, values ...string) *storage.Claims {
	c := &storage.ClaimRequest{Essential: essential}
	if value != "" {
		c.Value = json.RawMessage(value)
	}
	for _, v := range values {
		c.Values = append(c.Values, json.RawMessage(v))
	}
	return &storage.Claims{IDToken: map[string]*storage.ClaimRequest{"acr": c}}
}

func TestNext(t *testing.T) {
	all := []string{"openid", "profile", "email"}
	done := func(scopes ...string) step { return step{kind: stepDone, scopes: scopes} }
	refuse := func(code string) step { return step{kind: stepRefuse, code: code} }
	signIn, signInAgain := step{kind: stepSignIn}, step{kind: stepSignIn, again: true}
	choose, consent := step{kind: stepChoose}, step{kind: stepConsent}
	signedOut := func(in *input) { in.session, in.user, in.consents = nil, nil, nil }
	native := func(redirect string) func(*input) {
		return func(in *input) {
			in.app.AuthMethods = []string{storage.AuthNone}
			in.req.RedirectURI = redirect
		}
	}

	tests := []struct {
		name   string
		change func(*input)
		want   step
		none   step // the same with prompt=none (and without any other prompt)
	}{
		{"all granted", func(*input) {}, done(all...), done(all...)},
		{"signed out", signedOut, signIn, refuse("login_required")},
		{"disabled person", func(in *input) {
			u := *alice
			u.DisabledAt = noon
			in.user = &u
		}, signIn, refuse("login_required")},

		{"max_age within", func(in *input) { in.req.MaxAge = seconds(3600) }, done(all...), done(all...)},
		{"max_age just over", func(in *input) {
			in.req.MaxAge = seconds(3600)
			in.session.AuthTime = noon.Add(-time.Hour - time.Millisecond)
		}, signInAgain, refuse("login_required")},
		{"max_age over, proved", func(in *input) {
			in.req.MaxAge = seconds(1)
			in.req.Progress.Authenticated = "s1"
		}, done(all...), done(all...)},
		{"max_age zero in the same instant", func(in *input) {
			in.req.MaxAge = seconds(0)
			in.session.AuthTime = noon
		}, signInAgain, refuse("login_required")},
		{"max_age zero, proved", func(in *input) {
			in.req.MaxAge = seconds(0)
			in.req.Progress.Authenticated = "s1"
		}, done(all...), done(all...)},
		{"max_age enormous", func(in *input) { in.req.MaxAge = seconds(1 << 62) }, done(all...), done(all...)},
		{"max_age signed out", func(in *input) {
			signedOut(in)
			in.req.MaxAge = seconds(0)
		}, signIn, refuse("login_required")},

		{"hint of the person", func(in *input) { in.req.HintSub = "alice" }, done(all...), done(all...)},
		{"hint of another", func(in *input) { in.req.HintSub = "bob" }, signIn, refuse("login_required")},
		{"hint of another, signed in as oneself", func(in *input) {
			in.req.HintSub = "bob"
			in.req.Progress.Authenticated = "s1"
		}, refuse("login_required"), refuse("login_required")},
		{"hint of another, account kept", func(in *input) {
			in.req.HintSub = "bob"
			in.req.Progress.Account = "alice"
		}, signIn, refuse("login_required")},

		{"optional undecided", func(in *input) { in.consents = in.consents[:2] }, consent, refuse("consent_required")},
		{"required undecided", func(in *input) { in.consents = in.consents[1:] }, consent, refuse("consent_required")},
		{"optional declined", func(in *input) { in.consents[2] = declined("email") },
			done("openid", "profile"), done("openid", "profile")},
		{"required declined", func(in *input) { in.consents[1] = declined("profile") }, consent, refuse("consent_required")},
		{"order of the request", func(in *input) { in.req.Scopes = []string{"email", "openid", "profile"} },
			done("email", "openid", "profile"), done("email", "openid", "profile")},
		{"consents beyond the request", func(in *input) { in.req.Scopes = []string{"openid"} }, done("openid"), done("openid")},
		{"scope no longer assigned", func(in *input) { in.req.Scopes = append(in.req.Scopes, "address") },
			done(all...), done(all...)},
		{"scope no longer known", func(in *input) { in.known = in.known[:2] },
			done("openid", "profile"), done("openid", "profile")},
		{"no scope left", func(in *input) { in.known = nil }, refuse("invalid_scope"), refuse("invalid_scope")},
		{"all optional and declined", func(in *input) {
			in.req.Scopes = []string{"email"}
			in.consents = []storage.Consent{declined("email")}
		}, consent, refuse("consent_required")},
		{"all declined on the page of this request", func(in *input) {
			in.req.Scopes = []string{"email"}
			in.consents = []storage.Consent{declined("email")}
			in.req.Progress.Consented = "alice"
		}, refuse("access_denied"), refuse("access_denied")},

		{"offline undecided", func(in *input) { in.req.Scopes = append(in.req.Scopes, "offline_access") },
			consent, refuse("consent_required")},
		{"offline granted", func(in *input) {
			in.req.Scopes = append(in.req.Scopes, "offline_access")
			c := granted("offline_access")
			c.Until = noon.Add(time.Second)
			in.consents = append(in.consents, c)
		}, done("openid", "profile", "email", "offline_access"), done("openid", "profile", "email", "offline_access")},
		{"offline run out", func(in *input) {
			in.req.Scopes = append(in.req.Scopes, "offline_access")
			c := granted("offline_access")
			c.Until = noon
			in.consents = append(in.consents, c)
		}, consent, refuse("consent_required")},
		{"offline declined", func(in *input) {
			in.req.Scopes = append(in.req.Scopes, "offline_access")
			c := declined("offline_access")
			c.Until = noon.Add(time.Second)
			in.consents = append(in.consents, c)
		}, done(all...), done(all...)},

		{"decided on the page, less than stands", func(in *input) {
			in.req.Progress.Consented = "alice"
			in.req.Progress.Granted = []string{"openid", "profile"}
		}, done("openid", "profile"), done("openid", "profile")},
		{"decided on the page, withdrawn since", func(in *input) {
			in.req.Progress.Consented = "alice"
			in.req.Progress.Granted = all
			in.consents = nil
		}, consent, refuse("consent_required")},

		{"native app on loopback", native("http://127.0.0.1:4711/cb"), consent, refuse("consent_required")},
		{"native app on IPv6 loopback", native("http://[::1]:4711/cb"), consent, refuse("consent_required")},
		{"native app by private scheme", native("com.example.app:/cb"), consent, refuse("consent_required")},
		{"native app by claimed https", native("https://app.example/cb"), done(all...), done(all...)},
		{"native app on loopback, decided now", func(in *input) {
			native("http://127.0.0.1:4711/cb")(in)
			in.req.Progress.Consented = "alice"
			in.req.Progress.Granted = all
		}, done(all...), done(all...)},
		{"native app on loopback, decided by another", func(in *input) {
			native("http://127.0.0.1:4711/cb")(in)
			in.req.Progress.Consented = "bob"
			in.req.Progress.Granted = all
		}, consent, refuse("consent_required")},
		{"native app on loopback in dev", func(in *input) {
			native("http://127.0.0.1:4711/cb")(in)
			in.dev = true
		}, done(all...), done(all...)},
		{"confidential app on loopback", func(in *input) { in.req.RedirectURI = "http://127.0.0.1/cb" },
			done(all...), done(all...)},

		{"acr essential other value", func(in *input) { in.req.Claims = acr(true, `"2"`) },
			refuse("unmet_authentication_requirements"), refuse("unmet_authentication_requirements")},
		{"acr essential other values", func(in *input) { in.req.Claims = acr(true, "", `"2"`, `"urn:x"`) },
			refuse("unmet_authentication_requirements"), refuse("unmet_authentication_requirements")},
		{"acr essential values with ours", func(in *input) { in.req.Claims = acr(true, "", `"2"`, `"1"`) },
			done(all...), done(all...)},
		{"acr essential without values", func(in *input) { in.req.Claims = acr(true, "") }, done(all...), done(all...)},
		{"acr essential null", func(in *input) { in.req.Claims = acr(true, "null") }, done(all...), done(all...)},
		{"acr voluntary other value", func(in *input) { in.req.Claims = acr(false, `"2"`) }, done(all...), done(all...)},
		{"acr null request", func(in *input) {
			in.req.Claims = &storage.Claims{IDToken: map[string]*storage.ClaimRequest{"acr": nil}}
		}, done(all...), done(all...)},
		{"acr_values are a wish", func(in *input) { in.req.ACRValues = []string{"2"} }, done(all...), done(all...)},

		{"prompt=login", func(in *input) { in.req.Prompt = []string{"login"} }, signInAgain, step{}},
		{"prompt=login in the same instant", func(in *input) {
			in.req.Prompt = []string{"login"}
			in.session.AuthTime = noon
		}, signInAgain, step{}},
		{"prompt=login, proved", func(in *input) {
			in.req.Prompt = []string{"login"}
			in.req.Progress.Authenticated = "s1"
		}, done(all...), step{}},
		{"prompt=login, proved in another session", func(in *input) {
			in.req.Prompt = []string{"login"}
			in.req.Progress.Authenticated = "s0"
		}, signInAgain, step{}},
		{"prompt=select_account", func(in *input) { in.req.Prompt = []string{"select_account"} }, choose, step{}},
		{"prompt=select_account, kept", func(in *input) {
			in.req.Prompt = []string{"select_account"}
			in.req.Progress.Account = "alice"
		}, done(all...), step{}},
		{"prompt=select_account, kept by another", func(in *input) {
			in.req.Prompt = []string{"select_account"}
			in.req.Progress.Account = "bob"
		}, choose, step{}},
		{"prompt=select_account signed out", func(in *input) {
			signedOut(in)
			in.req.Prompt = []string{"select_account"}
		}, signIn, step{}},
		{"prompt=login select_account", func(in *input) { in.req.Prompt = []string{"login", "select_account"} },
			signInAgain, step{}},
		{"prompt=consent", func(in *input) { in.req.Prompt = []string{"consent"} }, consent, step{}},
		{"prompt=consent, decided", func(in *input) {
			in.req.Prompt = []string{"consent"}
			in.req.Progress.Consented = "alice"
			in.req.Progress.Granted = all
		}, done(all...), step{}},
		{"prompt=consent, decided by another", func(in *input) {
			in.req.Prompt = []string{"consent"}
			in.req.Progress.Consented = "bob"
			in.req.Progress.Granted = all
		}, consent, step{}},
		{"prompt=select_account consent", func(in *input) { in.req.Prompt = []string{"select_account", "consent"} },
			choose, step{}},
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

// compareStep compares steps but for the text of a description, which must be there and be ASCII.
func compareStep(t *testing.T, got, want step) {
	t.Helper()
	if (got.kind == stepRefuse) != (got.description != "") {
		t.Errorf("step %d has the description %q", got.kind, got.description)
	}
	for _, c := range got.description {
		if c < ' ' || c > '~' || c == '"' || c == '\\' {
			t.Errorf("description %q holds %q", got.description, c)
		}
	}
	got.description = ""
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(step{})); diff != "" {
		t.Errorf("step (-want +got):\n%s", diff)
	}
}

func TestAsk(t *testing.T) {
	type asked struct {
		Required, Optional, Already []string
		Offline                     bool
		Ticked                      []string
	}
	tests := []struct {
		name   string
		change func(*input)
		want   asked
	}{
		{"nothing decided", func(in *input) { in.consents = nil },
			asked{Required: []string{"openid", "profile"}, Optional: []string{"email"}}},
		{"more than before", func(in *input) {
			in.req.Scopes = append(in.req.Scopes, "phone", "offline_access")
		}, asked{Optional: []string{"phone"}, Offline: true, Already: []string{"openid", "profile", "email"}}},
		{"declined is not asked again", func(in *input) {
			in.req.Scopes = append(in.req.Scopes, "phone")
			in.consents[2] = declined("email")
		}, asked{Optional: []string{"phone"}, Already: []string{"openid", "profile"}}},
		{"prompt=consent shows what was decided", func(in *input) {
			in.req.Prompt = []string{"consent"}
			in.req.Scopes = append(in.req.Scopes, "phone")
			in.consents = append(in.consents, declined("phone"))
		}, asked{Required: []string{"openid", "profile"}, Optional: []string{"email", "phone"}, Ticked: []string{"openid", "profile", "email"}}},
		{"offline_access required by the app", func(in *input) {
			in.req.Scopes = append(in.req.Scopes, "offline_access")
			in.app.Scopes[4].Required = true
		}, asked{Required: []string{"offline_access"}, Already: []string{"openid", "profile", "email"}}},
		{"openid cannot be unticked", func(in *input) {
			in.app.Scopes[0].Required = false
			in.consents = in.consents[1:]
		}, asked{Required: []string{"openid"}, Already: []string{"profile", "email"}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a := ask(testInput(tt.change))
			got := asked{Required: a.required, Optional: a.optional, Already: a.already, Offline: a.offline}
			for _, name := range a.scopes {
				if a.ticked[name] {
					got.Ticked = append(got.Ticked, name)
				}
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("asked (-want +got):\n%s", diff)
			}
		})
	}
}

func TestDecide(t *testing.T) {
	in := testInput(func(in *input) {
		in.consents = nil
		in.req.Scopes = append(in.req.Scopes, "phone", "offline_access")
	})
	decision := func(scope string, granted bool) storage.Consent {
		return storage.Consent{Scope: scope, Granted: granted, DecidedAt: noon}
	}
	offline := decision("offline_access", true)
	offline.Until = noon.Add(storage.OfflineConsent)

	got := decide(in, ask(in), []string{"phone", "offline_access", "admin", "address", "phone"})
	want := []storage.Consent{
		decision("openid", true), decision("profile", true), decision("email", false), decision("phone", true), offline,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("decisions (-want +got):\n%s", diff)
	}
}
