package provider

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/propusk/propusk/storage"
)

// scopeClaims adds the claims the scopes yield (OpenID Connect Core §5.4; our own scopes say their own).
func (p *Provider) scopeClaims(ctx context.Context, scopes []string, names map[string]bool) error {
	for _, name := range scopes {
		s, err := p.db.Scope(ctx, name)
		if errors.Is(err, storage.ErrNotFound) {
			continue
		}
		if err != nil {
			return err
		}
		for _, claim := range s.Claims {
			names[claim] = true
		}
	}
	return nil
}

// askedClaims adds the claims the claims parameter asks for, where the person has consented to a scope
// that yields them: asking by claim opens no door that asking by scope does not.
//
// given are the scopes of the token: one that was narrowed yields no claim of the scopes it lost. Once the
// session has ended only what is for offline use counts.
func (p *Provider) askedClaims(ctx context.Context, app *storage.App, g *storage.Grant, given []string, asked map[string]*storage.ClaimRequest, names map[string]bool) error {
	consents, err := p.db.Consents(ctx, g.UserID, g.AppID)
	if err != nil {
		return err
	}
	scopes, err := p.db.Scopes(ctx)
	if err != nil {
		return err
	}
	for _, s := range scopes {
		consented := slices.ContainsFunc(consents, func(c storage.Consent) bool { return c.Scope == s.Name && c.Granted })
		implied := consented && !slices.Contains(g.Scopes, s.Name)
		if implied && g.SessionEnded {
			assigned, _ := app.Scope(s.Name)
			implied = away(assigned, consents)
		}
		if !implied && !slices.Contains(given, s.Name) {
			continue
		}
		for _, claim := range s.Claims {
			if _, ok := asked[claim]; ok {
				names[claim] = true
			}
		}
	}
	return nil
}

func locales(c *storage.Claims) []string {
	if c == nil {
		return nil
	}
	return c.Locales
}

// userClaims returns the named claims the person has, each of its standard type, in the first of the
// wanted languages they exist in (OpenID Connect Core §5.1, §5.2). What is empty is left out.
func userClaims(u *storage.User, names map[string]bool, wanted []string) map[string]any {
	claims := make(map[string]any, len(names))
	for name := range names {
		value := userClaim(u, name)
		for _, locale := range wanted {
			base, _, _ := strings.Cut(locale, "-")
			if v, ok := u.Claims[name+"#"+locale]; ok {
				value = v
				break
			}
			if v, ok := u.Claims[name+"#"+base]; ok {
				value = v
				break
			}
		}
		if value != nil && value != "" {
			claims[name] = value
		}
	}
	return claims
}

func userClaim(u *storage.User, name string) any {
	switch name {
	case "name":
		return u.Name
	case "email":
		return u.Email
	case "email_verified":
		if u.Email == "" {
			return nil
		}
		return u.EmailVerified
	case "updated_at":
		return u.UpdatedAt.Unix()
	case "preferred_username":
		if v, ok := u.Claims[name]; ok {
			return v
		}
		return u.Login
	case "phone_number_verified":
		if _, ok := u.Claims["phone_number"]; !ok {
			return nil
		}
		verified, _ := u.Claims[name].(bool)
		return verified
	}
	return u.Claims[name]
}
