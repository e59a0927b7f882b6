package main

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"github.com/urfave/cli/v2"

	"github.com/propusk/propusk/storage"
)

func restoreCommand(t terminal) *cli.Command {
	return &cli.Command{
		Name:      "restore",
		Usage:     "put a backup in the place of the database, while nothing serves it",
		ArgsUsage: "FILE",
		Flags: flags(dataFlags(), []cli.Flag{
			&cli.BoolFlag{Name: "yes", Usage: "replace the database that is there without asking"},
			jsonFlag(),
		}),
		Action: func(c *cli.Context) error { return restore(c, t) },
	}
}

func restore(c *cli.Context, t terminal) error {
	args, err := exactly(c, "FILE")
	if err != nil {
		return err
	}
	where, err := locate(c)
	if err != nil {
		return err
	}
	if where.MasterKey == nil {
		where.MasterKey, err = restoredKey(where.Dir)
		if err != nil {
			return err
		}
	}
	replace := storage.Exists(where.Dir)
	if replace && !c.Bool("yes") {
		question := fmt.Sprintf("replace the database in %s, which is lost?", where.Dir)
		if !t.ask(question) {
			return withHint(fmt.Errorf("there is a database in %s: nothing was changed", where.Dir), "--yes replaces it")
		}
	}
	err = storage.Restore(c.Context, where, args[0], replace)
	if err != nil {
		return err
	}
	if c.Bool("json") {
		return t.json(map[string]any{"file": args[0], "data": where.Dir, "replaced": replace})
	}
	t.say("restored %s into %s", args[0], where.Dir)
	return nil
}

// restoredKey reads the master key of a dev directory that holds no database yet.
func restoredKey(dir string) ([]byte, error) {
	path := filepath.Join(dir, masterKeyName)
	key, err := storage.LoadMasterKey(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, withHint(fmt.Errorf("%s is missing: a backup opens only with the master key of its database", path),
			"copy the master key there first (mode 0600)")
	}
	return key, err
}
