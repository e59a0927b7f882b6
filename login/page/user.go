package page

import "time"

// Users is /users (template users): people with search and filters, GET fields q, access, state, after.
type Users struct {
	Shell
	Query  string
	Access string // "", "full" or "partial"
	State  string // "", "active" or "disabled"
	Count  int
	Most   bool // there are more than are counted
	List   []UserRow
	First  bool   // this is the first page
	Same   string // the query of the same list from its beginning, with its question mark
	Next   string // the query of the next page; empty: there is none
}

// UserRow is one person in the list.
type UserRow struct {
	ID       string
	Name     string
	Email    string
	Login    string
	Full     bool
	Disabled bool
	Password bool // can sign in by password
	Since    time.Time
}

// Filtered tells whether the list leaves people out.
func (u Users) Filtered() bool { return u.Query != "" || u.Access != "" || u.State != "" }

func (Users) template() string { return "users" }

// UserNew is /users/new (template user-new): fields login, name, email, access, sign_in (link or
// password), password.
type UserNew struct {
	Shell
	Login   string
	Name    string
	Email   string
	Access  string
	SignIn  string
	Mistake Mistake
}

func (UserNew) template() string { return "user-new" }

// UserLink shows a one-time link, once (template user-link).
type UserLink struct {
	Shell
	ID      string
	Name    string
	Login   string
	URL     string
	Until   time.Time
	Recover bool // ends the person's sessions when it is used
}

func (UserLink) template() string { return "user-link" }

// User is /users/{sub} (template user). Each section is a form of its own below that address: access,
// password (field password), link, enable, disable, sessions/end, sessions/{id}/end, tokens/{id}/revoke;
// passes are removed on a page of their own.
type User struct {
	Shell
	ID         string
	Name       string
	Login      string
	Facts      []Fact
	Access     string // as it is, or as it was asked for
	Full       bool
	Disabled   bool
	Self       bool // one's own page
	PasswordAt time.Time
	CreatedAt  time.Time
	Passes     []Pass
	Sessions   []SessionRow
	Tokens     []TokenRow
	Roles      []Role
	Mistake    Mistake // field "access" or "password"
}

func (User) template() string { return "user" }
