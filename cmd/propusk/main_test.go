package main

import (
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestMain lets the test binary be propusk, for the transcripts in testdata/script.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"propusk": main})
}
