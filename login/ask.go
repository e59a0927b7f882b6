package login

import (
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/propusk/propusk/storage"
)

// asking is what the consent page of a request asks, and what stands already. The names keep the order
// of the request.
type asking struct {
	required []string // cannot be unticked
	optional []string // ticked one by one; offline_access stands in offline instead
	offline  bool     // offline_access is asked, and may be left out
	already  []string // granted earlier and not asked again
	since    time.Time
	ticked   map[string]bool // asked before and granted then
	unasked  []string        // granted by a switch of the app; to be recorded before the answer
	away     []string        // where the page speaks of offline access: the scopes it is said to reach
	kept     bool            // offline_access is among them: the page, if there is one, says so

	scopes []string // of the request
	given  map[string]bool
}

// open tells whether anything must be asked.
func (a asking) open() bool {
	return len(a.required) > 0 || len(a.optional) > 0 || a.offline
}

// granted returns what the app may have by the decisions that stand.
func (a asking) granted() []string {
	list := make([]string, 0, len(a.scopes))
	for _, name := range a.scopes {
		if a.given[name] {
			list = append(list, name)
		}
	}
	return list
}

// digest names what is asked, so that an answer counts only for the very question that was shown.
func (a asking) digest() string {
	text := strings.Join(a.required, " ") + "|" + strings.Join(a.optional, " ")
	if a.offline {
		text += "|" + storage.ScopeOffline
	}
	return text + "|away:" + strings.Join(a.away, " ")
}

// ask works out what a signed-in person must be asked for the request. Every scope needs a standing
// decision, and a required one a granted one. prompt=consent, and a public app whose redirect anybody on
// the device could receive, ask about everything, once per request.
func ask(in input) asking {
	decided := in.req.Progress.Consented == in.user.ID
	again := !decided && (in.req.HasPrompt("consent") || (!in.dev && in.impersonable()))
	a := askScopes(in, again)
	if !a.open() && len(a.granted()) == 0 && !decided {
		// Everything asked for was declined one day: the person may have thought better of it.
		a = askScopes(in, true)
	}
	if decided {
		for name := range a.given {
			if !slices.Contains(in.req.Progress.Granted, name) {
				delete(a.given, name)
			}
		}
	}
	return a
}

// askScopes works out the question; everything asks about what was decided too. What is preset is asked
// like the rest once there is a page anyway.
func askScopes(in input, everything bool) asking {
	preset := !everything && in.preset()
	a := sortScopes(in, everything, preset)
	a.askAway(in)
	if preset && a.open() {
		a = sortScopes(in, everything, false)
		a.askAway(in)
	}
	if a.tellsAway() {
		for _, name := range a.scopes {
			s, _ := in.app.Scope(name)
			if s.Offline && name != storage.ScopeOffline {
				a.away = append(a.away, name)
			}
		}
	}
	return a
}

// sortScopes sorts the scopes of the request into what is asked and what is not.
func sortScopes(in input, everything, preset bool) asking {
	a := asking{scopes: in.scopes(), ticked: map[string]bool{}, given: map[string]bool{}}
	for _, name := range a.scopes {
		decision, stands := standing(in.consents, name, in.now)
		granted := stands && decision.Granted
		required := in.required(name)
		if name == storage.ScopeOffline && autonomous(in.app) && !(stands && (!granted || !everything)) {
			a.kept = true
		}
		if a.kept && name == storage.ScopeOffline || preset && !stands {
			a.given[name] = true
			if !stands {
				a.unasked = append(a.unasked, name)
			}
			continue
		}
		if stands && (granted || !required) && !everything {
			if granted {
				a.already = append(a.already, name)
				a.given[name] = true
				if decision.DecidedAt.After(a.since) {
					a.since = decision.DecidedAt
				}
			}
			continue
		}
		a.ticked[name] = granted
		switch {
		case required:
			a.required = append(a.required, name)
		case name == storage.ScopeOffline:
			a.offline = true
		default:
			a.optional = append(a.optional, name)
		}
	}
	return a
}

// required tells whether the person cannot leave the scope out of this request.
func (in input) required(name string) bool {
	return mustGrant(in.app, name) && (in.req.HasScope(name) || in.essential(name))
}

// preset tells whether the app's switch spares the person the page: everything the request asks for is
// preset. Offline access has a switch of its own and is asked for otherwise; and what the person declined
// one day and is now required is a question again.
func (in input) preset() bool {
	if !in.app.SkipConsent {
		return false
	}
	for _, name := range in.scopes() {
		decision, stands := standing(in.consents, name, in.now)
		switch {
		case stands && !decision.Granted && in.required(name):
			return false
		case name == storage.ScopeOffline:
			if !stands && !autonomous(in.app) {
				return false
			}
		case !slices.Contains(in.app.PresetScopes, name):
			return false
		}
	}
	return true
}

// autonomous tells whether the app has offline access without asking: an administrator set the switch, and
// vouches for the app. What a person declined stays declined.
func autonomous(app *storage.App) bool { return app.OfflineWithoutConsent && app.Trusted }

// essential tells whether the claims parameter marks a claim of the scope as essential. What it only
// mentions may be left out, whatever the app says of the scope (Core §5.5.1).
func (in input) essential(scope string) bool {
	s := in.scope(scope)
	if s == nil || in.req.Claims == nil {
		return false
	}
	return slices.ContainsFunc(s.Claims, func(claim string) bool {
		user, token := in.req.Claims.UserInfo[claim], in.req.Claims.IDToken[claim]
		return user != nil && user.Essential || token != nil && token.Essential
	})
}

// mustGrant tells whether the app cannot do without the scope. Without openid the request would not be
// one of OpenID Connect, so nobody can untick it.
func mustGrant(app *storage.App, name string) bool {
	s, _ := app.Scope(name)
	return s.Required || name == storage.ScopeOpenID
}

// standing returns the decision about the scope that holds now.
func standing(list []storage.Consent, scope string, now time.Time) (storage.Consent, bool) {
	for _, c := range list {
		if c.Scope == scope && (c.Until.IsZero() || now.Before(c.Until)) {
			return c, true
		}
	}
	return storage.Consent{}, false
}

// impersonable tells whether another program could pass for the app: a public one that is answered on the
// person's device (RFC 8252 §8.6), or that asks from a device for itself (RFC 8628 §5.6).
func (in input) impersonable() bool {
	if in.req.Device != "" {
		return in.app.Public()
	}
	return answersLocally(in.app, in.req.RedirectURI)
}

// answersLocally tells whether a public app is answered on loopback or by a private-use scheme.
func answersLocally(app *storage.App, redirect string) bool {
	if !app.Public() {
		return false
	}
	u, err := url.Parse(redirect)
	if err != nil {
		return true
	}
	switch u.Scheme {
	case "https":
		return false
	case "http":
		return loopback(u.Hostname())
	}
	return true
}

// loopback tells whether the host is this machine.
func loopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}
