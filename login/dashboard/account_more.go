package dashboard

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/propusk/propusk/storage"
)

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
