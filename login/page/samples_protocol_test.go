package page

import (
	"net/http/httptest"
	"strings"
	"testing"
)

// algs is a list of algorithms with one chosen.
func algs(name, first, chosen string, wrong Mistake) Choice {
	c := Choice{Name: name, Wrong: wrong, Options: []Box{{Key: first, Checked: chosen == ""}}}
	for _, alg := range []string{"RS256", "ES256"} {
		c.Options = append(c.Options, Box{Value: alg, Checked: alg == chosen})
	}
	return c
}

// settingsSample is the page of the app's settings with a mistake.
func settingsSample(head AppHead) AppSettings {
	m := head.Mistake
	return AppSettings{AppHead: head, TTL: "3600", Claims: true, Networks: "192.0.2.0/24", Unsigned: true,
		Methods: []Box{{Value: "client_secret_basic", Key: "apps.method_basic", Checked: true}, {Value: "client_secret_jwt", Key: "protocol.method_secret_jwt"},
			{Value: "private_key_jwt", Key: "protocol.method_private_key_jwt"}, {Value: "none", Key: "apps.method_none"}},
		SigningAlg: algs("token_endpoint_auth_signing_alg", "any_alg", "ES256", m),
		JWKSURI:    Field{Name: "jwks_uri", Kind: "url", Hold: "https://", Value: "https://reports.harbour.example/jwks.json", Wrong: m},
		JWKS:       Field{Name: "jwks", Rows: 5, Value: "{\n  \"keys\": []\n}</textarea>", Wrong: m},
		Formats:    []Box{{Value: "opaque", Key: "opaque", Checked: true}, {Value: "jwt", Key: "jwt"}},
		RefreshTTL: Field{Name: "refresh_token_ttl", Kind: "number", Wrong: m},
		Algs:       []Box{{Value: "RS256", Checked: true}, {Value: "EdDSA"}},
		Userinfo:   algs("userinfo_signed_response_alg", "json", "", m),
		Introspect: algs("introspection_signed_response_alg", "usual_alg", "", m),
	}
}

// protocolSample is the page of the app's protocol with a mistake.
func protocolSample(head AppHead) AppProtocol {
	m := head.Mistake
	return AppProtocol{AppHead: head, Implicit: true, AuthTime: true, BackSID: true, Undelivered: 3, Sector: "reports.harbour.example",
		RequestURIs: Field{Name: "request_uris", Rows: 2, Value: "https://reports.harbour.example/r.jwt", Wrong: m},
		RequestAlg:  algs("request_object_signing_alg", "any_alg", "RS256", m),
		Responses:   []Box{{Value: "code", Key: "protocol.flow_code", Checked: true}, {Value: "id_token token", Key: "protocol.flow_id_token_token"}},
		Subjects: []Box{{Value: "public", Key: "protocol.subject_public"},
			{Value: "pairwise", Key: "protocol.subject_pairwise", Checked: true}},
		SectorURI: Field{Name: "sector_identifier_uri", Kind: "url", Wrong: m},
		MaxAge:    Field{Name: "default_max_age", Kind: "number", Value: "3600", Wrong: m},
		ACRs:      Field{Name: "default_acr_values", Value: "1", Wrong: m},
		Initiate:  Field{Name: "initiate_login_uri", Kind: "url", Value: "https://reports.harbour.example/in", Wrong: m},
		Back:      Field{Name: "backchannel_logout_uri", Kind: "url", Value: "https://reports.harbour.example/out", Wrong: m},
		Front:     Field{Name: "frontchannel_logout_uri", Kind: "url", Wrong: m},
	}
}

func protocolSamples() []sample {
	dormant := protocolSample(looking("protocol"))
	dormant.Implicit, dormant.Dormant, dormant.Undelivered, dormant.Sector = false, "id_token, code token", 0, ""
	badTTL := settingsSample(wrong(reports("settings"), Mistake{Field: "access_token_ttl", Reason: "access_token_ttl", Value: "3"}))
	badTTL.TTL = "3"
	return []sample{
		{"app-settings", false, settingsSample(reports("settings"))},
		{"app-settings-wrong", false, badTTL},
		{"app-settings-private", false, settingsSample(wrong(reports("settings"), Mistake{Field: "jwks", Reason: "keys_private"}))},
		{"app-settings-viewer", false, settingsSample(looking("settings"))},
		{"app-protocol", false, protocolSample(done(reports("protocol"), "shell.saved"))},
		{"app-protocol-wrong", false, protocolSample(wrong(reports("protocol"), Mistake{Field: "frontchannel_logout_uri", Reason: "logout_uri_origin", Value: "https://elsewhere.example/out"}))},
		{"app-protocol-lines", false, protocolSample(wrong(reports("protocol"), Mistake{Field: "request_uris", Reason: "uri_invalid", Line: 1}))},
		{"app-protocol-viewer", false, dormant},
	}
}

// TestFieldEscapes holds that what was typed cannot end its field.
func TestFieldEscapes(t *testing.T) {
	p := newRenderer(t, Config{})
	page := settingsSample(reports("settings"))
	page.JWKSURI.Value = `"><script>`
	body := show(p, httptest.NewRequest("GET", "/apps/x/settings", nil), View{}, page).Body.String()
	for _, raw := range []string{"]\n}</textarea></textarea>", `"><script>`} {
		if strings.Contains(body, raw) {
			t.Errorf("the page holds %q as it was typed", raw)
		}
	}
}
