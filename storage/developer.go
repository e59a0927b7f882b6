package storage

import "time"

// Role says what a person may do with one app; [May] says what follows from it.
type Role string

// The roles. An app that a person made has exactly one owner at any time.
const (
	RoleOwner     Role = "owner"     // everything but what only administrators may set; names the others
	RoleDeveloper Role = "developer" // settings and access keys
	RoleViewer    Role = "viewer"    // looks
)

// Developer is a person with a role in an app.
type Developer struct {
	UserID    string
	Role      Role
	Phone     string // mobile phone under which the others reach them, free-form, may be empty
	CreatedAt time.Time
}

// Role returns the role of the user in the app, "" for none.
func (a *App) Role(userID string) Role {
	for _, d := range a.Developers {
		if d.UserID == userID && userID != "" {
			return d.Role
		}
	}
	return ""
}

// OwnerID returns the user who owns the app, "" where it belongs to the administrators.
func (a *App) OwnerID() string {
	for _, d := range a.Developers {
		if d.Role == RoleOwner {
			return d.UserID
		}
	}
	return ""
}
