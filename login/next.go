package login

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/propusk/propusk/storage"
)

// kind names a step of a sign-in.
type kind int

const (
	stepSignIn  kind = iota + 1 // ask for name and password
	stepChoose                  // ask which account
	stepConsent                 // ask what the app may have
	stepDone                    // answer with a code
	stepRefuse                  // answer with an error
)

// step is what is due for a request. scopes belongs to stepDone, as does unasked: those of them that a
// switch of the app grants and that must be recorded first. code and description belong to stepRefuse, as
// does developers: only they may sign in. again belongs to stepSignIn: the person is signed in and must
// prove it once more.
type step struct {
	kind        kind
	scopes      []string
	unasked     []string
	code        string
	description string
	developers  bool
	again       bool
}

// input is everything the next step depends on.
type input struct {
	req      *storage.AuthRequest
	session  *storage.Session  // nil: signed out
	user     *storage.User     // of session
	sub      string            // what the app calls user, empty: their id
	app      *storage.App      // nil: the request is one of our own pages
	known    []*storage.Scope  // scopes that exist
	consents []storage.Consent // of user and app
	dev      bool
	now      time.Time
}

// subject is the user as the app knows them (OpenID Connect Core §8).
func (in input) subject() string {
	if in.sub == "" {
		return in.user.ID
	}
	return in.sub
}

// next says which step is due. It is a pure function. A request with prompt=none gets only stepDone or
// stepRefuse (OpenID Connect Core §3.1.2.6).
func next(in input) step {
	if in.own() {
		return nextOwn(in)
	}
	if acrUnmet(in.req.Claims) {
		return refusal("unmet_authentication_requirements", "of acr only "+strings.Join(storage.ACRValues, ", ")+" is offered")
	}
	if len(in.scopes()) == 0 {
		return refusal("invalid_scope", "no scope that the app may have was asked for")
	}
	s := due(in)
	if !in.req.HasPrompt("none") {
		return s
	}
	switch s.kind {
	case stepSignIn:
		return refusal("login_required", "the person must sign in")
	case stepChoose:
		return refusal("account_selection_required", "the person must choose an account")
	case stepConsent:
		return refusal("consent_required", "the person must decide what the app may have")
	}
	return s
}

// own tells whether no app asks: a page of ours wants to know who is there.
func (in input) own() bool { return in.req.AppID == "" }

// nextOwn is next for a page of ours: the person signs in, and once more where the page wants that.
func nextOwn(in input) step {
	if in.session == nil || in.user == nil || in.user.Disabled() {
		return step{kind: stepSignIn}
	}
	if in.req.HasPrompt("login") && in.req.Progress.Authenticated != in.session.ID {
		return step{kind: stepSignIn, again: true}
	}
	return step{kind: stepDone}
}

// due is next without prompt=none.
func due(in input) step {
	if in.session == nil || in.user == nil || in.user.Disabled() {
		return step{kind: stepSignIn}
	}
	proved := in.req.Progress.Authenticated == in.session.ID
	if in.req.HintSub != "" && in.req.HintSub != in.subject() {
		// Core §3.1.2.1: with a hint, never answer for another person. Whoever signed in for this very
		// request as somebody else has had the chance; anybody else is asked to sign in as the one hinted.
		if proved {
			return refusal("login_required", "somebody else than the person asked for signed in")
		}
		return step{kind: stepSignIn}
	}
	if !proved && mustProve(in) {
		return step{kind: stepSignIn, again: true}
	}
	if in.req.HasPrompt("select_account") && in.req.Progress.Account != in.user.ID {
		return step{kind: stepChoose}
	}
	if !in.app.Delegated && in.app.Role(in.user.ID) == "" {
		s := refusal("access_denied", "only the developers of this app may sign in")
		s.developers = true
		return s
	}
	asked := ask(in)
	if asked.open() {
		return step{kind: stepConsent}
	}
	granted := asked.granted()
	if len(granted) == 0 {
		return refusal("access_denied", "nothing was granted")
	}
	return step{kind: stepDone, scopes: granted, unasked: asked.unasked}
}

// mustProve tells whether the request wants a fresh sign-in of the person who is signed in. The caller
// has found no progress that meets it: times alone never meet prompt=login or max_age=0, because a robot
// signs in and asks again within the same second.
func mustProve(in input) bool {
	if in.req.HasPrompt("login") {
		return true
	}
	if in.req.MaxAge == nil {
		return false
	}
	age := *in.req.MaxAge
	if age <= 0 {
		return true
	}
	// Compared in seconds, so that a huge max_age cannot overflow a Duration.
	return in.now.Sub(in.session.AuthTime).Seconds() > float64(age)
}

// scopes returns what the person is asked for, in the request's order and behind it what its claims
// parameter implies: what may still be given, being known and assigned to the app. Both
// held when the request was validated, but half an hour may have passed.
func (in input) scopes() []string {
	list := make([]string, 0, len(in.req.Scopes)+len(in.req.Implied))
	for _, name := range slices.Concat(in.req.Scopes, in.req.Implied) {
		_, assigned := in.app.Scope(name)
		if assigned && in.scope(name) != nil {
			list = append(list, name)
		}
	}
	return list
}

// scope returns the known scope of that name, or nil.
func (in input) scope(name string) *storage.Scope {
	for _, s := range in.known {
		if s.Name == name {
			return s
		}
	}
	return nil
}

// acrUnmet tells whether the claims parameter makes acr essential with values that exclude all there are
// (Core §5.5.1.1). Voluntary values, acr_values among them, are ignored.
func acrUnmet(c *storage.Claims) bool {
	if c == nil {
		return false
	}
	acr := c.IDToken["acr"]
	if acr == nil || !acr.Essential {
		return false
	}
	values := acr.Values
	if len(acr.Value) > 0 && string(acr.Value) != "null" {
		values = append([]json.RawMessage{acr.Value}, values...)
	}
	for _, v := range values {
		var value string
		err := json.Unmarshal(v, &value)
		if err == nil && slices.Contains(storage.ACRValues, value) {
			return false
		}
	}
	return len(values) > 0
}

// refusal makes a stepRefuse; description is ASCII without quotes and backslashes (RFC 6749 §4.1.2.1).
func refusal(code, description string) step {
	return step{kind: stepRefuse, code: code, description: description}
}
