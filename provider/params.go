package provider

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"
)

// Bounds of every request: bytes of a body, parameters in it.
const (
	maxBody   = 64 << 10
	maxParams = 100
)

// limits are the parameters an endpoint knows and how many bytes each may have. Others are ignored
// (RFC 6749 §3.1), and never reach the library, which would match their names in any letter case.
type limits map[string]int

var authorizeLimits = limits{
	"client_id": 128, "redirect_uri": 2048, "response_type": 64, "response_mode": 32, "scope": 1024,
	"state": 4096, "nonce": 512, "code_challenge": 256, "code_challenge_method": 32, "prompt": 128,
	"max_age": 20, "login_hint": 512, "id_token_hint": maxJWT, "ui_locales": 256, "claims_locales": 256,
	"acr_values": 256, "display": 32, "claims": 8192, "request": requestBytes, "request_uri": 2048, "registration": maxBody,
}

var tokenLimits = limits{
	"grant_type": 128, "client_id": 128, "client_secret": 512, "client_assertion": maxJWT, "client_assertion_type": 128,
	"code": 2048, "redirect_uri": 2048, "code_verifier": 256, "refresh_token": 1024, "scope": 1024, "device_code": 512,
	"assertion": maxJWT, "subject_token": maxJWT,
}

var introspectLimits = limits{
	"token": maxJWT, "token_type_hint": 64,
	"client_id": 128, "client_secret": 512, "client_assertion": maxJWT, "client_assertion_type": 128,
}

var endSessionLimits = limits{
	"id_token_hint": maxJWT, "client_id": 128, "post_logout_redirect_uri": 2048, "state": 4096, "logout_hint": 512, "ui_locales": 256,
}

var userInfoLimits = limits{"access_token": maxJWT}

// repeatable parameters may stand more than once (RFC 8707 §2, RFC 8693 §2.1).
var repeatable = []string{"resource", "audience"}

// badParams says what is wrong with the parameters of a request, before anything looked at their meaning.
type badParams struct {
	status int
	key    string // of the problem page's texts
	name   string // of the parameter, where one is to blame
	text   string // for the client
}

func (b *badParams) refusal() *refusal {
	f := refuse(errInvalidRequest, "%s", b.text)
	f.status = b.status
	return f
}

// params reads the parameters of a request: from the query of a GET, from the body of a POST and from
// nowhere else. known holds what the endpoint knows; unknown the names of the rest.
func params(w http.ResponseWriter, r *http.Request, known limits) (form url.Values, unknown []string, bad *badParams) {
	if r.Method != http.MethodPost {
		return parse(r.URL.RawQuery, known)
	}
	if name := inQuery(r.URL.RawQuery, known); name != "" {
		return nil, nil, &badParams{http.StatusBadRequest, "parameter_repeated", name,
			"parameters of a POST belong into its body: " + name + " came in the URL"}
	}
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if r.ContentLength != 0 && (err != nil || kind != "application/x-www-form-urlencoded") {
		return nil, nil, &badParams{http.StatusBadRequest, "form_invalid", "",
			"the body must have Content-Type application/x-www-form-urlencoded"}
	}
	body, err := readBody(w, r)
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return nil, nil, &badParams{http.StatusRequestEntityTooLarge, "request_too_large", "", "the body is larger than 64 KiB"}
	case err != nil:
		return nil, nil, &badParams{http.StatusBadRequest, "form_invalid", "", "the body could not be read"}
	}
	return parse(string(body), known)
}

// inQuery returns a known parameter that stands in the query, or "".
func inQuery(query string, known limits) string {
	for pair := range strings.SplitSeq(query, "&") {
		name, _, _ := strings.Cut(pair, "=")
		plain, err := url.QueryUnescape(name)
		if err != nil {
			continue
		}
		if _, ok := known[strings.ToLower(plain)]; ok {
			return strings.ToLower(plain)
		}
	}
	return ""
}

// readBody reads at most maxBody bytes.
func readBody(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	limited := http.MaxBytesReader(w, r.Body, maxBody)
	if r.ContentLength <= 0 || r.ContentLength > maxBody {
		return io.ReadAll(limited)
	}
	body := make([]byte, r.ContentLength)
	_, err := io.ReadFull(limited, body)
	return body, err
}

// parse reads urlencoded parameters in one pass. url.ParseQuery would build a map of everything first.
func parse(encoded string, known limits) (form url.Values, unknown []string, bad *badParams) {
	pairs := strings.Count(encoded, "&") + 1
	if pairs > maxParams {
		return nil, nil, &badParams{http.StatusBadRequest, "request_too_large", "", "more than 100 parameters"}
	}
	form = make(url.Values, 8)
	values := make([]string, 0, pairs) // memory for all of them at once
	for pair := range strings.SplitSeq(encoded, "&") {
		if pair == "" {
			continue
		}
		name, value, _ := strings.Cut(pair, "=")
		name, errName := url.QueryUnescape(name)
		value, errValue := url.QueryUnescape(value)
		if errName != nil || errValue != nil || strings.Contains(pair, ";") {
			return nil, nil, &badParams{http.StatusBadRequest, "form_invalid", "", "the parameters are not well-formed urlencoded text"}
		}
		limit, ok := known[name]
		if !ok {
			again := slices.Contains(unknown, name)
			bad = worse(bad, unknownParam(name, again, known))
			if !again {
				unknown = append(unknown, name)
			}
			continue
		}
		bad = worse(bad, knownParam(name, value, form.Has(name), limit))
		if !form.Has(name) {
			values = append(values, value)
			form[name] = values[len(values)-1 : len(values) : len(values)]
		}
	}
	// An empty parameter is an omitted one (RFC 6749 §3.1, §3.2).
	for name, values := range form {
		if values[0] == "" {
			delete(form, name)
		}
	}
	return form, unknown, bad
}

// worse keeps the first finding, unless a later one leaves nobody to send the answer to.
func worse(first, later *badParams) *badParams {
	if first == nil || later != nil && later.noTarget() {
		return later
	}
	return first
}

// noTarget tells that it is unknown where the answer to an authorization request may go.
func (b *badParams) noTarget() bool {
	return b.status != http.StatusBadRequest || b.name == "client_id" || b.name == "redirect_uri"
}

func unknownParam(name string, again bool, known limits) *badParams {
	if again && !slices.Contains(repeatable, name) {
		if !utf8.ValidString(name) || len(name) > 64 {
			name = "a parameter"
		}
		return &badParams{http.StatusBadRequest, "parameter_repeated", name, name + " came more than once"}
	}
	lower := strings.ToLower(name)
	if _, ok := known[lower]; ok {
		return &badParams{http.StatusBadRequest, "parameter_near_miss", lower, lower + " came as " + name + ": parameter names are lower-case"}
	}
	return nil
}

func knownParam(name, value string, again bool, limit int) *badParams {
	switch {
	case again:
		return &badParams{http.StatusBadRequest, "parameter_repeated", name, name + " came more than once"}
	case len(value) > limit:
		return &badParams{http.StatusBadRequest, "parameter_invalid", name, name + " is too long"}
	case !utf8.ValidString(value):
		return &badParams{http.StatusBadRequest, "parameter_invalid", name, name + " is not UTF-8"}
	case strings.ContainsFunc(value, func(c rune) bool { return c < 0x20 || c == 0x7f }):
		return &badParams{http.StatusBadRequest, "parameter_invalid", name, name + " holds a control character"}
	}
	return nil
}

// nearMiss returns the unknown parameter that was most likely meant to be want, or "".
func nearMiss(unknown []string, want string) string {
	for _, name := range unknown {
		if strings.EqualFold(strings.NewReplacer("-", "_", ".", "_").Replace(name), want) || distance(strings.ToLower(name), want) <= 2 {
			return name
		}
	}
	return ""
}

// distance is the Levenshtein distance of two short names.
func distance(a, b string) int {
	if len(a) > 64 {
		return len(a)
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		diagonal := row[0]
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := diagonal
			if a[i-1] != b[j-1] {
				cost++
			}
			diagonal = row[j]
			row[j] = min(cost, row[j]+1, row[j-1]+1)
		}
	}
	return row[len(b)]
}
