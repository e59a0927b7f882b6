package storage_test

import (
	"context"
	"errors"
	"testing"

	"github.com/propusk/propusk/storage"
	"github.com/propusk/propusk/storage/storagetest"
)

// TestNoticesByMethod holds that developers hear of missing keys where a method goes by keys and none of them
// would do.
func TestNoticesByMethod(t *testing.T) {
	db := storagetest.Seeded(t)
	for _, c := range []struct {
		name    string
		methods []string
		want    bool
	}{
		{"by the keys it has", []string{storage.AuthBasic}, false},
		{"by keys or their signature", []string{storage.AuthBasic, storage.AuthSecretJWT}, false},
		{"by the signature of keys that are hashes", []string{storage.AuthSecretJWT}, true},
		{"by its own keys as well", []string{storage.AuthPrivateKeyJWT, storage.AuthSecretJWT}, false},
		{"by its own keys", []string{storage.AuthPrivateKeyJWT}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			app, err := db.UpdateApp(context.Background(), storage.Command, "demo", func(a *storage.App) error {
				a.AuthMethods, a.Registration.JWKSURI = c.methods, "https://demo.example/jwks"
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			got := false
			for _, n := range app.Notices(nil, db.Now()) {
				got = got || n.Kind == storage.NoticeNoKey
			}
			if got != c.want {
				t.Errorf("told that no key works: %v, want %v", got, c.want)
			}
		})
	}
}

// TestReservedIDs holds that no app gets a client_id whose pages nobody could open.
func TestReservedIDs(t *testing.T) {
	db := storagetest.Seeded(t)
	for id, want := range map[string]string{"new": "client_id_reserved", ".": "client_id_reserved", "..": "client_id_reserved", "newer": "", "...": ""} {
		_, _, err := db.CreateApp(context.Background(), storage.Command, storage.NewApp{App: storage.App{ID: id, Name: "N"}})
		var invalid *storage.Invalid
		got := ""
		if errors.As(err, &invalid) {
			got = invalid.Reason
		}
		if got != want || want == "" && err != nil {
			t.Errorf("%q: %v, want reason %q", id, err, want)
		}
	}
}
