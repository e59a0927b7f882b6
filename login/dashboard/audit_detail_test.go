package dashboard

import (
	"context"
	"html"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/propusk/propusk/login/page"
	"github.com/propusk/propusk/storage"
	"github.com/propusk/propusk/storage/storagetest"
)

// named makes what finds names, in a language.
func (w *world) named(lang string) *names {
	return &names{d: w.board, r: httptest.NewRequest(http.MethodGet, storagetest.Issuer+"/audit", nil), lang: lang, seen: map[string]page.AuditRef{}}
}

// TestAuditDetails takes the details that storage writes apart: people, apps and tokens by what they are
// called, storage's own words by theirs.
func TestAuditDetails(t *testing.T) {
	w := newWorld(t)
	alice := w.actor("alice")
	bob := w.user("bob").ID
	token, _, err := w.db.CreatePersonalToken(context.Background(), alice, storage.NewPersonalToken{
		UserID: w.user("alice").ID, Name: "nightly export", Scopes: []string{storage.ScopeMeRead}, ExpiresAt: w.clock.Now().AddDate(0, 0, 7)})
	if err != nil {
		t.Fatal(err)
	}
	value := func(s string) page.AuditPart { return page.AuditPart{Value: s} }
	words := func(s string) page.AuditPart { return page.AuditPart{Words: s} }
	n := w.named("en")
	for _, tt := range []struct {
		action, result, detail string
		did                    string
		want                   []page.AuditPart
	}{
		{"developer.set", "ok", bob + " viewer", "developer_set", []page.AuditPart{value("Bob Orlov"), words("role_viewer")}},
		{"developer.delete", "ok", "0123456789abcdefghjkmnpqrs", "developer_delete", []page.AuditPart{value("0123456789abcdefghjkmnpqrs")}},
		{"consent.withdraw", "ok", bob, "consent_withdraw", []page.AuditPart{value("Bob Orlov")}},
		{"app.update", "ok", "trusted=true, scope options, redirect_uris +https://a.example/, client_name, and 3 more", "app_update",
			[]page.AuditPart{value("trusted=true"), words("scope_options"), value("redirect_uris +https://a.example/"), value("client_name"), {Words: "more", Count: 3}}},
		{"app.update", "ok", "client_name by token " + token.ID, "app_update", []page.AuditPart{value("client_name"), {Words: "token", Value: "nightly export"}}},
		{"app.update", "ok", "by token gone", "app_update", []page.AuditPart{{Words: "token_gone", Value: "gone"}}},
		{"app.create", "ok", "Passed by token", "app_create", []page.AuditPart{value("Passed by token")}},
		{"app.delete", "forbidden", "", "app_delete_refused", nil},
		{"app.write", "forbidden", "and 12 more before", "app_write", []page.AuditPart{{Words: "before", Count: 12}}},
		{"app.disable", "ok", "app.delete", "app_disable", []page.AuditPart{words("deleting")}},
		{"user.update", "ok", "email, access full, nickname, berth", "user_update", []page.AuditPart{{Claim: "email"}, words("access_full"), {Claim: "nickname"}, value("berth")}},
		{"user.create", "ok", "disabled, disabled", "user_create", []page.AuditPart{value("disabled"), words("disabled")}},
		{"user.password", "ok", "changed by the person", "user_password", []page.AuditPart{words("by_person")}},
		{"session.end_all", "ok", "3", "session_end_all", []page.AuditPart{{Words: "sessions", Count: 3}}},
		{"device.approve", "ok", "device at 192.0.2.7", "device_approve", []page.AuditPart{{Words: "device", Value: "192.0.2.7"}}},
		{"consent.offline_auto", "ok", "until 2027-02-19", "consent_offline_auto", []page.AuditPart{{Words: "until", Value: "2027-02-19"}}},
		{"token.revoke", "ok", "user " + bob + ", app demo, nightly, me.read", "token_revoke", []page.AuditPart{value("Bob Orlov"), value("Demo"), value("nightly, me.read")}},
		{"token.create", "ok", "user friendly, me.read", "token_create", []page.AuditPart{value("user friendly, me.read")}},
		{"token.revoke", "ok", "user 0123456789abcdefghjkmnpqrs, nightly, me.read", "token_revoke", []page.AuditPart{value("0123456789abcdefghjkmnpqrs"), value("nightly, me.read")}},
	} {
		row, err := n.row(storage.AuditEntry{Actor: alice, Action: tt.action, Target: "demo", Result: tt.result, Detail: tt.detail})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(tt.want, row.Detail); diff != "" || row.Did != tt.did {
			t.Errorf("%s %q is %s (-want +got):\n%s", tt.action, tt.detail, row.Did, diff)
		}
	}
}

// TestAuditInRussian holds that what storage really writes about people, apps and tokens leaves no English
// words on the Russian page but names and those of the protocol.
func TestAuditInRussian(t *testing.T) {
	w := newWorld(t)
	ctx, alice := context.Background(), w.actor("alice")
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	_, _, err := w.db.CreateLink(ctx, alice, w.user("bob").ID, storage.LinkRecover)
	must(err)
	_, err = w.db.UpdateUser(ctx, alice, w.user("bob").ID, func(u *storage.User) error { u.Access = storage.Full; return nil })
	must(err)
	must(w.db.SetDeveloper(ctx, alice, "demo", storage.Developer{UserID: w.user("carol").ID, Role: storage.RoleViewer}))
	_, err = w.db.EndSessions(ctx, alice, w.user("bob").ID, "")
	must(err)
	w.change("demo", func(a *storage.App) { a.Scopes[0].Offline = !a.Scopes[0].Offline })
	must(w.db.DeleteApp(ctx, alice, "plain"))
	b := w.as("alice")
	b.lang = "ru"
	body := b.get("/audit").body
	for _, said := range []string{"для восстановления доступа", "полный доступ", "наблюдатель", "как запрашиваются области", "перед удалением"} {
		if !strings.Contains(body, said) {
			t.Errorf("the page does not say %q", said)
		}
	}
	for _, detail := range regexp.MustCompile(`</b><small>(.*?)</small>`).FindAllStringSubmatch(body, -1) {
		text := html.UnescapeString(detail[1])
		for _, word := range []string{"recover", "access full", "viewer", "scope options", "app.delete", " by ", "more"} {
			if strings.Contains(text, word) {
				t.Errorf("the Russian page says %q", text)
			}
		}
	}
}
