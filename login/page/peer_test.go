package page

import (
	"net/http"
	"testing"
)

func TestPeer(t *testing.T) {
	for remote, want := range map[string]string{
		"192.0.2.7:1234":          "192.0.2.7",
		"192.0.2.7":               "192.0.2.7",
		"[2001:db8::1]:1234":      "2001:db8::1",
		"2001:db8::1":             "2001:db8::1",
		"[::ffff:192.0.2.7]:1234": "192.0.2.7",
		"[fe80::1%eth0]:1234":     "fe80::1",
		"fe80::1%eth0":            "fe80::1",
		"@":                       "",
		"":                        "",
	} {
		r := &http.Request{RemoteAddr: remote}
		if got := PeerText(r); got != want || Peer(r).IsValid() != (want != "") {
			t.Errorf("%q: got %q, want %q", remote, got, want)
		}
	}
}
