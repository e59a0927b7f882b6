package main

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/propusk/propusk/storage"
)

// conformanceOptions are what the flags of conformance serve come down to.
type conformanceOptions struct {
	listen, issuer, suite, data string
	tls                         *certificate
	roots                       *x509.CertPool // of the suite's certificate; nil: its host alone is not verified
}

// conformanceServe runs propusk as the suite wants to find it.
func conformanceServe(c *cli.Context, t terminal) error {
	_, err := exactly(c)
	if err != nil {
		return err
	}
	opts, err := chooseConformance(c)
	if err != nil {
		return err
	}
	stop, release := stopSignals()
	defer release()
	listeners, err := listenOn(opts.listen, "--listen, and the port of --issuer with it")
	if err != nil {
		return err
	}
	dir, remove, err := devDir(devOptions{data: opts.data, ephemeral: opts.data == ""})
	if err != nil {
		return errors.Join(err, closeListeners(listeners))
	}
	level := slog.LevelWarn
	if c.Bool("verbose") {
		level = slog.LevelInfo
	}
	conf := serverConfig{issuer: opts.issuer, name: "Conformance", tls: opts.tls, now: time.Now, log: newLogger(t.err, level), implicit: c.Bool("all"),
		register: suiteRegistration(opts.suite, opts.roots)}
	db, err := openConformance(c.Context, dir, conf, opts.suite)
	if err != nil {
		return errors.Join(err, closeListeners(listeners), remove())
	}
	srv, err := newServer(conf, db)
	if err != nil {
		return errors.Join(err, closeListeners(listeners), db.Close(), remove())
	}
	t.say("people: alice and bob, their passwords are their names; apps: those of the suite at %s", opts.suite)
	t.say("data: %s", dir)
	if !isPlainlyLoopback(opts.listen) {
		t.say("WARNING: whoever reaches %s can sign in as alice.", opts.listen)
	}
	err = srv.serve(capped(listeners, maxConns), stop, func() error {
		_, err := fmt.Fprintln(t.out, "ready", opts.issuer)
		return err
	})
	return errors.Join(err, db.Close(), remove())
}

// suiteRegistration opens registration to the suite, which sends a code challenge in one module only, and
// the way to its host alone: with its authority, or without looking at its certificate.
func suiteRegistration(suite string, roots *x509.CertPool) registration {
	host := strings.TrimPrefix(suite, "https://")
	// A module registers a client or two, and two hundred modules may pass in a minute.
	r := registration{policy: "open", withoutPKCE: true, perMinute: 10_000, hosts: []string{host}, roots: roots}
	if roots == nil {
		r.insecureHosts = r.hosts
	}
	return r
}

// chooseConformance checks the flags.
func chooseConformance(c *cli.Context) (conformanceOptions, error) {
	opts := conformanceOptions{listen: c.String("listen"), data: c.String("data")}
	var err error
	opts.issuer, opts.suite, err = conformancePlaces(c)
	if err != nil {
		return opts, err
	}
	err = checkConformanceListen(opts.listen)
	if err != nil {
		return opts, err
	}
	opts.roots, err = readRoots(c.String("ca"))
	if err != nil {
		return opts, err
	}
	cert, key := c.String("cert"), c.String("key")
	if (cert == "") != (key == "") {
		return opts, usageError("--cert and --key belong together")
	}
	if cert != "" {
		opts.tls, err = loadCertificate(cert, key)
		if err != nil {
			return opts, fmt.Errorf("--cert and --key: %w", err)
		}
		return opts, nil
	}
	u, err := url.Parse(opts.issuer)
	if err != nil {
		return opts, fmt.Errorf("issuer: %w", err)
	}
	opts.tls, err = makeCertificate(u.Hostname(), time.Now())
	return opts, err
}

// conformancePlaces reads --issuer and --suite. Both are https without a path: the suite refuses an
// issuer in clear, and the addresses it is called back at are put together from its own.
func conformancePlaces(c *cli.Context) (issuer, suite string, err error) {
	issuer = c.String("issuer")
	suite = strings.TrimSuffix(c.String("suite"), "/")
	for _, place := range []struct{ flag, value string }{{"issuer", issuer}, {"suite", suite}} {
		conf := &config{Issuer: place.value}
		found := &problems{config: conf}
		conf.checkIssuer(found)
		if len(found.lines) > 0 || !strings.HasPrefix(place.value, "https://") {
			return "", "", usageError(fmt.Sprintf("--%s %q is not https://HOST[:PORT] in lower case", place.flag, place.value))
		}
	}
	return issuer, suite, nil
}

// checkConformanceListen refuses addresses the public might reach: everybody knows the passwords. A
// private network is allowed, because a suite in a container calls from there.
func checkConformanceListen(address string) error {
	if isPlainlyLoopback(address) {
		return nil
	}
	addr, err := netip.ParseAddrPort(address)
	if err != nil {
		return usageError(fmt.Sprintf("--listen %q is not ADDRESS:PORT", address), "for example --listen "+defaultConformanceListen)
	}
	if !addr.Addr().Unmap().IsPrivate() {
		return usageError(fmt.Sprintf("--listen %q: anybody who reaches it can sign in as alice", address),
			"listen on 127.0.0.1, or on the address of a private network such as a container's bridge")
	}
	return nil
}

// isPlainlyLoopback tells whether HOST:PORT is on this machine alone.
func isPlainlyLoopback(address string) bool {
	at := strings.LastIndexByte(address, ':')
	return at > 0 && isLoopbackName(address[:at])
}

// readRoots reads a file of certificates; no file is no pool.
func readRoots(path string) (*x509.CertPool, error) {
	if path == "" {
		return nil, nil
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("--ca: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("--ca: %s holds no certificate in PEM", path)
	}
	return pool, nil
}

// openConformance opens the database in dir, or makes it, and brings its apps up to the suite. It is a
// dev database (serve refuses it: its passwords are known), but the pages are those of production.
func openConformance(ctx context.Context, dir string, conf serverConfig, suite string) (*storage.DB, error) {
	where, err := locateDev(dir)
	if err != nil {
		return nil, err
	}
	where.Issuer, where.Now, where.Logger = conf.issuer, conf.now, conf.log
	var db *storage.DB
	if where.MasterKey == nil {
		where.MasterKey, err = devMasterKey(dir)
		if err != nil {
			return nil, err
		}
		db, err = storage.Create(ctx, where, conformancePeople)
	} else {
		db, err = storage.Open(ctx, where)
	}
	if err != nil {
		return nil, err
	}
	err = db.KeepIssuer(ctx)
	if err == nil {
		err = keepConformanceApps(ctx, db, suite)
	}
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}
