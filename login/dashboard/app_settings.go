package dashboard

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/propusk/propusk/login"
	"github.com/propusk/propusk/login/page"
	"github.com/propusk/propusk/storage"
)

// appSettings is GET /apps/{id}/settings.
func (d *Dashboard) appSettings(w http.ResponseWriter, r *http.Request, m *login.Member, app *storage.App) {
	d.pages.Show(w, r, page.View{}, d.settingsPage(r, m, app, page.Mistake{}))
}

// methodKeys are the texts of the ways in which an app proves itself, in the order of the page.
var methodKeys = []page.Box{
	{Value: storage.AuthBasic, Key: "apps.method_basic"},
	{Value: storage.AuthPost, Key: "apps.method_post"},
	{Value: storage.AuthSecretJWT, Key: "protocol.method_secret_jwt"},
	{Value: storage.AuthPrivateKeyJWT, Key: "protocol.method_private_key_jwt"},
	{Value: storage.AuthNone, Key: "apps.method_none"},
}

// settingsPage is the page; app holds what was typed where wrong says that it was refused.
func (d *Dashboard) settingsPage(r *http.Request, m *login.Member, app *storage.App, wrong page.Mistake) page.AppSettings {
	reg := &app.Registration
	p := page.AppSettings{
		AppHead:    d.appHead(r, m, app, "settings"),
		Unsigned:   unsigned(app),
		SigningAlg: oneOf("token_endpoint_auth_signing_alg", "any_alg", reg.AuthSigningAlg, append([]string{storage.SecretSigningAlg}, storage.ClientSigningAlgs...), wrong),
		JWKSURI:    link("jwks_uri", reg.JWKSURI, wrong),
		JWKS:       page.Field{Name: "jwks", Value: indented(reg.JWKS), Rows: 5, Hold: `{"keys": […]}`, Wrong: wrong},
		TTL:        strconv.Itoa(int(app.AccessTokenTTL / time.Second)),
		RefreshTTL: page.Field{Name: "refresh_token_ttl", Value: shown(reg.RefreshTokenTTL), Kind: "number", Hold: shown(int64(storage.RefreshAbsolute / time.Second)), Wrong: wrong},
		Userinfo:   oneOf("userinfo_signed_response_alg", "json", reg.UserinfoAlg, storage.SigningAlgs, wrong),
		Introspect: oneOf("introspection_signed_response_alg", "usual_alg", reg.IntrospectionAlg, storage.SigningAlgs, wrong),
		Claims:     app.IDTokenClaims,
		Networks:   strings.Join(app.NetworkAddresses, "\n"),
	}
	p.Mistake = wrong
	for _, method := range methodKeys {
		method.Checked = slices.Contains(app.AuthMethods, method.Value)
		p.Methods = append(p.Methods, method)
	}
	for _, format := range []string{storage.TokenOpaque, storage.TokenJWT} {
		p.Formats = append(p.Formats, page.Box{Value: format, Key: format, Checked: format == app.AccessTokenFormat})
	}
	for _, alg := range storage.SigningAlgs {
		p.Algs = append(p.Algs, page.Box{Value: alg, Checked: alg == app.IDTokenAlg})
	}
	return p
}

// unsigned tells that the app is to sign by its keys, and none can: those made before are hashes only.
func unsigned(app *storage.App) bool {
	return slices.Contains(app.AuthMethods, storage.AuthSecretJWT) && !slices.ContainsFunc(app.Keys, storage.AppKey.Signs)
}

// indented shows a JWK set so that people can read it; what is none is shown as it was typed.
func indented(set json.RawMessage) string {
	var b bytes.Buffer
	err := json.Indent(&b, set, "", "  ")
	if err != nil {
		return string(set)
	}
	return b.String()
}

// shown is a number for a field, nothing for 0.
func shown(n int64) string {
	if n == 0 {
		return ""
	}
	return strconv.FormatInt(n, 10)
}

// changeSettings is POST /apps/{id}/settings.
func (d *Dashboard) changeSettings(w http.ResponseWriter, r *http.Request, m *login.Member, app *storage.App) {
	form, ok := d.people.MemberForm(w, r, m, "method")
	if !ok {
		return
	}
	var change func(*storage.App)
	section := form.Get("section")
	switch section {
	case "methods":
		change = methodSettings(form)
	case "tokens":
		change = tokenSettings(form)
	case "network":
		change = func(a *storage.App) { a.NetworkAddresses = lines(form.Get("networks")) }
	default:
		d.badSection(w, r)
		return
	}
	d.updateApp(w, r, m, app, section, change, func(wrong page.Mistake) {
		typed := *app
		change(&typed)
		d.pages.Show(w, r, unprocessable, d.settingsAgain(r, m, &typed, form, wrong))
	})
}

// settingsAgain is the page with what was typed and what was wrong with it.
func (d *Dashboard) settingsAgain(r *http.Request, m *login.Member, typed *storage.App, form url.Values, wrong page.Mistake) page.AppSettings {
	switch form.Get("section") {
	case "methods":
		if holdsPrivate(form.Get("jwks")) {
			wrong = page.Mistake{Field: "jwks", Reason: "keys_private"}
		}
		wrong = placed(wrong, "token_endpoint_auth_methods", "token_endpoint_auth_signing_alg", "jwks", "jwks_uri")
		if wrong.Reason == "keys_private" { // it is not carried about any further
			typed.Registration.JWKS = nil
		}
	case "tokens":
		wrong = placed(wrong, "access_token_format", "access_token_ttl", "refresh_token_ttl", "id_token_signed_response_alg",
			"userinfo_signed_response_alg", "introspection_signed_response_alg")
	case "network":
		wrong = placed(inLines(wrong, form.Get("networks")), "network_addresses")
	}
	p := d.settingsPage(r, m, typed, wrong)
	switch form.Get("section") {
	case "tokens":
		p.TTL = form.Get("ttl")
		if form.Has("refresh_token_ttl") {
			p.RefreshTTL.Value = form.Get("refresh_token_ttl")
		}
	case "network":
		p.Networks = form.Get("networks")
	}
	return p
}

// privateMembers are members of a JWK that only its owner may have (RFC 7518 §6.2.2, §6.3.2, §6.4).
var privateMembers = []string{"d", "p", "q", "dp", "dq", "qi", "oth", "k"}

// holdsPrivate tells whether a text that is no JWK set holds a private key all the same: one JWK, a list of
// them, or PEM.
func holdsPrivate(typed string) bool {
	var value any
	err := json.Unmarshal([]byte(typed), &value)
	if err != nil {
		return strings.Contains(typed, "PRIVATE KEY-----")
	}
	return anyPrivate(value)
}

func anyPrivate(value any) bool {
	switch v := value.(type) {
	case []any:
		return slices.ContainsFunc(v, anyPrivate)
	case map[string]any:
		for name, member := range v {
			if slices.Contains(privateMembers, name) || anyPrivate(member) {
				return true
			}
		}
	}
	return false
}

// methodSettings sets how the app proves itself, and the keys by which it signs.
func methodSettings(form url.Values) func(*storage.App) {
	return func(a *storage.App) {
		a.AuthMethods = slices.Clone(form["method"])
		text(form, "token_endpoint_auth_signing_alg", &a.Registration.AuthSigningAlg)
		text(form, "jwks_uri", &a.Registration.JWKSURI)
		if form.Has("jwks") {
			var set string
			text(form, "jwks", &set)
			a.Registration.JWKS = json.RawMessage(set)
		}
	}
}

// tokenSettings sets what the form says of tokens. A lifetime that is no number is out of bounds.
func tokenSettings(form url.Values) func(*storage.App) {
	lifetime, err := strconv.Atoi(strings.TrimSpace(form.Get("ttl")))
	if err != nil || lifetime < 1 || lifetime > int(storage.PersonalTokenMax/time.Second) {
		lifetime = 1
	}
	return func(a *storage.App) {
		a.AccessTokenFormat, a.IDTokenAlg = form.Get("format"), form.Get("alg")
		a.AccessTokenTTL = time.Duration(lifetime) * time.Second
		a.IDTokenClaims = form.Has("claims")
		refresh, _, there := number(form, "refresh_token_ttl")
		if there {
			a.Registration.RefreshTokenTTL = refresh
		}
		text(form, "userinfo_signed_response_alg", &a.Registration.UserinfoAlg)
		text(form, "introspection_signed_response_alg", &a.Registration.IntrospectionAlg)
	}
}
