package login

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/propusk/propusk/storage"
)

// TestAskAway: an app that could do more while the person is away than they were told asks anew.
func TestAskAway(t *testing.T) {
	all := []string{"openid", "profile", "email", "offline_access"}
	told := func(scope string) storage.Consent {
		c := granted(scope)
		c.Offline = true
		return c
	}
	// The person granted everything, offline access too, when email was not for offline use; now it is.
	widen := func(in *input) {
		in.req.Scopes = slices.Clone(all)
		in.consents = append(in.consents, granted("offline_access"))
		in.app.Scopes[2].Offline = true
	}
	also := func(more func(*input)) func(*input) {
		return func(in *input) { widen(in); more(in) }
	}
	kept := func(in *input) { in.app.Trusted, in.app.OfflineWithoutConsent = true, true }
	preset := func(in *input) { in.app.SkipConsent, in.app.PresetScopes = true, all[:3] }
	type asked struct {
		Required, Optional, Already, Away, Unasked []string
		Offline, Ticked                            bool
	}
	tests := []struct {
		name   string
		change func(*input)
		want   asked
	}{
		{"nothing is for offline use", also(func(in *input) { in.app.Scopes[2].Offline = false }), asked{Already: all}},
		{"widened", widen, asked{Already: all[:3], Away: []string{"email"}, Offline: true, Ticked: true}},
		{"told of", also(func(in *input) { in.consents[2] = told("email") }), asked{Already: all}},
		{"narrowed", also(func(in *input) {
			in.consents[2], in.app.Scopes[2].Offline = told("email"), false
		}), asked{Already: all}},
		{"not asked for offline access now", also(func(in *input) { in.req.Scopes = all[:3] }), asked{Already: all[:3]}},
		{"offline access declined", also(func(in *input) { in.consents[3] = declined("offline_access") }), asked{Already: all[:3]}},
		{"the widened scope declined", also(func(in *input) { in.consents[2] = declined("email") }),
			asked{Already: []string{"openid", "profile", "offline_access"}}},
		{"offline access required", also(func(in *input) { in.app.Scopes[4].Required = true }),
			asked{Required: []string{"offline_access"}, Already: all[:3], Away: []string{"email"}, Ticked: true}},
		{"a new scope for offline use", also(func(in *input) { in.consents = slices.Delete(in.consents, 2, 3) }),
			asked{Optional: []string{"email"}, Already: all[:2], Away: []string{"email"}, Offline: true, Ticked: true}},
		{"a new scope for use in presence", also(func(in *input) {
			in.consents, in.app.Scopes[2].Offline = slices.Delete(in.consents, 2, 3), false
		}), asked{Optional: []string{"email"}, Already: []string{"openid", "profile", "offline_access"}}},
		{"first asked for offline access", also(func(in *input) { in.consents = in.consents[:3] }),
			asked{Already: all[:3], Away: []string{"email"}, Offline: true}},
		{"offline access without asking", also(kept), asked{Already: all, Unasked: []string{"email"}}},
		{"offline access without asking, but more to ask", also(func(in *input) { kept(in); in.consents = in.consents[1:] }),
			asked{Required: []string{"openid"}, Already: []string{"profile", "email"}, Away: []string{"email"}}},
		{"preset", also(func(in *input) { preset(in); in.consents = in.consents[3:] }),
			asked{Required: all[:2], Optional: []string{"email"}, Away: []string{"email"}, Offline: true, Ticked: true}},
		{"preset, with offline access of its own switch", also(func(in *input) { preset(in); kept(in) }),
			asked{Already: all, Unasked: []string{"email"}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a := ask(testInput(tt.change))
			got := asked{a.required, a.optional, a.already, a.away, a.unasked, a.offline, a.ticked[storage.ScopeOffline]}
			if diff := cmp.Diff(tt.want, got, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// away are the scopes the person allowed the app for use while they are away.
func (w *world) away(login, app string) string {
	w.t.Helper()
	list, err := w.db.Consents(w.t.Context(), w.user(login).ID, app)
	if err != nil {
		w.t.Fatal(err)
	}
	var names []string
	for _, c := range list {
		if c.Offline {
			names = append(names, c.Scope)
		}
	}
	return strings.Join(names, " ")
}

// A decision records what the page said of offline use, and only that; what is widened later is asked.
func TestAwayIsRecorded(t *testing.T) {
	w := newWorld(t, production)
	plain, offline := w.request("shop", nil).Scopes, []string{"openid", "profile", "email", "offline_access"}
	request := func(scopes []string) *storage.AuthRequest {
		return w.request("shop", func(r *storage.AuthRequest) { r.Scopes = scopes })
	}
	set := func(names ...string) {
		w.change("shop", func(a *storage.App) {
			for i := range a.Scopes {
				a.Scopes[i].Offline = slices.Contains(names, a.Scopes[i].Name)
			}
		})
	}
	want := func(step, scopes string) {
		t.Helper()
		if got := w.away("alice", "shop"); got != scopes {
			t.Errorf("%s: got %q for offline use, want %q", step, got, scopes)
		}
	}
	b := w.browser()
	set("profile")
	b.allow(b.signIn(b.authorize(request(plain)), "alice", "alice"), "email")
	want("nothing was said", "")
	b.allow(b.authorize(request(offline)))
	want("offline access left out", "")

	fresh := func() {
		t.Helper()
		err := w.db.WithdrawApp(t.Context(), storage.System, w.user("alice").ID, "shop")
		if err != nil {
			t.Fatal(err)
		}
	}
	fresh()
	wantAway(t, b.allow(b.authorize(request(offline)), "email", "offline_access"), "scope", "openid profile email offline_access")
	want("offline access allowed", "profile")
	set("profile", "email")
	wantAway(t, b.authorize(request(plain)), "scope", "openid profile email")
	want("widened by the developer", "profile")
	a := b.authorize(request(offline))
	wantPage(t, a, http.StatusOK, "consent-allow")
	if !strings.Contains(a.body, "also while away") && !strings.Contains(a.body, "may use what you allow here without you") {
		t.Errorf("the page does not speak of offline use:\n%s", a.body)
	}
	set("profile", "email", "openid")
	a = b.allow(a, "offline_access")
	wantPage(t, a, http.StatusOK, "consent-allow")
	want("widened while the page stood open", "profile")
	wantAway(t, b.allow(a, "offline_access"), "scope", "openid profile email offline_access")
	want("allowed anew", "email openid profile")
	wantAway(t, b.authorize(request(offline)), "scope", "openid profile email offline_access")

	fresh()
	wantAway(t, b.allow(b.authorize(request(plain)), "email"), "scope", "openid profile email")
	w.change("shop", func(a *storage.App) { a.OfflineWithoutConsent = true })
	wantAway(t, b.authorize(request(offline)), "scope", "openid profile email offline_access")
	want("by the app's switch", "email openid profile")
	if n := w.audited("consent.offline_auto", "shop", "alice"); n != 2 {
		t.Errorf("%d audit entries, want one about offline access and one about the scopes", n)
	}

	fresh()
	w.change("shop", func(a *storage.App) { a.SkipConsent, a.PresetScopes = true, offline[:3] })
	wantAway(t, b.authorize(request(plain)), "scope", "openid profile email")
	want("preset, in presence", "")
	wantAway(t, b.authorize(request(offline)), "scope", "openid profile email offline_access")
	want("preset", "email openid profile")
	set()
	wantAway(t, b.allow(b.authorize(w.request("shop", func(r *storage.AuthRequest) { r.Prompt = []string{"consent"} })), "email"), "scope", "openid profile email")
	want("decided again where nothing was said", "email openid profile")
}
