package login

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/propusk/propusk/storage"
)

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
