package login

import (
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/propusk/propusk/storage"
)

// What the request cookies of one browser may take, names included. Browsers drop larger cookies in
// silence; and on plain http they travel to every port of localhost, where a few big ones break other
// people's servers.
const (
	requestBytes  = 3800 // one
	jarBytes      = 7000 // together
	jarCount      = 6
	jarBytesHTTP  = 4000
	jarCountHTTP  = 3
	progressBytes = 200 // left free at the start for what the progress will add
)

// errTooLarge says that a request does not fit into a cookie.
var errTooLarge = errors.New("request does not fit into a cookie")

// keep seals the request into its cookie and drops the oldest of the others until the jar is within its
// limits. room is left free in the cookie; errTooLarge when it does not fit.
func (l *Login) keep(w http.ResponseWriter, r *http.Request, req *storage.AuthRequest, room int) error {
	sealed, err := l.sealer.seal(req)
	if err != nil {
		return err
	}
	name := l.names.requestName(req.ID)
	size := cookieSize(name, sealed)
	if size+room > requestBytes {
		return errTooLarge
	}
	for _, old := range l.surplus(r, name, size) {
		l.names.set(w, old, "", 0)
	}
	l.names.set(w, name, sealed, requestAge)
	return nil
}

// held is one request cookie a browser sent.
type held struct {
	name string
	size int
	at   time.Time // zero when it cannot be read or has expired
}

// surplus names the request cookies that must go so that one of that size fits beside the rest.
func (l *Login) surplus(r *http.Request, name string, size int) []string {
	count, bytes := jarCountHTTP, jarBytesHTTP
	if l.names.secure {
		count, bytes = jarCount, jarBytes
	}
	var jar []held
	for _, c := range r.Cookies() {
		if !strings.HasPrefix(c.Name, l.names.request) || c.Name == name {
			continue
		}
		h := held{name: c.Name, size: cookieSize(c.Name, c.Value)}
		other, err := l.sealer.open(c.Value, l.now())
		if err == nil && l.names.requestName(other.ID) == c.Name {
			h.at = other.CreatedAt
		}
		jar = append(jar, h)
	}
	slices.SortStableFunc(jar, func(a, b held) int { return b.at.Compare(a.at) })
	var drop []string
	kept := 1
	for _, h := range jar {
		if h.at.IsZero() || kept >= count || size+h.size > bytes {
			drop = append(drop, h.name)
			// Whatever is older than a dropped one goes too: the oldest first, not the largest.
			bytes = 0
			continue
		}
		kept++
		size += h.size
	}
	return drop
}

// cookieSize is what a cookie takes in a Cookie header, its separator included.
func cookieSize(name, value string) int { return len(name) + 1 + len(value) + 2 }

// request returns the pending request of that id from the browser's cookie: errForeign, or errExpired
// (with the request), where there is none.
func (l *Login) request(r *http.Request, id string) (*storage.AuthRequest, error) {
	if !validID(id) {
		return nil, errForeign
	}
	c, err := r.Cookie(l.names.requestName(id))
	if err != nil {
		return nil, errForeign
	}
	req, err := l.sealer.open(c.Value, l.now())
	if req == nil || req.ID != id {
		return nil, errForeign
	}
	return req, err
}

// forget deletes the cookie of a request that is done.
func (l *Login) forget(w http.ResponseWriter, req *storage.AuthRequest) {
	l.names.set(w, l.names.requestName(req.ID), "", 0)
}

// largest names the parameter of the request that takes the most room.
func largest(req *storage.AuthRequest) string {
	claims := 0
	if req.Claims != nil {
		text, _ := json.Marshal(req.Claims) // maps of raw JSON that was parsed before
		claims = len(text)
	}
	sizes := []struct {
		name string
		size int
	}{
		{"state", len(req.State)},
		{"nonce", len(req.Nonce)},
		{"claims", claims},
		{"redirect_uri", len(req.RedirectURI)},
		{"scope", len(strings.Join(req.Scopes, " "))},
		{"login_hint", len(req.LoginHint)},
		{"ui_locales", len(strings.Join(req.UILocales, " "))},
		{"acr_values", len(strings.Join(req.ACRValues, " "))},
		{"code_challenge", len(req.Challenge)},
		{"id_token_hint", len(req.HintSub)},
	}
	top := sizes[0]
	for _, s := range sizes[1:] {
		if s.size > top.size {
			top = s
		}
	}
	return top.name
}
