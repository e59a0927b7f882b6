package storage_test

import (
	"errors"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/propusk/propusk/storage"
	"github.com/propusk/propusk/storage/storagetest"
)

// made creates an app and returns it, or the reason and value of why not.
func made(t *testing.T, db *storage.DB, app storage.App) (*storage.App, string) {
	t.Helper()
	app.Name = "Made"
	a, _, err := db.CreateApp(t.Context(), storage.Command, storage.NewApp{App: app})
	var invalid *storage.Invalid
	if errors.As(err, &invalid) {
		return nil, strings.TrimSpace(invalid.Field + " " + invalid.Reason + " " + invalid.Value)
	}
	if err != nil {
		t.Fatal(err)
	}
	return a, ""
}

func TestTrustedDomains(t *testing.T) {
	db := storagetest.New(t)
	for _, c := range []struct {
		name string
		in   []string
		want []string
		why  string
	}{
		{"the document's", []string{"dashboard.api.tpu.dev", "api.tpu.dev", "api.tpu.ru", "api.tpu.ru/dashboard"},
			[]string{"dashboard.api.tpu.dev", "api.tpu.dev", "api.tpu.ru", "api.tpu.ru/dashboard"}, ""},
		{"tidied", []string{" API.tpu.ru/Dashboard/ ", "", "api.tpu.ru/Dashboard", "a.example:443", "a.example"},
			[]string{"api.tpu.ru/Dashboard", "a.example"}, ""},
		{"ports and addresses", []string{"a.example:8443/x", "[2001:DB8::1]:8443", "192.0.2.1"}, []string{"a.example:8443/x", "[2001:db8::1]:8443", "192.0.2.1"}, ""},
		{"scheme", []string{"https://a.example"}, nil, "trusted_domains domain_invalid https://a.example"},
		{"wildcard", []string{"*.example"}, nil, "trusted_domains domain_invalid *.example"},
		{"user", []string{"me@a.example"}, nil, "trusted_domains domain_invalid me@a.example"},
		{"port", []string{"a.example:0"}, nil, "trusted_domains domain_invalid a.example:0"},
		{"dots", []string{"a.example/../x"}, nil, "trusted_domains domain_invalid a.example/../x"},
		{"query", []string{"a.example/x?y"}, nil, "trusted_domains domain_invalid a.example/x?y"},
		{"blank within", []string{"a.example b.example"}, nil, "trusted_domains domain_invalid a.example b.example"},
		{"letters that are not ASCII", []string{"пример.рф"}, nil, "trusted_domains domain_invalid пример.рф"},
		{"path alone", []string{"/dashboard"}, nil, "trusted_domains domain_invalid /dashboard"},
		{"empty segment", []string{"a.example/x//y"}, nil, "trusted_domains domain_invalid a.example/x//y"},
		{"escapes", []string{"a.example/x%20y"}, []string{"a.example/x%20y"}, ""},
		{"escapes that may leave", []string{"a.example/x%3by"}, nil, "trusted_domains domain_invalid a.example/x%3by"},
		{"too many", strings.Fields(many("d%d.example", 51)), nil, "trusted_domains domain_too_many"},
	} {
		t.Run(c.name, func(t *testing.T) {
			app, why := made(t, db, storage.App{TrustedDomains: c.in})
			if why != c.why {
				t.Fatalf("got %q, want %q", why, c.why)
			}
			if app != nil {
				if diff := cmp.Diff(c.want, app.TrustedDomains); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
			}
		})
	}
}

// many fills numbers into a pattern, separated by blanks.
func many(pattern string, count int) string {
	var b strings.Builder
	for i := range count {
		b.WriteString(strings.ReplaceAll(pattern, "%d", strings.Repeat("1", i+1)) + " ")
	}
	return b.String()
}

// TestDomainBound compares URIs with the bound as they are used and as they are registered.
func TestDomainBound(t *testing.T) {
	const domains = "api.tpu.ru/dashboard app.example app.example:8443 192.0.2.1"
	for _, c := range []struct {
		name string
		kind storage.AppType
		uris string
		want bool
	}{
		{"within", storage.AppWeb, "https://api.tpu.ru/dashboard https://api.tpu.ru/dashboard/ https://api.tpu.ru/dashboard/cb?x=1 https://api.tpu.ru/dashboard?x " +
			"https://app.example https://app.example/ https://app.example/any/cb https://app.example:443/cb https://APP.example/cb https://app.example:8443/cb https://192.0.2.1/", true},
		{"path by whole segments", storage.AppWeb, "https://api.tpu.ru/ https://api.tpu.ru/dashboards https://api.tpu.ru/dashboard-x/cb https://api.tpu.ru/Dashboard " +
			"https://api.tpu.ru/x/dashboard https://api.tpu.ru/dashboard;x/cb https://api.tpu.ru?dashboard", false},
		{"escapes that stay within", storage.AppWeb, "https://api.tpu.ru/dashboard/%D0%BA%20x/~%7E?next=%2e%2e%2f%25", true},
		{"escapes that may leave", storage.AppWeb, "https://api.tpu.ru/dashboard/..%3b/x https://api.tpu.ru/dashboard/..%3B/x https://api.tpu.ru/dashboard/%252e%252e/x " +
			"https://api.tpu.ru/dashboard/%c0%ae%c0%ae/x https://api.tpu.ru/dashboard/%C1%9c/x https://api.tpu.ru/dashboard/%e0%80%ae/x https://api.tpu.ru/dashboard/%f0%80%80%ae/x " +
			"https://api.tpu.ru/dashboard/%0d%0a https://api.tpu.ru/dashboard/%09 https://api.tpu.ru/dashboard/%7f https://api.tpu.ru/dashboard/%c2%85 https://api.tpu.ru/dashboard/%ff https://api.tpu.ru/dashboard/%2e " +
			"https://api.tpu.ru/dashboard/%2f https://api.tpu.ru/dashboard/%5c https://api.tpu.ru/dashboard/x%25", false},
		{"escapes without a path to leave", storage.AppWeb, "https://app.example/a%3bb/x%25", true},
		{"exact host", storage.AppWeb, "https://x.app.example/ https://app.example.evil/ https://example/ https://evilapp.example/ https://192.0.2.10/", false},
		{"exact port", storage.AppWeb, "https://app.example:8444/ https://app.example:80/ https://api.tpu.ru:8443/dashboard", false},
		{"this machine", storage.AppWeb, "http://localhost:3000/cb http://127.0.0.1:1/ http://[::1]/", true},
		{"private scheme", storage.AppNative, "com.example.app:/cb", true},
	} {
		for uri := range strings.FieldsSeq(c.uris) {
			app := &storage.App{Type: c.kind, Enabled: true, TrustedDomains: strings.Fields(domains), RedirectURIs: []string{uri}, PostLogoutURIs: []string{uri}}
			if got := app.MatchRedirectURI(uri); got != c.want {
				t.Errorf("%s: %s: got matches %t, want %t", c.name, uri, got, c.want)
			}
			if got := app.MatchPostLogoutURI(uri); got != c.want {
				t.Errorf("%s: %s after logout: got matches %t, want %t", c.name, uri, got, c.want)
			}
			if got := storage.CheckRedirectURI(app, uri) == nil && storage.CheckPostLogoutURI(app, uri) == nil; got != c.want {
				t.Errorf("%s: %s: got registers %t, want %t", c.name, uri, got, c.want)
			}
		}
	}
}

func TestDomainOrigin(t *testing.T) {
	app := &storage.App{Type: storage.AppBrowser, Enabled: true, TrustedDomains: []string{"app.example/in"},
		RedirectURIs: []string{"https://app.example/in/cb", "https://out.example/cb"}}
	for origin, want := range map[string]bool{"https://app.example": true, "https://out.example": false} {
		if got := app.AllowsOrigin(origin); got != want {
			t.Errorf("%s: got %t, want %t", origin, got, want)
		}
	}
}

// TestDomainChanges changes domains and URIs against each other.
func TestDomainChanges(t *testing.T) {
	dev := storagetest.New(t)
	served := served(t)
	for _, c := range []struct {
		name    string
		db      *storage.DB
		domains []string
		uris    []string
		logout  []string
		want    string
	}{
		{"domain that holds it", dev, []string{"app.example"}, nil, nil, ""},
		{"domain that excludes it", dev, []string{"app.example/x"}, nil, nil, "trusted_domains domain_excludes https://app.example/cb"},
		{"URI outside", dev, []string{"app.example"}, []string{"https://app.example/cb", "https://b.example/"}, nil, "redirect_uris domain_excludes https://b.example/"},
		{"address after signing out", dev, []string{"app.example"}, nil, []string{"https://b.example/"}, "post_logout_redirect_uris domain_excludes https://b.example/"},
		{"this machine in dev", dev, []string{"app.example"}, []string{"http://localhost:3000/cb"}, nil, ""},
		{"this machine in production", served, []string{"app.example"}, []string{"http://localhost:3000/cb"}, nil, "redirect_uris domain_excludes http://localhost:3000/cb"},
		{"this machine in production, named", served, []string{"app.example", "localhost"}, []string{"http://localhost:3000/cb"}, nil, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			app, why := made(t, c.db, storage.App{RedirectURIs: []string{"https://app.example/cb"}})
			if why != "" {
				t.Fatal(why)
			}
			_, err := c.db.UpdateApp(t.Context(), storage.Command, app.ID, func(a *storage.App) error {
				a.TrustedDomains, a.PostLogoutURIs = c.domains, c.logout
				if c.uris != nil {
					a.RedirectURIs = c.uris
				}
				return nil
			})
			got := ""
			var invalid *storage.Invalid
			if errors.As(err, &invalid) {
				got = invalid.Field + " " + invalid.Reason + " " + invalid.Value
			}
			if got != c.want || err != nil && got == "" {
				t.Errorf("got %q (%v), want %q", got, err, c.want)
			}
		})
	}
}

// served is an empty production database.
func served(t *testing.T) *storage.DB {
	t.Helper()
	db, err := storage.Create(t.Context(), storage.Config{Dir: t.TempDir() + "/data", MasterKey: storage.NewMasterKey(), Issuer: "https://id.example"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

func TestNetworkAddresses(t *testing.T) {
	db := storagetest.New(t)
	for _, c := range []struct {
		name string
		in   string
		want string
		why  string
	}{
		{"addresses and networks", "192.0.2.7 192.0.2.0/24 2001:DB8::/32 2001:db8::1", "192.0.2.7 192.0.2.0/24 2001:db8::/32 2001:db8::1", ""},
		{"normalized", "10.1.2.3/8 ::ffff:192.0.2.7 ::ffff:10.0.0.0/104 192.0.2.7/32 2001:db8::1/128", "10.0.0.0/8 192.0.2.7 2001:db8::1", ""},
		{"name", "localhost", "", "network_addresses network_invalid localhost"},
		{"leading zero", "192.0.2.07", "", "network_addresses network_invalid 192.0.2.07"},
		{"zone", "fe80::1%eth0", "", "network_addresses network_invalid fe80::1%eth0"},
		{"too short", "10.0.0.0/33", "", "network_addresses network_invalid 10.0.0.0/33"},
		{"IPv4 and more", "::ffff:10.0.0.0/90", "", "network_addresses network_invalid ::ffff:10.0.0.0/90"},
		{"range", "192.0.2.1-9", "", "network_addresses network_invalid 192.0.2.1-9"},
	} {
		t.Run(c.name, func(t *testing.T) {
			app, why := made(t, db, storage.App{NetworkAddresses: strings.Fields(c.in)})
			if why != c.why {
				t.Fatalf("got %q, want %q", why, c.why)
			}
			if app != nil && strings.Join(app.NetworkAddresses, " ") != c.want {
				t.Errorf("got %q, want %q", app.NetworkAddresses, c.want)
			}
		})
	}
	var list []string
	for i := range 51 {
		list = append(list, netip.AddrFrom4([4]byte{192, 0, 2, byte(i)}).String())
	}
	_, why := made(t, db, storage.App{NetworkAddresses: list})
	if why != "network_addresses network_too_many" {
		t.Errorf("51 addresses: got %q", why)
	}
}

func TestAllowsAddress(t *testing.T) {
	app := &storage.App{NetworkAddresses: []string{"192.0.2.7", "10.0.0.0/8", "2001:db8::/32"}}
	for text, want := range map[string]bool{
		"192.0.2.7": true, "192.0.2.8": false, "10.255.0.1": true, "11.0.0.1": false, "::ffff:10.0.0.1": true,
		"2001:db8::1": true, "2001:db9::1": false, "2001:db8::1%eth0": true, "::1": false,
	} {
		if got := app.AllowsAddress(netip.MustParseAddr(text)); got != want {
			t.Errorf("%s: got %t, want %t", text, got, want)
		}
	}
	if app.AllowsAddress(netip.Addr{}) || !(&storage.App{}).AllowsAddress(netip.Addr{}) {
		t.Error("an unknown address: in a network, or refused where there is none")
	}
}
