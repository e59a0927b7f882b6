package storage

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// appAction names the master switch in the audit log.
func appAction(before, after *App) string {
	switch {
	case before.Enabled && !after.Enabled:
		return "app.disable"
	case !before.Enabled && after.Enabled:
		return "app.enable"
	}
	return "app.update"
}

// appDetail names the switches of trust that were moved: whoever reads the log looks for them.
func appDetail(before, after *App) string {
	var list []string
	for _, s := range []struct {
		name          string
		before, after bool
	}{
		{"trusted", before.Trusted, after.Trusted},
		{"skip_consent", before.SkipConsent, after.SkipConsent},
		{"offline_without_consent", before.OfflineWithoutConsent, after.OfflineWithoutConsent},
		{"without_pkce", before.WithoutPKCE, after.WithoutPKCE},
		{"delegated", before.Delegated, after.Delegated},
	} {
		if s.before != s.after {
			list = append(list, fmt.Sprintf("%s=%t", s.name, s.after))
		}
	}
	if !samePresets(before, after) {
		list = append(list, "preset_scope="+strings.Join(after.PresetScopes, " "))
	}
	return strings.Join(list, ", ")
}

// copyApp returns a copy that shares nothing with a.
func copyApp(a *App) *App {
	b := *a
	b.Names = maps.Clone(a.Names)
	b.RedirectURIs, b.PostLogoutURIs = slices.Clone(a.RedirectURIs), slices.Clone(a.PostLogoutURIs)
	b.GrantTypes, b.AuthMethods = slices.Clone(a.GrantTypes), slices.Clone(a.AuthMethods)
	b.Scopes, b.Keys = slices.Clone(a.Scopes), slices.Clone(a.Keys)
	b.Developers, b.PresetScopes = slices.Clone(a.Developers), slices.Clone(a.PresetScopes)
	b.TrustedDomains, b.NetworkAddresses = slices.Clone(a.TrustedDomains), slices.Clone(a.NetworkAddresses)
	b.Registration = a.Registration.copy()
	return &b
}
