//go:build !unix

package storage

import (
	"fmt"
	"os"
	"path/filepath"
)

// openNoFollow has no counterpart here.
const openNoFollow = 0

// modesMeanSomething: access is decided by lists that Go does not show.
const modesMeanSomething = false

// isLinkError tells whether opening failed because of openNoFollow.
func isLinkError(error) bool { return false }

// lockDir keeps a file open and locks nothing: here a file in use cannot be replaced anyway.
func lockDir(dir string, _ bool) (*os.File, error) {
	file, err := os.OpenFile(filepath.Join(dir, lockName), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock file: %w", err)
	}
	return file, nil
}
