package page

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

// Bounds of a form of ours.
const (
	maxForm   = 64 << 10 // bytes of the body
	maxFields = 150      // values: the largest table of ours, scopes beside an app, has 143
)

// refusal is why a form is not read: the status, the problem's key and the field, if there is one.
type refusal struct {
	status int
	key    string
	field  string
}

// Form reads a small POSTed form: at most 64 KiB, application/x-www-form-urlencoded in UTF-8 without
// NUL, no field twice except those of multi. It returns body parameters only, never those of the query;
// on failure it has logged and answered the refusal (400, 413 or 415) and returns false.
func (p *Renderer) Form(w http.ResponseWriter, r *http.Request, multi ...string) (url.Values, bool) {
	values, no := readForm(w, r, multi)
	if no == nil {
		return values, true
	}
	id := NewProblemID()
	p.config.Logger.InfoContext(r.Context(), "form refused",
		"problem", id, "key", no.key, "status", no.status, "path", r.URL.Path, "address", r.RemoteAddr)
	problem := Problem{ID: id, Key: no.key, Path: r.URL.Path}
	if no.field != "" {
		problem.Args = map[string]string{"name": no.field}
	}
	p.Show(w, r, View{Status: no.status}, problem)
	return nil, false
}

func readForm(w http.ResponseWriter, r *http.Request, multi []string) (url.Values, *refusal) {
	kind, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	charset := params["charset"]
	if err != nil || kind != "application/x-www-form-urlencoded" ||
		(charset != "" && !strings.EqualFold(charset, "utf-8")) || r.Header.Get("Content-Encoding") != "" {
		return nil, &refusal{status: http.StatusUnsupportedMediaType, key: "form_invalid"}
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxForm))
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return nil, &refusal{status: http.StatusRequestEntityTooLarge, key: "request_too_large"}
	}
	invalid := &refusal{status: http.StatusBadRequest, key: "form_invalid"}
	if err != nil || strings.Count(string(body), "&") >= maxFields {
		return nil, invalid
	}
	values, err := url.ParseQuery(string(body))
	if err != nil {
		return nil, invalid
	}
	for name, list := range values {
		for _, s := range append(list, name) {
			if !utf8.ValidString(s) || strings.ContainsRune(s, 0) {
				return nil, invalid
			}
		}
		if len(list) > 1 && !slices.Contains(multi, name) {
			invalid.field = name
			return nil, invalid
		}
	}
	return values, nil
}
