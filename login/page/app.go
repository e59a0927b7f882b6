package page

import (
	"fmt"
	"html/template"
	"time"
)

// AppHead is what stands over each page of one app: its name and state, and the menu of its pages.
type AppHead struct {
	Shell
	ID      string
	Name    string
	Enabled bool
	Trusted bool
	Place   string // entry of the menu: "view", "setup", "authorization", "settings", "protocol", "notices", "developers", "keys", "events"
	Notices int
	May     AppMay
	Mistake Mistake // what was wrong with the form that was sent
}

// AppMay is what the person may do with the app; what they may not is not offered.
type AppMay struct{ Write, Keys, Developers, Delete, Trust bool }

// Client is what a client of the app has to know.
type Client struct {
	Issuer    string
	ID        string
	Discovery string
	Addresses []Address
}

// Address is one endpoint.
type Address struct{ Name, URL string }

// AppView is the page of an app (template app): what it is, its names and addresses, its documents, its end.
type AppView struct {
	AppHead
	Type    string // "web", "browser", "native", "service"
	Owner   string // name; empty: the administrators
	People  int
	Grants  int
	Created time.Time
	Changed time.Time
	Client  Client
	About   About
	General GeneralForm
	Docs    DocumentsForm
	Refused []RefusedURI // lately, and not in the list
	Confirm string       // what was typed to delete it
}

// GeneralForm is what the form of the app's names and addresses holds; lists are one value per line.
type GeneralForm struct{ Name, NameRU, Description, Redirects, PostLogout, Domains string }

// RefusedURI is a redirect URI that a request came with and that is not registered.
type RefusedURI struct {
	URI        string
	PostLogout bool // it came as post_logout_redirect_uri
	At         time.Time
	Why        Mistake // why it cannot be added; zero: it can
}

// AppAuthorization is what the app may ask of people (template app-authorization): switches, scopes and
// grant types.
type AppAuthorization struct {
	AppHead
	Public   bool
	Switches Switches
	Presets  []ScopeRow // assigned ones; Checked: preset
	Scopes   []ScopeRow
	More     bool   // there are further scopes, to be named in a field
	Named    string // what was typed in it
	Foreign  bool   // scopes are left out that the person may not give
	Grants   []Box
}

// Switches are the document's five, and that an administrator checked the app.
type Switches struct{ Enabled, Delegated, WithoutPKCE, SkipConsent, OfflineWithoutConsent, Trusted bool }

// ScopeRow is a scope beside an app.
type ScopeRow struct {
	Name    string
	Title   map[string]string // by language
	Asked   string            // "", "optional", "required"
	Offline bool
	Checked bool
}

// Box is a checkbox or an option; Key names its texts.
type Box struct {
	Value, Key string
	Checked    bool
	Disabled   bool
}

// AppNotices is what the app's developers should know (template app-notices).
type AppNotices struct {
	AppHead
	List []AppNotice
}

// AppNotice is one of them; Key names its text, in which the other fields are filled in.
type AppNotice struct {
	Key     string
	Urgent  bool
	Count   int
	At      time.Time
	Value   string
	Refused *RefusedURI // "add it"
	Link    string      // where something can be done about it
}

// AppDevelopers is who builds the app (template app-developers).
type AppDevelopers struct {
	AppHead
	Rows   []DeveloperRow
	Invite DeveloperForm
	Leave  bool // the person may give up their own role
	Owned  bool // it has an owner
}

// DeveloperRow is a person with a role.
type DeveloperRow struct {
	ID, Name, Login, Phone, Role string
	You                          bool
	Since                        time.Time
}

// DeveloperForm is what was typed to invite somebody, or to change the role of the person User.
type DeveloperForm struct{ User, Login, Role, Phone string }

// AppKeys are the app's access keys (template app-keys).
type AppKeys struct {
	AppHead
	Public bool // it keeps no secret
	Own    bool // it signs with keys of its own instead
	Keys   []KeyRow
	Secret string // of the key made just now: it is never shown again
	Label  string // as typed
	Until  string // as typed, YYYY-MM-DD
	Today  string // the earliest Until
}

// KeyRow is one key.
type KeyRow struct {
	ID, Label, Prefix          string
	Created, Expires, LastUsed time.Time
}

// AppEvents are the last attempts of the app (template app-events).
type AppEvents struct {
	AppHead
	Query string
	List  []EventRow
	Any   bool // there are some, whether they match or not
}

// EventRow is one attempt.
type EventRow struct {
	ID, Endpoint, Grant, Result, Description, Key, Came, Address, Person string
	At                                                                   time.Time
	Refused                                                              bool
	Add                                                                  string // an address that can be registered at once
	PostLogout                                                           bool   // it is for after signing out
}

func (AppView) template() string          { return "app" }
func (AppAuthorization) template() string { return "app-authorization" }
func (AppNotices) template() string       { return "app-notices" }
func (AppDevelopers) template() string    { return "app-developers" }
func (AppKeys) template() string          { return "app-keys" }
func (AppEvents) template() string        { return "app-events" }

// todo says what a developer is to do about a refusal of that key; nothing where there is no such text.
func (x *text) todo(key string) (template.HTML, error) {
	if _, known := problems[key]; !known {
		return "", nil
	}
	return x.markup("problem."+key+".dev_todo", nil)
}

// notice is the sentence of a notice.
func (x *text) notice(n AppNotice) (string, error) {
	return x.say("apps.notice_"+n.Key, map[string]string{
		"count": fmt.Sprint(n.Count), "value": plain(n.Value), "date": date(x.lang, last(n.At)),
	})
}
