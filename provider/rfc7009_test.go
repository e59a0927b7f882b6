package provider

import (
	"net/http"
	"testing"
)

// TestRFC7009 is the example of RFC 7009 §2.1: a token that is none is no error, one that stands ends.
func TestRFC7009(t *testing.T) {
	w := rfcWorld(t)
	revoke := func(token, hint string) {
		t.Helper()
		rec := w.example(`POST /connect/revocation HTTP/1.1
Host: server.example.com
Content-Type: application/x-www-form-urlencoded
Authorization: Basic czZCaGRSa3F0MzpnWDFmQmF0M2JW

token=` + token + `&token_type_hint=` + hint)
		if rec.Code != http.StatusOK || rec.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("%d %v %s", rec.Code, rec.Header(), rec.Body)
		}
	}
	live := func(token string) bool { return w.introspectAs(token, "")["active"] == true }
	revoke("45ghiukldjahdnhzdauz", "refresh_token") // §2.2
	got := w.rfcLogin("read offline_access")
	revoke(got.AccessToken, "access_token")
	if live(got.AccessToken) || !live(got.RefreshToken) {
		t.Error("revoking an access token must end it and nothing else")
	}
	got = w.rfcLogin("read offline_access")
	revoke(got.RefreshToken, "access_token") // §2.1: a wrong hint is no reason not to find it
	if live(got.RefreshToken) || live(got.AccessToken) {
		t.Error("revoking a refresh token must end the access tokens of its grant too")
	}
	revoke(got.RefreshToken, "unknown_type")
	again := w.token(refreshForm(got.RefreshToken), basic(rfcClient, "gX1fBat3bV")...)
	if again.status != http.StatusBadRequest || again.Error != errInvalidGrant {
		t.Errorf("a revoked refresh token: %+v", again)
	}
	w.refusedAs("no token", w.post(PathRevocation, nil, basic(rfcClient, "gX1fBat3bV")...), http.StatusBadRequest, errInvalidRequest)
	w.refusedAs("wrong secret", w.post(PathRevocation, map[string][]string{"token": {"x"}}, basic(rfcClient, "wrong-secret")...), http.StatusUnauthorized, errInvalidClient)
	foreign := w.login().AccessToken // §2.1: the server verifies that the token was issued to the client
	if rec := w.post(PathRevocation, map[string][]string{"token": {foreign}}, basic(rfcClient, "gX1fBat3bV")...); rec.Code != http.StatusBadRequest || !w.active(foreign) {
		t.Errorf("another app's token: %d", rec.Code)
	}
}
