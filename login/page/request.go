package page

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Bounds of the fold "The whole request".
const (
	maxRows  = 40
	maxValue = 400 // characters of one value
)

// row is one parameter of a request, as a developer is shown it.
type row struct {
	Name   string
	Gap    string // blanks up to the value's column
	Value  string
	Hidden bool // a secret: the value is not shown
}

// order is how the parameters one looks for are sorted; the others follow by name.
var order = []string{"response_type", "client_id", "scope", "redirect_uri", "state", "nonce", "code_challenge",
	"code_challenge_method", "response_mode", "prompt", "max_age", "login_hint", "ui_locales"}

// open are the parameters that hold no secret though their names look as if they did.
var open = []string{"code_challenge", "code_challenge_method", "token_type_hint", "token_endpoint_auth_method",
	"client_assertion_type", "requested_token_type", "subject_token_type"}

// secretive are the parts of names that speak of a secret; most misspelt names have them too.
var secretive = []string{"sec", "passw", "pwd", "token", "assertion", "verifier", "code", "key", "hint",
	"csrf", "request", "logout", "session", "cookie"}

// isSecret tells whether the value of a parameter must not be shown, judged by its name.
func isSecret(name string) bool {
	name = strings.ToLower(name)
	if slices.Contains(open, name) || name == "login_hint" || name == "request_uri" {
		return false
	}
	for _, part := range secretive {
		if strings.Contains(name, part) {
			return true
		}
	}
	return false
}

// rows lists the parameters of a request and says how many are left out.
func rows(request url.Values) ([]row, int) {
	var list []row
	width := 0
	for name, values := range request {
		for _, v := range values {
			shown := visible(shorten(name))
			width = max(width, min(utf8.RuneCountInString(shown), 24))
			list = append(list, row{Name: shown, Value: visible(shorten(v)), Hidden: isSecret(name)})
		}
	}
	slices.SortStableFunc(list, func(a, b row) int {
		i, j := rank(a.Name), rank(b.Name)
		if i != j {
			return i - j
		}
		return strings.Compare(a.Name, b.Name)
	})
	cut := max(0, len(list)-maxRows)
	list = list[:len(list)-cut]
	for i := range list {
		r := &list[i]
		r.Gap = strings.Repeat(" ", max(1, width+1-utf8.RuneCountInString(r.Name)))
		if r.Hidden {
			r.Value = ""
		}
	}
	return list, cut
}

func rank(name string) int {
	i := slices.Index(order, name)
	if i < 0 {
		return len(order)
	}
	return i
}

// shorten cuts a value that is too long to read.
func shorten(s string) string {
	n := 0
	for i := range s {
		if n == maxValue {
			return s[:i] + "…"
		}
		n++
	}
	return s
}

// visible writes what cannot be seen, or would turn what is beside it, as its code: a developer looks
// for just that.
func visible(s string) string {
	var b strings.Builder
	for i, r := range s {
		switch {
		case r == utf8.RuneError && !strings.HasPrefix(s[i:], "\uFFFD"):
			fmt.Fprintf(&b, "\\x%02x", s[i])
		case unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || (unicode.IsSpace(r) && r != ' '):
			fmt.Fprintf(&b, "\\u%04x", r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}
