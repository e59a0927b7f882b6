package storage

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"strings"
	"sync"

	"golang.org/x/crypto/chacha20poly1305"
)

// Layout of a sealed value before base64url: version, key id, nonce, ciphertext with tag.
const (
	sealVersion = 1
	sealHead    = 1 + len(keyID{})
	sealPrefix  = sealHead + chacha20poly1305.NonceSizeX
	sealMax     = 96 << 10 // no caller seals more; longer input is refused unread
)

// sealBuffers spares the token path two allocations: for the bytes and for the additional data.
var sealBuffers = sync.Pool{New: func() any { return &sealBuffer{raw: make([]byte, 0, 1024)} }}

type sealBuffer struct {
	raw        []byte
	additional []byte
}

// Seal returns base64url(version, key id, nonce, XChaCha20-Poly1305 of plain). purpose and key id are
// additional data, so that what was sealed for one purpose never opens for another. Nonces are random:
// 192 bits do not run out.
func (db *DB) Seal(purpose string, plain []byte) string {
	b := sealBuffers.Get().(*sealBuffer)
	defer sealBuffers.Put(b)
	id := db.keys.sealID
	raw := append(append(b.raw[:0], sealVersion), id[:]...)
	var nonce [chacha20poly1305.NonceSizeX]byte
	rand.Read(nonce[:])
	raw = append(raw, nonce[:]...)
	b.additional = append(append(b.additional[:0], purpose...), raw[:sealHead]...)
	raw = db.keys.seal[id].Seal(raw, raw[sealHead:sealPrefix], plain, b.additional)
	b.raw = raw
	return base64.RawURLEncoding.EncodeToString(raw)
}

// Unseal opens what Seal made for the same purpose; anything else, a single changed or added character
// included, is [ErrSealed].
func (db *DB) Unseal(purpose, sealed string) ([]byte, error) {
	// Go's decoder skips line breaks: two texts would then stand for one value.
	if len(sealed) > sealMax || strings.ContainsAny(sealed, "\r\n") {
		return nil, ErrSealed
	}
	b := sealBuffers.Get().(*sealBuffer)
	defer sealBuffers.Put(b)
	raw, err := strictBase64.AppendDecode(b.raw[:0], []byte(sealed))
	b.raw = raw
	if err != nil || len(raw) < sealPrefix || raw[0] != sealVersion {
		return nil, ErrSealed
	}
	aead := db.keys.seal[keyID(raw[1:sealHead])]
	if aead == nil {
		return nil, ErrSealed
	}
	b.additional = append(append(b.additional[:0], purpose...), raw[:sealHead]...)
	plain, err := aead.Open(nil, raw[sealHead:sealPrefix], raw[sealPrefix:], b.additional)
	if err != nil {
		return nil, ErrSealed
	}
	return plain, nil
}

var strictBase64 = base64.RawURLEncoding.Strict()

// MAC returns HMAC-SHA256 of purpose and parts under the derivation key keyID ("": the one in use) and
// the id of the key used. Parts are length-prefixed, so that they cannot run into one another. An
// unknown key is [ErrSealed].
func (db *DB) MAC(keyID, purpose string, parts ...string) ([]byte, string, error) {
	if keyID == "" {
		keyID = db.keys.deriveID
	}
	pool := db.keys.derive[keyID]
	if pool == nil {
		return nil, "", fmt.Errorf("derivation key: %w", ErrSealed)
	}
	h := pool.get()
	defer pool.put(h)
	h.part(purpose)
	for _, part := range parts {
		h.part(part)
	}
	return bytes.Clone(h.sum()), keyID, nil
}

// Hash returns the keyed hash under which a secret of this purpose is stored: HMAC-SHA256 with a key
// that is never rotated, 43 base64url characters. Every secret hashed so holds 128 random bits or more,
// or is useless without the key; people's passwords go through argon2id instead.
func (db *DB) Hash(purpose, secret string) string {
	h := db.keys.hash.get()
	defer db.keys.hash.put(h)
	h.part(purpose)
	h.part(secret)
	var text [43]byte
	base64.RawURLEncoding.Encode(text[:], h.sum())
	return string(text[:])
}
