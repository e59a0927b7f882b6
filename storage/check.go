package storage

import (
	"context"
	"database/sql"
	"fmt"
	"os"

	"github.com/propusk/propusk/storage/migrations"
)

// quickCheckLimit is the size up to which every page is checked at opening; a larger file would delay
// readiness (some 8 ms a MiB).
const quickCheckLimit = 8 << 20

// checkContent refuses a file that is not ours, damaged, or newer than this binary. It only reads.
func (db *DB) checkContent(ctx context.Context) error {
	var id, version int64
	err := db.read.QueryRowContext(ctx, `PRAGMA application_id`).Scan(&id)
	if err == nil {
		err = db.read.QueryRowContext(ctx, `PRAGMA user_version`).Scan(&version)
	}
	if err != nil {
		return db.refuseContent(err)
	}
	if id != applicationID {
		return &Refusal{Reason: ErrForeign, Path: db.path, Detail: fmt.Sprintf("application id %#x", id),
			Hint: "name the directory of propusk's own database"}
	}
	if version > migrations.Latest {
		return &Refusal{Reason: ErrNewer, Path: db.path,
			Detail: fmt.Sprintf("schema %d, this program knows %d", version, migrations.Latest),
			Hint:   "run the newer propusk, or restore the backup made before it was upgraded"}
	}
	info, err := os.Stat(db.path)
	if err != nil || info.Size() > quickCheckLimit {
		return err
	}
	return db.checkPages(ctx, "quick_check")
}

// checkPages runs quick_check or integrity_check.
func (db *DB) checkPages(ctx context.Context, pragma string) error {
	var found string
	err := db.read.QueryRowContext(ctx, `PRAGMA `+pragma+`(1)`).Scan(&found)
	if err != nil {
		return db.refuseContent(err)
	}
	if found != "ok" {
		return &Refusal{Reason: ErrDamaged, Path: db.path, Detail: found, Hint: "restore a backup: propusk restore FILE"}
	}
	return nil
}

// refuseContent says what a failing first read means.
func (db *DB) refuseContent(err error) error {
	const hint = "restore a backup: propusk restore FILE"
	switch {
	case notDatabase(err):
		return &Refusal{Reason: ErrNotDatabase, Path: db.path, Hint: hint}
	case damaged(err):
		return &Refusal{Reason: ErrDamaged, Path: db.path, Detail: err.Error(), Hint: hint}
	case readOnly(err):
		return &Refusal{Reason: ErrReadOnly, Path: db.path,
			Hint: "let this user write the file and its directory, and see that the file system is not mounted read-only"}
	}
	return fmt.Errorf("database %s: %w", db.path, translate(err))
}

// checkWritable refuses a file that SQLite could only open for reading: serving it would answer every
// sign-in with 503. A lock that another process holds just now is no reason.
func (db *DB) checkWritable(ctx context.Context, pool *sql.DB) error {
	tx, err := pool.BeginTx(ctx, nil) // immediate, as the data source says
	if err != nil {
		if readOnly(err) {
			return db.refuseContent(err)
		}
		return nil
	}
	return tx.Rollback()
}

// instance is the row that says whose database this is.
type instance struct {
	id, issuer, proof string
	dev               bool
	created           int64
}

func scanInstance(row scanner) (instance, error) {
	var i instance
	err := row.Scan(&i.id, &i.issuer, &i.dev, &i.created, &i.proof)
	return i, err
}

const instanceColumns = `SELECT id, issuer, dev, created_at, proof FROM instance`

// createInstance writes the row.
func (db *DB) createInstance(tx *tx) error {
	id := NewID()
	_, err := tx.exec(`INSERT INTO instance (id, issuer, dev, created_at, proof) VALUES ($1, $2, $3, $4, $5)`,
		id, db.config.Issuer, db.config.Dev, tx.nowMS, db.master.prove(id, db.config.Dev, tx.now))
	return err
}

// checkInstance refuses the database of another issuer, master key or mode.
func (db *DB) checkInstance(ctx context.Context) error {
	i, err := scanInstance(db.read.QueryRowContext(ctx, instanceColumns))
	if err == sql.ErrNoRows {
		return &Refusal{Reason: ErrDamaged, Path: db.path, Detail: "the instance row is missing",
			Hint: "restore a backup: propusk restore FILE"}
	}
	if err != nil {
		return db.refuseContent(err)
	}
	switch c := db.config; {
	case i.dev && !c.Dev:
		return &Refusal{Reason: ErrDevOnly, Path: db.path, Detail: "its people and apps have well-known passwords",
			Hint: "give serve a data directory of its own"}
	case !i.dev && c.Dev:
		return &Refusal{Reason: ErrNotDev, Path: db.path, Hint: "use propusk serve, or another directory: propusk dev --data DIR"}
	case i.proof != db.master.prove(i.id, i.dev, instant(i.created)):
		return &Refusal{Reason: ErrMasterKey, Path: db.path,
			Hint: "use the master key this database was made with; without it nobody can open its keys"}
	case i.issuer != c.Issuer && !c.AnyIssuer:
		return &Refusal{Reason: ErrIssuer, Path: db.path, Detail: fmt.Sprintf("%s, asked for %s", i.issuer, c.Issuer),
			Hint: "set issuer to the recorded one: tokens and apps depend on it"}
	}
	return nil
}

// Issuer returns the issuer the database belongs to: that of its creation, in dev of its latest start.
func (db *DB) Issuer(ctx context.Context) (string, error) {
	i, err := scanInstance(db.read.QueryRowContext(ctx, instanceColumns))
	return i.issuer, translate(err)
}

// KeepIssuer records the issuer a dev database is served under now, for the links that commands print.
func (db *DB) KeepIssuer(ctx context.Context) error {
	was, err := db.Issuer(ctx)
	if err != nil || was == db.config.Issuer || !db.config.Dev || db.config.Issuer == "" {
		return err
	}
	return db.writeOne(ctx, func(tx *tx) error {
		_, err := tx.exec(`UPDATE instance SET issuer = $1`, db.config.Issuer)
		return err
	})
}
