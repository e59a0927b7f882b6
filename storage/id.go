package storage

import (
	"crypto/rand"
	"encoding/base32"
	"encoding/base64"
	"encoding/binary"
	"time"
)

// idEncoding is base32 in lower case with the digits first, so that ids sort as the bytes they encode.
var idEncoding = base32.NewEncoding("0123456789abcdefghjkmnpqrstvwxyz").WithPadding(base32.NoPadding)

// NewID returns 26 lower-case base32 characters: 128 random bits.
func NewID() string {
	var b [16]byte
	rand.Read(b[:])
	return idEncoding.EncodeToString(b[:])
}

// NewTimeID returns a 26-character id that sorts by time: 48 bits of unix milliseconds, 80 random bits.
func NewTimeID(now time.Time) string {
	var b [16]byte
	binary.BigEndian.PutUint64(b[:8], uint64(now.UnixMilli())<<16)
	rand.Read(b[6:])
	return idEncoding.EncodeToString(b[:])
}

// timeIDFloor sorts before every id made by NewTimeID at that time or later.
func timeIDFloor(at time.Time) string {
	var b [16]byte
	binary.BigEndian.PutUint64(b[:8], uint64(at.UnixMilli())<<16)
	return idEncoding.EncodeToString(b[:])
}

// newSecret returns 256 random bits as 43 base64url characters.
func newSecret() string {
	var b [32]byte
	rand.Read(b[:])
	return base64.RawURLEncoding.EncodeToString(b[:])
}
