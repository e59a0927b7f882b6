package page

import (
	"strings"
	"time"
)

func init() { moreSamples = append(moreSamples, accountSamples, peopleSamples) }

var (
	homeShell = Shell{Person: alice, Section: "account", Full: true, Hidden: Hidden{CSRF: "sealed-csrf"}}
	userShell = Shell{Person: alice, Section: "users", Full: true, Hidden: Hidden{CSRF: "sealed-csrf"}}

	profileWords = ScopeWords{Name: "profile", Title: both("Your name", "Имя"), Text: both("Your name and more", "Имя и прочее")}
	emailWords   = ScopeWords{Name: "email", Title: both("E-mail", "Почта")}
	reportWords  = ScopeWords{Name: "extern.api", Title: both("Your reports", "Отчёты"),
		Text: both("Read and file reports on your behalf", "Читать и сдавать отчёты от вашего имени")}
	meWords = ScopeWords{Name: "me.read", Title: both("See your account", "Просмотр вашей учётной записи"),
		Text: both("See your profile and sessions", "Видеть ваш профиль и сеансы")}

	reportsPass = Pass{ID: "reports", Stub: harbour, Open: "https://reports.harbour.example/in?iss=https%3A%2F%2Fid.harbour.example", Scopes: []ScopeWords{profileWords, emailWords, reportWords}, Offline: true,
		Away: []ScopeWords{profileWords, reportWords}, Until: noon.AddDate(0, 0, 90), Since: noon.AddDate(0, -6, 0), LastUsedAt: noon.Add(-20 * time.Minute)}
	notesPass = Pass{ID: "notes", Stub: notes, Scopes: []ScopeWords{profileWords}, Since: noon.AddDate(0, 0, -3)}
	autoPass  = Pass{ID: "sync", Stub: Stub{Name: "Customs sync", Host: "sync.harbour.example", Trust: Trusted}, Scopes: []ScopeWords{emailWords},
		Offline: true, Unasked: true, Since: noon.AddDate(0, 0, -1), LastUsedAt: noon}

	aliceFacts = []Fact{{Label: "name", Claim: "name", Value: "Alice Novak"}, {Label: "name", Claim: "name#ru", Lang: "ru", Value: "Алиса Новикова"},
		{Label: "email", Claim: "email", Value: "alice@example.com", Checkable: true, Checked: true},
		{Label: "phone_number", Claim: "phone_number", Value: "+7 921 555-01-42", Checkable: true},
		{Label: "address", Claim: "address"}, {Claim: "berth", Value: "14"}}

	laptop = SessionRow{ID: "S1", Browser: "Firefox", System: "Linux", Address: "10.4.0.17", SignedIn: noon.Add(-time.Hour), SeenAt: noon, This: true}
	mobile = SessionRow{ID: "S2", Browser: "Safari", System: "iPhone", Phone: true, Address: "203.0.113.40", SignedIn: noon.AddDate(0, 0, -3), SeenAt: noon.Add(-3 * time.Hour)}
	robot  = SessionRow{ID: "S3", Address: "2001:db8::1", SignedIn: noon.AddDate(0, 0, -1), SeenAt: noon.AddDate(0, 0, -1)}

	nightly = TokenRow{ID: "T1", Name: "nightly export", Prefix: "propusk_pat_9dQ7", Scopes: []ScopeWords{meWords}, CreatedAt: noon.AddDate(0, 0, -20),
		ExpiresAt: noon.AddDate(0, 0, 70), LastUsedAt: noon}
	oldToken = TokenRow{ID: "T2", Name: "old laptop", Prefix: "propusk_pat_K2fx", App: "Harbour Reports", Scopes: []ScopeWords{reportWords, {Name: "gone.scope"}},
		CreatedAt: noon.AddDate(0, -3, 0), ExpiresAt: noon.AddDate(0, 0, 6), Soon: true}
)

// doneShell is the shell of a page that says what was done.
func doneShell(s Shell, key string) Shell { s.Done = key; return s }

func accountSamples() []sample {
	bob := homeShell
	bob.Person, bob.Full = Person{Name: "Bob Orlov", Detail: "bob"}, false
	wrongClaim := Mistake{Field: "website", Reason: "claim_url", Text: "people.wrong_url", Value: "javascript:alert(1)"}
	return []sample{
		{"account", false, Account{Shell: homeShell, Login: "alice", Facts: aliceFacts, PasswordAt: noon.AddDate(0, -8, 0),
			Passes: []Pass{reportsPass, notesPass, autoPass}, Sessions: []SessionRow{laptop, mobile, robot}, Others: 2, Tokens: 2}},
		{"account-new", true, Account{Shell: doneShell(bob, "shell.saved"), Login: "bob", Facts: []Fact{{Label: "name", Claim: "name", Value: "Bob Orlov"}},
			Sessions: []SessionRow{laptop}}},
		{"account-password", false, AccountPassword{Shell: homeShell, Login: "alice", Has: true}},
		{"account-password-wrong", false, AccountPassword{Shell: homeShell, Login: "alice", Has: true, Mistake: Mistake{Field: "current", Reason: "password_wrong"}}},
		{"account-password-wait", false, AccountPassword{Shell: homeShell, Login: "alice", Has: true, Wait: 200}},
		{"account-password-busy", false, AccountPassword{Shell: homeShell, Login: "alice", Has: true, Busy: true}},
		{"account-password-none", false, AccountPassword{Shell: homeShell, Login: "alice"}},
		{"account-remove", false, AccountRemove{Shell: homeShell, Pass: reportsPass}},
		{"account-remove-other", false, AccountRemove{Shell: userShell, Pass: notesPass, Sub: "USER2", Who: "Bob Orlov"}},
		{"account-profile", false, Profile{Shell: homeShell, Login: "alice", Email: "alice@example.com", Groups: []ClaimGroup{
			{Key: "name", Fields: []ClaimField{{Name: "name", Label: "name", Kind: "text", Auto: "name", Value: "Alice Novak"}}},
			{Key: "name_ru", Folded: true, Fields: []ClaimField{{Name: "name#ru", Label: "name", Kind: "text", Auto: "off", Value: "Алиса Новикова"}}},
			{Key: "address", Fields: []ClaimField{{Name: "address.street_address", Label: "address_street_address", Kind: "lines", Auto: "street-address", Value: "12 Harbour St\n2nd floor"},
				{Name: "address.formatted", Label: "address_formatted", Kind: "lines", Auto: "off"}}},
			{Key: "about", Fields: []ClaimField{{Name: "birthdate", Label: "birthdate", Kind: "text", Auto: "bday", Value: "1988"},
				{Name: "website", Label: "website", Kind: "url", Auto: "url", Value: "javascript:alert(1)", Wrong: wrongClaim}}},
		}}},
		{"account-profile-other", false, Profile{Shell: userShell, Sub: "USER2", Who: "Bob Orlov", Login: "bob", Groups: []ClaimGroup{
			{Key: "login", Fields: []ClaimField{{Name: "login", Label: "login", Kind: "text", Auto: "off", Value: "bob"},
				{Name: "email_verified", Label: "email_verified", Kind: "check", Value: "true"}}},
		}, More: "berth: 14\nshift", Claims: Mistake{Field: "claims", Reason: "claim_line", Text: "people.wrong_line", Value: "shift"},
			Mistake: Mistake{Field: "x", Reason: "claims_too_large"}}},
		{"tokens", false, Tokens{Shell: doneShell(homeShell, "account.done_revoked"), List: []TokenRow{nightly, oldToken}}},
		{"tokens-none", false, Tokens{Shell: homeShell}},
		{"token-new", false, TokenNew{Shell: homeShell, Targets: []TokenTarget{{Current: true}, {ID: "reports", Name: "Harbour Reports"}}, Expires: "90",
			Scopes: []TokenScope{{ScopeWords: meWords}}, Min: "2026-11-22", Max: "2027-11-21"}},
		{"token-new-wrong", false, TokenNew{Shell: homeShell, Targets: []TokenTarget{{}, {ID: "reports", Name: "Harbour Reports", Current: true}}, For: "reports",
			Name: "nightly", Expires: "date", Until: "2031-01-01", Scopes: []TokenScope{{ScopeWords: reportWords, Checked: true}}, Min: "2026-11-22", Max: "2027-11-21",
			Mistake: Mistake{Field: "expires_at", Reason: "token_expires_late"}}},
		{"token-made", false, TokenMade{Shell: homeShell, Name: "nightly export", Secret: "propusk_pat_" + strings.Repeat("a", 49), ExpiresAt: noon.AddDate(0, 0, 90),
			Example: `curl -H "Authorization: Bearer propusk_pat_` + strings.Repeat("a", 49) + `" https://id.harbour.example/api/v1/me`}},
		{"token-made-app", false, TokenMade{Shell: homeShell, Name: "nightly export", App: "Harbour Reports", Secret: "propusk_pat_aaaa", ExpiresAt: noon.AddDate(0, 0, 90)}},
	}
}

func peopleSamples() []sample {
	rows := []UserRow{
		{ID: "USER1", Name: "Alice Novak", Email: "alice@example.com", Login: "alice", Full: true, Password: true, Since: noon.AddDate(-1, 0, 0)},
		{ID: "USER2", Name: "Bob Orlov", Email: "bob@example.com", Login: "bob", Since: noon},
		{ID: "USER3", Name: "carol", Login: "carol", Disabled: true, Password: true, Since: noon},
		{ID: "USER4", Name: strings.Repeat("Wolfeschlegelstein", 4), Email: strings.Repeat("x", 60) + "@example.com", Login: strings.Repeat("w", 60), Password: true},
	}
	carol := User{Shell: userShell, ID: "USER3", Name: "Carol Lind", Login: "carol", Facts: aliceFacts[:1], Access: "partial", CreatedAt: noon.AddDate(0, -2, 0)}
	disabled := carol
	disabled.Shell, disabled.Disabled, disabled.PasswordAt = doneShell(userShell, "people.done_disabled"), true, noon
	last := carol
	last.Name, last.Login, last.Full, last.Self, last.Facts = "Alice Novak", "alice", true, true, aliceFacts
	last.PasswordAt, last.Mistake = noon.AddDate(0, -8, 0), Mistake{Field: "access", Reason: "last_admin"}
	last.Passes, last.Sessions, last.Tokens = []Pass{reportsPass, notesPass}, []SessionRow{laptop, mobile}, []TokenRow{nightly, oldToken}
	last.Roles = []Role{{ID: "demo", Name: "Demo", Role: "owner"}, {ID: "wiki", Name: "Wiki", Role: "viewer"}}
	return []sample{
		{"users", false, Users{Shell: userShell, Count: 1284, List: rows, First: true, Next: "?after=abc"}},
		{"users-most", false, Users{Shell: userShell, Query: "a", Access: "full", State: "active", Count: 100000, Most: true, List: rows[:1], Same: "?q=a", Next: "?after=abc&q=a"}},
		{"users-none", false, Users{Shell: userShell, Query: "zz", First: true}},
		{"user-new", false, UserNew{Shell: userShell, Access: "partial", SignIn: "link"}},
		{"user-new-wrong", false, UserNew{Shell: userShell, Login: "alice", Name: "Alice", Email: "a@example.com", Access: "full", SignIn: "password",
			Mistake: Mistake{Field: "login", Reason: "login_taken", Text: "people.wrong_login_taken"}}},
		{"user-link", false, UserLink{Shell: userShell, ID: "USER3", Name: "Carol Lind", Login: "carol", Until: noon.AddDate(0, 0, 7),
			URL: "https://id.harbour.example/welcome?link=propusk_link_" + strings.Repeat("a", 49)}},
		{"user-link-recover", false, UserLink{Shell: userShell, ID: "USER3", Name: "Carol Lind", Login: "carol", Until: noon.Add(time.Hour), Recover: true,
			URL: "https://id.harbour.example/welcome?link=propusk_link_" + strings.Repeat("a", 49)}},
		{"user", false, last},
		{"user-bare", false, carol},
		{"user-disabled", false, disabled},
		{"audit", false, auditSample()},
		{"audit-none", false, Audit{Shell: Shell{Person: alice, Section: "audit", Full: true}, Days: 400, Who: "nobody", Groups: []string{"user"}, First: true}},
		{"audit-wrong", false, Audit{Shell: Shell{Person: alice, Section: "audit", Full: true}, Days: 400, From: "yesterday", First: true,
			Mistake: Mistake{Field: "from", Reason: "date", Text: "audit.wrong_date"}}},
	}
}

func auditSample() Audit {
	at := AuditRef{ID: "reports", Name: "Harbour Reports", App: true}
	who := AuditRef{ID: "USER1", Name: "Alice Novak"}
	return Audit{
		Shell: Shell{Person: alice, Section: "audit", Full: true, Hidden: Hidden{CSRF: "sealed-csrf"}}, Days: 400, What: "user",
		Groups: []string{"session", "user"}, Result: "ok", Same: "?what=user", Next: "?after=A1&what=user",
		List: []AuditRow{
			{ID: "A4", Time: noon, Kind: "user", Who: who, Did: "app_key_create", Action: "app_key.create", Detail: []AuditPart{{Value: "KEY1"}, {Words: "token", Value: "nightly"}}, Target: at, Address: "10.4.0.17", OK: true, Result: "ok"},
			{ID: "A3", Time: noon.Add(-time.Minute), Kind: "command", Did: "user_disable", Action: "user.disable", Target: AuditRef{ID: "0123456789abcdefghjkmnpqrs"}, OK: true, Result: "ok"},
			{ID: "A2", Time: noon.Add(-time.Hour), Kind: "app", Who: at, Action: "grant.odd", Detail: []AuditPart{{Value: strings.Repeat("long ", 60)}, {Claim: "email"}, {Words: "more", Count: 7}}, Address: "198.51.100.7", Result: "forbidden"},
			{ID: "A1", Time: noon.AddDate(0, 0, -1), Kind: "system", Did: "key_rotate", Action: "key.rotate", OK: true, Result: "ok"},
		},
	}
}
