package storage_test

import (
	"testing"

	"github.com/propusk/propusk/storage"
	"github.com/propusk/propusk/storage/storagetest"
)

// TestSQLite runs the suite of what every database must do.
func TestSQLite(t *testing.T) {
	storagetest.Run(t, func(t *testing.T, clock *storagetest.Clock) *storage.DB { return storagetest.SeededAt(t, clock) })
}
