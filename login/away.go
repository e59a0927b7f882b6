package login

import (
	"slices"

	"github.com/propusk/propusk/storage"
)

// tellsAway tells whether the page speaks of offline access.
func (a asking) tellsAway() bool {
	return a.offline || a.kept || slices.Contains(a.required, storage.ScopeOffline)
}

// askAway asks anew about offline access that was granted, when the app would now have more of it than the
// person was told: a scope that became one for offline use since, or one that is new. An app that has
// offline access without asking is not asked about: what it gains is recorded as gained by that switch.
func (a *asking) askAway(in input) {
	more := widened(in, a.already)
	switch {
	case !a.given[storage.ScopeOffline]:
		return // asked for the first time, declined, or not wanted
	case autonomous(in.app) && !a.open():
		a.unasked = append(a.unasked, more...)
		return
	case len(more)+len(widened(in, slices.Concat(a.required, a.optional, a.unasked))) == 0:
		return
	}
	a.already = slices.DeleteFunc(a.already, func(name string) bool { return name == storage.ScopeOffline })
	if autonomous(in.app) {
		a.kept = true
		return
	}
	delete(a.given, storage.ScopeOffline)
	a.ticked[storage.ScopeOffline] = true
	if in.required(storage.ScopeOffline) {
		a.required = append(a.required, storage.ScopeOffline)
		return
	}
	a.offline = true
}

// widened returns those of the scopes that are assigned for offline use, while the person's decision, if
// there is one, does not say so.
func widened(in input, scopes []string) []string {
	var list []string
	for _, name := range scopes {
		s, _ := in.app.Scope(name)
		decision, stands := standing(in.consents, name, in.now)
		if name != storage.ScopeOffline && s.Offline && !(stands && decision.Granted && decision.Offline) {
			list = append(list, name)
		}
	}
	return list
}
