package page

import (
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf16"
)

// Apps is the registry (template apps).
type Apps struct {
	Shell
	Rows    []AppEntry
	Total   int // how many match, up to appsMany
	Filter  AppsFilter
	Next    string // address of the next page, empty on the last
	First   string // address of the first page
	Paged   bool   // this is not the first page
	MayNew  bool
	Partial bool // only apps where the person has a role are listed
}

// appsMany is where the number of apps is not counted further.
const appsMany = 10000

// Many tells whether there are too many to say how many.
func (a Apps) Many() bool { return a.Total >= appsMany }

// AppsFilter is what was asked for, as in the query.
type AppsFilter struct{ Query, Type, Owner, State string }

// Any tells whether something was asked for.
func (f AppsFilter) Any() bool { return f != AppsFilter{} }

// AppEntry is a row.
type AppEntry struct {
	ID, Name, Description, Type, Owner string
	People, PeopleMax                  int
	Networks                           []string
	Enabled, Trusted                   bool
	Used                               time.Time
	May                                AppMay
}

// AppNew is the form of a new app (template app-new).
type AppNew struct {
	Shell
	Mistake                            Mistake
	Name, Description, Type, Redirects string
}

// AppSetup is what a client needs (template app-setup); Secret only right after the app was made.
type AppSetup struct {
	AppHead
	Client   Client
	Public   bool
	Secret   string
	Env      string
	Snippets []Snippet
	Optional string // scopes that people may leave out, divided by commas
	Redirect bool   // there is a redirect URI, or the app needs none
	Preview  *UserInfo
	Own      bool // the app has no secret but keys of its own
	Signs    bool // the programs sign assertions
	KeyFile  bool // … by a private key in a file
}

// UserInfo is what userinfo answers the app about the person who looks at the page.
type UserInfo struct {
	Scopes  []ScopeRow // the app's, Checked: given
	JSON    string     // the answer, indented
	Asked   bool       // the scopes were chosen by hand
	InToken bool       // the claims stand in the id_token as well
}

// Shown is the answer with what cannot be seen, or turns the direction of the text, in escapes of JSON.
func (u *UserInfo) Shown() string {
	var b strings.Builder
	for _, r := range strings.ToValidUTF8(u.JSON, "\uFFFD") {
		if r == '\n' || unicode.IsPrint(r) {
			b.WriteRune(r)
			continue
		}
		for _, unit := range utf16.Encode([]rune{r}) {
			fmt.Fprintf(&b, `\u%04x`, unit)
		}
	}
	return b.String()
}

// Snippet is ready code.
type Snippet struct {
	ID    string // "go", "node", …
	Title string
	Open  bool
	Then  string // the address that starts the sign-in of the running program; empty: none
	Files []SnippetFile
}

// SnippetFile is one file or command of it.
type SnippetFile struct{ Name, Text string }

// Scopes are those of the instance (template app-scopes).
type Scopes struct {
	Shell
	Rows []ScopeEntry
}

// ScopeEntry is a row.
type ScopeEntry struct {
	Name     string
	Title    map[string]string
	Text     map[string]string
	Claims   []string
	Audience string
	App      string // client_id of its owner
	Builtin  bool
}

// ScopeEdit is the form of one scope (template app-scope); New: it does not exist yet.
type ScopeEdit struct {
	Shell
	Mistake                                                       Mistake
	New, Builtin                                                  bool
	Name, TitleEN, TitleRU, TextEN, TextRU, Claims, Audience, App string
	Confirm                                                       string // what was typed to delete it
}

func (Apps) template() string      { return "apps" }
func (AppNew) template() string    { return "app-new" }
func (AppSetup) template() string  { return "app-setup" }
func (Scopes) template() string    { return "app-scopes" }
func (ScopeEdit) template() string { return "app-scope" }
