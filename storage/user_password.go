package storage

import (
	"context"
	"fmt"
)

// hashesAtOnce bounds how many new passwords are hashed at a time: each takes 19 MiB.
const hashesAtOnce = 2

// hashNew is hashPassword in a queue; ErrUnavailable when ctx ends before its turn.
func (db *DB) hashNew(ctx context.Context, password string) (string, error) {
	select {
	case db.hashing <- struct{}{}:
	case <-ctx.Done():
		return "", fmt.Errorf("%w: %w", ErrUnavailable, ctx.Err())
	}
	defer func() { <-db.hashing }()
	return hashPassword(password), nil
}

// hashChosen is hashNew for a password that somebody chose for the user: *Invalid when it is too weak.
func (db *DB) hashChosen(ctx context.Context, u *User, password string) (string, error) {
	err := checkNewPassword(u.Login, u.Email, password)
	if err != nil {
		return "", err
	}
	return db.hashNew(ctx, password)
}

// storePassword gives the user another password hash and ends all one-time links, which would set yet
// another. u is the row as it is, DisabledAt perhaps changed in this transaction.
func (db *DB) storePassword(tx *tx, u *User, hash string) (*User, error) {
	_, err := tx.exec(`UPDATE users SET password_hash = $2, password_at = $3, updated_at = $3 WHERE id = $1`, u.ID, hash, tx.nowMS)
	if err != nil {
		return nil, err
	}
	_, err = tx.exec(`DELETE FROM links WHERE user_id = $1`, u.ID)
	if err != nil {
		return nil, err
	}
	after := *u
	after.passwordHash, after.passwordAt, after.UpdatedAt = hash, tx.nowMS, tx.now
	db.userChanged(tx, u, &after)
	return &after, nil
}

// SetPassword stores a new password without asking for the old one and ends the user's sessions, grants
// and one-time links, because whoever knew the old one may hold some; personal tokens stay. By an
// administrator, not by a token, or a command; people change their own by [DB.ChangePassword]. *Invalid
// when it is too weak, or ErrNotFound.
func (db *DB) SetPassword(ctx context.Context, by Actor, id, password string) error {
	u, err := db.User(ctx, id)
	if err != nil {
		return err
	}
	hash, err := db.hashChosen(ctx, u, password)
	if err != nil {
		return err
	}
	return db.change(ctx, by, "user.password", id, func(tx *tx) error {
		err := tx.allowUser(by, id)
		if err == nil {
			err = notByToken(by, "user.password")
		}
		if err != nil {
			return err
		}
		before, err := tx.user(id)
		if err != nil {
			return err
		}
		_, err = db.storePassword(tx, before, hash)
		if err != nil {
			return err
		}
		err = db.endEverything(tx, id, "user.password")
		if err != nil {
			return err
		}
		return tx.audit(by, "user.password", id, "ok", "")
	})
}

// ChangePassword stores a new password for the person themself, who proves to know the old one, and ends
// their one-time links and all their sessions and grants but those of the session keep. Nobody else may,
// and no token: ErrForbidden. *Invalid with the reason password_wrong for the old one, after the same work
// as a right one, or why the new one is too weak. Callers bound guesses and how many run at once.
func (db *DB) ChangePassword(ctx context.Context, by Actor, id, old, password, keep string) error {
	if by.Kind != ActorUser || by.ID != id || by.Scoped {
		return fmt.Errorf("password of another: %w", ErrForbidden)
	}
	u, err := db.User(ctx, id)
	if err != nil {
		return err
	}
	wrong := &Invalid{Field: "old", Reason: "password_wrong"}
	ok, _ := db.CheckPassword(u, old)
	if !ok {
		return wrong
	}
	hash, err := db.hashChosen(ctx, u, password)
	if err != nil {
		return err
	}
	return db.change(ctx, by, "user.password", id, func(tx *tx) error {
		err := tx.allow(by, MeWrite, nil)
		if err != nil {
			return err
		}
		before, err := tx.user(id)
		if err == nil && before.passwordAt != u.passwordAt { // set anew while the old one was compared
			err = wrong
		}
		if err != nil {
			return err
		}
		_, err = db.storePassword(tx, before, hash)
		if err != nil {
			return err
		}
		_, err = db.endOthers(tx, id, keep, "user.password", true)
		if err != nil {
			return err
		}
		return tx.audit(by, "user.password", id, "ok", "changed by the person")
	})
}
