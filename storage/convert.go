package storage

import (
	"encoding/json"
	"fmt"
	"time"
)

// scanner is a row: *sql.Row or *sql.Rows.
type scanner interface{ Scan(dest ...any) error }

// millis returns the unix milliseconds kept in the database: 0 for the zero time.
func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

// instant is the inverse of millis, in UTC.
func instant(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}

// toJSON returns v as the text of a column; nil lists and maps become [] and {}.
func toJSON(v any) string {
	switch x := v.(type) {
	case []string:
		if len(x) == 0 {
			return "[]"
		}
	case map[string]string:
		if len(x) == 0 {
			return "{}"
		}
	case map[string]any:
		if len(x) == 0 {
			return "{}"
		}
	}
	text, err := json.Marshal(v)
	if err != nil { // our own types always marshal; claims were checked when they came in
		panic(fmt.Sprintf("column as JSON: %v", err))
	}
	return string(text)
}

// fromJSON reads a column written by toJSON into the value dest points to.
func fromJSON(text string, dest any) error {
	if text == "" || text == "[]" || text == "{}" {
		return nil
	}
	err := json.Unmarshal([]byte(text), dest)
	if err != nil {
		return fmt.Errorf("column as JSON: %w", err)
	}
	return nil
}
