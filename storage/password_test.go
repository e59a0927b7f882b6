package storage_test

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"testing"

	"golang.org/x/crypto/argon2"

	"github.com/propusk/propusk/storage"
	"github.com/propusk/propusk/storage/storagetest"
)

func TestPasswordRules(t *testing.T) {
	for _, c := range []struct {
		name, password, want string
	}{
		{"good", "correct horse", ""},
		{"eight characters", "ключ-дом", ""},
		{"not trimmed", "  spaces  ", ""},
		{"longest", strings.Repeat("a", 255) + "b", ""},
		{"short", "1234567", "password_short"},
		{"short in characters", "пароль", "password_short"},
		{"too long", strings.Repeat("ы", 129), "password_long"},
		{"the login", "ALEXANDRA.N", "password_login"},
		{"the e-mail", "Alexandra@example.com", "password_login"},
		{"common", "password", "password_common"},
		{"common, other case", "PassWord1", "password_common"},
		{"common in Russian", "Йцукенгш", "password_common"},
		{"broken UTF-8", "abcdefgh\xff", "password_characters"},
		{"NUL", "abcdefgh\x00", "password_characters"},
	} {
		got := ""
		var invalid *storage.Invalid
		err := storage.CheckNewPassword("alexandra.n", "alexandra@example.com", c.password)
		if errors.As(err, &invalid) {
			got = invalid.Reason
		}
		if got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
		if invalid != nil && invalid.Value != "" {
			t.Errorf("%s: the error repeats the password", c.name)
		}
	}
}

func TestStoredHash(t *testing.T) {
	salt := base64.RawStdEncoding.EncodeToString(make([]byte, 16))
	key := base64.RawStdEncoding.EncodeToString(make([]byte, 32))
	for name, c := range map[string]struct {
		text string
		want bool
	}{
		"today's":      {"$argon2id$v=19$m=19456,t=2,p=1$" + salt + "$" + key, true},
		"four GiB":     {"$argon2id$v=19$m=4194304,t=2,p=1$" + salt + "$" + key, false},
		"many rounds":  {"$argon2id$v=19$m=19456,t=1000,p=1$" + salt + "$" + key, false},
		"many threads": {"$argon2id$v=19$m=19456,t=2,p=200$" + salt + "$" + key, false},
		"overflow":     {"$argon2id$v=19$m=99999999999999999999,t=2,p=1$" + salt + "$" + key, false},
		"no rounds":    {"$argon2id$v=19$m=19456,t=0,p=1$" + salt + "$" + key, false},
		"short key":    {"$argon2id$v=19$m=19456,t=2,p=1$" + salt + "$AAAA", false},
		"no salt":      {"$argon2id$v=19$m=19456,t=2,p=1$$" + key, false},
		"argon2i":      {"$argon2i$v=19$m=19456,t=2,p=1$" + salt + "$" + key, false},
		"empty":        {"", false},
		"clear text":   {"alice", false},
	} {
		if got := storage.ParsesHash(c.text); got != c.want {
			t.Errorf("%s: got %t, want %t", name, got, c.want)
		}
	}
}

func TestRehash(t *testing.T) {
	db := storagetest.Seeded(t)
	alice, err := db.UserByName(t.Context(), "alice")
	if err != nil {
		t.Fatal(err)
	}
	salt := []byte("0123456789abcdef")
	weak := fmt.Sprintf("$argon2id$v=19$m=64,t=1,p=1$%s$%s", base64.RawStdEncoding.EncodeToString(salt),
		base64.RawStdEncoding.EncodeToString(argon2.IDKey([]byte("alice"), salt, 1, 64, 1, 32)))
	old := storage.SetPasswordHash(alice, weak)
	if ok, rehash := db.CheckPassword(old, "alice"); !ok || !rehash {
		t.Errorf("old parameters: got %t, rehash %t, want both", ok, rehash)
	}
	if ok, rehash := db.CheckPassword(old, "wrong"); ok || rehash {
		t.Errorf("old parameters, wrong password: got %t, rehash %t", ok, rehash)
	}
	if err = db.RehashPassword(t.Context(), old, "hijacked"); err != nil { // the row has another hash
		t.Fatal(err)
	}
	if err = db.RehashPassword(t.Context(), alice, "alice"); err != nil {
		t.Fatal(err)
	}
	again, err := db.User(t.Context(), alice.ID)
	if err != nil {
		t.Fatal(err)
	}
	if ok, rehash := db.CheckPassword(again, "alice"); !ok || rehash || again == alice {
		t.Errorf("after rehashing: got %t, rehash %t", ok, rehash)
	}
}

func TestFold(t *testing.T) {
	for in, want := range map[string]string{
		" Alice ": "alice", "ＡＬＩＣＥ": "alice", "Straße": "strasse", "STRASSE": "strasse", "Ёлка": "ёлка", "ЕЛКА": "елка",
		"ﬁle": "file", "İ": "i̇", "": "", "a\u0308": "ä", "Ä": "ä", "\u00a0x\u00a0": "x",
	} {
		got := storage.Fold(in)
		if got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
		if again := storage.Fold(got); again != got {
			t.Errorf("%q: folding twice gives %q, then %q", in, got, again)
		}
	}
}

func TestIDs(t *testing.T) {
	last := ""
	for i := range 1000 {
		id := storage.NewTimeID(storagetest.Start.AddDate(0, 0, i))
		if len(id) != 26 || id <= last || len(storage.NewID()) != 26 || storage.NewID() == storage.NewID() {
			t.Fatalf("got %q after %q", id, last)
		}
		last = id
	}
}
