package storage

import "time"

// eventsMax is how many attempts are remembered per app and node.
const eventsMax = 50

// EventLogout is the endpoint of events that are no request: a logout the app could not be told of.
const EventLogout = "backchannel_logout"

// Event is one attempt of an app at an endpoint, kept in memory only: refusals happen before anybody is
// known, and whoever could fill a table with them would. It holds no secret.
type Event struct {
	ID          string // what the error page or the access log calls it
	Time        time.Time
	AppID       string
	Endpoint    string // "authorize", "token", "device", "introspect", "revocation", "endsession", "userinfo", "register", EventLogout
	Grant       string // grant_type at the token endpoint
	Result      string // "ok" or the error code
	Description string // what the client was told, or more: for the app's developers, in English
	Key         string // of the explanation in the locale, where a page was shown
	Came        string // the offending value, clipped
	RedirectURI string // an exact URI that was refused for not being registered: "add it" offers it
	Address     string
	UserID      string // when known
}
