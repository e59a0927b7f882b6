package provider

import (
	"crypto/rand"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"strings"

	"github.com/propusk/propusk/storage"
)

// PathCheckSession is the page of OpenID Connect Session Management 1.0 that apps put into a frame.
const PathCheckSession = "/connect/checksession"

//go:embed checksession.js
var checkSessionScript string

// checkSessionPage is the whole page. Its script is plain ES5 and loads nothing.
var checkSessionPage = "<!doctype html>\n<meta charset=\"utf-8\">\n<title>session</title>\n<script>" + checkSessionScript + "</script>\n"

// checkSessionPolicy lets that one script run, and any app frame the page.
var checkSessionPolicy = func() string {
	sum := sha256.Sum256([]byte(checkSessionScript))
	return "default-src 'none'; script-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'; base-uri 'none'; form-action 'none'"
}()

// secure tells whether the issuer is https. Only then can a frame on another site read our cookie
// (SameSite=None needs Secure), so session management is offered then and else not at all.
func (p *Provider) secure() bool { return strings.HasPrefix(p.issuer, "https://") }

// checkSessionURI is where the page is, "" where there is none.
func (p *Provider) checkSessionURI() string {
	if !p.secure() {
		return ""
	}
	return p.issuer + PathCheckSession
}

// checkSession serves the page. It is the same for everybody, and it is to be framed.
func (p *Provider) checkSession(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		p.methodNotAllowed(w, r, rules{methods: []string{http.MethodGet, http.MethodHead}})
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", checkSessionPolicy)
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cache-Control", "public, max-age=300")
	_, _ = w.Write([]byte(checkSessionPage))
}

// sessionState is the session_state of an authorization response (OpenID Connect Session Management 1.0
// §3): what the page compares with the browser's state. Empty where there is no such page, where it is no
// OpenID request, and for apps that have no origin of their own in a browser.
func (p *Provider) sessionState(req *storage.AuthRequest, s *storage.Session) string {
	if !p.secure() || !req.HasScope(storage.ScopeOpenID) {
		return ""
	}
	origin := storage.Origin(req.RedirectURI)
	if origin == "" {
		return ""
	}
	salt := rand.Text()[:16]
	sum := sha256.Sum256([]byte(req.AppID + " " + origin + " " + p.db.BrowserState(s.ID) + " " + salt))
	return hex.EncodeToString(sum[:]) + "." + salt
}
