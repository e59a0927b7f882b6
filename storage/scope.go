package storage

// Scope is something an app may be granted (RFC 6749 §3.3): a title and a sentence for people in
// English and Russian, the claims it yields at userinfo, and the audience of access tokens that hold it.
type Scope struct {
	Name     string
	AppID    string            // the app that owns it (a resource server), or empty
	Title    map[string]string // by language
	Text     map[string]string // by language
	Claims   []string
	Audience string // empty: propusk itself
	Builtin  bool   // of OpenID Connect Core or of the REST API; cannot be deleted
}

// ScopeOpenID and ScopeOffline are the scopes with a meaning of their own in the protocol.
const (
	ScopeOpenID  = "openid"
	ScopeOffline = "offline_access"
)

// APIAudience is the audience of propusk's own REST API: that of the scopes apps.read, apps.write,
// users.read, users.write, audit.read, me.read and me.write.
const APIAudience = "propusk-api"
