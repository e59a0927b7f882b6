package storage

import "time"

// Lifetime and pace of device codes (RFC 8628 §3.2).
const (
	DeviceCodeTTL      = 10 * time.Minute
	DevicePollInterval = 5 * time.Second
)

// DeviceCode is one request of a device for access (RFC 8628 §3.1). Neither code is stored.
type DeviceCode struct {
	ID        string // 26 base32 characters in the order of time, also of the grant it may become
	AppID     string
	Scopes    []string // known and assigned to the app
	Claims    *Claims
	Nonce     string
	Address   string // of the device
	UserAgent string
	CreatedAt time.Time
	ExpiresAt time.Time
	Interval  time.Duration // between polls; grows with each slow_down
	State     DeviceState
	UserID    string   // who decided
	SessionID string   // in which session
	Granted   []string // scopes, when approved

	polledAt time.Time // when the device was told to slow down; zero: never
}

// DeviceState is how far a device code has got.
type DeviceState string

// The states; each change is one conditional statement.
const (
	DevicePending  DeviceState = "pending"
	DeviceApproved DeviceState = "approved"
	DeviceDenied   DeviceState = "denied"
	DeviceUsed     DeviceState = "used"
)

// DevicePoll is the outcome of [DB.PollDeviceCode], in the words of RFC 8628 §3.5.
type DevicePoll int

// The outcomes of a poll.
const (
	DeviceUnknown  DevicePoll = iota + 1 // no such code of that app, or used already: invalid_grant
	DeviceWaiting                        // authorization_pending
	DeviceTooFast                        // slow_down: the interval has grown by five seconds
	DeviceRefused                        // access_denied
	DeviceExpired                        // expired_token
	DeviceRedeemed                       // first use after approval: the grant stands
	DeviceStale                          // approved, but user, app, session or consent no longer stands: invalid_grant
)
