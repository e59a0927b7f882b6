package storage_test

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/propusk/propusk/storage"
	"github.com/propusk/propusk/storage/storagetest"
)

func TestSeal(t *testing.T) {
	db := storagetest.New(t)
	plain := []byte("what nobody else may read")
	sealed := db.Seal("code", plain)
	got, err := db.Unseal("code", sealed)
	if err != nil || !bytes.Equal(got, plain) {
		t.Fatalf("got %q, %v", got, err)
	}
	if again := db.Seal("code", plain); again == sealed {
		t.Error("sealing twice gives the same text")
	}
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	refused := map[string]string{
		"empty": "", "appended": sealed + "A", "line break": sealed + "\n", "break inside": sealed[:8] + "\r\n" + sealed[8:],
		"padding": sealed + "=", "noise": "!!!!", "long": strings.Repeat("A", 200_000),
	}
	for i := range len(sealed) {
		refused["cut at "+sealed[:i]] = sealed[:i]
		other := alphabet[(strings.IndexByte(alphabet, sealed[i])+1)%len(alphabet)]
		refused["changed behind "+sealed[:i]] = sealed[:i] + string(other) + sealed[i+1:]
	}
	for name, text := range refused {
		_, err := db.Unseal("code", text)
		if !errors.Is(err, storage.ErrSealed) {
			t.Errorf("%.40s: got %v, want %v", name, err, storage.ErrSealed)
		}
	}
	for purpose, text := range map[string]string{"request": sealed, "cod": sealed, "code ": sealed} {
		_, err := db.Unseal(purpose, text)
		if !errors.Is(err, storage.ErrSealed) {
			t.Errorf("purpose %q: got %v", purpose, err)
		}
	}
	allocations := testing.AllocsPerRun(200, func() { db.Seal("code", plain) })
	if allocations > 6 {
		t.Errorf("sealing allocates %.0f times", allocations)
	}
}

func TestMAC(t *testing.T) {
	db := storagetest.New(t)
	mac, key, err := db.MAC("", "grant", "a", "bc")
	if err != nil || len(mac) != 32 || key == "" {
		t.Fatalf("got %d bytes, key %q, %v", len(mac), key, err)
	}
	same, _, err := db.MAC(key, "grant", "a", "bc")
	if err != nil || !bytes.Equal(mac, same) {
		t.Errorf("the same again: got %x, %v, want %x", same, err, mac)
	}
	for _, other := range [][]string{{"grant", "ab", "c"}, {"grant", "abc"}, {"grant", "a", "bc", ""}, {"granta", "bc"}, {"grant", "A", "bc"}} {
		got, _, err := db.MAC("", other[0], other[1:]...)
		if err != nil || bytes.Equal(mac, got) {
			t.Errorf("%q: the same MAC, or %v", other, err)
		}
	}
	_, _, err = db.MAC("unknown", "grant", "a")
	if !errors.Is(err, storage.ErrSealed) {
		t.Errorf("unknown key: got %v", err)
	}
	if len(db.Hash("a", "b")) != 43 || db.Hash("a", "b") != db.Hash("a", "b") || db.Hash("a", "b") == db.Hash("ab", "") {
		t.Error("the keyed hash is not what it should be")
	}
}

func TestMasterKeyFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "master.key")
	key, err := storage.CreateMasterKey(path)
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("got mode %v, %v", info.Mode(), err)
	}
	loaded, err := storage.LoadMasterKey(path)
	if err != nil || !bytes.Equal(loaded, key) {
		t.Errorf("loaded another key, or %v", err)
	}
	if _, err = storage.CreateMasterKey(path); !errors.Is(err, fs.ErrExist) {
		t.Errorf("created twice: got %v", err)
	}
	link := filepath.Join(dir, "link")
	os.Symlink(path, link)
	if _, err = storage.LoadMasterKey(link); !errors.Is(err, storage.ErrMode) {
		t.Errorf("symbolic link: got %v", err)
	}
	dangling := filepath.Join(dir, "dangling")
	os.Symlink(filepath.Join(dir, "target"), dangling)
	if _, err = storage.CreateMasterKey(dangling); !errors.Is(err, fs.ErrExist) {
		t.Errorf("dangling link: got %v", err)
	}
	for name, text := range map[string]string{"empty": "", "short": "abc", "long": storage.FormatMasterKey(key) + "AAAA", "noise": "not a key"} {
		bad := filepath.Join(dir, name)
		os.WriteFile(bad, []byte(text), 0o600)
		_, err = storage.LoadMasterKey(bad)
		if !errors.Is(err, storage.ErrMasterKey) || (text != "" && strings.Contains(err.Error(), text)) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	os.Chmod(path, 0o644)
	if _, err = storage.LoadMasterKey(path); !errors.Is(err, storage.ErrMode) {
		t.Errorf("readable by others: got %v", err)
	}
	if _, err = storage.LoadMasterKey(filepath.Join(dir, "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("missing: got %v", err)
	}
	entries, _ := os.ReadDir(dir)
	for _, e := range entries {
		if strings.Contains(e.Name(), ".new-") {
			t.Errorf("%s was left behind", e.Name())
		}
	}
}

func TestCheckedSecret(t *testing.T) {
	seen := map[string]bool{}
	for range 200 {
		s := storage.CheckedSecret("propusk_key_")
		if len(s) != len("propusk_key_")+43+6 || !storage.ValidChecksum(s) || seen[s] {
			t.Fatalf("got a secret of %d characters, valid %t, seen %t", len(s), storage.ValidChecksum(s), seen[s])
		}
		seen[s] = true
		if bad := "x" + s[1:]; storage.ValidChecksum(bad) {
			t.Error("a changed secret has a valid checksum")
		}
	}
	for _, bad := range []string{"", "short", "propusk_key_", "demo-secret"} {
		if storage.ValidChecksum(bad) {
			t.Errorf("%q has a valid checksum", bad)
		}
	}
}

// TestNoSecretInFiles is HC-056: the clear text of what the database was given is in none of its files,
// nor in a backup.
func TestNoSecretInFiles(t *testing.T) {
	config := storagetest.Config(t, true)
	db, err := storage.Open(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	ctx := t.Context()
	u, err := db.CreateUser(ctx, storage.Command, storage.NewUser{Login: "witness", Password: "an unusual password"})
	if err != nil {
		t.Fatal(err)
	}
	_, cookie, err := db.StartSession(ctx, storage.NewSession{UserID: u.ID})
	if err != nil {
		t.Fatal(err)
	}
	_, made, err := db.CreateApp(ctx, storage.Command, storage.NewApp{App: storage.App{Name: "x"}})
	if err != nil {
		t.Fatal(err)
	}
	_, second, err := db.AddAppKey(ctx, storage.Command, "demo", "x", storagetest.Start.AddDate(10, 0, 0))
	if err != nil {
		t.Fatal(err)
	}
	err = db.PutCode(ctx, "a-code-in-the-clear", db.Seal("code", []byte("what the code holds")), storagetest.Start)
	if err != nil {
		t.Fatal(err)
	}
	copied := filepath.Join(t.TempDir(), "backup.db")
	if err = db.Backup(ctx, copied); err != nil {
		t.Fatal(err)
	}
	secrets := map[string]string{
		"password": "an unusual password", "cookie": cookie, "app key": made[20:], "second key": second[20:],
		"chosen secret": "demo-secret", "code": "a-code-in-the-clear", "content": "what the code holds", "master key": string(config.MasterKey),
	}
	searched := 0
	for _, path := range []string{file(config), file(config) + "-wal", copied} {
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		searched += len(content)
		for name, secret := range secrets {
			if bytes.Contains(content, []byte(secret)) {
				t.Errorf("the %s is in %s", name, filepath.Base(path))
			}
		}
	}
	if searched < 100_000 || !bytes.Contains(mustRead(t, copied), []byte("witness")) {
		t.Errorf("the search over %d bytes found not even a name", searched)
	}
}

func mustRead(t *testing.T, path string) []byte {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return content
}
