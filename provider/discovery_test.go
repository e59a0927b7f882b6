package provider

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/propusk/propusk/storage"
)

func TestDocuments(t *testing.T) {
	w := newWorld(t)
	for _, path := range []string{PathDiscovery, PathMetadata, PathJWKS} {
		rec := w.get(path)
		h := rec.Header()
		if rec.Code != 200 || h.Get("Content-Type") != "application/json" || h.Get("Cache-Control") != "public, max-age=300" || h.Get("Access-Control-Allow-Origin") != "*" {
			t.Errorf("%s: %d %v", path, rec.Code, h)
		}
		again := w.get(path, "If-None-Match", h.Get("ETag"))
		if h.Get("ETag") == "" || again.Code != http.StatusNotModified || again.Body.Len() != 0 {
			t.Errorf("%s with its ETag: %d", path, again.Code)
		}
		if rec := w.post(path, nil); rec.Code != http.StatusMethodNotAllowed {
			t.Errorf("POST %s: %d", path, rec.Code)
		}
	}
	var doc metadata
	err := json.Unmarshal(w.get(PathDiscovery).Body.Bytes(), &doc)
	if err != nil {
		t.Fatal(err)
	}
	if doc.Issuer != w.p.issuer || !slices.Contains(doc.Scopes, "extern.api") || !slices.Contains(doc.Claims, "phone_number_verified") {
		t.Errorf("discovery: %+v", doc)
	}
	if w.get(PathMetadata).Body.String() != w.get(PathDiscovery).Body.String() {
		t.Error("RFC 8414 metadata differs from discovery")
	}
}

// TestScopeAppears: the documents are generated from what is there, not written down.
func TestScopeAppears(t *testing.T) {
	w := newWorld(t)
	before := w.get(PathDiscovery)
	text := map[string]string{"en": "x", "ru": "x"}
	err := w.db.CreateScope(t.Context(), storage.System, storage.Scope{Name: "files.read", Title: text, Text: text, Claims: []string{"quota"}})
	if err != nil {
		t.Fatal(err)
	}
	after := w.get(PathDiscovery, "If-None-Match", before.Header().Get("ETag"))
	if after.Code != 200 || !strings.Contains(after.Body.String(), `"files.read"`) || !strings.Contains(after.Body.String(), `"quota"`) {
		t.Errorf("after a new scope: %d %s", after.Code, after.Body)
	}
}

func TestKeyRotation(t *testing.T) {
	w := newWorld(t)
	old := header(t, w.login().IDToken)["kid"]
	before := kids(t, w)
	hint := w.login().IDToken
	_, err := w.db.RotateKeys(t.Context(), storage.System, "RS256", false)
	if err != nil {
		t.Fatal(err)
	}
	during := kids(t, w)
	if len(during) != len(before)+1 {
		t.Fatalf("the successor is not published: %v", during)
	}
	if got := header(t, w.login().IDToken)["kid"]; got != old {
		t.Errorf("signed with %v before clients could know it", got)
	}
	w.clock.Advance(storage.KeyPublishAhead)
	fresh := header(t, w.login().IDToken)["kid"]
	if fresh == old || !slices.Contains(during, fresh.(string)) {
		t.Errorf("signed with %v after its time had come", fresh)
	}
	if _, err := w.p.readHint(hint); err != nil {
		t.Errorf("a token of the retired key: %v", err)
	}
	w.clock.Advance(storage.KeyKeepAfter + time.Second)
	if slices.Contains(kids(t, w), old.(string)) {
		t.Error("the old key is still published")
	}
}

func TestJWKSHoldsNoSecrets(t *testing.T) {
	w := newWorld(t)
	var set struct{ Keys []map[string]any }
	err := json.Unmarshal(w.get(PathJWKS).Body.Bytes(), &set)
	if err != nil || len(set.Keys) != len(storage.SigningAlgs) {
		t.Fatalf("%d keys, %v", len(set.Keys), err)
	}
	for _, key := range set.Keys {
		for _, secret := range []string{"d", "p", "q", "dp", "dq", "qi", "k", "oth"} {
			if _, ok := key[secret]; ok {
				t.Errorf("key %v holds %s", key["kid"], secret)
			}
		}
		if key["kid"] == "" || key["use"] != "sig" || key["alg"] == "" {
			t.Errorf("key %v", key)
		}
	}
}

func TestAlgorithms(t *testing.T) {
	for _, alg := range storage.SigningAlgs {
		for _, format := range []string{storage.TokenOpaque, storage.TokenJWT} {
			t.Run(alg+" "+format, func(t *testing.T) {
				w := newWorld(t)
				w.change("demo", func(a *storage.App) { a.IDTokenAlg, a.AccessTokenFormat = alg, format })
				got := w.login("scope", "openid profile extern.api")
				if h := header(t, got.IDToken); h["alg"] != alg || h["typ"] != "JWT" {
					t.Errorf("id_token header: %v", h)
				}
				if format == storage.TokenJWT {
					h, claims := header(t, got.AccessToken), payload(t, got.AccessToken)
					if h["typ"] != "at+jwt" || claims["client_id"] != "demo" || claims["sub"] != w.session.UserID || claims["scope"] != "openid profile extern.api" {
						t.Errorf("access token (RFC 9068): %v %v", h, claims)
					}
				}
				if rec := w.get(PathUserInfo, "Authorization", "Bearer "+got.AccessToken); rec.Code != 200 {
					t.Errorf("userinfo: %d", rec.Code)
				}
				if rec := w.get(PathUserInfo, "Authorization", "Bearer "+got.IDToken); rec.Code != 401 {
					t.Errorf("an id_token as access token: %d", rec.Code)
				}
				if rec := w.get(PathEndSession + "?id_token_hint=" + got.AccessToken); rec.Code != 400 {
					t.Errorf("an access token as hint: %d", rec.Code)
				}
			})
		}
	}
}

func kids(t *testing.T, w *world) []string {
	t.Helper()
	var set struct {
		Keys []struct{ Kid string }
	}
	err := json.Unmarshal(w.get(PathJWKS).Body.Bytes(), &set)
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, key := range set.Keys {
		list = append(list, key.Kid)
	}
	return list
}

func header(t *testing.T, jwt string) map[string]any {
	t.Helper()
	return payload(t, strings.Join([]string{"", strings.SplitN(jwt, ".", 2)[0], ""}, "."))
}
