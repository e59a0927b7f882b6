package provider

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/propusk/propusk/login/page"
	"github.com/propusk/propusk/storage"
)

// requestBytes bounds a request object, by value and by reference.
const requestBytes = 48 << 10

const requestMediaType = "application/oauth-authz-req+jwt, application/jwt;q=0.9, */*;q=0.1"

// requestTypes are the typ headers a request object may have (RFC 9101 §4, §10.8).
var requestTypes = []string{"", "jwt", "oauth-authz-req+jwt"}

// requestClaims are members of a request object that are no parameters: they are about the JWT.
var requestClaims = []string{"iss", "aud", "exp", "nbf", "iat", "jti", "sub"}

// openRequest replaces the parameters of an authorization request by those of its request object (OpenID
// Connect Core §6, RFC 9101), where it has one. Nothing outside the object counts beside client_id: what
// a browser could have changed on the way does not get in. False says that the request was answered.
func (p *Provider) openRequest(w http.ResponseWriter, r *http.Request, c *call) bool {
	if c.bad != nil || c.form == nil || !c.form.Has("request") && !c.form.Has("request_uri") {
		return true
	}
	app, err := p.db.App(r.Context(), c.form.Get("client_id"))
	if errors.Is(err, storage.ErrNotFound) || err == nil && !app.Enabled {
		return true // the page says so
	}
	var inner url.Values
	if err == nil {
		inner, err = p.readRequest(r.Context(), app, c.form)
	}
	if err != nil {
		p.refuseRequest(w, r, c, app, err)
		return false
	}
	// The browser's address is part of the page of a problem in dev; the parameters are these.
	c.form, c.unknown = inner, nil
	r.Form, r.PostForm = inner, inner
	return true
}

// refuseRequest answers a request object that does not hold. What it says was not believed, so neither is
// its redirect_uri: the app hears of it at a registered address that came outside, or else there is a page.
func (p *Provider) refuseRequest(w http.ResponseWriter, r *http.Request, c *call, app *storage.App, err error) {
	f := asRefusal(err)
	if app == nil || f.httpStatus() >= http.StatusInternalServerError {
		p.failed(w, r, err)
		return
	}
	uri := c.form.Get("redirect_uri")
	if uri != "" && app.MatchRedirectURI(uri) {
		p.logRefusal(r, "request object refused", app.ID, f)
		p.respondError(w, r, &storage.AuthRequest{AppID: app.ID, RedirectURI: uri, ResponseMode: p.responseMode(app, c.form), State: c.form.Get("state"),
			UILocales: list(c.form.Get("ui_locales"))}, f)
		return
	}
	name := "request"
	if c.form.Has("request_uri") {
		name = "request_uri"
	}
	p.logRefusal(r, "request object refused", app.ID, f)
	p.problem(w, r, http.StatusBadRequest, page.Problem{
		Key: "parameter_invalid", Code: f.code, Came: f.explained(), Stub: p.stub(r, app, first(app.RedirectURIs)), Args: map[string]string{"name": name},
	})
}

// readRequest returns the parameters that the request object of a request holds, verified.
func (p *Provider) readRequest(ctx context.Context, app *storage.App, outer url.Values) (url.Values, error) {
	text := outer.Get("request")
	if outer.Has("request_uri") {
		if text != "" {
			return nil, refuse(errInvalidRequest, "request and request_uri exclude each other")
		}
		var err error
		text, err = p.fetchRequest(ctx, app, outer.Get("request_uri"))
		if err != nil {
			return nil, err
		}
	}
	j, err := p.verifyRequest(ctx, app, text)
	if err != nil {
		if errors.Is(err, errFetch) {
			return nil, refuse(errInvalidRequestObject, "the keys of the app %s could not be fetched from its jwks_uri", app.ID).because(err)
		}
		return nil, refuse(errInvalidRequestObject, "the request object is not valid: %s", err)
	}
	form, err := requestParams(app, j, outer)
	if err != nil {
		return nil, refuse(errInvalidRequestObject, "the request object is not valid: %s", err)
	}
	return form, nil
}

// fetchRequest gets a request object from an address registered for the app. The fragment only tells
// versions of the object apart (OpenID Connect Core §6.2): whoever serves the object must sign it anyhow,
// and clients register the address before the object exists whose hash the fragment should be.
func (p *Provider) fetchRequest(ctx context.Context, app *storage.App, uri string) (string, error) {
	base, _, _ := strings.Cut(uri, "#")
	registered := slices.ContainsFunc(app.Registration.RequestURIs, func(known string) bool {
		known, _, _ = strings.Cut(known, "#")
		return known == base
	})
	if !registered {
		return "", refuse(errInvalidRequestURI, "the request_uri is not registered for the app %s (request_uris)", app.ID)
	}
	text, err := p.fetch(ctx, base, requestMediaType, requestBytes)
	if err != nil {
		return "", refuse(errInvalidRequestURI, "nothing usable could be fetched from the request_uri").because(err)
	}
	return string(bytes.TrimSpace(text)), nil
}

// verifyRequest holds a request object against RFC 9101 §4, §6 and the app's registration.
func (p *Provider) verifyRequest(ctx context.Context, app *storage.App, text string) (*clientJWS, error) {
	j, err := readJWS(text, requestBytes, storage.ClientSigningAlgs)
	if err != nil {
		return nil, err
	}
	want := app.Registration.RequestObjectAlg
	iss, inside := member(j.claims, "iss"), member(j.claims, "client_id")
	switch {
	case want != "" && j.alg != want:
		return nil, fmt.Errorf("the app is registered to sign with %s, not %s", want, j.alg)
	case !slices.Contains(requestTypes, j.typ):
		return nil, errors.New("typ is that of another kind of JWT")
	case j.claims["iss"] != nil && iss != app.ID:
		return nil, errors.New("iss is not the client_id")
	case j.claims["client_id"] != nil && inside != app.ID:
		return nil, errors.New("client_id is not the one outside")
	case iss == "" && inside == "":
		return nil, errors.New("it names no client: client_id is missing")
	case member(j.claims, "sub") == app.ID:
		return nil, errors.New("sub is the client_id, as in a client assertion") // RFC 9101 §10.8
	case j.claims["request"] != nil || j.claims["request_uri"] != nil:
		return nil, errors.New("it holds request or request_uri itself")
	}
	if j.claims["aud"] != nil {
		audience, ok := texts(j.claims, "aud")
		if !ok || !slices.Contains(audience, p.issuer) {
			return nil, fmt.Errorf("aud is not %s", p.issuer)
		}
	}
	_, err = j.checkTimes(p.now(), 0, false)
	if err != nil {
		return nil, err
	}
	return j, p.verifySignature(ctx, app, j)
}

// requestParams makes parameters of the members of a request object, under the rules of those that come
// in a URL. OAuth wants response_type outside too; where it stands there it must be the same.
func requestParams(app *storage.App, j *clientJWS, outer url.Values) (url.Values, error) {
	form := url.Values{"client_id": {app.ID}}
	for name, raw := range j.claims {
		limit, known := authorizeLimits[name]
		if !known || name == "client_id" || slices.Contains(requestClaims, name) {
			continue
		}
		value, err := paramText(name, raw)
		if err != nil {
			return nil, err
		}
		bad := knownParam(name, value, false, limit)
		if bad != nil {
			return nil, errors.New(bad.text)
		}
		if value != "" {
			form.Set(name, value)
		}
	}
	if kind := outer.Get("response_type"); kind != "" && canonicalType(kind) != canonicalType(form.Get("response_type")) {
		return nil, errors.New("response_type is another one than outside")
	}
	return form, nil
}

// paramText is a member as the text of a parameter: strings as they are, max_age as a number, claims and
// registration as JSON objects (OpenID Connect Core §6.1).
func paramText(name string, raw json.RawMessage) (string, error) {
	bad := fmt.Errorf("%s is of a type it may not have", name)
	switch raw[0] {
	case '"':
		var text string
		err := json.Unmarshal(raw, &text)
		if err != nil {
			return "", bad
		}
		return text, nil
	case '{':
		var compact bytes.Buffer
		err := json.Compact(&compact, raw)
		if err != nil || name != "claims" && name != "registration" {
			return "", bad
		}
		return compact.String(), nil
	}
	var number int64
	err := json.Unmarshal(raw, &number)
	if err != nil || name != "max_age" || string(raw) == "null" {
		return "", bad
	}
	return strconv.FormatInt(number, 10), nil
}
