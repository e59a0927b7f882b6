package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/propusk/propusk/storage"
)

func serveCommand(t terminal) *cli.Command {
	return &cli.Command{
		Name:  "serve",
		Usage: "run in production",
		Description: `FILE is YAML. Its keys (paths are relative to the file):
issuer: https://id.example.com         what apps are configured with; no path
data: /var/lib/propusk                 directory of the database
master_key_file: /etc/propusk/key      seals what is secret in it; or ` + masterKeyVariable + `
listen: 127.0.0.1:9998                 the default
tls: {cert: cert.pem, key: key.pem}    left out behind a proxy; read again on SIGHUP
trusted_proxies: [10.0.0.7]            whose X-Forwarded-For is believed
name: Example Ltd                      of the organisation, for the pages
allow_insecure_loopback: true          an http issuer on localhost, for trying it out
registration: token                    clients register at /connect/register with a personal access
                                       token with apps.write of an administrator; closed, the default:
                                       nobody does
private_hosts: [crm.corp.example]      hosts that may be called for apps (jwks_uri, logout notices) though
                                       their address is not public

SIGINT or SIGTERM lets requests in flight finish; a second one stops at once.`,
		Flags: []cli.Flag{
			configFlag("the configuration `FILE` (required)"),
			&cli.BoolFlag{Name: "quiet", Usage: "no log line for each request"},
		},
		Action: func(c *cli.Context) error { return serve(c, t) },
	}
}

func serve(c *cli.Context, t terminal) error {
	_, err := exactly(c)
	if err != nil {
		return err
	}
	path := c.String("config")
	if path == "" {
		return usageError("serve needs -c FILE, its configuration", "propusk serve --help")
	}
	stop, release := stopSignals()
	defer release()
	conf, found, err := readConfig(path)
	if err != nil {
		return err
	}
	log := newLogger(t.err, slog.LevelInfo)
	if c.Bool("quiet") {
		log = newLogger(t.err, slog.LevelWarn)
	}
	set := conf.check(found)
	where := storage.Config{Dir: set.data, MasterKey: set.masterKey, Issuer: set.issuer, Now: time.Now, Logger: log}
	db := inspect(c.Context, where, found)
	err = found.refuse("serve", "refuses to start")
	if err != nil {
		if db != nil {
			err = errors.Join(err, db.Close())
		}
		return err
	}
	return serveChecked(c.Context, t, conf, set, where, db, stop)
}

// inspect opens the database that is there and records what of it cannot be served. It returns nil
// when there is none, or what is known does not suffice to open it.
func inspect(ctx context.Context, where storage.Config, found *problems) *storage.DB {
	if where.Dir == "" || where.MasterKey == nil || where.Issuer == "" || !storage.Exists(where.Dir) {
		return nil
	}
	db, err := storage.Open(ctx, where)
	if err != nil {
		found.addFailure("data", err)
		return nil
	}
	apps, err := db.DevOnlyApps(ctx)
	if err != nil {
		found.addFailure("data", err)
	}
	for _, id := range apps {
		found.lines = append(found.lines, fmt.Sprintf("app %q: has any_loopback or insecure_redirect, which only dev knows", id))
	}
	return db
}

// serveChecked runs what was checked; db is nil on the first start.
func serveChecked(ctx context.Context, t terminal, conf *config, set settings, where storage.Config, db *storage.DB, stop <-chan struct{}) error {
	listeners, err := listenOn(set.listen, "listen")
	if err != nil {
		return errors.Join(err, closeDB(db))
	}
	if db == nil {
		db, err = storage.Create(ctx, where, nil)
		if err != nil {
			return errors.Join(err, closeListeners(listeners))
		}
		t.say("made a new database in %s; nobody can sign in yet", where.Dir)
		t.say("next: propusk user add LOGIN --full -c %s", conf.path)
	}
	srv, err := newServer(serverConfig{
		issuer: set.issuer, name: conf.Name, proxies: set.proxies, tls: set.tls, now: time.Now, log: where.Logger,
		implicit: conf.Implicit, register: registration{policy: conf.Registration, hosts: conf.PrivateHosts},
	}, db)
	if err != nil {
		return errors.Join(err, closeListeners(listeners), db.Close())
	}
	if set.tls != nil {
		defer reloadOnHangup(set.tls, where.Logger)()
	}
	srv.linger = linger
	if strings.HasPrefix(set.issuer, "https://") && set.tls == nil && len(set.proxies) == 0 {
		t.say("WARNING: neither tls nor trusted_proxies: everybody comes from the proxy's address, and shares its limit of failed sign-ins.")
	}
	if strings.HasPrefix(set.issuer, "http://") {
		t.say("WARNING: allow_insecure_loopback: passwords and tokens travel in clear. Nothing but this machine may reach %s.", set.listen)
	}
	err = srv.serve(capped(listeners, maxConns), stop, func() error {
		_, err := fmt.Fprintln(t.out, "ready", set.issuer)
		return err
	})
	return errors.Join(err, db.Close())
}

// linger is how long serve goes on answering after a stop was asked for, with readiness off.
const linger = 2 * time.Second

func closeDB(db *storage.DB) error {
	if db == nil {
		return nil
	}
	return db.Close()
}
