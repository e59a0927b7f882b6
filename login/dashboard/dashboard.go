package dashboard

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"github.com/go-chi/chi/v5"

	"github.com/propusk/propusk/login"
	"github.com/propusk/propusk/login/page"
	"github.com/propusk/propusk/storage"
)

// Config is what the dashboard needs to know of the instance.
type Config struct {
	Issuer string // scheme://host[:port]
	Dev    bool   // offers what only a local provider may
	// Implicit tells that the instance answers response types beyond code, see provider.Config.
	Implicit bool
	// UserInfo is what userinfo answers an app about a person who gave it those scopes; nil: no preview.
	UserInfo func(ctx context.Context, app *storage.App, user *storage.User, scopes []string) (json.RawMessage, error)
	Now      func() time.Time // nil: the database's clock
	Logger   *slog.Logger     // nil: slog.Default()
}

// Dashboard serves the pages of signed-in people; safe for concurrent use.
type Dashboard struct {
	config Config
	now    func() time.Time
	log    *slog.Logger
	db     *storage.DB
	pages  *page.Renderer
	people *login.Login
	sent   sentForms
}

// New makes a Dashboard.
func New(c Config, db *storage.DB, pages *page.Renderer, people *login.Login) (*Dashboard, error) {
	if db == nil || pages == nil || people == nil {
		return nil, errors.New("dashboard: database, pages and login are needed")
	}
	if c.Now == nil {
		c.Now = db.Now
	}
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	return &Dashboard{config: c, now: c.Now, log: c.Logger, db: db, pages: pages, people: people}, nil
}

// Routes mounts every page of this package.
func (d *Dashboard) Routes(r chi.Router) {
	d.appRoutes(r)
	d.accountRoutes(r)
	d.userRoutes(r)
	d.auditRoutes(r)
}

// handler answers a request of the signed-in person m.
type handler func(w http.ResponseWriter, r *http.Request, m *login.Member)

// refuse answers who may not do that, with err's page, and tells the audit log: storage, which does so of its
// own, was not asked.
func (d *Dashboard) refuse(w http.ResponseWriter, r *http.Request, m *login.Member, do storage.Action, err error) {
	result := "forbidden"
	if errors.Is(err, storage.ErrNotFound) {
		result = "not_found"
	}
	lost := d.db.RefusedAttempt(r.Context(), m.Actor, string(do), "", result)
	if lost != nil { // the answer is the same
		d.log.ErrorContext(r.Context(), "refused attempt not recorded", "action", do, "error", lost)
	}
	d.people.Fail(w, r, err)
}

// member serves a path to signed-in people: GET by get, POST from our own pages by post (nil: not had).
func (d *Dashboard) member(get, post handler) http.Handler {
	signedIn := func(h handler) http.HandlerFunc {
		if h == nil {
			return nil
		}
		return func(w http.ResponseWriter, r *http.Request) {
			m, ok := d.people.Member(w, r)
			if ok {
				h(w, r, m)
			}
		}
	}
	return d.people.Page(signedIn(get), signedIn(post))
}
