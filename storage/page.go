package storage

import (
	"encoding/base64"
	"strings"
)

// pageSize returns how many rows a list holds: 50 unless asked, 100 at most.
func pageSize(asked int) int {
	switch {
	case asked <= 0:
		return 50
	case asked > 100:
		return 100
	}
	return asked
}

// cursor is the place in a list ordered by a folded name and then id. Its text is opaque to callers; a
// forged one only names another place.
type cursor struct{ key, id string }

func (c cursor) String() string {
	return base64.RawURLEncoding.EncodeToString([]byte(c.key + "\x00" + c.id))
}

// parseCursor reads a cursor; the empty text is the start of the list.
func parseCursor(text string) (cursor, error) {
	if text == "" {
		return cursor{}, nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil || len(raw) > 1024 {
		return cursor{}, &Invalid{Field: "cursor", Reason: "cursor_invalid"}
	}
	key, id, ok := strings.Cut(string(raw), "\x00")
	if !ok {
		return cursor{}, &Invalid{Field: "cursor", Reason: "cursor_invalid"}
	}
	return cursor{key, id}, nil
}

// onePage cuts a list that was read with one row too many and returns the cursor of the next page.
func onePage[T any](list []T, limit int, at func(T) cursor) ([]T, string) {
	if len(list) <= limit {
		return list, ""
	}
	return list[:limit], at(list[limit-1]).String()
}
