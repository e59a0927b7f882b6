package storage

import (
	"context"
)

// Signatures agreed on; each moves to its own file as it is built.

// AppRows is Apps with what lists show beside.
func (db *DB) AppRows(ctx context.Context, f AppFilter) ([]AppRow, string, error) { panic("stub") }

// CountApps says how many apps match, up to 10,000 (and what People counts in the app).
func (db *DB) CountApps(ctx context.Context, f AppFilter) (int, error) { panic("stub") }

// AppPeople counts the people who gave the app access and the grants that stand.
func (db *DB) AppPeople(ctx context.Context, appID string) (people, grants int, err error) {
	panic("stub")
}

// DeleteApp removes the app with everything that belongs to it; its tokens stop at once.
func (db *DB) DeleteApp(ctx context.Context, by Actor, id string) error { panic("stub") }

// Passes lists the apps with access to the user's account, by name.
func (db *DB) Passes(ctx context.Context, userID string) ([]Pass, error) { panic("stub") }

