package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/propusk/propusk/storage"
)

// defaultData is where dev keeps its database.
const defaultData = ".propusk"

// masterKeyVariable is the environment's way to give serve the master key.
const masterKeyVariable = "PROPUSK_MASTER_KEY"

// jsonFlag asks for one JSON document on stdout.
func jsonFlag() cli.Flag {
	return &cli.BoolFlag{Name: "json", Usage: "print one JSON document"}
}

// dataFlags say whose data a command works on.
func dataFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "data", Usage: "work on the dev database in `DIR` (default ./" + defaultData + ")"},
		configFlag("work on the database of serve's configuration `FILE`"),
	}
}

func configFlag(usage string) cli.Flag {
	return &cli.StringFlag{Name: "config", Aliases: []string{"c"}, Usage: usage}
}

// flags joins lists of flags.
func flags(lists ...[]cli.Flag) []cli.Flag {
	var all []cli.Flag
	for _, l := range lists {
		all = append(all, l...)
	}
	return all
}

// noDatabaseHint says which command makes the database that was looked for.
func noDatabaseHint(c *cli.Context) string {
	if c.IsSet("config") {
		return "propusk serve -c " + c.String("config") + " makes it"
	}
	return "propusk dev makes one; --data DIR or -c FILE name another"
}

// withDB opens the database the flags name, runs do and closes it.
func withDB(c *cli.Context, do func(context.Context, *storage.DB) error) error {
	where, err := locate(c)
	if err != nil {
		return err
	}
	if !storage.Exists(where.Dir) {
		return withHint(fmt.Errorf("no database in %s", where.Dir), noDatabaseHint(c))
	}
	db, err := storage.Open(c.Context, where)
	if err != nil {
		return err
	}
	return errors.Join(do(c.Context, db), db.Close())
}

// locate turns --data or -c into where the database is and how it is sealed.
func locate(c *cli.Context) (storage.Config, error) {
	if c.IsSet("config") {
		if c.IsSet("data") {
			return storage.Config{}, usageError("--data and -c both name a database: give one of them")
		}
		return locateByConfig(c.String("config"))
	}
	dir := c.String("data")
	if dir == "" {
		dir = defaultData
	}
	return locateDev(dir)
}

// locateDev is the place of a dev database.
func locateDev(dir string) (storage.Config, error) {
	where := storage.Config{Dir: dir, Dev: true, AnyIssuer: true}
	if !storage.Exists(dir) {
		return where, nil
	}
	key, err := storage.LoadMasterKey(filepath.Join(dir, masterKeyName))
	if errors.Is(err, fs.ErrNotExist) {
		return where, withHint(fmt.Errorf("%s is missing: without it the database beside it cannot be opened", filepath.Join(dir, masterKeyName)),
			"put the file back; if serve uses this directory, commands that take -c find the key by its configuration")
	}
	if err != nil {
		return where, err
	}
	where.MasterKey = key
	return where, nil
}

// locateByConfig is the place a configuration names. One without an issuer is dev's.
func locateByConfig(path string) (storage.Config, error) {
	conf, found, err := readConfig(path)
	if err != nil {
		return storage.Config{}, err
	}
	if conf.Issuer == "" && len(found.lines) == 0 {
		if conf.Data == "" {
			conf.Data = defaultData
		}
		return locateDev(conf.Data)
	}
	if conf.Data == "" {
		found.add("data", "missing: the directory of the database")
	}
	where := storage.Config{Dir: conf.Data, Issuer: conf.Issuer, MasterKey: conf.masterKey(found)}
	return where, found.refuse(path, "cannot be used")
}

// masterKey reads the master key from the environment or the file that the configuration names.
func (c *config) masterKey(found *problems) []byte {
	if text := os.Getenv(masterKeyVariable); text != "" {
		key, err := storage.ParseMasterKey(strings.TrimSpace(text))
		if err != nil {
			// The text is the secret itself: nothing of it may be shown.
			found.lines = append(found.lines, masterKeyVariable+": is not a master key (43 characters of base64url)")
			found.hint(makeMasterKey)
		}
		return key
	}
	if c.MasterKeyFile == "" {
		found.add("master_key_file", "missing: the key that seals what is secret in the database (or set "+masterKeyVariable+")")
		found.hint(makeMasterKey)
		return nil
	}
	key, err := storage.LoadMasterKey(c.MasterKeyFile)
	if errors.Is(err, fs.ErrNotExist) {
		found.add("master_key_file", c.MasterKeyFile+" does not exist")
		found.hint(makeMasterKey)
		return nil
	}
	if err != nil {
		found.addFailure("master_key_file", err)
	}
	return key
}

const (
	masterKeyName = "master.key"
	makeMasterKey = "propusk keys master FILE makes a master key"
)

// allPages reads a list of storage page by page, to its end.
func allPages[T any](page func(after string) ([]T, string, error)) ([]T, error) {
	var all []T
	after := ""
	for {
		part, next, err := page(after)
		if err != nil {
			return nil, err
		}
		all = append(all, part...)
		if next == "" {
			return all, nil
		}
		after = next
	}
}
