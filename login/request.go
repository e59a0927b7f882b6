package login

import (
	"bytes"
	"compress/flate"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/propusk/propusk/storage"
)

// inflateLimit bounds the JSON of a request, on the way in and on the way out.
const inflateLimit = 16 << 10

// dictionary is what nearly every request holds; deflate starts with it, so that short requests shrink
// too. Changing it makes the pending requests of the last half hour unreadable.
const dictionary = `{"i":"","a":"","u":"https://localhost:/callback/cb","m":"query","m":"form_post","s":"","n":"",` +
	`"c":["openid","profile","email","phone","address","offline_access"],"p":"","o":["login","consent","select_account"],` +
	`"x":0,"h":"","b":"","l":["en","ru"],"v":["1"],"r":{"userinfo":{"id_token":{"essential":true,"value":` +
	`,"t":"2026-01-01T00:00:00Z","g":{"s":"","a":"","c":"","g":["openid","profile","email","offline_access"]}}`

// errForeign says that a sealed request was not made for this browser, or cannot be read.
var errForeign = errors.New("no such request in this browser")

// errExpired says that the request was begun too long ago.
var errExpired = errors.New("request has expired")

// sealer turns requests into cookie values and back.
type sealer struct {
	db      *storage.DB
	writers sync.Pool // *flate.Writer; one is several hundred kilobytes
}

// seal returns the request, compressed and sealed for a cookie.
func (s *sealer) seal(req *storage.AuthRequest) (string, error) {
	plain, err := json.Marshal(req)
	if err != nil {
		return "", fmt.Errorf("request: %w", err)
	}
	if len(plain) > inflateLimit {
		return "", errTooLarge
	}
	var out bytes.Buffer
	fw, _ := s.writers.Get().(*flate.Writer)
	if fw == nil {
		fw, err = flate.NewWriterDict(&out, flate.BestCompression, []byte(dictionary))
		if err != nil {
			return "", fmt.Errorf("compression: %w", err)
		}
	} else {
		fw.Reset(&out)
	}
	defer s.writers.Put(fw)
	_, err = fw.Write(plain)
	if err != nil {
		return "", fmt.Errorf("compression: %w", err)
	}
	err = fw.Close()
	if err != nil {
		return "", fmt.Errorf("compression: %w", err)
	}
	return s.db.Seal("request", out.Bytes()), nil
}

// open reads a sealed request; errForeign when it is not ours, errExpired (with the request) when it is
// older than 30 minutes.
func (s *sealer) open(sealed string, now time.Time) (*storage.AuthRequest, error) {
	if len(sealed) > 2*requestBytes {
		return nil, errForeign
	}
	packed, err := s.db.Unseal("request", sealed)
	if err != nil {
		return nil, errForeign
	}
	fr := flate.NewReaderDict(bytes.NewReader(packed), []byte(dictionary))
	plain, err := io.ReadAll(io.LimitReader(fr, inflateLimit+1))
	if err != nil || len(plain) > inflateLimit {
		return nil, errForeign
	}
	req := new(storage.AuthRequest)
	err = json.Unmarshal(plain, req)
	if err != nil || !validID(req.ID) {
		return nil, errForeign
	}
	if now.Sub(req.CreatedAt) >= requestAge {
		return req, errExpired
	}
	return req, nil
}

// validID tells whether id looks like one of our ids, before it is used to name a cookie.
func validID(id string) bool {
	if len(id) < 16 || len(id) > 64 {
		return false
	}
	for _, b := range []byte(id) {
		if !(b >= 'a' && b <= 'z' || b >= '0' && b <= '9') {
			return false
		}
	}
	return true
}
