package provider

import (
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func reversed(kind string) string {
	words := strings.Fields(kind)
	slices.Reverse(words)
	return strings.Join(words, " ")
}

// checkAnswer holds an answer against its response type.
func checkAnswer(t *testing.T, w *world, kind string, got url.Values) {
	t.Helper()
	names := []string{"iss", "state"}
	if yields(kind, "code") {
		names = append(names, "code")
	}
	if yields(kind, "token") {
		names = append(names, "access_token", "expires_in", "scope", "token_type")
	}
	if yields(kind, "id_token") {
		names = append(names, "id_token")
	}
	slices.Sort(names)
	if d := cmp.Diff(names, sortedNames(got)); d != "" || got.Get("state") != "s-1" || got.Get("iss") != w.p.issuer {
		t.Fatalf("answer %v (-want +got)\n%s", got, d)
	}
	if yields(kind, "token") {
		if got.Get("token_type") != "Bearer" || got.Get("expires_in") != "3600" || got.Get("scope") != "openid profile email" {
			t.Errorf("token: %v", got)
		}
		checkUserInfo(t, w, got.Get("access_token"))
	}
	if yields(kind, "id_token") {
		checkFrontIDToken(t, w, kind, got)
	}
	if yields(kind, "code") {
		answer := w.token(codeForm(got.Get("code")), demoBasic...)
		if answer.status != 200 || payload(t, answer.IDToken)["nonce"] != "n-1" || answer.RefreshToken == "" {
			t.Fatalf("redeeming: %+v", answer)
		}
		checkUserInfo(t, w, answer.AccessToken)
	}
}

func checkUserInfo(t *testing.T, w *world, token string) {
	t.Helper()
	info := w.get(PathUserInfo, "Authorization", "Bearer "+token)
	if info.Code != 200 || w.object(info)["sub"] != w.session.UserID {
		t.Errorf("userinfo: %d %s", info.Code, info.Body)
	}
}

func checkFrontIDToken(t *testing.T, w *world, kind string, got url.Values) {
	t.Helper()
	token := w.verified("demo", got.Get("id_token"))
	var claims map[string]any
	err := token.Claims(&claims)
	if err != nil || token.Nonce != "n-1" || token.Subject != w.session.UserID || claims["acr"] != "1" || claims["auth_time"] == nil {
		t.Errorf("id_token: %v %v", claims, err)
	}
	if (token.AccessTokenHash != "") != yields(kind, "token") {
		t.Errorf("at_hash %q in the id_token of %s", token.AccessTokenHash, kind)
	}
	if yields(kind, "token") {
		if err := token.VerifyAccessToken(got.Get("access_token")); err != nil {
			t.Errorf("at_hash: %v", err)
		}
		if token.VerifyAccessToken(got.Get("access_token")+"x") == nil {
			t.Error("at_hash fits another token")
		}
	}
	if _, ok := claims["c_hash"]; ok != yields(kind, "code") {
		t.Errorf("c_hash %v in the id_token of %s", claims["c_hash"], kind)
	}
	if yields(kind, "code") {
		want, err := halfHash(got.Get("code"), "RS256")
		if err != nil || claims["c_hash"] != want {
			t.Errorf("c_hash %v, want %s, %v", claims["c_hash"], want, err)
		}
	}
	// The claims of the scopes are in it only where no access token will ever fetch them (Core §5.4).
	if (claims["email"] != nil) != (kind == "id_token") || (claims["family_name"] != nil) != (kind == "id_token") {
		t.Errorf("claims of the scopes in the id_token of %s: %v", kind, claims)
	}
}

func sortedNames(v url.Values) []string {
	var names []string
	for name := range v {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
