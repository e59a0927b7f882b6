//go:build unix

package storage

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// openNoFollow makes opening a symbolic link fail.
const openNoFollow = syscall.O_NOFOLLOW

// modesMeanSomething: permission bits say who may read a file.
const modesMeanSomething = true

// isLinkError tells whether opening failed because of openNoFollow.
func isLinkError(err error) bool { return errors.Is(err, syscall.ELOOP) }

// lockDir takes the lock of a data directory: shared by everything that has the database open,
// exclusive for what puts another file in its place. It never waits: ErrInUse. The lock lives in a
// file of its own, because a second descriptor of the database would disturb SQLite's locks.
func lockDir(dir string, exclusive bool) (*os.File, error) {
	path := filepath.Join(dir, lockName)
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|openNoFollow, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock file: %w", err)
	}
	how, hint := syscall.LOCK_SH, "wait until the restore or creation that is going on has ended"
	if exclusive {
		how, hint = syscall.LOCK_EX, "stop the server and other commands that use this data directory first"
	}
	err = syscall.Flock(int(file.Fd()), how|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		err = &Refusal{Reason: ErrInUse, Path: filepath.Join(dir, databaseName), Hint: hint}
	}
	if err != nil {
		file.Close()
		return nil, err
	}
	return file, nil
}
