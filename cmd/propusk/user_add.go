package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/urfave/cli/v2"

	"github.com/propusk/propusk/storage"
)

func userAddCommand(t terminal) *cli.Command {
	return &cli.Command{
		Name:      "add",
		Usage:     "add a person; the password is asked for, read from stdin or made",
		ArgsUsage: "LOGIN",
		Flags: flags(dataFlags(), []cli.Flag{
			&cli.StringFlag{Name: "name", Usage: "the person's `NAME`"},
			&cli.StringFlag{Name: "email", Usage: "the person's e-mail `ADDRESS`"},
			&cli.BoolFlag{Name: "email-verified", Usage: "the address was checked"},
			&cli.BoolFlag{Name: "full", Usage: "an administrator"},
			&cli.BoolFlag{Name: "partial", Usage: "an ordinary person (default)"},
			&cli.StringSliceFlag{Name: "claim", Usage: "a further claim: `NAME=TEXT`, or NAME:=JSON; repeatable"},
			&cli.BoolFlag{Name: "invite", Usage: "no password: print a one-time link by which the person sets it"},
		}, passwordFlags(), []cli.Flag{jsonFlag()}),
		Action: func(c *cli.Context) error { return userAdd(c, t) },
	}
}

func userAdd(c *cli.Context, t terminal) error {
	args, err := exactly(c, "LOGIN")
	if err != nil {
		return err
	}
	if c.Bool("full") && c.Bool("partial") {
		return usageError("--full and --partial exclude each other")
	}
	n := storage.NewUser{
		Login: args[0], Name: c.String("name"), Email: c.String("email"),
		EmailVerified: c.Bool("email-verified"), Access: storage.Partial,
	}
	if c.Bool("full") {
		n.Access = storage.Full
	}
	n.Claims, err = parseClaims(c.StringSlice("claim"))
	if err != nil {
		return err
	}
	made := false
	if !c.Bool("invite") {
		n.Password, made, err = choosePassword(c, t)
	} else if c.Bool("password-stdin") || c.Bool("generate-password") {
		err = usageError("--invite and a password exclude each other")
	}
	if err != nil {
		return err
	}
	return withDB(c, func(ctx context.Context, db *storage.DB) error {
		u, err := db.CreateUser(ctx, storage.Command, n)
		if errors.Is(err, storage.ErrConflict) {
			return withHint(fmt.Errorf("the login %q or the e-mail address is taken", n.Login), "propusk user list --query "+n.Login)
		}
		if err != nil {
			return err
		}
		if c.Bool("invite") {
			return printLink(ctx, c, t, db, u, storage.LinkInvite)
		}
		v := viewUser(u)
		if made {
			v.Password = n.Password
		}
		if c.Bool("json") {
			return t.json(v)
		}
		t.say("added %s (%s access), sub %s", u.Login, u.Access, u.ID)
		return printSecret(t, made, n.Password)
	})
}
