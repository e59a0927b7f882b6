package storage

import (
	"context"
	"fmt"
	"maps"
	"strings"
	"time"
)

// CreateUser adds a user: by an administrator or a command, else ErrForbidden, also for an administrator
// made by a token that lacks a scope of the API; *Invalid or ErrConflict. The password, if any, is hashed
// before the database is asked for anything.
func (db *DB) CreateUser(ctx context.Context, by Actor, n NewUser) (*User, error) {
	u, err := newUser(n)
	if err != nil {
		return nil, err
	}
	switch {
	case n.Password == "":
	case n.AnyPassword:
		u.passwordHash, err = db.hashNew(ctx, n.Password)
	default:
		u.passwordHash, err = db.hashChosen(ctx, u, n.Password)
	}
	if err != nil {
		return nil, err
	}
	err = db.change(ctx, by, "user.create", "", func(tx *tx) error {
		err := tx.allow(by, UserWrite, nil)
		if err == nil {
			err = notWidened(by, "", u.Access)
		}
		if err != nil {
			return err
		}
		return db.insertUser(tx, by, u)
	})
	if err != nil {
		return nil, err
	}
	return u, nil
}

// newUser checks what was typed and returns the user without a password.
func newUser(n NewUser) (*User, error) {
	u := &User{ID: n.ID, Login: n.Login, Name: n.Name, Email: n.Email, EmailVerified: n.EmailVerified,
		Access: n.Access, Claims: maps.Clone(n.Claims)}
	if u.Access == "" {
		u.Access = Partial
	}
	if u.Claims == nil {
		u.Claims = map[string]any{}
	}
	if n.Disabled {
		u.DisabledAt = time.Unix(1, 0) // the time of the change, see insertUser
	}
	if u.ID == "" {
		u.ID = NewID()
	} else if len(u.ID) != 26 || strings.Trim(u.ID, "0123456789abcdefghijklmnopqrstuvwxyz") != "" {
		return nil, &Invalid{Field: "id", Reason: "user_id_invalid", Value: clip(u.ID, 64)}
	}
	return u, checkUser(u)
}

func (db *DB) insertUser(tx *tx, by Actor, u *User) error {
	u.CreatedAt, u.UpdatedAt, u.passwordAt = tx.now, tx.now, tx.nowMS
	detail := u.Login
	if u.Disabled() {
		u.DisabledAt = tx.now
		detail += ", disabled"
	}
	err := tx.freeID(`SELECT id FROM apps WHERE id = $1`, u.ID)
	if err != nil {
		return err
	}
	_, err = tx.exec(`INSERT INTO users (id, login, login_key, name, name_key, email, email_key, email_verified, access,
			password_hash, password_at, claims, disabled_at, created_at, updated_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $12, $11, $13, $12, $12)`,
		u.ID, u.Login, Fold(u.Login), u.Name, Fold(u.Name), u.Email, emailKey(u.Email), u.EmailVerified, string(u.Access),
		u.passwordHash, toJSON(u.Claims), tx.nowMS, millis(u.DisabledAt))
	if err != nil {
		return fmt.Errorf("user %q: %w", u.Login, err)
	}
	tx.then(func() {
		db.caches.users.add(u.ID, u)
		db.search.touch(u.ID)
	})
	return tx.audit(by, "user.create", u.ID, "ok", detail)
}

// freeID refuses an id the query finds: a client_id must never equal a user's id, because sub of a
// client's own token would then name a person (RFC 9700 §4.15).
func (t *tx) freeID(query, id string) error {
	taken, err := t.texts(query, id)
	if err == nil && len(taken) > 0 {
		err = fmt.Errorf("id %q: %w", id, ErrConflict)
	}
	return err
}

// emailKey returns the folded address, or NULL: people without one do not collide.
func emailKey(email string) any {
	if email == "" {
		return nil
	}
	return Fold(email)
}

// UpdateUser changes a copy of the user and stores it; UpdatedAt moves. Administrators and commands may
// change everything, people of themselves what [ownChange] lets through: else ErrForbidden, or ErrNotFound
// where the actor may not know of people. A token gives full access only with all scopes of the API. A
// DisabledAt that is set, to whatever time, or taken away disables or enables in the same transaction, as
// [DB.SetUserDisabled] does. change must be quick and must not call the database; its error is returned as
// it is. ID, CreatedAt and the password cannot be changed this way. *Invalid (last_admin among the reasons),
// ErrNotFound or ErrConflict.
func (db *DB) UpdateUser(ctx context.Context, by Actor, id string, change func(*User) error) (*User, error) {
	var changed *User
	err := db.change(ctx, by, "user.update", id, func(tx *tx) error {
		own, err := tx.allowUpdate(by, id)
		if err != nil {
			return err
		}
		before, err := tx.user(id)
		if err != nil {
			return err
		}
		u := *before
		u.Claims = maps.Clone(before.Claims)
		err = change(&u)
		if err != nil {
			return err
		}
		u.ID, u.CreatedAt, u.UpdatedAt = before.ID, before.CreatedAt, tx.now
		u.passwordHash, u.passwordAt = before.passwordHash, before.passwordAt
		switch {
		case u.Disabled() == before.Disabled():
			u.DisabledAt = before.DisabledAt
		case u.Disabled():
			u.DisabledAt = tx.now
		}
		err = checkUser(&u)
		if err == nil && own {
			err = ownChange(before, &u)
		}
		if err == nil {
			err = notWidened(by, before.Access, u.Access)
		}
		if err != nil {
			return err
		}
		changed = &u
		return db.storeUser(tx, by, before, changed)
	})
	if err != nil {
		return nil, err
	}
	return changed, nil
}

// storeUser is the transaction of UpdateUser after the checks of what was typed.
func (db *DB) storeUser(tx *tx, by Actor, before, u *User) error {
	err := tx.updateUser(u)
	if err == nil && before.Access == Full && u.Access != Full {
		err = tx.keepsAdmin(by, before)
	}
	if err != nil {
		return err
	}
	db.userChanged(tx, before, u)
	diff := userDiff(before, u)
	if before.Disabled() != u.Disabled() {
		err = db.disabledChanged(tx, by, before, u)
		if err != nil || diff == "" {
			return err
		}
	}
	return tx.audit(by, "user.update", u.ID, "ok", diff)
}

// updateUser writes the columns that UpdateUser may change.
func (t *tx) updateUser(u *User) error {
	_, err := t.exec(`UPDATE users SET login = $2, login_key = $3, name = $4, name_key = $5, email = $6, email_key = $7,
			email_verified = $8, access = $9, claims = $10, updated_at = $11, disabled_at = $12
		WHERE id = $1`,
		u.ID, u.Login, Fold(u.Login), u.Name, Fold(u.Name), u.Email, emailKey(u.Email), u.EmailVerified, string(u.Access),
		toJSON(u.Claims), t.nowMS, millis(u.DisabledAt))
	if err != nil {
		return fmt.Errorf("user %q: %w", u.Login, err)
	}
	return nil
}

// user reads a user inside the transaction.
func (t *tx) user(id string) (*User, error) {
	u, err := readOne(t, scanUser, userColumns+` WHERE id = $1`, id)
	if err != nil {
		return nil, fmt.Errorf("user %q: %w", id, err)
	}
	return u, nil
}

// userChanged renews what is cached of a user.
func (db *DB) userChanged(tx *tx, before, after *User) {
	tx.then(func() {
		db.caches.users.put(after.ID, after)
		db.caches.userNames.drop(Fold(before.Login), Fold(before.Email), Fold(after.Login), Fold(after.Email))
		db.search.touch(after.ID)
	})
}
