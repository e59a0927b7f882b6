package storage

import (
	"encoding/json"
	"time"
)

// AuthRequest is a validated authorization request on its way (OpenID Connect Core §3.1.2.1). It has
// no table: provider makes it from the parameters, login seals it into a cookie while a page is
// needed, and provider seals what the token endpoint needs of it into the code.
//
// The JSON names are short because the sealed request travels in a cookie.
type AuthRequest struct {
	ID           string    `json:"i"`           // 26 base32 characters; the grant's id is derived from it
	AppID        string    `json:"a"`           // client_id
	RedirectURI  string    `json:"u"`           // where the answer goes, as sent
	ResponseType string    `json:"e,omitempty"` // one that yields tokens at once, as it is advertised; "": code
	ResponseMode string    `json:"m,omitempty"` // "query", "fragment" or "form_post"
	State        string    `json:"s,omitempty"`
	Nonce        string    `json:"n,omitempty"`
	Scopes       []string  `json:"c"`           // asked, known and assigned to the app, in the order sent
	Challenge    string    `json:"p,omitempty"` // PKCE S256 code_challenge
	Prompt       []string  `json:"o,omitempty"` // login, consent, select_account; "none" stands alone
	MaxAge       *int64    `json:"x,omitempty"` // seconds
	LoginHint    string    `json:"h,omitempty"`
	HintSub      string    `json:"b,omitempty"` // sub of a verified id_token_hint, or of an essential sub claim
	UILocales    []string  `json:"l,omitempty"`
	ACRValues    []string  `json:"v,omitempty"`
	Claims       *Claims   `json:"r,omitempty"` // the claims parameter, with claims_locales
	Implied      []string  `json:"k,omitempty"` // scopes not asked for whose claims the claims parameter asks for: consented to alike, never in the answer's scope
	CreatedAt    time.Time `json:"t"`
	Device       string    `json:"d,omitempty"` // id of the device code that is to be approved, instead of a redirect
	Return       string    `json:"y,omitempty"` // path of propusk's own to go on to after sign-in; no app asks then
	Progress     Progress  `json:"g"`
}

// HasPrompt tells whether the app asked for the prompt value p.
func (r *AuthRequest) HasPrompt(p string) bool { return contains(r.Prompt, p) }

// HasScope tells whether the request asks for the scope s.
func (r *AuthRequest) HasScope(s string) bool { return contains(r.Scopes, s) }

// Progress is what the person has done for one request. prompt and max_age=0 are met by progress,
// never by comparing times: a robot signs in and asks again within the same second.
type Progress struct {
	Authenticated string   `json:"s,omitempty"` // id of the session that was (re-)authenticated for this request
	Account       string   `json:"a,omitempty"` // id of the user chosen for this request
	Consented     string   `json:"c,omitempty"` // id of the user who decided the consent page of this request
	Granted       []string `json:"g,omitempty"` // what that person granted, offline_access included
}

// Claims is the claims parameter (OpenID Connect Core §5.5).
type Claims struct {
	UserInfo map[string]*ClaimRequest `json:"userinfo,omitempty"`
	IDToken  map[string]*ClaimRequest `json:"id_token,omitempty"`
	Locales  []string                 `json:"claims_locales,omitempty"` // OpenID Connect Core §5.2, most wanted first
}

// ClaimRequest is the value of one member of the claims parameter; null asks for it as voluntary.
type ClaimRequest struct {
	Essential bool              `json:"essential,omitempty"`
	Value     json.RawMessage   `json:"value,omitempty"`
	Values    []json.RawMessage `json:"values,omitempty"`
}

// LogoutRequest is a validated RP-initiated logout request (OpenID Connect RP-Initiated Logout §2).
type LogoutRequest struct {
	AppID       string   `json:"a,omitempty"` // the app that asks, when known
	Sub         string   `json:"s,omitempty"` // of the id_token_hint
	SessionID   string   `json:"i,omitempty"` // sid of the id_token_hint
	RedirectURI string   `json:"u,omitempty"` // registered post_logout_redirect_uri, only with a valid hint
	State       string   `json:"t,omitempty"`
	UILocales   []string `json:"l,omitempty"`
}

func contains(list []string, s string) bool {
	for _, have := range list {
		if have == s {
			return true
		}
	}
	return false
}
