package login

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"

	"github.com/propusk/propusk/login/page"
	"github.com/propusk/propusk/storage"
)

// Config is what login needs to know of the instance.
type Config struct {
	Issuer string           // scheme://host[:port]; https decides the cookies
	Dev    bool             // apps are not marked as unchecked, and loopback apps are remembered
	Now    func() time.Time // nil: the database's clock
	Logger *slog.Logger     // nil: slog.Default()
}

// Login serves the pages between an authorization request and its answer; safe for concurrent use.
type Login struct {
	issuer  string
	dev     bool
	now     func() time.Time
	log     *slog.Logger
	db      *storage.DB
	pages   *page.Renderer
	flow    Flow
	names   names
	sealer  *sealer
	limiter *limiter // of sign-ins
	codes   *limiter // of user codes
	crowd   *limiter // of user codes, all together; apart, so that many windows cannot push it out
	hashing *admission

	// check is db.CheckPassword; the tests watch how many run at once.
	check func(u *storage.User, password string) (ok, rehash bool)
}

// New makes a Login that answers apps through flow. The issuer must be an http or https origin.
func New(c Config, db *storage.DB, pages *page.Renderer, flow Flow) (*Login, error) {
	issuer, err := url.Parse(c.Issuer)
	if err != nil {
		return nil, fmt.Errorf("issuer: %w", err)
	}
	if issuer.Host == "" || (issuer.Scheme != "https" && issuer.Scheme != "http") {
		return nil, fmt.Errorf("issuer %q: not an http or https origin", c.Issuer)
	}
	if db == nil || pages == nil || flow == nil {
		return nil, errors.New("login: database, pages and flow are needed")
	}
	if c.Now == nil {
		c.Now = db.Now
	}
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	return &Login{
		issuer:  c.Issuer,
		dev:     c.Dev,
		now:     c.Now,
		log:     c.Logger,
		db:      db,
		pages:   pages,
		flow:    flow,
		names:   cookieNames(issuer),
		sealer:  &sealer{db: db},
		limiter: newLimiter(c.Now, limitWindow),
		codes:   newLimiter(c.Now, limitCodeWindow),
		crowd:   newLimiter(c.Now, limitCodeWindow),
		hashing: newAdmission(hashSlots(), hashQueue, hashPatience),
		check:   db.CheckPassword,
	}, nil
}

// Routes mounts every page of this package.
func (l *Login) Routes(r chi.Router) {
	r.Handle("/", l.Page(l.showHome, nil))
	r.Handle("/login", l.Page(l.dispatch, l.postLogin))
	r.Handle("/consent", l.Page(l.showConsent, l.postConsent))
	r.Handle("/logout", l.Page(l.showLogout, l.postLogout))
	r.Handle("/device", l.Page(l.showDevice, l.postDevice))
	r.Handle("/welcome", l.Page(l.showWelcome, l.postWelcome))
	r.HandleFunc(page.PathDocs, l.docs)
	r.HandleFunc(page.PathDocs+"/{name}", l.docs)
}

// Page serves GET by get and POST, from our own pages only, by post; nil is not had. Every other method,
// HEAD among them, is refused: none may change anything, and none is of use on a form.
func (l *Login) Page(get, post http.HandlerFunc) http.Handler {
	var allow []string
	var guarded http.Handler
	if get != nil {
		allow = append(allow, http.MethodGet)
	}
	if post != nil {
		allow = append(allow, http.MethodPost)
		guarded = l.sameOrigin(post)
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		switch {
		case r.Method == http.MethodGet && get != nil:
			get(w, r)
		case r.Method == http.MethodPost && guarded != nil:
			guarded.ServeHTTP(w, r)
		default:
			w.Header().Set("Allow", strings.Join(allow, ", "))
			l.problem(w, r, http.StatusMethodNotAllowed, "method", "")
		}
	})
}

// showHome is "/": where to start, for who is signed out.
func (l *Login) showHome(w http.ResponseWriter, r *http.Request) {
	v, err := l.visitor(r)
	if err != nil {
		l.failure(w, r, err)
		return
	}
	if v.session != nil {
		to := home
		if lang := r.URL.Query().Get("lang"); lang == "en" || lang == "ru" {
			to += "?lang=" + lang // the link of a page's footer
		}
		http.Redirect(w, r, to, http.StatusSeeOther)
		return
	}
	l.pages.Show(w, r, page.View{}, page.Home{
		Stub:      page.Stub{Office: true},
		Discovery: l.issuer + "/.well-known/openid-configuration",
	})
}
