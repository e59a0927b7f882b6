package provider

import (
	"log/slog"
	"os"
	"testing"
)

// The library logs every refusal once more, to the process's default logger.
func TestMain(m *testing.M) {
	slog.SetDefault(slog.New(slog.DiscardHandler))
	os.Exit(m.Run())
}
