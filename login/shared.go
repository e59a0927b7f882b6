package login

import (
	"fmt"
	"slices"
	"strings"

	"github.com/propusk/propusk/storage"
)

// shared is what of the person a scope of OpenID Connect Core §5.4 gives away, as one line; "" for other
// scopes and for what the person does not have.
func shared(u *storage.User, scope string) string {
	switch scope {
	case "profile":
		return u.Name
	case "email":
		return u.Email
	case "phone":
		return text(u.Claims["phone_number"])
	case "address":
		return address(u.Claims["address"])
	}
	return ""
}

// more lists what a scope shares beside what shared says, in the order of its claims: the person sees
// every value, not only the first.
func more(u *storage.User, s *storage.Scope) string {
	var list []string
	for _, claim := range s.Claims {
		value := ""
		switch claim {
		case "name", "email", "phone_number", "address", "updated_at", "email_verified", "phone_number_verified":
			continue
		case "preferred_username":
			value = u.Login
		}
		switch v := u.Claims[claim].(type) {
		case string:
			value = oneLine(v)
		case float64, bool, int:
			value = fmt.Sprint(v)
		}
		if value != "" && !strings.Contains(u.Name, value) && !slices.Contains(list, value) {
			list = append(list, value)
		}
	}
	return strings.Join(list, ", ")
}

// address is the address claim (Core §5.1.1) in one line: as formatted, or joined from its parts.
func address(claim any) string {
	parts, ok := claim.(map[string]any)
	if !ok {
		return text(claim)
	}
	if whole := text(parts["formatted"]); whole != "" {
		return oneLine(whole)
	}
	var list []string
	for _, name := range []string{"street_address", "locality", "region", "postal_code", "country"} {
		if part := text(parts[name]); part != "" {
			list = append(list, oneLine(part))
		}
	}
	return strings.Join(list, ", ")
}

// text is the claim if it is a string.
func text(claim any) string {
	s, _ := claim.(string)
	return s
}

// oneLine joins the lines of a formatted value.
func oneLine(s string) string {
	lines := strings.FieldsFunc(s, func(c rune) bool { return c == '\n' || c == '\r' })
	for i, line := range lines {
		lines[i] = strings.TrimSpace(line)
	}
	return strings.Join(lines, ", ")
}
