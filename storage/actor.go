package storage

// Actor is who asks for a change: it stands in the audit row written in the same transaction.
type Actor struct {
	Kind    ActorKind
	ID      string // users.id or apps.id; empty for commands and the system
	Address string // the peer's address, empty for commands and the system
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
