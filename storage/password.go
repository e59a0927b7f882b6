package storage

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	_ "embed"
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"
	"golang.org/x/text/unicode/norm"
)

// Rules for passwords: at least 8 characters, at most 256 bytes (all of them count), none that
// everybody tries first.
const (
	passwordMin = 8
	passwordMax = 256
)

// argonCost are the parameters of argon2id: OWASP's minimum, some 40 ms and 19 MiB a check.
type argonCost struct {
	memory  uint32 // KiB
	time    uint32
	threads uint8
}

var argonNow = argonCost{memory: 19 << 10, time: 2, threads: 1}

// argonMax caps what a row may ask for, so that a tampered one cannot take gigabytes.
var argonMax = argonCost{memory: 64 << 10, time: 8, threads: 4}

const (
	argonSalt = 16
	argonKey  = 32
)

//go:embed common_passwords.txt
var commonPasswordText string

// commonPasswords are the folded passwords of 8 characters and more that are tried first.
var commonPasswords = sync.OnceValue(func() map[string]bool {
	set := map[string]bool{}
	for line := range strings.Lines(commonPasswordText) {
		set[Fold(line)] = true
	}
	return set
})

// checkNewPassword returns *Invalid with the reason password_short, password_long, password_login or
// password_common. The password itself never stands in the error.
func checkNewPassword(login, email, password string) error {
	password = norm.NFC.String(password)
	folded := Fold(password)
	switch {
	case !utf8.ValidString(password) || strings.ContainsRune(password, 0):
		return &Invalid{Field: "password", Reason: "password_characters"}
	case utf8.RuneCountInString(password) < passwordMin:
		return &Invalid{Field: "password", Reason: "password_short"}
	case len(password) > passwordMax:
		return &Invalid{Field: "password", Reason: "password_long"}
	case folded == Fold(login) || (email != "" && folded == Fold(email)):
		return &Invalid{Field: "password", Reason: "password_login"}
	case commonPasswords()[folded]:
		return &Invalid{Field: "password", Reason: "password_common"}
	}
	return nil
}

// hashPassword returns the PHC string of the password under today's parameters and a new salt.
func hashPassword(password string) string {
	salt := make([]byte, argonSalt)
	rand.Read(salt)
	c := argonNow
	key := argon2.IDKey([]byte(norm.NFC.String(password)), salt, c.time, c.memory, c.threads, argonKey)
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, c.memory, c.time, c.threads,
		base64.RawStdEncoding.EncodeToString(salt), base64.RawStdEncoding.EncodeToString(key))
}

// argonHash is a parsed PHC string.
type argonHash struct {
	argonCost
	salt, key []byte
}

// parseArgon reads what hashPassword wrote, within the caps.
func parseArgon(text string) (argonHash, bool) {
	var h argonHash
	parts := strings.Split(text, "$")
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" || parts[2] != "v="+strconv.Itoa(argon2.Version) {
		return h, false
	}
	n, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &h.memory, &h.time, &h.threads)
	if err != nil || n != 3 || h.memory < 8 || h.time < 1 || h.threads < 1 ||
		h.memory > argonMax.memory || h.time > argonMax.time || h.threads > argonMax.threads {
		return h, false
	}
	h.salt, err = base64.RawStdEncoding.DecodeString(parts[4])
	if err != nil || len(h.salt) < 8 || len(h.salt) > 64 {
		return h, false
	}
	h.key, err = base64.RawStdEncoding.DecodeString(parts[5])
	return h, err == nil && len(h.key) >= 16 && len(h.key) <= 64
}

// CheckPassword compares password with the user's hash; u may be nil (an unknown name) or have no
// password: then the same work is done for nothing, so that time tells no one who exists. More than 256
// bytes are wrong without any work. A check costs some 40 ms and 19 MiB, so callers bound how many run
// at once. rehash says that the stored parameters are old (see [DB.RehashPassword]).
func (db *DB) CheckPassword(u *User, password string) (ok, rehash bool) {
	if len(password) > passwordMax {
		return false, false
	}
	h, known := argonHash{argonCost: argonNow, salt: make([]byte, argonSalt), key: make([]byte, argonKey)}, false
	if u != nil && u.passwordHash != "" {
		parsed, valid := parseArgon(u.passwordHash)
		if valid {
			h, known = parsed, true
		}
	}
	key := argon2.IDKey([]byte(norm.NFC.String(password)), h.salt, h.time, h.memory, h.threads, uint32(len(h.key)))
	same := subtle.ConstantTimeCompare(key, h.key) == 1
	return same && known, same && known && h.argonCost != argonNow
}

// RehashPassword stores the same password under today's parameters, only if the hash has not changed
// since u was read. Sessions and grants stay.
func (db *DB) RehashPassword(ctx context.Context, u *User, password string) error {
	hash := hashPassword(password)
	return db.write(ctx, func(tx *tx) error {
		n, err := tx.exec(`UPDATE users SET password_hash = $3 WHERE id = $1 AND password_hash = $2`, u.ID, u.passwordHash, hash)
		if err == nil && n == 1 {
			tx.then(func() { db.caches.users.drop(u.ID) })
		}
		return err
	})
}
