package main

import (
	"context"
	"errors"
	"fmt"
	"maps"

	"github.com/urfave/cli/v2"

	"github.com/propusk/propusk/storage"
)

func scopeEditCommand(t terminal) *cli.Command {
	return &cli.Command{
		Name:      "edit",
		Usage:     "change a scope's words, claims or audience; what is not named stays",
		ArgsUsage: "NAME",
		Flags:     flags(dataFlags(), scopeFlags()),
		Action:    func(c *cli.Context) error { return scopeEdit(c, t) },
	}
}

// scopeFlags are what scope add and scope edit set alike.
func scopeFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "title-en", Usage: "title in English"},
		&cli.StringFlag{Name: "title-ru", Usage: "title in Russian"},
		&cli.StringFlag{Name: "text-en", Usage: "a sentence in English"},
		&cli.StringFlag{Name: "text-ru", Usage: "a sentence in Russian"},
		&cli.StringFlag{Name: "audience", Usage: "audience of access tokens that hold the scope"},
		&cli.StringSliceFlag{Name: "claim", Usage: "`NAME` of a claim the scope yields at userinfo; repeatable"},
		jsonFlag(),
	}
}

func scopeEdit(c *cli.Context, t terminal) error {
	args, err := exactly(c, "NAME")
	if err != nil {
		return err
	}
	if c.NumFlags() == 0 {
		return usageError("scope edit: nothing to change was named", "propusk scope edit --help")
	}
	return withDB(c, func(ctx context.Context, db *storage.DB) error {
		s, err := db.UpdateScope(ctx, storage.Command, args[0], func(s *storage.Scope) error {
			s.Title, s.Text = maps.Clone(s.Title), maps.Clone(s.Text)
			for _, lang := range []string{"en", "ru"} {
				if c.IsSet("title-" + lang) {
					s.Title[lang] = c.String("title-" + lang)
				}
				if c.IsSet("text-" + lang) {
					s.Text[lang] = c.String("text-" + lang)
				}
			}
			if c.IsSet("audience") {
				s.Audience = c.String("audience")
			}
			if c.IsSet("claim") {
				s.Claims = given(c.StringSlice("claim"))
			}
			return nil
		})
		if err != nil {
			return unknownScope(err, args[0])
		}
		if c.Bool("json") {
			return t.json(viewScope(s))
		}
		t.say("%s is changed", s.Name)
		return nil
	})
}

func scopeDeleteCommand(t terminal) *cli.Command {
	return &cli.Command{
		Name:      "delete",
		Usage:     "delete a scope that no app has",
		ArgsUsage: "NAME",
		Flags:     flags(dataFlags(), []cli.Flag{jsonFlag()}),
		Action: func(c *cli.Context) error {
			args, err := exactly(c, "NAME")
			if err != nil {
				return err
			}
			return withDB(c, func(ctx context.Context, db *storage.DB) error {
				err := db.DeleteScope(ctx, storage.Command, args[0])
				if err != nil {
					return unknownScope(err, args[0])
				}
				if c.Bool("json") {
					return t.json(map[string]any{"name": args[0], "deleted": true})
				}
				t.say("deleted the scope %s", args[0])
				return nil
			})
		},
	}
}

// unknownScope says what a scope's change was refused for, where the error alone would not name it.
func unknownScope(err error, name string) error {
	var no *storage.Invalid
	switch {
	case errors.As(err, &no) && no.Reason == "scope_in_use":
		return withHint(fmt.Errorf("the scope %q is assigned to the app %q", name, no.Value), "propusk app show "+no.Value)
	case errors.Is(err, storage.ErrNotFound):
		return withHint(fmt.Errorf("there is no scope %q", name), "propusk scope list")
	}
	return err
}
