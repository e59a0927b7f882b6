package storage

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// masterKeySize is the length of a master key in bytes.
const masterKeySize = 32

// NewMasterKey makes a master key of 32 random bytes.
func NewMasterKey() []byte {
	key := make([]byte, masterKeySize)
	rand.Read(key)
	return key
}

// ParseMasterKey reads the text form of a master key: 43 base64url characters, blanks around them
// ignored. It never repeats the text in its error.
func ParseMasterKey(text string) ([]byte, error) {
	text = strings.TrimRight(strings.TrimSpace(text), "=")
	key, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil || len(key) != masterKeySize || strings.ContainsAny(text, "\r\n") {
		return nil, fmt.Errorf("%w: it must be %d characters of base64url (32 bytes)", ErrMasterKey,
			base64.RawURLEncoding.EncodedLen(masterKeySize))
	}
	return key, nil
}

// FormatMasterKey returns the text form of a master key, as kept in master.key and PROPUSK_MASTER_KEY.
func FormatMasterKey(key []byte) string { return base64.RawURLEncoding.EncodeToString(key) }

// LoadMasterKey reads a key file. It refuses a symbolic link, anything but a regular file, and a file
// that group or others may read, as a [*Refusal]; a missing file is fs.ErrNotExist.
func LoadMasterKey(path string) ([]byte, error) {
	file, err := os.OpenFile(path, os.O_RDONLY|openNoFollow, 0)
	if err != nil {
		if isLinkError(err) {
			return nil, &Refusal{Reason: ErrMode, Path: path, Detail: "it is a symbolic link", Hint: "name the key file itself"}
		}
		return nil, fmt.Errorf("master key: %w", err)
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, fmt.Errorf("master key: %w", err)
	}
	err = checkPrivate(path, info)
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(io.LimitReader(file, 256))
	if err != nil {
		return nil, fmt.Errorf("master key: %w", err)
	}
	key, err := ParseMasterKey(string(text))
	if err != nil {
		return nil, &Refusal{Reason: ErrMasterKey, Path: path, Detail: "the file holds no key of 43 base64url characters",
			Hint: "put the right key file there, or restore it from your backup"}
	}
	return key, nil
}

// CreateMasterKey makes a key and writes it to path with mode 0600. An existing file, a symbolic link
// included, is never touched: that is fs.ErrExist. The file appears whole or not at all.
func CreateMasterKey(path string) ([]byte, error) {
	key := NewMasterKey()
	temporary := path + ".new-" + NewID()
	err := writeSynced(temporary, FormatMasterKey(key)+"\n")
	if err != nil {
		return nil, fmt.Errorf("master key: %w", err)
	}
	err = os.Link(temporary, path)
	removal := os.Remove(temporary)
	if err != nil {
		if errors.Is(err, fs.ErrExist) {
			return nil, fmt.Errorf("master key %s: %w", path, fs.ErrExist)
		}
		return nil, fmt.Errorf("master key: %w", err)
	}
	if removal != nil {
		return nil, fmt.Errorf("master key: %w", removal)
	}
	return key, syncDir(filepath.Dir(path))
}

// writeSynced creates a file of mode 0600 and returns when its content is on the disk.
func writeSynced(path, text string) error {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL|openNoFollow, 0o600)
	if err != nil {
		return err
	}
	_, err = file.WriteString(text)
	if err == nil {
		err = file.Sync()
	}
	return errors.Join(err, file.Close())
}
