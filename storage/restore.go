package storage

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// Restore checks a backup (every page, that it is ours, that c.MasterKey, c.Issuer and c.Dev fit) and
// puts a copy of it in c.Dir as propusk.db. A database that is there already is [ErrExists], unless
// replace; one that any process has open is [ErrInUse]. Until the last rename nothing has changed.
func Restore(ctx context.Context, c Config, backup string, replace bool) error {
	err := os.MkdirAll(c.Dir, 0o700)
	if err == nil {
		err = checkDir(c.Dir)
	}
	if err != nil {
		return fmt.Errorf("data directory: %w", err)
	}
	lock, err := lockDir(c.Dir, true)
	if err != nil {
		return err
	}
	return errors.Join(restoreLocked(ctx, c, backup, replace), lock.Close())
}

func restoreLocked(ctx context.Context, c Config, backup string, replace bool) error {
	path := filepath.Join(c.Dir, databaseName)
	if Exists(c.Dir) && !replace {
		return &Refusal{Reason: ErrExists, Path: path, Hint: "say --yes to replace it"}
	}
	err := removeLeftovers(c.Dir)
	if err != nil {
		return err
	}
	temporary := path + newSuffix + NewID()
	err = copyFile(backup, temporary)
	if err == nil {
		err = checkCopy(ctx, temporary)
	}
	if err == nil {
		err = tryOpen(ctx, c, temporary)
	}
	if err == nil {
		err = syncFile(temporary)
	}
	if err == nil {
		err = replaceDatabase(temporary, path)
	}
	if err != nil {
		var refusal *Refusal
		if errors.As(err, &refusal) && refusal.Path == temporary {
			refusal.Path = backup // the copy is ours, the trouble is the file that was named
		}
		return errors.Join(err, removeDatabase(temporary))
	}
	return syncDir(c.Dir)
}

// tryOpen opens the copy as a server would, and migrates it.
func tryOpen(ctx context.Context, c Config, path string) error {
	db, err := openFile(ctx, c, path)
	if err != nil {
		return err
	}
	return db.Close()
}

// replaceDatabase puts the file in its place. The former write-ahead log goes first: beside another
// database it would be taken for that one's. If the former database was closed cleanly it has none.
func replaceDatabase(temporary, path string) error {
	for _, suffix := range []string{"-wal", "-shm"} {
		err := os.Remove(path + suffix)
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("former database: %w", err)
		}
	}
	err := os.Rename(temporary, path)
	if err != nil {
		return fmt.Errorf("new database: %w", err)
	}
	return nil
}

// copyFile copies a regular file to a new one of mode 0600.
func copyFile(from, to string) error {
	source, err := os.Open(from)
	if err != nil {
		return fmt.Errorf("backup file: %w", err)
	}
	defer source.Close()
	info, err := source.Stat()
	if err != nil {
		return fmt.Errorf("backup file: %w", err)
	}
	if !info.Mode().IsRegular() || info.Size() == 0 {
		return &Refusal{Reason: ErrEmptyFile, Path: from, Hint: "name a file made by propusk backup"}
	}
	target, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL|openNoFollow, 0o600)
	if err != nil {
		return fmt.Errorf("copy: %w", err)
	}
	_, err = io.Copy(target, source)
	err = errors.Join(err, target.Close())
	if err != nil {
		return fmt.Errorf("copy: %w", err)
	}
	return nil
}
