package storage

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// passRows bounds what is read for one person's list of apps.
const passRows = 5000

// passGrants sums up a person's grants by app. Ended ones count for the last use alone.
const passGrants = `SELECT app_id, min(created_at), max(used_at), sum(standing) FROM (
		SELECT app_id, created_at, CASE WHEN refreshed_at > created_at THEN refreshed_at ELSE created_at END AS used_at,
			CASE WHEN revoked_at = 0 AND ends_at > $2 AND (offline OR EXISTS (SELECT 1 FROM sessions s
				WHERE s.id = grants.session_id AND s.ended_at = 0 AND s.expires_at > $2 AND s.seen_at > $3)) THEN 1 ELSE 0 END AS standing
		FROM grants WHERE user_id = $1 ORDER BY app_id LIMIT $4
	) AS g GROUP BY app_id`

// passConsents are a person's decisions for an app that stand.
const passConsents = `SELECT app_id, scope, offline, until, decided_at FROM consents
	WHERE user_id = $1 AND granted AND (until = 0 OR until > $2) ORDER BY app_id, scope LIMIT $3`

type appGrants struct {
	appID       string
	since, used int64
	tokens      int
}

func scanAppGrants(row scanner) (appGrants, error) {
	var g appGrants
	err := row.Scan(&g.appID, &g.since, &g.used, &g.tokens)
	return g, err
}

type appConsent struct {
	appID, scope   string
	offline        bool
	until, decided int64
}

func scanAppConsent(row scanner) (appConsent, error) {
	var c appConsent
	err := row.Scan(&c.appID, &c.scope, &c.offline, &c.until, &c.decided)
	return c, err
}

// Passes lists the apps with access to the user's account, by name: those with scopes the person granted
// and those with a grant that stands. Apps that are disabled are among them.
func (db *DB) Passes(ctx context.Context, userID string) ([]Pass, error) {
	now := db.now()
	consents, err := readAll(ctx, db, scanAppConsent, passConsents, userID, millis(now), passRows)
	if err != nil {
		return nil, fmt.Errorf("passes: %w", err)
	}
	grants, err := readAll(ctx, db, scanAppGrants, passGrants, userID, millis(now), millis(now.Add(-SessionIdle)), passRows)
	if err != nil {
		return nil, fmt.Errorf("passes: %w", err)
	}
	byApp := map[string]*Pass{}
	pass := func(appID string) *Pass {
		if byApp[appID] == nil {
			byApp[appID] = &Pass{}
		}
		return byApp[appID]
	}
	for _, c := range consents {
		p := pass(c.appID)
		p.Scopes = append(p.Scopes, c.scope)
		p.Since = earlier(p.Since, instant(c.decided))
		if c.offline && c.scope != ScopeOffline {
			p.Away = append(p.Away, c.scope)
		}
		if c.scope == ScopeOffline {
			p.Offline, p.Until = true, instant(c.until)
		}
	}
	for _, g := range grants {
		if g.tokens == 0 && byApp[g.appID] == nil {
			continue
		}
		p := pass(g.appID)
		p.Tokens, p.LastUsedAt = g.tokens, instant(g.used)
		if p.Since.IsZero() {
			p.Since = instant(g.since)
		}
	}
	return db.passList(ctx, byApp)
}

// passList puts the apps to their passes and sorts them.
func (db *DB) passList(ctx context.Context, byApp map[string]*Pass) ([]Pass, error) {
	list := make([]Pass, 0, len(byApp))
	for id, p := range byApp {
		app, err := db.App(ctx, id)
		if errors.Is(err, ErrNotFound) { // deleted since
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("passes: %w", err)
		}
		p.App = app
		p.Away = slices.DeleteFunc(p.Away, func(name string) bool {
			s, _ := app.Scope(name)
			return !p.Offline || !s.Offline
		})
		list = append(list, *p)
	}
	slices.SortFunc(list, func(a, b Pass) int {
		byName := strings.Compare(Fold(a.App.Name), Fold(b.App.Name))
		if byName != 0 {
			return byName
		}
		return strings.Compare(a.App.ID, b.App.ID)
	})
	return list, nil
}

// earlier returns the earlier of two times; the zero time is none.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || b.Before(a) {
		return b
	}
	return a
}
