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
	return text
}

// ask works out what a signed-in person must be asked for the request. Every scope needs a standing
// decision, and a required one a granted one. prompt=consent, and a public app whose redirect anybody on
// the device could receive, ask about everything, once per request.
func ask(in input) asking {
	decided := in.req.Progress.Consented == in.user.ID
	again := !decided && (in.req.HasPrompt("consent") || (!in.dev && impersonable(in.app, in.req.RedirectURI)))
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

// askScopes sorts the scopes of the request; everything asks about decided ones too.
func askScopes(in input, everything bool) asking {
	a := asking{scopes: in.scopes(), ticked: map[string]bool{}, given: map[string]bool{}}
	for _, name := range a.scopes {
		decision, stands := standing(in.consents, name, in.now)
		granted := stands && decision.Granted
		required := mustGrant(in.app, name) && (in.req.HasScope(name) || in.essential(name))
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

// impersonable tells whether another program on the person's device could pass for the app: a public
// app that is answered on loopback or by a private-use scheme (RFC 8252 §8.6).
func impersonable(app *storage.App, redirect string) bool {
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
