package login

import (
	"encoding/json"
	"slices"
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

// nextCase is a request and the step that follows.
type nextCase struct {
	name   string
	change func(*input)
	want   step
	none   step // the same with prompt=none (and without any other prompt)
}

var (
	allScopes                   = []string{"openid", "profile", "email"}
	signInStep, signInAgainStep = step{kind: stepSignIn}, step{kind: stepSignIn, again: true}
	chooseStep, consentStep     = step{kind: stepChoose}, step{kind: stepConsent}
)

func doneStep(scopes ...string) step { return step{kind: stepDone, scopes: scopes} }

func refuseStep(code string) step { return step{kind: stepRefuse, code: code} }

func signedOut(in *input) { in.session, in.user, in.consents = nil, nil, nil }

// native makes the request one of a public app with that redirect URI.
func native(redirect string) func(*input) {
	return func(in *input) {
		in.app.AuthMethods = []string{storage.AuthNone}
		in.req.RedirectURI = redirect
	}
}

func TestNext(t *testing.T) {
	runNext(t, slices.Concat(proofCases(), consentCases(), appCases(), promptCases()))
}

// runNext compares the steps of all cases, each with prompt=none as well where that makes sense.
func runNext(t *testing.T, tests []nextCase) {
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
