package provider

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/propusk/propusk/storage"
)

func TestPrivateKeyJWT(t *testing.T) {
	for _, alg := range storage.ClientSigningAlgs {
		t.Run(alg, func(t *testing.T) {
			w := newWorld(t)
			key := newClientKey(t, "one", alg)
			w.keyed(newClientKey(t, "other", "ES256"), key)
			for name, claims := range map[string]map[string]any{
				"issuer":         w.assertionClaims(),
				"token endpoint": w.assertionClaims("aud", w.p.issuer+PathToken),
				"list":           w.assertionClaims("aud", []string{w.p.issuer + PathToken, w.p.issuer}),
				"nbf 8 s ahead":  w.assertionClaims("nbf", w.clock.Now().Unix()+8),
				"fraction":       w.assertionClaims("exp", float64(w.clock.Now().Unix())+30.5),
			} {
				if got := w.token(assertionForm(key.sign(t, claims, "typ", "JWT"))); got.status != http.StatusOK {
					t.Errorf("%s: %+v", name, got)
				}
			}
			form := codeForm(w.code(request("demo")))
			form.Set("client_assertion_type", assertionType)
			form.Set("client_assertion", key.sign(t, w.assertionClaims()))
			got := w.token(form)
			if got.status != http.StatusOK || got.IDToken == "" {
				t.Fatalf("code: %+v", got)
			}
			form = assertionForm(key.sign(t, w.assertionClaims()))
			form.Del("grant_type")
			form.Set("token", got.AccessToken)
			if answer := w.object(w.post(PathIntrospect, form)); answer["active"] != true {
				t.Errorf("introspection: %v", answer)
			}
			form.Set("client_assertion", key.sign(t, w.assertionClaims()))
			if rec := w.post(PathRevocation, form); rec.Code != http.StatusOK {
				t.Errorf("revocation: %d %s", rec.Code, rec.Body)
			}
		})
	}
}

// TestHostileAssertions: each is refused as one answer, and none uses up anything.
func TestHostileAssertions(t *testing.T) {
	w := newWorld(t)
	key, stranger := newClientKey(t, "one", "RS256"), clientKey{"one", "RS256", rsaKeys(t)[1]}
	w.keyed(key)
	now := w.clock.Now().Unix()
	good, _ := json.Marshal(w.assertionClaims())
	rows := map[string]string{
		"wrong aud":            key.sign(t, w.assertionClaims("aud", "https://evil.example")),
		"aud with slash":       key.sign(t, w.assertionClaims("aud", w.p.issuer+"/")),
		"aud of another too":   key.sign(t, w.assertionClaims("aud", []string{w.p.issuer, "https://evil.example"})),
		"aud missing":          key.sign(t, w.assertionClaims("aud", nil)),
		"aud number":           key.sign(t, w.assertionClaims("aud", 1)),
		"aud empty list":       key.sign(t, w.assertionClaims("aud", []string{})),
		"sub missing":          key.sign(t, w.assertionClaims("sub", nil)),
		"iss missing":          key.sign(t, w.assertionClaims("iss", nil)),
		"iss of another":       key.sign(t, w.assertionClaims("iss", "plain")),
		"another app's":        key.sign(t, w.assertionClaims("iss", "plain", "sub", "plain")),
		"unknown app's":        key.sign(t, w.assertionClaims("iss", "nobody", "sub", "nobody")),
		"exp missing":          key.sign(t, w.assertionClaims("exp", nil)),
		"exp text":             key.sign(t, w.assertionClaims("exp", "soon")),
		"exp negative":         key.sign(t, w.assertionClaims("exp", -1)),
		"exp huge":             key.sign(t, w.assertionClaims("exp", 1e300)),
		"expired":              key.sign(t, w.assertionClaims("exp", now-300)),
		"exp in two hours":     key.sign(t, w.assertionClaims("exp", now+7200)),
		"nbf ahead":            key.sign(t, w.assertionClaims("nbf", now+60)),
		"iat ahead":            key.sign(t, w.assertionClaims("iat", now+60)),
		"jti missing":          key.sign(t, w.assertionClaims("jti", nil)),
		"jti empty":            key.sign(t, w.assertionClaims("jti", "")),
		"jti number":           key.sign(t, w.assertionClaims("jti", 7)),
		"jti huge":             key.sign(t, w.assertionClaims("jti", strings.Repeat("j", 513))),
		"foreign key, our kid": stranger.sign(t, w.assertionClaims()),
		"unknown kid":          clientKey{"two", "RS256", key.private}.sign(t, w.assertionClaims()),
		"kid as path":          clientKey{"../../one", "RS256", key.private}.sign(t, w.assertionClaims()),
		"jku":                  stranger.sign(t, w.assertionClaims(), "jku", "https://evil.example/keys"),
		"x5u":                  stranger.sign(t, w.assertionClaims(), "x5u", "https://evil.example/cert"),
		"crit":                 key.raw(t, `{"alg":"RS256","kid":"one","crit":["exp"]}`, string(good)),
		"crit b64":             key.raw(t, `{"alg":"RS256","kid":"one","crit":["b64"],"b64":true}`, string(good)),
		"embedded jwk":         stranger.raw(t, `{"alg":"RS256","jwk":`+string(firstKey(t, stranger))+`}`, string(good)),
		"nested":               key.raw(t, `{"alg":"RS256","kid":"one","cty":"JWT"}`, string(good)),
		"zip":                  key.raw(t, `{"alg":"RS256","kid":"one","zip":"DEF"}`, string(good)),
		"typ of access tokens": key.sign(t, w.assertionClaims(), "typ", "at+jwt"),
		"typ of requests":      key.sign(t, w.assertionClaims(), "typ", "oauth-authz-req+jwt"),
		"kid twice":            key.raw(t, `{"alg":"RS256","kid":"one","kid":"one"}`, string(good)),
		"kid number":           key.raw(t, `{"alg":"RS256","kid":1}`, string(good)),
		"alg none":             strings.Join([]string{enc(`{"alg":"none"}`), enc(string(good)), ""}, "."),
		"alg None, signed":     key.raw(t, `{"alg":"None","kid":"one"}`, string(good)),
		"alg missing":          key.raw(t, `{"kid":"one"}`, string(good)),
		"alg RS512":            key.raw(t, `{"alg":"RS512","kid":"one"}`, string(good)),
		"alg PS256 said of RS": key.raw(t, `{"alg":"PS256","kid":"one"}`, string(good)),
		"alg HS256 said of RS": key.raw(t, `{"alg":"HS256","kid":"one"}`, string(good)),
		"claims twice":         key.raw(t, `{"alg":"RS256","kid":"one"}`, `{"sub":"plain",`+string(good)[1:]),
		"null payload":         key.signText(t, "null"),
		"array payload":        key.signText(t, "[]"),
		"empty payload":        key.signText(t, ""),
		"payload with a tail":  key.signText(t, string(good)+"{}"),
		"header huge":          key.sign(t, w.assertionClaims(), "typ", strings.Repeat("x", 2000)),
		"signature cut":        strings.TrimRight(key.sign(t, w.assertionClaims()), "abcdefghijklmnopqrstuvwxyz"+"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-"),
		"payload of another":   swapped(key.sign(t, w.assertionClaims()), key.sign(t, w.assertionClaims("jti", "x"))),
		"five parts":           "a.b.c.d.e",
		"dots":                 "..",
		"empty":                "",
		"JSON serialization":   `{"payload":"","signatures":[]}`,
		"a request object":     key.sign(t, w.objectClaims()),
		"our own access token": w.login0(),
		"secret of the app":    mac([]byte("demo-secret"), `{"alg":"HS256"}`, string(good)),
		"empty secret":         mac(nil, `{"alg":"HS256"}`, string(good)),
	}
	for form, secret := range key.publicForms(t) {
		rows["public key as a MAC's secret, "+form] = mac(secret, `{"alg":"HS256","kid":"one"}`, string(good))
	}
	for name, assertion := range rows {
		got := w.token(assertionForm(assertion))
		if got.status != http.StatusUnauthorized || got.Error != errInvalidClient {
			t.Errorf("%s: %d %s %s", name, got.status, got.Error, got.Description)
		}
	}
	huge := key.sign(t, w.assertionClaims("pad", strings.Repeat("x", 9000)))
	if got := w.token(assertionForm(huge)); got.Error != errInvalidRequest {
		t.Errorf("huge: %+v", got)
	}
	if got := w.token(assertionForm(key.raw(t, `{"alg":"RS256","kid":"one"}`, string(good)))); got.status != http.StatusOK {
		t.Errorf("the good one after all: %+v", got)
	}
}

func TestAssertionOnce(t *testing.T) {
	w := newWorld(t)
	key := newClientKey(t, "one", "ES256")
	w.keyed(key)
	w.change("plain", func(a *storage.App) {
		a.AuthMethods, a.Registration.JWKS = []string{storage.AuthPrivateKeyJWT}, set(t, key)
	})
	claims := w.assertionClaims("jti", "same", "exp", w.clock.Now().Add(time.Hour).Unix())
	first := key.sign(t, claims)
	if got := w.token(assertionForm(first)); got.status != http.StatusOK {
		t.Fatalf("first: %+v", got)
	}
	for name, assertion := range map[string]string{"same text": first, "signed anew": key.sign(t, claims)} {
		if got := w.token(assertionForm(assertion)); got.Error != errInvalidClient {
			t.Errorf("%s: %+v", name, got)
		}
	}
	other := key.sign(t, w.assertionClaims("jti", "same", "iss", "plain", "sub", "plain"))
	if got := w.token(assertionForm(other)); got.status != http.StatusOK {
		t.Errorf("the jti of another app: %+v", got)
	}
	for range 3 { // as long as it lives, whatever is swept
		w.clock.Advance(20*time.Minute + 5*time.Second)
		_, err := w.db.Sweep(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if got := w.token(assertionForm(first)); got.Error != errInvalidClient {
			t.Errorf("later: %+v", got)
		}
	}
}

// TestAssertionRemembered: the developers of an app see why its assertion was refused, also where nothing
// beside it names the app.
func TestAssertionRemembered(t *testing.T) {
	w := newWorld(t)
	key := newClientKey(t, "one", "ES256")
	w.keyed(key)
	w.token(assertionForm(key.sign(t, w.assertionClaims("aud", "https://elsewhere.example"))))
	app := w.assertionClaims()["sub"].(string)
	events := w.db.Events(app)
	if len(events) != 1 || events[0].Result != errInvalidClient || !strings.Contains(events[0].Description, "aud is not") {
		t.Errorf("got %+v", events)
	}
}

func TestAssertionForm(t *testing.T) {
	w := newWorld(t)
	key := newClientKey(t, "one", "ES256")
	w.keyed(key)
	for name, tt := range map[string]struct {
		name, value string
		header      []string
		want        string
	}{
		"other type":      {"client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:saml2-bearer", nil, errInvalidClient},
		"no type":         {"client_assertion_type", "", nil, errInvalidClient},
		"other client_id": {"client_id", "plain", nil, errInvalidClient},
		"secret beside":   {"client_secret", "demo-secret", nil, errInvalidRequest},
		"Basic beside":    {"x", "", demoBasic, errInvalidRequest},
	} {
		form := assertionForm(key.sign(t, w.assertionClaims()))
		form.Set(tt.name, tt.value)
		if got := w.token(form, tt.header...); got.Error != tt.want {
			t.Errorf("%s: %+v", name, got)
		}
	}
	form := assertionForm(key.sign(t, w.assertionClaims()))
	form.Set("client_id", "demo")
	if got := w.token(form); got.status != http.StatusOK {
		t.Errorf("with its client_id: %+v", got)
	}
	w.change("demo", func(a *storage.App) { a.Registration.AuthSigningAlg = "PS256" })
	if got := w.token(assertionForm(key.sign(t, w.assertionClaims()))); got.Error != errInvalidClient {
		t.Errorf("not the registered algorithm: %+v", got)
	}
	w.change("demo", func(a *storage.App) { a.AuthMethods, a.Registration.AuthSigningAlg = []string{storage.AuthBasic}, "" })
	if got := w.token(assertionForm(key.sign(t, w.assertionClaims()))); got.Error != errInvalidClient {
		t.Errorf("an app registered for Basic: %+v", got)
	}
}

func TestSecretJWT(t *testing.T) {
	w := newWorld(t)
	const chosen = "a-secret-of-thirty-two-characters-or-more"
	_, _, err := w.db.CreateApp(t.Context(), storage.System, storage.NewApp{Secret: chosen, App: storage.App{
		ID: "signs", Name: "Signs", Type: storage.AppService, AuthMethods: []string{storage.AuthSecretJWT},
	}})
	if err != nil {
		t.Fatal(err)
	}
	text := func(changes ...any) string {
		out, _ := json.Marshal(w.assertionClaims(append([]any{"iss", "signs", "sub", "signs"}, changes...)...))
		return string(out)
	}
	head := `{"alg":"HS256","typ":"JWT"}`
	good := mac([]byte(chosen), head, text())
	if got := w.token(assertionForm(good)); got.status != http.StatusOK {
		t.Fatalf("good: %+v", got)
	}
	_, added, err := w.db.AddAppKey(t.Context(), storage.System, "signs", "second", time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	if got := w.token(assertionForm(mac([]byte(added), head, text()))); got.status != http.StatusOK {
		t.Errorf("second secret: %+v", got)
	}
	for name, assertion := range map[string]string{
		"replayed":     good,
		"wrong secret": mac([]byte(chosen+"x"), head, text()),
		"no secret":    mac(nil, head, text()),
		"HS384 said":   mac([]byte(chosen), `{"alg":"HS384"}`, text()),
		"by a key":     newClientKey(t, "one", "RS256").raw(t, `{"alg":"RS256"}`, text()),
		"wrong aud":    mac([]byte(chosen), head, text("aud", "https://evil.example")),
	} {
		if got := w.token(assertionForm(assertion)); got.Error != errInvalidClient {
			t.Errorf("%s: %+v", name, got)
		}
	}
	w.change("signs", func(a *storage.App) { a.AuthMethods = []string{storage.AuthBasic} })
	w.change("signs", func(a *storage.App) { a.AuthMethods = []string{storage.AuthSecretJWT} })
	if got := w.token(assertionForm(mac([]byte(chosen), head, text()))); got.Error != errInvalidClient {
		t.Errorf("a secret no longer sealed: %+v", got)
	}
}

func swapped(a, b string) string {
	one, two := strings.Split(a, "."), strings.Split(b, ".")
	return one[0] + "." + two[1] + "." + one[2]
}
