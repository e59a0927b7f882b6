package storage

import (
	"context"
	"errors"
	"fmt"
	"slices"
)

// tokenAppsMax bounds the apps offered on the page that makes tokens.
const tokenAppsMax = 200

// TokenScopes returns the scopes of an app that people may put into tokens made by hand: those assigned to
// it but openid, because such a token comes from no sign-in, and offline_access, because it has its own end.
func TokenScopes(app *App) []string {
	var list []string
	for _, s := range app.Scopes {
		if s.Name != ScopeOpenID && s.Name != ScopeOffline {
			list = append(list, s.Name)
		}
	}
	return list
}

// givesTokens tells whether the user may have tokens of the app made by hand.
func (a *App) givesTokens(userID string) bool {
	return a.Enabled && a.Allows(GrantPersonal) && (a.Delegated || a.Role(userID) != "")
}

// appForTokens reads an app for which the user may make tokens. One that does not exist and one that is not
// for that user are refused alike.
func (t *tx) appForTokens(u *User, id string) (*App, error) {
	refused := &Invalid{Field: "app", Reason: "token_app", Value: clip(id, clientIDMax)}
	app, err := t.app(id)
	switch {
	case errors.Is(err, ErrNotFound):
		return nil, refused
	case err != nil:
		return nil, err
	case !app.givesTokens(u.ID):
		return nil, refused
	}
	return app, nil
}

// tokenApp is an enabled app with the grant type.
type tokenApp struct {
	id        string
	delegated bool
}

func scanTokenApp(row scanner) (tokenApp, error) {
	var a tokenApp
	err := row.Scan(&a.id, &a.delegated)
	return a, err
}

// tokenApps returns the enabled apps with the grant type by name (cached, shared): few of many, so the
// table is read once for everybody.
func (db *DB) tokenApps(ctx context.Context) ([]tokenApp, error) {
	return listOf(db, "token_apps", func() ([]tokenApp, error) {
		return readAll(ctx, db, scanTokenApp, `SELECT id, delegated FROM apps WHERE enabled AND grant_types LIKE $1 ESCAPE '!'
			ORDER BY name_key, id`, likePattern(`"`+GrantPersonal+`"`))
	})
}

// TokenApps lists the enabled apps for which the user may make tokens, by name, 200 at most; their scopes
// for that are [TokenScopes].
func (db *DB) TokenApps(ctx context.Context, userID string) ([]*App, error) {
	known, err := db.tokenApps(ctx)
	if err != nil {
		return nil, fmt.Errorf("apps that give tokens: %w", err)
	}
	roles, err := readAll(ctx, db, scanText, `SELECT app_id FROM app_developers WHERE user_id = $1`, userID)
	if err != nil {
		return nil, fmt.Errorf("apps that give tokens: %w", err)
	}
	var list []*App
	for _, a := range known {
		if !a.delegated && !slices.Contains(roles, a.id) {
			continue
		}
		app, err := db.App(ctx, a.id)
		switch {
		case errors.Is(err, ErrNotFound): // deleted since
		case err != nil:
			return nil, fmt.Errorf("apps that give tokens: %w", err)
		case app.givesTokens(userID):
			list = append(list, app)
		}
		if len(list) == tokenAppsMax {
			break
		}
	}
	return list, nil
}
