package storage

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

const (
	// linkPrefix begins the secret of a one-time link, so that people and scanners know what they see.
	linkPrefix = "propusk_link_"

	linkPurpose = "link"
)

// life is how long a link of that purpose works, 0 for an unknown purpose.
func (p LinkPurpose) life() time.Duration {
	switch p {
	case LinkInvite:
		return LinkInviteTTL
	case LinkRecover:
		return LinkRecoverTTL
	}
	return 0
}

func scanLink(row scanner) (*Link, error) {
	var l Link
	var created, expires int64
	err := row.Scan(&l.UserID, &l.Purpose, &created, &expires)
	l.CreatedAt, l.ExpiresAt = instant(created), instant(expires)
	return &l, err
}

// CreateLink makes a one-time link of the user and returns its secret, which is shown once and stored as a
// keyed hash; earlier links of the same purpose end. By an administrator, not by a token, or a command.
// ErrNotFound for an unknown user, *Invalid link_purpose, or user_disabled where a disabled user is
// invited: only a recovery link enables.
func (db *DB) CreateLink(ctx context.Context, by Actor, userID string, purpose LinkPurpose) (string, *Link, error) {
	if purpose.life() == 0 {
		return "", nil, &Invalid{Field: "purpose", Reason: "link_purpose", Value: clip(string(purpose), 20)}
	}
	secret := CheckedSecret(linkPrefix)
	var made *Link
	err := db.change(ctx, by, "link.create", userID, func(tx *tx) error {
		err := tx.allowUser(by, userID)
		if err == nil {
			err = notByToken(by, "link.create")
		}
		if err != nil {
			return err
		}
		u, err := tx.user(userID)
		if err == nil && u.Disabled() && purpose != LinkRecover {
			err = &Invalid{Field: "user", Reason: "user_disabled", Value: u.Login}
		}
		if err != nil {
			return err
		}
		_, err = tx.exec(`DELETE FROM links WHERE user_id = $1 AND purpose = $2`, userID, string(purpose))
		if err != nil {
			return err
		}
		made = &Link{UserID: userID, Purpose: purpose, CreatedAt: tx.now, ExpiresAt: tx.now.Add(purpose.life())}
		_, err = tx.exec(`INSERT INTO links (hash, user_id, purpose, created_at, expires_at) VALUES ($1, $2, $3, $4, $5)`,
			db.Hash(linkPurpose, secret), userID, string(purpose), tx.nowMS, millis(made.ExpiresAt))
		if err != nil {
			return fmt.Errorf("link: %w", err)
		}
		return tx.audit(by, "link.create", userID, "ok", string(purpose))
	})
	if err != nil {
		return "", nil, err
	}
	return secret, made, nil
}

// linkHash returns what a secret is stored as; what is no secret of a link by prefix, length and checksum
// is refused without a look at the database.
func (db *DB) linkHash(secret string) (string, error) {
	if len(secret) != len(linkPrefix)+secretDigits+checkDigits || !strings.HasPrefix(secret, linkPrefix) || !ValidChecksum(secret) {
		return "", fmt.Errorf("link: %w", ErrNotFound)
	}
	return db.Hash(linkPurpose, secret), nil
}

// LinkBySecret returns a link that can still be used, and its user (cached, shared). ErrNotFound for an
// unknown, used or expired one, and for an invitation of a disabled user.
func (db *DB) LinkBySecret(ctx context.Context, secret string) (*Link, *User, error) {
	hash, err := db.linkHash(secret)
	if err != nil {
		return nil, nil, err
	}
	l, err := readRow(ctx, db, scanLink, `SELECT user_id, purpose, created_at, expires_at FROM links
		WHERE hash = $1 AND expires_at > $2`, hash, millis(db.now()))
	if err != nil {
		return nil, nil, err
	}
	u, err := db.User(ctx, l.UserID)
	if err == nil && u.Disabled() && l.Purpose != LinkRecover {
		err = fmt.Errorf("link of a disabled user: %w", ErrNotFound)
	}
	if err != nil {
		return nil, nil, err
	}
	return l, u, nil
}

// UseLink uses the link up and sets the password, in one transaction: of any number who try at once one
// succeeds. All links of the user end with it. A recovery link also enables the user and ends all
// sessions, grants and personal tokens. The password is hashed before, for the holder of a link that works alone.
// ErrNotFound when the link was used or has expired; *Invalid for the password, which leaves the link as
// it is. address is the peer's, for the audit log.
func (db *DB) UseLink(ctx context.Context, secret, password, address string) (*User, error) {
	_, u, err := db.LinkBySecret(ctx, secret)
	if err != nil {
		return nil, err
	}
	argon, err := db.hashChosen(ctx, u, password)
	if err != nil {
		return nil, err
	}
	var changed *User
	err = db.write(ctx, func(tx *tx) error {
		var err error
		changed, err = db.useLink(tx, db.Hash(linkPurpose, secret), argon, address)
		return err
	})
	return changed, err
}

// useLink is the transaction of UseLink: the row that goes is what the link is worth.
func (db *DB) useLink(tx *tx, hash, argon, address string) (*User, error) {
	var userID string
	var purpose LinkPurpose
	err := tx.row(`DELETE FROM links WHERE hash = $1 AND expires_at > $2 RETURNING user_id, purpose`,
		[]any{hash, tx.nowMS}, &userID, &purpose)
	if err != nil {
		return nil, fmt.Errorf("link: %w", err)
	}
	before, err := tx.user(userID)
	if err == nil && before.Disabled() && purpose != LinkRecover {
		err = fmt.Errorf("link of a disabled user: %w", ErrNotFound)
	}
	if err != nil {
		return nil, err
	}
	by := Actor{Kind: ActorUser, ID: userID, Address: address}
	after := *before
	if purpose == LinkRecover && before.Disabled() {
		after.DisabledAt = time.Time{}
		_, err = tx.exec(`UPDATE users SET disabled_at = 0 WHERE id = $1`, userID)
		err = errors.Join(err, tx.audit(by, "user.enable", userID, "ok", "by a recovery link"))
	}
	if err != nil {
		return nil, err
	}
	changed, err := db.storePassword(tx, &after, argon)
	if err != nil {
		return nil, err
	}
	if purpose == LinkRecover {
		err = db.endWithTokens(tx, userID, "link.use")
	}
	if err != nil {
		return nil, err
	}
	return changed, tx.audit(by, "link.use", userID, "ok", string(purpose))
}
