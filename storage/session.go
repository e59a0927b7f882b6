package storage

import "time"

// Session is one browser of one signed-in person. ID is the sid of id_tokens and constant; the cookie
// holds a separate secret that changes at each sign-in and re-authentication.
type Session struct {
	ID        string
	UserID    string
	AuthTime  time.Time // when the person last proved who they are
	ACR       string    // "1" for a password
	AMR       []string  // RFC 8176: "pwd"
	CreatedAt time.Time
	SeenAt    time.Time // written at most once an hour
	ExpiresAt time.Time // absolute
	Address   string
	UserAgent string

	hash    string    // keyed hash of the cookie's secret
	endedAt time.Time // zero while it stands
}

// ACRPassword is the acr of a person who proved who they are by a password (OpenID Connect Core §2).
const ACRPassword = "1"

// ACRValues are all values of acr there are, as discovery lists them.
var ACRValues = []string{ACRPassword}

// NewSession is the input of [DB.StartSession].
type NewSession struct {
	UserID    string
	ACR       string
	AMR       []string
	Address   string
	UserAgent string
	// Proved is the user as read before the password was compared; when it has been set anew since, no
	// session starts. nil: the person did not prove it by a password.
	Proved *User
	// Replaces is the id of the session the browser had before. The same person keeps it (new secret,
	// new auth_time); another person's ends.
	Replaces string
}
