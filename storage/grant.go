package storage

import "time"

// Grant is what one redeemed code gave to one app: every token carries its id, and a refresh family
// is its grant.
type Grant struct {
	ID        string
	UserID    string
	AppID     string
	SessionID string
	Scopes    []string
	Offline   bool // offline_access was granted: outlives the session
	AuthTime  time.Time
	ACR       string
	AMR       []string
	Claims    *Claims // the claims parameter, for userinfo
	CreatedAt time.Time
	EndsAt    time.Time // absolute end of the refresh family and of every token
	RevokedAt time.Time

	// RefreshGen counts rotations: the live refresh token is the one of this generation.
	RefreshGen   int64
	RefreshKey   string    // id of the key the live refresh token is derived with; "": of a grant of the authorization endpoint, none yet
	RefreshedAt  time.Time // when the live generation was made
	SessionEnded bool      // derived: the session no longer stands
}

// Redemption is the outcome of [DB.RedeemCode].
type Redemption int

// The outcomes of redeeming a code.
const (
	Redeemed Redemption = iota + 1 // first use: the grant row now stands
	Replayed                       // the code was used before: its grant is revoked
	Stale                          // user, app, session or consent no longer stands
)

// Rotation is the outcome of [DB.RotateRefresh].
type Rotation int

// The outcomes of presenting a refresh token.
const (
	Rotated  Rotation = iota + 1 // the generation advanced
	Repeated                     // presented again within the grace: the same successor holds
	Reused                       // an old generation came back: the grant is revoked
	Ended                        // grant, user, app, session or consent no longer stands, or it expired
)

// Lifetimes of refresh tokens and the grace in which a lost answer may be asked for again.
const (
	RefreshIdle     = 30 * 24 * time.Hour
	RefreshAbsolute = 90 * 24 * time.Hour // unless the app has its own, see [App.RefreshLife]
	RefreshGrace    = 10 * time.Second
)
