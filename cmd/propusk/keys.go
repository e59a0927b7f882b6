package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/propusk/propusk/storage"
)

func keysCommand(t terminal) *cli.Command {
	return &cli.Command{
		Name:  "keys",
		Usage: "keys that sign tokens, and the master key: list, rotate, master",
		Subcommands: []*cli.Command{
			{
				Name:   "list",
				Usage:  "list the keys apps may find in the JWKS",
				Flags:  flags(dataFlags(), []cli.Flag{jsonFlag()}),
				Action: func(c *cli.Context) error { return keysList(c, t) },
			},
			{
				Name:  "rotate",
				Usage: fmt.Sprintf("publish successors that sign after %s, when apps have seen them", storage.KeyPublishAhead),
				Flags: flags(dataFlags(), []cli.Flag{
					&cli.StringFlag{Name: "alg", Usage: "only the key of `ALG`: " + strings.Join(storage.SigningAlgs, ", ")},
					&cli.BoolFlag{Name: "now", Usage: "sign with them at once; apps that cached the JWKS fail until they read it again"},
					jsonFlag(),
				}),
				Action: func(c *cli.Context) error { return keysRotate(c, t) },
			},
			{
				Name:      "master",
				Usage:     "make a master key for serve in a new file that only you can read",
				ArgsUsage: "FILE",
				Action:    func(c *cli.Context) error { return keysMaster(c, t) },
			},
		},
	}
}

func keysList(c *cli.Context, t terminal) error {
	_, err := exactly(c)
	if err != nil {
		return err
	}
	return withDB(c, func(ctx context.Context, db *storage.DB) error {
		keys, _, err := db.SigningKeys(ctx)
		if err != nil {
			return err
		}
		return printKeys(c, t, keys, db.Now())
	})
}

func keysRotate(c *cli.Context, t terminal) error {
	_, err := exactly(c)
	if err != nil {
		return err
	}
	alg := c.String("alg")
	if alg != "" && !slices.Contains(storage.SigningAlgs, alg) {
		return usageError(fmt.Sprintf("--alg %q is none of %s", alg, strings.Join(storage.SigningAlgs, ", ")))
	}
	return withDB(c, func(ctx context.Context, db *storage.DB) error {
		keys, err := db.RotateKeys(ctx, storage.Command, alg, c.Bool("now"))
		if err != nil {
			return err
		}
		return printKeys(c, t, keys, db.Now())
	})
}

func keysMaster(c *cli.Context, t terminal) error {
	args, err := exactly(c, "FILE")
	if err != nil {
		return err
	}
	_, err = storage.CreateMasterKey(args[0])
	if err != nil {
		return err
	}
	t.say("%s is a new master key: keep a copy apart from the database and its backups", args[0])
	return nil
}

func printKeys(c *cli.Context, t terminal, keys []storage.SigningKey, now time.Time) error {
	if c.Bool("json") {
		items := make([]keyView, 0, len(keys))
		for _, k := range keys {
			items = append(items, viewKey(k, now))
		}
		return t.json(map[string]any{"items": items})
	}
	rows := [][]string{{"KID", "ALG", "STATE", "SIGNS FROM", "GONE AT"}}
	for _, k := range keys {
		rows = append(rows, []string{k.ID, k.Alg, keyState(k, now), moment(k.ActiveAt), moment(k.RemoveAt)})
	}
	return t.table(rows)
}

// keyState says where a key is on its way: published, signing, retired.
func keyState(k storage.SigningKey, now time.Time) string {
	switch {
	case now.Before(k.ActiveAt):
		return "next"
	case !k.RetiredAt.IsZero() && !now.Before(k.RetiredAt):
		return "retired"
	}
	return "signing"
}

func moment(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.UTC().Format("2006-01-02 15:04:05Z")
}
