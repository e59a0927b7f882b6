package dashboard

import (
	"net/url"
	"slices"
	"strings"

	"github.com/propusk/propusk/storage"
)

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
