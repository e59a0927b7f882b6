package provider

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/propusk/propusk/storage"
)

// field is one parameter of an authorization response, in the order it is written.
type field struct{ Name, Value string }

// Approve answers the app with what its response type yields: the person of the session granted scopes.
// It implements login.Flow.
func (p *Provider) Approve(w http.ResponseWriter, r *http.Request, req *storage.AuthRequest, s *storage.Session, scopes []string) {
	// What was granted only for the claims parameter is a consent, not a scope of the answer.
	granted := slices.DeleteFunc(slices.Clone(scopes), func(name string) bool { return !req.HasScope(name) })
	fields, err := p.answerFields(r.Context(), req, &code{
		grantID: grantID(req), appID: req.AppID, userID: s.UserID, sessionID: s.ID, redirect: redirectDigest(req.RedirectURI),
		challenge: req.Challenge, scopes: granted, nonce: req.Nonce, authTime: s.AuthTime, acr: s.ACR, amr: s.AMR,
		claims: req.Claims, expires: p.now().Add(codeLifetime),
	})
	if err != nil {
		f := asRefusal(err)
		p.logRefusal(r, "authorize failed", req.AppID, f)
		p.respondError(w, r, req, f)
		return
	}
	if state := p.sessionState(req, s); state != "" {
		fields = append(fields, field{"session_state", state})
	}
	p.authorized(r, req, s.UserID, nil)
	p.respond(w, r, req, fields)
}

// Refuse answers the app with an error of RFC 6749 §4.1.2.1 or OpenID Connect Core §3.1.2.6. It
// implements login.Flow.
func (p *Provider) Refuse(w http.ResponseWriter, r *http.Request, req *storage.AuthRequest, code, description string) {
	f := refuse(code, "%s", description)
	p.logRefusal(r, "authorize refused", req.AppID, f)
	p.respondError(w, r, req, f)
}

func (p *Provider) respondError(w http.ResponseWriter, r *http.Request, req *storage.AuthRequest, f *refusal) {
	p.authorized(r, req, "", f)
	p.respond(w, r, req, []field{{"error", f.code}, {"error_description", f.description}})
}

// respond sends the browser to the app with the fields, state as it came and iss (RFC 9207).
func (p *Provider) respond(w http.ResponseWriter, r *http.Request, req *storage.AuthRequest, fields []field) {
	if req.State != "" {
		fields = append(fields, field{"state", req.State})
	}
	fields = append(fields, field{"iss", p.issuer})
	w.Header().Set("Cache-Control", "no-store")
	if req.ResponseMode == modeFormPost {
		p.formPost(w, r, req, fields)
		return
	}
	location := withQuery(req.RedirectURI, fields)
	if req.ResponseMode == modeFragment {
		location = withFragment(req.RedirectURI, fields)
	}
	w.Header().Set("Location", location)
	w.WriteHeader(http.StatusSeeOther)
}

// withQuery adds the fields to a URI, whose own query stays as it was registered (RFC 6749 §3.1.2).
func withQuery(uri string, fields []field) string {
	var b strings.Builder
	b.WriteString(uri)
	separator := byte('?')
	switch i := strings.IndexByte(uri, '?'); {
	case i == len(uri)-1 && i >= 0:
		separator = 0
	case i >= 0:
		separator = '&'
	}
	writeFields(&b, separator, fields)
	return b.String()
}

// withFragment puts the fields behind the # of a URI, which never has a fragment of its own (OAuth 2.0
// Multiple Response Types §2.1).
func withFragment(uri string, fields []field) string {
	var b strings.Builder
	b.WriteString(uri)
	writeFields(&b, '#', fields)
	return b.String()
}

// writeFields writes urlencoded fields; separator, unless it is 0, stands before the first.
func writeFields(b *strings.Builder, separator byte, fields []field) {
	for _, f := range fields {
		if separator != 0 {
			b.WriteByte(separator)
		}
		b.WriteString(f.Name + "=" + url.QueryEscape(f.Value))
		separator = '&'
	}
}

// submitScript submits the form of a form_post response; the policy names its hash.
const submitScript = "document.forms[0].submit()"

var submitHash = func() string {
	sum := sha256.Sum256([]byte(submitScript))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}()

var formPostPage = template.Must(template.New("form_post").Parse(`<!doctype html>
<html lang="{{.Lang}}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{.Text}}</title>
</head>
<body>
<form method="post" action="{{.Action}}">
{{range .Fields}}<input type="hidden" name="{{.Name}}" value="{{.Value}}">
{{end}}<noscript><button>{{.Text}}</button></noscript>
</form>
<script>{{.Script}}</script>
</body>
</html>
`))

// formPost answers by a form that submits itself (OAuth 2.0 Form Post Response Mode §2); without a
// script there is a button.
func (p *Provider) formPost(w http.ResponseWriter, r *http.Request, req *storage.AuthRequest, fields []field) {
	lang := p.pages.Lang(r, req.UILocales)
	text := map[string]string{"en": "Continue to the app", "ru": "Продолжить в приложении"}[lang]
	var b bytes.Buffer
	err := formPostPage.Execute(&b, struct {
		Lang, Text string
		// The URI was matched against the registered ones, whose scheme was checked.
		Action template.URL
		Fields []field
		Script template.JS
	}{lang, text, template.URL(req.RedirectURI), fields, submitScript})
	if err != nil {
		p.failed(w, r, err)
		return
	}
	h := w.Header()
	h.Set("Content-Security-Policy", "default-src 'none'; script-src "+submitHash+"; frame-ancestors 'none'; base-uri 'none'; object-src 'none'")
	h.Set("Content-Type", "text/html; charset=utf-8")
	_, _ = w.Write(b.Bytes())
}
