package storage

import (
	"encoding/json"
	"net/mail"
	"slices"
	"time"
)

// checkRegistration is the one place where the values of a registration are held against each other and
// against the app, whichever way they came: by registration, page, API or command. Reasons:
// registration_value, auth_alg_method, refresh_token_ttl and those of checkKeys, checkResponseTypes and
// checkRegistrationURIs, each with the field as RFC 7591 names it. What must be fetched is checkSector's.
func checkRegistration(a *App) error {
	for _, check := range []func(*App) error{checkResponseTypes, checkKeys, checkRegistrationURIs, checkRegistrationValues, checkRegistrationTimes} {
		err := check(a)
		if err != nil {
			return err
		}
	}
	return nil
}

// checkRegistrationValues: registration_value, auth_alg_method.
func checkRegistrationValues(a *App) error {
	r := &a.Registration
	if r.SubjectType == SubjectPublic { // what an app has that says nothing
		r.SubjectType = ""
	}
	for _, check := range []struct {
		field, value string
		good         bool
	}{
		{"token_endpoint_auth_signing_alg", r.AuthSigningAlg, r.AuthSigningAlg == "" || r.AuthSigningAlg == SecretSigningAlg || slices.Contains(ClientSigningAlgs, r.AuthSigningAlg)},
		{"request_object_signing_alg", r.RequestObjectAlg, r.RequestObjectAlg == "" || slices.Contains(ClientSigningAlgs, r.RequestObjectAlg)},
		{"userinfo_signed_response_alg", r.UserinfoAlg, r.UserinfoAlg == "" || slices.Contains(SigningAlgs, r.UserinfoAlg)},
		{"introspection_signed_response_alg", r.IntrospectionAlg, r.IntrospectionAlg == "" || slices.Contains(SigningAlgs, r.IntrospectionAlg)},
		{"subject_type", r.SubjectType, r.SubjectType == "" || r.SubjectType == SubjectPairwise},
		{"software_id", r.SoftwareID, len(r.SoftwareID) <= nameMax && printable(r.SoftwareID)},
		{"software_version", r.SoftwareVersion, len(r.SoftwareVersion) <= nameMax && printable(r.SoftwareVersion)},
		{"default_acr_values", "", shortTexts(r.DefaultACRValues, acrsMax)},
		{"contacts", "", shortTexts(r.Contacts, contactsMax) && !slices.ContainsFunc(r.Contacts, notMail)},
	} {
		if !check.good {
			return &Invalid{Field: check.field, Reason: "registration_value", Value: clip(check.value, 100)}
		}
	}
	if !a.authAlgSuits() {
		return &Invalid{Field: "token_endpoint_auth_signing_alg", Reason: "auth_alg_method", Value: r.AuthSigningAlg}
	}
	return nil
}

// authAlgSuits tells whether every method by which the app signs can sign so: private_key_jwt never with a
// secret, client_secret_jwt with nothing else. An app that signs by neither may say what it likes.
func (a *App) authAlgSuits() bool {
	alg := a.Registration.AuthSigningAlg
	secret, private := slices.Contains(a.AuthMethods, AuthSecretJWT), slices.Contains(a.AuthMethods, AuthPrivateKeyJWT)
	return alg == "" || !(secret && alg != SecretSigningAlg) && !(private && alg == SecretSigningAlg)
}

// checkRegistrationTimes: registration_value, refresh_token_ttl (shorter than a minute or than the app's
// access tokens, or longer than ten years). The usual life is kept as 0.
func checkRegistrationTimes(a *App) error {
	r := &a.Registration
	if r.DefaultMaxAge != nil && (*r.DefaultMaxAge < 0 || *r.DefaultMaxAge > maxAgeMax) {
		return &Invalid{Field: "default_max_age", Reason: "registration_value"}
	}
	least, most := int64(max(refreshTTLMin, a.AccessTokenTTL)/time.Second), int64(refreshTTLMax/time.Second)
	if r.RefreshTokenTTL != 0 && (r.RefreshTokenTTL < least || r.RefreshTokenTTL > most) {
		return &Invalid{Field: "refresh_token_ttl", Reason: "refresh_token_ttl"}
	}
	if r.RefreshTokenTTL == int64(RefreshAbsolute/time.Second) {
		r.RefreshTokenTTL = 0
	}
	return nil
}

// privateMembers are members of a JWK that nobody may publish (RFC 7518 §6.2.2, §6.3.2, §6.4).
var privateMembers = []string{"d", "p", "q", "dp", "dq", "qi", "oth", "k"}

// checkKeys: keys_twice, keys_invalid, keys_private (whoever sends such a key has lost it), keys_missing.
func checkKeys(a *App) error {
	r := &a.Registration
	if string(r.JWKS) == "null" {
		r.JWKS = nil
	}
	switch {
	case len(r.JWKS) > 0 && r.JWKSURI != "":
		return &Invalid{Field: "jwks", Reason: "keys_twice"}
	case len(r.JWKS) == 0 && r.JWKSURI == "" && slices.Contains(a.AuthMethods, AuthPrivateKeyJWT):
		return &Invalid{Field: "jwks", Reason: "keys_missing"}
	case len(r.JWKS) == 0:
		return nil
	}
	var set struct {
		Keys []map[string]any `json:"keys"`
	}
	if len(r.JWKS) > jwksMax || json.Unmarshal(r.JWKS, &set) != nil || len(set.Keys) == 0 || len(set.Keys) > jwksKeysMax {
		return &Invalid{Field: "jwks", Reason: "keys_invalid"}
	}
	for _, key := range set.Keys {
		kind, _ := key["kty"].(string)
		secret := kind == "oct" || slices.ContainsFunc(privateMembers, func(name string) bool { _, has := key[name]; return has })
		switch {
		case secret:
			return &Invalid{Field: "jwks", Reason: "keys_private"}
		case kind == "":
			return &Invalid{Field: "jwks", Reason: "keys_invalid"}
		}
	}
	return nil
}

func shortTexts(list []string, most int) bool {
	return len(list) <= most && !slices.ContainsFunc(list, func(s string) bool { return s == "" || len(s) > nameMax || !printable(s) })
}

func notMail(s string) bool {
	_, err := mail.ParseAddress(s)
	return err != nil
}
