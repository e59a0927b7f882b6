package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/propusk/propusk/storage"
)

// nothing is the removal of a directory that is kept.
func nothing() error { return nil }

// devDir makes the directory of the database; remove ends an ephemeral one.
func devDir(opts devOptions) (dir string, remove func() error, err error) {
	if opts.ephemeral {
		dir, err = os.MkdirTemp("", "propusk-dev-*")
		if err != nil {
			return "", nil, fmt.Errorf("ephemeral directory: %w", err)
		}
		return dir, func() error { return os.RemoveAll(dir) }, nil
	}
	return opts.data, nothing, prepareDevDir(opts.data)
}

// prepareDevDir makes dir with a .gitignore of its own, readable by its user alone. A directory that
// holds other things already is left as it is: hiding it from git would be an unpleasant surprise.
func prepareDevDir(dir string) error {
	err := os.MkdirAll(dir, 0o700)
	if err != nil {
		return fmt.Errorf("data directory: %w", err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("data directory: %w", err)
	}
	if len(entries) > 0 {
		return nil
	}
	err = os.Chmod(dir, 0o700)
	if err != nil {
		return fmt.Errorf("data directory: %w", err)
	}
	f, err := os.OpenFile(filepath.Join(dir, ".gitignore"), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("data directory: %w", err)
	}
	_, err = f.WriteString("*\n")
	return errors.Join(err, f.Close())
}

// devMasterKey reads the master key of a directory without a database, or makes it.
func devMasterKey(dir string) ([]byte, error) {
	path := filepath.Join(dir, masterKeyName)
	key, err := storage.LoadMasterKey(path)
	if errors.Is(err, fs.ErrNotExist) {
		return storage.CreateMasterKey(path)
	}
	return key, err
}
