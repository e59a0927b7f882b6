package api

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humachi"
	"github.com/go-chi/chi/v5"

	"github.com/propusk/propusk/login/page"
	"github.com/propusk/propusk/storage"
)

// Prefix is the path under which the API is mounted.
const Prefix = "/api/v1"

// Config is what the API needs to know of the instance.
type Config struct {
	Issuer string           // scheme://host[:port]
	Dev    bool             // a local provider
	Now    func() time.Time // nil: the database's clock
	Logger *slog.Logger     // nil: slog.Default()
	Pages  *page.Renderer   // words for reasons, and the page of the reference; nil: neither
}

// Actor says who is behind a bearer token at this moment: storage.ErrNotFound or storage.ErrRevoked where
// the token does not stand (any more), storage.ErrForbidden where it stands but is not for this API.
type Actor func(ctx context.Context, token string) (storage.Actor, error)

// API serves /api/v1; safe for concurrent use.
type API struct {
	config Config
	now    func() time.Time
	log    *slog.Logger
	db     *storage.DB
	actor  Actor
	huma   huma.API
	routes *chi.Mux
	spec   func() ([]byte, error)      // the OpenAPI document
	doc    func() (page.APIDoc, error) // the same, for people
}

func init() {
	// huma's switches are of the package, and this one is its only user. Names in JSON are what they are:
	// without this "Trusted" would pass for "trusted". An empty list is [], never null.
	huma.ValidateStrictCasing = true
	huma.DefaultArrayNullable = false
}

// New makes the API; actor tells who is behind a token.
func New(c Config, db *storage.DB, actor func(ctx context.Context, token string) (storage.Actor, error)) (*API, error) {
	if db == nil || actor == nil || c.Issuer == "" {
		return nil, errors.New("api: issuer, database and a way to know tokens are needed")
	}
	if c.Now == nil {
		c.Now = db.Now
	}
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	a := &API{config: c, now: c.Now, log: c.Logger, db: db, actor: actor, routes: chi.NewMux()}
	a.routes.Use(a.recover, a.headers, head)
	a.routes.NotFound(a.notFound)
	a.routes.MethodNotAllowed(a.methodNotAllowed)
	a.huma = humachi.New(a.routes, describe(c))
	a.huma.UseMiddleware(a.bearer, a.contentType)
	a.appOperations()
	a.keyOperations()
	a.developerOperations()
	a.scopeOperations()
	a.userOperations()
	a.meOperations()
	a.auditOperations()
	a.publish()
	return a, nil
}

// Routes mounts the API at [Prefix].
func (a *API) Routes(r chi.Router) { r.Mount(Prefix, a.routes) }
