package storage

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/pressly/goose/v3"

	"github.com/propusk/propusk/storage/migrations"
)

// migrate brings the schema to the newest version, each step in a transaction. user_version mirrors
// goose's table, so that an up-to-date file costs one pragma and an older binary refuses a newer file.
func (db *DB) migrate(ctx context.Context, pool *sql.DB) error {
	var version int64
	err := pool.QueryRowContext(ctx, `PRAGMA user_version`).Scan(&version)
	if err != nil {
		return db.refuseContent(err)
	}
	if version == migrations.Latest {
		return nil
	}
	steps, err := goose.NewProvider(goose.DialectSQLite3, pool, migrations.Files,
		goose.WithDisableGlobalRegistry(true), goose.WithLogger(goose.NopLogger()))
	if err != nil {
		return fmt.Errorf("migrations: %w", err)
	}
	_, err = steps.Up(ctx)
	if err != nil {
		var partial *goose.PartialError
		if errors.As(err, &partial) {
			err = partial.Err
		}
		return fmt.Errorf("migration: %w", translate(err))
	}
	_, err = pool.ExecContext(ctx, fmt.Sprintf(`PRAGMA user_version = %d`, migrations.Latest))
	if err != nil {
		return fmt.Errorf("schema version: %w", translate(err))
	}
	return nil
}
