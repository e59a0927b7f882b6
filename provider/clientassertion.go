package provider

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/propusk/propusk/storage"
)

// assertionType is the one client_assertion_type there is (RFC 7523 §2.2).
const assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

// Bounds of a client assertion.
const (
	assertionAhead = time.Hour
	jtiMax         = 512
)

// assertionTypes are the typ headers a client assertion may have; other kinds of JWT never pass as one.
var assertionTypes = []string{"", "jwt", "client-authentication+jwt"}

// assertionAlgs are the algorithms of client assertions, as discovery lists them.
var assertionAlgs = append(slices.Clone(storage.ClientSigningAlgs), storage.SecretSigningAlg)

// readAssertion reads a client assertion without believing it: whom it claims to be from, and by which
// method that would have to be proven.
func readAssertion(text string) (credentials, error) {
	j, err := readJWS(text, maxJWT, assertionAlgs)
	if err != nil {
		return credentials{}, err
	}
	cred := credentials{method: storage.AuthPrivateKeyJWT, id: member(j.claims, "sub"), assertion: j}
	if j.alg == storage.SecretSigningAlg {
		cred.method = storage.AuthSecretJWT
	}
	switch {
	case cred.id == "" || len(cred.id) > authorizeLimits["client_id"]:
		return credentials{}, errors.New("sub is not a client_id")
	case member(j.claims, "iss") != cred.id:
		return credentials{}, errors.New("iss is not the client_id that sub is")
	case !slices.Contains(assertionTypes, j.typ):
		return credentials{}, errors.New("typ is that of another kind of JWT")
	}
	return cred, nil
}

// checkAssertion proves an app by its assertion (RFC 7523 §3, OpenID Connect Core §9). The cheap checks
// come first, the signature after them, and only what holds is used up.
func (p *Provider) checkAssertion(ctx context.Context, app *storage.App, j *clientJWS) error {
	want := app.Registration.AuthSigningAlg
	if want != "" && j.alg != want {
		return fmt.Errorf("app %q is registered to sign with %s, not %s", app.ID, want, j.alg)
	}
	// One that is meant for somebody else too could be used here by them.
	audience, ok := texts(j.claims, "aud")
	if !ok || slices.ContainsFunc(audience, func(a string) bool { return a != p.issuer && a != p.issuer+PathToken }) {
		return fmt.Errorf("aud is not %s or its token endpoint alone", p.issuer)
	}
	exp, err := j.checkTimes(p.now(), assertionAhead, true)
	if err != nil {
		return err
	}
	jti := member(j.claims, "jti")
	if jti == "" || len(jti) > jtiMax {
		return errors.New("jti is missing, empty or too long")
	}
	if j.alg == storage.SecretSigningAlg {
		if !p.db.CheckAppSigned(app, func(secret []byte) bool { return j.verify(secret) }) {
			return fmt.Errorf("none of the secrets app %q may sign with made the signature", app.ID)
		}
	} else {
		err = p.verifySignature(ctx, app, j)
		if err != nil {
			return err
		}
	}
	first, err := p.db.UseAssertion(ctx, app.ID, jti, exp.Add(2*clockSkew))
	if err != nil {
		return &innerError{err}
	}
	if !first {
		return errors.New("the assertion was used before (jti)")
	}
	return nil
}

// innerError is a failure of ours where a fault of the client was looked for.
type innerError struct{ err error }

func (e *innerError) Error() string { return e.err.Error() }
func (e *innerError) Unwrap() error { return e.err }
