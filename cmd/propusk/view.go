package main

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/propusk/propusk/storage"
)

// The JSON of the command line: snake_case, the names of RFC 7591 and OpenID Connect where they have
// one, times in unix seconds, a zero time left out.

// userView is a person as JSON.
type userView struct {
	Sub           string         `json:"sub"`
	Login         string         `json:"login"`
	Name          string         `json:"name,omitempty"`
	Email         string         `json:"email,omitempty"`
	EmailVerified bool           `json:"email_verified"`
	Access        string         `json:"access"`
	Disabled      bool           `json:"disabled"`
	HasPassword   bool           `json:"has_password"`
	Claims        map[string]any `json:"claims,omitempty"`
	CreatedAt     int64          `json:"created_at"`
	UpdatedAt     int64          `json:"updated_at"`
	Password      string         `json:"password,omitempty"` // only when propusk made it, once
}

func viewUser(u *storage.User) userView {
	return userView{
		Sub: u.ID, Login: u.Login, Name: u.Name, Email: u.Email, EmailVerified: u.EmailVerified,
		Access: string(u.Access), Disabled: u.Disabled(), HasPassword: u.HasPassword(), Claims: u.Claims,
		CreatedAt: u.CreatedAt.Unix(), UpdatedAt: u.UpdatedAt.Unix(),
	}
}

// appView is an app as JSON.
type appView struct {
	ClientID          string         `json:"client_id"`
	ClientSecret      string         `json:"client_secret,omitempty"` // once
	ClientName        string         `json:"client_name"`
	ClientNameRu      string         `json:"client_name#ru,omitempty"`
	Description       string         `json:"description,omitempty"`
	ApplicationType   string         `json:"application_type"`
	Enabled           bool           `json:"enabled"`
	Trusted           bool           `json:"trusted"`
	WithoutPKCE       bool           `json:"without_pkce"`
	Delegated         bool           `json:"delegated"`
	SkipConsent       bool           `json:"skip_consent"`
	PresetScope       string         `json:"preset_scope"`
	OfflineAlone      bool           `json:"offline_without_consent"`
	TrustedDomains    []string       `json:"trusted_domains"`
	NetworkAddresses  []string       `json:"network_addresses"`
	Owner             string         `json:"owner,omitempty"` // sub
	AnyLoopback       bool           `json:"any_loopback,omitempty"`
	InsecureRedirect  bool           `json:"insecure_redirect,omitempty"`
	RedirectURIs      []string       `json:"redirect_uris"`
	PostLogoutURIs    []string       `json:"post_logout_redirect_uris"`
	GrantTypes        []string       `json:"grant_types"`
	AuthMethods       []string       `json:"token_endpoint_auth_methods"`
	Scopes            []appScopeView `json:"scopes"`
	Keys              []appKeyView   `json:"keys"`
	IDTokenAlg        string         `json:"id_token_signed_response_alg"`
	IDTokenClaims     bool           `json:"id_token_claims"`
	AccessTokenFormat string         `json:"access_token_format"`
	AccessTokenTTL    int64          `json:"access_token_ttl"`
	PolicyURI         string         `json:"policy_uri,omitempty"`
	TosURI            string         `json:"tos_uri,omitempty"`
	CreatedAt         int64          `json:"created_at"`
	UpdatedAt         int64          `json:"updated_at"`
	storage.Registration
}

type appScopeView struct {
	Name     string `json:"name"`
	Required bool   `json:"required"`
	Offline  bool   `json:"offline"`
}

type appKeyView struct {
	ID           string `json:"id"`
	ClientSecret string `json:"client_secret,omitempty"` // once
	Label        string `json:"label,omitempty"`
	Prefix       string `json:"prefix"`
	CreatedAt    int64  `json:"created_at"`
	ExpiresAt    int64  `json:"expires_at,omitempty"`
	LastUsedAt   int64  `json:"last_used_at,omitempty"`
}

func viewAppKey(k storage.AppKey) appKeyView {
	return appKeyView{ID: k.ID, Label: k.Label, Prefix: k.Prefix, CreatedAt: k.CreatedAt.Unix(),
		ExpiresAt: seconds(k.ExpiresAt), LastUsedAt: seconds(k.LastUsedAt)}
}

func viewApp(a *storage.App, secret string) appView {
	v := appView{
		ClientID: a.ID, ClientSecret: secret, ClientName: a.Name, ClientNameRu: a.Names["ru"],
		Description: a.Description, ApplicationType: string(a.Type), Enabled: a.Enabled, Trusted: a.Trusted,
		Delegated: a.Delegated, SkipConsent: a.SkipConsent, PresetScope: strings.Join(a.PresetScopes, " "),
		OfflineAlone: a.OfflineWithoutConsent, TrustedDomains: list(a.TrustedDomains), NetworkAddresses: list(a.NetworkAddresses),
		Owner: a.OwnerID(), WithoutPKCE: a.WithoutPKCE, AnyLoopback: a.AnyLoopback, InsecureRedirect: a.InsecureRedirect,
		RedirectURIs: list(a.RedirectURIs), PostLogoutURIs: list(a.PostLogoutURIs),
		GrantTypes: list(a.GrantTypes), AuthMethods: list(a.AuthMethods),
		Scopes: []appScopeView{}, Keys: []appKeyView{},
		IDTokenAlg: a.IDTokenAlg, IDTokenClaims: a.IDTokenClaims, AccessTokenFormat: a.AccessTokenFormat,
		AccessTokenTTL: int64(a.AccessTokenTTL / time.Second), PolicyURI: a.PolicyURI, TosURI: a.TosURI,
		CreatedAt: a.CreatedAt.Unix(), UpdatedAt: a.UpdatedAt.Unix(), Registration: registrationView(a),
	}
	for _, s := range a.Scopes {
		v.Scopes = append(v.Scopes, appScopeView(s))
	}
	for _, k := range a.Keys {
		v.Keys = append(v.Keys, viewAppKey(k))
	}
	return v
}

// scopeView is a scope as JSON.
type scopeView struct {
	Name     string            `json:"name"`
	ClientID string            `json:"client_id,omitempty"` // the app that owns it
	Title    map[string]string `json:"title"`
	Text     map[string]string `json:"text"`
	Claims   []string          `json:"claims"`
	Audience string            `json:"audience,omitempty"`
	Builtin  bool              `json:"builtin"`
}

func viewScope(s *storage.Scope) scopeView {
	return scopeView{Name: s.Name, ClientID: s.AppID, Title: s.Title, Text: s.Text,
		Claims: list(s.Claims), Audience: s.Audience, Builtin: s.Builtin}
}

// keyView is a signing key as JSON.
type keyView struct {
	KID       string `json:"kid"`
	Alg       string `json:"alg"`
	State     string `json:"state"` // next, signing or retired
	CreatedAt int64  `json:"created_at"`
	ActiveAt  int64  `json:"active_at"`
	RetiredAt int64  `json:"retired_at,omitempty"`
	RemoveAt  int64  `json:"remove_at,omitempty"`
}

func viewKey(k storage.SigningKey, now time.Time) keyView {
	return keyView{KID: k.ID, Alg: k.Alg, State: keyState(k, now), CreatedAt: k.CreatedAt.Unix(),
		ActiveAt: seconds(k.ActiveAt), RetiredAt: seconds(k.RetiredAt), RemoveAt: seconds(k.RemoveAt)}
}

// list makes an empty list of a missing one: JSON's null is nobody's list.
func list(s []string) []string {
	if s == nil {
		return []string{}
	}
	return s
}

// seconds is 0 for the zero time.
func seconds(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.Unix()
}

func sortedKeys[V any](m map[string]V) []string {
	return slices.Sorted(maps.Keys(m))
}
