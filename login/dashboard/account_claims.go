package dashboard

import (
	"net/url"
	"slices"
	"strings"

	"github.com/propusk/propusk/login/page"
	"github.com/propusk/propusk/storage"
)

// claimSpec is one field of the form of a person's data.
type claimSpec struct {
	name  string // of the field and the claim, parts of an address behind a dot: "address#ru.locality"
	kind  string
	auto  string
	admin bool // only administrators change it: apps tell people apart by it, or trust it
}

// claimGroups are the standard claims of OpenID Connect Core §5.1 in the order of the form; those tagged
// #ru are what Russian pages of apps ask for (§5.2).
var claimGroups = []struct {
	key    string
	folded bool
	specs  []claimSpec
}{
	{"name", false, []claimSpec{
		{"name", "text", "name", false}, {"given_name", "text", "given-name", false},
		{"family_name", "text", "family-name", false}, {"middle_name", "text", "additional-name", false},
		{"nickname", "text", "nickname", false},
	}},
	{"name_ru", true, []claimSpec{
		{"name#ru", "text", "off", false}, {"given_name#ru", "text", "off", false},
		{"family_name#ru", "text", "off", false}, {"middle_name#ru", "text", "off", false},
	}},
	{"login", false, []claimSpec{
		{"login", "text", "off", true}, {"email", "email", "off", true}, {"email_verified", "check", "", true},
		{"preferred_username", "text", "off", true},
	}},
	{"contact", false, []claimSpec{
		{"phone_number", "tel", "tel", false}, {"phone_number_verified", "check", "", true},
	}},
	{"address", false, addressSpecs("address")},
	{"address_ru", true, addressSpecs("address#ru")},
	{"about", false, []claimSpec{
		{"birthdate", "date", "bday", false}, {"gender", "text", "sex", false},
		{"zoneinfo", "text", "off", false}, {"locale", "text", "language", false},
		{"website", "url", "url", false}, {"profile", "url", "off", false}, {"picture", "url", "photo", false},
	}},
}

// addressParts are those of Core §5.1.1 that people fill in; formatted is made of them when left alone.
var addressParts = []string{"street_address", "locality", "region", "postal_code", "country"}

func addressSpecs(claim string) []claimSpec {
	autos := []string{"street-address", "address-level2", "address-level1", "postal-code", "country-name"}
	if claim != "address" {
		autos = slices.Repeat([]string{"off"}, len(autos))
	}
	var list []claimSpec
	for i, part := range addressParts {
		kind := "text"
		if part == "street_address" {
			kind = "lines"
		}
		list = append(list, claimSpec{claim + "." + part, kind, autos[i], false})
	}
	return append(list, claimSpec{claim + ".formatted", "lines", "off", false})
}

// specsFor are the fields that somebody may change.
func specsFor(admin bool) []claimSpec {
	var list []claimSpec
	for _, g := range claimGroups {
		for _, s := range g.specs {
			if admin || !s.admin {
				list = append(list, s)
			}
		}
	}
	return list
}

// claimText is the text of a field: what is kept of the person.
func claimText(u *storage.User, field string) string {
	switch field {
	case "login":
		return u.Login
	case "name":
		return u.Name
	case "email":
		return u.Email
	case "email_verified":
		return ticked(u.EmailVerified)
	}
	claim, part, address := strings.Cut(field, ".")
	value := u.Claims[claim]
	if address {
		parts, _ := value.(map[string]any)
		value = parts[part]
	}
	switch v := value.(type) {
	case string:
		return v
	case bool:
		return ticked(v)
	}
	return ""
}

func ticked(on bool) string {
	if on {
		return "true"
	}
	return ""
}

// claimForm is the form as it is shown: what was typed where the form came back, else what is kept.
func claimForm(u *storage.User, typed url.Values, admin bool, m page.Mistake) []page.ClaimGroup {
	var groups []page.ClaimGroup
	for _, g := range claimGroups {
		group := page.ClaimGroup{Key: g.key, Folded: g.folded}
		for _, s := range g.specs {
			if s.admin && !admin {
				continue
			}
			f := page.ClaimField{Name: s.name, Label: labelOf(s.name), Kind: s.kind, Auto: s.auto, Value: claimText(u, s.name)}
			if typed != nil {
				f.Value = typed.Get(s.name)
			}
			if f.Kind == "date" && f.Value != "" && !isDay(f.Value) {
				f.Kind = "text" // a year alone, or a day without its year: Core §5.1 has both
			}
			if m.Field == s.name {
				f.Wrong, group.Folded = m, false
			}
			group.Fields = append(group.Fields, f)
		}
		if len(group.Fields) > 0 {
			groups = append(groups, group)
		}
	}
	return groups
}

// labelOf is what the label of a field is found by.
func labelOf(field string) string {
	claim, part, address := strings.Cut(field, ".")
	claim, _, _ = strings.Cut(claim, "#")
	if address {
		return claim + "_" + part
	}
	return claim
}
