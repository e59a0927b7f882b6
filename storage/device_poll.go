package storage

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
)

// Pace of polls (RFC 8628 §3.5). A poll up to pollTolerance early is the network's fault, not the
// device's. Beyond the lifetime of a code a longer interval means nothing.
const (
	pollTolerance = time.Second
	pollSlowDown  = 5 * time.Second
	pollSlowest   = DeviceCodeTTL
)

// devicePolls remembers when devices asked last. It is one process's memory: a poll that changes nothing
// writes nothing, and a device that polls on several nodes at once, or while one restarts, gains a poll
// or two. What it was told, the longer interval, stands in the row, with the time it was told.
type devicePolls struct {
	mu   sync.Mutex
	last map[string]time.Time // by id of the device code
}

// tooFast notes a poll and tells whether it came before the interval was over.
func (p *devicePolls) tooFast(d *DeviceCode, now time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	last, known := p.last[d.ID]
	if !known || last.Before(d.polledAt) {
		last = d.polledAt
	}
	if !known && len(p.last) >= 2*DeviceCodesMax {
		p.forget(now)
	}
	if p.last == nil {
		p.last = map[string]time.Time{}
	}
	p.last[d.ID] = now
	return !last.IsZero() && now.Sub(last) < d.Interval-pollTolerance
}

// forget drops polls of codes that are over; only codes that exist get here, so that is enough.
func (p *devicePolls) forget(now time.Time) {
	for id, last := range p.last {
		if now.Sub(last) > DeviceCodeTTL {
			delete(p.last, id)
		}
	}
}

// PollDeviceCode answers a device's poll. On DeviceRedeemed the code is used up and the grant was written
// in the same transaction, after the same checks as RedeemCode; endsAt gives the grant's end, and its
// error is returned with nothing changed. The device code is returned as it stood, with the interval the
// device must keep from now on; nil for one that is unknown or another app's.
//
// A code that was redeemed is DeviceUnknown, and its grant ends: two hold the code.
func (db *DB) PollDeviceCode(ctx context.Context, app *App, deviceCode string, endsAt func(*DeviceCode) (time.Time, error)) (*Grant, *DeviceCode, DevicePoll, error) {
	if len(deviceCode) != deviceCodeLength || !strings.HasPrefix(deviceCode, deviceCodePrefix) || !ValidChecksum(deviceCode) {
		return nil, nil, DeviceUnknown, nil
	}
	d, err := readRow(ctx, db, scanDeviceCode, deviceColumns+` WHERE hash = $1`, db.Hash(deviceCodePurpose, deviceCode))
	switch now := db.now(); {
	case errors.Is(err, ErrNotFound) || err == nil && d.AppID != app.ID:
		return nil, nil, DeviceUnknown, nil
	case err != nil:
		return nil, nil, 0, fmt.Errorf("device code: %w", err)
	case d.State == DeviceUsed:
		_, err = db.replayed(ctx, &Grant{ID: d.ID})
		return nil, d, DeviceUnknown, err
	case !now.Before(d.ExpiresAt):
		return nil, d, DeviceExpired, nil
	case d.State == DeviceDenied:
		return nil, d, DeviceRefused, nil
	case db.polls.tooFast(d, now):
		return nil, d, DeviceTooFast, db.slowDown(ctx, d)
	case d.State == DevicePending:
		return nil, d, DeviceWaiting, nil
	}
	g, poll, err := db.redeemDevice(ctx, d, endsAt)
	if err != nil {
		return nil, nil, 0, fmt.Errorf("device code: %w", err)
	}
	return g, d, poll, nil
}

// slowDown lets the interval grow. Of several polls at once one counts.
func (db *DB) slowDown(ctx context.Context, d *DeviceCode) error {
	before := d.Interval
	if before >= pollSlowest {
		return nil
	}
	d.Interval += pollSlowDown
	return db.writeOne(ctx, func(tx *tx) error {
		_, err := tx.exec(`UPDATE device_codes SET poll_interval = $3, polled_at = $4 WHERE id = $1 AND poll_interval = $2`,
			d.ID, before.Milliseconds(), d.Interval.Milliseconds(), tx.nowMS)
		return err
	})
}

// redeemDevice uses an approved code up and inserts its grant, in one transaction. When the ground of the
// grant has gone the code is used up all the same: the person would have to be asked again.
func (db *DB) redeemDevice(ctx context.Context, d *DeviceCode, endsAt func(*DeviceCode) (time.Time, error)) (*Grant, DevicePoll, error) {
	ends, err := endsAt(d)
	if err != nil {
		return nil, 0, err
	}
	s, err := db.sessionByID(ctx, d.SessionID)
	if err != nil {
		return nil, 0, err
	}
	row, err := db.newGrantRow(&Grant{
		ID: d.ID, UserID: d.UserID, AppID: d.AppID, SessionID: d.SessionID, Scopes: d.Granted,
		Offline: slices.Contains(d.Granted, ScopeOffline), AuthTime: s.AuthTime, ACR: s.ACR, AMR: s.AMR,
		Claims: d.Claims, EndsAt: ends,
	})
	if err != nil {
		return nil, 0, err
	}
	poll := DeviceUnknown
	err = db.write(ctx, func(tx *tx) error {
		n, err := tx.exec(`UPDATE device_codes SET state = 'used' WHERE id = $1 AND state = 'approved' AND expires_at > $2`, d.ID, tx.nowMS)
		if err != nil || n == 0 {
			poll = DeviceUnknown
			return err
		}
		inserted, err := row.insert(tx)
		poll = DeviceStale
		if inserted {
			poll = DeviceRedeemed
		}
		return err
	})
	switch {
	case err != nil:
		return nil, 0, err
	case poll == DeviceRedeemed:
		return row.inserted, poll, nil
	case poll == DeviceUnknown: // another poll was first: what it got ends
		_, err = db.replayed(ctx, row.grant)
	}
	return nil, poll, err
}
