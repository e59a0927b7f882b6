package provider

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/propusk/propusk/storage"
)

// object9101 is the request object of RFC 9101 §4, signature and all; rfcKey verifies it.
const object9101 = "eyJhbGciOiJSUzI1NiIsImtpZCI6ImsyYmRjIn0.ewogICAgImlzcyI6ICJzNkJoZF" +
	"JrcXQzIiwKICAgICJhdWQiOiAiaHR0cHM6Ly9zZXJ2ZXIuZXhhbXBsZS5jb20iLAog" +
	"ICAgInJlc3BvbnNlX3R5cGUiOiAiY29kZSBpZF90b2tlbiIsCiAgICAiY2xpZW50X2" +
	"lkIjogInM2QmhkUmtxdDMiLAogICAgInJlZGlyZWN0X3VyaSI6ICJodHRwczovL2Ns" +
	"aWVudC5leGFtcGxlLm9yZy9jYiIsCiAgICAic2NvcGUiOiAib3BlbmlkIiwKICAgIC" +
	"JzdGF0ZSI6ICJhZjBpZmpzbGRraiIsCiAgICAibm9uY2UiOiAibi0wUzZfV3pBMk1q" +
	"IiwKICAgICJtYXhfYWdlIjogODY0MDAKfQ.Nsxa_18VUElVaPjqW_ToI1yrEJ67BgK" +
	"b5xsuZRVqzGkfKrOIX7BCx0biSxYGmjK9KJPctH1OC0iQJwXu5YVY-vnW0_PLJb1C2" +
	"HG-ztVzcnKZC2gE4i0vgQcpkUOCpW3SEYXnyWnKzuKzqSb1wAZALo5f89B_p6QA6j6" +
	"JwBSRvdVsDPdulW8lKxGTbH82czCaQ50rLAg3EYLYaCb4ik4I1zGXE4fvim9FIMs8O" +
	"CMmzwIB5S-ujFfzwFjoyuPEV4hJnoVUmXR_W9typPf846lGwA8h9G9oNTIuX8Ft2jf" +
	"pnZdFmLg3_wr3Wa5q3a-lfbgF3S9H_8nN3j1i7tLR_5Nz-g"

// object9101URI is the address of the example of §5.2.1.
const object9101URI = "https://tfp.example.org/request.jwt/GkurKxf5T0Y-mnPFCHqWOMiZi4VS138cQO_V7PZHAdM"

// claims9101 are the claims of the example of §4 for the client's key in the world, with some changed.
func claims9101(changes ...any) map[string]any {
	return changedClaims(map[string]any{
		"iss": rfcClient, "aud": rfcIssuer, "response_type": "code id_token", "client_id": rfcClient, "redirect_uri": "https://client.example.org/cb",
		"scope": "openid", "state": "af0ifjsldkj", "nonce": "n-0S6_WzA2Mj", "max_age": 86400,
	}, changes...)
}

// answered9101 holds what came of a request against the parameters of the example's object, and returns it.
func answered9101(t *testing.T, w *world, what string, rec *httptest.ResponseRecorder) url.Values {
	t.Helper()
	uri, fragment, _ := strings.Cut(rec.Header().Get("Location"), "#")
	got, err := url.ParseQuery(fragment)
	if rec.Code != http.StatusSeeOther || uri != "https://client.example.org/cb" || err != nil || got.Get("state") != "af0ifjsldkj" || got.Get("code") == "" || got.Get("iss") != rfcIssuer {
		t.Fatalf("%s: %d %v %s", what, rec.Code, rec.Header(), rec.Body)
	}
	age := int64(86400)
	want := &storage.AuthRequest{
		ID: w.asked.ID, AppID: rfcClient, RedirectURI: "https://client.example.org/cb", ResponseType: "code id_token", ResponseMode: modeFragment,
		State: "af0ifjsldkj", Nonce: "n-0S6_WzA2Mj", MaxAge: &age, Scopes: []string{"openid"}, CreatedAt: w.clock.Now(),
	}
	if diff := cmp.Diff(want, w.asked, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
	if claims := payload(t, got.Get("id_token")); claims["nonce"] != "n-0S6_WzA2Mj" || claims["aud"] != rfcClient {
		t.Errorf("%s: id_token %v", what, claims)
	}
	return got
}

// TestRFC9101ByValue sends the requests of §5 and §5.1 as they are printed, with the RFC's own signature.
func TestRFC9101ByValue(t *testing.T) {
	w := rfcWorld(t)
	for name, query := range map[string]string{
		"§5.1":                          "client_id=s6BhdRkqt3&request=" + object9101,
		"§5, duplicated for old":        "client_id=s6BhdRkqt3&response_type=code%20id_token&scope=openid&state=af0ifjsldkj&request=" + object9101,
		"§6.3, other values outside":    "client_id=s6BhdRkqt3&scope=openid%20profile&state=evil&nonce=evil&redirect_uri=https%3A%2F%2Fclient.example%2Fcb&max_age=1&request=" + object9101,
		"§6.3, more parameters outside": "client_id=s6BhdRkqt3&prompt=login&login_hint=bob&acr_values=9&response_mode=form_post&ui_locales=ru&claims=%7B%7D&request=" + object9101,
		"§6.3, PKCE outside":            "client_id=s6BhdRkqt3&code_challenge_method=S256&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&request=" + object9101,
		"an empty response_type":        "client_id=s6BhdRkqt3&response_type=&request=" + object9101,
	} {
		w.asked = nil
		rec := w.example("GET /connect/authorize?" + query + " HTTP/1.1\nHost: server.example.com")
		got := answered9101(t, w, name, rec)
		form := url.Values{"grant_type": {storage.GrantCode}, "code": {got.Get("code")}, "redirect_uri": {"https://client.example.org/cb"}}
		if tokens := w.token(form, basic(rfcClient, "gX1fBat3bV")...); tokens.status != http.StatusOK {
			t.Errorf("%s: %+v", name, tokens)
		}
		if strings.Contains(rec.Header().Get("Location"), "evil") {
			t.Errorf("%s: %s", name, rec.Header().Get("Location"))
		}
	}
}

// third is the trusted third party of §5.2.1, whose only resource is the example's.
func (w *world) third(kind, body string) *int {
	w.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	w.must(err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), DNSNames: []string{"tfp.example.org"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Unix(0, 0), NotAfter: time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	w.must(err)
	leaf, err := x509.ParseCertificate(der)
	w.must(err)
	calls := 0
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		calls++
		if r.Method != http.MethodGet || r.Host != "tfp.example.org" || r.URL.String() != strings.TrimPrefix(object9101URI, "https://tfp.example.org") {
			http.NotFound(rw, r)
			return
		}
		rw.Header().Set("Content-Type", kind)
		_, _ = rw.Write([]byte(body))
	}))
	server.TLS = &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}
	server.StartTLS()
	w.t.Cleanup(server.Close)
	roots := x509.NewCertPool()
	roots.AddCert(leaf)
	w.p.out = newOutgoing(Config{Roots: roots})
	var dialer net.Dialer
	transport := w.p.out.client.Transport.(*http.Transport)
	transport.DialContext = func(ctx context.Context, network, _ string) (net.Conn, error) {
		return dialer.DialContext(ctx, network, server.Listener.Addr().String())
	}
	return &calls
}

// TestRFC9101ByReference is §5.2.2 and §5.2.3.
func TestRFC9101ByReference(t *testing.T) {
	w := rfcWorld(t)
	calls := w.third("application/oauth-authz-req+jwt", object9101)
	const request = `GET /connect/authorize?
  client_id=s6BhdRkqt3
  &request_uri=https%3A%2F%2Ftfp.example.org%2Frequest.jwt
  %2FGkurKxf5T0Y-mnPFCHqWOMiZi4VS138cQO_V7PZHAdM HTTP/1.1
Host: server.example.com`
	if rec := w.example(request); rec.Code != http.StatusBadRequest || w.asked != nil || *calls != 0 {
		t.Errorf("not registered (§10.4.1 a): %d, %d calls", rec.Code, *calls)
	}
	w.change(rfcClient, func(a *storage.App) { a.Registration.RequestURIs = []string{object9101URI} })
	answered9101(t, w, "§5.2.2", w.example(request))
	if *calls != 1 {
		t.Errorf("%d calls", *calls)
	}
}
