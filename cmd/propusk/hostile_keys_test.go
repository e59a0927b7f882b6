package main

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/propusk/propusk/storage"
)

// hostileKeys holds the cases of signing keys.
var hostileKeys = map[string]func(*testing.T){
	"HC-098": keysPublished,
}

// keyMembers are what a published key may have (RFC 7517 §4, RFC 7518 §6): nothing private.
var keyMembers = []string{"kty", "kid", "use", "alg", "n", "e", "crv", "x", "y"}

// jwks reads the published keys.
func (w *world) jwks() (set jose.JSONWebKeySet, etag string) {
	w.t.Helper()
	got := w.get("/.well-known/openid-configuration/jwks")
	err := json.Unmarshal([]byte(got.body), &set)
	if err != nil || len(set.Keys) == 0 {
		w.t.Fatalf("JWKS: %d %s", got.status, got.body)
	}
	return set, got.header.Get("ETag")
}

// keyOf returns the id of the key a JWT is signed by, if one that is published verifies it.
func (w *world) keyOf(token string) string {
	w.t.Helper()
	set, _ := w.jwks()
	jws, err := jose.ParseSigned(token, []jose.SignatureAlgorithm{jose.RS256})
	if err != nil {
		w.t.Fatalf("JWT: %v", err)
	}
	kid := jws.Signatures[0].Header.KeyID
	for _, key := range set.Key(kid) {
		_, err := jws.Verify(key)
		if err == nil {
			return kid
		}
	}
	return "unpublished " + kid
}

// keysPublished: only public halves are published; a key is known before it is met and stays known until
// its last token has ended.
func keysPublished(t *testing.T) {
	w := newWorld(t, inProduction)
	var members struct{ Keys []map[string]any }
	err := json.Unmarshal([]byte(w.get("/.well-known/openid-configuration/jwks").body), &members)
	if err != nil || len(members.Keys) < len(storage.SigningAlgs) {
		t.Fatalf("JWKS: %v, %d keys", err, len(members.Keys))
	}
	for _, key := range members.Keys {
		for name := range key {
			if !slices.Contains(keyMembers, name) {
				t.Errorf("key %v has the member %s", key["kid"], name)
			}
		}
		if key["use"] != "sig" || key["kid"] == "" || key["alg"] == "" {
			t.Errorf("key %v: use %v, alg %v", key["kid"], key["use"], key["alg"])
		}
	}

	w.changeApp(plainApp.id, func(a *storage.App) { a.AccessTokenFormat = storage.TokenJWT })
	p := w.person("alice")
	old := w.login(p, plainApp)
	former := w.keyOf(old.id)
	_, oldETag := w.jwks()
	made, err := w.db.RotateKeys(t.Context(), storage.System, "RS256", false)
	if err != nil {
		t.Fatal(err)
	}
	next := made[0].ID
	set, etag := w.jwks()
	if len(set.Key(next)) != 1 || len(set.Key(former)) != 1 || etag == oldETag {
		t.Error("the next key is not published at once beside the former, or caches cannot tell")
	}
	w.clock.Advance(storage.KeyPublishAhead - time.Second)
	if kid := w.keyOf(w.login(p, plainApp).id); kid != former {
		t.Errorf("signed by %s before its time, want %s", kid, former)
	}
	w.clock.Advance(time.Second)
	fresh := w.login(p, plainApp)
	if kid := w.keyOf(fresh.id); kid != next || w.keyOf(fresh.access) != next {
		t.Errorf("signed by %s, want %s", kid, next)
	}
	keysFormer(t, w, p, old, former)
}

// keysFormer checks that what the former key has signed holds until its end, and that the key then goes.
func keysFormer(t *testing.T, w *world, p *person, old tokens, former string) {
	t.Helper()
	if w.keyOf(old.id) != former || w.keyOf(old.access) != former {
		t.Error("tokens of the former key no longer verify")
	}
	if got := w.userinfo(old.access); got.status != 200 {
		t.Errorf("access token of the former key: got %d %s", got.status, got.body)
	}
	w.clock.Advance(time.Hour - storage.KeyPublishAhead - time.Second)
	if got := w.userinfo(old.access); got.status != 200 {
		t.Errorf("access token of the former key in its last second: got %d %s", got.status, got.body)
	}
	w.clock.Advance(time.Second)
	if got := w.userinfo(old.access); got.status != 401 {
		t.Errorf("expired access token of the former key: got %d", got.status)
	}
	got := p.get(endSessionPath("id_token_hint", old.id, "post_logout_redirect_uri", afterLogout))
	if got.header.Get("Location") != afterLogout+"?state=st" {
		t.Errorf("hint signed by the former key: got %d to %q", got.status, got.header.Get("Location"))
	}
	if storage.KeyKeepAfter < 24*time.Hour {
		t.Errorf("keys are kept %s, less than the longest access token lives", storage.KeyKeepAfter)
	}
	w.clock.Advance(storage.KeyKeepAfter)
	set, _ := w.jwks()
	if len(set.Key(former)) != 0 {
		t.Error("the former key is published for ever")
	}
	got = p.get(endSessionPath("id_token_hint", old.id, "post_logout_redirect_uri", afterLogout))
	if got.header.Get("Location") != "" {
		t.Errorf("hint signed by a key that is gone: got %d to %q", got.status, got.header.Get("Location"))
	}
}
