package storage

// Actor is who asks for a change: it stands in the audit row written in the same transaction.
type Actor struct {
	Kind    ActorKind
	ID      string // users.id or apps.id; empty for commands and the system
	Address string // the peer's address, empty for commands and the system

	// What a user may do at this moment, for [May]. Statements that change something read it again.
	Access Access
	Scoped bool     // acts by a token: within Scopes, and never makes or widens a credential
	Scopes []string // of the token
	Via    string   // id of the personal token or grant acted by, for the audit; empty: the person themself
}

// ActorKind says what stands behind an [Actor].
type ActorKind string

// The kinds of actor.
const (
	ActorUser    ActorKind = "user"
	ActorApp     ActorKind = "app"
	ActorCommand ActorKind = "command"
	ActorSystem  ActorKind = "system"
)

// System is the actor of seeding, expiry and scheduled rotation; Command of the command line.
var (
	System  = Actor{Kind: ActorSystem}
	Command = Actor{Kind: ActorCommand}
)

// UserActor is the person themself, signed in at a page and calling from address.
func UserActor(u *User, address string) Actor {
	a := Actor{Kind: ActorUser, ID: u.ID, Address: address, Access: u.Access}
	if u.Disabled() {
		a.Access = ""
	}
	return a
}
