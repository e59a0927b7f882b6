package storage

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Create makes a new database under another name, fills it (migrations, instance row, sealing keys,
// a signing key of each of [SigningAlgs], builtin scopes, then fill, which may be nil), closes it
// cleanly and renames it into place. A crash or an error on the way leaves nothing that looks like a
// database. An existing one is [ErrExists].
func Create(ctx context.Context, c Config, fill func(context.Context, *DB) error) (*DB, error) {
	err := os.MkdirAll(c.Dir, 0o700)
	if err != nil {
		return nil, fmt.Errorf("data directory: %w", err)
	}
	err = checkDir(c.Dir)
	if err != nil {
		return nil, err
	}
	lock, err := lockDir(c.Dir, true)
	if err != nil {
		return nil, err
	}
	err = createLocked(ctx, c, fill)
	err = errors.Join(err, lock.Close())
	if err != nil {
		return nil, err
	}
	return Open(ctx, c)
}

// createLocked is Create under the exclusive lock, without the opening.
func createLocked(ctx context.Context, c Config, fill func(context.Context, *DB) error) error {
	path := filepath.Join(c.Dir, databaseName)
	if Exists(c.Dir) {
		return &Refusal{Reason: ErrExists, Path: path, Hint: "open it, or choose another data directory"}
	}
	err := removeLeftovers(c.Dir)
	if err != nil {
		return err
	}
	temporary := path + newSuffix + NewID()
	err = build(ctx, c, temporary, fill)
	if err == nil {
		err = syncFile(temporary)
	}
	if err == nil {
		err = os.Rename(temporary, path)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("new database: %w", err), removeDatabase(temporary))
	}
	return syncDir(c.Dir)
}

// newSuffix marks files that are being made; whoever holds the exclusive lock may remove them.
const newSuffix = ".new-"

// removeLeftovers removes what a crash during an earlier creation left behind.
func removeLeftovers(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("leftovers: %w", err)
	}
	for _, entry := range entries {
		if !strings.HasPrefix(entry.Name(), databaseName+newSuffix) {
			continue
		}
		err = os.Remove(filepath.Join(dir, entry.Name()))
		if err != nil {
			return fmt.Errorf("leftovers: %w", err)
		}
	}
	return nil
}

// build makes a complete database file at path and closes it.
func build(ctx context.Context, c Config, path string, fill func(context.Context, *DB) error) error {
	err := writeSynced(path, "") // makes the mode ours; SQLite takes an empty file for a new database
	if err != nil {
		return err
	}
	db, err := newDB(c, path)
	if err != nil {
		return err
	}
	err = db.populate(ctx, fill)
	return errors.Join(err, db.Close())
}

// populate gives an empty file its content.
func (db *DB) populate(ctx context.Context, fill func(context.Context, *DB) error) error {
	keys, err := generateKeys(SigningAlgs)
	if err != nil {
		return err
	}
	pool, err := openPool(db.path, true)
	if err != nil {
		return err
	}
	_, err = pool.ExecContext(ctx, fmt.Sprintf(`PRAGMA application_id = %d`, applicationID))
	if err == nil {
		err = db.migrate(ctx, pool)
	}
	if err == nil {
		db.writer, err = newWriter(ctx, db, pool)
	}
	if err != nil {
		return errors.Join(err, pool.Close())
	}
	err = db.write(ctx, db.createInstance)
	if err == nil {
		err = db.createSecrets(ctx)
	}
	if err == nil {
		err = db.loadSecrets(ctx)
	}
	if err == nil {
		err = db.createKeys(ctx, keys)
	}
	if err == nil {
		err = db.createBuiltinScopes(ctx)
	}
	if err == nil && fill != nil {
		err = fill(ctx, db)
	}
	return err
}
