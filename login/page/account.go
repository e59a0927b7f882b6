package page

import "time"

// Account is /account (template account): who the person is, the apps with access, sessions, language
// and theme. Forms: POST /account/sessions/end, POST /account/sessions/{id}/end and POST /account/look
// (fields lang, theme).
type Account struct {
	Shell
	Login      string
	Facts      []Fact
	PasswordAt time.Time // zero: none
	Passes     []Pass
	Sessions   []SessionRow
	Others     int // sessions beside this one
	Tokens     int
}

func (Account) template() string { return "account" }

// AccountPassword is /account/password (template account-password): fields current, password, again.
type AccountPassword struct {
	Shell
	Login   string // for password managers
	Has     bool   // there is a password to be changed
	Wait    int    // seconds: too many wrong ones
	Busy    bool
	Mistake Mistake // field "current", "password" or "again"
}

func (AccountPassword) template() string { return "account-password" }

// AccountRemove asks before an app loses its access (template account-remove): POST to where it is shown.
type AccountRemove struct {
	Shell
	Pass Pass
	Sub  string // whose pass it is, when it is not one's own: id and name
	Who  string
}

func (AccountRemove) template() string { return "account-remove" }

// Profile is the form of a person's data (template account-profile): one's own, or another's where an
// administrator changes everything.
type Profile struct {
	Shell
	Sub     string // whose it is, when it is not one's own: id and name
	Who     string
	Login   string
	Email   string
	Groups  []ClaimGroup
	More    string  // further claims, "name: value" in each line; administrators only
	Mistake Mistake // that is at no field: the first thing on the page
	Claims  Mistake // in More
}

func (Profile) template() string { return "account-profile" }
