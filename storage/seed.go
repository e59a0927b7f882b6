package storage

import (
	"context"
	"fmt"
)

// Seed fills a new dev database with the contract's people, apps and the scope extern.api. Their
// passwords and secrets are well known: a dev database is never served (see [ErrDevOnly]).
func Seed(ctx context.Context, db *DB) error {
	for _, u := range seedPeople() {
		_, err := db.CreateUser(ctx, System, u)
		if err != nil {
			return fmt.Errorf("seed: %w", err)
		}
	}
	service := seedService()
	service.OwnerID, service.OwnerPhone = aliceID, alicePhone
	service.Scopes = []AppScope{} // it owns the scope, so the app comes first
	_, _, err := db.CreateApp(ctx, System, service)
	if err != nil {
		return fmt.Errorf("seed: %w", err)
	}
	err = db.CreateScope(ctx, System, seedScope)
	if err != nil {
		return fmt.Errorf("seed: %w", err)
	}
	_, err = db.UpdateApp(ctx, System, service.ID, func(a *App) error {
		a.Scopes = seedService().Scopes
		return nil
	})
	if err != nil {
		return fmt.Errorf("seed: %w", err)
	}
	for _, app := range seedApps() {
		app.OwnerID, app.OwnerPhone = aliceID, alicePhone
		_, _, err = db.CreateApp(ctx, System, app)
		if err != nil {
			return fmt.Errorf("seed: %w", err)
		}
	}
	err = db.SetDeveloper(ctx, System, "demo", Developer{UserID: bobID, Role: RoleDeveloper, Phone: "+7 921 555-01-77"})
	if err != nil {
		return fmt.Errorf("seed: %w", err)
	}
	return nil
}

// Who is what in the seeded apps: alice owns them, bob helps with demo.
const (
	aliceID    = "0000000000000000000000a11c"
	alicePhone = "+7 921 555-01-42"
	bobID      = "00000000000000000000000b0b"
)

// seedScope is the API of the seeded service.
var seedScope = Scope{
	Name:     "extern.api",
	AppID:    "service",
	Title:    map[string]string{"en": "Your reports", "ru": "Отчёты"},
	Text:     map[string]string{"en": "Read and file reports on your behalf", "ru": "Читать и сдавать отчёты от вашего имени"},
	Audience: "extern.api",
}

// seedPeople have constant ids, so that tests and clients may remember them.
func seedPeople() []NewUser {
	return []NewUser{
		{
			ID: aliceID, Login: "alice", Password: "alice", AnyPassword: true, Access: Full,
			Name: "Alice Novak", Email: "alice@example.com", EmailVerified: true, Claims: aliceClaims(),
		},
		{
			ID: bobID, Login: "bob", Password: "bob", AnyPassword: true, Access: Partial,
			Name: "Bob Orlov", Email: "bob@example.com", EmailVerified: true,
			Claims: map[string]any{"given_name": "Bob", "family_name": "Orlov", "name#ru": "Боб Орлов", "locale": "en"},
		},
		{
			ID: "000000000000000000000ca401", Login: "carol", Password: "carol", AnyPassword: true, Access: Partial,
			Name:   "Carol Lind",
			Claims: map[string]any{"given_name": "Carol", "family_name": "Lind", "name#ru": "Кэрол Линд"},
		},
	}
}

// aliceClaims is every standard claim of OpenID Connect Core §5.1 that has no field of its own.
func aliceClaims() map[string]any {
	return map[string]any{
		"given_name":            "Alice",
		"family_name":           "Novak",
		"middle_name":           "Maria",
		"nickname":              "Ally",
		"preferred_username":    "alice",
		"profile":               "https://example.com/people/alice",
		"picture":               "https://example.com/people/alice.png",
		"website":               "https://alice.example.com/",
		"gender":                "female",
		"birthdate":             "1988-04-12",
		"zoneinfo":              "Europe/Moscow",
		"locale":                "en-GB",
		"phone_number":          alicePhone,
		"phone_number_verified": true,
		"address": map[string]any{
			"formatted":      "12 Harbour St\nSaint Petersburg 199034\nRussia",
			"street_address": "12 Harbour St",
			"locality":       "Saint Petersburg",
			"region":         "Saint Petersburg",
			"postal_code":    "199034",
			"country":        "Russia",
		},
		"name#ru":        "Алиса Новикова",
		"given_name#ru":  "Алиса",
		"family_name#ru": "Новикова",
		"address#ru": map[string]any{
			"formatted":      "199034, Санкт-Петербург, Морская наб., 12",
			"street_address": "Морская наб., 12",
			"locality":       "Санкт-Петербург",
			"region":         "Санкт-Петербург",
			"postal_code":    "199034",
			"country":        "Россия",
		},
	}
}
