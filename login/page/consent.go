package page

import "time"

// Consent asks what the app may have (template consent): field decision = allow or deny (buttons
// consent-allow, consent-deny), one checkbox scope per optional row and for offline access, POST /consent.
type Consent struct {
	Stub     Stub
	Hidden   Hidden
	Policies Policies
	Person   Person
	Required []ConsentRow
	Optional []ConsentRow
	Already  []ConsentRow // granted earlier, folded; then the title says "asks for more"
	Since    time.Time    // of Already
	Offline  *OfflineAsk  // nil: not asked
}

// ConsentRow is one scope: its title (in the page's language) and the value that will be shared.
type ConsentRow struct {
	Scope   string
	Title   map[string]string // by language
	Text    map[string]string // by language: the sentence, when there is no value
	Value   string            // "alice@example.com"; empty: Text is shown
	More    string            // what else will be shared, in small
	Checked bool
	Away    bool // it stays available while the person is away, as far as Consent.Offline is granted
}

// OfflineAsk is the sentence about access while the person is away.
type OfflineAsk struct {
	Until   time.Time
	Checked bool
	Kept    bool // the app has it without asking: it is told, not asked
}

// Away says how much of what is on the page stays available while the person is away: "all", "some" (then
// the rows say which) or "none".
func (c Consent) Away() string {
	all, away := 0, 0
	for _, rows := range [][]ConsentRow{c.Required, c.Optional, c.Already} {
		for _, r := range rows {
			all++
			if r.Away {
				away++
			}
		}
	}
	switch away {
	case 0:
		return "none"
	case all:
		return "all"
	}
	return "some"
}

func (Consent) template() string        { return "consent" }
func (c Consent) frame() (Stub, Hidden) { return c.Stub, c.Hidden }
