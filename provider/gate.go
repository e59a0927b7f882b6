package provider

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/zitadel/oidc/v3/pkg/op"

	"github.com/propusk/propusk/login/page"
	"github.com/propusk/propusk/storage"
)

// rules say what an endpoint lets through its gate.
type rules struct {
	methods []string
	known   limits
	human   bool // a person reads the answer: problems are pages, made by the handler
	client  bool // the client authenticates
	bearer  bool // the request carries an access token
	scripts bool // scripts of registered origins may call it (CORS)
	signed  bool // the answer may be asked for as a JWT (RFC 9701)
	// check answers what the library would answer wrongly; nil: nothing.
	check func(*call) *refusal
}

var (
	authorizeRules  = rules{methods: []string{http.MethodGet, http.MethodPost}, known: authorizeLimits, human: true}
	endSessionRules = rules{methods: []string{http.MethodGet, http.MethodPost}, known: endSessionLimits, human: true}
	tokenRules      = rules{methods: []string{http.MethodPost}, known: tokenLimits, client: true, scripts: true, check: checkTokenForm}
	introspectRules = rules{methods: []string{http.MethodPost}, known: introspectLimits, client: true, signed: true, check: checkIntrospectForm}
	revocationRules = rules{methods: []string{http.MethodPost}, known: introspectLimits, client: true, scripts: true, check: checkTokenParam}
	userInfoRules   = rules{methods: []string{http.MethodGet, http.MethodPost}, known: userInfoLimits, bearer: true, scripts: true}
)

// call is what the gate found out about a request; it travels in the context, because the library's
// seam hides the request and cannot set headers.
type call struct {
	r       *http.Request
	header  http.Header // of the answer
	form    url.Values
	unknown []string
	bad     *badParams // only for human endpoints: the handler explains
	app     *storage.App
	token   string
	user    string // whom it concerns, once that is known
}

type callKey struct{}

func callFrom(ctx context.Context) *call {
	c, _ := ctx.Value(callKey{}).(*call)
	return c
}

// gate stands in front of every endpoint: panics, methods, sizes, single canonical parameters, UTF-8,
// client authentication, caching headers. It sets both r.Form and r.PostForm, after which the library
// parses nothing itself and sees only what the gate let through.
func (p *Provider) gate(rule rules, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer p.recover(w, r, rule)
		h := w.Header()
		h["Cache-Control"], h["Pragma"] = noStore, noCache
		if rule.scripts && p.cors(w, r) {
			return
		}
		if !slices.Contains(rule.methods, r.Method) {
			p.methodNotAllowed(w, r, rule)
			return
		}
		c := &call{header: h}
		c.form, c.unknown, c.bad = params(w, r, rule.known)
		if !rule.human {
			f := p.admit(r, rule, c)
			if f != nil && rule.signed && c.bad == nil {
				f = unproven(r, c, f)
			}
			if f != nil {
				p.answer(w, r, c, f)
				return
			}
		}
		r.Form, r.PostForm = c.form, c.form
		if c.form == nil {
			r.Form, r.PostForm = url.Values{}, url.Values{}
		}
		r = r.WithContext(context.WithValue(r.Context(), callKey{}, c))
		c.r = r
		next.ServeHTTP(w, r)
	})
}

// admit lets a request of a client through: well-formed, authenticated, complete.
func (p *Provider) admit(r *http.Request, rule rules, c *call) *refusal {
	if c.bad != nil {
		return c.bad.refusal()
	}
	if rule.bearer {
		return bearerToken(r, c)
	}
	if rule.client {
		f := p.authenticate(r, c)
		if f != nil {
			return f
		}
	}
	if rule.check != nil {
		return rule.check(c)
	}
	return nil
}

// answer writes a refusal to a client, with the challenge its status calls for (RFC 6749 §5.2, RFC 6750 §3).
func (p *Provider) answer(w http.ResponseWriter, r *http.Request, c *call, f *refusal) {
	p.refused(r, c, "request refused", f)
	c.challenge(f)
	op.WriteError(w, r, library(f), nil)
}

// challenge sets WWW-Authenticate where the refusal calls for it.
func (c *call) challenge(f *refusal) {
	switch {
	case f.code == errInvalidClient && f.httpStatus() == http.StatusUnauthorized:
		c.header.Set("WWW-Authenticate", `Basic realm="propusk", charset="UTF-8"`)
	case f.code == errInvalidToken || f.code == errInsufficientScope:
		c.header.Set("WWW-Authenticate", fmt.Sprintf(`Bearer realm="propusk", error="%s", error_description="%s"`, f.code, f.description))
	case f.httpStatus() == http.StatusUnauthorized:
		c.header.Set("WWW-Authenticate", `Bearer realm="propusk"`)
	case f.httpStatus() == http.StatusTooManyRequests:
		c.header.Set("Retry-After", "60")
	case f.code == errTemporarilyUnavail:
		c.header.Set("Retry-After", "1")
	}
}

func (p *Provider) methodNotAllowed(w http.ResponseWriter, r *http.Request, rule rules) {
	w.Header().Set("Allow", strings.Join(rule.methods, ", "))
	if rule.human {
		p.problem(w, r, http.StatusMethodNotAllowed, page.Problem{Key: "method", Code: errInvalidRequest})
		return
	}
	f := refuse(errInvalidRequest, "use %s", strings.Join(rule.methods, " or "))
	f.status = http.StatusMethodNotAllowed
	op.WriteError(w, r, library(f), nil)
}

// recover answers a panic like any inner error and logs where it happened.
func (p *Provider) recover(w http.ResponseWriter, r *http.Request, rule rules) {
	cause := recover()
	if cause == nil {
		return
	}
	if cause == http.ErrAbortHandler {
		panic(cause)
	}
	p.log.ErrorContext(r.Context(), "panic", "path", r.URL.Path, "cause", fmt.Sprint(cause), "stack", string(debug.Stack()))
	if rule.human {
		p.problem(w, r, http.StatusInternalServerError, page.Problem{Key: "internal", Code: errServer})
		return
	}
	op.WriteError(w, r, library(refuse(errServer, descriptionServer)), nil)
}

// problem shows the error page under a new number and logs it.
func (p *Provider) problem(w http.ResponseWriter, r *http.Request, status int, b page.Problem) {
	b.ID = page.NewProblemID()
	b.Path = r.URL.Path
	b.Request = r.Form
	if r.Method == http.MethodGet && p.dev {
		// All that came, the misspelt included; what does not parse is left out.
		b.Request, _ = url.ParseQuery(r.URL.RawQuery)
	}
	if b.Stub == (page.Stub{}) {
		b.Stub = page.Stub{Office: true}
	}
	came, whole := b.Came, true
	if b.Key == "redirect_uri_unregistered" || b.Key == "logout_redirect" {
		came, whole = keptURI(b.Came)
	}
	p.log.WarnContext(r.Context(), "problem page", "request", r.Header.Get(requestID), "id", b.ID, "key", b.Key, "path", r.URL.Path, "status", status,
		"app", clip(r.Form.Get("client_id")), "came", clip(came), "expected", b.Expected)
	p.refusedPage(r, &b, came, whole)
	p.pages.Show(w, r, page.View{Status: status, UILocales: strings.Fields(r.Form.Get("ui_locales"))}, b)
}
