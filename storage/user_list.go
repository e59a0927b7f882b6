package storage

import (
	"context"
	"errors"
	"slices"
	"strings"
)

// Bounds of lists of people.
const (
	usersCountMax  = 100_000
	searchQueryMax = 400 // bytes; a longer text is in no key
)

// Users returns one page of a list (its users cached, shared), ordered by folded login, and the cursor of
// the next, "" at the end. Query is found anywhere in login, name and e-mail, in any spelling that folds
// to the same. *Invalid cursor_invalid.
func (db *DB) Users(ctx context.Context, f UserFilter) ([]*User, string, error) {
	at, err := parseCursor(f.After)
	if err != nil {
		return nil, "", err
	}
	limit := pageSize(f.Limit)
	list, err := db.usersAfter(ctx, f, at, limit+1)
	if err != nil {
		return nil, "", err
	}
	list, next := onePage(list, limit, func(u *User) cursor { return cursor{Fold(u.Login), u.ID} })
	return list, next, nil
}

// usersAfter returns at most n users behind a place in the list: from the table where all are wanted, else
// found in memory.
func (db *DB) usersAfter(ctx context.Context, f UserFilter, at cursor, n int) ([]*User, error) {
	match := f.match()
	if match == nil {
		return readAll(ctx, db, scanUser, userColumns+` WHERE login_key > $1 ORDER BY login_key LIMIT $2`, at.key, n)
	}
	entries, err := db.userEntries(ctx)
	if err != nil {
		return nil, err
	}
	first := 0
	if at.key != "" {
		var found bool
		first, found = slices.BinarySearchFunc(entries, at.key, func(e userEntry, key string) int { return strings.Compare(e.login(), key) })
		if found {
			first++
		}
	}
	var list []*User
	for _, e := range entries[first:] {
		if !match(e) {
			continue
		}
		u, err := db.User(ctx, e.id)
		if err != nil && !errors.Is(err, ErrNotFound) {
			return nil, err
		}
		if err == nil {
			list = append(list, u)
		}
		if len(list) == n {
			break
		}
	}
	return list, nil
}

// match returns the filter as a function, nil where everybody is wanted.
func (f UserFilter) match() func(userEntry) bool {
	query := Fold(f.Query)
	if query == "" && f.Access == "" && f.Disabled == nil {
		return nil
	}
	if len(query) > searchQueryMax || f.Access != "" && f.Access != Full && f.Access != Partial {
		return func(userEntry) bool { return false }
	}
	return func(e userEntry) bool {
		switch {
		case f.Access != "" && e.full != (f.Access == Full):
			return false
		case f.Disabled != nil && e.disabled != *f.Disabled:
			return false
		}
		return strings.Contains(e.key, query)
	}
}

// CountUsers says how many users match, up to 100,000.
func (db *DB) CountUsers(ctx context.Context, f UserFilter) (int, error) {
	match := f.match()
	if match == nil {
		count, err := readRow(ctx, db, scanCount, `SELECT count(*) FROM users`)
		return min(count, usersCountMax), err
	}
	entries, err := db.userEntries(ctx)
	count := 0
	for _, e := range entries {
		if match(e) {
			count++
		}
	}
	return min(count, usersCountMax), err
}

// scanCount reads a row of one number.
func scanCount(row scanner) (int, error) {
	var n int
	err := row.Scan(&n)
	return n, err
}
