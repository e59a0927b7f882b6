package page

import (
	"net/mail"
	"regexp"
)

// Field is one field of a form as the template "field" draws it. Its texts are apps.field_<Name>, and
// apps.hint_<Name> beside it.
type Field struct {
	Name  string  // of the input, and of the value as RFC 7591 calls it
	Value string  // as it is stored or was typed
	Rows  int     // of a text with one value per line; 0: one line
	Kind  string  // "url" or "number"; empty: text
	Hold  string  // what stands in it while it is empty
	Wrong Mistake // of the form; shown where it is on Name
}

// Choice is a list of which one is chosen, drawn by the template "choice".
type Choice struct {
	Name    string
	Options []Box // Key: apps.option_<Key>; empty: the value itself
	Wrong   Mistake
}

// AppSettings is how clients of the app prove themselves and what tokens they get (template app-settings).
// Forms by their button section: methods, tokens, network.
type AppSettings struct {
	AppHead
	Methods    []Box
	Unsigned   bool // client_secret_jwt is on, and no key was made since
	SigningAlg Choice
	JWKSURI    Field
	JWKS       Field
	Formats    []Box
	TTL        string // seconds, as typed
	RefreshTTL Field
	Algs       []Box
	Userinfo   Choice
	Introspect Choice
	Claims     bool // profile claims in the id_token
	Networks   string
}

// AppProtocol is what the app does of OpenID Connect beyond the usual (template app-protocol). Forms by
// their button section: requests, flows, people, signout.
type AppProtocol struct {
	AppHead
	RequestURIs Field
	RequestAlg  Choice
	Implicit    bool  // the instance answers more than code
	Responses   []Box // response types; Key names the sentence
	Dormant     string
	Subjects    []Box
	Sector      string // host that subjects are made for; empty: not known yet
	SectorURI   Field
	MaxAge      Field
	ACRs        Field
	AuthTime    bool
	Initiate    Field
	Back        Field
	BackSID     bool
	Front       Field
	FrontSID    bool
	Undelivered int // sign-outs the app was not told of
}

// About is what the app's developers left for people who look after it.
type About struct {
	ClientURI string
	LogoURI   string
	Contacts  []string
	Open      string // begins a sign-in at the app; empty: it cannot be begun from here
	Dynamic   bool   // it registered itself
	Software  string // what it said it is
}

// simpleAddress are the e-mail addresses that become links; of others the text is shown.
var simpleAddress = regexp.MustCompile(`^[A-Za-z0-9._+-]+@[A-Za-z0-9.-]+$`)

// maillink is a link to a contact as apps give it, "ann@example.com" or "Ann <ann@example.com>"; nothing where
// it is no plain address.
func maillink(contact string) string {
	address, err := mail.ParseAddress(contact)
	if err != nil || !simpleAddress.MatchString(address.Address) {
		return ""
	}
	return "mailto:" + address.Address
}

// DocumentsForm is what the form of the app's links holds; contacts are one per line.
type DocumentsForm struct{ PolicyURI, TosURI, ClientURI, LogoURI, Contacts string }

func (AppSettings) template() string { return "app-settings" }
func (AppProtocol) template() string { return "app-protocol" }
