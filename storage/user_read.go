package storage

import (
	"context"
	"strings"
)

const userColumns = `SELECT id, login, name, email, email_verified, access, password_hash, password_at, claims,
	disabled_at, created_at, updated_at FROM users`

func scanUser(row scanner) (*User, error) {
	var u User
	var claims string
	var disabled, created, updated int64
	err := row.Scan(&u.ID, &u.Login, &u.Name, &u.Email, &u.EmailVerified, &u.Access, &u.passwordHash, &u.passwordAt, &claims,
		&disabled, &created, &updated)
	if err != nil {
		return nil, err
	}
	u.DisabledAt, u.CreatedAt, u.UpdatedAt = instant(disabled), instant(created), instant(updated)
	u.Claims = map[string]any{}
	return &u, fromJSON(claims, &u.Claims)
}

// User returns the user with that id (cached, shared), disabled or not, or ErrNotFound.
func (db *DB) User(ctx context.Context, id string) (*User, error) {
	u, ok := db.caches.users.get(id)
	if ok {
		return u, nil
	}
	return db.caches.users.load(id, func() (*User, error) {
		return readRow(ctx, db, scanUser, userColumns+` WHERE id = $1`, id)
	})
}

// UserByName finds a user by login or, where the text holds an '@', by e-mail; folded, so that every
// spelling finds the same; or ErrNotFound.
func (db *DB) UserByName(ctx context.Context, name string) (*User, error) {
	if len(name) > 4*loginMax {
		return nil, ErrNotFound
	}
	key := Fold(name)
	byMail := strings.Contains(key, "@")
	id, ok := db.caches.userNames.get(key)
	if ok {
		return db.User(ctx, id)
	}
	query := ` WHERE login_key = $1`
	if byMail {
		query = ` WHERE email_key = $1`
	}
	generation, generationOfNames := db.caches.users.before(), db.caches.userNames.before()
	u, err := readRow(ctx, db, scanUser, userColumns+query, key)
	if err != nil {
		return nil, err
	}
	db.caches.users.fill(generation, u.ID, u)
	db.caches.userNames.fill(generationOfNames, key, u.ID)
	return u, nil
}
