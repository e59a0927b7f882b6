package storage_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/propusk/propusk/storage"
)

func TestNotices(t *testing.T) {
	now := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	day := 24 * time.Hour
	key := func(id string, left time.Duration) storage.AppKey {
		return storage.AppKey{ID: id, Label: "label " + id, Prefix: "propusk_key_" + id, ExpiresAt: now.Add(left)}
	}
	lasting := storage.AppKey{ID: "0"}
	app := func(keys ...storage.AppKey) *storage.App {
		return &storage.App{Type: storage.AppWeb, AuthMethods: []string{storage.AuthBasic}, Keys: keys,
			RedirectURIs: []string{"https://app.example/cb"}, TrustedDomains: []string{"app.example"}}
	}
	public := &storage.App{Type: storage.AppNative, AuthMethods: []string{storage.AuthNone}, RedirectURIs: []string{"http://127.0.0.1/cb"}}
	refused := func(id string, ago time.Duration, endpoint, uri string) storage.Event {
		return storage.Event{ID: id, Time: now.Add(-ago), Endpoint: endpoint, Result: "invalid_request", RedirectURI: uri}
	}
	results := func(count int, result string, ago time.Duration) []storage.Event {
		var list []storage.Event
		for range count {
			list = append(list, storage.Event{ID: "e", Time: now.Add(-ago), Result: result})
		}
		return list
	}
	nameless := storage.AppKey{ID: "9", Prefix: "propusk_key_abcd", ExpiresAt: now}
	for _, c := range []struct {
		name   string
		app    *storage.App
		events []storage.Event
		want   []storage.Notice
	}{
		{"nothing", app(lasting), nil, nil},
		{"public app has no keys", public, nil, nil},
		{"no key", app(), nil, []storage.Notice{{Kind: storage.NoticeNoKey}}},
		{"a key far from its end", app(key("1", 14*day+time.Millisecond)), nil, nil},
		{"a key that expires", app(key("1", 14*day), lasting), nil,
			[]storage.Notice{{Kind: storage.NoticeKeyExpiring, Time: now.Add(14 * day), KeyID: "1", KeyLabel: "label 1"}}},
		{"a key that has expired, another lives", app(key("1", -day), lasting), nil,
			[]storage.Notice{{Kind: storage.NoticeKeyExpired, Time: now.Add(-day), KeyID: "1", KeyLabel: "label 1"}}},
		{"the only key expired this moment", app(nameless), nil, []storage.Notice{
			{Kind: storage.NoticeKeyExpired, Time: now, KeyID: "9", KeyLabel: "propusk_key_abcd"}, {Kind: storage.NoticeNoKey}}},
		{"refused URI, twice", app(lasting), []storage.Event{
			refused("b", time.Minute, "authorize", "https://app.example/cb2"), refused("a", time.Hour, "authorize", "https://app.example/cb2")},
			[]storage.Notice{{Kind: storage.NoticeRedirectRefused, Time: now.Add(-time.Minute), RedirectURI: "https://app.example/cb2", Count: 2, EventID: "b"}}},
		{"registered since", app(lasting), []storage.Event{refused("a", 0, "authorize", "https://app.example/cb")}, nil},
		{"registered, but not for signing out", app(lasting), []storage.Event{refused("a", 0, "endsession", "https://app.example/cb")},
			[]storage.Notice{{Kind: storage.NoticeRedirectRefused, Time: now, RedirectURI: "https://app.example/cb", PostLogout: true, Count: 1, EventID: "a"}}},
		{"cannot be added", app(lasting), []storage.Event{
			refused("c", 0, "authorize", "https://app.example/cb#x"), refused("b", 0, "authorize", "http://app.example/cb"), refused("a", 0, "authorize", "https://other.example/")},
			[]storage.Notice{
				{Kind: storage.NoticeRedirectRefused, Time: now, RedirectURI: "https://app.example/cb#x", Count: 1, EventID: "c", Reason: "redirect_fragment"},
				{Kind: storage.NoticeRedirectRefused, Time: now, RedirectURI: "http://app.example/cb", Count: 1, EventID: "b", Reason: "redirect_http"},
				{Kind: storage.NoticeRedirectRefused, Time: now, RedirectURI: "https://other.example/", Count: 1, EventID: "a", Reason: "domain_excludes"},
			}},
		{"another port of a native app", public, []storage.Event{refused("a", 0, "authorize", "http://127.0.0.1:99/cb")}, nil},
		{"nine refusals", app(lasting), results(9, "invalid_client", time.Minute), nil},
		{"ten refusals", app(lasting), results(10, "invalid_client", time.Minute),
			[]storage.Notice{{Kind: storage.NoticeRefusals, Time: now.Add(-time.Minute), Count: 10, EventID: "e"}}},
		{"ten refusals an hour ago", app(lasting), results(10, "invalid_client", time.Hour), nil},
		{"ten that went well", app(lasting), results(10, "ok", 0), nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, c.app.Notices(c.events, now)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestNoticeUrgent(t *testing.T) {
	for kind, want := range map[storage.NoticeKind]bool{
		storage.NoticeKeyExpired: true, storage.NoticeKeyExpiring: false, storage.NoticeNoKey: true,
		storage.NoticeRedirectRefused: false, storage.NoticeRefusals: true,
	} {
		if got := (storage.Notice{Kind: kind}).Urgent(); got != want {
			t.Errorf("%s: got %t, want %t", kind, got, want)
		}
	}
}
