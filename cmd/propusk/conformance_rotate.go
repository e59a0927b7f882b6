package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/propusk/propusk/storage"
)

// rotateModule is the module during which the provider's keys must change, between being configured and
// being started.
const rotateModule = "oidcc-server-rotate-keys"

// rotationSettles is longer than a running provider takes to see a change of its database: one second.
const rotationSettles = 2 * time.Second

// rotateIn rotates the key that every plan uses in the directory of a running conformance serve.
func rotateIn(dir string) func(context.Context) error {
	return func(ctx context.Context) error {
		where, err := locateDev(dir)
		if err != nil {
			return err
		}
		if where.MasterKey == nil {
			return fmt.Errorf("no database in %s", dir)
		}
		db, err := storage.Open(ctx, where)
		if err != nil {
			return err
		}
		_, err = db.RotateKeys(ctx, storage.Command, "RS256", true)
		return errors.Join(err, db.Close())
	}
}

// rotateNow rotates and waits until the provider knows.
func (r *suiteRunner) rotateNow(ctx context.Context) error {
	if r.rotate == nil {
		return errors.New("waits for a rotation of keys: --data DIR names the directory of conformance serve")
	}
	err := r.rotate(ctx)
	if err != nil {
		return err
	}
	select {
	case <-time.After(r.settle):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
