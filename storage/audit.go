package storage

import "time"

// AuditEntry is one line of who did what to what, with which result. It holds no secret.
type AuditEntry struct {
	ID     string
	Time   time.Time
	Actor  Actor
	Action string // noun.verb: "user.disable", "session.start", "grant.reuse"
	Target string // id of what was acted on
	Result string // "ok" or the reason of a refusal
	Detail string // a short text for people, at most 500 characters
}

// AuditFilter selects entries, newest first.
type AuditFilter struct {
	Action  string // exact, or a noun with a dot behind: "user." means all about users
	Actor   string
	Target  string
	Address string
	Refused *bool // true: results other than "ok"
	From    time.Time
	To      time.Time
	Limit   int // 1 to 100; 0 means 50
	After   string
}
