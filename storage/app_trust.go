package storage

import (
	"errors"
	"fmt"
	"slices"
)

// checkAppTrust: offline_untrusted (field offline_without_consent; also for taking Trusted away before it),
// preset_unassigned (field preset_scope: a scope that the app may not ask for). Repeated presets are left
// out.
func checkAppTrust(a *App) error {
	var presets []string
	for _, name := range a.PresetScopes {
		_, assigned := a.Scope(name)
		if !assigned {
			return &Invalid{Field: "preset_scope", Reason: "preset_unassigned", Value: clip(name, 100)}
		}
		if !slices.Contains(presets, name) {
			presets = append(presets, name)
		}
	}
	a.PresetScopes = presets
	if a.OfflineWithoutConsent && !a.Trusted {
		return &Invalid{Field: "offline_without_consent", Reason: "offline_untrusted"}
	}
	return nil
}

// needsTrust tells whether a change is one that only administrators make ([AppTrust]): the switches by
// which an app gets something without the person being asked, and scopes of propusk's own API.
func needsTrust(before, after *App) bool {
	if before.Trusted != after.Trusted || before.SkipConsent != after.SkipConsent ||
		before.OfflineWithoutConsent != after.OfflineWithoutConsent || !samePresets(before, after) {
		return true
	}
	return slices.ContainsFunc(after.Scopes, func(s AppScope) bool {
		_, had := before.Scope(s.Name)
		return !had && isAPIScope(s.Name)
	})
}

// allowApp asks for what a change needs besides the right to make it: AppTrust for what needsTrust names
// and for foreign scopes, and of a token what notWidenedApp says. of is the app as it is stored, nil for a
// new one.
func (t *tx) allowApp(by Actor, before, after, of *App) error {
	trust := needsTrust(before, after)
	for _, s := range after.Scopes {
		_, had := before.Scope(s.Name)
		if trust || had {
			continue
		}
		var err error
		trust, err = t.foreignScope(by, s.Name, after.ID)
		if err != nil {
			return err
		}
	}
	if trust {
		err := t.allow(by, AppTrust, of)
		if err != nil {
			return err
		}
	}
	return notWidenedApp(by, before, after)
}

// foreignScope tells whether a scope is one that only administrators give an app: neither built in, nor the
// app's own, nor of an app that the actor may change as well. Its owner, not whoever would like to call
// that API, decides who may (also without any person, by client_credentials). An unknown scope is left to
// setAppScopes.
func (t *tx) foreignScope(by Actor, name, appID string) (bool, error) {
	s, err := t.scope(name)
	switch {
	case errors.Is(err, ErrNotFound):
		return false, nil
	case err != nil:
		return false, err
	case s.Builtin, s.AppID == appID:
		return false, nil
	case s.AppID == "":
		return true, nil
	}
	owner, err := t.app(s.AppID)
	if err != nil {
		return false, err
	}
	err = t.allow(by, AppWrite, owner)
	var d *denied
	if errors.As(err, &d) {
		return true, nil
	}
	return false, err
}

// notWidenedApp refuses a token that gives an app scopes of the API which it has not itself, or presets
// them, and one that switches asking the person off where the app holds such scopes: by the app it would
// get what it may not.
func notWidenedApp(by Actor, before, after *App) error {
	if !by.Scoped {
		return nil
	}
	unasked := after.Trusted && !before.Trusted || after.SkipConsent && !before.SkipConsent ||
		after.OfflineWithoutConsent && !before.OfflineWithoutConsent
	for _, scope := range APIScopes(Full) {
		_, had := before.Scope(scope)
		_, has := after.Scope(scope)
		preset := slices.Contains(after.PresetScopes, scope) && !slices.Contains(before.PresetScopes, scope)
		if (preset || has && (!had || unasked)) && !slices.Contains(by.Scopes, scope) {
			return &denied{"forbidden", fmt.Errorf("%s for an app by a token without it: %w", scope, ErrForbidden)}
		}
	}
	return nil
}

// samePresets compares preset scopes without their order.
func samePresets(a, b *App) bool {
	return slices.Equal(slices.Sorted(slices.Values(a.PresetScopes)), slices.Sorted(slices.Values(b.PresetScopes)))
}

// narrowPresets takes a scope that is no longer assigned out of the presets, where these are as they
// were: a developer may take a scope away though only an administrator may choose presets.
func narrowPresets(before, after *App) {
	if !samePresets(before, after) {
		return
	}
	after.PresetScopes = slices.DeleteFunc(after.PresetScopes, func(name string) bool {
		_, had := before.Scope(name)
		_, has := after.Scope(name)
		return had && !has
	})
}

// isAPIScope tells whether a scope is one of the REST API's.
func isAPIScope(name string) bool { return slices.Contains(APIScopes(Full), name) }
