package main

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/propusk/propusk/storage"
)

// hostileSearch lives through a day in the life of the secrets, then looks for each of them wherever
// propusk has written something.
func hostileSearch(t *testing.T) {
	w := newWorld(t)
	secrets := map[string][]byte{}
	know := func(name, value string) {
		t.Helper()
		if len(value) < 8 {
			t.Fatalf("%s: %q is too short to look for", name, value)
		}
		secrets[name] = []byte(value)
	}
	pages := w.secretDay(know)
	w.knowKeys(know)

	// What was written before may have been folded into the file: the log of writes gets a needle of its own.
	err := w.db.Audit(context.Background(), storage.AuditEntry{Actor: storage.Command, Action: "user.update", Detail: "needleperson"})
	if err != nil {
		t.Fatal(err)
	}
	hay := map[string][]byte{"log": []byte(w.log.String()), "error pages": []byte(strings.Join(pages, "\n"))}
	maps.Copy(hay, w.files())
	delete(hay, masterKeyName) // the one place for the master key, beside the database
	backup := filepath.Join(t.TempDir(), "backup.db")
	err = w.db.Backup(context.Background(), backup)
	if err != nil {
		t.Fatal(err)
	}
	hay["backup"], err = os.ReadFile(backup)
	if err != nil {
		t.Fatal(err)
	}
	// The search itself must find something in each place.
	for place, text := range map[string]string{
		"log": "/connect/token", "error pages": "invalid_client", "backup": "needleperson", "propusk.db": "alice@example.com",
		"propusk.db-wal": "needleperson",
	} {
		if !bytes.Contains(hay[place], []byte(text)) {
			t.Errorf("%s does not hold %q: the search proves nothing", place, text)
		}
	}
	for _, place := range slices.Sorted(maps.Keys(hay)) {
		for _, name := range slices.Sorted(maps.Keys(secrets)) {
			// A hint is made to travel in URLs, and a page repeats its own for the other language.
			at := bytes.Index(hay[place], secrets[name])
			if at >= 0 && !(place == "error pages" && strings.HasSuffix(name, "id_token")) {
				t.Errorf("%s stands in %s at byte %d: %q", name, place, at, hay[place][max(0, at-120):at])
			}
		}
	}
}

// secretDay signs in, redeems, refreshes, fails in every way and returns the bodies of the failures.
func (w *world) secretDay(know func(name, value string)) (pages []string) {
	w.t.Helper()
	const password = "needle password of a person"
	user, err := w.db.CreateUser(context.Background(), storage.System, storage.NewUser{
		Login: "needleperson", Password: "needle first password", Access: storage.Partial,
	})
	if err != nil {
		w.t.Fatal(err)
	}
	know("first password", "needle first password")
	err = w.db.SetPassword(context.Background(), storage.System, user.ID, password)
	if err != nil {
		w.t.Fatal(err)
	}
	know("password", password)
	made := w.addJWTApp()
	know("made client secret", made.secret)
	code, out, talk := w.command("needle chosen secret\n", "app", "add", "Chosen", "--id", "chosen", "--secret-stdin",
		"--redirect", "https://chosen.example/cb", "--auth-method", "client_secret_post")
	if code != 0 || strings.Contains(out+talk, "needle chosen secret") {
		w.t.Fatalf("app add: %d %s%s", code, out, talk)
	}
	know("chosen client secret", "needle chosen secret")
	chosen := party{id: "chosen", secret: "needle chosen secret", redirect: "https://chosen.example/cb", scope: "openid profile email offline_access"}

	p := w.person("needleperson")
	p.password = password
	p.tick = []string{"offline_access"}
	for _, app := range []party{made, chosen} {
		pages = append(pages, w.secretFlow(p, app, know)...)
	}
	know("session cookie", p.cookie("session"))
	wrong := w.person("needleperson")
	wrong.password = "needle wrong password"
	know("wrong password", wrong.password)
	pages = append(pages, wrong.walk(authorizePath(chosen.asking())).body)
	pages = append(pages, w.secretOffice(p, chosen, know)...)
	know("request cookie", wrong.cookie("propusk_r_"))
	know("verifier", verifier)
	return pages
}

// secretOffice makes every secret that propusk's own pages, the API, devices and commands know, and has
// each of them refused somewhere.
func (w *world) secretOffice(p *person, app party, know func(name, value string)) (pages []string) {
	w.t.Helper()
	fail := func(what string, got *reply) {
		w.t.Helper()
		if got.status < 400 {
			w.t.Errorf("%s: got %d, want a refusal", what, got.status)
		}
		pages = append(pages, got.body)
	}
	w.developer(app.id, p.login, storage.RoleDeveloper)
	w.changeApp(app.id, func(a *storage.App) {
		a.GrantTypes = append(a.GrantTypes, storage.GrantDeviceCode, storage.GrantPersonal)
	})
	script := w.script(p, storage.ScopeAppsRead, storage.ScopeAppsWrite, storage.ScopeMeRead)
	ofApp := w.scriptFor(p, app.id, "profile")
	code, commanded, talk := w.command("", "token", "create", "--user", p.login, "--name", "ci", "--scope", "me.read")
	if code != 0 || !patPattern.MatchString(commanded) || strings.Contains(talk, strings.TrimSpace(commanded)) {
		w.t.Fatalf("token create: %d %s", code, talk)
	}
	key := w.must("key", w.call(script, http.MethodPost, "/apps/"+app.id+"/keys", `{"label":"needle"}`), http.StatusCreated).text("client_secret")
	link, _, err := w.db.CreateLink(context.Background(), storage.Command, w.userID("carol"), storage.LinkRecover)
	if err != nil {
		w.t.Fatal(err)
	}
	device := w.device(app, "openid")
	p.approve(device)
	used := w.granted(w.poll(device))
	for name, value := range map[string]string{
		"personal token": script, "personal token of an app": ofApp, "personal token of a command": strings.TrimSpace(commanded),
		"app key": key, "link": link, "device code": device.device, "user code": device.user, "access token of a device": used.access, "csrf token": p.token(),
	} {
		know(name, value)
	}
	fail("a personal token elsewhere", w.userinfo(script+"x"))
	fail("a personal token of an app at the API", w.call(ofApp, http.MethodGet, "/me", ""))
	fail("a personal token in the address", w.get("/api/v1/me?access_token="+script))
	fail("what a token may not", w.call(script, http.MethodPatch, "/me", `{"name":"x"}`))
	fail("a key as an id", w.call(script, http.MethodDelete, "/apps/"+app.id+"/keys/none", ""))
	fail("a password in a body that is wrong", w.call(script, http.MethodPost, "/users", `{"login":1,"password":"needle password of a person"}`))
	fail("a device code twice", w.token(device.polling()))
	fail("a user code that is over", w.post("/device", url.Values{"user_code": {device.user}}))
	fail("a link with a wrong form", w.post("/welcome", url.Values{"link": {link}, "password": {"needle wrong password"}}))
	p.get("/device?user_code=" + device.user)
	w.get("/welcome?link=" + link)
	return pages
}

// secretFlow is one login with everything that can go wrong around it.
func (w *world) secretFlow(p *person, app party, know func(name, value string)) (pages []string) {
	w.t.Helper()
	fail := func(got *reply) {
		w.t.Helper()
		if got.status < 400 {
			w.t.Errorf("got %d, want a refusal: %s", got.status, got.body)
		}
		pages = append(pages, got.body)
	}
	long := strings.Repeat("n", 500) // makes a code that is kept as a row
	unused, kept, used := p.code(app), p.code(app, "nonce", long), p.code(app)
	know(app.id+": code", used)
	know(app.id+": unused code", unused)
	know(app.id+": long code", kept)
	first := w.granted(w.token(app.redeeming(kept)))
	second := w.refresh(app, first.refresh)
	for name, value := range map[string]string{
		"access token": first.access, "refresh token": first.refresh, "id_token": first.id,
		"second access token": second.access, "second refresh token": second.refresh,
	} {
		know(app.id+": "+name, value)
	}
	w.granted(w.token(app.redeeming(used)))
	fail(w.token(app.redeeming(used)))
	fail(w.token(app.redeeming(unused, "redirect_uri", "https://evil.example/")))
	fail(w.token(app.redeeming(unused, "client_secret", app.secret+"x")))
	fail(w.token(app.redeeming(unused), "Authorization", app.basic()))
	fail(w.token(app.refreshing(second.refresh + "x")))
	fail(w.post("/connect/token?client_secret="+url.QueryEscape(app.secret), app.redeeming(unused)))
	fail(w.get("/connect/token?" + app.redeeming(unused).Encode()))
	fail(w.userinfo(first.access + "x"))
	fail(w.get("/connect/userinfo?access_token=" + url.QueryEscape(first.access)))
	evil := app.asking("redirect_uri", "https://evil.example/", "id_token_hint", first.id)
	evil.Set("client_secret", app.secret)
	evil.Set("code", unused)
	fail(p.get(authorizePath(evil)))
	fail(w.get("/connect/endsession?id_token_hint=" + first.id + "&post_logout_redirect_uri=https%3A%2F%2Fevil.example%2F"))
	fail(p.post("/login", url.Values{"username": {p.login}, "password": {p.password}, "csrf": {"forged"}, "request": {"none"}}))
	revoked := w.post("/connect/revocation", app.signed(url.Values{"token": {second.access}}))
	if revoked.status != http.StatusOK {
		w.t.Errorf("revocation: %d %s", revoked.status, revoked.body)
	}
	return pages
}

// knowKeys adds the private keys in every form somebody might have written them, and the master key.
func (w *world) knowKeys(know func(name, value string)) {
	w.t.Helper()
	keys, _, err := w.db.SigningKeys(context.Background())
	if err != nil || len(keys) != len(storage.SigningAlgs) {
		w.t.Fatalf("%d signing keys: %v", len(keys), err)
	}
	raw := map[string][]byte{"master key": w.key}
	for _, k := range keys {
		der, err := x509.MarshalPKCS8PrivateKey(k.Private)
		if err != nil {
			w.t.Fatal(err)
		}
		raw[k.Alg+" key as PKCS 8"] = der
		switch private := k.Private.(type) {
		case *rsa.PrivateKey:
			raw[k.Alg+" exponent"], raw[k.Alg+" prime"] = private.D.Bytes(), private.Primes[0].Bytes()
		case *ecdsa.PrivateKey:
			raw[k.Alg+" scalar"], err = private.Bytes()
		case ed25519.PrivateKey:
			raw[k.Alg+" seed"] = private.Seed()
		default:
			w.t.Errorf("key of type %T", private)
		}
		if err != nil {
			w.t.Fatal(err)
		}
	}
	for name, secret := range raw {
		know(name, string(secret))
		know(name+" in base64url", base64.RawURLEncoding.EncodeToString(secret))
		know(name+" in base64", base64.StdEncoding.EncodeToString(secret))
		know(name+" in hexadecimal", hex.EncodeToString(secret))
	}
}
