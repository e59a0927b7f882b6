package page

import (
	"strings"
	"time"
)

func init() { moreSamples = append(moreSamples, appSamples) }

var (
	appShell = Shell{Person: alice, Section: "apps", Full: true, Hidden: Hidden{CSRF: "sealed-csrf"}}
	bobShell = Shell{Person: Person{Name: "Bob Orlov", Detail: "bob@example.com"}, Section: "apps", Hidden: Hidden{CSRF: "sealed-csrf"}}
	mayAll   = AppMay{Write: true, Keys: true, Developers: true, Delete: true, Trust: true}
	mayBuild = AppMay{Write: true, Keys: true}
)

// reports is the head of a page of the app, as an administrator sees it.
func reports(place string) AppHead {
	return AppHead{Shell: appShell, ID: "harbour-reports", Name: "Harbour Reports", Enabled: true, Trusted: true, Place: place,
		Notices: 2, May: mayAll}
}

// looking is the head as somebody with the role viewer sees it.
func looking(place string) AppHead {
	head := reports(place)
	head.Shell, head.May, head.Trusted, head.Enabled, head.Notices = bobShell, AppMay{}, false, false, 0
	return head
}

// done and wrong say at the top of the page what became of the last form.
func done(head AppHead, key string) AppHead { head.Done = key; return head }

func wrong(head AppHead, m Mistake) AppHead { head.Mistake = m; return head }

var reportsClient = Client{
	Issuer: "https://id.harbour.example", ID: "harbour-reports",
	Discovery: "https://id.harbour.example/.well-known/openid-configuration",
	Addresses: []Address{{"authorize", "https://id.harbour.example/connect/authorize"}, {"token", "https://id.harbour.example/connect/token"},
		{"userinfo", "https://id.harbour.example/connect/userinfo"}, {"jwks", "https://id.harbour.example/.well-known/openid-configuration/jwks"}},
}

// appSamples are the pages of apps.
func appSamples() []sample {
	list := registrySamples()
	list = append(list, oneAppSamples()...)
	list = append(list, protocolSamples()...)
	return append(list, scopeSamples()...)
}

func registrySamples() []sample {
	rows := []AppEntry{
		{ID: "harbour-reports", Name: "Harbour Reports", Description: "quarterly reports", Type: "web", Owner: "Alice Novak", People: 148,
			PeopleMax: 1000, Networks: []string{"192.0.2.0/24", "2001:db8::/32"}, Enabled: true, Trusted: true, Used: noon.Add(-2 * time.Minute), May: mayAll},
		{ID: "harbour-cli", Name: "Terminal client", Description: "for the night shift", Type: "native", Owner: "Alice Novak", People: 1000,
			PeopleMax: 1000, Enabled: true, Trusted: true, Used: noon.Add(-3 * time.Hour), May: mayAll},
		{ID: "notes.example.net", Name: "Quick Notes", Type: "browser", Enabled: true, Used: noon.AddDate(0, 0, -1), PeopleMax: 1000, May: mayBuild},
		{ID: "old-portal", Name: "Old portal", Description: strings.Repeat("replaced by Wiki ", 10), Type: "service", Owner: "Bob Orlov", Trusted: true,
			PeopleMax: 1000, Used: time.Date(2026, 2, 11, 9, 0, 0, 0, time.UTC)},
	}
	created := appShell
	created.Done = "apps.deleted"
	return []sample{
		{"apps", false, Apps{Shell: created, Rows: rows, Total: 212, Next: "/apps?after=b2xk", MayNew: true}},
		{"apps-paged", false, Apps{Shell: appShell, Rows: rows[:1], Total: 1, Filter: AppsFilter{Query: "harb", Type: "web", Owner: "me", State: "on"},
			Paged: true, First: "/apps?q=harb", MayNew: true}},
		{"apps-partial", false, Apps{Shell: bobShell, Rows: rows[2:], Total: 2, Partial: true}},
		{"apps-many", false, Apps{Shell: appShell, Rows: rows[:1], Total: appsMany}},
		{"apps-empty", true, Apps{Shell: appShell, MayNew: true}},
		{"apps-empty-partial", false, Apps{Shell: bobShell, Partial: true}},
		{"apps-not-found", false, Apps{Shell: appShell, Filter: AppsFilter{Query: "xyzzy", State: "unchecked"}, MayNew: true}},
		{"app-new", false, AppNew{Shell: appShell, Type: "web"}},
		{"app-new-wrong", false, AppNew{Shell: appShell, Type: "native", Name: "Harbour Reports", Description: "Quarterly",
			Redirects: "http://reports.harbour.example/cb", Mistake: Mistake{Field: "redirect_uris", Reason: "redirect_http", Line: 1, Value: "http://reports.harbour.example/cb"}}},
		{"app-new-nameless", false, AppNew{Shell: appShell, Type: "web", Mistake: Mistake{Field: "client_name", Reason: "name_missing"}}},
		{"sent", false, Sent{Shell: appShell, List: "/apps", Form: "/apps/new"}},
		{"app-setup-new", false, AppSetup{AppHead: reports("setup"), Client: reportsClient, Redirect: true, Secret: "propusk_key_8sWmT2xVqLr5yHcN0dZuKf3bJ7gEa94f1c",
			Env: "OIDC_ISSUER=https://id.harbour.example\nOIDC_CLIENT_ID=harbour-reports\n", Snippets: []Snippet{
				{ID: "go", Title: "Go", Open: true, Files: []SnippetFile{{"", "go get golang.org/x/oauth2"}, {"main.go", "package main\n\nfunc main() {\n\tif 1 < 2 && true {\n\t}\n}\n"}}},
				{ID: "curl", Title: "curl", Files: []SnippetFile{{"", "curl -d \"code=$code\""}}},
			}}},
		{"app-setup", false, AppSetup{AppHead: reports("setup"), Client: reportsClient, Own: true, Signs: true, KeyFile: true,
			Preview: &UserInfo{JSON: "{\u202e\n  \"sub\": \"1\"\n}", Asked: true, InToken: true, Scopes: []ScopeRow{{Name: "profile", Title: both("Your name", "Имя"), Asked: "required", Checked: true}, {Name: "email", Title: both("E-mail", "Почта")}}}, Env: "OIDC_ISSUER=https://id.harbour.example\n"}},
		{"app-setup-public", false, AppSetup{AppHead: looking("setup"), Client: reportsClient, Public: true, Redirect: true, Env: "OIDC_ISSUER=https://id.harbour.example\n"}},
	}
}

func oneAppSamples() []sample {
	general := GeneralForm{Name: "Harbour Reports", NameRU: "Сводка", Description: "Quarterly reports of the port",
		Redirects:  "https://reports.harbour.example/callback\nhttps://reports.harbour.example/silent\nhttp://reports.harbour.example/old",
		PostLogout: "https://reports.harbour.example/", Domains: "reports.harbour.example\nharbour.example"}
	view := AppView{AppHead: wrong(reports("view"), Mistake{Field: "redirect_uris", Reason: "redirect_http", Line: 3, Value: "http://reports.harbour.example/old"}),
		Type: "web", Owner: "Alice Novak", People: 148, Grants: 31, Created: time.Date(2026, 5, 3, 9, 0, 0, 0, time.UTC), Changed: noon.AddDate(0, 0, -1),
		Client: reportsClient, General: general, Docs: DocumentsForm{PolicyURI: links.PolicyURI, TosURI: links.TosURI, ClientURI: "https://reports.harbour.example/about",
			LogoURI: "javascript:alert(1)", Contacts: "Ann <ann@harbour.example>\nport"}, About: About{ClientURI: "https://reports.harbour.example/about", LogoURI: "javascript:alert(1)",
			Contacts: []string{"Ann <ann@harbour.example>", "port"}, Open: "https://reports.harbour.example/in?iss=https%3A%2F%2Fid.harbour.example",
			Dynamic: true, Software: "harbour 4.2"}, Refused: []RefusedURI{{URI: "https://reports.harbour.example/cb", At: noon.Add(-4 * time.Minute)},
			{URI: "http://evil.example/cb", At: noon.Add(-time.Hour), Why: Mistake{Field: "redirect_uris", Reason: "redirect_http"}}}}
	saved := view
	saved.AppHead, saved.Refused = done(reports("view"), "shell.saved"), nil
	deleting := saved
	deleting.AppHead, deleting.Confirm = wrong(reports("view"), Mistake{Field: "confirm", Text: "apps.confirm_wrong"}), "Harbor"
	viewer := saved
	viewer.AppHead, viewer.Owner = looking("view"), ""
	developers := []DeveloperRow{
		{ID: "0000000000000000000000a11c", Name: "Alice Novak", Login: "alice", Phone: "+7 921 555-01-42", Role: "owner", You: true, Since: noon},
		{ID: "00000000000000000000000b0b", Name: "Bob Orlov", Login: "bob", Phone: "+7 921 555-07-18", Role: "developer", Since: time.Date(2026, 5, 3, 9, 0, 0, 0, time.UTC)},
		{ID: "000000000000000000000ca401", Name: "Carol Lind", Login: "carol", Role: "viewer", Since: noon.AddDate(0, 0, -5)},
	}
	keys := []KeyRow{
		{ID: "k1", Label: "November", Prefix: "propusk_key_8sWm", Created: noon, Expires: time.Date(2027, 11, 21, 0, 0, 0, 0, time.UTC)},
		{ID: "k2", Created: time.Date(2026, 5, 3, 9, 0, 0, 0, time.UTC), LastUsed: noon.Add(-2 * time.Minute)},
		{ID: "k3", Label: "spring", Prefix: "propusk_key_Q71d", Created: time.Date(2026, 5, 3, 9, 0, 0, 0, time.UTC), Expires: noon.AddDate(0, 0, -1)},
	}
	events := []EventRow{
		{ID: "E-4K7Q-02MD", Endpoint: "authorize", Result: "invalid_request", Description: "redirect_uri is not registered", Key: "redirect_uri_unregistered",
			Came: "https://reports.harbour.example/cb", Address: "192.0.2.7", At: noon.Add(-4 * time.Minute), Refused: true},
		{ID: "01JD7F3A91C2", Endpoint: "token", Grant: "authorization_code", Result: "ok", Address: "198.51.100.2", Person: "Alice Novak", At: noon.Add(-5 * time.Minute)},
	}
	return append([]sample{
		{"app", false, view},
		{"app-saved", false, saved},
		{"app-delete-wrong", false, deleting},
		{"app-viewer", false, viewer},
		{"app-developers", false, AppDevelopers{AppHead: reports("developers"), Rows: developers, Invite: DeveloperForm{Role: "developer"}, Owned: true}},
		{"app-developers-wrong", false, AppDevelopers{AppHead: wrong(reports("developers"), Mistake{Field: "login", Text: "apps.login_unknown"}),
			Rows: developers[:1], Invite: DeveloperForm{Login: "dave", Role: "viewer", Phone: "+7 921"}, Owned: true}},
		{"app-developers-change-wrong", false, AppDevelopers{AppHead: wrong(reports("developers"), Mistake{Field: "role", Reason: "owner_needed"}),
			Rows: developers, Owned: true}},
		{"app-developers-viewer", false, AppDevelopers{AppHead: looking("developers"), Rows: developers, Leave: true, Owned: true}},
		{"app-developers-unowned", false, AppDevelopers{AppHead: reports("developers"), Invite: DeveloperForm{Role: "developer"}}},
		{"app-keys", false, AppKeys{AppHead: reports("keys"), Keys: keys, Secret: "propusk_key_8sWmT2xVqLr5yHcN0dZuKf3bJ7gEa94f1c", Today: "2026-11-21"}},
		{"app-keys-wrong", false, AppKeys{AppHead: wrong(reports("keys"), Mistake{Field: "expires_at", Text: "apps.key_until_past"}), Label: "old", Until: "2020-01-01", Today: "2026-11-21"}},
		{"app-keys-public", false, AppKeys{AppHead: reports("keys"), Public: true}},
		{"app-keys-own", false, AppKeys{AppHead: reports("keys"), Public: true, Own: true}},
		{"app-events", false, AppEvents{AppHead: reports("events"), List: events, Any: true}},
		{"app-events-not-found", false, AppEvents{AppHead: reports("events"), Query: "E-0000-0000", Any: true}},
		{"app-events-empty", false, AppEvents{AppHead: looking("events")}},
	}, appFormSamples()...)
}

func appFormSamples() []sample {
	rows := []ScopeRow{
		{Name: "openid", Title: both("Identifier", "Идентификатор"), Asked: "required", Offline: true, Checked: true},
		{Name: "email", Title: both("Corporate e-mail", "Корпоративная почта"), Asked: "optional", Checked: true},
		{Name: "phone", Title: both("Mobile phone", "Мобильный телефон")},
	}
	grants := []Box{{Value: "authorization_code", Key: "code", Checked: true}, {Value: "refresh_token", Key: "refresh", Checked: true},
		{Value: "client_credentials", Key: "credentials", Disabled: true}, {Value: "urn:ietf:params:oauth:grant-type:device_code", Key: "device"},
		{Value: "personal_access_token", Key: "personal"}}
	authorization := AppAuthorization{AppHead: reports("authorization"), Switches: Switches{Enabled: true, Delegated: true, WithoutPKCE: true, Trusted: true,
		OfflineWithoutConsent: true}, Presets: rows[:2], Scopes: rows, Grants: grants}
	refused := authorization
	refused.AppHead = wrong(reports("authorization"), Mistake{Field: "offline_without_consent", Reason: "offline_untrusted"})
	developer := AppAuthorization{AppHead: reports("authorization"), Switches: Switches{Enabled: true}, Public: true, Scopes: rows, Grants: grants}
	developer.Shell, developer.May = bobShell, mayBuild
	developer.More, developer.Named, developer.Foreign = true, "extern.api", true
	developer.Mistake = Mistake{Field: "scopes", Text: "protocol.scope_denied", Value: "extern.api"}
	viewer := authorization
	viewer.AppHead = looking("authorization")
	return []sample{
		{"app-authorization", false, authorization},
		{"app-authorization-wrong", false, refused},
		{"app-authorization-developer", false, developer},
		{"app-authorization-viewer", false, viewer},
		{"app-notices", false, AppNotices{AppHead: reports("notices"), List: []AppNotice{
			{Key: "no_key", Urgent: true, Link: "/apps/harbour-reports/keys"},
			{Key: "key_expiring", At: noon.AddDate(0, 0, 3), Value: "November", Link: "/apps/harbour-reports/keys"},
			{Key: "key_expired", Urgent: true, At: noon.AddDate(0, 0, -3), Value: "propusk_key_Q71d"},
			{Key: "redirect_refused", Refused: &RefusedURI{URI: "https://reports.harbour.example/cb", At: noon}, Link: "/apps/harbour-reports/events?q=E-4K7Q-02MD"},
			{Key: "redirect_refused", Refused: &RefusedURI{URI: "http://reports.harbour.example/bye", PostLogout: true, Why: Mistake{Reason: "redirect_http"}}},
			{Key: "refusals", Urgent: true, Count: 12, Link: "/apps/harbour-reports/events"},
		}}},
		{"app-notices-empty", false, AppNotices{AppHead: looking("notices")}},
	}
}

func scopeSamples() []sample {
	return []sample{
		{"scopes", false, Scopes{Shell: appShell, Rows: []ScopeEntry{
			{Name: "email", Title: both("E-mail", "Почта"), Text: both("Your e-mail address", "Адрес почты"), Claims: []string{"email", "email_verified"}, Builtin: true},
			{Name: "extern.api", Title: both("Your reports", "Отчёты"), Text: both("Read and file reports", "Читать и сдавать отчёты"), Audience: "extern.api", App: "service"},
			{Name: "plain", Title: both("Plain", "Просто"), Text: both("Nothing much", "Ничего особенного")},
		}}},
		{"scope-new", false, ScopeEdit{Shell: appShell, New: true}},
		{"scope-new-wrong", false, ScopeEdit{Shell: appShell, New: true, Name: "a b", TitleEN: "Title", Claims: "sub", Mistake: Mistake{Field: "name", Reason: "scope_name", Value: "a b"}}},
		{"scope", false, ScopeEdit{Shell: appShell, Name: "extern.api", TitleEN: "Your reports", TitleRU: "Отчёты", TextEN: "Read and file reports",
			TextRU: "Читать и сдавать отчёты", Audience: "extern.api", App: "service", Confirm: "extern", Mistake: Mistake{Field: "confirm", Text: "apps.confirm_wrong"}}},
		{"scope-builtin", false, ScopeEdit{Shell: appShell, Name: "email", Builtin: true, TitleEN: "E-mail", TitleRU: "Почта", TextEN: "Your address", TextRU: "Адрес"}},
	}
}
