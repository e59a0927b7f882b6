package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/propusk/propusk/storage"
	"github.com/propusk/propusk/storage/storagetest"
)

// conformanceWorld is what conformance serve runs, with a clock that stands still.
func conformanceWorld(t *testing.T, dir, suite string, change ...func(*serverConfig)) *world {
	t.Helper()
	w := &world{t: t, clock: storagetest.NewClock(), issuer: defaultConformanceIssuer, dir: dir, log: &worldLog{}}
	conf := serverConfig{issuer: w.issuer, now: w.clock.Now, log: w.logger(), register: suiteRegistration(suite, nil)}
	for _, f := range change {
		f(&conf)
	}
	var err error
	w.db, err = openConformance(t.Context(), dir, conf, suite)
	if err != nil {
		t.Fatal(err)
	}
	w.server, err = newServer(conf, w.db)
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w.addr = listener.Addr().String()
	w.http = worldRoute{addr: w.addr, transport: &http.Transport{}}
	served := make(chan error, 1)
	go func() { served <- w.server.http.Serve(listener) }()
	t.Cleanup(func() {
		w.http.transport.CloseIdleConnections()
		_ = w.server.http.Close()
		<-served
		err := w.db.Close()
		if err != nil {
			t.Error(err)
		}
	})
	return w
}

// TestConformanceServe: people and apps are those the suite knows, PKCE is not asked for, the pages are
// those of production, and userinfo has every standard claim.
func TestConformanceServe(t *testing.T) {
	w := conformanceWorld(t, t.TempDir(), "https://elsewhere.test")
	app := party{"conf-basic-1", "conf-basic-1-secret-0123456789abcdef", "https://elsewhere.test/test/a/ourop/callback",
		"openid profile email address phone"}
	for _, login := range []string{"alice", "bob"} {
		p := w.person(login)
		p.tick = strings.Fields(app.scope)
		_, page := p.open(authorizePath(app.asking("code_challenge", "", "code_challenge_method", "")))
		if strings.Contains(page.body, "carol") || strings.Contains(page.body, `name="username" value=`) {
			t.Errorf("the sign-in page names people:\n%s", clipLog(page.body))
		}
		code := p.code(app, "code_challenge", "", "code_challenge_method", "")
		form := app.redeeming(code, "code_verifier", "", "client_id", "", "client_secret", "")
		got := w.granted(w.token(form, "Authorization", app.basic()))
		var claims map[string]any
		info := w.userinfo(got.access)
		err := json.Unmarshal([]byte(info.body), &claims)
		if err != nil {
			t.Fatalf("userinfo: %d %s", info.status, info.body)
		}
		for _, name := range []string{"sub", "name", "given_name", "family_name", "middle_name", "nickname", "preferred_username",
			"profile", "picture", "website", "gender", "birthdate", "zoneinfo", "locale", "updated_at", "email", "email_verified",
			"address", "phone_number", "phone_number_verified"} {
			if claims[name] == nil || claims[name] == "" {
				t.Errorf("%s has no %s", login, name)
			}
		}
	}
	people, _, err := w.db.Users(t.Context(), storage.UserFilter{})
	if err != nil {
		t.Fatal(err)
	}
	var logins []string
	for _, u := range people {
		logins = append(logins, u.Login)
	}
	if diff := cmp.Diff(logins, []string{"alice", "bob"}); diff != "" {
		t.Errorf("people (-got +want):\n%s", diff)
	}
}

// TestConformanceServeAgain: a directory that is used again keeps its people and keys, and its apps
// follow the suite.
func TestConformanceServeAgain(t *testing.T) {
	dir := t.TempDir()
	conf := serverConfig{issuer: defaultConformanceIssuer, now: time.Now, log: newLogger(&bytes.Buffer{}, 0)}
	var kids []string
	for _, suite := range []string{defaultSuite, "https://moved.test"} {
		db, err := openConformance(t.Context(), dir, conf, suite)
		if err != nil {
			t.Fatal(err)
		}
		app, err := db.App(t.Context(), "conf-bcl-1")
		if err != nil {
			t.Fatal(err)
		}
		want := []string{suite + "/test/a/ourop-bcl/callback", suite + "/test/a/ourop-bcl/post_logout_redirect"}
		if diff := cmp.Diff(append(slices.Clone(app.RedirectURIs), app.PostLogoutURIs...), want); diff != "" {
			t.Errorf("URIs (-got +want):\n%s", diff)
		}
		keys, _, err := db.SigningKeys(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		kids = append(kids, keys[0].ID)
		err = db.Close()
		if err != nil {
			t.Fatal(err)
		}
		err = rotateIn(dir)(t.Context())
		if err != nil {
			t.Fatal(err)
		}
	}
	if kids[0] != kids[1] {
		t.Errorf("another oldest key after the second start: %v", kids)
	}
	db, err := openConformance(t.Context(), dir, conf, defaultSuite)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	keys, _, err := db.SigningKeys(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	rsa := 0
	for _, k := range keys {
		if k.Alg == "RS256" {
			rsa++
		}
	}
	if rsa != 3 {
		t.Errorf("two rotations: got %d RS256 keys, want 3", rsa)
	}
	err = rotateIn(t.TempDir())(t.Context())
	if err == nil || !strings.Contains(err.Error(), "no database in") {
		t.Errorf("rotation in an empty directory: got %v", err)
	}
}

// TestConformanceApps: every static client is an app or cannot authenticate yet, and asks for nothing
// that the app does not get, but for what is listed here. A feature that is built takes its name off.
func TestConformanceApps(t *testing.T) {
	apps, err := conformanceApps(defaultSuite)
	if err != nil {
		t.Fatal(err)
	}
	var clients []map[string]any
	err = json.Unmarshal(conformanceClients, &clients)
	if err != nil {
		t.Fatal(err)
	}
	var left []string
	for _, client := range clients {
		id := client["client_id"].(string)
		at := slices.IndexFunc(apps, func(a storage.NewApp) bool { return a.ID == id })
		if at < 0 {
			left = append(left, id+" "+client["token_endpoint_auth_method"].(string))
			continue
		}
		app := apps[at]
		if !app.WithoutPKCE || app.Secret != client["client_secret"] || len(app.RedirectURIs) != 1 || len(app.Scopes) != 6 {
			t.Errorf("%s: got %+v", id, app)
		}
		for _, grant := range client["grant_types"].([]any) {
			if !slices.Contains(app.GrantTypes, grant.(string)) {
				left = append(left, id+" "+grant.(string))
			}
		}
		for _, field := range []string{"backchannel_logout_uri", "frontchannel_logout_uri"} {
			if client[field] != nil {
				left = append(left, id+" "+field)
			}
		}
	}
	want := []string{
		"conf-basic-1 implicit", "conf-basic-2 implicit", "conf-post-1 implicit",
		"conf-bcl-1 backchannel_logout_uri", "conf-fcl-1 frontchannel_logout_uri",
		"conf-fapi-sp-1 private_key_jwt", "conf-fapi-sp-2 private_key_jwt",
		"conf-fapi-ms-1 private_key_jwt", "conf-fapi-ms-2 private_key_jwt",
	}
	if diff := cmp.Diff(left, want); diff != "" {
		t.Errorf("left out (-got +want):\n%s", diff)
	}
}

// TestConformanceCertificate: the self-made certificate is good for the issuer's host and nothing else.
func TestConformanceCertificate(t *testing.T) {
	for _, c := range []struct{ host, as string }{{"op.test", "op.test"}, {"127.0.0.1", "127.0.0.1"}} {
		made, err := makeCertificate(c.host, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		leaf, err := x509.ParseCertificate(made.current.Load().Certificate[0])
		if err != nil {
			t.Fatal(err)
		}
		pool := x509.NewCertPool()
		pool.AddCert(leaf)
		_, err = leaf.Verify(x509.VerifyOptions{DNSName: c.as, Roots: pool})
		if err != nil {
			t.Errorf("%s: %v", c.host, err)
		}
		err = leaf.VerifyHostname("other.test")
		if err == nil {
			t.Errorf("%s: good for another host", c.host)
		}
		server, client := net.Pipe()
		go func() { _ = tls.Server(server, made.config()).HandshakeContext(context.Background()) }()
		err = tls.Client(client, &tls.Config{RootCAs: pool, ServerName: c.as}).HandshakeContext(t.Context())
		if err != nil {
			t.Errorf("%s: handshake: %v", c.host, err)
		}
		_ = client.Close()
	}
}

// TestConformanceListen: everybody knows the passwords, so only this machine and private networks.
func TestConformanceListen(t *testing.T) {
	for address, good := range map[string]bool{
		"127.0.0.1:9443": true, "[::1]:9443": true, "localhost:0": true, "172.17.0.1:9443": true, "10.1.2.3:1": true,
		"[fd00::1]:9443": true, "0.0.0.0:9443": false, "[::]:9443": false, ":9443": false, "8.8.8.8:9443": false,
		"9443": false, "op.test:9443": false, "127.0.0.1": false, "": false,
	} {
		err := checkConformanceListen(address)
		if (err == nil) != good {
			t.Errorf("%q: got %v, want allowed %v", address, err, good)
		}
	}
}
