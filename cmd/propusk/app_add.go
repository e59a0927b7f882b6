package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/propusk/propusk/storage"
)

func appAddCommand(t terminal) *cli.Command {
	return &cli.Command{
		Name:      "add",
		Usage:     "add an app and print its client_id and, once, its secret",
		ArgsUsage: "NAME",
		Flags: flags(dataFlags(), []cli.Flag{
			&cli.StringFlag{Name: "id", Usage: "the `CLIENT_ID`; made when left out"},
			&cli.StringFlag{Name: "type", Value: string(storage.AppWeb), Usage: "web, browser, native or service"},
			&cli.StringFlag{Name: "name-ru", Usage: "the `NAME` in Russian"},
			&cli.StringFlag{Name: "description", Usage: "what the app is for"},
			&cli.StringSliceFlag{Name: "redirect", Usage: "a redirect `URI`; repeatable"},
			&cli.StringSliceFlag{Name: "post-logout", Usage: "a `URI` to return to after logout; repeatable"},
			&cli.StringSliceFlag{Name: "scope", Usage: "a scope, `NAME[,optional][,offline]`; repeatable; replaces openid and optional profile, email, offline_access"},
			&cli.StringSliceFlag{Name: "grant", Usage: "a grant `TYPE`: authorization_code, refresh_token, client_credentials; repeatable; replaces those of the app's type"},
			&cli.StringSliceFlag{Name: "auth-method", Usage: "client_secret_basic, client_secret_post or none; repeatable"},
			&cli.BoolFlag{Name: "without-pkce", Usage: "the app may leave PKCE out (confidential apps only)"},
			&cli.BoolFlag{Name: "trusted", Usage: "an administrator checked the app; the pages say so"},
			&cli.StringFlag{Name: "id-token-alg", Usage: "RS256 (default), ES256, PS256 or EdDSA"},
			&cli.BoolFlag{Name: "id-token-claims", Usage: "put profile claims into the id_token as well"},
			&cli.StringFlag{Name: "access-token-format", Usage: "opaque (default) or jwt"},
			&cli.StringFlag{Name: "policy-uri", Usage: "`URI` of the privacy policy"},
			&cli.StringFlag{Name: "tos-uri", Usage: "`URI` of the terms of service"},
			&cli.BoolFlag{Name: "secret-stdin", Usage: "read a secret of your choice from the first line of stdin"},
			jsonFlag(),
		}),
		Action: func(c *cli.Context) error { return appAdd(c, t) },
	}
}

func appAdd(c *cli.Context, t terminal) error {
	args, err := exactly(c, "NAME")
	if err != nil {
		return err
	}
	n, err := newApplication(c, args[0])
	if err != nil {
		return err
	}
	if c.Bool("secret-stdin") {
		n.Secret, err = t.firstLine("secret")
		if err != nil {
			return err
		}
	}
	return withDB(c, func(ctx context.Context, db *storage.DB) error {
		a, secret, err := db.CreateApp(ctx, storage.Command, n)
		if errors.Is(err, storage.ErrConflict) {
			return withHint(fmt.Errorf("the client_id %q is taken", n.ID), "propusk app list")
		}
		if err != nil {
			return err
		}
		if c.Bool("secret-stdin") {
			secret = "" // whoever chose it has it
		}
		if c.Bool("json") {
			return t.json(viewApp(a, secret))
		}
		rows := [][]string{{"client_id", a.ID}}
		if secret != "" {
			rows = append(rows, []string{"client_secret", secret})
			t.say("the secret is shown this once")
		}
		return t.table(rows)
	})
}

// offeredGrants are the grant types an app can be given.
var offeredGrants = []string{storage.GrantCode, storage.GrantRefreshToken, storage.GrantClientCredentials}

// newApplication reads the flags; what they leave out storage fills by the app's type.
func newApplication(c *cli.Context, name string) (storage.NewApp, error) {
	n := storage.NewApp{App: storage.App{
		ID: c.String("id"), Name: name, Description: c.String("description"),
		Type: storage.AppType(c.String("type")), Enabled: true, Trusted: c.Bool("trusted"),
		WithoutPKCE: c.Bool("without-pkce"), RedirectURIs: c.StringSlice("redirect"),
		PostLogoutURIs: c.StringSlice("post-logout"), AuthMethods: c.StringSlice("auth-method"),
		GrantTypes: c.StringSlice("grant"),
		IDTokenAlg: c.String("id-token-alg"), IDTokenClaims: c.Bool("id-token-claims"),
		AccessTokenFormat: c.String("access-token-format"),
		PolicyURI:         c.String("policy-uri"), TosURI: c.String("tos-uri"),
	}}
	if ru := c.String("name-ru"); ru != "" {
		n.Names = map[string]string{"ru": ru}
	}
	if !strings.Contains("|web|browser|native|service|", "|"+c.String("type")+"|") {
		return n, usageError(fmt.Sprintf("--type %q: web, browser, native or service", c.String("type")))
	}
	for _, grant := range n.GrantTypes {
		if !slices.Contains(offeredGrants, grant) {
			return n, usageError(fmt.Sprintf("--grant %q: %s", grant, strings.Join(offeredGrants, ", ")))
		}
	}
	signsIn := n.Type != storage.AppService && (len(n.GrantTypes) == 0 || slices.Contains(n.GrantTypes, storage.GrantCode))
	if signsIn && len(n.RedirectURIs) == 0 {
		return n, usageError("--redirect is missing: nobody could sign in to an app that has no redirect URI")
	}
	for _, text := range c.StringSlice("scope") {
		s, err := parseAppScope(text)
		if err != nil {
			return n, err
		}
		n.Scopes = append(n.Scopes, s)
	}
	return n, nil
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
