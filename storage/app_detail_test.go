package storage_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/propusk/propusk/storage"
	"github.com/propusk/propusk/storage/storagetest"
)

// detail is what the log told last of a target.
func detail(t *testing.T, db *storage.DB, target string) string {
	t.Helper()
	list, _, err := db.AuditLog(t.Context(), storage.AuditFilter{Target: target, Limit: 1})
	if err != nil || len(list) != 1 {
		t.Fatalf("got %v, %v", list, err)
	}
	return list[0].Detail
}

// TestAppDetail: the log says what was changed in an app.
func TestAppDetail(t *testing.T) {
	many := make([]string, 40)
	for i := range many {
		many[i] = fmt.Sprintf("https://tool.example/callback/%02d", i)
	}
	long := "https://tool.example/" + strings.Repeat("x", 800)
	for _, c := range []struct {
		name   string
		change func(*storage.App)
		want   string
	}{
		{"nothing", func(*storage.App) {}, ""},
		{"name", func(a *storage.App) { a.Names = map[string]string{"ru": "Другое"} }, "client_name"},
		{"address", func(a *storage.App) { a.RedirectURIs = []string{"https://tool.example/new"} },
			"redirect_uris +https://tool.example/new, -https://tool.example/old"},
		{"sign-out address", func(a *storage.App) { a.PostLogoutURIs = []string{"https://tool.example/bye"} }, "post_logout_redirect_uris +https://tool.example/bye"},
		{"scopes", func(a *storage.App) {
			a.Scopes = []storage.AppScope{{Name: "openid"}, {Name: "phone"}}
		}, "scopes +phone, -email"},
		{"offline", func(a *storage.App) { a.Scopes[1].Offline = true }, "scope options"},
		{"order", func(a *storage.App) { slices.Reverse(a.Scopes) }, "scopes"},
		{"grants", func(a *storage.App) { a.GrantTypes = append(a.GrantTypes, storage.GrantDeviceCode) }, "grant_types +" + storage.GrantDeviceCode},
		{"domains and networks", func(a *storage.App) {
			a.TrustedDomains, a.NetworkAddresses = []string{"tool.example"}, []string{"192.0.2.0/24"}
		}, "trusted_domains +tool.example, network_addresses +192.0.2.0/24"},
		{"tokens", func(a *storage.App) { a.AccessTokenTTL, a.AccessTokenFormat = 2*time.Hour, storage.TokenJWT },
			"access_token_format=jwt, access_token_ttl=2h0m0s"},
		{"documents", func(a *storage.App) { a.PolicyURI, a.Description = "https://tool.example/policy", "x" }, "description, policy_uri"},
		{"trust beside others", func(a *storage.App) { a.Description, a.Trusted, a.IDTokenClaims = "x", true, true },
			"trusted=true, id_token_claims=true, description"},
		{"a long one hides none", func(a *storage.App) {
			a.RedirectURIs = []string{long, "https://tool.example/old", "https://tool.example/other"}
		},
			"redirect_uris +" + long[:96] + "…, +https://tool.example/other"},
		{"more than fit", func(a *storage.App) { a.RedirectURIs, a.Description = append(a.RedirectURIs, many...), "x" },
			"redirect_uris +" + strings.Join(many[:9], ", +") + ", and 32 more"},
	} {
		t.Run(c.name, func(t *testing.T) {
			db, ctx := storagetest.New(t), t.Context()
			app, _, err := db.CreateApp(ctx, storage.Command, storage.NewApp{App: storage.App{Name: "Tool",
				RedirectURIs: []string{"https://tool.example/old"}, Scopes: []storage.AppScope{{Name: "openid"}, {Name: "email"}}}})
			if err != nil {
				t.Fatal(err)
			}
			_, err = db.UpdateApp(ctx, storage.Command, app.ID, func(a *storage.App) error { c.change(a); return nil })
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, detail(t, db, app.ID)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestNewAppDetail: the log says in what a new app is not as others.
func TestNewAppDetail(t *testing.T) {
	db := storagetest.New(t)
	for _, c := range []struct {
		name string
		app  storage.App
		want string
	}{
		{"usual", storage.App{Name: "Tool"}, "Tool"},
		{"service", storage.App{Name: "Tool", Type: storage.AppService}, "Tool"},
		{"trusted", storage.App{Name: "Tool", Trusted: true, SkipConsent: true, PresetScopes: []string{"openid"}, WithoutPKCE: true},
			"Tool, trusted=true, skip_consent=true, without_pkce=true, preset_scope=openid"},
		{"scopes", storage.App{Name: "Tool", Scopes: []storage.AppScope{{Name: "openid"}, {Name: "users.write"}}},
			"Tool, scopes +users.write, -profile, -email, -offline_access"},
		{"long name", storage.App{Name: strings.Repeat("x", 400), Trusted: true}, strings.Repeat("x", 100) + ", trusted=true"},
	} {
		t.Run(c.name, func(t *testing.T) {
			app, _, err := db.CreateApp(t.Context(), storage.Command, storage.NewApp{App: c.app})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, detail(t, db, app.ID)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
