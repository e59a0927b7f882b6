package storage_test

import (
	"testing"
	"time"

	"github.com/propusk/propusk/storage"
	"github.com/propusk/propusk/storage/storagetest"
)

// BenchmarkOpen is what readiness with an existing database costs here.
func BenchmarkOpen(b *testing.B) {
	config := storagetest.Config(b, true)
	for b.Loop() {
		db, err := storage.Open(b.Context(), config)
		if err != nil {
			b.Fatal(err)
		}
		_, _, err = db.SigningKeys(b.Context())
		if err != nil {
			b.Fatal(err)
		}
		b.StopTimer()
		err = db.Close()
		if err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
	}
}

// BenchmarkRedeem is the one durable write of a login, by eight callers at once.
func BenchmarkRedeem(b *testing.B) {
	db := storagetest.Seeded(b)
	alice, err := db.UserByName(b.Context(), "alice")
	if err != nil {
		b.Fatal(err)
	}
	s, _, err := db.StartSession(b.Context(), storage.NewSession{UserID: alice.ID})
	if err != nil {
		b.Fatal(err)
	}
	scopes := []string{"openid", "profile", "email", "extern.api"}
	var consents []storage.Consent
	for _, scope := range scopes {
		consents = append(consents, storage.Consent{Scope: scope, Granted: true})
	}
	err = db.Decide(b.Context(), storage.Actor{Kind: storage.ActorUser, ID: alice.ID}, "demo", consents)
	if err != nil {
		b.Fatal(err)
	}
	before, _ := db.Commits()
	b.SetParallelism(4)
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			g := &storage.Grant{ID: storage.NewID(), UserID: alice.ID, AppID: "demo", SessionID: s.ID, Scopes: scopes,
				AuthTime: s.AuthTime, ACR: "1", EndsAt: time.Now().Add(time.Hour)}
			outcome, err := db.RedeemCode(b.Context(), g, false)
			if err != nil || outcome != storage.Redeemed {
				b.Errorf("got %d, %v", outcome, err)
				return
			}
		}
	})
	after, _ := db.Commits()
	b.ReportMetric(float64(b.N)/float64(after-before), "jobs/commit")
}

// BenchmarkLiveGrant is what each use of a token asks.
func BenchmarkLiveGrant(b *testing.B) {
	db := storagetest.Seeded(b)
	alice, err := db.UserByName(b.Context(), "alice")
	if err != nil {
		b.Fatal(err)
	}
	s, _, err := db.StartSession(b.Context(), storage.NewSession{UserID: alice.ID})
	if err != nil {
		b.Fatal(err)
	}
	err = db.Decide(b.Context(), storage.Actor{Kind: storage.ActorUser, ID: alice.ID}, "demo", []storage.Consent{{Scope: "openid", Granted: true}})
	if err != nil {
		b.Fatal(err)
	}
	g := &storage.Grant{ID: storage.NewID(), UserID: alice.ID, AppID: "demo", SessionID: s.ID, Scopes: []string{"openid"},
		AuthTime: s.AuthTime, ACR: "1", EndsAt: time.Now().Add(time.Hour)}
	_, err = db.RedeemCode(b.Context(), g, false)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		_, _, _, err := db.LiveGrant(b.Context(), g.ID)
		if err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkSeal seals and opens what a code holds.
func BenchmarkSeal(b *testing.B) {
	db := storagetest.New(b)
	plain := make([]byte, 250)
	b.ReportAllocs()
	for b.Loop() {
		_, err := db.Unseal("code", db.Seal("code", plain))
		if err != nil {
			b.Fatal(err)
		}
	}
}
