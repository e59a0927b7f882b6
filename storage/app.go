package storage

import (
	"slices"
	"time"
)

// AppType says how an app runs; it decides PKCE, secret and grants when the app is made.
type AppType string

// The types of app, RFC 7591's application_type with two more.
const (
	AppWeb     AppType = "web"     // a server that keeps a secret
	AppBrowser AppType = "browser" // JavaScript in a browser: public, PKCE
	AppNative  AppType = "native"  // phone, desktop, command line: public, PKCE, loopback with any port (RFC 8252)
	AppService AppType = "service" // no person: client_credentials
)

// Grant types an app may have (RFC 6749, RFC 8628).
const (
	GrantCode              = "authorization_code"
	GrantRefreshToken      = "refresh_token"
	GrantClientCredentials = "client_credentials"
	GrantDeviceCode        = "urn:ietf:params:oauth:grant-type:device_code"
)

// Client authentication methods an app may have (OpenID Connect Core §9).
const (
	AuthBasic         = "client_secret_basic"
	AuthPost          = "client_secret_post"
	AuthSecretJWT     = "client_secret_jwt" // needs secrets made while the app has it
	AuthPrivateKeyJWT = "private_key_jwt"   // needs Registration.JWKS or JWKSURI
	AuthNone          = "none"
)

// Access token formats.
const (
	TokenOpaque = "opaque"
	TokenJWT    = "jwt" // RFC 9068
)

// App is a client (RFC 6749 §1.1). Values from the cache are shared: change a copy through [DB.UpdateApp].
type App struct {
	ID               string            // client_id
	Name             string            // client_name
	Names            map[string]string // client_name#ru (RFC 7591 §2.2), by language
	Description      string
	Type             AppType
	Developers       []Developer // the owner first
	Enabled          bool
	Trusted          bool // checked by an administrator; the pages say so
	WithoutPKCE      bool // a confidential app may leave PKCE out
	AnyLoopback      bool // any http URI on a loopback host; only the dev seed sets it, serve refuses it
	InsecureRedirect bool // http on a public host; only the dev seed sets it, serve refuses it
	Delegated        bool // everybody may sign in; off: only its developers
	SkipConsent      bool // no consent page where everything asked for is in PresetScopes
	PresetScopes     []string
	// OfflineWithoutConsent gives offline access without asking: trusted apps only, visible to the person
	// and revocable.
	OfflineWithoutConsent bool
	TrustedDomains        []string // host or host/path; bounds every URI and origin of the app, empty: no bound
	NetworkAddresses      []string // CIDR from which its keys may be used, empty: from anywhere
	RedirectURIs          []string
	PostLogoutURIs        []string
	GrantTypes            []string
	AuthMethods           []string // token_endpoint_auth_methods; ["none"] is a public app
	Scopes                []AppScope
	Keys                  []AppKey
	IDTokenAlg            string // id_token_signed_response_alg
	IDTokenClaims         bool   // profile claims in the id_token
	AccessTokenFormat     string
	AccessTokenTTL        time.Duration
	PolicyURI             string
	TosURI                string
	Registration          Registration
	CreatedAt             time.Time
	UpdatedAt             time.Time
}

// AppScope is a scope assigned to an app.
type AppScope struct {
	Name     string
	Required bool // cannot be unticked on the consent page
	Offline  bool // still yielded by a refresh after the session has ended
}

// AppKey is one live secret of an app. The secret itself is never stored.
type AppKey struct {
	ID         string
	Label      string
	Prefix     string // first characters, to tell keys apart
	CreatedAt  time.Time
	ExpiresAt  time.Time
	LastUsedAt time.Time // zero: never; the latest where [DB.AppFor] or a list gave the app, else up to ten minutes old

	hash   string
	sealed string // the secret itself, sealed; only where the app had client_secret_jwt when it was made
}

// Public tells whether the app cannot keep a secret (RFC 6749 §2.1).
func (a *App) Public() bool { return len(a.AuthMethods) == 1 && a.AuthMethods[0] == AuthNone }

// KeepsSecret tells whether any of the app's methods goes by a client secret.
func (a *App) KeepsSecret() bool {
	return slices.ContainsFunc(a.AuthMethods, func(m string) bool { return m != AuthNone && m != AuthPrivateKeyJWT })
}

// Allows tells whether the app has the grant type.
func (a *App) Allows(grantType string) bool { return slices.Contains(a.GrantTypes, grantType) }

// Scope returns the app's assignment of the named scope.
func (a *App) Scope(name string) (AppScope, bool) {
	for _, s := range a.Scopes {
		if s.Name == name {
			return s, true
		}
	}
	return AppScope{}, false
}

// DisplayName is the app's name in the language lang ("en", "ru"), or its only name.
func (a *App) DisplayName(lang string) string {
	if name := localized(a.Names, "", lang); name != "" {
		return name
	}
	if a.Name == "" {
		return a.ID
	}
	return a.Name
}

// NewApp is the input of [DB.CreateApp]; zero fields get the safe default of the type.
type NewApp struct {
	App
	// OwnerID is the user who will own the app; empty: the person who creates it, or the administrators
	// where a command does. OwnerPhone is under which the others reach them, may be empty.
	OwnerID    string
	OwnerPhone string
	// Secret is a chosen client secret, for seeds, files and imports; empty makes one of propusk's own
	// where the app is confidential.
	Secret string
}

// AppFilter selects apps for a list, ordered by folded name, then id.
type AppFilter struct {
	Query   string  // matched inside name and client_id, folded
	Type    AppType // empty: any
	Enabled *bool
	Trusted *bool
	Owner   string // users.id of the owner
	Scope   string // apps that may ask for that scope
	// Member limits the list to apps in which that user has a role: what people with partial access see.
	Member string
	Limit  int // 1 to 100; 0 means 50
	After  string
}

// AppRow is an app in a list, with what the list says of it beside.
type AppRow struct {
	*App
	People     int       // who gave it access, counted up to PeopleMax
	LastUsedAt time.Time // latest use of a key or of a grant known, zero: never or not known
}

// PeopleMax is where lists stop counting the people of an app: "1000+".
const PeopleMax = 1000
