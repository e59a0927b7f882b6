package storage

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// Backup writes a compact copy of the whole database to path, which must not exist ([ErrExists]). It runs
// beside reads and writes: what was acknowledged before it began is in the copy. The copy has mode 0600,
// is checked page by page and is on the disk before it gets its name. Without the master key it opens
// nothing, so that key belongs into a backup of its own.
func (db *DB) Backup(ctx context.Context, path string) error {
	_, err := os.Lstat(path)
	if err == nil {
		return &Refusal{Reason: ErrExists, Path: path, Hint: "name a file that does not exist yet"}
	}
	temporary := path + newSuffix + NewID()
	err = db.copyTo(ctx, temporary)
	if err == nil {
		err = publish(temporary, path)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("backup: %w", err), removeDatabase(temporary))
	}
	return syncDir(filepath.Dir(path))
}

// copyTo writes and checks the copy.
func (db *DB) copyTo(ctx context.Context, path string) error {
	err := writeSynced(path, "") // VACUUM INTO takes an empty file, and keeps its mode
	if err != nil {
		return err
	}
	source, err := openUnbound(db.path)
	if err != nil {
		return err
	}
	_, err = source.ExecContext(ctx, `VACUUM INTO $1`, path)
	err = errors.Join(translate(err), source.Close())
	if err != nil {
		return err
	}
	err = checkCopy(ctx, path)
	if err != nil {
		return err
	}
	return syncFile(path)
}

// publish gives a finished file its name, never replacing another.
func publish(temporary, path string) error {
	err := os.Link(temporary, path)
	if errors.Is(err, os.ErrExist) {
		return &Refusal{Reason: ErrExists, Path: path, Hint: "name a file that does not exist yet"}
	}
	if err != nil { // a file system without hard links
		_, taken := os.Lstat(path)
		if taken == nil {
			return err
		}
		return os.Rename(temporary, path)
	}
	return os.Remove(temporary)
}

// checkCopy refuses a file that is not whole or not ours.
func checkCopy(ctx context.Context, path string) error {
	info, err := os.Lstat(path)
	if err != nil {
		return fmt.Errorf("copy: %w", err)
	}
	if info.Size() == 0 {
		return &Refusal{Reason: ErrEmptyFile, Path: path, Hint: "take another backup"}
	}
	pool, err := openPool(path, false)
	if err != nil {
		return err
	}
	db := &DB{path: path, read: pool}
	err = db.checkContent(ctx)
	if err == nil {
		err = db.checkPages(ctx, "integrity_check")
	}
	return errors.Join(err, pool.Close())
}
