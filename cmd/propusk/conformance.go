package main

import (
	"github.com/urfave/cli/v2"
)

// The places of the OpenID conformance suite and of the provider it looks at, unless flags say
// otherwise: two names on this machine, because the suite only talks https to a name.
const (
	defaultSuite             = "https://suite.test:8443"
	defaultConformanceIssuer = "https://op.test:9443"
	defaultConformanceListen = "127.0.0.1:9443"
)

func conformanceCommand(t terminal) *cli.Command {
	issuer := &cli.StringFlag{Name: "issuer", Value: defaultConformanceIssuer, Usage: "the `URL` under which the suite reaches propusk"}
	suite := &cli.StringFlag{Name: "suite", Value: defaultSuite, Usage: "the `URL` of the suite"}
	ca := &cli.StringFlag{Name: "ca", Usage: "PEM `FILE` with the authority of the suite's certificate; without it the suite alone is not verified"}
	return &cli.Command{
		Name:  "conformance",
		Usage: "show with the OpenID Foundation's suite what works: serve, config, run",
		Subcommands: []*cli.Command{
			{
				Name:  "serve",
				Usage: "run a provider for the suite: people and apps it knows, in a directory that is removed at exit unless --data names one",
				Description: `The people are alice and bob (their passwords are their names), the apps those of the suite's
static plans. The suite reaches propusk by the host name of the issuer: put it into the hosts file of
the suite's machine.`,
				Flags: []cli.Flag{
					&cli.StringFlag{Name: "listen", Value: defaultConformanceListen, Usage: "`HOST:PORT` on this machine or a private network"},
					issuer, suite, ca,
					&cli.StringFlag{Name: "data", Usage: "keep the database in `DIR`; run rotates keys there"},
					&cli.StringFlag{Name: "cert", Usage: "the certificate of the issuer, a PEM `FILE` (default: one is made)"},
					&cli.StringFlag{Name: "key", Usage: "the private key of the certificate, a PEM `FILE`"},
					&cli.BoolFlag{Name: "all", Usage: "offer the implicit and the hybrid flow as well"},
					&cli.BoolFlag{Name: "verbose", Usage: "log every request"},
				},
				Action: func(c *cli.Context) error { return conformanceServe(c, t) },
			},
			{
				Name:      "config",
				Usage:     "write the suite's configuration files and the list of plans into a directory",
				ArgsUsage: "DIR",
				Flags:     []cli.Flag{issuer, suite},
				Action:    func(c *cli.Context) error { return conformanceConfig(c, t) },
			},
			{
				Name:  "run",
				Usage: "run the plans in a suite that is there, and compare with what is expected",
				Description: `Every plan runs unless --plan chooses. The exit code is 0 if every module ended as expected: PASSED,
REVIEW where the suite always wants a person to look at a page, SKIPPED where it asks for what propusk
does not offer on purpose.`,
				Flags: []cli.Flag{
					issuer, suite, ca,
					&cli.StringSliceFlag{Name: "plan", Usage: "only plans whose `NAME` in the list begins like this; repeatable"},
					&cli.BoolFlag{Name: "all", Usage: "also the plans of the implicit and the hybrid flow, for conformance serve --all"},
					&cli.StringFlag{Name: "expect", Usage: "compare with the table in `FILE` instead of the rule above"},
					&cli.StringFlag{Name: "data", Usage: "rotate keys in `DIR`, that of conformance serve, where a module waits for it"},
					jsonFlag(),
				},
				Action: func(c *cli.Context) error { return conformanceRun(c, t) },
			},
		},
	}
}
