package page

import "time"

// What the pages about a person have in common: one's own account and what administrators see of others.

// Fact is one thing that is known of a person.
type Fact struct {
	Label     string // of the key people.claim_<Label>; empty: Claim is shown as it is called
	Claim     string // its name in the protocol
	Lang      string // of a value in another language: "ru"
	Value     string
	Checked   bool // verified, where Checkable
	Checkable bool
}

// ScopeWords is a scope and what it is called for people.
type ScopeWords struct {
	Name  string
	Title map[string]string // by language
	Text  map[string]string // by language: the sentence
}

// Pass is an app with access to a person's account.
type Pass struct {
	ID         string // client_id
	Stub       Stub   // the app as the consent page calls it
	Scopes     []ScopeWords
	Offline    bool         // goes on while the person is away
	Away       []ScopeWords // what it may then
	Unasked    bool         // an administrator let it go on without asking the person
	Until      time.Time    // end of that; zero: not known
	Since      time.Time
	LastUsedAt time.Time // zero: never
	Open       string    // begins a sign-in at the app; empty: it cannot be begun from here
}

// SessionRow is one browser in which a person is signed in.
type SessionRow struct {
	ID       string
	Browser  string // "Firefox"; empty: not known
	System   string // "Linux"; empty: not known
	Phone    bool
	Address  string
	SignedIn time.Time
	SeenAt   time.Time
	This     bool // the browser that asks
}

// TokenRow is a token that a person made by hand.
type TokenRow struct {
	ID         string
	Name       string
	Prefix     string
	App        string // its name; empty: propusk's own API
	Scopes     []ScopeWords
	CreatedAt  time.Time
	ExpiresAt  time.Time
	Soon       bool // expires within a week
	LastUsedAt time.Time
}

// Role is an app that a person builds.
type Role struct {
	ID   string // client_id
	Name string
	Role string // of the key people.role_<Role>
}

// ClaimGroup is a part of the form of a person's data.
type ClaimGroup struct {
	Key    string // of the key people.group_<Key>
	Folded bool   // shown when opened
	Fields []ClaimField
}

// ClaimField is one field of it.
type ClaimField struct {
	Name  string // of the field: "given_name", "name#ru", "address.locality"
	Label string // of the key people.claim_<Label>
	Kind  string // text, date, tel, url, email, lines or check
	Auto  string // autocomplete
	Value string // "true" for a ticked check
	Wrong Mistake
}
