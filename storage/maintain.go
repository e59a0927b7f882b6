package storage

import (
	"context"
	"errors"
	"os"
	"time"
)

// How often maintenance does what.
const (
	maintainEvery = time.Minute
	rotateEvery   = time.Hour
	walTooLarge   = 16 << 20 // bytes
)

// Maintain runs expiry in bounded batches, folds in the WAL and rotates signing keys on schedule, until
// ctx ends. Failures are logged and tried again: nothing is judged by what it has done.
func (db *DB) Maintain(ctx context.Context) {
	ticker := time.NewTicker(maintainEvery)
	defer ticker.Stop()
	var rotated, stored time.Time
	for {
		if db.now().Sub(rotated).Abs() >= rotateEvery {
			count, err := db.rotateDue(ctx)
			db.report(ctx, "signing keys rotated", count, err)
			rotated = db.now()
		}
		count, err := db.Sweep(ctx)
		db.report(ctx, "expired rows removed", count, err)
		count, err = db.storeKeyUses(ctx, false)
		db.report(ctx, "uses of keys stored", count, err)
		_, err = db.storeRefusals(ctx, false)
		db.report(ctx, "refused attempts stored", 0, err)
		if db.now().Sub(stored).Abs() >= personalUseEvery {
			count, err = db.storePersonalUses(ctx)
			db.report(ctx, "uses of personal tokens stored", count, err)
			stored = db.now()
		}
		db.report(ctx, "search of people", 0, db.warmSearch(ctx))
		db.report(ctx, "checkpoint", 0, db.checkpoint(ctx))
		select {
		case <-ctx.Done():
			_, err = db.storeKeyUses(context.WithoutCancel(ctx), true)
			db.report(ctx, "uses of keys stored", 0, err)
			_, err = db.storeRefusals(context.WithoutCancel(ctx), true)
			db.report(ctx, "refused attempts stored", 0, err)
			_, err = db.storePersonalUses(context.WithoutCancel(ctx))
			db.report(ctx, "uses of personal tokens stored", 0, err)
			return
		case <-ticker.C:
		}
	}
}

// report logs what maintenance did: it has no caller to tell.
func (db *DB) report(ctx context.Context, what string, count int, err error) {
	switch {
	case errors.Is(err, context.Canceled):
	case err != nil:
		db.logger.ErrorContext(ctx, what, "error", err)
	case count > 0:
		db.logger.InfoContext(ctx, what, "count", count)
	}
}

// checkpoint folds the WAL into the file when it has grown beyond what the automatic checkpoints keep:
// then a long reader has been in their way.
func (db *DB) checkpoint(ctx context.Context) error {
	info, err := os.Stat(db.path + "-wal")
	if err != nil || info.Size() < walTooLarge {
		return nil // none, or small
	}
	return db.writer.outside(ctx, func() error {
		if db.writer.conn == nil {
			return nil // lost; the next write opens one
		}
		return translate(db.writer.exec("PRAGMA wal_checkpoint(TRUNCATE)"))
	})
}
