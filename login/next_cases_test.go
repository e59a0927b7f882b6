package login

import (
	"time"

	"github.com/propusk/propusk/storage"
)

// proofCases are about who is signed in and how long ago they proved it.
func proofCases() []nextCase {
	return []nextCase{
		{"all granted", func(*input) {}, doneStep(allScopes...), doneStep(allScopes...)},
		{"signed out", signedOut, signInStep, refuseStep("login_required")},
		{"disabled person", func(in *input) {
			u := *alice
			u.DisabledAt = noon
			in.user = &u
		}, signInStep, refuseStep("login_required")},

		{"max_age within", func(in *input) { in.req.MaxAge = seconds(3600) }, doneStep(allScopes...), doneStep(allScopes...)},
		{"max_age just over", func(in *input) {
			in.req.MaxAge = seconds(3600)
			in.session.AuthTime = noon.Add(-time.Hour - time.Millisecond)
		}, signInAgainStep, refuseStep("login_required")},
		{"max_age over, proved", func(in *input) {
			in.req.MaxAge = seconds(1)
			in.req.Progress.Authenticated = "s1"
		}, doneStep(allScopes...), doneStep(allScopes...)},
		{"max_age zero in the same instant", func(in *input) {
			in.req.MaxAge = seconds(0)
			in.session.AuthTime = noon
		}, signInAgainStep, refuseStep("login_required")},
		{"max_age zero, proved", func(in *input) {
			in.req.MaxAge = seconds(0)
			in.req.Progress.Authenticated = "s1"
		}, doneStep(allScopes...), doneStep(allScopes...)},
		{"max_age enormous", func(in *input) { in.req.MaxAge = seconds(1 << 62) }, doneStep(allScopes...), doneStep(allScopes...)},
		{"max_age signed out", func(in *input) {
			signedOut(in)
			in.req.MaxAge = seconds(0)
		}, signInStep, refuseStep("login_required")},

		{"hint of the person", func(in *input) { in.req.HintSub = "alice" }, doneStep(allScopes...), doneStep(allScopes...)},
		{"hint of another", func(in *input) { in.req.HintSub = "bob" }, signInStep, refuseStep("login_required")},
		{"hint of another, signed in as oneself", func(in *input) {
			in.req.HintSub = "bob"
			in.req.Progress.Authenticated = "s1"
		}, refuseStep("login_required"), refuseStep("login_required")},
		{"hint of another, account kept", func(in *input) {
			in.req.HintSub = "bob"
			in.req.Progress.Account = "alice"
		}, signInStep, refuseStep("login_required")},
	}
}

// consentCases are about what was decided before, and for how long.
func consentCases() []nextCase {
	return []nextCase{
		{"optional undecided", func(in *input) { in.consents = in.consents[:2] }, consentStep, refuseStep("consent_required")},
		{"required undecided", func(in *input) { in.consents = in.consents[1:] }, consentStep, refuseStep("consent_required")},
		{"optional declined", func(in *input) { in.consents[2] = declined("email") },
			doneStep("openid", "profile"), doneStep("openid", "profile")},
		{"required declined", func(in *input) { in.consents[1] = declined("profile") }, consentStep, refuseStep("consent_required")},
		{"order of the request", func(in *input) { in.req.Scopes = []string{"email", "openid", "profile"} },
			doneStep("email", "openid", "profile"), doneStep("email", "openid", "profile")},
		{"consents beyond the request", func(in *input) { in.req.Scopes = []string{"openid"} }, doneStep("openid"), doneStep("openid")},
		{"scope no longer assigned", func(in *input) { in.req.Scopes = append(in.req.Scopes, "address") },
			doneStep(allScopes...), doneStep(allScopes...)},
		{"scope no longer known", func(in *input) { in.known = in.known[:2] },
			doneStep("openid", "profile"), doneStep("openid", "profile")},
		{"no scope left", func(in *input) { in.known = nil }, refuseStep("invalid_scope"), refuseStep("invalid_scope")},
		{"all optional and declined", func(in *input) {
			in.req.Scopes = []string{"email"}
			in.consents = []storage.Consent{declined("email")}
		}, consentStep, refuseStep("consent_required")},
		{"all declined on the page of this request", func(in *input) {
			in.req.Scopes = []string{"email"}
			in.consents = []storage.Consent{declined("email")}
			in.req.Progress.Consented = "alice"
		}, refuseStep("access_denied"), refuseStep("access_denied")},

		{"offline undecided", func(in *input) { in.req.Scopes = append(in.req.Scopes, "offline_access") },
			consentStep, refuseStep("consent_required")},
		{"offline granted", func(in *input) {
			in.req.Scopes = append(in.req.Scopes, "offline_access")
			c := granted("offline_access")
			c.Until = noon.Add(time.Second)
			in.consents = append(in.consents, c)
		}, doneStep("openid", "profile", "email", "offline_access"), doneStep("openid", "profile", "email", "offline_access")},
		{"offline run out", func(in *input) {
			in.req.Scopes = append(in.req.Scopes, "offline_access")
			c := granted("offline_access")
			c.Until = noon
			in.consents = append(in.consents, c)
		}, consentStep, refuseStep("consent_required")},
		{"offline declined", func(in *input) {
			in.req.Scopes = append(in.req.Scopes, "offline_access")
			c := declined("offline_access")
			c.Until = noon.Add(time.Second)
			in.consents = append(in.consents, c)
		}, doneStep(allScopes...), doneStep(allScopes...)},

		{"decided on the page, less than stands", func(in *input) {
			in.req.Progress.Consented = "alice"
			in.req.Progress.Granted = []string{"openid", "profile"}
		}, doneStep("openid", "profile"), doneStep("openid", "profile")},
		{"decided on the page, withdrawn since", func(in *input) {
			in.req.Progress.Consented = "alice"
			in.req.Progress.Granted = allScopes
			in.consents = nil
		}, consentStep, refuseStep("consent_required")},
	}
}

// appCases are about the app that asks, and about the acr it asks for.
func appCases() []nextCase {
	return []nextCase{
		{"native app on loopback", native("http://127.0.0.1:4711/cb"), consentStep, refuseStep("consent_required")},
		{"native app on IPv6 loopback", native("http://[::1]:4711/cb"), consentStep, refuseStep("consent_required")},
		{"native app by private scheme", native("com.example.app:/cb"), consentStep, refuseStep("consent_required")},
		{"native app by claimed https", native("https://app.example/cb"), doneStep(allScopes...), doneStep(allScopes...)},
		{"native app on loopback, decided now", func(in *input) {
			native("http://127.0.0.1:4711/cb")(in)
			in.req.Progress.Consented = "alice"
			in.req.Progress.Granted = allScopes
		}, doneStep(allScopes...), doneStep(allScopes...)},
		{"native app on loopback, decided by another", func(in *input) {
			native("http://127.0.0.1:4711/cb")(in)
			in.req.Progress.Consented = "bob"
			in.req.Progress.Granted = allScopes
		}, consentStep, refuseStep("consent_required")},
		{"native app on loopback in dev", func(in *input) {
			native("http://127.0.0.1:4711/cb")(in)
			in.dev = true
		}, doneStep(allScopes...), doneStep(allScopes...)},
		{"confidential app on loopback", func(in *input) { in.req.RedirectURI = "http://127.0.0.1/cb" },
			doneStep(allScopes...), doneStep(allScopes...)},

		{"acr essential other value", func(in *input) { in.req.Claims = acr(true, `"2"`) },
			refuseStep("unmet_authentication_requirements"), refuseStep("unmet_authentication_requirements")},
		{"acr essential other values", func(in *input) { in.req.Claims = acr(true, "", `"2"`, `"urn:x"`) },
			refuseStep("unmet_authentication_requirements"), refuseStep("unmet_authentication_requirements")},
		{"acr essential values with ours", func(in *input) { in.req.Claims = acr(true, "", `"2"`, `"1"`) },
			doneStep(allScopes...), doneStep(allScopes...)},
		{"acr essential without values", func(in *input) { in.req.Claims = acr(true, "") }, doneStep(allScopes...), doneStep(allScopes...)},
		{"acr essential null", func(in *input) { in.req.Claims = acr(true, "null") }, doneStep(allScopes...), doneStep(allScopes...)},
		{"acr voluntary other value", func(in *input) { in.req.Claims = acr(false, `"2"`) }, doneStep(allScopes...), doneStep(allScopes...)},
		{"acr null request", func(in *input) {
			in.req.Claims = &storage.Claims{IDToken: map[string]*storage.ClaimRequest{"acr": nil}}
		}, doneStep(allScopes...), doneStep(allScopes...)},
		{"acr_values are a wish", func(in *input) { in.req.ACRValues = []string{"2"} }, doneStep(allScopes...), doneStep(allScopes...)},
	}
}

// promptCases are the other values of prompt, which exclude none.
func promptCases() []nextCase {
	return []nextCase{
		{"prompt=login", func(in *input) { in.req.Prompt = []string{"login"} }, signInAgainStep, step{}},
		{"prompt=login in the same instant", func(in *input) {
			in.req.Prompt = []string{"login"}
			in.session.AuthTime = noon
		}, signInAgainStep, step{}},
		{"prompt=login, proved", func(in *input) {
			in.req.Prompt = []string{"login"}
			in.req.Progress.Authenticated = "s1"
		}, doneStep(allScopes...), step{}},
		{"prompt=login, proved in another session", func(in *input) {
			in.req.Prompt = []string{"login"}
			in.req.Progress.Authenticated = "s0"
		}, signInAgainStep, step{}},
		{"prompt=select_account", func(in *input) { in.req.Prompt = []string{"select_account"} }, chooseStep, step{}},
		{"prompt=select_account, kept", func(in *input) {
			in.req.Prompt = []string{"select_account"}
			in.req.Progress.Account = "alice"
		}, doneStep(allScopes...), step{}},
		{"prompt=select_account, kept by another", func(in *input) {
			in.req.Prompt = []string{"select_account"}
			in.req.Progress.Account = "bob"
		}, chooseStep, step{}},
		{"prompt=select_account signed out", func(in *input) {
			signedOut(in)
			in.req.Prompt = []string{"select_account"}
		}, signInStep, step{}},
		{"prompt=login select_account", func(in *input) { in.req.Prompt = []string{"login", "select_account"} },
			signInAgainStep, step{}},
		{"prompt=consent", func(in *input) { in.req.Prompt = []string{"consent"} }, consentStep, step{}},
		{"prompt=consent, decided", func(in *input) {
			in.req.Prompt = []string{"consent"}
			in.req.Progress.Consented = "alice"
			in.req.Progress.Granted = allScopes
		}, doneStep(allScopes...), step{}},
		{"prompt=consent, decided by another", func(in *input) {
			in.req.Prompt = []string{"consent"}
			in.req.Progress.Consented = "bob"
			in.req.Progress.Granted = allScopes
		}, consentStep, step{}},
		{"prompt=select_account consent", func(in *input) { in.req.Prompt = []string{"select_account", "consent"} },
			chooseStep, step{}},
	}
}
