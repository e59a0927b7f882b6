package storage

import (
	"context"
	"fmt"
)

// InviteUser adds a user without a password together with the one-time link by which the person sets the
// first one, whose secret is returned and shown once. By an administrator or a command, also by a token:
// unlike [DB.CreateLink] it can open nothing but the account it makes, as a first password could; an
// administrator it invites only with all scopes of the API, else ErrForbidden. *Invalid
// (user_disabled for one who could not follow the link) or ErrConflict as for [DB.CreateUser].
func (db *DB) InviteUser(ctx context.Context, by Actor, n NewUser) (*User, string, error) {
	if n.Disabled {
		return nil, "", &Invalid{Field: "user", Reason: "user_disabled", Value: clip(n.Login, 100)}
	}
	n.Password = ""
	u, err := newUser(n)
	if err != nil {
		return nil, "", err
	}
	secret := CheckedSecret(linkPrefix)
	err = db.change(ctx, by, "user.create", "", func(tx *tx) error {
		err := tx.allow(by, UserWrite, nil)
		if err == nil {
			err = notWidened(by, "", u.Access)
		}
		if err == nil {
			err = db.insertUser(tx, by, u)
		}
		if err != nil {
			return err
		}
		_, err = tx.exec(`INSERT INTO links (hash, user_id, purpose, created_at, expires_at) VALUES ($1, $2, $3, $4, $5)`,
			db.Hash(linkPurpose, secret), u.ID, string(LinkInvite), tx.nowMS, millis(tx.now.Add(LinkInvite.life())))
		if err != nil {
			return fmt.Errorf("link: %w", err)
		}
		return tx.audit(by, "link.create", u.ID, "ok", string(LinkInvite))
	})
	if err != nil {
		return nil, "", err
	}
	return u, secret, nil
}
