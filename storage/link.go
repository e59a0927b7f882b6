package storage

import "time"

// LinkPurpose says what a one-time link is for.
type LinkPurpose string

// An invitation lets a new person set the first password; recovery lets an administrator back in.
const (
	LinkInvite  LinkPurpose = "invite"
	LinkRecover LinkPurpose = "recover"
)

// How long links work.
const (
	LinkInviteTTL  = 7 * 24 * time.Hour
	LinkRecoverTTL = time.Hour
)

// Link is a one-time link of a person.
type Link struct {
	UserID    string
	Purpose   LinkPurpose
	CreatedAt time.Time
	ExpiresAt time.Time
}
