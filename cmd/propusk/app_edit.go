package main

import (
	"context"
	"fmt"
	"slices"

	"github.com/urfave/cli/v2"

	"github.com/propusk/propusk/storage"
)

func appEditCommand(t terminal) *cli.Command {
	return &cli.Command{
		Name:      "edit",
		Usage:     "change an app's settings; what is not named stays",
		ArgsUsage: "CLIENT_ID",
		Description: "A list given anew replaces the old one, and one empty value empties it: --network ''.\n" +
			"--add-redirect and --remove-redirect change one redirect URI and leave the others.",
		Flags: flags(dataFlags(), []cli.Flag{
			&cli.StringFlag{Name: "name", Usage: "the `NAME`"},
			&cli.StringSliceFlag{Name: "add-redirect", Usage: "one more redirect `URI`; repeatable"},
			&cli.StringSliceFlag{Name: "remove-redirect", Usage: "a redirect `URI` to remove; repeatable"},
			jsonFlag(),
		}, appSettingFlags(), appRegistrationFlags()),
		Action: func(c *cli.Context) error { return appEdit(c, t) },
	}
}

func appEdit(c *cli.Context, t terminal) error {
	args, err := exactly(c, "CLIENT_ID")
	if err != nil {
		return err
	}
	if c.NumFlags() == 0 {
		return usageError("app edit: nothing to change was named", "propusk app edit --help")
	}
	keys, err := readJWKS(c, t)
	if err != nil {
		return err
	}
	return withApp(c, args[0], func(ctx context.Context, db *storage.DB, a *storage.App) error {
		a, err := changeApp(ctx, c, t, db, a.ID, func(a *storage.App) error {
			err := applyRegistration(c, a, keys)
			if err != nil {
				return err
			}
			return editApp(c, a)
		})
		if err != nil {
			return err
		}
		if c.Bool("json") {
			return t.json(viewApp(a, ""))
		}
		t.say("%s is changed", a.ID)
		return nil
	})
}

// editApp puts what the flags say into the app.
func editApp(c *cli.Context, a *storage.App) error {
	if c.IsSet("name") {
		a.Name = c.String("name")
	}
	err := applySettings(c, a)
	if err != nil {
		return err
	}
	for _, uri := range c.StringSlice("remove-redirect") {
		at := slices.Index(a.RedirectURIs, uri)
		if at < 0 {
			return withHint(fmt.Errorf("app %q has no redirect URI %q", a.ID, uri), "propusk app show "+a.ID)
		}
		a.RedirectURIs = slices.Delete(a.RedirectURIs, at, at+1)
	}
	for _, uri := range c.StringSlice("add-redirect") {
		if !slices.Contains(a.RedirectURIs, uri) {
			a.RedirectURIs = append(a.RedirectURIs, uri)
		}
	}
	return nil
}

func appDeleteCommand(t terminal) *cli.Command {
	return &cli.Command{
		Name:      "delete",
		Usage:     "delete an app with its keys, developers, consents and tokens, for good",
		ArgsUsage: "CLIENT_ID",
		Flags:     flags(dataFlags(), []cli.Flag{&cli.BoolFlag{Name: "yes", Usage: "do not ask"}, jsonFlag()}),
		Action:    func(c *cli.Context) error { return appDelete(c, t) },
	}
}

func appDelete(c *cli.Context, t terminal) error {
	args, err := exactly(c, "CLIENT_ID")
	if err != nil {
		return err
	}
	return withApp(c, args[0], func(ctx context.Context, db *storage.DB, a *storage.App) error {
		people, grants, err := db.AppPeople(ctx, a.ID)
		if err != nil {
			return err
		}
		what := fmt.Sprintf("%s (%s): people with access %d, grants that stand %d", a.ID, a.Name, people, grants)
		if !c.Bool("yes") && !t.ask("delete "+what+"?") {
			return usageError("not deleted: "+what, "give --yes to delete it without being asked")
		}
		err = db.DeleteApp(ctx, storage.Command, a.ID)
		if err != nil {
			return err
		}
		if c.Bool("json") {
			return t.json(map[string]any{"client_id": a.ID, "deleted": true})
		}
		t.say("deleted %s", what)
		return nil
	})
}
