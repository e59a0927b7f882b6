package storage

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Names of the files in a data directory.
const (
	databaseName = "propusk.db"
	lockName     = "propusk.lock"
)

// Exists tells whether dir holds a database file, of any size: also a broken one must be opened, and
// refused, rather than replaced.
func Exists(dir string) bool {
	_, err := os.Lstat(filepath.Join(dir, databaseName))
	return !errors.Is(err, fs.ErrNotExist)
}

// checkFiles refuses a database that is missing, empty, no regular file, or within reach of other users
// of the machine. It never opens the file: closing a second descriptor of it would drop SQLite's locks
// (POSIX record locks belong to the process).
func checkFiles(path string) error {
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return &Refusal{Reason: ErrNoDatabase, Path: path, Hint: "check the data directory, or restore a backup there"}
	}
	if err != nil {
		return fmt.Errorf("database file: %w", err)
	}
	err = checkPrivate(path, info)
	if err != nil {
		return err
	}
	if info.Size() == 0 {
		return &Refusal{Reason: ErrEmptyFile, Path: path,
			Hint: "something emptied it: restore a backup; remove the file only if you want to start anew"}
	}
	for _, suffix := range []string{"-wal", "-shm"} {
		side, err := os.Lstat(path + suffix)
		if err != nil {
			continue // not there: nothing to protect
		}
		err = checkPrivate(path+suffix, side)
		if err != nil {
			return err
		}
	}
	return checkDir(filepath.Dir(path))
}

// checkPrivate refuses a file that is not regular or that group or others may open.
func checkPrivate(path string, info fs.FileInfo) error {
	if !info.Mode().IsRegular() {
		return &Refusal{Reason: ErrMode, Path: path, Detail: "it is not a regular file", Hint: "name the file itself, not a link to it"}
	}
	if modesMeanSomething && info.Mode().Perm()&0o077 != 0 {
		return &Refusal{Reason: ErrMode, Path: path, Detail: fmt.Sprintf("mode %04o", info.Mode().Perm()),
			Hint: fmt.Sprintf("chmod 600 %s", path)}
	}
	return nil
}

// checkDir refuses a directory in which others may replace files. Being able to list it does no harm,
// because the files themselves are private.
func checkDir(dir string) error {
	info, err := os.Stat(dir)
	if err != nil {
		return fmt.Errorf("data directory: %w", err)
	}
	if modesMeanSomething && info.Mode().Perm()&0o022 != 0 {
		return &Refusal{Reason: ErrMode, Path: dir, Detail: fmt.Sprintf("mode %04o", info.Mode().Perm()),
			Hint: fmt.Sprintf("chmod 700 %s", dir)}
	}
	return nil
}

// syncDir makes renames in dir durable.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("directory: %w", err)
	}
	err = d.Sync()
	return errors.Join(err, d.Close())
}

// syncFile makes the content of a file that nobody has open durable.
func syncFile(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR|openNoFollow, 0)
	if err != nil {
		return fmt.Errorf("file: %w", err)
	}
	err = f.Sync()
	return errors.Join(err, f.Close())
}

// removeDatabase removes a database file with what SQLite keeps beside it.
func removeDatabase(path string) error {
	var failed error
	for _, suffix := range []string{"", "-wal", "-shm", "-journal"} {
		err := os.Remove(path + suffix)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			failed = errors.Join(failed, err)
		}
	}
	return failed
}
