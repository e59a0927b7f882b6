package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/propusk/propusk/storage"
)

// conformancePeople fills a new database with alice and bob. Both have every standard claim: the suite
// warns about each one that a scope promises and the answer lacks. Both have partial access; the suite
// needs no administrator.
func conformancePeople(ctx context.Context, db *storage.DB) error {
	for _, name := range []string{"Alice", "Bob"} {
		_, err := db.CreateUser(ctx, storage.System, conformancePerson(name))
		if err != nil {
			return fmt.Errorf("people: %w", err)
		}
	}
	return nil
}

// conformancePerson is a person with every claim of OpenID Connect Core §5.1, whose login and password
// are the given name in lower case.
func conformancePerson(given string) storage.NewUser {
	login := strings.ToLower(given)
	return storage.NewUser{
		Login: login, Password: login, AnyPassword: true, Access: storage.Partial,
		Name: given + " Example", Email: login + "@example.com", EmailVerified: true,
		Claims: map[string]any{
			"given_name":            given,
			"family_name":           "Example",
			"middle_name":           "Quinn",
			"nickname":              given[:2],
			"preferred_username":    login,
			"profile":               "https://example.com/people/" + login,
			"picture":               "https://example.com/people/" + login + ".png",
			"website":               "https://" + login + ".example.com/",
			"gender":                "unspecified",
			"birthdate":             "1990-06-15",
			"zoneinfo":              "Europe/Berlin",
			"locale":                "en-US",
			"phone_number":          "+1 202 555 0142",
			"phone_number_verified": true,
			"address": map[string]any{
				"formatted":      "1 Sample Road\nSampleton 12345\nUS",
				"street_address": "1 Sample Road",
				"locality":       "Sampleton",
				"region":         "Sample County",
				"postal_code":    "12345",
				"country":        "US",
			},
		},
	}
}
