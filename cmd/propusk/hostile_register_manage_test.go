package main

import (
	"database/sql"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/propusk/propusk/storage"
)

// registerManaged: an entry opens to its own token and to nothing else, and gives nothing away but itself.
func registerManaged(t *testing.T) {
	w := newWorld(t, inProduction, registering("open"))
	mine, other := w.registered(), w.registered("redirect_uris", []any{"https://other.example/cb"})
	secret, _ := mine.object["client_secret"].(string)
	rat := strings.TrimPrefix(mine.token[1], "Bearer ")
	pat := w.script(w.office("alice"), "apps.read", "apps.write")
	bearer := func(token string) []string { return []string{"Authorization", "Bearer " + token} }
	faces := map[string]string{}
	for what, at := range map[string]struct {
		path    string
		headers []string
	}{
		"no token": {mine.path, nil}, "another client's": {mine.path, other.token}, "mine at another": {other.path, mine.token}, "mine at a seeded app": {"/connect/register/demo", mine.token}, "an administrator's at a seeded app": {"/connect/register/demo", bearer(pat)},
		"an administrator's": {mine.path, bearer(pat)}, "the secret": {mine.path, bearer(secret)}, "the client_id": {mine.path, bearer(mine.id())}, "empty": {mine.path, bearer("")}, "a hash": {mine.path, bearer(w.app(mine.id()).Registration.TokenHash)},
		"as Basic": {mine.path, []string{"Authorization", basicHeader(mine.id(), secret)}}, "with a blank": {mine.path, bearer(rat[:20] + " " + rat[20:])}, "cut": {mine.path, bearer(rat[:len(rat)-1])}, "longer": {mine.path, bearer(rat + "x")}, "in capitals": {mine.path, bearer(strings.ToUpper(rat))},
		"twice": {mine.path, append(bearer(rat), bearer(rat)...)}, "9 KB": {mine.path, bearer(strings.Repeat("x", 9<<10))}, "in the address": {mine.path + "?access_token=" + rat, nil}, "an unknown client": {"/connect/register/app_dyn_x", mine.token}, "a path behind": {mine.path + "/", mine.token},
		"a path out": {"/connect/register/../register/" + other.id(), mine.token}, "encoded": {"/connect/register/%2e%2e%2f" + mine.id(), mine.token}, "SQL": {"/connect/register/'%20OR%20'1'='1", mine.token}, "NUL": {mine.path + "%00", mine.token},
	} {
		for _, method := range []string{http.MethodGet, http.MethodPut, http.MethodDelete} {
			got := w.sendJSON(method, at.path, plainClient("client_id", other.id()), at.headers...)
			if strings.Contains(at.path, "..") && got.status == http.StatusNotFound {
				continue // no such path
			}
			wantError(t, method+" "+what, got, http.StatusUnauthorized, "invalid_token")
			faces[got.body+got.header.Get("WWW-Authenticate")] = method + " " + what
		}
	}
	if len(faces) != 2 { // a malformed header is told from a token that does not fit
		t.Errorf("refusals tell what was wrong: %v", faces)
	}
	registerReplaced(t, w, mine, other)
}

// registerReplaced: an update says whose it is, keeps what is not the client's to change, and finds out no secret.
func registerReplaced(t *testing.T, w *world, mine, other entry) {
	t.Helper()
	put := func(changes ...any) *reply {
		w.t.Helper()
		return w.sendJSON(http.MethodPut, mine.path, plainClient(append([]any{"client_id", mine.id()}, changes...)...), mine.token...)
	}
	before := w.app(mine.id()).UpdatedAt
	for name, values := range map[string][]any{
		"client_id": {nil, other.id(), demoApp.id, strings.ToUpper(mine.id()), 7, []any{mine.id()}}, "client_secret": {"guess", "", 7, []any{"x"}, other.object["client_secret"], mine.id()},
		"registration_access_token": {"x", mine.token[1]}, "registration_client_uri": {w.issuer + mine.path}, "client_id_issued_at": {1}, "client_secret_expires_at": {0}, "redirect_uris": {[]any{"javascript:x"}, []any{}, nil},
	} {
		for _, value := range values {
			got := put(name, value)
			if got.status != http.StatusBadRequest || strings.Contains(got.body, "propusk_") {
				t.Errorf("PUT with %s %v: got %d %s", name, value, got.status, got.body)
			}
		}
	}
	for i := range 100 {
		got := put("client_secret", fmt.Sprint("guess-", i))
		wantError(t, "a guess", got, http.StatusBadRequest, "invalid_client_metadata")
	}
	if !w.app(mine.id()).UpdatedAt.Equal(before) {
		t.Error("a refused update has changed something")
	}
	w.changeApp(mine.id(), func(a *storage.App) { a.Trusted, a.SkipConsent = true, true })
	if got := put("redirect_uris", []any{"https://elsewhere.example/cb"}, "trusted", true); got.status != http.StatusOK || w.app(mine.id()).Trusted || w.app(mine.id()).SkipConsent {
		t.Errorf("what was vouched for stands though the app is another: %d %s", got.status, got.body)
	}
	read := w.sendJSON(http.MethodGet, mine.path, "", mine.token...)
	if read.status != http.StatusOK || read.text("client_secret") != "" || read.header.Get("Cache-Control") != "no-store" {
		t.Errorf("read: %d %s", read.status, read.body)
	}
	for _, method := range []string{http.MethodPost, http.MethodPatch, http.MethodHead} {
		if got := w.sendJSON(method, mine.path, "{}", mine.token...); got.status != http.StatusMethodNotAllowed {
			t.Errorf("%s: got %d", method, got.status)
		}
	}
	gone := w.sendJSON(http.MethodDelete, mine.path, "", mine.token...)
	for _, method := range []string{http.MethodGet, http.MethodPut, http.MethodDelete} {
		wantError(t, "after DELETE", w.sendJSON(method, mine.path, plainClient("client_id", mine.id()), mine.token...), http.StatusUnauthorized, "invalid_token")
	}
	a := party{id: mine.id(), secret: fmt.Sprint(mine.object["client_secret"]), redirect: "https://elsewhere.example/cb", scope: "openid"}
	wantPage(t, "a deleted app asks", w.get(authorizePath(a.asking())), http.StatusBadRequest)
	if gone.status != http.StatusNoContent || w.sendJSON(http.MethodGet, other.path, "", other.token...).status != http.StatusOK {
		t.Errorf("DELETE: %d", gone.status)
	}
}

// registerSectors: nobody learns the subjects of another sector, nor has propusk look into its own network.
func registerSectors(t *testing.T) {
	evil, s := newTrap(t), newSite(t)
	w := newWorld(t, inProduction, registering("open"), s.reached)
	rows := map[string]any{}
	for _, uri := range append(append(evil.insideAddresses(), evil.foreignAddresses()...), "http://127.0.0.1:"+evil.port+"/", "http://localhost:"+evil.port+"/") {
		rows["sector at "+uri] = plainClient("sector_identifier_uri", uri)
		rows["pairwise sector at "+uri] = plainClient("sector_identifier_uri", uri, "subject_type", "pairwise")
	}
	rows["two hosts"] = plainClient("subject_type", "pairwise", "redirect_uris", []any{"https://new.example/cb", "https://other.example/cb"})
	rows["no host"] = object{"subject_type": "pairwise", "application_type": "native", "redirect_uris": []any{"com.example.app:/cb"}}
	rows["another's host, and devices"] = plainClient("subject_type", "pairwise", "redirect_uris", []any{"https://victim.example/cb"}, "grant_types", []any{"authorization_code", storage.GrantDeviceCode})
	rows["devices alone"] = object{"subject_type": "pairwise", "client_name": "TV", "grant_types": []any{storage.GrantDeviceCode}}
	w.wantNoEntry(rows)
	evil.wantNobody(t)
	listed := func(uris ...any) string { return string(toJSON(t, append([]any{}, uris...))) }
	pairwise := plainClient("sector_identifier_uri", s.at("/sector"), "subject_type", "pairwise", "redirect_uris", []any{"https://new.example/cb", "https://new.example/two"})
	for what, answer := range map[string]http.HandlerFunc{
		"nothing listed": text(listed()), "only one": text(listed("https://new.example/cb")), "with a slash": text(listed("https://new.example/cb/", "https://new.example/two")), "in capitals": text(listed("HTTPS://new.example/cb", "https://new.example/two")),
		"a prefix": text(listed("https://new.example/")), "null": text("null"), "an object": text(`{"redirect_uris":["https://new.example/cb","https://new.example/two"]}`), "a text": text(`"https://new.example/cb"`), "nested": text(listed([]any{"https://new.example/cb", "https://new.example/two"})),
		"HTML": text("<html>"), "empty": text(""), "two documents": text(listed("https://new.example/cb", "https://new.example/two") + "[]"), "deep": text(strings.Repeat("[", 20000) + strings.Repeat("]", 20000)), "65 KB": text(listed("https://new.example/cb", "https://new.example/two") + strings.Repeat(" ", 65<<10)),
		"endless": endlessAnswer, "a redirect": leadingTo(s.at("/list")), "a redirect to the attacker": leadingTo(evil.at("/")), "404": withStatus(http.StatusNotFound, listed("https://new.example/cb", "https://new.example/two")), "cut off": cutOff, "a bomb": bomb(listed("https://new.example/cb", "https://new.example/two")),
	} {
		s.answers(answer)
		w.wantNoEntry(map[string]any{"sector list: " + what: pairwise})
	}
	evil.wantNobody(t)
	s.answers(text(listed("https://new.example/cb", "https://new.example/two", "https://third.example/cb")))
	made := w.registered("sector_identifier_uri", s.at("/sector"), "subject_type", "pairwise", "redirect_uris", []any{"https://new.example/cb", "https://new.example/two"})
	// What is not on the list does not come in later.
	got := w.sendJSON(http.MethodPut, made.path, with(pairwise, "client_id", made.id(), "redirect_uris", []any{"https://evil.example/cb"}), made.token...)
	wantError(t, "a redirect URI that is not listed, later", got, http.StatusBadRequest, "invalid_client_metadata")
	alone := w.registered("subject_type", "pairwise", "redirect_uris", []any{"https://victim.example/cb"})
	got = w.sendJSON(http.MethodPut, alone.path, plainClient("client_id", alone.id(), "subject_type", "pairwise", "redirect_uris", []any{"https://evil.example/cb"}), alone.token...)
	if sector := w.app(alone.id()).Registration.Sector; got.status != http.StatusOK || sector != "evil.example" {
		t.Errorf("the sector of another is kept with one's own address: %d, sector %q", got.status, sector)
	}
}

// registerGrowth: registration is closed, or for administrators, or bounded: by address, in total, and in time.
func registerGrowth(t *testing.T) {
	closed := newWorld(t, inProduction)
	for _, path := range []string{"/connect/register", "/connect/register/demo"} {
		if got := closed.sendJSON(http.MethodPost, path, plainClient()); got.status != http.StatusNotFound {
			t.Errorf("closed: %s answers %d", path, got.status)
		}
	}
	registerByToken(t)
	w := newWorld(t, inProduction, registering("open"))
	status := map[int]int{}
	for i := range 120 {
		got := w.sendJSON(http.MethodPost, "/connect/register", plainClient(), "X-Forwarded-For", fmt.Sprintf("192.0.2.%d", i), "Forwarded", fmt.Sprintf("for=192.0.2.%d", i))
		status[got.status]++
		if got.status == http.StatusTooManyRequests && got.header.Get("Retry-After") == "" {
			t.Error("429 without Retry-After")
		}
	}
	if status[http.StatusCreated] != 100 || status[http.StatusTooManyRequests] != 20 {
		t.Errorf("120 registrations from one address in a minute: %v", status)
	}
	w.clock.Advance(time.Minute)
	rows := w.stored()
	for what, r := range map[string]*http.Request{
		"a form of another site": w.request(http.MethodPost, "/connect/register", "redirect_uris=https://new.example/cb", "Origin", "https://evil.example"),
		"JSON as plain text":     w.request(http.MethodPost, "/connect/register", string(toJSON(t, plainClient())), "Content-Type", "text/plain", "Origin", "https://evil.example"),
	} {
		r.Header["Content-Type"] = r.Header["Content-Type"][len(r.Header["Content-Type"])-1:]
		got := w.send(r)
		wantError(t, what, got, http.StatusBadRequest, "invalid_client_metadata")
		if got.header.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%s: may be read by scripts of other sites", what)
		}
	}
	wantError(t, "64 KB and more", w.enrol(plainClient("x", strings.Repeat("x", 64<<10))), http.StatusRequestEntityTooLarge, "invalid_client_metadata")
	w.wantUnchanged("refused registrations", rows)
	w.fillRegistry()
	full := w.enrol(plainClient())
	wantError(t, "5000 apps", full, http.StatusTooManyRequests, "temporarily_unavailable")
	w.meddle(`DELETE FROM apps WHERE id LIKE 'app_dyn_copy%'`)
	w.clock.Advance(25 * time.Hour)
	_, err := w.db.Sweep(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if n := w.stored()["apps"]; n > 10 {
		t.Errorf("%d apps are left that nobody has used for a day", n)
	}
	w.registered()
}

// registerByToken: only an administrator's token of the API lets a client in, and its person answers for it.
func registerByToken(t *testing.T) {
	t.Helper()
	w := newWorld(t, registering("token"))
	admin, partial := w.office("alice"), w.office("bob")
	all := w.login(w.person("alice"), demoApp)
	before := w.stored()["apps"]
	for what, token := range map[string]string{
		"an access token": all.access, "a refresh token": all.refresh, "an id_token": all.id, "made up": storage.CheckedSecret(storage.PersonalTokenPrefix), "that only reads": w.script(admin, "apps.read"), "of bob": w.script(partial, "apps.read"),
	} {
		got := w.enrol(plainClient(), "Authorization", "Bearer "+token)
		if got.status != http.StatusUnauthorized && got.status != http.StatusForbidden {
			t.Errorf("with a token %s: got %d %s", what, got.status, got.body)
		}
	}
	wantError(t, "without a token", w.enrol(plainClient()), http.StatusUnauthorized, "invalid_request")
	if n := w.stored()["apps"]; n != before {
		t.Errorf("%d apps were made", n-before)
	}
	got := w.enrol(plainClient(), "Authorization", "Bearer "+w.script(admin, "apps.write"))
	if got.status != http.StatusCreated || w.app(got.text("client_id")).OwnerID() != w.userID("alice") {
		t.Errorf("an administrator's: %d %s", got.status, got.body)
	}
}

// fillRegistry copies an app that registered itself until there is no room for more.
func (w *world) fillRegistry() {
	w.t.Helper()
	like := w.registered()
	beside := w.connect()
	columns := columnsOf(w.t, beside, "apps")
	values := strings.Join(columns, ", ")
	w.meddle(`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000)
		INSERT INTO apps (id, `+values+`) SELECT 'app_dyn_copy' || n.i, `+values+` FROM apps, n WHERE id = $1`, like.id())
}

// columnsOf lists the columns of a table but its id.
func columnsOf(t testing.TB, beside *sql.DB, table string) []string {
	t.Helper()
	rows, err := beside.Query(`SELECT name FROM pragma_table_info($1) WHERE name <> 'id'`, table)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var names []string
	for rows.Next() {
		var name string
		err = rows.Scan(&name)
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, name)
	}
	return names
}
