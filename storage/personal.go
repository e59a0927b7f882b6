package storage

import "time"

// GrantPersonal is the grant type of apps for which people may make tokens by hand. It is never used at
// the token endpoint.
const GrantPersonal = "personal_access_token"

// The longest and the usual life of a personal access token; it always has an end.
const (
	PersonalTokenMax = 366 * 24 * time.Hour
	PersonalTokenTTL = 90 * 24 * time.Hour
)

// PersonalToken is a token a person made for scripts. It acts as that person, within its scopes and
// within what the person may do at that moment. The token itself is never stored.
type PersonalToken struct {
	ID         string
	UserID     string
	AppID      string // empty: propusk's own API
	Name       string
	Scopes     []string
	Prefix     string // first characters, to tell tokens apart
	CreatedAt  time.Time
	ExpiresAt  time.Time
	LastUsedAt time.Time // zero: never; written at most every ten minutes

	hash string
}

// NewPersonalToken is the input of [DB.CreatePersonalToken].
type NewPersonalToken struct {
	UserID    string
	AppID     string
	Name      string
	Scopes    []string
	ExpiresAt time.Time // zero: PersonalTokenTTL from now
}

// Pass is an app that has access to a person's account, as the account page lists it.
type Pass struct {
	App        *App
	Scopes     []string  // granted and standing
	Offline    bool      // offline_access among them
	Away       []string  // of Scopes, available while the person is away: by the app as it is and by the decision
	Until      time.Time // end of the offline access
	Since      time.Time // the first decision that stands
	LastUsedAt time.Time // when a token was last given out; zero: never
	Tokens     int       // grants that stand
}
