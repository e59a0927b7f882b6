package main

import (
	"context"
	"crypto/rand"
	"fmt"

	"github.com/urfave/cli/v2"

	"github.com/propusk/propusk/storage"
)

func userPasswdCommand(t terminal) *cli.Command {
	return &cli.Command{
		Name:      "passwd",
		Usage:     "set a new password and end the person's sessions and tokens",
		ArgsUsage: "LOGIN",
		Flags:     flags(dataFlags(), passwordFlags(), []cli.Flag{jsonFlag()}),
		Action:    func(c *cli.Context) error { return userPasswd(c, t) },
	}
}

func userPasswd(c *cli.Context, t terminal) error {
	args, err := exactly(c, "LOGIN")
	if err != nil {
		return err
	}
	password, made, err := choosePassword(c, t)
	if err != nil {
		return err
	}
	return withUser(c, args[0], func(ctx context.Context, db *storage.DB, u *storage.User) error {
		err := db.SetPassword(ctx, storage.Command, u.ID, password)
		if err != nil {
			return err
		}
		if c.Bool("json") {
			u, err = db.User(ctx, u.ID)
			if err != nil {
				return err
			}
			v := viewUser(u)
			if made {
				v.Password = password
			}
			return t.json(v)
		}
		t.say("%s has a new password: sessions and tokens have ended", u.Login)
		return printSecret(t, made, password)
	})
}

// passwordFlags are the two ways to give a password where nobody can be asked.
func passwordFlags() []cli.Flag {
	return []cli.Flag{
		&cli.BoolFlag{Name: "password-stdin", Usage: "read the password from the first line of stdin"},
		&cli.BoolFlag{Name: "generate-password", Usage: "make a password and print it, once"},
	}
}

// choosePassword reads, makes or asks for a password; made says that it must be shown.
func choosePassword(c *cli.Context, t terminal) (password string, made bool, err error) {
	switch {
	case c.Bool("password-stdin") && c.Bool("generate-password"):
		return "", false, usageError("--password-stdin and --generate-password exclude each other")
	case c.Bool("password-stdin"):
		password, err = t.firstLine("password")
		return password, false, err
	case c.Bool("generate-password"):
		return rand.Text(), true, nil
	}
	if _, ok := t.person(); !ok {
		return "", false, usageError("there is no terminal to ask for the password",
			"give it on stdin with --password-stdin, or use --generate-password")
	}
	password, err = t.hidden("password: ")
	if err != nil {
		return "", false, err
	}
	again, err := t.hidden("password again: ")
	if err != nil {
		return "", false, err
	}
	if password != again {
		return "", false, fmt.Errorf("the two passwords differ")
	}
	return password, false, nil
}

// printSecret prints a made secret alone on stdout.
func printSecret(t terminal, made bool, secret string) error {
	if !made {
		return nil
	}
	_, err := fmt.Fprintln(t.out, secret)
	return err
}
