package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/propusk/propusk/storage"
)

func scopeCommand(t terminal) *cli.Command {
	return &cli.Command{
		Name:  "scope",
		Usage: "what apps can be granted: add, list, edit, delete",
		Subcommands: []*cli.Command{
			{
				Name:      "add",
				Usage:     "add a scope, with the words people read on the consent page",
				ArgsUsage: "NAME",
				Flags: flags(dataFlags(), []cli.Flag{
					&cli.StringFlag{Name: "app", Usage: "`CLIENT_ID` of the API that owns the scope and may introspect its tokens"},
				}, scopeFlags()),
				Action: func(c *cli.Context) error { return scopeAdd(c, t) },
			},
			scopeEditCommand(t), scopeDeleteCommand(t),
			{
				Name:   "list",
				Usage:  "list scopes",
				Flags:  flags(dataFlags(), []cli.Flag{jsonFlag()}),
				Action: func(c *cli.Context) error { return scopeList(c, t) },
			},
		},
	}
}

func scopeAdd(c *cli.Context, t terminal) error {
	args, err := exactly(c, "NAME")
	if err != nil {
		return err
	}
	var missing []string
	for _, name := range []string{"title-en", "title-ru", "text-en", "text-ru"} {
		if strings.TrimSpace(c.String(name)) == "" {
			missing = append(missing, "--"+name)
		}
	}
	if missing != nil {
		return usageError("scope add needs "+strings.Join(missing, ", "),
			"people read these words when they are asked, in English and Russian")
	}
	s := storage.Scope{
		Name: args[0], AppID: c.String("app"), Audience: c.String("audience"), Claims: c.StringSlice("claim"),
		Title: map[string]string{"en": c.String("title-en"), "ru": c.String("title-ru")},
		Text:  map[string]string{"en": c.String("text-en"), "ru": c.String("text-ru")},
	}
	return withDB(c, func(ctx context.Context, db *storage.DB) error {
		if s.AppID != "" {
			_, err := findApp(ctx, db, s.AppID)
			if err != nil {
				return err
			}
		}
		err := db.CreateScope(ctx, storage.Command, s)
		if errors.Is(err, storage.ErrConflict) {
			return withHint(fmt.Errorf("the scope %q exists already", s.Name), "propusk scope list")
		}
		if err != nil {
			return err
		}
		if c.Bool("json") {
			return t.json(viewScope(&s))
		}
		t.say("added the scope %s; no app has it yet", s.Name)
		return nil
	})
}

func scopeList(c *cli.Context, t terminal) error {
	_, err := exactly(c)
	if err != nil {
		return err
	}
	return withDB(c, func(ctx context.Context, db *storage.DB) error {
		all, err := db.Scopes(ctx)
		if err != nil {
			return err
		}
		if c.Bool("json") {
			items := make([]scopeView, 0, len(all))
			for _, s := range all {
				items = append(items, viewScope(s))
			}
			return t.json(map[string]any{"items": items})
		}
		rows := [][]string{{"NAME", "TITLE", "AUDIENCE", "OWNER", "CLAIMS"}}
		for _, s := range all {
			rows = append(rows, []string{s.Name, s.Title["en"], s.Audience, s.AppID, strings.Join(s.Claims, " ")})
		}
		return t.table(rows)
	})
}
