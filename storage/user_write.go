package storage

import (
	"context"
	"fmt"
	"maps"
	"strings"
)

// CreateUser adds a user; *Invalid or ErrConflict. The password, if any, is hashed before the database
// is asked for anything.
func (db *DB) CreateUser(ctx context.Context, by Actor, n NewUser) (*User, error) {
	u := &User{ID: n.ID, Login: n.Login, Name: n.Name, Email: n.Email, EmailVerified: n.EmailVerified,
		Access: n.Access, Claims: maps.Clone(n.Claims)}
	if u.Access == "" {
		u.Access = Partial
	}
	if u.ID == "" {
		u.ID = NewID()
	} else if len(u.ID) != 26 || strings.Trim(u.ID, "0123456789abcdefghijklmnopqrstuvwxyz") != "" {
		return nil, &Invalid{Field: "id", Reason: "user_id_invalid", Value: clip(u.ID, 64)}
	}
	err := checkUser(u)
	if err != nil {
		return nil, err
	}
	if n.Password != "" {
		if !n.AnyPassword {
			err = checkNewPassword(u.Login, u.Email, n.Password)
		}
		if err != nil {
			return nil, err
		}
		u.passwordHash = hashPassword(n.Password)
	}
	err = db.write(ctx, func(tx *tx) error { return db.insertUser(tx, by, u) })
	if err != nil {
		return nil, err
	}
	return u, nil
}

func (db *DB) insertUser(tx *tx, by Actor, u *User) error {
	u.CreatedAt, u.UpdatedAt, u.passwordAt = tx.now, tx.now, tx.nowMS
	err := tx.freeID(`SELECT id FROM apps WHERE id = $1`, u.ID)
	if err != nil {
		return err
	}
	_, err = tx.exec(`INSERT INTO users (id, login, login_key, name, name_key, email, email_key, email_verified, access,
			password_hash, password_at, claims, disabled_at, created_at, updated_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $12, $11, 0, $12, $12)`,
		u.ID, u.Login, Fold(u.Login), u.Name, Fold(u.Name), u.Email, emailKey(u.Email), u.EmailVerified, string(u.Access),
		u.passwordHash, toJSON(u.Claims), tx.nowMS)
	if err != nil {
		return fmt.Errorf("user %q: %w", u.Login, err)
	}
	tx.then(func() { db.caches.users.add(u.ID, u) })
	return tx.audit(by, "user.create", u.ID, "ok", u.Login)
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

// UpdateUser changes a copy of the user and stores it; UpdatedAt moves. change must be quick and must
// not call the database; its error is returned as it is. ID, DisabledAt, CreatedAt and the password
// cannot be changed this way. *Invalid, ErrNotFound or ErrConflict.
func (db *DB) UpdateUser(ctx context.Context, by Actor, id string, change func(*User) error) (*User, error) {
	var changed *User
	err := db.write(ctx, func(tx *tx) error {
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
		u.ID, u.DisabledAt, u.CreatedAt = before.ID, before.DisabledAt, before.CreatedAt
		u.passwordHash, u.passwordAt = before.passwordHash, before.passwordAt
		err = checkUser(&u)
		if err != nil {
			return err
		}
		u.UpdatedAt = tx.now
		_, err = tx.exec(`UPDATE users SET login = $2, login_key = $3, name = $4, name_key = $5, email = $6, email_key = $7,
				email_verified = $8, access = $9, claims = $10, updated_at = $11
			WHERE id = $1`,
			u.ID, u.Login, Fold(u.Login), u.Name, Fold(u.Name), u.Email, emailKey(u.Email), u.EmailVerified, string(u.Access),
			toJSON(u.Claims), tx.nowMS)
		if err != nil {
			return fmt.Errorf("user %q: %w", u.Login, err)
		}
		changed = &u
		db.userChanged(tx, before, changed)
		return tx.audit(by, "user.update", id, "ok", "")
	})
	return changed, err
}

// user reads a user inside the transaction.
func (t *tx) user(id string) (*User, error) {
	rows, err := t.query(userColumns+` WHERE id = $1`, id)
	if err != nil {
		return nil, err
	}
	list, err := collect(rows, scanUser)
	if err == nil && len(list) == 0 {
		err = fmt.Errorf("user %q: %w", id, ErrNotFound)
	}
	if err != nil {
		return nil, err
	}
	return list[0], nil
}

// userChanged renews what is cached of a user.
func (db *DB) userChanged(tx *tx, before, after *User) {
	tx.then(func() {
		db.caches.users.put(after.ID, after)
		db.caches.userNames.drop(Fold(before.Login), Fold(before.Email), Fold(after.Login), Fold(after.Email))
	})
}

// SetPassword stores a new password and ends the user's sessions and grants, because whoever knew the
// old one may hold some; *Invalid when it is too weak, or ErrNotFound.
func (db *DB) SetPassword(ctx context.Context, by Actor, id, password string) error {
	u, err := db.User(ctx, id)
	if err != nil {
		return err
	}
	err = checkNewPassword(u.Login, u.Email, password)
	if err != nil {
		return err
	}
	hash := hashPassword(password)
	return db.write(ctx, func(tx *tx) error {
		before, err := tx.user(id)
		if err != nil {
			return err
		}
		_, err = tx.exec(`UPDATE users SET password_hash = $2, password_at = $3, updated_at = $3 WHERE id = $1`, id, hash, tx.nowMS)
		if err != nil {
			return err
		}
		u := *before
		u.passwordHash, u.passwordAt, u.UpdatedAt = hash, tx.nowMS, tx.now
		db.userChanged(tx, before, &u)
		err = db.endEverything(tx, id, "user.password")
		if err != nil {
			return err
		}
		return tx.audit(by, "user.password", id, "ok", "")
	})
}

// SetUserDisabled disables, which ends sessions and grants at once, or enables; they do not come back.
// Asking for the state there is changes nothing. ErrNotFound.
func (db *DB) SetUserDisabled(ctx context.Context, by Actor, id string, disabled bool) error {
	return db.write(ctx, func(tx *tx) error {
		before, err := tx.user(id)
		if err != nil {
			return err
		}
		if before.Disabled() == disabled {
			return nil
		}
		u, action := *before, "user.enable"
		u.UpdatedAt = tx.now
		u.DisabledAt = instant(0)
		if disabled {
			u.DisabledAt, action = tx.now, "user.disable"
		}
		_, err = tx.exec(`UPDATE users SET disabled_at = $2, updated_at = $3 WHERE id = $1`, id, millis(u.DisabledAt), tx.nowMS)
		if err != nil {
			return err
		}
		db.userChanged(tx, before, &u)
		if disabled {
			err = db.endEverything(tx, id, action)
		}
		if err != nil {
			return err
		}
		return tx.audit(by, action, id, "ok", "")
	})
}

// endEverything ends all sessions and grants of a user.
func (db *DB) endEverything(tx *tx, userID, reason string) error {
	ids, err := tx.texts(`UPDATE sessions SET ended_at = $2, expires_at = $2 WHERE user_id = $1 AND ended_at = 0 RETURNING id`, userID, tx.nowMS)
	if err != nil {
		return err
	}
	db.sessionsEnded(tx, ids)
	return db.revokeGrants(tx, reason, `user_id = $3`, userID)
}
