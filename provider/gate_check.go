package provider

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/propusk/propusk/storage"
)

// bearerToken finds the access token of a request: the Authorization header or the body of a POST,
// one of them (RFC 6750 §2); never the URL.
func bearerToken(r *http.Request, c *call) *refusal {
	header := r.Header.Values("Authorization")
	inBody := r.Method == http.MethodPost && c.form.Get("access_token") != ""
	switch {
	case r.Method == http.MethodGet && c.form.Has("access_token"):
		return refuse(errInvalidRequest, "an access token in the URL is not accepted: send it in the Authorization header")
	case len(header) > 1 || (len(header) == 1 && inBody):
		return refuse(errInvalidRequest, "send the access token once: in the Authorization header or in the body")
	case inBody:
		c.token = c.form.Get("access_token")
		return nil
	case len(header) == 0:
		f := refuse(errInvalidRequest, "access token missing")
		f.status = http.StatusUnauthorized
		return f
	}
	scheme, token, _ := strings.Cut(header[0], " ")
	token = strings.TrimLeft(token, " ")
	if !strings.EqualFold(scheme, "Bearer") || token == "" || len(token) > maxJWT {
		return refuse(errInvalidToken, descriptionInvalidToken)
	}
	c.token = token
	c.form = url.Values{"access_token": {token}}
	return nil
}

// offeredGrants are the grant types of the token endpoint, as discovery lists them.
var offeredGrants = storage.TokenGrants

// neededParams are the parameters each grant cannot do without.
var neededParams = map[string][]string{
	storage.GrantCode: {"code", "redirect_uri"}, storage.GrantRefreshToken: {"refresh_token"}, storage.GrantDeviceCode: {"device_code"},
}

// checkTokenForm names a missing redirect_uri before the library would (design: a near miss beside it
// is invalid_request before the code is looked up, else invalid_grant).
func checkTokenForm(c *call) *refusal {
	if c.form.Get("grant_type") == "" {
		if near := nearMiss(c.unknown, "grant_type"); near != "" {
			return refuse(errInvalidRequest, "grant_type is missing; %s came: is it misspelt?", near)
		}
		return refuse(errInvalidRequest, "grant_type is missing")
	}
	if !slices.Contains(offeredGrants, c.form.Get("grant_type")) {
		return refuse(errUnsupportedGrant, "grant_type must be one of %s", strings.Join(offeredGrants, ", "))
	}
	if c.form.Get("grant_type") == storage.GrantClientCredentials && c.app.Public() {
		return refuse(errInvalidClient, descriptionClient) // the library would make it a 400
	}
	for _, name := range neededParams[c.form.Get("grant_type")] {
		if c.form.Get(name) != "" {
			continue
		}
		if near := nearMiss(c.unknown, name); near != "" {
			return refuse(errInvalidRequest, "%s is missing; %s came: is it misspelt?", name, near)
		}
		if name == "redirect_uri" {
			return refuse(errInvalidGrant, "redirect_uri is missing: send the one the code was asked for with")
		}
		return refuse(errInvalidRequest, "%s is missing", name)
	}
	return nil
}

func checkTokenParam(c *call) *refusal {
	if c.form.Get("token") == "" {
		return refuse(errInvalidRequest, "token is missing")
	}
	return nil
}

// checkIntrospectForm keeps public apps out: whoever asks must be authenticated (RFC 7662 §2.1).
func checkIntrospectForm(c *call) *refusal {
	if c.app.Public() {
		return refuse(errInvalidClient, descriptionClient)
	}
	return checkTokenParam(c)
}
