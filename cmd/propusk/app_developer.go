package main

import (
	"context"

	"github.com/urfave/cli/v2"

	"github.com/propusk/propusk/storage"
)

// appDeveloperCommand is who builds an app: the owner, developers and viewers.
func appDeveloperCommand(t terminal) *cli.Command {
	return &cli.Command{
		Name:  "developer",
		Usage: "who builds an app: set, list, remove",
		Subcommands: []*cli.Command{
			{
				Name:      "set",
				Usage:     "give a person a role in an app; the role owner hands the app over",
				ArgsUsage: "CLIENT_ID LOGIN",
				Flags: flags(dataFlags(), []cli.Flag{
					&cli.StringFlag{Name: "role", Usage: "owner, developer (default) or viewer"},
					&cli.StringFlag{Name: "phone", Usage: "the person's mobile phone, for the others"},
					jsonFlag(),
				}),
				Action: func(c *cli.Context) error { return appDeveloperSet(c, t) },
			},
			{
				Name:      "list",
				Usage:     "list who builds an app",
				ArgsUsage: "CLIENT_ID",
				Flags:     flags(dataFlags(), []cli.Flag{jsonFlag()}),
				Action:    func(c *cli.Context) error { return appDeveloperList(c, t) },
			},
			{
				Name:      "remove",
				Usage:     "take a person's role in an app",
				ArgsUsage: "CLIENT_ID LOGIN",
				Flags:     flags(dataFlags(), []cli.Flag{jsonFlag()}),
				Action:    func(c *cli.Context) error { return appDeveloperRemove(c, t) },
			},
		},
	}
}

// withDeveloper runs do for the app and the person that the arguments name.
func withDeveloper(c *cli.Context, do func(context.Context, *storage.DB, *storage.App, *storage.User) error) error {
	args, err := exactly(c, "CLIENT_ID", "LOGIN")
	if err != nil {
		return err
	}
	return withApp(c, args[0], func(ctx context.Context, db *storage.DB, a *storage.App) error {
		u, err := findUser(ctx, db, args[1])
		if err != nil {
			return err
		}
		return do(ctx, db, a, u)
	})
}

func appDeveloperSet(c *cli.Context, t terminal) error {
	return withDeveloper(c, func(ctx context.Context, db *storage.DB, a *storage.App, u *storage.User) error {
		d := storage.Developer{UserID: u.ID, Role: storage.RoleDeveloper}
		for _, known := range a.Developers {
			if known.UserID == u.ID {
				d = known // what is not named stays
			}
		}
		if c.IsSet("role") {
			d.Role = storage.Role(c.String("role"))
		}
		if c.IsSet("phone") {
			d.Phone = c.String("phone")
		}
		err := db.SetDeveloper(ctx, storage.Command, a.ID, d)
		if err != nil {
			return err
		}
		if c.Bool("json") {
			return t.json(developerView{Sub: u.ID, Login: u.Login, Name: u.Name, Role: string(d.Role), Phone: d.Phone})
		}
		t.say("%s is %s of %s", u.Login, d.Role, a.ID)
		return nil
	})
}

func appDeveloperRemove(c *cli.Context, t terminal) error {
	return withDeveloper(c, func(ctx context.Context, db *storage.DB, a *storage.App, u *storage.User) error {
		err := db.RemoveDeveloper(ctx, storage.Command, a.ID, u.ID)
		if err != nil {
			return err
		}
		if c.Bool("json") {
			return t.json(map[string]any{"client_id": a.ID, "sub": u.ID, "deleted": true})
		}
		t.say("%s has no role in %s any more", u.Login, a.ID)
		return nil
	})
}

// developerView is a person with a role as JSON.
type developerView struct {
	Sub   string `json:"sub"`
	Login string `json:"login"`
	Name  string `json:"name,omitempty"`
	Role  string `json:"role"`
	Phone string `json:"phone,omitempty"`
}

func appDeveloperList(c *cli.Context, t terminal) error {
	args, err := exactly(c, "CLIENT_ID")
	if err != nil {
		return err
	}
	return withApp(c, args[0], func(ctx context.Context, db *storage.DB, a *storage.App) error {
		items := []developerView{}
		rows := [][]string{{"LOGIN", "NAME", "ROLE", "PHONE"}}
		for _, d := range a.Developers {
			u, err := db.User(ctx, d.UserID)
			if err != nil {
				return err
			}
			items = append(items, developerView{Sub: u.ID, Login: u.Login, Name: u.Name, Role: string(d.Role), Phone: d.Phone})
			rows = append(rows, []string{u.Login, u.Name, string(d.Role), d.Phone})
		}
		if c.Bool("json") {
			return t.json(map[string]any{"items": items})
		}
		return t.table(rows)
	})
}
