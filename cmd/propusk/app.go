package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/propusk/propusk/storage"
)

func appCommand(t terminal) *cli.Command {
	return &cli.Command{
		Name:  "app",
		Usage: "apps people sign in to: add, list, show, edit, key, developer, rotate-secret, disable, enable, delete",
		Subcommands: []*cli.Command{
			appAddCommand(t), appEditCommand(t), appKeyCommand(t), appDeveloperCommand(t), appDeleteCommand(t),
			{
				Name:   "list",
				Usage:  "list apps",
				Flags:  flags(dataFlags(), []cli.Flag{&cli.StringFlag{Name: "query", Usage: "only those whose name or client_id holds `TEXT`"}, jsonFlag()}),
				Action: func(c *cli.Context) error { return appList(c, t) },
			},
			{
				Name:      "show",
				Usage:     "show one app",
				ArgsUsage: "CLIENT_ID",
				Flags:     flags(dataFlags(), []cli.Flag{jsonFlag()}),
				Action:    func(c *cli.Context) error { return appShow(c, t) },
			},
			{
				Name:      "rotate-secret",
				Usage:     "make a new secret, print it once, and end all others at once",
				ArgsUsage: "CLIENT_ID",
				Flags:     flags(dataFlags(), []cli.Flag{jsonFlag()}),
				Action:    func(c *cli.Context) error { return appRotateSecret(c, t) },
			},
			{
				Name:      "disable",
				Usage:     "end an app's tokens and let nobody sign in to it",
				ArgsUsage: "CLIENT_ID",
				Flags:     flags(dataFlags(), []cli.Flag{jsonFlag()}),
				Action:    func(c *cli.Context) error { return appSetEnabled(c, t, false) },
			},
			{
				Name:      "enable",
				Usage:     "let people sign in to a disabled app again",
				ArgsUsage: "CLIENT_ID",
				Flags:     flags(dataFlags(), []cli.Flag{jsonFlag()}),
				Action:    func(c *cli.Context) error { return appSetEnabled(c, t, true) },
			},
		},
	}
}

func appList(c *cli.Context, t terminal) error {
	_, err := exactly(c)
	if err != nil {
		return err
	}
	var all []*storage.App
	err = withDB(c, func(ctx context.Context, db *storage.DB) error {
		all, err = allPages(func(after string) ([]*storage.App, string, error) {
			return db.Apps(ctx, storage.AppFilter{Query: c.String("query"), Limit: 100, After: after})
		})
		return err
	})
	if err != nil {
		return err
	}
	if c.Bool("json") {
		items := make([]appView, 0, len(all))
		for _, a := range all {
			items = append(items, viewApp(a, ""))
		}
		return t.json(map[string]any{"items": items})
	}
	rows := [][]string{{"CLIENT_ID", "NAME", "TYPE", "STATE"}}
	for _, a := range all {
		rows = append(rows, []string{a.ID, a.Name, string(a.Type), appState(a)})
	}
	return t.table(rows)
}

func appShow(c *cli.Context, t terminal) error {
	args, err := exactly(c, "CLIENT_ID")
	if err != nil {
		return err
	}
	return withApp(c, args[0], func(ctx context.Context, db *storage.DB, a *storage.App) error {
		if c.Bool("json") {
			return t.json(viewApp(a, ""))
		}
		return t.table(describeApp(a))
	})
}

func appRotateSecret(c *cli.Context, t terminal) error {
	args, err := exactly(c, "CLIENT_ID")
	if err != nil {
		return err
	}
	return withApp(c, args[0], func(ctx context.Context, db *storage.DB, a *storage.App) error {
		if a.Public() {
			return fmt.Errorf("app %q is public: it has no secret", a.ID)
		}
		secret, err := db.RotateAppSecret(ctx, storage.Command, a.ID)
		if err != nil {
			return err
		}
		if c.Bool("json") {
			return t.json(map[string]string{"client_id": a.ID, "client_secret": secret})
		}
		t.say("%s has a new secret; every other one has ended", a.ID)
		return printSecret(t, true, secret)
	})
}

func appSetEnabled(c *cli.Context, t terminal, enabled bool) error {
	args, err := exactly(c, "CLIENT_ID")
	if err != nil {
		return err
	}
	return withApp(c, args[0], func(ctx context.Context, db *storage.DB, a *storage.App) error {
		a, err := db.UpdateApp(ctx, storage.Command, a.ID, func(a *storage.App) error {
			a.Enabled = enabled
			return nil
		})
		if err != nil {
			return err
		}
		if c.Bool("json") {
			return t.json(viewApp(a, ""))
		}
		if enabled {
			t.say("%s is enabled", a.ID)
		} else {
			t.say("%s is disabled: its tokens have ended", a.ID)
		}
		return nil
	})
}

// withApp runs do for the app of that client_id.
func withApp(c *cli.Context, id string, do func(context.Context, *storage.DB, *storage.App) error) error {
	return withDB(c, func(ctx context.Context, db *storage.DB) error {
		a, err := findApp(ctx, db, id)
		if err != nil {
			return err
		}
		return do(ctx, db, a)
	})
}

func findApp(ctx context.Context, db *storage.DB, id string) (*storage.App, error) {
	a, err := db.App(ctx, id)
	if errors.Is(err, storage.ErrNotFound) {
		return nil, withHint(fmt.Errorf("there is no app %q", id), "propusk app list")
	}
	return a, err
}

func appState(a *storage.App) string {
	if a.Enabled {
		return "enabled"
	}
	return "disabled"
}

// describeApp is an app as rows of a table.
func describeApp(a *storage.App) [][]string {
	rows := [][]string{
		{"client_id", a.ID}, {"name", a.Name}, {"type", string(a.Type)}, {"state", appState(a)},
		{"grant types", strings.Join(a.GrantTypes, " ")},
		{"authentication", strings.Join(a.AuthMethods, " ")},
		{"PKCE", map[bool]string{true: "may be left out", false: "required"}[a.WithoutPKCE]},
	}
	for _, uri := range a.RedirectURIs {
		rows = append(rows, []string{"redirect", uri})
	}
	for _, uri := range a.PostLogoutURIs {
		rows = append(rows, []string{"after logout", uri})
	}
	if a.AnyLoopback {
		rows = append(rows, []string{"redirect", "any http://localhost, 127.0.0.1 or [::1] (dev only)"})
	}
	for _, s := range a.Scopes {
		text := s.Name
		if !s.Required {
			text += ",optional"
		}
		if s.Offline {
			text += ",offline"
		}
		rows = append(rows, []string{"scope", text})
	}
	for _, on := range []struct {
		name string
		list []string
	}{{"trusted domain", a.TrustedDomains}, {"network", a.NetworkAddresses}, {"preset scope", a.PresetScopes}} {
		for _, one := range on.list {
			rows = append(rows, []string{on.name, one})
		}
	}
	for _, on := range []struct {
		is   bool
		text string
	}{
		{!a.Delegated, "only its developers sign in"}, {a.Trusted, "trusted"}, {a.SkipConsent, "no consent page for preset scopes"},
		{a.OfflineWithoutConsent, "offline access without asking"},
	} {
		if on.is {
			rows = append(rows, []string{"switch", on.text})
		}
	}
	rows = append(rows, describeRegistration(a)...)
	for _, k := range a.Keys {
		text := k.Prefix + "… since " + k.CreatedAt.UTC().Format("2006-01-02 15:04 MST")
		if !k.ExpiresAt.IsZero() {
			text += ", until " + k.ExpiresAt.UTC().Format("2006-01-02 15:04 MST")
		}
		rows = append(rows, []string{"secret", text})
	}
	return rows
}
