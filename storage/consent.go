package storage

import "time"

// Consent is what a person decided about one scope of one app, granted or declined.
type Consent struct {
	Scope     string
	Granted   bool
	Offline   bool      // the person was told, and allowed, that it stays available while they are away
	Until     time.Time // offline_access only: when the decision ends
	DecidedAt time.Time
}

// OfflineConsent is how long a consent to offline access lasts.
const OfflineConsent = 90 * 24 * time.Hour
