package storage

import (
	"strings"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// Fold returns the key by which names are unique and searched: NFKC, case folded (so that also "ß" and
// "SS" meet), trimmed. Two spellings a person takes for one name have one key.
func Fold(s string) string {
	for i := range len(s) {
		if s[i] >= 0x80 {
			folded := cases.Fold().String(norm.NFKC.String(s))
			return strings.TrimSpace(norm.NFKC.String(folded))
		}
	}
	return strings.TrimSpace(strings.ToLower(s))
}
