package page

// The agreed shape of the package: the pages helper moves each part into its file and deletes this one.

import (
	"log/slog"
	"net/http"
	"net/url"
	"time"
)

// Config is what every page needs to know of the instance. (page.go)
type Config struct {
	Issuer string       // shown as host in the header; https decides HSTS and cookie names
	Name   string       // of the organisation, on the stub of pages without an app; empty: the issuer's host
	Dev    bool         // shows the dev bar, and problems in full
	Logger *slog.Logger // nil: slog.Default()
	Now    func() time.Time
}

// Renderer renders pages; safe for concurrent use. (page.go)
type Renderer struct{}

// New parses every template and locale; any error in them fails here. (page.go)
func New(c Config) (*Renderer, error) { panic("stub") }

// Headers sets the security headers of every answer (CSP default, nosniff, Referrer-Policy, COOP, HSTS
// on https, …) before next runs; a page narrows or widens them when it renders. (headers.go)
func (p *Renderer) Headers(next http.Handler) http.Handler { panic("stub") }

// Lang chooses "en" or "ru": the link in the footer (?lang=, kept in a cookie) before ui_locales
// before Accept-Language. (lang.go)
func (p *Renderer) Lang(r *http.Request, uiLocales []string) string { panic("stub") }

// Form reads a small POSTed form (64 KiB, urlencoded only, UTF-8, no repeats except of multi) and
// returns only body parameters; on failure it has answered with the right status and false. (form.go)
func (p *Renderer) Form(w http.ResponseWriter, r *http.Request, multi ...string) (url.Values, bool) {
	panic("stub")
}

// View is what a page is shown with, beside its own struct.
type View struct {
	Status     int      // 0: 200
	UILocales  []string // of the request, for Lang
	FormAction []string // further CSP form-action sources, for forms that end at an app: "https:", "http:", "myapp:"
}

// SignIn, Choose, Consent, Logout, SignedOut, Home and Problem are the pages; Show renders any of them
// into a buffer and then writes it with no-store. (one file each: signin.go, …)
func (p *Renderer) Show(w http.ResponseWriter, r *http.Request, v View, data any) { panic("stub") }

// Stub is the left part of the pass: whose pass it is. The zero Stub with Office is the instance's own.
type Stub struct {
	Office bool   // no app: "Pass office" and the instance's name
	Name   string // of the app, or its host when it is unchecked
	Alias  string // how an unchecked app calls itself
	Host   string // of the redirect URI
	Trust  Trust
	Serial string // № of the request, "7F3A-91C2"
}

// Trust says what the stub says about the app.
type Trust string

// Values of Trust; the empty one says nothing (dev).
const (
	Trusted   Trust = "trusted"
	Unchecked Trust = "unchecked"
)

// Person is who is signed in.
type Person struct {
	Name   string
	Detail string // e-mail or login
}

// Hidden are the hidden fields every form of ours carries.
type Hidden struct {
	CSRF    string // field "csrf"
	Request string // field "request": sealed request's id, empty when there is none
}

// Policies are the app's links, shown on sign-in and consent.
type Policies struct{ PolicyURI, TosURI string }

// SignIn asks for name and password (template sign-in).
type SignIn struct {
	Stub     Stub
	Hidden   Hidden
	Policies Policies
	Username string     // what was typed, or login_hint
	Wrong    bool       // the name or the password is wrong
	Wait     int        // seconds: too many failures; shown instead of Wrong
	Busy     bool       // the server is too busy to check passwords; try again
	Again    bool       // the person is signed in and must prove it again (prompt=login, max_age)
	People   []PersonIn // dev only: one-click persons (none: no list)
}

// PersonIn is one row of the dev list.
type PersonIn struct {
	Login, Name string
	Note        string // locale key: "full", "partial", "partial_no_email"
}

// Choose asks which account (prompt=select_account, template choose): field "account" = "keep" or "other".
type Choose struct {
	Stub   Stub
	Hidden Hidden
	Person Person
}

// Consent asks what the app may have (template consent): field "decision" = allow or deny, "scope".
type Consent struct {
	Stub     Stub
	Hidden   Hidden
	Policies Policies
	Person   Person
	Required []ConsentRow
	Optional []ConsentRow
	Already  []ConsentRow // granted earlier, folded; then the title says "asks for more"
	Since    time.Time    // of Already
	Offline  *OfflineAsk  // nil: not asked
}

// ConsentRow is one scope: its title (in the page's language) and the value that will be shared.
type ConsentRow struct {
	Scope   string
	Title   map[string]string // by language
	Text    map[string]string // by language: the sentence, when there is no value
	Value   string            // "alice@example.com"; empty: Text is shown
	Checked bool
}

// OfflineAsk is the sentence about access while the person is away.
type OfflineAsk struct {
	Until   time.Time
	Checked bool
}

// Logout asks whether to sign out (template logout).
type Logout struct {
	Stub   Stub
	Hidden Hidden
	Person Person
	Since  time.Time
	App    string // name of the app that asks, empty: the person did
	Sealed string // field "logout": the sealed LogoutRequest
}

// SignedOut says that it is done (template signed-out).
type SignedOut struct {
	Stub Stub
	At   time.Time
}

// Home is "/": who is signed in, or where to start (template home).
type Home struct {
	Stub      Stub
	Hidden    Hidden // for the sign-out form
	Person    *Person
	Since     time.Time
	Discovery string // URL
}

// Problem is the error page (template problem), served at the failing URL.
type Problem struct {
	Stub     Stub
	ID       string // "E-4K7Q-02MD"; made by NewProblemID
	Code     string // error code of the specification, shown in dev
	Key      string // which text: problem.<Key>.title, .lead, .todo (dev) — see locales
	Args     map[string]string
	Came     string // dev: what came
	Expected string // dev: what was expected; the differences are marked when both are given
	Request  url.Values
	Path     string // of the request, for the fold "The whole request"
}

// NewProblemID returns an id such as "E-4K7Q-02MD". (problem.go)
func NewProblemID() string { panic("stub") }
