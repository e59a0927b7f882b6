package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/propusk/propusk/storage"
)

func tokenCommand(t terminal) *cli.Command {
	user := &cli.StringFlag{Name: "user", Usage: "`LOGIN` of the person the token acts as (required)"}
	return &cli.Command{
		Name:  "token",
		Usage: "personal access tokens, for scripts: create, list, revoke",
		Subcommands: []*cli.Command{
			{
				Name:  "create",
				Usage: "make a token for a person and print it, once",
				Flags: flags(dataFlags(), []cli.Flag{
					user,
					&cli.StringFlag{Name: "name", Usage: "what the token is for (required)"},
					&cli.StringFlag{Name: "scope", Usage: "`SCOPES`, separated by blanks (required): " + strings.Join(storage.APIScopes(storage.Full), " ")},
					&cli.StringFlag{Name: "app", Usage: "`CLIENT_ID` of the app it is for (default: propusk's own API)"},
					expiresFlag("when it ends: days as `90d`, or a date as 2027-01-31 (default 90d, at most a year)"),
					jsonFlag(),
				}),
				Action: func(c *cli.Context) error { return tokenCreate(c, t) },
			},
			{
				Name:   "list",
				Usage:  "list a person's tokens",
				Flags:  flags(dataFlags(), []cli.Flag{user, jsonFlag()}),
				Action: func(c *cli.Context) error { return tokenList(c, t) },
			},
			{
				Name:      "revoke",
				Usage:     "end a token at once",
				ArgsUsage: "ID_OR_NAME",
				Flags:     flags(dataFlags(), []cli.Flag{user, jsonFlag()}),
				Action:    func(c *cli.Context) error { return tokenRevoke(c, t) },
			},
		},
	}
}

// withTokenUser runs do for the person whose tokens --user names.
func withTokenUser(c *cli.Context, do func(context.Context, *storage.DB, *storage.User) error) error {
	if c.String("user") == "" {
		return usageError(commandPath(c)+" needs --user LOGIN", "propusk "+commandPath(c)+" --help")
	}
	return withUser(c, c.String("user"), do)
}

func tokenCreate(c *cli.Context, t terminal) error {
	_, err := exactly(c)
	if err != nil {
		return err
	}
	for _, name := range []string{"name", "scope"} {
		if strings.TrimSpace(c.String(name)) == "" {
			return usageError("token create needs --"+name, "propusk token create --help")
		}
	}
	return withTokenUser(c, func(ctx context.Context, db *storage.DB, u *storage.User) error {
		expires, err := parseExpires(c.String("expires"), db.Now())
		if err != nil {
			return err
		}
		if c.IsSet("app") {
			_, err = findApp(ctx, db, c.String("app"))
			if err != nil {
				return err
			}
		}
		token, secret, err := db.CreatePersonalToken(ctx, storage.Command, storage.NewPersonalToken{
			UserID: u.ID, AppID: c.String("app"), Name: c.String("name"), Scopes: strings.Fields(c.String("scope")), ExpiresAt: expires,
		})
		if err != nil {
			return err
		}
		if c.Bool("json") {
			v := viewToken(token)
			v.Token = secret
			return t.json(v)
		}
		t.say("the token acts as %s until %s; it is shown this once", u.Login, date(token.ExpiresAt))
		return printSecret(t, true, secret)
	})
}

// tokenView is a personal access token as JSON.
type tokenView struct {
	ID         string `json:"id"`
	Token      string `json:"token,omitempty"` // once
	Name       string `json:"name"`
	ClientID   string `json:"client_id,omitempty"`
	Scope      string `json:"scope"`
	Prefix     string `json:"prefix"`
	CreatedAt  int64  `json:"created_at"`
	ExpiresAt  int64  `json:"expires_at"`
	LastUsedAt int64  `json:"last_used_at,omitempty"`
}

func viewToken(p *storage.PersonalToken) tokenView {
	return tokenView{ID: p.ID, Name: p.Name, ClientID: p.AppID, Scope: strings.Join(p.Scopes, " "), Prefix: p.Prefix,
		CreatedAt: seconds(p.CreatedAt), ExpiresAt: seconds(p.ExpiresAt), LastUsedAt: seconds(p.LastUsedAt)}
}

func tokenList(c *cli.Context, t terminal) error {
	_, err := exactly(c)
	if err != nil {
		return err
	}
	return withTokenUser(c, func(ctx context.Context, db *storage.DB, u *storage.User) error {
		all, err := db.PersonalTokens(ctx, u.ID)
		if err != nil {
			return err
		}
		items := []tokenView{}
		rows := [][]string{{"ID", "NAME", "FOR", "SCOPES", "PREFIX", "EXPIRES", "LAST USED"}}
		for _, p := range all {
			items = append(items, viewToken(p))
			rows = append(rows, []string{p.ID, p.Name, p.AppID, strings.Join(p.Scopes, " "), p.Prefix, date(p.ExpiresAt), date(p.LastUsedAt)})
		}
		if c.Bool("json") {
			return t.json(map[string]any{"items": items})
		}
		return t.table(rows)
	})
}

func tokenRevoke(c *cli.Context, t terminal) error {
	args, err := exactly(c, "ID_OR_NAME")
	if err != nil {
		return err
	}
	return withTokenUser(c, func(ctx context.Context, db *storage.DB, u *storage.User) error {
		token, err := findToken(ctx, db, u, args[0])
		if err != nil {
			return err
		}
		err = db.RemovePersonalToken(ctx, storage.Command, u.ID, token.ID)
		if err != nil {
			return err
		}
		if c.Bool("json") {
			return t.json(map[string]any{"id": token.ID, "revoked": true})
		}
		t.say("revoked the token %s of %s", token.Name, u.Login)
		return nil
	})
}

// findToken finds a token of the person by its id, or by its name where no other has it.
func findToken(ctx context.Context, db *storage.DB, u *storage.User, name string) (*storage.PersonalToken, error) {
	all, err := db.PersonalTokens(ctx, u.ID)
	if err != nil {
		return nil, err
	}
	var named []*storage.PersonalToken
	for _, p := range all {
		if p.ID == name {
			return p, nil
		}
		if p.Name == name {
			named = append(named, p)
		}
	}
	hint := "propusk token list --user " + u.Login
	switch len(named) {
	case 0:
		return nil, withHint(fmt.Errorf("%s has no token %q", u.Login, name), hint)
	case 1:
		return named[0], nil
	}
	return nil, withHint(fmt.Errorf("%s has %d tokens named %q: give the id of one", u.Login, len(named), name), hint)
}

// until is how long something still works, for people.
func until(end, now time.Time) string {
	left := end.Sub(now).Round(time.Minute)
	switch {
	case left >= 48*time.Hour:
		return fmt.Sprintf("%d days", int(left.Hours())/24)
	case left >= time.Hour && left%time.Hour == 0:
		return fmt.Sprintf("%dh", int(left.Hours()))
	}
	return strings.TrimSuffix(left.String(), "0s")
}
