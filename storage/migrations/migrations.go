// Package migrations holds the one timeline of schema changes, valid in SQLite and PostgreSQL alike.
// A released file is never edited; a change is a new file.
package migrations

import "embed"

// Files are the migrations in goose's format.
//
//go:embed *.sql
var Files embed.FS

// Latest is the version of the newest file: what a database opened by this binary ends up with. A test
// compares it with Files.
const Latest = 5
