package provider

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"time"

	"github.com/propusk/propusk/login/page"
	"github.com/propusk/propusk/storage"
)

// PathDevice is where a device asks for its codes (RFC 8628 §3.1); pathVerify is the page of login where
// a person types the short one.
const (
	PathDevice = "/connect/deviceauthorization"
	pathVerify = "/device"
)

var deviceRules = rules{methods: []string{http.MethodPost}, known: deviceLimits, client: true, scripts: true}

// deviceLimits: nonce and claims are not RFC 8628's; they do here what they do at authorize.
var deviceLimits = limits{
	"scope": 1024, "nonce": 512, "claims": 8192, "claims_locales": 256,
	"client_id": 128, "client_secret": 512, "client_assertion": maxJWT, "client_assertion_type": 128,
}

// deviceResponse answers a device (RFC 8628 §3.2).
type deviceResponse struct {
	DeviceCode string `json:"device_code"`
	UserCode   string `json:"user_code"`
	Verify     string `json:"verification_uri"`
	Complete   string `json:"verification_uri_complete"`
	ExpiresIn  int64  `json:"expires_in"` // seconds
	Interval   int64  `json:"interval"`   // seconds
}

// authorizeDevice gives a device its codes (RFC 8628 §3.1). Scopes and claims are held against the app as
// at authorize, so that the person is asked for nothing the app may not have.
func (p *Provider) authorizeDevice(ctx context.Context, app *storage.App, c *call) (*deviceResponse, error) {
	if !app.Allows(storage.GrantDeviceCode) {
		return nil, unauthorizedGrant(app, storage.GrantDeviceCode)
	}
	asked := &storage.AuthRequest{AppID: app.ID}
	err := p.parseScope(ctx, app, c, asked)
	if err == nil {
		err = p.parseClaims(ctx, app, c, asked)
	}
	switch {
	case err != nil:
		return nil, err
	case asked.HintSub != "":
		return nil, refuse(errInvalidRequest, "a device takes whoever types its code: leave the claim sub out")
	}
	d := &storage.DeviceCode{
		AppID: app.ID, Scopes: asked.Scopes, Claims: asked.Claims, Nonce: c.form.Get("nonce"),
		Address: page.PeerText(c.r), UserAgent: c.r.UserAgent(),
	}
	deviceCode, userCode, err := p.db.CreateDeviceCode(ctx, d)
	if errors.Is(err, storage.ErrDeviceCodes) {
		f := refuse(errTemporarilyUnavail, "too many device codes wait for a decision: try again in a minute").because(err)
		f.status = http.StatusTooManyRequests
		return nil, f
	}
	if err != nil {
		return nil, err
	}
	verify := p.issuer + pathVerify
	return &deviceResponse{
		DeviceCode: deviceCode, UserCode: userCode, Verify: verify, Complete: verify + "?user_code=" + url.QueryEscape(userCode),
		ExpiresIn: int64(storage.DeviceCodeTTL.Seconds()), Interval: int64(d.Interval.Seconds()),
	}, nil
}

// pollRefusals are what a device is told while it gets no tokens (RFC 8628 §3.5).
var pollRefusals = map[storage.DevicePoll]*refusal{
	storage.DeviceUnknown: refuse(errInvalidGrant, "the device code is wrong, used before, or was issued to another app"),
	storage.DeviceWaiting: refuse(errAuthorizationPending, "nobody has decided yet"),
	storage.DeviceTooFast: refuse(errSlowDown, "wait five seconds longer between polls"),
	storage.DeviceRefused: refuse(errAccessDenied, "the person refused"),
	storage.DeviceExpired: refuse(errExpiredToken, "the device code has expired: ask for a new one"),
	storage.DeviceStale:   refuse(errInvalidGrant, "the person, the session or the permission behind this code no longer stands"),
}

// deviceToken answers a device's poll (RFC 8628 §3.4). As with a code, one statement makes the grant and
// uses the device code up, and the tokens are signed after that.
func (p *Provider) deviceToken(ctx context.Context, app *storage.App, form url.Values) (*tokenResponse, error) {
	if !app.Allows(storage.GrantDeviceCode) {
		return nil, unauthorizedGrant(app, storage.GrantDeviceCode)
	}
	_, err := p.keys.signer(p, app.IDTokenAlg)
	if err != nil {
		return nil, err
	}
	g, d, poll, err := p.db.PollDeviceCode(ctx, app, form.Get("device_code"), func(d *storage.DeviceCode) (time.Time, error) {
		if !admits(app, d.UserID) {
			return time.Time{}, refuseStranger(app)
		}
		return p.grantEnds(ctx, app, &code{userID: d.UserID, appID: d.AppID, scopes: d.Granted}, p.now())
	})
	if d != nil {
		concerns(ctx, d.UserID)
	}
	switch {
	case err != nil:
		return nil, err
	case poll == storage.DeviceUnknown && d != nil:
		return nil, pollRefusals[poll].with(errors.New("it was used before: its grant is revoked now"))
	case poll == storage.DeviceTooFast:
		return nil, pollRefusals[poll].with(tooFast(d.Interval))
	case poll != storage.DeviceRedeemed:
		return nil, pollRefusals[poll]
	}
	t, err := p.newTokens(ctx, app, g, g.Scopes, d.Nonce)
	if err != nil {
		return nil, err
	}
	if app.Allows(storage.GrantRefreshToken) {
		t.RefreshToken, err = p.newRefreshToken(g)
	}
	return t, err
}

// tooFast is the interval that a device must keep from now on.
type tooFast time.Duration

func (t tooFast) Error() string { return "the interval is " + time.Duration(t).String() + " now" }

// repeats tells whether a refusal says nothing that was not said before: an honest device is told many
// times to wait, and a hasty one to slow down. They would fill the log and the app's events.
func (f *refusal) repeats() bool {
	var now tooFast
	return f.code == errAuthorizationPending ||
		errors.As(f.reason, &now) && time.Duration(now) > storage.DevicePollInterval+5*time.Second
}
