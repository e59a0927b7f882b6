package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/propusk/propusk/storage"
)

func devCommand(t terminal) *cli.Command {
	return &cli.Command{
		Name:  "dev",
		Usage: "run on the laptop: no set-up, people and apps to try with, this machine alone",
		Description: `A fresh directory is filled with people and apps; a second start keeps everything.
FILE may hold listen, data and name, as for serve; flags win.`,
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "listen", Usage: "`HOST:PORT` on loopback; port 0 picks a free one (default " + defaultListen + ")"},
			&cli.StringFlag{Name: "data", Usage: "keep the database in `DIR` (default ./" + defaultData + ")"},
			configFlag("read listen, data and name from `FILE`"),
			&cli.StringSliceFlag{Name: "host", Usage: "answer to this host `NAME` as well; repeatable"},
			&cli.BoolFlag{Name: "ephemeral", Usage: "keep the database in a new directory that is removed at exit"},
			&cli.BoolFlag{Name: "json", Usage: "print one JSON document before the line ready"},
			&cli.BoolFlag{Name: "verbose", Usage: "log every request"},
		},
		Action: func(c *cli.Context) error { return dev(c, t) },
	}
}

// devRegistration lets every client on this machine register, and be called back there.
var devRegistration = registration{policy: "open", hosts: []string{"localhost", "127.0.0.1", "::1"}}

// devOptions are what flags and file come down to.
type devOptions struct {
	listen, data, name string
	ephemeral          bool
}

func dev(c *cli.Context, t terminal) error {
	_, err := exactly(c)
	if err != nil {
		return err
	}
	opts, err := chooseDev(c)
	if err != nil {
		return err
	}
	stop, release := stopSignals()
	defer release()
	listeners, port, err := listenLoopback(opts.listen)
	if err != nil {
		return err
	}
	dir, remove, err := devDir(opts)
	if err != nil {
		return errors.Join(err, closeListeners(listeners))
	}
	level := slog.LevelWarn
	if c.Bool("verbose") {
		level = slog.LevelInfo
	}
	conf := serverConfig{
		issuer: fmt.Sprintf("http://localhost:%d", port), name: opts.name, dev: true,
		hosts: c.StringSlice("host"), register: devRegistration, now: time.Now, log: newLogger(t.err, level),
	}
	db, err := openDev(c.Context, dir, conf)
	if err != nil {
		return errors.Join(err, closeListeners(listeners), remove())
	}
	srv, err := newServer(conf, db)
	if err != nil {
		return errors.Join(err, closeListeners(listeners), db.Close(), remove())
	}
	err = srv.serve(capped(listeners, maxConns), stop, func() error {
		return announce(c.Context, t, db, conf.issuer, dir, opts.ephemeral, c.Bool("json"))
	})
	return errors.Join(err, db.Close(), remove())
}

// chooseDev reads the file, which has no say in what dev decides itself, and the flags.
func chooseDev(c *cli.Context) (devOptions, error) {
	opts := devOptions{listen: defaultListen, data: defaultData, ephemeral: c.Bool("ephemeral")}
	if c.IsSet("config") {
		conf, found, err := readConfig(c.String("config"))
		if err != nil {
			return opts, err
		}
		for _, key := range []string{"issuer", "master_key_file", "tls", "trusted_proxies", "allow_insecure_loopback", "registration"} {
			if conf.has(key) {
				found.add(key, "is for serve; dev decides it itself")
			}
		}
		err = found.refuse("dev", "refuses to start")
		if err != nil {
			return opts, err
		}
		opts.name = conf.Name
		opts.listen = first(conf.Listen, opts.listen)
		opts.data = first(conf.Data, opts.data)
	}
	if opts.ephemeral && c.IsSet("data") {
		return opts, usageError("--ephemeral and --data exclude each other")
	}
	opts.listen = first(c.String("listen"), opts.listen)
	opts.data = first(c.String("data"), opts.data)
	return opts, nil
}

// openDev opens the database in dir, or makes it with people and apps to try with.
func openDev(ctx context.Context, dir string, conf serverConfig) (*storage.DB, error) {
	where, err := locateDev(dir)
	if err != nil {
		return nil, err
	}
	where.Issuer, where.Now, where.Logger = conf.issuer, conf.now, conf.log
	if where.MasterKey != nil {
		db, err := storage.Open(ctx, where)
		if err != nil {
			return nil, err
		}
		err = db.KeepIssuer(ctx)
		if err != nil {
			return nil, errors.Join(err, db.Close())
		}
		return db, nil
	}
	where.MasterKey, err = devMasterKey(dir)
	if err != nil {
		return nil, err
	}
	return storage.Create(ctx, where, storage.Seed)
}

// first is the first of the two that is not empty.
func first(a, b string) string {
	if a != "" {
		return a
	}
	return b
}
