package storage_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/propusk/propusk/storage"
	"github.com/propusk/propusk/storage/storagetest"
)

// openTwice opens one file as a server and as a command beside it.
func openTwice(t *testing.T) (server, command *storage.DB) {
	t.Helper()
	config := storagetest.Config(t, true)
	var open [2]*storage.DB
	for i := range open {
		db, err := storage.Open(t.Context(), config)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			err := db.Close()
			if err != nil {
				t.Error(err)
			}
		})
		open[i] = db
	}
	return open[0], open[1]
}

// soon asks until the answer is yes; the caches of an idle process follow another within 250 ms.
func soon(t *testing.T, what string, yes func() bool) {
	t.Helper()
	for range 300 {
		if yes() {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Errorf("%s: not noticed", what)
}

func TestOtherProcess(t *testing.T) {
	server, command := openTwice(t)
	ctx := t.Context()
	bob, err := server.UserByName(ctx, "bob")
	if err != nil {
		t.Fatal(err)
	}
	_, secret, err := server.StartSession(ctx, storage.NewSession{UserID: bob.ID})
	if err != nil {
		t.Fatal(err)
	}
	demo, err := server.App(ctx, "demo")
	if err != nil || !server.CheckAppSecret(demo, "demo-secret") {
		t.Fatalf("demo: %v", err)
	}
	version := server.KeysVersion()
	if _, err = server.Scopes(ctx); err != nil {
		t.Fatal(err)
	}

	if err = command.SetUserDisabled(ctx, storage.Command, bob.ID, true); err != nil {
		t.Fatal(err)
	}
	soon(t, "disabled user", func() bool {
		_, _, err := server.SessionBySecret(ctx, secret)
		return errors.Is(err, storage.ErrNotFound)
	})
	if _, err = command.RotateAppSecret(ctx, storage.Command, "demo"); err != nil {
		t.Fatal(err)
	}
	soon(t, "rotated secret", func() bool {
		demo, err := server.App(ctx, "demo")
		return err == nil && !server.CheckAppSecret(demo, "demo-secret")
	})
	if _, err = command.RotateKeys(ctx, storage.Command, "ES256", true); err != nil {
		t.Fatal(err)
	}
	soon(t, "rotated key", func() bool {
		keys, _, err := server.SigningKeys(ctx)
		return err == nil && len(keys) == len(storage.SigningAlgs)+1 && server.KeysVersion() != version
	})
	// A write of its own shows the other's changes at once, without waiting for the clock.
	if err = command.SetUserDisabled(ctx, storage.Command, bob.ID, false); err != nil {
		t.Fatal(err)
	}
	if err = server.Audit(ctx, storage.AuditEntry{Action: "test.write"}); err != nil {
		t.Fatal(err)
	}
	if bob, err = server.User(ctx, bob.ID); err != nil || bob.Disabled() {
		t.Errorf("after a write: got %+v, %v", bob, err)
	}
}

// TestRedeemTwoProcesses is EXP-09: of many processes one redeems a code.
func TestRedeemTwoProcesses(t *testing.T) {
	server, command := openTwice(t)
	ctx := t.Context()
	alice, err := server.UserByName(ctx, "alice")
	if err != nil {
		t.Fatal(err)
	}
	session, _, err := server.StartSession(ctx, storage.NewSession{UserID: alice.ID})
	if err != nil {
		t.Fatal(err)
	}
	err = server.Decide(ctx, storage.Actor{Kind: storage.ActorUser, ID: alice.ID}, "demo", []storage.Consent{{Scope: "openid", Granted: true}})
	if err != nil {
		t.Fatal(err)
	}
	const codes = 40
	redeemed := make(chan string, 4*codes)
	var wait sync.WaitGroup
	for range codes {
		g := &storage.Grant{ID: storage.NewID(), UserID: alice.ID, AppID: "demo", SessionID: session.ID,
			Scopes: []string{"openid"}, AuthTime: session.AuthTime, EndsAt: time.Now().Add(time.Hour)}
		for _, db := range []*storage.DB{server, command, server, command} {
			wait.Go(func() {
				outcome, err := db.RedeemCode(ctx, g, false)
				if err != nil {
					t.Error(err)
				}
				if outcome == storage.Redeemed {
					redeemed <- g.ID
				}
			})
		}
	}
	wait.Wait()
	close(redeemed)
	winners := map[string]int{}
	for id := range redeemed {
		winners[id]++
	}
	if len(winners) != codes {
		t.Errorf("got %d codes redeemed, want %d", len(winners), codes)
	}
	for id, count := range winners {
		if count != 1 {
			t.Errorf("code %s was redeemed %d times", id, count)
		}
	}
}

// TestSnapshots is the model of a power cut: copies of database and log taken under writes open whole,
// with everything acknowledged before the copy began.
func TestSnapshots(t *testing.T) {
	config := storagetest.Config(t, false)
	db, err := storage.Open(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	stop := make(chan struct{})
	acknowledged := make(chan int, 1)
	go func() {
		count := 0
		for {
			select {
			case <-stop:
				acknowledged <- count
				return
			default:
			}
			if db.Audit(t.Context(), entry(count)) == nil {
				count++
			}
		}
	}()
	for i := range 5 {
		time.Sleep(20 * time.Millisecond)
		before := written(t, db)
		copied := config
		copied.Dir = filepath.Join(t.TempDir(), fmt.Sprint(i))
		if err = os.Mkdir(copied.Dir, 0o700); err != nil {
			t.Fatal(err)
		}
		// The writer stands still while the files are read, as after a power cut.
		release := db.Block(t.Context())
		for _, suffix := range []string{"", "-wal"} {
			err = os.WriteFile(file(copied)+suffix, mustRead(t, file(config)+suffix), 0o600)
			if err != nil {
				t.Fatal(err)
			}
		}
		release()
		again, err := storage.Open(t.Context(), copied)
		if err != nil {
			t.Fatalf("copy %d: %v", i, err)
		}
		if got := written(t, again); got < before {
			t.Errorf("copy %d: got %d rows, want the %d acknowledged before", i, got, before)
		}
		if result, err := again.Pragma(t.Context(), "integrity_check"); err != nil || result != "ok" {
			t.Errorf("copy %d: %s, %v", i, result, err)
		}
		if err = again.Close(); err != nil {
			t.Error(err)
		}
	}
	close(stop)
	want := <-acknowledged
	if got := written(t, db); got != want {
		t.Errorf("got %d rows, want the %d acknowledged", got, want)
	}
}
