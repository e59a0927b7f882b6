package storage

import (
	"context"
	"errors"
	"fmt"
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

// tokenApp reads an app for which the user may make tokens. One that does not exist and one that is not
// for that user are refused alike.
func (t *tx) tokenApp(u *User, id string) (*App, error) {
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

// TokenApps lists the enabled apps for which the user may make tokens, by name, 200 at most; their scopes
// for that are [TokenScopes].
func (db *DB) TokenApps(ctx context.Context, userID string) ([]*App, error) {
	ids, err := readAll(ctx, db, scanText, `SELECT id FROM apps
		WHERE enabled AND grant_types LIKE $1
		  AND (delegated OR EXISTS (SELECT 1 FROM app_developers d WHERE d.app_id = apps.id AND d.user_id = $2))
		ORDER BY name_key, id LIMIT $3`, likePattern(`"`+GrantPersonal+`"`), userID, tokenAppsMax)
	if err != nil {
		return nil, err
	}
	list := make([]*App, 0, len(ids))
	for _, id := range ids {
		app, err := db.App(ctx, id)
		switch {
		case errors.Is(err, ErrNotFound): // deleted since
		case err != nil:
			return nil, fmt.Errorf("apps that give tokens: %w", err)
		case app.givesTokens(userID):
			list = append(list, app)
		}
	}
	return list, nil
}
