package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/propusk/propusk/storage"
)

// offeredGrants are the grant types an app can be given, by the names the command line takes.
var offeredGrants = map[string]string{
	storage.GrantCode:              storage.GrantCode,
	storage.GrantRefreshToken:      storage.GrantRefreshToken,
	storage.GrantClientCredentials: storage.GrantClientCredentials,
	storage.GrantPersonal:          storage.GrantPersonal,
	storage.GrantDeviceCode:        storage.GrantDeviceCode,
	"device_code":                  storage.GrantDeviceCode,
}

const grantNames = "authorization_code, refresh_token, client_credentials, device_code, personal_access_token"

// appSettingFlags are what app add and app edit set alike.
func appSettingFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "name-ru", Usage: "the `NAME` in Russian"},
		&cli.StringFlag{Name: "description", Usage: "`TEXT` that says what the app is for"},
		&cli.StringSliceFlag{Name: "redirect", Usage: "a redirect `URI`; repeatable"},
		&cli.StringSliceFlag{Name: "post-logout", Usage: "a `URI` to return to after logout; repeatable"},
		&cli.StringSliceFlag{Name: "scope", Usage: "a scope, `NAME[,optional][,offline]`; repeatable"},
		&cli.StringSliceFlag{Name: "grant", Usage: "a grant `TYPE`: " + grantNames + "; repeatable"},
		&cli.StringSliceFlag{Name: "auth-method", Usage: "a `METHOD`: client_secret_basic, client_secret_post, client_secret_jwt, private_key_jwt or none; repeatable"},
		&cli.StringSliceFlag{Name: "domain", Usage: "a trusted domain, `HOST[/PATH]`: no URI of the app may lie outside; repeatable"},
		&cli.StringSliceFlag{Name: "network", Usage: "a network, `CIDR`, from which its keys may be used; repeatable"},
		&cli.BoolFlag{Name: "delegated", Value: true, DefaultText: "true for a new app", Usage: "everybody may sign in; =false: only the app's developers"},
		&cli.BoolFlag{Name: "without-pkce", Usage: "the app may leave PKCE out (confidential apps only)"},
		&cli.BoolFlag{Name: "trusted", Usage: "an administrator checked the app; the pages say so"},
		&cli.BoolFlag{Name: "skip-consent", Usage: "no consent page where everything asked for is preset"},
		&cli.StringSliceFlag{Name: "preset", Usage: "a preset `SCOPE` for --skip-consent; repeatable"},
		&cli.BoolFlag{Name: "offline-without-consent", Usage: "offline access without asking (trusted apps only)"},
		&cli.StringFlag{Name: "id-token-alg", Usage: "`ALG` of its id_tokens: RS256 (default), ES256, PS256 or EdDSA"},
		&cli.BoolFlag{Name: "id-token-claims", Usage: "put profile claims into the id_token as well"},
		&cli.StringFlag{Name: "access-token-format", Usage: "`FORMAT` of its access tokens: opaque (default) or jwt"},
		&cli.DurationFlag{Name: "access-token-ttl", Usage: "lifetime of access tokens, 1m to 24h", DefaultText: "1h"},
		&cli.StringFlag{Name: "policy-uri", Usage: "`URI` of the privacy policy"},
		&cli.StringFlag{Name: "tos-uri", Usage: "`URI` of the terms of service"},
	}
}

// applySettings puts the flags that were given into the app and leaves the rest as it is.
func applySettings(c *cli.Context, a *storage.App) error {
	for name, field := range map[string]*string{
		"description": &a.Description, "id-token-alg": &a.IDTokenAlg, "access-token-format": &a.AccessTokenFormat,
		"policy-uri": &a.PolicyURI, "tos-uri": &a.TosURI,
	} {
		if c.IsSet(name) {
			*field = c.String(name)
		}
	}
	for name, field := range map[string]*bool{
		"delegated": &a.Delegated, "without-pkce": &a.WithoutPKCE, "trusted": &a.Trusted, "skip-consent": &a.SkipConsent,
		"offline-without-consent": &a.OfflineWithoutConsent, "id-token-claims": &a.IDTokenClaims,
	} {
		if c.IsSet(name) {
			*field = c.Bool(name)
		}
	}
	for name, field := range map[string]*[]string{
		"redirect": &a.RedirectURIs, "post-logout": &a.PostLogoutURIs, "auth-method": &a.AuthMethods,
		"domain": &a.TrustedDomains, "network": &a.NetworkAddresses, "preset": &a.PresetScopes,
	} {
		if c.IsSet(name) {
			*field = given(c.StringSlice(name))
		}
	}
	if c.IsSet("access-token-ttl") {
		a.AccessTokenTTL = c.Duration("access-token-ttl").Round(time.Millisecond)
	}
	if c.IsSet("name-ru") {
		a.Names = maps.Clone(a.Names)
		if a.Names == nil {
			a.Names = map[string]string{}
		}
		delete(a.Names, "ru")
		if ru := c.String("name-ru"); ru != "" {
			a.Names["ru"] = ru
		}
	}
	return applyGrantsAndScopes(c, a)
}

func applyGrantsAndScopes(c *cli.Context, a *storage.App) error {
	if c.IsSet("grant") {
		a.GrantTypes = nil
		for _, name := range c.StringSlice("grant") {
			grant, ok := offeredGrants[name]
			if !ok {
				return usageError(fmt.Sprintf("--grant %q is none of %s", name, grantNames))
			}
			a.GrantTypes = append(a.GrantTypes, grant)
		}
	}
	if c.IsSet("scope") {
		a.Scopes = nil
		for _, text := range c.StringSlice("scope") {
			s, err := parseAppScope(text)
			if err != nil {
				return err
			}
			a.Scopes = append(a.Scopes, s)
		}
	}
	return nil
}

// given is a list flag's value; one empty text empties the list.
func given(values []string) []string {
	return slices.DeleteFunc(slices.Clone(values), func(s string) bool { return s == "" })
}

// parseAppScope reads NAME[,optional][,offline].
func parseAppScope(text string) (storage.AppScope, error) {
	name, attributes, _ := strings.Cut(text, ",")
	s := storage.AppScope{Name: name, Required: true}
	for attributes != "" {
		var one string
		one, attributes, _ = strings.Cut(attributes, ",")
		switch one {
		case "optional":
			s.Required = false
		case "offline":
			s.Offline = true
		default:
			return s, usageError(fmt.Sprintf("--scope %q: after the comma stands optional or offline", text))
		}
	}
	return s, nil
}
