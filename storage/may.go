package storage

import "slices"

// Action is something that [May] decides about.
type Action string

// What people and tokens do. Actions whose name begins with app need an app, except AppCreate.
const (
	AppRead       Action = "app.read"       // see the app, its settings and its events
	AppWrite      Action = "app.write"      // change the settings
	AppKeys       Action = "app.keys"       // add and delete access keys
	AppDevelopers Action = "app.developers" // name developers, hand the app over
	AppDelete     Action = "app.delete"
	AppCreate     Action = "app.create"
	AppTrust      Action = "app.trust" // trusted, skip_consent, preset_scope, offline_without_consent, scopes of the API and of foreign apps
	ScopeRead     Action = "scope.read"
	ScopeWrite    Action = "scope.write"
	UserRead      Action = "user.read" // other people
	UserWrite     Action = "user.write"
	AuditRead     Action = "audit.read"
	MeRead        Action = "me.read" // one's own account
	MeWrite       Action = "me.write"
	TokenCreate   Action = "token.create" // make a personal access token: never by a token
)

// The scopes of the REST API.
const (
	ScopeAppsRead   = "apps.read"
	ScopeAppsWrite  = "apps.write"
	ScopeUsersRead  = "users.read"
	ScopeUsersWrite = "users.write"
	ScopeAuditRead  = "audit.read"
	ScopeMeRead     = "me.read"
	ScopeMeWrite    = "me.write"
)

// needs is the scope a token must hold for an action; "" is in no token.
var needs = map[Action]string{
	AppRead: ScopeAppsRead, AppWrite: ScopeAppsWrite, AppKeys: ScopeAppsWrite, AppDevelopers: ScopeAppsWrite,
	AppDelete: ScopeAppsWrite, AppCreate: ScopeAppsWrite, AppTrust: ScopeAppsWrite, ScopeRead: ScopeAppsRead,
	ScopeWrite: ScopeAppsWrite, UserRead: ScopeUsersRead, UserWrite: ScopeUsersWrite, AuditRead: ScopeAuditRead,
	MeRead: ScopeMeRead, MeWrite: ScopeMeWrite, TokenCreate: "",
}

// byRole is what a role allows on its app.
var byRole = map[Role][]Action{
	RoleOwner:     {AppRead, AppWrite, AppKeys, AppDevelopers, AppDelete},
	RoleDeveloper: {AppRead, AppWrite, AppKeys},
	RoleViewer:    {AppRead},
}

// May tells whether the actor may do that, to the app where the action is about one (nil otherwise). It
// is the only place that knows: pages, API and commands ask it, and so does every statement that changes
// something, with the rights as they are in that transaction. Whoever operates the machine (commands) may
// everything; apps act for nobody here.
func May(by Actor, do Action, app *App) bool {
	switch by.Kind {
	case ActorCommand, ActorSystem:
		return true
	case ActorUser:
	default:
		return false
	}
	if by.ID == "" || by.Access == "" || by.Scoped && (needs[do] == "" || !slices.Contains(by.Scopes, needs[do])) {
		return false
	}
	switch do {
	case MeRead, MeWrite, TokenCreate, ScopeRead:
		return true
	}
	if by.Access == Full {
		return true
	}
	return app != nil && slices.Contains(byRole[app.Role(by.ID)], do)
}

// APIScopes returns the scopes of the REST API that a person with that access may put into a token: what
// they could never use is not offered.
func APIScopes(access Access) []string {
	list := []string{ScopeAppsRead, ScopeAppsWrite, ScopeMeRead, ScopeMeWrite}
	if access == Full {
		list = append(list, ScopeUsersRead, ScopeUsersWrite, ScopeAuditRead)
	}
	return list
}
