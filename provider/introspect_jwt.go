package provider

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"

	"github.com/propusk/propusk/storage"
)

// Signed answers of introspection (RFC 9701). What a caller gets is decided by its Accept header alone (§4);
// what it registered only chooses the algorithm (§6).

// introspectionAlg signs for apps that registered no introspection_signed_response_alg (RFC 9701 §6).
const introspectionAlg = "RS256"

const introspectionMediaType = "application/" + typeIntrospection

var introspectionDocument = []string{introspectionMediaType}

// introspectionClaims are the claims of a signed answer (RFC 9701 §5). There is neither sub nor exp beside
// them, so that nobody takes it for an access token (§8.1).
type introspectionClaims struct {
	Issuer   string         `json:"iss"`
	Audience string         `json:"aud"`
	Issued   int64          `json:"iat"`
	Token    *introspection `json:"token_introspection"`
}

// introspectEndpoint answers with JSON, or with a JWT where the caller asks for one. It is no endpoint of the
// library, which writes JSON only.
func (p *Provider) introspectEndpoint() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c := callFrom(r.Context())
		answer, err := p.introspect(r.Context(), c.app, c.form.Get("token"))
		if err != nil {
			p.answer(w, r, c, asRefusal(err))
			return
		}
		text, kind := []byte(nil), jsonDocument
		if prefersJWT(r.Header.Values("Accept")) {
			kind = introspectionDocument
			text, err = p.signIntrospection(c.app, answer)
		} else {
			text, err = json.Marshal(answer)
		}
		if err != nil {
			p.answer(w, r, c, asRefusal(err))
			return
		}
		w.Header()["Content-Type"] = kind
		_, _ = w.Write(text)
	})
}

// signIntrospection wraps an answer in a JWT for the app that asked.
func (p *Provider) signIntrospection(app *storage.App, answer *introspection) ([]byte, error) {
	alg := app.Registration.IntrospectionAlg
	if alg == "" {
		alg = introspectionAlg
	}
	sign, err := p.keys.signer(p, alg)
	if err != nil {
		return nil, err
	}
	text, err := signJSON(sign.introspection, introspectionClaims{p.issuer, app.ID, p.now().Unix(), answer})
	return []byte(text), err
}

// prefersJWT tells whether the Accept headers of a request ask for a signed answer: they name its type, and
// JSON, which everybody else gets, not above it (RFC 9110 §12.5.1). Wildcards never mean the JWT.
func prefersJWT(accept []string) bool {
	named := false
	for _, line := range accept {
		named = named || strings.Contains(strings.ToLower(line), typeIntrospection)
	}
	if !named {
		return false
	}
	// The most specific range that JSON falls under counts.
	const whole, kind, all = 0, 1, 2
	jwt, plain := -1.0, [3]float64{-1, -1, -1}
	for part := range strings.SplitSeq(strings.Join(accept, ","), ",") {
		name, params, _ := strings.Cut(strings.ToLower(part), ";")
		switch strings.TrimSpace(name) {
		case introspectionMediaType:
			jwt = quality(params)
		case "application/json":
			plain[whole] = quality(params)
		case "application/*":
			plain[kind] = quality(params)
		case "*/*":
			plain[all] = quality(params)
		}
	}
	for _, q := range plain {
		if q >= 0 {
			return jwt > 0 && jwt >= q
		}
	}
	return jwt > 0
}

// quality is the weight among the parameters of a media range (RFC 9110 §12.4.2): 1 without one, 0 for one
// that is none.
func quality(params string) float64 {
	for param := range strings.SplitSeq(params, ";") {
		name, value, _ := strings.Cut(strings.TrimSpace(param), "=")
		if name != "q" {
			continue
		}
		q, err := strconv.ParseFloat(value, 64)
		if err != nil || !(q >= 0 && q <= 1) {
			return 0
		}
		return q
	}
	return 1
}

// unproven restates the refusal of a caller that asked for a signed answer and brought no proof of who it is:
// RFC 9701 §5 makes it 400, so that nobody who went without authentication is served by one of the two ways.
func unproven(r *http.Request, c *call, f *refusal) *refusal {
	proof := len(r.Header.Values("Authorization")) > 0 || c.form.Has("client_secret") || c.form.Has("client_assertion")
	if f.code != errInvalidClient || proof || !prefersJWT(r.Header.Values("Accept")) {
		return f
	}
	f = f.with(nil)
	f.status = http.StatusBadRequest
	return f
}

// encryptedIntrospection are what an app registers to have the answers of introspection encrypted.
var encryptedIntrospection = []string{"introspection_encrypted_response_alg", "introspection_encrypted_response_enc"}

// refuseEncrypted refuses an app that wants the answers of introspection encrypted. Members that are not known
// are ignored elsewhere; here the app would take for secret what is not (RFC 9701 §8.2).
func refuseEncrypted(sent map[string]json.RawMessage) *refusal {
	for _, name := range encryptedIntrospection {
		if text, ok := sent[name]; ok && string(text) != "null" {
			return refuse(errInvalidMetadata, "%s: encrypted answers of introspection are not offered", name)
		}
	}
	return nil
}
