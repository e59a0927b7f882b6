package storage

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"
)

// readTimeout bounds every read, so that no reader keeps the WAL from being folded in.
const readTimeout = 2 * time.Second

// Config says where the database is and how it is sealed.
type Config struct {
	Dir       string           // directory of propusk.db; created 0700 by Create
	MasterKey []byte           // 32 bytes
	Issuer    string           // recorded at creation and compared at opening
	AnyIssuer bool             // dev: the issuer may change with the port
	Dev       bool             // recorded: a dev database cannot be served, and the other way round
	Now       func() time.Time // nil: time.Now
	Logger    *slog.Logger     // nil: slog.Default()
	AuditKeep time.Duration    // how long audit entries are kept, zero: AuditKeep
}

// DB is the database. Its methods may be called from many goroutines.
type DB struct {
	Now func() time.Time // the clock; set before use

	config      Config
	path        string
	logger      *slog.Logger
	lock        *os.File
	read        *sql.DB
	writer      *writer
	master      *master
	keys        *keyring
	caches      caches
	keysVersion atomic.Int64
	touching    sync.Map // session ids whose use is being recorded
	opened      sync.Map // private keys by signing_keys.id
	polls       devicePolls
	keyUses     sync.Map                   // *keyUse by app_keys.id
	people      cache[string, peopleCount] // by apps.id
	events      events
	refusals    refusals

	auditIDs     orderedIDs
	personalUses uses // by personal_tokens.id
	search       userSearch
	hashing      chan struct{} // bounds the hashing of new passwords
	logoutWake   chan struct{} // holds one signal
	sectors      atomic.Pointer[SectorReader]
}

// Open opens the database in c.Dir: it refuses, as a [*Refusal], a missing, empty, foreign, damaged or
// newer file, files others can reach, a wrong master key or issuer, and a dev database outside dev (and
// the other way round); migrates; and starts the writer. The caller closes it.
func Open(ctx context.Context, c Config) (*DB, error) {
	path := filepath.Join(c.Dir, databaseName)
	err := checkFiles(path)
	if err != nil {
		return nil, err
	}
	lock, err := lockDir(c.Dir, false)
	if err != nil {
		return nil, err
	}
	db, err := openFile(ctx, c, path)
	if err != nil {
		lock.Close()
		return nil, err
	}
	db.lock = lock
	return db, nil
}

// openFile is Open for any file name, without the lock.
func openFile(ctx context.Context, c Config, path string) (*DB, error) {
	db, err := newDB(c, path)
	if err != nil {
		return nil, err
	}
	err = db.start(ctx)
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

// newDB sets the defaults and opens the reading connections, which touch nothing yet.
func newDB(c Config, path string) (*DB, error) {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	if c.AuditKeep <= 0 {
		c.AuditKeep = AuditKeep
	}
	key, err := newMaster(c.MasterKey)
	if err != nil {
		return nil, err
	}
	read, err := openPool(path, false)
	if err != nil {
		return nil, err
	}
	return &DB{Now: c.Now, config: c, path: path, logger: c.Logger, read: read, master: key,
		hashing: make(chan struct{}, hashesAtOnce), logoutWake: make(chan struct{}, 1)}, nil
}

// start checks what the file is before anything may change it, then migrates and starts the writer.
func (db *DB) start(ctx context.Context) error {
	err := db.checkContent(ctx)
	if err != nil {
		return err
	}
	pool, err := openPool(db.path, true)
	if err != nil {
		return err
	}
	err = db.migrate(ctx, pool)
	if err == nil {
		err = db.checkInstance(ctx)
	}
	if err == nil {
		err = db.loadSecrets(ctx)
	}
	if err != nil {
		return errors.Join(err, pool.Close())
	}
	err = db.checkWritable(ctx, pool)
	if err == nil {
		db.writer, err = newWriter(ctx, db, pool)
	}
	if err != nil {
		return errors.Join(err, pool.Close())
	}
	return nil
}

// now is the time of one change or check: in milliseconds, as it would be read back.
func (db *DB) now() time.Time { return instant(db.Now().UnixMilli()) }

// Close waits for what is queued, folds the write-ahead log into the file and closes it. Later calls of
// other methods fail with [ErrUnavailable]. Closing twice does nothing.
func (db *DB) Close() error {
	var err error
	if db.writer != nil {
		err = db.writer.close()
	}
	err = errors.Join(err, db.read.Close())
	if db.lock != nil {
		err = errors.Join(err, db.lock.Close())
		db.lock = nil
	}
	return err
}

// Health returns [ErrUnavailable] when the database cannot be read.
func (db *DB) Health(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	var id string
	err := db.read.QueryRowContext(ctx, `SELECT id FROM instance`).Scan(&id)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	return nil
}

// readRow reads one row with a deadline; none is ErrNotFound.
func readRow[T any](ctx context.Context, db *DB, scan func(scanner) (T, error), query string, args ...any) (T, error) {
	ctx, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	v, err := scan(db.read.QueryRowContext(ctx, query, args...))
	return v, readError(err)
}

// readAll reads all rows with a deadline.
func readAll[T any](ctx context.Context, db *DB, scan func(scanner) (T, error), query string, args ...any) ([]T, error) {
	ctx, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	rows, err := db.read.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, readError(err)
	}
	list, err := collect(rows, scan)
	return list, readError(err)
}

// readError is translate for reads, whose time may also run out.
func readError(err error) error {
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) || errors.Is(err, sql.ErrConnDone) {
		return fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	return translate(err)
}
