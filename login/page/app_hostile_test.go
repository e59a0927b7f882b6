package page

import (
	"maps"
	"testing"
)

// What no attacker reaches of the pages of an app's settings.
func init() {
	maps.Copy(untouched, map[string]string{
		"Methods.Key":   "apps.method_none",
		"Responses.Key": "protocol.flow_code",
		"Subjects.Key":  "protocol.subject_public",
		"Options.Key":   "any_alg",
		"JWKS.Name":     "jwks",
		"JWKS.Hold":     "x",
	})
	for _, field := range []string{"JWKSURI", "RefreshTTL", "RequestURIs", "SectorURI", "MaxAge", "ACRs", "Initiate", "Back", "Front"} {
		untouched[field+".Name"] = "jwks_uri"
		untouched[field+".Kind"] = "url"
		untouched[field+".Hold"] = "https://"
	}
	for _, choice := range []string{"SigningAlg", "Userinfo", "Introspect", "RequestAlg"} {
		untouched[choice+".Name"] = "token_endpoint_auth_signing_alg"
	}
}

func TestMaillink(t *testing.T) {
	tests := []struct{ in, want string }{
		{"ann@example.com", "mailto:ann@example.com"},
		{"Ann Lee <ann+x@example.com>", "mailto:ann+x@example.com"},
		{"ann", ""},
		{"javascript:alert(1)", ""},
		{`"a?cc=b"@example.com`, ""},
		{"ann@example.com?body=x", ""},
		{"ann@[192.0.2.1]", ""},
		{"", ""},
	}
	for _, tt := range tests {
		if got := maillink(tt.in); got != tt.want {
			t.Errorf("maillink(%q) = %q, want %q", tt.in, got, tt.want)
		}
	}
}
