package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/propusk/propusk/storage"
)

func userCommand(t terminal) *cli.Command {
	return &cli.Command{
		Name:  "user",
		Usage: "people who sign in: add, invite, list, show, edit, passwd, disable, enable",
		Subcommands: []*cli.Command{
			userAddCommand(t),
			{
				Name:   "list",
				Usage:  "list people",
				Flags:  flags(dataFlags(), []cli.Flag{&cli.StringFlag{Name: "query", Usage: "only those whose login, name or e-mail holds `TEXT`"}, jsonFlag()}),
				Action: func(c *cli.Context) error { return userList(c, t) },
			},
			{
				Name:      "show",
				Usage:     "show one person",
				ArgsUsage: "LOGIN",
				Flags:     flags(dataFlags(), []cli.Flag{jsonFlag()}),
				Action:    func(c *cli.Context) error { return userShow(c, t) },
			},
			userEditCommand(t), userInviteCommand(t), userPasswdCommand(t),
			{
				Name:      "disable",
				Usage:     "end a person's sessions and tokens and let them sign in no more",
				ArgsUsage: "LOGIN",
				Flags:     flags(dataFlags(), []cli.Flag{jsonFlag()}),
				Action:    func(c *cli.Context) error { return userSetDisabled(c, t, true) },
			},
			{
				Name:      "enable",
				Usage:     "let a disabled person sign in again",
				ArgsUsage: "LOGIN",
				Flags:     flags(dataFlags(), []cli.Flag{jsonFlag()}),
				Action:    func(c *cli.Context) error { return userSetDisabled(c, t, false) },
			},
		},
	}
}

func userList(c *cli.Context, t terminal) error {
	_, err := exactly(c)
	if err != nil {
		return err
	}
	var list []*storage.User
	err = withDB(c, func(ctx context.Context, db *storage.DB) error {
		list, err = allPages(func(after string) ([]*storage.User, string, error) {
			return db.Users(ctx, storage.UserFilter{Query: c.String("query"), Limit: 100, After: after})
		})
		return err
	})
	if err != nil {
		return err
	}
	if c.Bool("json") {
		items := make([]userView, 0, len(list))
		for _, u := range list {
			items = append(items, viewUser(u))
		}
		return t.json(map[string]any{"items": items})
	}
	rows := [][]string{{"LOGIN", "NAME", "E-MAIL", "ACCESS", "STATE"}}
	for _, u := range list {
		rows = append(rows, []string{u.Login, u.Name, u.Email, string(u.Access), userState(u)})
	}
	return t.table(rows)
}

func userShow(c *cli.Context, t terminal) error {
	args, err := exactly(c, "LOGIN")
	if err != nil {
		return err
	}
	return withUser(c, args[0], func(ctx context.Context, db *storage.DB, u *storage.User) error {
		if c.Bool("json") {
			return t.json(viewUser(u))
		}
		rows := [][]string{
			{"sub", u.ID}, {"login", u.Login}, {"name", u.Name}, {"e-mail", u.Email},
			{"access", string(u.Access)}, {"state", userState(u)},
		}
		for _, name := range sortedKeys(u.Claims) {
			text, ok := u.Claims[name].(string)
			if !ok {
				value, err := json.Marshal(u.Claims[name])
				if err != nil {
					return fmt.Errorf("claim %s: %w", name, err)
				}
				text = string(value)
			}
			rows = append(rows, []string{name, text})
		}
		return t.table(rows)
	})
}

func userSetDisabled(c *cli.Context, t terminal, disabled bool) error {
	args, err := exactly(c, "LOGIN")
	if err != nil {
		return err
	}
	return withUser(c, args[0], func(ctx context.Context, db *storage.DB, u *storage.User) error {
		err := db.SetUserDisabled(ctx, storage.Command, u.ID, disabled)
		if err != nil {
			return err
		}
		if c.Bool("json") {
			u, err = db.User(ctx, u.ID)
			if err != nil {
				return err
			}
			return t.json(viewUser(u))
		}
		if disabled {
			t.say("%s is disabled: sessions and tokens have ended", u.Login)
		} else {
			t.say("%s is enabled", u.Login)
		}
		return nil
	})
}

// withUser runs do for the person of that login, e-mail or sub.
func withUser(c *cli.Context, name string, do func(context.Context, *storage.DB, *storage.User) error) error {
	return withDB(c, func(ctx context.Context, db *storage.DB) error {
		u, err := findUser(ctx, db, name)
		if err != nil {
			return err
		}
		return do(ctx, db, u)
	})
}

// findUser finds a person by login, e-mail or sub.
func findUser(ctx context.Context, db *storage.DB, name string) (*storage.User, error) {
	u, err := db.UserByName(ctx, name)
	if errors.Is(err, storage.ErrNotFound) {
		u, err = db.User(ctx, name)
	}
	if errors.Is(err, storage.ErrNotFound) {
		return nil, withHint(fmt.Errorf("there is no user %q", name), "propusk user list")
	}
	return u, err
}

// userState says in a word or two whether the person can sign in.
func userState(u *storage.User) string {
	switch {
	case u.Disabled():
		return "disabled"
	case !u.HasPassword():
		return "no password"
	}
	return "enabled"
}

// parseClaims reads --claim name=text and --claim name:=json.
func parseClaims(given []string) (map[string]any, error) {
	claims := map[string]any{}
	for _, one := range given {
		name, value, ok := strings.Cut(one, "=")
		asJSON := strings.HasSuffix(name, ":")
		name = strings.TrimSuffix(name, ":")
		if !ok || name == "" {
			return nil, usageError(fmt.Sprintf("--claim %q is not name=text or name:=json", one))
		}
		if !asJSON {
			claims[name] = value
			continue
		}
		var parsed any
		err := json.Unmarshal([]byte(value), &parsed)
		if err != nil {
			return nil, usageError(fmt.Sprintf("--claim %s: what follows := is not JSON", name))
		}
		claims[name] = parsed
	}
	return claims, nil
}
