package page

import "time"

// Tokens is /account/tokens (template tokens): the tokens there are. Revoking is POST
// /account/tokens/{id}/revoke.
type Tokens struct {
	Shell
	List []TokenRow
}

func (Tokens) template() string { return "tokens" }

// TokenNew is /account/tokens/new (template token-new): fields for, name, scope (each ticked one),
// expires, until.
type TokenNew struct {
	Shell
	Targets []TokenTarget // what tokens may be for: the API, then apps; the first is current
	For     string        // client_id of the app, empty: propusk's own API
	Name    string
	Scopes  []TokenScope
	Expires string // "7", "30", "90", "365" days or "date"
	Until   string // the date, yyyy-mm-dd
	Min     string // the earliest and the latest date
	Max     string
	Mistake Mistake // field "name", "scopes", "expires_at" or another
}

// Days are the lives that are offered beside a date.
func (TokenNew) Days() []string { return []string{"7", "30", "90", "365"} }

func (TokenNew) template() string { return "token-new" }

// TokenTarget is what a token may be for.
type TokenTarget struct {
	ID      string // client_id; empty: propusk's own API
	Name    string
	Current bool
}

// TokenScope is a scope that the token may have.
type TokenScope struct {
	ScopeWords
	Checked bool
}

// TokenMade shows a new token, once (template token-made).
type TokenMade struct {
	Shell
	Name      string
	Secret    string
	App       string // whose it is, empty: propusk's own API
	Example   string // a command line that uses it; empty: none
	ExpiresAt time.Time
}

func (TokenMade) template() string { return "token-made" }
