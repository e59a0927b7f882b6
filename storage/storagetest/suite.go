package storagetest

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/propusk/propusk/storage"
)

// suite is every behaviour both databases have.
var suite = []struct {
	name string
	test func(*testing.T, *world)
}{
	{"people/names", testNames},
	{"people/changes", testUserChanges},
	{"people/pages", testUserPages},
	{"people/password", testPassword},
	{"apps/defaults", testAppDefaults},
	{"apps/secrets", testAppSecrets},
	{"apps/update", testAppUpdate},
	{"apps/registration", testRegistrationKept},
	{"assertions", testAssertions},
	{"apps/foreign", testForeignApp},
	{"apps/roles", testRoles},
	{"apps/rights at use", testRightsAtUse},
	{"apps/trust", testTrust},
	{"apps/trust rules", testTrustRules},
	{"apps/developers", testDevelopers},
	{"apps/many developers", testDevelopersMany},
	{"apps/unowned", testUnowned},
	{"apps/keys", testAppKeys},
	{"apps/key uses", testKeyUses},
	{"apps/lists", testAppLists},
	{"apps/people", testAppPeople},
	{"apps/delete", testAppDelete},
	{"scopes", testScopes},
	{"scopes/changes", testScopeChanges},
	{"sessions/cookie", testSessionCookie},
	{"sessions/expiry", testSessionExpiry},
	{"sessions/replace", testSessionReplace},
	{"sessions/password", testSessionPassword},
	{"consents", testConsents},
	{"redeem/once", testRedeemOnce},
	{"redeem/parallel", testRedeemParallel},
	{"redeem/stale", testRedeemStale},
	{"redeem/expired", testRedeemExpired},
	{"grant/falls", testGrantFalls},
	{"grant/offline", testGrantOffline},
	{"refresh/rotation", testRotation},
	{"refresh/parallel", testRotationParallel},
	{"refresh/limits", testRotationLimits},
	{"tokens/revoked", testRevokedTokens},
	{"codes", testCodes},
	{"keys/rotation", testKeyRotation},
	{"audit", testAudit},
	{"people/filters", testUserFilters},
	{"people/rights", testUserRights},
	{"people/last administrator", testLastAdmin},
	{"people/phone", testPhoneChanged},
	{"people/claims", testClaims},
	{"personal/create", testPersonalCreate},
	{"personal/actors", testPersonalActors},
	{"personal/falls", testPersonalFalls},
	{"personal/app", testPersonalApp},
	{"personal/expired", testPersonalExpired},
	{"personal/remove", testPersonalRemove},
	{"personal/use", testPersonalUse},
	{"personal/many", testPersonalMany},
	{"personal/apps", testTokenApps},
	{"links/invite", testLinkInvite},
	{"links/recover", testLinkRecover},
	{"links/actors", testLinkActors},
	{"links/parallel", testLinkParallel},
	{"account/sessions", testSessionList},
	{"account/passes", testPasses},
	{"account/password", testChangePassword},
	{"audit/filters", testAuditFilters},
	{"audit/each", testAuditEach},
	{"sweep", testSweep},
}

// Run runs the suite: each subtest on a database of its own, opened by open, which must hold the
// contract's people and apps and follow the clock.
func Run(t *testing.T, open func(*testing.T, *Clock) *storage.DB) {
	for _, c := range suite {
		t.Run(c.name, func(t *testing.T) {
			clock := NewClock()
			c.test(t, &world{T: t, db: open(t, clock), clock: clock, ctx: t.Context()})
		})
	}
}

// world is what a test of the suite has.
type world struct {
	*testing.T
	ctx   context.Context
	db    *storage.DB
	clock *Clock
}

// must ends the test on an error.
func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

// user returns a seeded person.
func (w *world) user(login string) *storage.User {
	w.Helper()
	u, err := w.db.UserByName(w.ctx, login)
	w.must(err)
	return u
}

// app returns an app.
func (w *world) app(id string) *storage.App {
	w.Helper()
	a, err := w.db.App(w.ctx, id)
	w.must(err)
	return a
}

// signIn starts a session.
func (w *world) signIn(login string) (*storage.Session, string) {
	w.Helper()
	s, secret, err := w.db.StartSession(w.ctx, storage.NewSession{UserID: w.user(login).ID, ACR: "1", AMR: []string{"pwd"}, Address: "192.0.2.1"})
	w.must(err)
	return s, secret
}

// consent grants scopes to demo.
func (w *world) consent(userID, appID string, scopes ...string) {
	w.Helper()
	var list []storage.Consent
	for _, s := range scopes {
		c := storage.Consent{Scope: s, Granted: true}
		if s == storage.ScopeOffline {
			c.Until = w.clock.Now().Add(storage.OfflineConsent)
		}
		list = append(list, c)
	}
	w.must(w.db.Decide(w.ctx, storage.Actor{Kind: storage.ActorUser, ID: userID}, appID, list))
}

// newGrant is what a code of alice for demo holds, consented and in a session of hers.
func (w *world) newGrant(scopes ...string) *storage.Grant {
	w.Helper()
	s, _ := w.signIn("alice")
	w.consent(s.UserID, "demo", scopes...)
	return &storage.Grant{
		ID: storage.NewID(), UserID: s.UserID, AppID: "demo", SessionID: s.ID, Scopes: scopes,
		Offline:  strings.Contains(strings.Join(scopes, " "), storage.ScopeOffline),
		AuthTime: s.AuthTime, ACR: s.ACR, AMR: s.AMR,
		EndsAt: storage.RefreshEnds(w.app("demo"), w.clock.Now(), time.Time{}),
	}
}

// redeemed is newGrant, redeemed.
func (w *world) redeemed(scopes ...string) *storage.Grant {
	w.Helper()
	g := w.newGrant(scopes...)
	w.redeem(g, storage.Redeemed)
	return g
}

// redeem presents a code and compares the outcome.
func (w *world) redeem(g *storage.Grant, want storage.Redemption) {
	w.Helper()
	got, err := w.db.RedeemCode(w.ctx, g, false)
	w.must(err)
	if got != want {
		w.Fatalf("redemption: got %d, want %d", got, want)
	}
}

// rotate presents a refresh token of demo and compares the outcome.
func (w *world) rotate(id string, gen int64, want storage.Rotation) *storage.Grant {
	w.Helper()
	g, got, err := w.db.RotateRefresh(w.ctx, id, "demo", gen, nil)
	w.must(err)
	if got != want {
		w.Fatalf("rotation of generation %d: got %d, want %d", gen, got, want)
	}
	return g
}

// lives compares whether a grant stands.
func (w *world) lives(id string, want bool) {
	w.Helper()
	_, _, _, err := w.db.LiveGrant(w.ctx, id)
	switch {
	case want && err != nil:
		w.Errorf("live grant: got %v, want it to stand", err)
	case !want && !errors.Is(err, storage.ErrRevoked):
		w.Errorf("live grant: got %v, want %v", err, storage.ErrRevoked)
	}
}

// reason compares the reason of an *Invalid.
func (w *world) reason(err error, want string) {
	w.Helper()
	got := ""
	var invalid *storage.Invalid
	if errors.As(err, &invalid) {
		got = invalid.Reason
	}
	if got != want {
		w.Errorf("reason: got %q (%v), want %q", got, err, want)
	}
}

// category compares a sentinel error.
func (w *world) category(err, want error) {
	w.Helper()
	if !errors.Is(err, want) {
		w.Errorf("error: got %v, want %v", err, want)
	}
}
