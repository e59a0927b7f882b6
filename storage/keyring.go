package storage

import (
	"context"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"hash"
	"sync"
	"time"

	"golang.org/x/crypto/chacha20poly1305"
)

// Purposes of the keys in the table secrets. Those that hash and that derive pairwise subjects are never
// rotated: what was made with them is looked up for ever.
const (
	secretSeal     = "seal"
	secretDerive   = "derive"
	secretHash     = "hash"
	secretPairwise = "pairwise"
)

// keyID names a key in the table secrets: 8 random bytes, 11 characters as text.
type keyID [8]byte

func (id keyID) String() string { return base64.RawURLEncoding.EncodeToString(id[:]) }

// keyring holds the opened keys of the table secrets. It is made once and only read afterwards.
type keyring struct {
	sealID   keyID                 // the key that seals
	seal     map[keyID]cipher.AEAD // every key that opens
	deriveID string                // the key that derives
	derive   map[string]*macPool   // every key that derived
	hash     *macPool
	pairwise *macPool
}

// master is the master key, split by HKDF into one key for each use.
type master struct {
	aead  cipher.AEAD
	proof []byte
}

func newMaster(key []byte) (*master, error) {
	if len(key) != masterKeySize {
		return nil, fmt.Errorf("%w: %d bytes instead of %d", ErrMasterKey, len(key), masterKeySize)
	}
	sealing, err := hkdf.Key(sha256.New, key, nil, "propusk master sealing", chacha20poly1305.KeySize)
	if err != nil {
		return nil, fmt.Errorf("master key: %w", err)
	}
	proof, err := hkdf.Key(sha256.New, key, nil, "propusk master proof", sha256.Size)
	if err != nil {
		return nil, fmt.Errorf("master key: %w", err)
	}
	aead, err := chacha20poly1305.NewX(sealing)
	if err != nil {
		return nil, fmt.Errorf("master key: %w", err)
	}
	return &master{aead: aead, proof: proof}, nil
}

// wrap seals a key under the master key; what names the row it belongs to.
func (m *master) wrap(what string, plain []byte) string {
	nonce := make([]byte, chacha20poly1305.NonceSizeX, 128+len(plain))
	rand.Read(nonce)
	return base64.RawURLEncoding.EncodeToString(m.aead.Seal(nonce, nonce, plain, []byte(what)))
}

// unwrap opens what wrap made for the same row.
func (m *master) unwrap(what, sealed string) ([]byte, error) {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(sealed)
	if err != nil || len(raw) < chacha20poly1305.NonceSizeX {
		return nil, fmt.Errorf("%s: %w", what, ErrSealed)
	}
	nonce, text := raw[:chacha20poly1305.NonceSizeX], raw[chacha20poly1305.NonceSizeX:]
	plain, err := m.aead.Open(nil, nonce, text, []byte(what))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", what, ErrSealed)
	}
	return plain, nil
}

// createSecrets makes one key of each purpose.
func (db *DB) createSecrets(ctx context.Context) error {
	return db.write(ctx, func(tx *tx) error {
		for _, purpose := range []string{secretSeal, secretDerive, secretHash, secretPairwise} {
			var id keyID
			rand.Read(id[:])
			_, err := tx.exec(`INSERT INTO secrets (id, purpose, sealed, created_at) VALUES ($1, $2, $3, $4)`,
				id.String(), purpose, db.master.wrap("secret "+purpose+" "+id.String(), NewMasterKey()), tx.nowMS)
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// loadSecrets opens the keys; the newest of a purpose is the one in use.
func (db *DB) loadSecrets(ctx context.Context) error {
	ring := &keyring{seal: map[keyID]cipher.AEAD{}, derive: map[string]*macPool{}}
	rows, err := db.read.QueryContext(ctx, `SELECT id, purpose, sealed FROM secrets ORDER BY created_at, id`)
	if err != nil {
		return fmt.Errorf("secrets: %w", translate(err))
	}
	defer rows.Close()
	for rows.Next() {
		var text, purpose, sealed string
		err = rows.Scan(&text, &purpose, &sealed)
		if err != nil {
			return fmt.Errorf("secrets: %w", err)
		}
		key, err := db.master.unwrap("secret "+purpose+" "+text, sealed)
		if err != nil {
			return err
		}
		err = ring.add(text, purpose, key)
		if err != nil {
			return err
		}
	}
	err = rows.Err()
	if err != nil {
		return fmt.Errorf("secrets: %w", translate(err))
	}
	if len(ring.seal) == 0 || len(ring.derive) == 0 || ring.hash == nil || ring.pairwise == nil {
		return fmt.Errorf("secrets: %w: rows are missing", ErrDamaged)
	}
	db.keys = ring
	return nil
}

// add puts one opened key in its place.
func (k *keyring) add(id, purpose string, key []byte) error {
	switch purpose {
	case secretSeal:
		raw, err := base64.RawURLEncoding.DecodeString(id)
		if err != nil || len(raw) != len(keyID{}) {
			return fmt.Errorf("secret %s: %w", id, ErrDamaged)
		}
		aead, err := chacha20poly1305.NewX(key)
		if err != nil {
			return fmt.Errorf("secret %s: %w", id, err)
		}
		k.sealID = keyID(raw)
		k.seal[k.sealID] = aead
	case secretDerive:
		k.deriveID = id
		k.derive[id] = newMACPool(key)
	case secretHash:
		k.hash = newMACPool(key)
	case secretPairwise:
		k.pairwise = newMACPool(key)
	}
	return nil
}

// macPool computes HMAC-SHA256 under one key without hashing the key anew each time.
type macPool struct{ pool sync.Pool }

func newMACPool(key []byte) *macPool {
	return &macPool{pool: sync.Pool{New: func() any { return &mac{hash: hmac.New(sha256.New, key)} }}}
}

// get returns a fresh state; put gives it back, and what sum returned with it.
func (p *macPool) get() *mac {
	m := p.pool.Get().(*mac)
	m.hash.Reset()
	return m
}

func (p *macPool) put(m *mac) { p.pool.Put(m) }

// mac is HMAC-SHA256 with memory of its own, for texts and sums would be allocated otherwise.
type mac struct {
	hash    hash.Hash
	scratch []byte
}

// part hashes the length of s and s.
func (m *mac) part(s string) {
	m.scratch = append(binary.BigEndian.AppendUint64(m.scratch[:0], uint64(len(s))), s...)
	m.hash.Write(m.scratch)
}

// sum returns the 32 bytes; they stand until put.
func (m *mac) sum() []byte {
	m.scratch = m.hash.Sum(m.scratch[:0])
	return m.scratch
}

// prove returns the proof kept in the instance row: only the same master key makes it again, and
// it covers what must not be changed by hand.
func (m *master) prove(id string, dev bool, created time.Time) string {
	h := hmac.New(sha256.New, m.proof)
	fmt.Fprintf(h, "%s %t %d", id, dev, created.UnixMilli())
	return base64.RawURLEncoding.EncodeToString(h.Sum(nil))
}
