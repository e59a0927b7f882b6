package main

import (
	"context"
	"errors"
	"fmt"
	"maps"

	"github.com/urfave/cli/v2"

	"github.com/propusk/propusk/storage"
)

func userEditCommand(t terminal) *cli.Command {
	return &cli.Command{
		Name:      "edit",
		Usage:     "change a person's name, e-mail, access or claims; what is not named stays",
		ArgsUsage: "LOGIN",
		Flags: flags(dataFlags(), []cli.Flag{
			&cli.StringFlag{Name: "name", Usage: "the person's `NAME`"},
			&cli.StringFlag{Name: "email", Usage: "the person's e-mail `ADDRESS`"},
			&cli.BoolFlag{Name: "email-verified", Usage: "the address was checked"},
			&cli.StringFlag{Name: "access", Usage: "full or partial"},
			&cli.StringSliceFlag{Name: "claim", Usage: "a claim: `NAME=TEXT`, or NAME:=JSON; null removes it; repeatable"},
			jsonFlag(),
		}),
		Action: func(c *cli.Context) error { return userEdit(c, t) },
	}
}

func userEdit(c *cli.Context, t terminal) error {
	args, err := exactly(c, "LOGIN")
	if err != nil {
		return err
	}
	if c.NumFlags() == 0 {
		return usageError("user edit: nothing to change was named", "propusk user edit --help")
	}
	claims, err := parseClaims(c.StringSlice("claim"))
	if err != nil {
		return err
	}
	return withUser(c, args[0], func(ctx context.Context, db *storage.DB, u *storage.User) error {
		u, err := db.UpdateUser(ctx, storage.Command, u.ID, func(u *storage.User) error {
			applyPerson(c, u, claims)
			return nil
		})
		if errors.Is(err, storage.ErrConflict) {
			return withHint(fmt.Errorf("the e-mail address %q is taken", c.String("email")), "propusk user list --query "+c.String("email"))
		}
		if err != nil {
			return err
		}
		if c.Bool("json") {
			return t.json(viewUser(u))
		}
		t.say("%s is changed", u.Login)
		return nil
	})
}

// applyPerson puts the flags that were given into the user.
func applyPerson(c *cli.Context, u *storage.User, claims map[string]any) {
	if c.IsSet("name") {
		u.Name = c.String("name")
	}
	if c.IsSet("email") {
		u.EmailVerified = u.EmailVerified && u.Email == c.String("email")
		u.Email = c.String("email")
	}
	if c.IsSet("email-verified") {
		u.EmailVerified = c.Bool("email-verified")
	}
	if c.IsSet("access") {
		u.Access = storage.Access(c.String("access"))
	}
	u.Claims = maps.Clone(u.Claims)
	if u.Claims == nil {
		u.Claims = map[string]any{}
	}
	for name, value := range claims {
		if value == nil {
			delete(u.Claims, name)
			continue
		}
		u.Claims[name] = value
	}
}

func userInviteCommand(t terminal) *cli.Command {
	return &cli.Command{
		Name:      "invite",
		Usage:     "print a one-time link by which a person sets their password",
		ArgsUsage: "LOGIN",
		Flags:     flags(dataFlags(), []cli.Flag{jsonFlag()}),
		Action: func(c *cli.Context) error {
			args, err := exactly(c, "LOGIN")
			if err != nil {
				return err
			}
			return withUser(c, args[0], func(ctx context.Context, db *storage.DB, u *storage.User) error {
				return printLink(ctx, c, t, db, u, storage.LinkInvite)
			})
		},
	}
}
