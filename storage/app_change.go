package storage

import (
	"bytes"
	"encoding/json"
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

// appDetail says for the audit log what changed: the switches and how they stand now, what was added to (+)
// and taken from (-) lists, and the names of other fields. Whoever reads the log looks for the switches of
// trust and for addresses, so these come first; what does not fit is counted.
func appDetail(before, after *App) string {
	list := appSwitches(before, after)
	for _, f := range []struct {
		name          string
		before, after []string
	}{
		{"scopes", scopeNames(before), scopeNames(after)},
		{"redirect_uris", before.RedirectURIs, after.RedirectURIs},
		{"post_logout_redirect_uris", before.PostLogoutURIs, after.PostLogoutURIs},
		{"grant_types", before.GrantTypes, after.GrantTypes},
		{"token_endpoint_auth_methods", before.AuthMethods, after.AuthMethods},
		{"trusted_domains", before.TrustedDomains, after.TrustedDomains},
		{"network_addresses", before.NetworkAddresses, after.NetworkAddresses},
	} {
		list = append(list, listDiff(f.name, f.before, f.after)...)
	}
	for _, f := range []struct {
		name    string
		changed bool
	}{
		{"scope options", !maps.Equal(scopeOptions(before, after), scopeOptions(after, before))},
		{"client_name", before.Name != after.Name || !maps.Equal(before.Names, after.Names)},
		{"description", before.Description != after.Description},
		{"application_type=" + string(after.Type), before.Type != after.Type},
		{"policy_uri", before.PolicyURI != after.PolicyURI},
		{"tos_uri", before.TosURI != after.TosURI},
		{"id_token_signed_response_alg=" + after.IDTokenAlg, before.IDTokenAlg != after.IDTokenAlg},
		{"access_token_format=" + after.AccessTokenFormat, before.AccessTokenFormat != after.AccessTokenFormat},
		{"access_token_ttl=" + after.AccessTokenTTL.String(), before.AccessTokenTTL != after.AccessTokenTTL},
	} {
		if f.changed {
			list = append(list, f.name)
		}
	}
	return fitting(append(list, registrationDiff(&before.Registration, &after.Registration)...), detailMax-auditVia)
}

// registrationDiff names the members of a registration that differ, in order. What propusk itself keeps
// there is not told: it follows from the others, or is secret.
func registrationDiff(before, after *Registration) []string {
	was, is := before.members(), after.members()
	var list []string
	for _, name := range slices.Sorted(maps.Keys(is)) {
		if !bytes.Equal(was[name], is[name]) {
			list = append(list, name)
		}
		delete(was, name)
	}
	list = append(list, slices.Collect(maps.Keys(was))...)
	slices.Sort(list)
	return list
}

// members is a registration as RFC 7591 would write it, without what propusk itself keeps there.
func (r *Registration) members() map[string]json.RawMessage {
	own := r.copy()
	own.Localized, own.Sector, own.Dynamic, own.TokenHash = nil, "", false, ""
	all := map[string]json.RawMessage{}
	_ = json.Unmarshal([]byte(toJSON(own)), &all) // an object, as it was just written
	for name, uri := range r.Localized {
		all[name] = json.RawMessage(uri)
	}
	return all
}

// newAppDetail says how a new app differs from what a new app of its type is.
func newAppDetail(a *App) string {
	usual := &App{Type: a.Type, Enabled: true, Delegated: true}
	setDefaults(usual)
	list := append([]string{clip(a.Name, 100)}, appSwitches(usual, a)...)
	list = append(list, listDiff("scopes", scopeNames(usual), scopeNames(a))...)
	list = append(list, listDiff("grant_types", usual.GrantTypes, a.GrantTypes)...)
	list = append(list, listDiff("token_endpoint_auth_methods", usual.AuthMethods, a.AuthMethods)...)
	return fitting(append(list, registrationDiff(&usual.Registration, &a.Registration)...), detailMax-auditVia)
}

// appSwitches names the switches that differ, and the presets.
func appSwitches(before, after *App) []string {
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
		{"enabled", before.Enabled, after.Enabled},
		{"any_loopback", before.AnyLoopback, after.AnyLoopback},
		{"insecure_redirect", before.InsecureRedirect, after.InsecureRedirect},
		{"id_token_claims", before.IDTokenClaims, after.IDTokenClaims},
	} {
		if s.before != s.after {
			list = append(list, fmt.Sprintf("%s=%t", s.name, s.after))
		}
	}
	if !samePresets(before, after) {
		list = append(list, "preset_scope="+strings.Join(after.PresetScopes, " "))
	}
	return list
}

// scopeNames are those an app is assigned.
func scopeNames(a *App) []string {
	var names []string
	for _, s := range a.Scopes {
		names = append(names, s.Name)
	}
	return names
}

// scopeOptions are how a has the scopes that both have.
func scopeOptions(a, b *App) map[string]AppScope {
	both := map[string]AppScope{}
	for _, s := range a.Scopes {
		if _, ok := b.Scope(s.Name); ok {
			both[s.Name] = s
		}
	}
	return both
}

// listDiff is the name of a list with its first entry that was added, and then the others, each by itself;
// the name alone where only the order is another.
func listDiff(name string, before, after []string) []string {
	if slices.Equal(before, after) {
		return nil
	}
	var list []string
	for _, v := range after {
		if !slices.Contains(before, v) {
			list = append(list, "+"+v)
		}
	}
	for _, v := range before {
		if !slices.Contains(after, v) {
			list = append(list, "-"+v)
		}
	}
	if len(list) == 0 {
		return []string{name}
	}
	list[0] = name + " " + list[0]
	return list
}

// fitting joins what fits into so many bytes, and counts the rest. An entry takes at most a third, so that
// a long one hides no others.
func fitting(list []string, size int) string {
	var b strings.Builder
	room := size - len(", and 1000 more")
	for i, entry := range list {
		if short := clip(entry, room/3); short != entry {
			entry = short + "…"
		}
		if i > 0 {
			entry = ", " + entry
		}
		if b.Len()+len(entry) > room {
			return fmt.Sprintf("%s, and %d more", b.String(), len(list)-i)
		}
		b.WriteString(entry)
	}
	return b.String()
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
