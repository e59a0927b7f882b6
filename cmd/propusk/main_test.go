package main

import (
	"os"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// raceOptions is the variable that the race detector's options are in.
const raceOptions = "GORACE"

// TestMain lets the test binary be propusk: it stands under that name first in PATH.
func TestMain(m *testing.M) {
	// Without this each program with the race detector in it sleeps a second before it ends.
	os.Setenv(raceOptions, "atexit_sleep_ms=0 "+os.Getenv(raceOptions))
	testscript.Main(m, map[string]func(){"propusk": main})
}
