package storage

import (
	"context"
	"errors"
	"slices"
	"strings"
)

const scopeColumns = `SELECT name, COALESCE(app_id, ''), title, text, claims, audience, builtin FROM scopes`

func scanScope(row scanner) (*Scope, error) {
	var s Scope
	var title, text, claims string
	err := row.Scan(&s.Name, &s.AppID, &title, &text, &claims, &s.Audience, &s.Builtin)
	if err != nil {
		return nil, err
	}
	return &s, errors.Join(fromJSON(title, &s.Title), fromJSON(text, &s.Text), fromJSON(claims, &s.Claims))
}

// Scopes returns all scopes ordered by name (cached, shared).
func (db *DB) Scopes(ctx context.Context) ([]*Scope, error) {
	return listOf(db, "scopes", func() ([]*Scope, error) {
		return readAll(ctx, db, scanScope, scopeColumns+` ORDER BY name`)
	})
}

// Scope returns one scope (cached, shared) or ErrNotFound.
func (db *DB) Scope(ctx context.Context, name string) (*Scope, error) {
	list, err := db.Scopes(ctx)
	if err != nil {
		return nil, err
	}
	i, ok := slices.BinarySearchFunc(list, name, func(s *Scope, name string) int { return strings.Compare(s.Name, name) })
	if !ok {
		return nil, ErrNotFound
	}
	return list[i], nil
}

// scopeNameMax bounds a name, in bytes.
const scopeNameMax = 100

// checkScope validates a scope. A name is an RFC 6749 §3.3 scope-token. Title and text exist in English
// and Russian, because people of both read the consent page. The API's audience is its own scopes' alone:
// whoever owns a scope may ask about all tokens of its audience.
func checkScope(s *Scope) error {
	switch {
	case s.Name == "" || len(s.Name) > scopeNameMax || !visibleASCII(s.Name) || strings.ContainsAny(s.Name, `"\`):
		return &Invalid{Field: "name", Reason: "scope_name", Value: clip(s.Name, scopeNameMax)}
	case len(s.Audience) > uriMax || !visibleASCII(s.Audience) || s.Audience == APIAudience && !s.Builtin:
		return &Invalid{Field: "audience", Reason: "scope_audience", Value: clip(s.Audience, 200)}
	}
	for _, lang := range []string{"en", "ru"} {
		if title := s.Title[lang]; title == "" || len(title) > 200 || !printable(title) {
			return &Invalid{Field: "title#" + lang, Reason: "scope_title", Value: clip(title, 100)}
		}
		if text := s.Text[lang]; text == "" || len(text) > 1000 || !printable(text) {
			return &Invalid{Field: "text#" + lang, Reason: "scope_text", Value: clip(text, 100)}
		}
	}
	if len(s.Title) > 10 || len(s.Text) > 10 || len(s.Claims) > 50 {
		return &Invalid{Field: "claims", Reason: "scope_claim"}
	}
	for _, claim := range s.Claims {
		if claim == "" || len(claim) > 64 || strings.ContainsFunc(claim, badClaimRune) || slices.Contains(protocolClaims, claim) {
			return &Invalid{Field: "claims", Reason: "scope_claim", Value: clip(claim, 64)}
		}
	}
	return nil
}
