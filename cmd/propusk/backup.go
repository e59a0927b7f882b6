package main

import (
	"context"
	"os"

	"github.com/urfave/cli/v2"

	"github.com/propusk/propusk/storage"
)

func backupCommand(t terminal) *cli.Command {
	return &cli.Command{
		Name:      "backup",
		Usage:     "write a checked copy of the database to a new file, also while it is served",
		ArgsUsage: "FILE",
		Flags:     flags(dataFlags(), []cli.Flag{jsonFlag()}),
		Action:    func(c *cli.Context) error { return backup(c, t) },
	}
}

func backup(c *cli.Context, t terminal) error {
	args, err := exactly(c, "FILE")
	if err != nil {
		return err
	}
	return withDB(c, func(ctx context.Context, db *storage.DB) error {
		err := db.Backup(ctx, args[0])
		if err != nil {
			return err
		}
		info, err := os.Stat(args[0])
		if err != nil {
			return err
		}
		if c.Bool("json") {
			return t.json(map[string]any{"file": args[0], "bytes": info.Size()})
		}
		t.say("wrote %s (%d bytes); it opens only with the master key, which is not in it", args[0], info.Size())
		return nil
	})
}
