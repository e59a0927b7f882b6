package dashboard

import (
	"encoding/json"
	"fmt"
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

// applyClaims changes the person as the form says; *storage.Invalid names the field.
func applyClaims(u *storage.User, form url.Values, admin bool) error {
	if u.Claims == nil {
		u.Claims = map[string]any{}
	}
	phone := claimText(u, "phone_number")
	for _, s := range specsFor(admin) {
		if s.kind != "check" && !form.Has(s.name) || strings.Contains(s.name, ".") {
			continue
		}
		value := strings.TrimSpace(strings.ReplaceAll(form.Get(s.name), "\r\n", "\n"))
		err := checkClaimText(s, value)
		if err != nil {
			return err
		}
		setClaim(u, s, value)
	}
	for _, claim := range []string{"address", "address#ru"} {
		err := applyAddress(u, claim, form)
		if err != nil {
			return err
		}
	}
	now := claimText(u, "phone_number")
	if u.Access == storage.Full && (now == "" || !admin && now != phone) {
		delete(u.Claims, "phone_number_verified") // nobody has checked the new one; storage sees to it elsewhere
	}
	if admin {
		return applyMore(u, form.Get("claims"))
	}
	return nil
}

// setClaim keeps one value; an empty one goes.
func setClaim(u *storage.User, s claimSpec, value string) {
	switch {
	case s.name == "login":
		u.Login = value
	case s.name == "name":
		u.Name = value
	case s.name == "email":
		u.Email = value
	case s.name == "email_verified":
		u.EmailVerified = value != ""
	case value == "":
		delete(u.Claims, s.name)
	case s.kind == "check":
		u.Claims[s.name] = true
	default:
		u.Claims[s.name] = value
	}
}

// applyAddress changes the parts of an address. What it says in full is made of them anew unless somebody
// wrote that by hand just now.
func applyAddress(u *storage.User, claim string, form url.Values) error {
	if !form.Has(claim + "." + addressParts[0]) {
		return nil
	}
	old, _ := u.Claims[claim].(map[string]any)
	parts := map[string]any{}
	for name, value := range old {
		parts[name] = value
	}
	changed := false
	for _, name := range append(slices.Clone(addressParts), "formatted") {
		value := strings.TrimSpace(strings.ReplaceAll(form.Get(claim+"."+name), "\r\n", "\n"))
		err := checkClaimText(claimSpec{name: claim + "." + name, kind: "lines"}, value)
		if err != nil {
			return err
		}
		before, _ := old[name].(string)
		if name == "formatted" && (value == "" || value == before && changed) {
			value = formatAddress(parts)
		}
		changed = changed || value != before
		if value == "" {
			delete(parts, name)
		} else {
			parts[name] = value
		}
	}
	if len(parts) == 0 {
		delete(u.Claims, claim)
	} else {
		u.Claims[claim] = parts
	}
	return nil
}

// formatAddress is the address in full, of its parts: one a line, no line twice.
func formatAddress(parts map[string]any) string {
	var lines []string
	for _, name := range addressParts {
		part, _ := parts[name].(string)
		if part != "" && !slices.Contains(lines, part) {
			lines = append(lines, part)
		}
	}
	return strings.Join(lines, "\n")
}

// moreClaims are the claims that have no field, one in a line: "name: value", the value as JSON where it
// is no plain text.
func moreClaims(u *storage.User) string {
	var lines []string
	for name, value := range u.Claims {
		if hasField(name) {
			continue
		}
		text, plain := value.(string)
		if !plain || json.Valid([]byte(text)) || strings.ContainsAny(text, "\r\n") || strings.TrimSpace(text) != text {
			raw, _ := json.Marshal(value) // it was read from JSON
			text = string(raw)
		}
		lines = append(lines, name+": "+text)
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

func hasField(claim string) bool {
	return slices.ContainsFunc(specsFor(true), func(s claimSpec) bool {
		name, _, _ := strings.Cut(s.name, ".")
		return name == claim
	})
}

// applyMore replaces the claims that have no field by what the lines say.
func applyMore(u *storage.User, text string) error {
	for name := range u.Claims {
		if !hasField(name) {
			delete(u.Claims, name)
		}
	}
	seen := map[string]bool{}
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		name, value, ok := strings.Cut(line, ":")
		// A URI may be a name (Core §5.1.2), so the colon that counts has a blank behind it if any has.
		if i := strings.Index(line, ": "); i >= 0 {
			name, value = line[:i], line[i+2:]
		}
		name, value = strings.TrimSpace(name), strings.TrimSpace(value)
		if !ok || name == "" || value == "" || hasField(name) || seen[name] {
			return &storage.Invalid{Field: "claims", Reason: "claim_line", Value: line}
		}
		seen[name] = true
		u.Claims[name] = parseClaim(value)
	}
	return nil
}

// parseClaim is the value if it is JSON, else the text as it is.
func parseClaim(text string) any {
	var value any
	err := json.Unmarshal([]byte(text), &value)
	if err != nil {
		return text
	}
	return value
}

// claimFact is how a value is shown; claims of any type.
func claimFact(value any) string {
	switch v := value.(type) {
	case string:
		return strings.Join(strings.FieldsFunc(v, func(r rune) bool { return r == '\n' || r == '\r' }), ", ")
	case map[string]any:
		whole, _ := v["formatted"].(string)
		if whole == "" {
			whole = formatAddress(v)
		}
		if whole != "" {
			return claimFact(whole)
		}
	case bool, float64, int:
		return fmt.Sprint(v)
	}
	raw, err := json.Marshal(value)
	if err != nil {
		return ""
	}
	return string(raw)
}
