package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"

	"github.com/urfave/cli/v2"
)

func main() {
	tune()
	os.Exit(run(context.Background(), os.Args, terminal{in: os.Stdin, out: os.Stdout, err: os.Stderr}))
}

// run runs one command line (args[0] is the program) and returns the exit code.
func run(ctx context.Context, args []string, t terminal) int {
	// The protocol library logs through the default logger only, and only what provider has logged with
	// its reason already; everything of ours goes through loggers that are handed down.
	slog.SetDefault(slog.New(slog.DiscardHandler))
	app := newApp(t)
	arranged, err := arrange(app, args)
	if err == nil {
		err = app.RunContext(ctx, arranged)
	}
	if err != nil {
		return t.fail(err)
	}
	return 0
}

// newApp is the whole command line.
func newApp(t terminal) *cli.App {
	app := &cli.App{
		Name:  "propusk",
		Usage: "an OpenID Connect provider in one binary and one file",
		Commands: []*cli.Command{
			devCommand(t), serveCommand(t),
			userCommand(t), appCommand(t), scopeCommand(t), tokenCommand(t), keysCommand(t), adminCommand(t),
			backupCommand(t), restoreCommand(t), conformanceCommand(t),
			versionCommand(t), completionCommand(t), completeCommand(t),
		},
		Writer:                    t.out,
		ErrWriter:                 t.err,
		HideVersion:               true,
		HideHelpCommand:           true,
		DisableSliceFlagSeparator: true, // a redirect URI may hold a comma
		ExitErrHandler:            func(*cli.Context, error) {},
		OnUsageError:              misused,
	}
	for _, c := range app.Commands {
		harden(c)
	}
	return app
}

// harden gives a command and those below it the same manners: no help command of their own (a login
// may be "help"), and errors that come back to run.
func harden(c *cli.Command) {
	c.HideHelpCommand = true
	c.OnUsageError = misused
	for _, sub := range c.Subcommands {
		harden(sub)
	}
}

// misused turns what urfave/cli finds wrong with a value into a usage error.
func misused(_ *cli.Context, err error, _ bool) error {
	return usageError(err.Error())
}

// newLogger writes what is at least as important as level, as text.
func newLogger(w io.Writer, level slog.Level) *slog.Logger {
	return slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{Level: level}))
}

// exactly returns the command's arguments, one for each name, or a usage error that says what is
// missing or too much.
func exactly(c *cli.Context, names ...string) ([]string, error) {
	got := c.Args().Slice()
	hint := "propusk " + commandPath(c) + " --help"
	if len(got) < len(names) {
		return nil, usageError(fmt.Sprintf("%s needs %s", commandPath(c), names[len(got)]), hint)
	}
	if len(got) > len(names) {
		return nil, usageError(fmt.Sprintf("%s: unexpected argument %q", commandPath(c), got[len(names)]), hint)
	}
	for i, name := range names {
		if got[i] == "" {
			return nil, usageError(fmt.Sprintf("%s: %s is empty", commandPath(c), name), hint)
		}
	}
	return got, nil
}

// commandPath is the words of the command, "user add".
func commandPath(c *cli.Context) string {
	path := c.Command.Name
	for _, parent := range c.Lineage()[1:] {
		if parent.Command == nil || parent.Command.Name == "" || parent.Command.Name == c.App.Name {
			break
		}
		path = parent.Command.Name + " " + path
	}
	return path
}
