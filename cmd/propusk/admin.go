package main

import (
	"context"
	"fmt"
	"net/url"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/propusk/propusk/storage"
)

func adminCommand(t terminal) *cli.Command {
	return &cli.Command{
		Name:  "admin",
		Usage: "for whoever runs the machine: recover, audit",
		Subcommands: []*cli.Command{
			{
				Name:      "recover",
				Usage:     "print a one-time link that lets a locked-out administrator set a new password",
				ArgsUsage: "[LOGIN]",
				Description: "The person gets full access and is enabled again; their sessions end when the link is used. It works once,\n" +
					"for an hour. Without LOGIN it is for the only person with full access.",
				Flags:  flags(dataFlags(), []cli.Flag{jsonFlag()}),
				Action: func(c *cli.Context) error { return adminRecover(c, t) },
			},
			adminAuditCommand(t),
		},
	}
}

func adminRecover(c *cli.Context, t terminal) error {
	if c.NArg() > 1 {
		return usageError("admin recover takes one LOGIN at most", "propusk admin recover --help")
	}
	return withDB(c, func(ctx context.Context, db *storage.DB) error {
		u, err := lockedOut(ctx, db, c.Args().First())
		if err != nil {
			return err
		}
		if u.Access != storage.Full {
			t.say("%s has full access from now on", u.Login)
			_, err = db.UpdateUser(ctx, storage.Command, u.ID, func(u *storage.User) error {
				u.Access = storage.Full
				return nil
			})
			if err != nil {
				return err
			}
		}
		return printLink(ctx, c, t, db, u, storage.LinkRecover)
	})
}

// lockedOut is the person to let in again.
func lockedOut(ctx context.Context, db *storage.DB, login string) (*storage.User, error) {
	if login != "" {
		return findUser(ctx, db, login)
	}
	list, _, err := db.Users(ctx, storage.UserFilter{Access: storage.Full, Limit: 2})
	if err != nil {
		return nil, err
	}
	switch len(list) {
	case 0:
		return nil, withHint(fmt.Errorf("nobody has full access"), "propusk admin recover LOGIN gives it to a person",
			"propusk user add LOGIN --full makes a new administrator")
	case 1:
		return list[0], nil
	}
	return nil, usageError("several people have full access: name one", "propusk admin recover LOGIN")
}

// printLink makes a one-time link and prints it alone on stdout.
func printLink(ctx context.Context, c *cli.Context, t terminal, db *storage.DB, u *storage.User, purpose storage.LinkPurpose) error {
	secret, link, err := db.CreateLink(ctx, storage.Command, u.ID, purpose)
	if err != nil {
		return err
	}
	issuer, err := db.Issuer(ctx)
	if err != nil {
		return err
	}
	address := issuer + "/welcome?" + url.Values{"link": {secret}}.Encode()
	if c.Bool("json") {
		return t.json(map[string]any{"sub": u.ID, "login": u.Login, "url": address, "expires_at": link.ExpiresAt.Unix()})
	}
	t.say("a link for %s: it works once, for %s", u.Login, until(link.ExpiresAt, db.Now()))
	return printSecret(t, true, address)
}

func adminAuditCommand(t terminal) *cli.Command {
	return &cli.Command{
		Name:  "audit",
		Usage: "who did what to what, newest first",
		Flags: flags(dataFlags(), []cli.Flag{
			&cli.StringFlag{Name: "action", Usage: "an action as user.disable, or user. for all about users"},
			&cli.StringFlag{Name: "actor", Usage: "the id of who did it"},
			&cli.StringFlag{Name: "target", Usage: "the id of what it was done to"},
			&cli.IntFlag{Name: "limit", Value: 50, Usage: "how many, 1 to 100"},
			jsonFlag(),
		}),
		Action: func(c *cli.Context) error { return adminAudit(c, t) },
	}
}

// auditView is one entry as JSON, as the API has it.
type auditView struct {
	ID      string    `json:"id"`
	Time    time.Time `json:"time"`
	Actor   string    `json:"actor"`
	Action  string    `json:"action"`
	Target  string    `json:"target"`
	Result  string    `json:"result"`
	Address string    `json:"address,omitempty"`
	Detail  string    `json:"detail,omitempty"`
}

func adminAudit(c *cli.Context, t terminal) error {
	_, err := exactly(c)
	if err != nil {
		return err
	}
	return withDB(c, func(ctx context.Context, db *storage.DB) error {
		list, _, err := db.AuditLog(ctx, storage.AuditFilter{
			Action: c.String("action"), Actor: c.String("actor"), Target: c.String("target"), Limit: c.Int("limit"),
		})
		if err != nil {
			return err
		}
		items := []auditView{}
		rows := [][]string{{"TIME (UTC)", "WHO", "DID", "TO", "RESULT", "FROM"}}
		for _, e := range list {
			who := e.Actor.ID
			if who == "" {
				who = string(e.Actor.Kind)
			}
			items = append(items, auditView{ID: e.ID, Time: e.Time, Actor: who, Action: e.Action, Target: e.Target,
				Result: e.Result, Address: e.Actor.Address, Detail: e.Detail})
			rows = append(rows, []string{e.Time.UTC().Format(time.DateTime), who, e.Action, e.Target, e.Result, e.Actor.Address})
		}
		if c.Bool("json") {
			return t.json(map[string]any{"items": items})
		}
		return t.table(rows)
	})
}
