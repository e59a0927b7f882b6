package storage

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"
)

// Bounds of device codes that wait for a decision: anybody who knows the client_id of a public app may
// ask for one.
const (
	DeviceCodesPerAddress = 20   // of one app, asked for from one address (IPv6: one /64)
	DeviceCodesPerSite    = 100  // of one app, asked for from one /48 of IPv6
	DeviceCodesPerPublic  = 500  // of one public app
	DeviceCodesMax        = 5000 // of all public apps together, and of each confidential one
)

// ErrDeviceCodes says that too many device codes wait for a decision: ask again later.
var ErrDeviceCodes = errors.New("too many device codes are waiting")

const (
	deviceCodePrefix  = "propusk_dc_"
	deviceCodeLength  = len(deviceCodePrefix) + secretDigits + checkDigits
	deviceCodePurpose = "device_code"
	userCodePurpose   = "user_code"

	// userCodeLetters make no words and no two of them are read for one another: 20^8 codes.
	userCodeLetters = "BCDFGHJKLMNPQRSTVWXZ"
	userCodeLength  = 8
)

const deviceColumns = `SELECT id, app_id, scopes, claims, nonce, address, user_agent, created_at, expires_at, polled_at,
	poll_interval, state, user_id, session_id, granted FROM device_codes`

func scanDeviceCode(row scanner) (*DeviceCode, error) {
	var d DeviceCode
	var scopes, claims, granted string
	var created, expires, polled, interval int64
	err := row.Scan(&d.ID, &d.AppID, &scopes, &claims, &d.Nonce, &d.Address, &d.UserAgent, &created, &expires, &polled,
		&interval, &d.State, &d.UserID, &d.SessionID, &granted)
	if err != nil {
		return nil, err
	}
	d.CreatedAt, d.ExpiresAt, d.polledAt = instant(created), instant(expires), instant(polled)
	d.Interval = time.Duration(interval) * time.Millisecond
	if claims != "" {
		d.Claims = &Claims{}
		err = json.Unmarshal([]byte(claims), d.Claims)
		if err != nil {
			return nil, fmt.Errorf("claims of a device code: %w", err)
		}
	}
	return &d, errors.Join(fromJSON(scopes, &d.Scopes), fromJSON(granted, &d.Granted))
}

// insertDevice stores a code unless too many wait already: one statement, so that a crowd cannot pass the
// bound together. Codes that were decided do not count. A public app whose client_id is known to everybody
// fills its own share and no more than all public ones together; what confidential apps ask for after they
// have proved themselves is not in that.
const insertDevice = `INSERT INTO device_codes (hash, user_code_hash, id, app_id, scopes, claims, nonce, address, user_agent,
		created_at, expires_at, polled_at, poll_interval, state, user_id, session_id, granted, block, site, public)
	SELECT CAST($1 AS TEXT), CAST($2 AS TEXT), CAST($3 AS TEXT), CAST($4 AS TEXT), CAST($5 AS TEXT), CAST($6 AS TEXT),
		CAST($7 AS TEXT), CAST($8 AS TEXT), CAST($9 AS TEXT), CAST($10 AS BIGINT), CAST($11 AS BIGINT), 0,
		CAST($12 AS BIGINT), 'pending', '', '', '[]', CAST($13 AS TEXT), CAST($14 AS TEXT), CAST($15 AS BOOLEAN)
	WHERE (SELECT count(*) FROM device_codes WHERE app_id = $4 AND state = 'pending' AND expires_at > $10 AND block = $13) < $16
	  AND (SELECT count(*) FROM device_codes WHERE app_id = $4 AND state = 'pending' AND expires_at > $10 AND site = $14) < $17
	  AND (SELECT count(*) FROM device_codes WHERE app_id = $4 AND state = 'pending' AND expires_at > $10) < $18
	  AND (NOT CAST($15 AS BOOLEAN)
		OR (SELECT count(*) FROM device_codes WHERE public AND state = 'pending' AND expires_at > $10) < $19)`

// CreateDeviceCode stores a device's request; ID, CreatedAt, ExpiresAt, Interval and State are set here.
// It returns both codes: the user code as people see it (XXXX-XXXX). [ErrDeviceCodes] when too many wait
// for a decision, ErrNotFound for an unknown app.
func (db *DB) CreateDeviceCode(ctx context.Context, d *DeviceCode) (deviceCode, userCode string, err error) {
	app, err := db.App(ctx, d.AppID)
	if err != nil {
		return "", "", fmt.Errorf("device code: %w", err)
	}
	ofApp := DeviceCodesMax
	if app.Public() {
		ofApp = DeviceCodesPerPublic
	}
	address, block, site := addressColumns(d.Address)
	d.State, d.Interval = DevicePending, DevicePollInterval
	for range 3 { // two equal user codes are one chance in millions
		deviceCode, userCode = CheckedSecret(deviceCodePrefix), newUserCode()
		err = db.writeOne(ctx, func(tx *tx) error {
			d.ID, d.CreatedAt, d.ExpiresAt = NewTimeID(tx.now), tx.now, tx.now.Add(DeviceCodeTTL)
			n, err := tx.exec(insertDevice, db.Hash(deviceCodePurpose, deviceCode), db.Hash(userCodePurpose, userCode), d.ID, d.AppID,
				toJSON(d.Scopes), claimsColumn(d.Claims), d.Nonce, address, clip(d.UserAgent, 300), tx.nowMS, millis(d.ExpiresAt),
				d.Interval.Milliseconds(), block, site, app.Public(), DeviceCodesPerAddress, DeviceCodesPerSite, ofApp, DeviceCodesMax)
			if err == nil && n == 0 {
				err = ErrDeviceCodes
			}
			return err
		})
		if !errors.Is(err, ErrConflict) {
			break
		}
	}
	if err != nil {
		return "", "", fmt.Errorf("device code: %w", err)
	}
	return deviceCode, userCode[:4] + "-" + userCode[4:], nil
}

// addressColumns are an address as it is stored and the names of the block and the site it counts for,
// which are compared whole. An IPv4 address is a site of its own block.
func addressColumns(text string) (column, block, site string) {
	addr, err := netip.ParseAddr(text)
	if err != nil {
		return clip(text, 100), clip(text, 100), clip(text, 100)
	}
	addr = addr.Unmap().WithZone("")
	if addr.Is4() {
		return addr.String(), addr.String(), addr.String()
	}
	return addr.String(), netip.PrefixFrom(addr, 64).Masked().String(), netip.PrefixFrom(addr, 48).Masked().String()
}

// newUserCode returns eight letters, each as likely as the others.
func newUserCode() string {
	const fair = 256 / len(userCodeLetters) * len(userCodeLetters)
	code := make([]byte, 0, userCodeLength)
	var b [1]byte
	for len(code) < userCodeLength {
		rand.Read(b[:])
		if int(b[0]) < fair {
			code = append(code, userCodeLetters[int(b[0])%len(userCodeLetters)])
		}
	}
	return string(code)
}

// cyrillic are the capital letters that look like ours: who types with a Russian keyboard means those.
var cyrillic = strings.NewReplacer("В", "B", "С", "C", "Н", "H", "К", "K", "М", "M", "Р", "P", "Т", "T", "Х", "X")

// tidyUserCode returns the eight letters a person meant, or "".
func tidyUserCode(typed string) string {
	if len(typed) > 64 {
		return ""
	}
	plain := strings.Map(func(r rune) rune {
		if r == '-' || r == ' ' || r == '\t' || r == '\u00a0' || r >= '\u2010' && r <= '\u2015' || r == '\u2212' {
			return -1
		}
		return r
	}, typed)
	plain = cyrillic.Replace(strings.ToUpper(plain))
	if len(plain) != userCodeLength || strings.Trim(plain, userCodeLetters) != "" {
		return ""
	}
	return plain
}

// DeviceCodeByUserCode finds what a person typed: any case, with or without hyphen and blanks. ErrNotFound
// for unknown, expired or decided ones alike.
func (db *DB) DeviceCodeByUserCode(ctx context.Context, userCode string) (*DeviceCode, error) {
	plain := tidyUserCode(userCode)
	if plain == "" {
		return nil, fmt.Errorf("device code: %w", ErrNotFound)
	}
	d, err := readRow(ctx, db, scanDeviceCode, deviceColumns+` WHERE user_code_hash = $1 AND state = 'pending' AND expires_at > $2`,
		db.Hash(userCodePurpose, plain), millis(db.now()))
	if err != nil {
		return nil, fmt.Errorf("device code: %w", err)
	}
	return d, nil
}

// DeviceCode returns a device code by id, as it stands, or ErrNotFound.
func (db *DB) DeviceCode(ctx context.Context, id string) (*DeviceCode, error) {
	d, err := readRow(ctx, db, scanDeviceCode, deviceColumns+` WHERE id = $1`, id)
	if err != nil {
		return nil, fmt.Errorf("device code: %w", err)
	}
	return d, nil
}

// deviceCode reads a device code inside the transaction.
func (t *tx) deviceCode(id string) (*DeviceCode, error) {
	d, err := readOne(t, scanDeviceCode, deviceColumns+` WHERE id = $1`, id)
	if err != nil {
		return nil, fmt.Errorf("device code: %w", err)
	}
	return d, nil
}

// DecideDeviceCode records the person's decision, once: granted nil is a denial. What the device did not
// ask for is left out of granted, and when nothing is left that is a denial too. ErrNotFound when the code
// is not pending any more.
func (db *DB) DecideDeviceCode(ctx context.Context, id string, s *Session, granted []string) error {
	return db.write(ctx, func(tx *tx) error {
		d, err := tx.deviceCode(id)
		if err != nil {
			return err
		}
		kept := []string{}
		for _, name := range d.Scopes {
			if slices.Contains(granted, name) {
				kept = append(kept, name)
			}
		}
		state, action := DeviceApproved, "device.approve"
		if len(kept) == 0 {
			state, action = DeviceDenied, "device.deny"
		}
		n, err := tx.exec(`UPDATE device_codes SET state = $2, user_id = $3, session_id = $4, granted = $5
			WHERE id = $1 AND state = 'pending' AND expires_at > $6`, id, string(state), s.UserID, s.ID, toJSON(kept), tx.nowMS)
		if err != nil {
			return err
		}
		if n == 0 {
			return fmt.Errorf("device code: %w", ErrNotFound)
		}
		by := Actor{Kind: ActorUser, ID: s.UserID, Address: s.Address}
		return tx.audit(by, action, d.AppID, "ok", "device at "+d.Address)
	})
}
