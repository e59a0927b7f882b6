package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humachi"

	"github.com/propusk/propusk/login/page"
	"github.com/propusk/propusk/storage"
)

// bearerMax bounds a token, in bytes: self-contained ones are far smaller.
const bearerMax = 8 << 10

// realm names the API in challenges (RFC 9110 §11.5).
const realm = "propusk"

// actorKey is where the request's context keeps who asks.
type actorKey struct{}

// actorOf returns who asks.
func actorOf(ctx context.Context) storage.Actor {
	by, _ := ctx.Value(actorKey{}).(storage.Actor)
	return by
}

// bearer finds out who is behind the token of the Authorization header (RFC 6750 §2.1), the only place one
// is looked for, and refuses what its scopes do not reach.
func (a *API) bearer(ctx huma.Context, next func(huma.Context)) {
	r, _ := humachi.Unwrap(ctx)
	token, given := bearerToken(r.Header)
	if !given {
		// RFC 6750 §3.1: whoever showed nothing is told nothing but the scheme.
		a.challenge(ctx, http.StatusUnauthorized, "", "", "send a token: Authorization: Bearer …")
		return
	}
	need := scopeOf(ctx.Operation())
	by, err := a.actor(ctx.Context(), token)
	by.Address = page.PeerText(r)
	switch {
	case errors.Is(err, storage.ErrForbidden):
		a.challenge(ctx, http.StatusForbidden, "insufficient_scope", need, "this token is not for this API")
		return
	case errors.Is(err, storage.ErrRevoked), errors.Is(err, storage.ErrNotFound), errors.Is(err, storage.ErrSealed):
		a.challenge(ctx, http.StatusUnauthorized, "invalid_token", "", "the token is unknown, has expired or was revoked")
		return
	case err != nil:
		a.refuse(ctx, a.problem(ctx.Context(), err))
		return
	case by.Kind != storage.ActorUser || by.ID == "" || by.Access == "":
		a.challenge(ctx, http.StatusUnauthorized, "invalid_token", "", "no person stands behind this token")
		return
	case by.Scoped && !slices.Contains(by.Scopes, need):
		a.record(ctx.Context(), by, "token.use", need, "insufficient_scope")
		a.challenge(ctx, http.StatusForbidden, "insufficient_scope", need, "the token needs the scope "+need)
		return
	}
	next(huma.WithValue(ctx, actorKey{}, by))
}

// bearerToken returns the token of a request. Something other than one well-formed bearer token counts as
// none, except that a malformed one is passed on, to be unknown.
func bearerToken(h http.Header) (string, bool) {
	values := h.Values("Authorization")
	if len(values) != 1 {
		return "", false
	}
	scheme, token, _ := strings.Cut(values[0], " ")
	token = strings.TrimSpace(token)
	if !strings.EqualFold(scheme, "Bearer") || token == "" || len(token) > bearerMax {
		return "", false
	}
	return token, true
}

// scopeOf is the scope an operation needs, as its description says.
func scopeOf(op *huma.Operation) string {
	for _, need := range op.Security {
		for _, scope := range need[schemeName] {
			return scope
		}
	}
	return ""
}

// challenge answers by RFC 6750 §3.
func (a *API) challenge(ctx huma.Context, status int, code, scope, detail string) {
	text := fmt.Sprintf("Bearer realm=%q", realm)
	if code != "" {
		text += fmt.Sprintf(", error=%q, error_description=%q", code, detail)
	}
	if scope != "" {
		text += fmt.Sprintf(", scope=%q", scope)
	}
	ctx.SetHeader("WWW-Authenticate", text)
	a.refuse(ctx, newProblem(status, detail))
}
