package storage

import (
	"net/url"
	"slices"
	"strings"
	"time"
)

// Bounds of an app.
const (
	clientIDMax = 128
	urisMax     = 50
	scopesMax   = 50
	tokenTTL    = time.Hour
	tokenTTLMin = time.Minute
	tokenTTLMax = 24 * time.Hour
)

var (
	// TokenGrants are the grant types of the token endpoint, as discovery lists them.
	TokenGrants = []string{GrantCode, GrantRefreshToken, GrantClientCredentials, GrantDeviceCode}
	grantTypes  = append(slices.Clone(TokenGrants), GrantPersonal)
	// AuthMethods are the ways in which an app proves itself, as discovery lists them; the last proves nothing.
	AuthMethods = []string{AuthBasic, AuthPost, AuthSecretJWT, AuthPrivateKeyJWT, AuthNone}
)

// setDefaults fills the zero fields of a new app with the safe default of its type.
func setDefaults(a *App) {
	if a.Type == "" {
		a.Type = AppWeb
	}
	public := a.Type == AppBrowser || a.Type == AppNative
	if len(a.GrantTypes) == 0 && !a.Registration.Dynamic { // whoever registers says which, maybe none but implicit
		a.GrantTypes = []string{GrantCode, GrantRefreshToken}
		switch {
		case a.Type == AppService:
			a.GrantTypes = []string{GrantClientCredentials}
		case len(a.Registration.ResponseTypes) > 0 && !slices.ContainsFunc(a.Registration.ResponseTypes, withCode):
			a.GrantTypes = nil // the implicit flow alone, which has no grant at the token endpoint
		}
	}
	if len(a.AuthMethods) == 0 {
		a.AuthMethods = []string{AuthBasic}
		if public {
			a.AuthMethods = []string{AuthNone}
		}
	}
	if a.Scopes == nil && a.Type != AppService {
		a.Scopes = []AppScope{
			{Name: ScopeOpenID, Required: true, Offline: true},
			{Name: "profile", Offline: true}, {Name: "email", Offline: true}, {Name: ScopeOffline, Offline: true},
		}
	}
	setTokenDefaults(a)
}

// setTokenDefaults fills what an app asks of its tokens.
func setTokenDefaults(a *App) {
	if a.IDTokenAlg == "" {
		a.IDTokenAlg = SigningAlgs[0]
	}
	if a.AccessTokenFormat == "" {
		a.AccessTokenFormat = TokenOpaque
	}
	if a.AccessTokenTTL == 0 {
		a.AccessTokenTTL = tokenTTL
	}
}

// checkApp validates and normalizes an app; each check names its reasons, see [CheckRedirectURI] for those
// of the URIs.
func checkApp(a *App) error {
	a.Name, a.Description = tidy(a.Name), strings.TrimSpace(a.Description)
	for _, check := range []func(*App) error{checkAppTexts, checkAppKind, checkAppDomains, checkAppNetworks, checkAppURIs,
		checkAppScopes, checkAppTrust, checkRegistration, checkLogoutURIs} {
		err := check(a)
		if err != nil {
			return err
		}
	}
	return nil
}

// checkAppTexts: client_id_invalid, name_missing, name_invalid, description_invalid and those of checkNames.
func checkAppTexts(a *App) error {
	switch {
	case !validClientID(a.ID):
		return &Invalid{Field: "client_id", Reason: "client_id_invalid", Value: clip(a.ID, clientIDMax)}
	case a.Name == "":
		return &Invalid{Field: "client_name", Reason: "name_missing"}
	case len(a.Name) > nameMax || !printable(a.Name):
		return &Invalid{Field: "client_name", Reason: "name_invalid", Value: clip(a.Name, 100)}
	case len(a.Description) > 2000 || !printable(strings.NewReplacer("\n", " ", "\r", " ").Replace(a.Description)):
		return &Invalid{Field: "description", Reason: "description_invalid"}
	}
	return checkNames(a)
}

// checkNames: language_invalid, language_too_many, name_invalid.
func checkNames(a *App) error {
	if len(a.Names) > languagesMax {
		return &Invalid{Field: "client_name", Reason: "language_too_many"}
	}
	for lang, name := range a.Names {
		switch {
		case !validLanguage(lang):
			return &Invalid{Field: "client_name#" + clip(lang, 35), Reason: "language_invalid", Value: clip(lang, 35)}
		case name == "" || len(name) > nameMax || !printable(name):
			return &Invalid{Field: "client_name#" + lang, Reason: "name_invalid", Value: clip(name, 100)}
		}
	}
	return nil
}

// validClientID accepts 1 to 128 of RFC 3986's unreserved characters, which need no escaping anywhere.
func validClientID(id string) bool {
	return id != "" && len(id) <= clientIDMax && !strings.ContainsFunc(id, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-._~", r))
	})
}

// checkAppKind: application_type, grant_type, auth_method, auth_method_none, client_credentials_public,
// pkce_public, id_token_alg, access_token_format, access_token_ttl.
func checkAppKind(a *App) error {
	for _, grant := range a.GrantTypes {
		if !slices.Contains(grantTypes, grant) {
			return &Invalid{Field: "grant_types", Reason: "grant_type", Value: clip(grant, 100)}
		}
	}
	for _, method := range a.AuthMethods {
		if !slices.Contains(AuthMethods, method) {
			return &Invalid{Field: "token_endpoint_auth_methods", Reason: "auth_method", Value: clip(method, 100)}
		}
	}
	switch {
	case !slices.Contains([]AppType{AppWeb, AppBrowser, AppNative, AppService}, a.Type):
		return &Invalid{Field: "application_type", Reason: "application_type", Value: clip(string(a.Type), 100)}
	case len(a.AuthMethods) == 0, slices.Contains(a.AuthMethods, AuthNone) && len(a.AuthMethods) > 1:
		return &Invalid{Field: "token_endpoint_auth_methods", Reason: "auth_method_none"}
	case a.Public() && a.Allows(GrantClientCredentials):
		return &Invalid{Field: "grant_types", Reason: "client_credentials_public"}
	case a.Public() && a.WithoutPKCE:
		return &Invalid{Field: "without_pkce", Reason: "pkce_public"}
	case !slices.Contains(SigningAlgs, a.IDTokenAlg):
		return &Invalid{Field: "id_token_signed_response_alg", Reason: "id_token_alg", Value: clip(a.IDTokenAlg, 20)}
	case a.AccessTokenFormat != TokenOpaque && a.AccessTokenFormat != TokenJWT:
		return &Invalid{Field: "access_token_format", Reason: "access_token_format", Value: clip(a.AccessTokenFormat, 20)}
	case a.AccessTokenTTL < tokenTTLMin || a.AccessTokenTTL > tokenTTLMax:
		return &Invalid{Field: "access_token_ttl", Reason: "access_token_ttl", Value: a.AccessTokenTTL.String()}
	}
	return nil
}

// checkAppURIs: redirect_too_many, uri_invalid and the reasons of [CheckRedirectURI].
func checkAppURIs(a *App) error {
	for _, list := range []struct {
		field string
		uris  []string
	}{{"redirect_uris", a.RedirectURIs}, {"post_logout_redirect_uris", a.PostLogoutURIs}} {
		if len(list.uris) > urisMax {
			return &Invalid{Field: list.field, Reason: "redirect_too_many"}
		}
		for _, uri := range list.uris {
			err := checkURI(a, list.field, uri)
			if err != nil {
				return err
			}
		}
	}
	for field, uri := range map[string]string{"policy_uri": a.PolicyURI, "tos_uri": a.TosURI} {
		u, err := url.Parse(uri)
		if uri != "" && (err != nil || len(uri) > uriMax || !visibleASCII(uri) || u.User != nil || u.Host == "" ||
			(u.Scheme != "https" && !(u.Scheme == "http" && isLoopback(u.Host)))) {
			return &Invalid{Field: field, Reason: "uri_invalid", Value: clip(uri, 200)}
		}
	}
	return nil
}

// checkAppScopes: scope_too_many, scope_twice. That they exist is the foreign key's business.
func checkAppScopes(a *App) error {
	if len(a.Scopes) > scopesMax {
		return &Invalid{Field: "scopes", Reason: "scope_too_many"}
	}
	seen := map[string]bool{}
	for _, s := range a.Scopes {
		if seen[s.Name] {
			return &Invalid{Field: "scopes", Reason: "scope_twice", Value: clip(s.Name, 100)}
		}
		seen[s.Name] = true
	}
	return nil
}
