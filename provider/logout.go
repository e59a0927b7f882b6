package provider

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/propusk/propusk/storage"
)

// Bounds of the delivery of logout notices.
const (
	logoutAtOnce    = 16              // notices on their way at a time
	logoutTokenLife = 2 * time.Minute // OpenID Connect Back-Channel Logout 1.0 §2.4
	logoutLook      = time.Minute     // how often the outbox is looked at though nothing said so
	logoutEndpoint  = storage.EventLogout
	backchannelURI  = "http://schemas.openid.net/event/backchannel-logout"
)

// logoutToken are the claims of a logout token (OpenID Connect Back-Channel Logout 1.0 §2.4). A nonce is
// forbidden.
type logoutToken struct {
	Issuer   string              `json:"iss"`
	Subject  string              `json:"sub"`
	Audience string              `json:"aud"`
	Issued   int64               `json:"iat"`
	Expires  int64               `json:"exp"`
	ID       string              `json:"jti"`
	SID      string              `json:"sid,omitempty"`
	Events   map[string]struct{} `json:"events"`
}

// courier delivers the notices of one Deliver.
type courier struct {
	p     *Provider
	slots chan struct{}
	going sync.WaitGroup
	mu    sync.Mutex
	told  map[string]time.Time // when an app's developers were last told of a failure
}

// Deliver tells apps of logouts (OpenID Connect Back-Channel Logout 1.0) until ctx ends, and returns when
// nothing is on its way any more. Each notice is a row of the outbox and is claimed for an attempt; one
// that is cut short is made again, by this process after a restart or by another node: delivery is at
// least once. Failures are the app's developers' to see, as events and notices, and the log's.
func (p *Provider) Deliver(ctx context.Context) {
	c := &courier{p: p, slots: make(chan struct{}, logoutAtOnce), told: map[string]time.Time{}}
	defer c.going.Wait()
	c.recall(ctx)
	for {
		next, err := c.round(ctx)
		if err != nil && ctx.Err() == nil {
			p.log.LogAttrs(ctx, slog.LevelError, "logout notices", slog.Any("error", err))
		}
		wait := logoutLook
		if !next.IsZero() {
			wait = max(min(next.Sub(p.now()), logoutLook), 50*time.Millisecond)
		}
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
		case <-p.db.LogoutWake():
		case <-timer.C:
		}
		timer.Stop()
		if ctx.Err() != nil {
			return
		}
	}
}

// round claims and sends what is due, no more than can be on its way at once, so that a claim is worked on
// at once; it returns when the next is due.
func (c *courier) round(ctx context.Context) (time.Time, error) {
	for {
		free := 0
		select {
		case c.slots <- struct{}{}:
			free++
		case <-ctx.Done():
			return time.Time{}, ctx.Err()
		}
		for more := true; more && free < logoutAtOnce; {
			select {
			case c.slots <- struct{}{}:
				free++
			default:
				more = false
			}
		}
		list, next, err := c.p.db.ClaimLogouts(ctx, free)
		for range free - len(list) {
			<-c.slots
		}
		for _, n := range list {
			c.going.Go(func() {
				defer func() { <-c.slots }()
				c.deliver(ctx, n)
			})
		}
		if err != nil || len(list) == 0 {
			return next, err
		}
	}
}

// deliver makes one attempt and records what came of it. When ctx ends meanwhile nothing is recorded: the
// claim runs out, and the attempt is made again.
func (c *courier) deliver(ctx context.Context, n storage.LogoutNotice) {
	err := c.p.sendLogout(ctx, n)
	if ctx.Err() != nil && err != nil {
		return
	}
	ctx = context.WithoutCancel(ctx) // what has happened is recorded though the process is about to stop
	if err == nil {
		err = c.p.db.LogoutDelivered(ctx, n)
		if err != nil { // then it will be delivered once more
			c.p.log.LogAttrs(ctx, slog.LevelError, "logout notice", slog.String("app", n.AppID), slog.Any("error", err))
		}
		return
	}
	reason := undelivered(err)
	c.p.log.LogAttrs(ctx, slog.LevelInfo, "logout not delivered", slog.String("app", n.AppID),
		slog.Int("attempt", n.Attempts), slog.Any("error", err))
	last, err := c.p.db.LogoutUndelivered(ctx, n, reason)
	if err != nil {
		c.p.log.LogAttrs(ctx, slog.LevelError, "logout notice", slog.String("app", n.AppID), slog.Any("error", err))
		return
	}
	if last {
		reason += "; given up after " + fmt.Sprint(n.Attempts) + " attempts"
	}
	c.tell(storage.Event{AppID: n.AppID, UserID: n.UserID, Description: reason}, last)
}

// tell lets the app's developers see a failure: at most one a minute, because one outage of the app's would
// push everything else out of its ring, but every one that was given up.
func (c *courier) tell(e storage.Event, always bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.p.now()
	if !always && now.Sub(c.told[e.AppID]) < time.Minute {
		return
	}
	if len(c.told) > 10_000 {
		clear(c.told)
	}
	c.told[e.AppID] = now
	e.Endpoint, e.Result = logoutEndpoint, "undelivered"
	c.p.db.Record(e)
}

// recall tells what an earlier process could not deliver: events live in memory, notices do not.
func (c *courier) recall(ctx context.Context) {
	list, err := c.p.db.LogoutTroubles(ctx)
	if err != nil && ctx.Err() == nil {
		c.p.log.LogAttrs(ctx, slog.LevelError, "logout notices", slog.Any("error", err))
	}
	for _, t := range list {
		c.tell(storage.Event{AppID: t.AppID, Description: fmt.Sprintf("%d since %s: %s", t.Count, t.Since.UTC().Format(time.DateTime), t.Error)}, true)
	}
}

// sendLogout sends one logout token. An app that wants none any more has nothing to be told.
func (p *Provider) sendLogout(ctx context.Context, n storage.LogoutNotice) error {
	app, err := p.db.App(ctx, n.AppID)
	if errors.Is(err, storage.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	uri := app.Registration.BackchannelLogoutURI
	if uri == "" {
		return nil
	}
	token, err := p.newLogoutToken(ctx, app, n)
	if err != nil {
		return err
	}
	return p.post(ctx, uri, "application/x-www-form-urlencoded", []byte(url.Values{"logout_token": {token}}.Encode()))
}

// newLogoutToken signs a logout token as the app's id_tokens are. Each attempt makes its own, because a
// token lives for two minutes.
func (p *Provider) newLogoutToken(ctx context.Context, app *storage.App, n storage.LogoutNotice) (string, error) {
	sign, err := p.keys.signer(p, app.IDTokenAlg)
	if err != nil {
		return "", err
	}
	now := p.now()
	return signJSON(sign.logout, logoutToken{
		Issuer: p.issuer, Subject: p.db.Subject(app, n.UserID), Audience: app.ID, Issued: now.Unix(),
		Expires: now.Add(logoutTokenLife).Unix(), ID: rand.Text(), SID: p.db.SessionName(app, n.SessionID), Events: map[string]struct{}{backchannelURI: {}},
	})
}

// undelivered says why an attempt failed, for the app's developers: nothing of this network is told.
func undelivered(err error) string {
	var timeout net.Error
	text := err.Error()
	switch {
	case errors.As(err, &timeout) && timeout.Timeout(), errors.Is(err, context.DeadlineExceeded):
		return "the backchannel_logout_uri did not answer within 5 seconds"
	case strings.HasPrefix(text, errFetch.Error()+": answered "):
		return "the backchannel_logout_uri " + strings.TrimPrefix(text, errFetch.Error()+": ") + "; 200 or 204 was expected"
	case strings.Contains(text, "that is not public"):
		return "the backchannel_logout_uri is not at a public address"
	case errors.Is(err, errFetch):
		return "the backchannel_logout_uri could not be reached"
	}
	return "the logout token could not be made"
}
