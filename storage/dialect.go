package storage

import (
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// Everything that is SQLite's own stands in this file: opening, pragmas, marks in the file header and
// error codes. All other SQL is valid in PostgreSQL as well.

// applicationID is "ppsk": it tells our files from other programs' SQLite databases.
const applicationID = 0x7070736b

// readPragmas hold on every connection. busy_timeout comes first because the others may wait for a lock.
var readPragmas = []string{
	"busy_timeout(2000)",
	"foreign_keys(1)",
	"trusted_schema(0)",
	"temp_store(2)",
	"cache_size(-4096)",
}

// writePragmas hold on the writing connection besides. synchronous is FULL because with NORMAL a power
// cut may drop the last commits, and a consumed code would be alive again.
var writePragmas = []string{
	"journal_mode(WAL)",
	"synchronous(FULL)",
	"secure_delete(1)",
	"journal_size_limit(8388608)",
	"wal_autocheckpoint(1000)",
}

// dataSource returns the DSN of the file. The file: form matters: without it the driver drops the
// query of the path. Values of _pragma are run as SQL, so nothing from outside may enter them.
func dataSource(path string, write bool) string {
	query := url.Values{"_error_rc": {"1"}, "_dqs": {"0"}, "_defensive": {"1"}}
	query["_pragma"] = append([]string{}, readPragmas...)
	if write {
		query.Set("_txlock", "immediate")
		query["_pragma"] = append(query["_pragma"], writePragmas...)
	} else {
		query["_pragma"] = append(query["_pragma"], "query_only(1)")
	}
	absolute, err := filepath.Abs(path)
	if err == nil {
		path = absolute
	}
	escaped := (&url.URL{Path: filepath.ToSlash(path)}).EscapedPath()
	return "file:" + escaped + "?" + query.Encode()
}

// openPool opens connections to the file: one that writes, or four that only read.
func openPool(path string, write bool) (*sql.DB, error) {
	sqlite.StrictPragmas(true)
	pool, err := sql.Open("sqlite", dataSource(path, write))
	if err != nil {
		return nil, fmt.Errorf("data source: %w", err)
	}
	size := 4
	if write {
		size = 1
	}
	pool.SetMaxOpenConns(size)
	pool.SetMaxIdleConns(size)
	pool.SetConnMaxLifetime(0)
	return pool, nil
}

// openUnbound opens one connection that may write other files, for VACUUM INTO; it asks for no journal
// mode, so it changes nothing in this one.
func openUnbound(path string) (*sql.DB, error) {
	dsn := strings.Replace(dataSource(path, false), url.QueryEscape("query_only(1)"), url.QueryEscape("query_only(0)"), 1)
	pool, err := sql.Open("sqlite", dsn)
	if err != nil {
		return nil, fmt.Errorf("data source: %w", err)
	}
	pool.SetMaxOpenConns(1)
	return pool, nil
}

// code returns SQLite's extended result code of err, or 0.
func code(err error) int {
	var e *sqlite.Error
	if errors.As(err, &e) {
		return e.Code()
	}
	return 0
}

// unavailable tells whether err says that the database cannot be used just now, whatever is asked.
// Such an error may have ended the whole transaction.
func unavailable(err error) bool {
	switch code(err) & 0xff {
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR,
		sqlite3.SQLITE_READONLY, sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_INTERRUPT, sqlite3.SQLITE_CANTOPEN,
		sqlite3.SQLITE_PROTOCOL, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB:
		return true
	}
	return false
}

// notDatabase, damaged and readOnly tell what a failing first read or write means.
func notDatabase(err error) bool { return code(err)&0xff == sqlite3.SQLITE_NOTADB }
func damaged(err error) bool     { return code(err)&0xff == sqlite3.SQLITE_CORRUPT }
func readOnly(err error) bool    { return code(err)&0xff == sqlite3.SQLITE_READONLY }

// translate turns the driver's errors into the categories of this package.
func translate(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, sql.ErrNoRows):
		return ErrNotFound
	case unavailable(err):
		return fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	switch code(err) {
	case sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY:
		return fmt.Errorf("%w: %w", ErrConflict, err)
	case sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY:
		return fmt.Errorf("%w: %w", ErrNotFound, err)
	}
	return err
}

// likePattern returns a LIKE pattern that finds text anywhere; it is used with ESCAPE '!'.
func likePattern(text string) string {
	return "%" + strings.NewReplacer("!", "!!", "%", "!%", "_", "!_").Replace(text) + "%"
}
