package provider

import (
	"encoding/json"
	"net/http"
	"slices"

	"github.com/propusk/propusk/storage"
)

// notReplaced are members of the answer that no update may hold (RFC 7592 §2.2).
var notReplaced = []string{"registration_access_token", "registration_client_uri", "client_secret_expires_at", "client_id_issued_at"}

// replace answers PUT (RFC 7592 §2.2): all metadata anew, what is left out back to its default. What
// an administrator vouched for was the app as it was, so that goes; whether it is enabled, its owner, its
// domains, networks and refresh_token_ttl are not the client's to change.
func (p *Provider) replace(w http.ResponseWriter, r *http.Request, app *storage.App, token string) (int, map[string]any, error) {
	sent, f := readMetadata(w, r)
	if f == nil {
		f = p.checkIdentity(app, sent)
	}
	if f != nil {
		return 0, nil, f
	}
	m, offered, err := p.propose(r.Context(), sent, app.Scopes)
	if err != nil {
		return 0, nil, err
	}
	changed, err := p.db.UpdateApp(r.Context(), systemFrom(r), app.ID, func(a *storage.App) error {
		if !p.db.CheckRegistrationToken(a, token) || !a.Enabled {
			return errRegistrationToken
		}
		take(a, m.app)
		return nil
	})
	if err != nil {
		return 0, nil, p.asMetadataRefusal(err)
	}
	answer := p.entry(changed, offered, token)
	if !needsSecret(app, changed) {
		return http.StatusOK, answer, nil
	}
	secret, err := p.db.RotateAppSecret(r.Context(), systemFrom(r), app.ID)
	if err != nil {
		return 0, nil, err
	}
	answer["client_secret"], answer["client_secret_expires_at"] = secret, 0
	return http.StatusOK, answer, nil
}

// take puts the metadata of fresh into a.
func take(a, fresh *storage.App) {
	scopes := stillAssigned(fresh.Scopes, a.Scopes)
	a.Name, a.Names, a.Type, a.AuthMethods = fresh.Name, fresh.Names, fresh.Type, fresh.AuthMethods
	a.RedirectURIs, a.PostLogoutURIs = fresh.RedirectURIs, fresh.PostLogoutURIs
	a.GrantTypes, a.Scopes, a.IDTokenAlg = fresh.GrantTypes, scopes, fresh.IDTokenAlg
	a.PolicyURI, a.TosURI = fresh.PolicyURI, fresh.TosURI
	a.WithoutPKCE = fresh.WithoutPKCE || a.WithoutPKCE && !fresh.Public()
	a.Trusted, a.SkipConsent, a.OfflineWithoutConsent, a.PresetScopes = false, false, false, nil
	kept := a.Registration
	a.Registration = fresh.Registration
	a.Registration.Dynamic, a.Registration.TokenHash, a.Registration.RefreshTokenTTL = kept.Dynamic, kept.TokenHash, kept.RefreshTokenTTL
}

// stillAssigned holds proposed scopes against those that are assigned when the change is made: what an
// administrator takes away while the client's request is under way does not come back with it.
func stillAssigned(proposed, assigned []storage.AppScope) []storage.AppScope {
	scopes := []storage.AppScope{}
	for _, scope := range proposed {
		i := slices.IndexFunc(assigned, func(s storage.AppScope) bool { return s.Name == scope.Name })
		switch {
		case i >= 0:
			scopes = append(scopes, assigned[i])
		case slices.Contains(registrationScopes, scope.Name):
			scopes = append(scopes, scope)
		}
	}
	return scopes
}

// needsSecret tells whether the app must get a new secret: it has none, or signs with one from now on and
// the old one is not kept in a form to verify that by.
func needsSecret(before, after *storage.App) bool {
	signs := func(a *storage.App) bool { return slices.Contains(a.AuthMethods, storage.AuthSecretJWT) }
	return after.KeepsSecret() && (!before.KeepsSecret() || signs(after) && !signs(before))
}

// checkIdentity wants the client_id, and the secret to be right if it is there.
func (p *Provider) checkIdentity(app *storage.App, sent map[string]json.RawMessage) *refusal {
	var id, secret string
	err := json.Unmarshal(sent["client_id"], &id)
	if err != nil || id != app.ID {
		return refuse(errInvalidMetadata, "client_id must be the one of this client")
	}
	for _, name := range notReplaced {
		if _, ok := sent[name]; ok {
			return refuse(errInvalidMetadata, "%s must not be sent", name)
		}
	}
	text, ok := sent["client_secret"]
	if !ok {
		return nil
	}
	err = json.Unmarshal(text, &secret)
	if err != nil || !p.db.IsAppSecret(app, secret) {
		return refuse(errInvalidMetadata, "client_secret is not one of this client, and cannot be chosen")
	}
	return nil
}
