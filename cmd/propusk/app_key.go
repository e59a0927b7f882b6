package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/propusk/propusk/storage"
)

// appKeyCommand is the access keys of an app: several live secrets, so that one can be added, the client
// moved over, and the old one deleted.
func appKeyCommand(t terminal) *cli.Command {
	return &cli.Command{
		Name:  "key",
		Usage: "access keys of an app: add, list, delete",
		Subcommands: []*cli.Command{
			{
				Name:      "add",
				Usage:     "make a further access key and print it, once",
				ArgsUsage: "CLIENT_ID",
				Flags: flags(dataFlags(), []cli.Flag{
					&cli.StringFlag{Name: "label", Usage: "what the key is for"},
					expiresFlag("when it ends: days as `90d`, or a date as 2027-01-31 (default: never)"),
					jsonFlag(),
				}),
				Action: func(c *cli.Context) error { return appKeyAdd(c, t) },
			},
			{
				Name:      "list",
				Usage:     "list the access keys of an app",
				ArgsUsage: "CLIENT_ID",
				Flags:     flags(dataFlags(), []cli.Flag{jsonFlag()}),
				Action:    func(c *cli.Context) error { return appKeyList(c, t) },
			},
			{
				Name:      "delete",
				Usage:     "delete one access key: requests with it fail at once",
				ArgsUsage: "CLIENT_ID KEY_ID",
				Flags:     flags(dataFlags(), []cli.Flag{jsonFlag()}),
				Action:    func(c *cli.Context) error { return appKeyDelete(c, t) },
			},
		},
	}
}

// expiresFlag says when something ends.
func expiresFlag(usage string) cli.Flag { return &cli.StringFlag{Name: "expires", Usage: usage} }

// parseExpires reads --expires: a number of days, or the date whose end (UTC) it is; "" is the zero time.
func parseExpires(text string, now time.Time) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	var days int
	var rest string
	n, _ := fmt.Sscanf(text, "%d%s", &days, &rest)
	if n == 2 && rest == "d" && days > 0 && days <= 36500 {
		return now.AddDate(0, 0, days), nil
	}
	date, err := time.Parse(time.DateOnly, text)
	if err != nil || !date.AddDate(0, 0, 1).After(now) {
		return time.Time{}, usageError(fmt.Sprintf("--expires %q is neither days as 90d nor a day to come as 2027-01-31", text))
	}
	return date.AddDate(0, 0, 1).Add(-time.Second), nil
}

func appKeyAdd(c *cli.Context, t terminal) error {
	args, err := exactly(c, "CLIENT_ID")
	if err != nil {
		return err
	}
	return withDB(c, func(ctx context.Context, db *storage.DB) error {
		expires, err := parseExpires(c.String("expires"), db.Now())
		if err != nil {
			return err
		}
		a, err := findApp(ctx, db, args[0])
		if err != nil {
			return err
		}
		key, secret, err := db.AddAppKey(ctx, storage.Command, a.ID, c.String("label"), expires)
		if err != nil {
			return err
		}
		if c.Bool("json") {
			v := viewAppKey(key)
			v.ClientSecret = secret
			return t.json(v)
		}
		t.say("%s has one more access key, %s; it is shown this once", a.ID, key.ID)
		return printSecret(t, true, secret)
	})
}

func appKeyList(c *cli.Context, t terminal) error {
	args, err := exactly(c, "CLIENT_ID")
	if err != nil {
		return err
	}
	return withApp(c, args[0], func(ctx context.Context, db *storage.DB, a *storage.App) error {
		items := []appKeyView{}
		rows := [][]string{{"ID", "LABEL", "PREFIX", "CREATED", "EXPIRES", "LAST USED"}}
		for _, k := range a.Keys {
			items = append(items, viewAppKey(k))
			rows = append(rows, []string{k.ID, k.Label, k.Prefix, date(k.CreatedAt), date(k.ExpiresAt), date(k.LastUsedAt)})
		}
		if c.Bool("json") {
			return t.json(map[string]any{"items": items})
		}
		return t.table(rows)
	})
}

func appKeyDelete(c *cli.Context, t terminal) error {
	args, err := exactly(c, "CLIENT_ID", "KEY_ID")
	if err != nil {
		return err
	}
	return withApp(c, args[0], func(ctx context.Context, db *storage.DB, a *storage.App) error {
		err := db.RemoveAppKey(ctx, storage.Command, a.ID, args[1])
		if errors.Is(err, storage.ErrNotFound) {
			return withHint(fmt.Errorf("app %q has no key %q", a.ID, args[1]), "propusk app key list "+a.ID)
		}
		if err != nil {
			return err
		}
		if c.Bool("json") {
			return t.json(map[string]any{"client_id": a.ID, "id": args[1], "deleted": true})
		}
		t.say("deleted the key %s of %s", args[1], a.ID)
		return nil
	})
}

// date is a time as lists show it, "-" for never.
func date(at time.Time) string {
	if at.IsZero() {
		return "-"
	}
	return at.UTC().Format("2006-01-02 15:04")
}
