package provider

import (
	"crypto/x509"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/propusk/propusk/login/page"
	"github.com/propusk/propusk/storage"
	"github.com/zitadel/oidc/v3/pkg/op"
)

// Paths of the endpoints, below the issuer.
const (
	PathDiscovery  = "/.well-known/openid-configuration"
	PathMetadata   = "/.well-known/oauth-authorization-server"
	PathJWKS       = "/.well-known/openid-configuration/jwks"
	PathAuthorize  = "/connect/authorize"
	PathToken      = "/connect/token"
	PathUserInfo   = "/connect/userinfo"
	PathIntrospect = "/connect/introspect"
	PathRevocation = "/connect/revocation"
	PathEndSession = "/connect/endsession"
)

// Config is what the protocol needs to know of the instance.
type Config struct {
	Issuer string           // scheme://host[:port], without a path
	Dev    bool             // explains refusals in full to whoever sees them
	Now    func() time.Time // nil: time.Now
	Logger *slog.Logger     // nil: slog.Default()
	// Registration says who may register clients over the network: "closed" (also ""), "token" (with an
	// initial access token) or "open".
	Registration string
	// RegistrationWithoutPKCE excuses confidential apps that register from PKCE, as the conformance suite asks.
	RegistrationWithoutPKCE bool
	RegistrationsPerMinute  int  // of one address where registration is open; 0: 100
	Implicit                bool // response types beyond code, for apps that registered them
	// AllowHosts are hosts that may be fetched from though they lie on a private or loopback address, by
	// name or "name:port"; for them http is allowed as well where the name is "localhost" or an address.
	AllowHosts []string
	// InsecureHosts are hosts whose certificate is not verified: the conformance suite's alone.
	InsecureHosts []string
	Roots         *x509.CertPool // what outgoing calls trust, nil: the system's
}

// Provider is the OpenID provider. It is an op.OpenIDProvider and implements login.Flow.
type Provider struct {
	*op.Provider
	issuer     string
	dev        bool
	now        func() time.Time
	log        *slog.Logger
	db         *storage.DB
	pages      *page.Renderer
	keys       keyRing
	docs       documents
	infos      infoCache
	out        *outgoing
	clientKeys clientKeys
	// registration is closed, token or open; implicit says that there are response types beyond code.
	registration  string
	registrations registrationRate
	withoutPKCE   bool // of confidential apps that register
	implicit      bool
}

// Front is the part of the provider that has pages. Authorize is given every valid authorization
// request and answers it through Approve and Refuse, at once or after pages; Logout every valid
// RP-initiated logout request.
type Front struct {
	Authorize func(http.ResponseWriter, *http.Request, *storage.AuthRequest)
	Logout    func(http.ResponseWriter, *http.Request, *storage.LogoutRequest)
}

// New builds the provider; it reads the signing keys once, so a database without them fails here.
func New(c Config, db *storage.DB, pages *page.Renderer) (*Provider, error) {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	p := &Provider{issuer: c.Issuer, dev: c.Dev, now: c.Now, log: c.Logger, db: db, pages: pages, out: newOutgoing(c), registration: c.Registration, withoutPKCE: c.RegistrationWithoutPKCE, registrations: registrationRate{limit: c.RegistrationsPerMinute}, implicit: c.Implicit}
	opts := []op.Option{op.WithCrypto(sealer{db}), op.WithCORSOptions(nil)}
	if strings.HasPrefix(c.Issuer, "http://") {
		opts = append(opts, op.WithAllowInsecure())
	}
	library, err := op.NewProvider(&op.Config{CodeMethodS256: true, AuthMethodPost: true, GrantTypeRefreshToken: true}, &adapter{p: p}, op.StaticIssuer(c.Issuer), opts...)
	if err != nil {
		return nil, fmt.Errorf("provider: %w", err)
	}
	p.Provider = library
	db.ReadSectors(p.readSector)
	_, err = p.keys.snapshot(p)
	if err != nil {
		return nil, fmt.Errorf("provider: %w", err)
	}
	return p, nil
}

// Handler serves every endpoint of the protocol. The library's own handler (Provider.Handler, with a
// callback that anyone who knows an id may call) is never mounted.
func (p *Provider) Handler(front Front) http.Handler {
	server := p.libraryHandler()
	routes := map[string]http.Handler{
		PathDiscovery:  p.document(discoveryDocument),
		PathMetadata:   p.document(discoveryDocument),
		PathJWKS:       p.document(jwksDocument),
		PathAuthorize:  p.pages.Headers(p.gate(authorizeRules, p.authorize(front.Authorize))),
		PathEndSession: p.pages.Headers(p.gate(endSessionRules, p.endSession(front.Logout))),
		PathToken:      p.gate(tokenRules, server),
		PathDevice:     p.gate(deviceRules, server),
		PathIntrospect: p.gate(introspectRules, p.introspectEndpoint()),
		PathRevocation: p.gate(revocationRules, server),
		PathUserInfo:   p.gate(userInfoRules, p.userInfoEndpoint()),
	}
	if p.registers() {
		routes[PathRegister] = http.HandlerFunc(p.register)
		routes[PathRegister+"/"] = http.HandlerFunc(p.manage)
	}
	if p.secure() {
		routes[PathCheckSession] = http.HandlerFunc(p.checkSession)
	}
	return p.machineHeaders(routes)
}

// Values of headers that every answer shares: a slice of its own for each would be garbage at once.
var (
	noSniff      = []string{"nosniff"}
	noStore      = []string{"no-store"}
	noCache      = []string{"no-cache"}
	strictHTTPS  = []string{"max-age=31536000"}
	jsonDocument = []string{"application/json"}
)

// machineHeaders sets what every answer carries (those to people get the rest from page.Headers) and
// finds the endpoint: every path but those of registered clients is fixed, so a map is the router.
func (p *Provider) machineHeaders(routes map[string]http.Handler) http.Handler {
	secure := strings.HasPrefix(p.issuer, "https://")
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h["X-Content-Type-Options"] = noSniff
		if secure {
			h["Strict-Transport-Security"] = strictHTTPS
		}
		endpoint, ok := routes[r.URL.Path]
		if !ok && strings.HasPrefix(r.URL.Path, PathRegister+"/") {
			endpoint, ok = routes[PathRegister+"/"]
		}
		if !ok {
			p.pages.Headers(http.HandlerFunc(p.notFound)).ServeHTTP(w, r)
			return
		}
		endpoint.ServeHTTP(w, r)
	})
}

func (p *Provider) notFound(w http.ResponseWriter, r *http.Request) {
	p.problem(w, r, http.StatusNotFound, page.Problem{Key: "not_found"})
}

// ServeHTTP hides the library's own router: the provider is mounted through Handler only.
func (p *Provider) ServeHTTP(w http.ResponseWriter, r *http.Request) { http.NotFound(w, r) }

// HttpHandler is deprecated in the library; it answers like ServeHTTP.
//
//nolint:revive // the name is the library's
func (p *Provider) HttpHandler() http.Handler { return http.HandlerFunc(p.ServeHTTP) }
