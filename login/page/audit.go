package page

import "time"

// Audit is /audit (template audit): who did what, GET fields who, what, target, address, result, from,
// to, after.
type Audit struct {
	Shell
	Days    int // how long entries are kept
	Who     string
	Target  string
	Address string
	Result  string // "", "ok" or "refused"
	From    string // yyyy-mm-dd
	To      string
	What    string // one of Groups
	Groups  []string
	Mistake Mistake // in from or to
	List    []AuditRow
	First   bool   // these are the newest
	Same    string // the query of the same list from its beginning, with its question mark
	Next    string // the query of what is older; empty: there is none
}

// Filtered tells whether the list leaves entries out.
func (a Audit) Filtered() bool {
	return a.Who != "" || a.Target != "" || a.Address != "" || a.Result != "" || a.From != "" || a.To != "" || a.What != ""
}

// AuditRow is one entry.
type AuditRow struct {
	ID      string
	Time    time.Time
	Kind    string   // "user", "app", "command" or "system"
	Who     AuditRef // of users and apps
	Did     string   // end of the key audit.did_<Did>; empty: Action is shown as it is called
	Action  string
	Detail  []AuditPart
	Target  AuditRef
	Address string
	OK      bool
	Result  string // the reason when it is not
}

// AuditPart is a part of the detail: words of the key audit.detail_<Words> with Value or Count, the name of a
// claim as the pages of people call it, or Value alone as it was written.
type AuditPart struct {
	Words, Claim, Value string
	Count               int
}

// AuditRef is a person or an app that an entry is about.
type AuditRef struct {
	ID   string
	Name string // empty: not known any more, the id is shown
	App  bool   // an app and no person
}

func (Audit) template() string { return "audit" }
