package provider

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/propusk/propusk/storage"
)

// honest is the authorization server of RFC 9207's examples, whose client is at https://client.example/cb.
func honest(t *testing.T, front func(*world, http.ResponseWriter, *http.Request, *storage.AuthRequest)) *world {
	t.Helper()
	w := rfcWorld(t)
	w.p.issuer = "https://honest.as.example"
	if front != nil {
		w.handler = w.p.Handler(Front{Authorize: func(rw http.ResponseWriter, r *http.Request, req *storage.AuthRequest) { front(w, rw, r, req) }})
	}
	return w
}

func request9207(changes ...string) url.Values {
	q := url.Values{"response_type": {"code"}, "client_id": {rfcClient}, "redirect_uri": {"https://client.example/cb"}, "scope": {"read"}, "state": {"ZWVlNDBlYzA1NjdkMDNhYjg3ZjUxZjAyNGQzMTM2NzI"}}
	for i := 0; i+1 < len(changes); i += 2 {
		q.Set(changes[i], changes[i+1])
	}
	return q
}

// TestRFC9207Success is the example of §2.1, letter by letter but for the code.
func TestRFC9207Success(t *testing.T) {
	w := honest(t, nil)
	rec := w.get(PathAuthorize + "?" + request9207().Encode())
	location := rec.Header().Get("Location")
	head, rest, _ := strings.Cut(location, "code=")
	code, tail, _ := strings.Cut(rest, "&")
	if rec.Code != http.StatusSeeOther || head != "https://client.example/cb?" || code == "" ||
		tail != "state=ZWVlNDBlYzA1NjdkMDNhYjg3ZjUxZjAyNGQzMTM2NzI&iss=https%3A%2F%2Fhonest.as.example" {
		t.Errorf("%d %s", rec.Code, location)
	}
}

// TestRFC9207Error is the example of §2.2.
func TestRFC9207Error(t *testing.T) {
	w := honest(t, func(w *world, rw http.ResponseWriter, r *http.Request, req *storage.AuthRequest) {
		w.p.Refuse(rw, r, req, errAccessDenied, "the person said no")
	})
	rec := w.get(PathAuthorize + "?" + request9207("state", "N2JjNGJhY2JiZjRhYzA3MGJkMzNmMDEyYWJhZmZjMjQ").Encode())
	want := "https://client.example/cb?error=access_denied&error_description=the+person+said+no&state=N2JjNGJhY2JiZjRhYzA3MGJkMzNmMDEyYWJhZmZjMjQ&iss=https%3A%2F%2Fhonest.as.example"
	same(t, "Location", want, rec.Header().Get("Location"))
}

// TestRFC9207Everywhere: iss is in every response, whatever it says and however it goes (§2: in success and in
// error responses), and is the issuer of the metadata (§2.4), which says that it is there (§3).
func TestRFC9207Everywhere(t *testing.T) {
	w := honest(t, nil)
	doc := w.object(w.get(PathMetadata))
	if doc["issuer"] != "https://honest.as.example" || doc["authorization_response_iss_parameter_supported"] != true {
		t.Errorf("metadata: %v, %v", doc["issuer"], doc["authorization_response_iss_parameter_supported"])
	}
	for name, c := range map[string]struct {
		q     url.Values
		error string
		mode  string
	}{
		"code":                    {request9207(), "", modeQuery},
		"form_post":               {request9207("response_mode", "form_post"), "", modeFormPost},
		"hybrid":                  {request9207("response_type", "code id_token", "scope", "openid", "nonce", "n"), "", modeFragment},
		"hybrid, form_post":       {request9207("response_type", "code id_token", "scope", "openid", "nonce", "n", "response_mode", "form_post"), "", modeFormPost},
		"unknown type":            {request9207("response_type", "token"), errUnsupportedResponse, modeFragment},
		"unknown scope":           {request9207("scope", "nothing"), errInvalidScope, modeQuery},
		"prompt none and login":   {request9207("prompt", "none login"), errInvalidRequest, modeQuery},
		"bad PKCE":                {request9207("code_challenge", "x"), errInvalidRequest, modeQuery},
		"bad request object":      {request9207("request", "x"), errInvalidRequestObject, modeQuery},
		"bad reference":           {request9207("request_uri", "https://x.example/"), errInvalidRequestURI, modeQuery},
		"no nonce, form_post":     {request9207("response_type", "code id_token", "scope", "openid", "response_mode", "form_post"), errInvalidRequest, modeFormPost},
		"registration in request": {request9207("registration", "{}"), errRegistrationNotSup, modeQuery},
	} {
		got, mode := w.answer(c.q)
		if iss := got["iss"]; len(iss) != 1 || iss[0] != doc["issuer"] || got.Get("error") != c.error || mode != c.mode {
			t.Errorf("%s: got %v by %s, want error %q by %s", name, got, mode, c.error, c.mode)
		}
		if token := got.Get("id_token"); token != "" && payload(t, token)["iss"] != got.Get("iss") { // §2.4: both must be the same
			t.Errorf("%s: iss %s, in the id_token %v", name, got.Get("iss"), payload(t, token)["iss"])
		}
	}
}
