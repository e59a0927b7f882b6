package page

import (
	"maps"
	"net/http"
	"regexp"
	"strings"
)

// Headers sets the security headers of every answer before next runs; a page narrows or widens the
// Content-Security-Policy when it renders. There is no Cross-Origin-Opener-Policy: it would cut the app
// that opened the sign-in in a popup off from the answer.
func (p *Renderer) Headers(next http.Handler) http.Handler {
	// The values are shared by all answers: a slice of its own for each would be garbage at once.
	headers := http.Header{
		"Content-Security-Policy": {policy(nil)},
		"X-Content-Type-Options":  {"nosniff"},
		"X-Frame-Options":         {"DENY"},
		"Referrer-Policy":         {"no-referrer"},
		"Permissions-Policy":      {"camera=(), geolocation=(), microphone=(), payment=(), usb=()"},
	}
	if p.secure {
		headers["Strict-Transport-Security"] = []string{"max-age=31536000"}
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		maps.Copy(w.Header(), headers)
		next.ServeHTTP(w, r)
	})
}

// source is a scheme source of CSP Level 3 §2.3.1; nothing else is ever added to form-action.
var source = regexp.MustCompile(`^[a-zA-Z][a-zA-Z0-9+.-]*:$`)

// policy returns a Content-Security-Policy under which nothing runs and nothing foreign loads. A
// redirect after a form counts as its target in browsers, so a page whose form may end at an app names
// the app's scheme. What is not a scheme is left out; a scheme that runs or opens anything is too.
func policy(formAction []string) string {
	targets := "'self'"
	for _, s := range formAction {
		switch scheme := strings.ToLower(s); {
		case !source.MatchString(s), scheme == "javascript:", scheme == "data:", scheme == "blob:":
		default:
			targets += " " + scheme
		}
	}
	return "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action " + targets +
		"; frame-ancestors 'none'; base-uri 'none'; object-src 'none'"
}

// origin is a host source of CSP Level 3 §2.3.1 with scheme and without path.
var origin = regexp.MustCompile(`^https?://([a-zA-Z0-9.-]+|\[[0-9a-fA-F:.]+\])(:[0-9]+)?$`)

// frameSources is the directive under which only those origins load in frames; what is none is left out.
func frameSources(origins []string) string {
	directive := ""
	for _, o := range origins {
		if origin.MatchString(o) {
			directive += " " + o
		}
	}
	if directive == "" {
		return ""
	}
	return "; frame-src" + directive
}

// policyOf is the policy of one page: those of signed-in people may run our one script.
func (p *Renderer) policyOf(data any, v View) string {
	if _, ok := data.(shelled); ok {
		return policy(v.FormAction) + "; script-src 'self'"
	}
	return policy(v.FormAction) + frameSources(v.FrameSrc)
}
