package storage

// This file is the agreed shape of *DB: the storage helper replaces every stub by the real thing in
// the file named beside it and deletes this file at the end.

import (
	"context"
	"log/slog"
	"time"
)

// Config says where the database is and how it is sealed. (db.go)
type Config struct {
	Dir       string           // directory of propusk.db; created 0700 by Create
	MasterKey []byte           // 32 bytes
	Issuer    string           // recorded at creation and compared at opening (dev may differ: see AnyIssuer)
	AnyIssuer bool             // dev: the issuer may change with the port
	Dev       bool             // recorded: a dev database cannot be served, and the other way round
	Now       func() time.Time // nil: time.Now
	Logger    *slog.Logger     // nil: slog.Default()
}

// DB is the database. (db.go)
type DB struct {
	Now func() time.Time
}

// Exists tells whether dir holds a database file (of any size). (db.go)
func Exists(dir string) bool { panic("stub") }

// Create makes a new database under another name, fills it (migrations, instance row, sealing keys,
// signing keys of every SigningAlgs, builtin scopes, then fill), and renames it into place. (create.go)
func Create(ctx context.Context, c Config, fill func(context.Context, *DB) error) (*DB, error) {
	panic("stub")
}

// Open opens an existing database: refuses a 0-byte, foreign, damaged or newer file and a wrong master
// key, each with its own message; migrates; starts the writer. (db.go)
func Open(ctx context.Context, c Config) (*DB, error) { panic("stub") }

// Close stops the writer after what is queued, and truncates the WAL. (db.go)
func (db *DB) Close() error { panic("stub") }

// Health returns an error when the database cannot be read. (db.go)
func (db *DB) Health(ctx context.Context) error { panic("stub") }

// Maintain runs expiry in bounded batches, checkpoints and scheduled key rotation until ctx ends. (maintain.go)
func (db *DB) Maintain(ctx context.Context) { panic("stub") }

// Sweep removes what has expired, at most 500 rows a transaction, and says how many. (maintain.go)
func (db *DB) Sweep(ctx context.Context) (int, error) { panic("stub") }

// Backup writes a compact copy (VACUUM INTO, 0600, checked) to path, which must not exist. (backup.go)
func (db *DB) Backup(ctx context.Context, path string) error { panic("stub") }

// Restore checks the backup file (integrity_check, application_id, opens with c.MasterKey) and puts it
// in c.Dir, which must hold no database unless replace. (backup.go)
func Restore(ctx context.Context, c Config, backup string, replace bool) error { panic("stub") }

// NewID returns 26 lower-case base32 characters: 128 random bits. (id.go)
func NewID() string { panic("stub") }

// NewTimeID returns a 26-character id that sorts by time. (id.go)
func NewTimeID(now time.Time) string { panic("stub") }

// Fold returns the key by which names are unique and searched: NFKC, lower case, trimmed. (fold.go)
func Fold(s string) string { panic("stub") }

// NewMasterKey makes a master key; ParseMasterKey and FormatMasterKey are its text form (base64url,
// as in master.key and PROPUSK_MASTER_KEY). (seal.go)
func NewMasterKey() []byte                       { panic("stub") }
func ParseMasterKey(text string) ([]byte, error) { panic("stub") }
func FormatMasterKey(key []byte) string          { panic("stub") }

// Seal returns base64url(key id, nonce, XChaCha20-Poly1305 of plain with purpose as additional data). (seal.go)
func (db *DB) Seal(purpose string, plain []byte) string { panic("stub") }

// Unseal opens what Seal made for the same purpose, else ErrSealed. (seal.go)
func (db *DB) Unseal(purpose, sealed string) ([]byte, error) { panic("stub") }

// MAC returns HMAC-SHA256 under the derivation key keyID ("": the current one) and the id used. (seal.go)
func (db *DB) MAC(keyID, purpose string, parts ...string) (mac []byte, usedKeyID string, err error) {
	panic("stub")
}

// Hash returns the keyed hash under which a secret of this purpose is stored (HMAC-SHA256 with a key
// that is never rotated), base64url. (seal.go)
func (db *DB) Hash(purpose, secret string) string { panic("stub") }

// Seed fills a new dev database with the contract's people, apps and scope extern.api. (seed.go)
func Seed(ctx context.Context, db *DB) error { panic("stub") }

// --- users (user.go, password.go)

// CreateUser adds a user; *Invalid or ErrConflict.
func (db *DB) CreateUser(ctx context.Context, by Actor, u NewUser) (*User, error) { panic("stub") }

// User returns the user with that id (cached, shared), disabled or not, or ErrNotFound.
func (db *DB) User(ctx context.Context, id string) (*User, error) { panic("stub") }

// UserByName finds a user by login or, where the text holds an '@', by e-mail; folded; or ErrNotFound.
func (db *DB) UserByName(ctx context.Context, name string) (*User, error) { panic("stub") }

// Users returns one page of a list and the cursor of the next, "" at the end.
func (db *DB) Users(ctx context.Context, f UserFilter) (list []*User, next string, err error) {
	panic("stub")
}

// UpdateUser changes a copy of the user and stores it; UpdatedAt moves. Login may not change to a taken one.
func (db *DB) UpdateUser(ctx context.Context, by Actor, id string, change func(*User) error) (*User, error) {
	panic("stub")
}

// SetPassword stores a new password and ends the user's sessions and grants; *Invalid when it is too weak.
func (db *DB) SetPassword(ctx context.Context, by Actor, id, password string) error { panic("stub") }

// SetUserDisabled disables (sessions and grants end) or enables.
func (db *DB) SetUserDisabled(ctx context.Context, by Actor, id string, disabled bool) error {
	panic("stub")
}

// CheckPassword compares password with the user's hash; u may be nil (unknown name): the same work is
// done. It costs some 40 ms and 19 MiB, so callers bound how many run at once. rehash says the stored
// parameters are old.
func (db *DB) CheckPassword(u *User, password string) (ok, rehash bool) { panic("stub") }

// RehashPassword stores the same password under today's parameters, only if the hash has not changed.
func (db *DB) RehashPassword(ctx context.Context, u *User, password string) error { panic("stub") }

// --- apps (app.go, app_key.go, redirect.go)

// CreateApp adds an app; secret is the new or chosen client secret, "" for public apps.
func (db *DB) CreateApp(ctx context.Context, by Actor, a NewApp) (app *App, secret string, err error) {
	panic("stub")
}

// App returns the app with that client_id (cached, shared), enabled or not, or ErrNotFound.
func (db *DB) App(ctx context.Context, id string) (*App, error) { panic("stub") }

// Apps returns one page of a list and the cursor of the next.
func (db *DB) Apps(ctx context.Context, f AppFilter) (list []*App, next string, err error) {
	panic("stub")
}

// UpdateApp changes a copy of the app, validates and stores it.
func (db *DB) UpdateApp(ctx context.Context, by Actor, id string, change func(*App) error) (*App, error) {
	panic("stub")
}

// AddAppKey makes a further secret, shown once.
func (db *DB) AddAppKey(ctx context.Context, by Actor, appID, label string, expires time.Time) (key AppKey, secret string, err error) {
	panic("stub")
}

// RotateAppSecret makes a new secret and ends all others at once.
func (db *DB) RotateAppSecret(ctx context.Context, by Actor, appID string) (secret string, err error) {
	panic("stub")
}

// CheckAppSecret tells whether secret is one of the app's live keys; app may be nil (the same work is done).
func (db *DB) CheckAppSecret(app *App, secret string) bool { panic("stub") }

// CheckRedirectURI validates a redirect URI for registration by an app of that kind; *Invalid. (redirect.go)
func CheckRedirectURI(app *App, uri string) error { panic("stub") }

// MatchRedirectURI tells whether uri is where the app may be sent: registered letter by letter, or by
// RFC 8252's loopback rule, or any_loopback; every use is validated again. (redirect.go)
func (a *App) MatchRedirectURI(uri string) bool { panic("stub") }

// MatchPostLogoutURI is the same for post_logout_redirect_uri. (redirect.go)
func (a *App) MatchPostLogoutURI(uri string) bool { panic("stub") }

// AllowsOrigin tells whether scripts of that origin may call the token endpoints for the app. (redirect.go)
func (a *App) AllowsOrigin(origin string) bool { panic("stub") }

// OriginKnown tells whether any enabled app allows that origin (for preflights, which name no app). (redirect.go)
func (db *DB) OriginKnown(ctx context.Context, origin string) bool { panic("stub") }

// --- scopes (scope.go)

// Scopes returns all scopes ordered by name (cached, shared).
func (db *DB) Scopes(ctx context.Context) ([]*Scope, error) { panic("stub") }

// Scope returns one scope or ErrNotFound.
func (db *DB) Scope(ctx context.Context, name string) (*Scope, error) { panic("stub") }

// CreateScope adds a scope; *Invalid or ErrConflict.
func (db *DB) CreateScope(ctx context.Context, by Actor, s Scope) error { panic("stub") }

// --- sessions (session.go)

// StartSession signs a person in and returns the session and the secret for its cookie.
func (db *DB) StartSession(ctx context.Context, s NewSession) (*Session, string, error) {
	panic("stub")
}

// SessionBySecret returns the live session of a cookie and its user, or ErrNotFound; it records use at
// most once an hour, in the background.
func (db *DB) SessionBySecret(ctx context.Context, secret string) (*Session, *User, error) {
	panic("stub")
}

// EndSession ends a session and the grants that do not outlive it.
func (db *DB) EndSession(ctx context.Context, by Actor, id string) error { panic("stub") }

// --- consents (consent.go)

// Consents returns what the person decided about the app (cached), decisions that have ended left out.
func (db *DB) Consents(ctx context.Context, userID, appID string) ([]Consent, error) { panic("stub") }

// Decide stores decisions, replacing earlier ones of the same scopes.
func (db *DB) Decide(ctx context.Context, userID, appID string, decisions []Consent) error {
	panic("stub")
}

// WithdrawApp removes the person's consents for the app and ends all grants of the two.
func (db *DB) WithdrawApp(ctx context.Context, by Actor, userID, appID string) error { panic("stub") }

// --- grants and tokens (grant.go, token.go)

// RedeemCode inserts the grant; the row is the consumption of the code. expired says the code is past
// its lifetime: nothing is inserted, but a replay is still found and revokes.
func (db *DB) RedeemCode(ctx context.Context, g *Grant, expired bool) (Redemption, error) {
	panic("stub")
}

// LiveGrant returns grant, user and app (cached, shared) if grant, user and app still stand, else
// ErrRevoked or ErrNotFound. A grant without Offline also needs its session; SessionEnded is derived.
func (db *DB) LiveGrant(ctx context.Context, id string) (*Grant, *User, *App, error) { panic("stub") }

// RotateRefresh presents the refresh token of generation gen of the grant to the app; narrowed, if not
// nil, replaces the grant's scopes for good. The returned grant is as it stands afterwards.
func (db *DB) RotateRefresh(ctx context.Context, grantID, appID string, gen int64, narrowed []string) (*Grant, Rotation, error) {
	panic("stub")
}

// RevokeGrant ends a grant and every token of it; idempotent.
func (db *DB) RevokeGrant(ctx context.Context, by Actor, id, reason string) error { panic("stub") }

// RevokeToken records one access token as revoked until it would have expired.
func (db *DB) RevokeToken(ctx context.Context, tokenID string, expires time.Time) error {
	panic("stub")
}

// TokenRevoked tells whether the access token was revoked (cached in full: a set in memory).
func (db *DB) TokenRevoked(ctx context.Context, tokenID string) (bool, error) { panic("stub") }

// PutCode keeps the sealed content of a code that is too long for a URL; TakeCode reads it (redeeming is RedeemCode's). (code.go)
func (db *DB) PutCode(ctx context.Context, code, sealed string, expires time.Time) error {
	panic("stub")
}
func (db *DB) Code(ctx context.Context, code string) (sealed string, err error) { panic("stub") }

// --- keys (key.go)

// SigningKeys returns every key still published, and a number that changes whenever they do (a cheap
// atomic read through KeysVersion).
func (db *DB) SigningKeys(ctx context.Context) ([]SigningKey, int64, error) { panic("stub") }

// KeysVersion changes whenever the signing keys do.
func (db *DB) KeysVersion() int64 { panic("stub") }

// RotateKeys publishes a successor of the current key of alg ("": of every alg), signing from now+
// KeyPublishAhead, or at once if now is set.
func (db *DB) RotateKeys(ctx context.Context, by Actor, alg string, now bool) ([]SigningKey, error) {
	panic("stub")
}

// --- audit (audit.go)

// Audit writes one entry by itself; changes write theirs in their own transaction.
func (db *DB) Audit(ctx context.Context, e AuditEntry) error { panic("stub") }

// AuditLog returns one page, newest first.
func (db *DB) AuditLog(ctx context.Context, f AuditFilter) (list []AuditEntry, next string, err error) {
	panic("stub")
}
