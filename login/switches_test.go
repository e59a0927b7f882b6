package login

import (
	"testing"

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

	runNext(t, []nextCase{
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
	})
}
