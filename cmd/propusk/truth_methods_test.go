package main

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/propusk/propusk/storage"
)

// knownMethods are the values of the IANA registry OAuth Token Endpoint Authentication Methods, and one of
// a draft.
var knownMethods = []string{"none", "client_secret_basic", "client_secret_post", "client_secret_jwt", "private_key_jwt",
	"tls_client_auth", "self_signed_tls_client_auth", "attest_jwt_client_auth"}

// by makes an app authenticate by a method.
func by(method string) func(*storage.App) {
	return func(a *storage.App) {
		a.AuthMethods = []string{method}
		switch method {
		case storage.AuthNone:
			a.Type = storage.AppBrowser
			a.GrantTypes = slices.DeleteFunc(a.GrantTypes, func(g string) bool { return g == storage.GrantClientCredentials })
		case storage.AuthPrivateKeyJWT:
			a.Registration.JWKS = truthJWKS()
		}
	}
}

// proving is a form with the app's credentials as the method wants them, and the headers beside it.
func (w *truthWorld) proving(a party, method string, form url.Values) (url.Values, []string) {
	w.t.Helper()
	switch method {
	case storage.AuthBasic:
		return form, []string{"Authorization", a.basic()}
	case storage.AuthPost:
		return changed(form, "client_id", a.id, "client_secret", a.secret), nil
	case storage.AuthNone, "tls_client_auth", "self_signed_tls_client_auth":
		return changed(form, "client_id", a.id), nil
	case "attest_jwt_client_auth":
		text := w.sealed(a, "ES256", w.assertion(a))
		return changed(form, "client_id", a.id), []string{"OAuth-Client-Attestation", text, "OAuth-Client-Attestation-PoP", text}
	}
	return w.provingBy(a, map[string]string{storage.AuthSecretJWT: "HS256", storage.AuthPrivateKeyJWT: "ES256"}[method], form), nil
}

// provingBy is a form with an assertion signed with alg.
func (w *truthWorld) provingBy(a party, alg string, form url.Values) url.Values {
	w.t.Helper()
	return changed(form, "client_assertion_type", assertionType, "client_assertion", w.sealed(a, alg, w.assertion(a)))
}

// Where a client authenticates: a request of the app that is good but for the credentials, and whether the
// answer says that it was served.
type authEndpoint struct {
	name   string
	ask    func(w *truthWorld, a party) url.Values
	served func(got *reply) bool
}

var (
	atToken = authEndpoint{"token_endpoint", func(w *truthWorld, a party) url.Values {
		return changed(a.redeeming(w.alice.code(a)), "client_id", "", "client_secret", "")
	}, func(got *reply) bool { return got.text("access_token") != "" }}
	atIntrospection = authEndpoint{"introspection_endpoint", ownToken, func(got *reply) bool { return got.json()["active"] == true }}
	atRevocation    = authEndpoint{"revocation_endpoint", ownToken, func(got *reply) bool { return got.status == http.StatusOK }}
)

// ownToken asks about an access token that the app was issued by the authorization code flow.
func ownToken(w *truthWorld, a party) url.Values {
	form, headers := w.proving(a, w.app(a.id).AuthMethods[0], atToken.ask(w, a))
	return url.Values{"token": {w.granted(w.token(form, headers...)).access}}
}

// useMethod authenticates at an endpoint, and sees that it is the credentials that let the app in.
func (w *truthWorld) useMethod(at authEndpoint, method string) {
	a := w.newApp(by(method))
	form, headers := w.proving(a, method, at.ask(w, a))
	wrong := a
	wrong.secret += "x"
	if method != storage.AuthNone && method != storage.AuthPrivateKeyJWT {
		bad, badHeaders := w.proving(wrong, method, at.ask(w, a))
		wantError(w.t, "a wrong secret", w.post(w.at(at.name), bad, badHeaders...), http.StatusUnauthorized, "invalid_client")
	}
	if got := w.post(w.at(at.name), form, headers...); !at.served(got) {
		w.t.Errorf("%s by %s: %d %s", at.name, method, got.status, got.body)
	}
}

// refuseMethod: no app can be set to the method, and coming so is no proof (RFC 6749 §5.2).
func (w *truthWorld) refuseMethod(at authEndpoint, method string) {
	a := w.newApp()
	if method == storage.AuthNone {
		a = w.newApp(by(method))
	} else {
		w.wantInvalidApp("token_endpoint_auth_methods", func(a *storage.App) { a.AuthMethods = []string{method} })
	}
	form, headers := w.proving(a, method, at.ask(w, a))
	wantError(w.t, method, w.post(w.at(at.name), form, headers...), http.StatusUnauthorized, "invalid_client")
}

// useAuthAlg proves an app by an assertion: one that registered just this algorithm and one that registered
// none; by keys it sent, and by keys at its own address.
func (w *truthWorld) useAuthAlg(at authEndpoint, alg string) {
	for _, registered := range []string{"", alg} {
		a := w.newApp(signing(alg), func(a *storage.App) { a.Registration.AuthSigningAlg = registered })
		if registered == "" && !strings.HasPrefix(alg, "HS") {
			w.keysAt(a)
		}
		form := w.provingBy(a, alg, w.withProof(at, a, alg))
		if got := w.post(w.at(at.name), form); !at.served(got) {
			w.t.Errorf("%s at %s, registered %q: %d %s", alg, at.name, registered, got.status, got.body)
		}
	}
}

// withProof is the request for an endpoint of an app that signs with alg.
func (w *truthWorld) withProof(at authEndpoint, a party, alg string) url.Values {
	w.t.Helper()
	form := atToken.ask(w, a)
	if at.name == atToken.name {
		return form
	}
	return url.Values{"token": {w.granted(w.token(w.provingBy(a, alg, form))).access}}
}

// refuseAuthAlg: signed rightly, by a key or the secret the provider knows, and refused all the same.
func (w *truthWorld) refuseAuthAlg(at authEndpoint, alg string) {
	good := "ES256"
	if strings.HasPrefix(alg, "HS") {
		good = "HS256"
	}
	a := w.newApp(signing(good))
	form := w.provingBy(a, alg, w.withProof(at, a, good))
	wantError(w.t, alg, w.post(w.at(at.name), form), http.StatusUnauthorized, "invalid_client")
	w.wantInvalidApp("token_endpoint_auth_signing_alg", func(a *storage.App) { a.Registration.AuthSigningAlg = alg })
}

// wantInvalidApp: storage, which pages, API and commands ask alike, takes no such app.
func (w *truthWorld) wantInvalidApp(field string, change func(*storage.App)) {
	w.t.Helper()
	_, err := w.db.UpdateApp(w.t.Context(), storage.System, demoApp.id, func(a *storage.App) error {
		change(a)
		return nil
	})
	if invalid := new(storage.Invalid); !errors.As(err, &invalid) || invalid.Field != field {
		w.t.Errorf("an app of that kind: %v, want invalid %s", err, field)
	}
}

func useTokenMethod(w *truthWorld, method string)            { w.useMethod(atToken, method) }
func refuseTokenMethod(w *truthWorld, method string)         { w.refuseMethod(atToken, method) }
func useIntrospectionMethod(w *truthWorld, method string)    { w.useMethod(atIntrospection, method) }
func refuseIntrospectionMethod(w *truthWorld, method string) { w.refuseMethod(atIntrospection, method) }
func useRevocationMethod(w *truthWorld, method string)       { w.useMethod(atRevocation, method) }
func refuseRevocationMethod(w *truthWorld, method string)    { w.refuseMethod(atRevocation, method) }
func useTokenAuthAlg(w *truthWorld, alg string)              { w.useAuthAlg(atToken, alg) }
func refuseTokenAuthAlg(w *truthWorld, alg string)           { w.refuseAuthAlg(atToken, alg) }
func useIntrospectionAuthAlg(w *truthWorld, alg string)      { w.useAuthAlg(atIntrospection, alg) }
func refuseIntrospectionAuthAlg(w *truthWorld, alg string)   { w.refuseAuthAlg(atIntrospection, alg) }
func useRevocationAuthAlg(w *truthWorld, alg string)         { w.useAuthAlg(atRevocation, alg) }
func refuseRevocationAuthAlg(w *truthWorld, alg string)      { w.refuseAuthAlg(atRevocation, alg) }
