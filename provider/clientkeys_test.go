package provider

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/propusk/propusk/storage"
)

// TestKeyRotationOfClient: a client that swaps its keys is understood at once, and one that makes kids up
// does not make us call without end.
func TestKeyRotationOfClient(t *testing.T) {
	w := newWorld(t)
	h := w.newHost()
	one, two := newClientKey(t, "one", "ES256"), newClientKey(t, "two", "ES256")
	sameKid := newClientKey(t, "two", "ES256")
	h.answer(string(set(t, one)))
	w.change("demo", func(a *storage.App) {
		a.AuthMethods, a.Registration.JWKSURI = []string{storage.AuthPrivateKeyJWT}, h.at("/keys")
	})
	try := func(what string, k clientKey, status, calls int) {
		t.Helper()
		got := w.token(assertionForm(k.sign(t, w.assertionClaims())))
		if got.status != status || h.called() != calls {
			t.Errorf("%s: %d %s, %d calls; want %d, %d calls", what, got.status, got.Description, h.called(), status, calls)
		}
	}
	try("first", one, http.StatusOK, 1)
	try("from the cache", one, http.StatusOK, 1)
	h.answer(string(set(t, two)))
	w.clock.Advance(keysRetry)
	try("unknown kid", two, http.StatusOK, 2)
	for range 5 {
		try("made up, again and again", newClientKey(t, "x", "ES256"), http.StatusUnauthorized, 2)
	}
	try("withdrawn", one, http.StatusUnauthorized, 2)
	h.answer(string(set(t, sameKid)))
	w.clock.Advance(keysRetry)
	try("another key under a fresh kid", sameKid, http.StatusUnauthorized, 2)
	w.clock.Advance(keysDoubt)
	try("another key under an old kid", sameKid, http.StatusOK, 3)
	w.clock.Advance(keysKeep + time.Second)
	try("too old", sameKid, http.StatusOK, 4)
	h.answer("")
	w.clock.Advance(keysKeep + time.Second)
	try("gone", sameKid, http.StatusUnauthorized, 5)
	try("gone a moment ago", sameKid, http.StatusUnauthorized, 5)
	h.answer(string(set(t, sameKid)))
	w.clock.Advance(keysRetry)
	try("back", sameKid, http.StatusOK, 6)
}

// TestKeysSlow: those who waited for a call that took long and failed do not make it once more, each after
// the other.
func TestKeysSlow(t *testing.T) {
	w := newWorld(t)
	h := w.newHost()
	h.slow = func() { w.clock.Advance(fetchTime) }
	for range 3 {
		_, _, err := w.p.fetchedKeys(t.Context(), h.at("/keys"), keysKeep)
		if !errors.Is(err, errFetch) {
			t.Errorf("got %v", err)
		}
	}
	if got := h.called(); got != 1 {
		t.Errorf("%d calls, want 1", got)
	}
	w.clock.Advance(keysRetry)
	_, _, _ = w.p.fetchedKeys(t.Context(), h.at("/keys"), keysKeep)
	if got := h.called(); got != 2 {
		t.Errorf("%d calls after a while, want 2", got)
	}
}

func TestReadClientKeys(t *testing.T) {
	key := newClientKey(t, "one", "RS256")
	public := string(firstKey(t, key))
	private, err := json.Marshal(jose.JSONWebKey{Key: key.private, KeyID: "one"})
	if err != nil {
		t.Fatal(err)
	}
	small, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	p384, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	weak := string(firstKey(t, clientKey{"s", "RS256", small}))
	other := string(firstKey(t, clientKey{"c", "ES256", p384}))
	list := func(keys ...string) string { return `{"keys":[` + strings.Join(keys, ",") + `]}` }
	for name, tt := range map[string]struct {
		text string
		want int // -1: refused
	}{
		"good":            {list(public), 1},
		"none":            {list(), 0},
		"small, P-384":    {list(weak, other, public), 1},
		"unknown kty":     {list(`{"kty":"AKP","kid":"x","pub":"AA"}`, public), 1},
		"for encryption":  {list(strings.Replace(public, `"sig"`, `"enc"`, 1), public), 1},
		"for signing":     {list(strings.Replace(public, `{`, `{"key_ops":["sign"],`, 1)), 0},
		"private":         {list(public, string(private)), -1},
		"symmetric":       {list(public, `{"kty":"oct","k":"c2VjcmV0"}`), -1},
		"oct without k":   {list(`{"kty":"oct"}`), -1},
		"no keys":         {`{}`, -1},
		"keys null":       {`{"keys":null}`, -1},
		"keys twice":      {`{"keys":[],"keys":[` + public + `]}`, -1},
		"an array":        {`[` + public + `]`, -1},
		"key is a number": {`{"keys":[1]}`, -1},
		"too many":        {list(strings.Split(strings.Repeat(public+"|", jwksKeys)+public, "|")...), -1},
		"too large":       {list(public) + strings.Repeat(" ", jwksBytes), -1},
		"null":            {`null`, -1},
		"nothing":         {``, -1},
	} {
		got, err := readClientKeys([]byte(tt.text))
		if (err != nil) != (tt.want < 0) || err == nil && len(got) != tt.want {
			t.Errorf("%s: %d keys, %v; want %d", name, len(got), err, tt.want)
		}
	}
}

func TestPublic(t *testing.T) {
	for text, want := range map[string]bool{
		"8.8.8.8": true, "2606:4700::1111": true, "127.0.0.1": false, "::1": false, "10.1.2.3": false, "172.31.0.1": false, "192.168.1.1": false,
		"169.254.169.254": false, "100.64.0.1": false, "0.0.0.0": false, "::": false, "fe80::1": false, "fd00::1": false, "224.0.0.1": false,
		"255.255.255.255": false, "::ffff:127.0.0.1": false, "::ffff:10.0.0.1": false, "64:ff9b::7f00:1": false, "2002:7f00:1::": false, "198.18.0.1": false,
		"::127.0.0.1": false, "::ffff:0:7f00:1": false, "64:ff9b:1::a00:1": false, "100::1": false, "fec0::1": false, "5f00::1": false, "3fff::1": false, "192.88.99.1": false,
	} {
		if got := public(netip.MustParseAddr(text)); got != want {
			t.Errorf("%s: got %t, want %t", text, got, want)
		}
	}
}

// TestFetchGuard: where calls do not go. The lookup answers first publicly, then privately, as a name
// that is being rebound does; it is asked once.
func TestFetchGuard(t *testing.T) {
	w := newWorld(t)
	h := w.newHost()
	h.answer("{}")
	text, err := w.p.fetch(t.Context(), h.at("/x"), "*/*", 10)
	if err != nil || string(text) != "{}" {
		t.Fatalf("allowed by name: %q %v", text, err)
	}
	err = w.p.post(t.Context(), h.at("/x"), "text/plain", []byte("hello"))
	if err != nil {
		t.Errorf("post: %v", err)
	}
	h.answer("12345678901")
	calls := h.called()
	for name, address := range map[string]string{
		"too long": h.at("/x"), "redirect": h.at("/redirect"),
	} {
		_, err := w.p.fetch(t.Context(), address, "*/*", 10)
		if !errors.Is(err, errFetch) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if h.called() != calls+2 {
		t.Errorf("%d calls, want %d", h.called(), calls+2)
	}
	for name, address := range map[string]string{
		"private by name": strings.Replace(h.at("/x"), "example.com", "inside.test", 1), "loopback": h.URL + "/x", "metadata": "https://169.254.169.254/",
		"decimal": "https://2130706433/", "IPv6": "https://[::1]/", "http": "http://example.com/", "user": "https://a:b@example.com/", "fragment": "https://example.com/#x",
		"file": "file:///etc/passwd", "relative": "/x", "no host": "https:///x", "empty": "", "long": "https://example.com/" + strings.Repeat("x", 3000),
	} {
		_, err := w.p.fetch(t.Context(), address, "*/*", 10)
		if !errors.Is(err, errFetch) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if h.called() != calls+2 {
		t.Error("a forbidden call was made")
	}
	asked := 0
	w.p.out.lookup = func(context.Context, string) ([]netip.Addr, error) {
		asked++
		return []netip.Addr{netip.MustParseAddr("8.8.8.8"), netip.MustParseAddr("127.0.0.1")}, nil
	}
	_, err = w.p.fetch(t.Context(), "https://rebinding.test/", "*/*", 10)
	if !errors.Is(err, errFetch) || asked != 1 {
		t.Errorf("one private address among two: %v, %d lookups", err, asked)
	}
}
