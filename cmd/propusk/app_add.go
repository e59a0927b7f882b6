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
			&cli.StringFlag{Name: "owner", Usage: "`LOGIN` of the person who will own the app (default: the administrators)"},
			&cli.BoolFlag{Name: "secret-stdin", Usage: "read a secret of your choice from the first line of stdin"},
			jsonFlag(),
		}, appSettingFlags(), appRegistrationFlags()),
		Description: "Without --scope the app gets openid and, optional, profile, email and offline_access; without --grant\nand --auth-method those of its type.",
		Action:      func(c *cli.Context) error { return appAdd(c, t) },
	}
}

func appAdd(c *cli.Context, t terminal) error {
	args, err := exactly(c, "NAME")
	if err != nil {
		return err
	}
	n, err := newApplication(c, t, args[0])
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
		a, secret, err := makeApp(ctx, c, db, n)
		if err != nil {
			return err
		}
		warnOfRegistration(t, nil, a)
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

// makeApp makes the app with its owner.
func makeApp(ctx context.Context, c *cli.Context, db *storage.DB, n storage.NewApp) (*storage.App, string, error) {
	if c.IsSet("owner") {
		owner, err := findUser(ctx, db, c.String("owner"))
		if err != nil {
			return nil, "", err
		}
		n.OwnerID = owner.ID
	}
	readSectors(c, db)
	a, secret, err := db.CreateApp(ctx, storage.Command, n)
	if errors.Is(err, storage.ErrConflict) {
		return nil, "", withHint(fmt.Errorf("the client_id %q is taken", n.ID), "propusk app list")
	}
	if err == nil && c.IsSet("delegated") && !c.Bool("delegated") {
		a, err = db.UpdateApp(ctx, storage.Command, a.ID, func(a *storage.App) error {
			a.Delegated = false
			return nil
		})
	}
	return a, secret, explainSector(err)
}

// newApplication reads the flags; what they leave out storage fills by the app's type.
func newApplication(c *cli.Context, t terminal, name string) (storage.NewApp, error) {
	n := storage.NewApp{App: storage.App{ID: c.String("id"), Name: name, Type: storage.AppType(c.String("type"))}}
	if !strings.Contains("|web|browser|native|service|", "|"+c.String("type")+"|") {
		return n, usageError(fmt.Sprintf("--type %q: web, browser, native or service", c.String("type")))
	}
	keys, err := readJWKS(c, t)
	if err == nil {
		err = applyRegistration(c, &n.App, keys)
	}
	if err == nil {
		err = applySettings(c, &n.App)
	}
	if err != nil {
		return n, err
	}
	signsIn := n.Type != storage.AppService && (len(n.GrantTypes) == 0 || slices.Contains(n.GrantTypes, storage.GrantCode) || n.FrontChannel())
	if signsIn && len(n.RedirectURIs) == 0 {
		return n, usageError("--redirect is missing: nobody could sign in to an app that has no redirect URI")
	}
	return n, nil
}
