package main

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/urfave/cli/v2"
)

// version is set by the linker (-X main.version=v1.2.3); without it the build's own record is used.
var version string

func versionCommand(t terminal) *cli.Command {
	return &cli.Command{
		Name:  "version",
		Usage: "print the version",
		Flags: []cli.Flag{jsonFlag()},
		Action: func(c *cli.Context) error {
			_, err := exactly(c)
			if err != nil {
				return err
			}
			platform := runtime.GOOS + "/" + runtime.GOARCH
			if c.Bool("json") {
				return t.json(map[string]string{"version": buildVersion(), "go": runtime.Version(), "platform": platform})
			}
			_, err = fmt.Fprintf(t.out, "propusk %s (%s %s)\n", buildVersion(), runtime.Version(), platform)
			return err
		},
	}
}

// buildVersion is the linker's version, the module's, or the commit's; "devel" when nothing is known.
func buildVersion() string {
	if version != "" {
		return version
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "devel"
	}
	if v := info.Main.Version; v != "" && v != "(devel)" {
		return v
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" && len(s.Value) >= 12 {
			return "devel-" + s.Value[:12]
		}
	}
	return "devel"
}
