package page

import "maps"

// What no attacker reaches of the pages of accounts, people and audit.
func init() {
	maps.Copy(untouched, map[string]string{
		"Facts.Label":         "name",
		"Profile.Groups.Key":  "name",
		"Groups.Fields.Label": "name",
		"Groups.Fields.Kind":  "text",
		"User.Roles.Role":     "owner",
		"Audit.Groups":        "user",
		"Audit.List.Did":      "user_create",
		"Audit.List.Kind":     "user",
		"Detail.Claim":        "",
		"Detail.Words":        "",
		"Sent.List":           "/apps",
		"Sent.Form":           "/apps/new",
	})
}
