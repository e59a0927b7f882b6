package dashboard

import (
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/propusk/propusk/login/page"
	"github.com/propusk/propusk/storage"
)

// claimMax bounds one text of a person's data, in bytes; all together are bounded by storage.
const claimMax = 2000

// checkClaimText returns *storage.Invalid for a text that a claim of that kind cannot be.
func checkClaimText(s claimSpec, value string) error {
	switch {
	case value == "":
		return nil
	case len(value) > claimMax:
		return &storage.Invalid{Field: s.name, Reason: "claim_long"}
	case s.kind == "url" && !isWebAddress(value):
		return &storage.Invalid{Field: s.name, Reason: "claim_url", Value: value}
	case s.kind == "date" && !isBirthdate(value):
		return &storage.Invalid{Field: s.name, Reason: "claim_date", Value: value}
	}
	return nil
}

// isWebAddress tells whether apps may make a link of the text: nothing that runs or opens a program.
func isWebAddress(text string) bool {
	u, err := url.Parse(text)
	return err == nil && u.Host != "" && u.User == nil && (u.Scheme == "https" || u.Scheme == "http")
}

// isDay tells whether the text is a date as forms send it.
func isDay(text string) bool {
	_, err := time.Parse(time.DateOnly, text)
	return err == nil && !strings.HasPrefix(text, "0000")
}

// isBirthdate takes the forms of Core §5.1: a day, a day without its year (0000-12-31), or a year.
func isBirthdate(text string) bool {
	for _, layout := range []string{time.DateOnly, "2006"} {
		_, err := time.Parse(layout, text)
		if err == nil {
			return true
		}
	}
	return false
}

// facts are what is known of a person, in the order of the form, then free-form claims by name. name,
// email, phone_number and address always stand there, so that one sees that they are missing.
func facts(u *storage.User) []page.Fact {
	var list []page.Fact
	shown := map[string]bool{"login": true, "email_verified": true, "phone_number_verified": true}
	for _, s := range specsFor(true) {
		claim, _, _ := strings.Cut(s.name, ".")
		if shown[claim] {
			continue
		}
		shown[claim] = true
		f := page.Fact{Label: claim, Claim: claim}
		f.Label, f.Lang, _ = strings.Cut(claim, "#")
		switch claim {
		case "name", "email":
			f.Value = claimText(u, claim)
		default:
			if value, ok := u.Claims[claim]; ok {
				f.Value = claimFact(value)
			}
		}
		if claim == "email" || claim == "phone_number" {
			f.Checkable, f.Checked = f.Value != "", claimText(u, claim+"_verified") != ""
		}
		if f.Value != "" || slices.Contains([]string{"name", "email", "phone_number", "address"}, claim) {
			list = append(list, f)
		}
	}
	for _, claim := range slices.Sorted(maps.Keys(u.Claims)) {
		if !shown[claim] {
			list = append(list, page.Fact{Claim: claim, Value: claimFact(u.Claims[claim])})
		}
	}
	return list
}
