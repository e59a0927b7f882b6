package main

import (
	"os"
	"runtime"
	"runtime/debug"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/trace/noop"
)

// memoryLimit bounds what the generous GOGC lets the heap grow to; in bytes.
const memoryLimit = 256 << 20

// tune sets up the process; what the environment says wins.
func tune() {
	privateFiles()
	if os.Getenv("GOMAXPROCS") == "" && runtime.GOMAXPROCS(0) < 2 {
		// An fsync blocks its processor; with a second one requests go on meanwhile.
		runtime.GOMAXPROCS(2)
	}
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(400)
	}
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(memoryLimit)
	}
	// The library opens spans that nobody collects. Left to itself otel allocates each of them.
	otel.SetTracerProvider(noop.NewTracerProvider())
}
