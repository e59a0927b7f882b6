package main

import (
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/propusk/propusk/storage"
)

func useScope(w *truthWorld, scope string) {
	a := w.newApp()
	asked := "openid"
	if scope != "openid" {
		asked += " " + scope
	}
	got := w.token(a.redeeming(w.alice.code(a, "scope", asked)))
	if got.text("scope") != asked {
		w.t.Errorf("granted %q, asked %q: %s", got.text("scope"), asked, got.body)
	}
	if told := w.introspect(a, got.text("access_token")).text("scope"); told != asked {
		w.t.Errorf("introspection says %q", told)
	}
}

// refuseScope: a name that nobody knows is passed over, and the answer says what was given (RFC 6749 §3.3);
// alone it is nothing to ask for.
func refuseScope(w *truthWorld, scope string) {
	a := w.newApp()
	got := w.token(a.redeeming(w.alice.code(a, "scope", "openid "+scope)))
	if got.text("scope") != "openid" {
		w.t.Errorf("granted %q", got.text("scope"))
	}
	w.wantRefusal(w.ask(w.alice, a, "scope", scope), "invalid_scope")
}

// claims is every claim that alice, who has all there are, is told by: in the id_token of a code and in that
// of the authorization endpoint where there is one, and at userinfo.
func (w *truthWorld) claims() map[string]any {
	w.t.Helper()
	if w.told != nil {
		return w.told
	}
	a := w.newApp(allTypes)
	scope := strings.Join(w.list("scopes_supported"), " ")
	all := w.login(w.alice, a, "scope", scope)
	w.told = claimsOf(w.t, all.id)
	maps.Copy(w.told, w.userinfo(all.access).json())
	if w.lists("response_types_supported", "code id_token") {
		maps.Copy(w.told, claimsOf(w.t, w.ask(w.alice, a, "scope", scope, "response_type", "code id_token").Get("id_token")))
	}
	for name := range w.told {
		if !w.lists("claims_supported", name) {
			w.t.Errorf("the claim %s is told, and not advertised", name)
		}
	}
	return w.told
}

func useClaim(w *truthWorld, claim string) {
	if value := w.claims()[claim]; value == nil || value == "" {
		w.t.Errorf("%s is nowhere for a person with every claim: %v", claim, slices.Sorted(maps.Keys(w.claims())))
	}
}

// asksClaim asks for a claim by name, in both places.
func asksClaim(claim string) string {
	one := map[string]any{claim: map[string]any{"essential": true}}
	text, _ := json.Marshal(map[string]any{"userinfo": one, "id_token": one}) //nolint:errcheck // a map of texts
	return string(text)
}

// refuseClaim: it is left out, also where it was essential (OpenID Connect Core §5.5.1), and also though the
// provider knows it of the person ("groups").
func refuseClaim(w *truthWorld, claim string) {
	all := w.login(w.alice, w.newApp(), "claims", asksClaim(claim), "scope", strings.Join(w.list("scopes_supported"), " "))
	for place, got := range map[string]map[string]any{"id_token": claimsOf(w.t, all.id), "userinfo": w.userinfo(all.access).json()} {
		if _, there := got[claim]; there {
			w.t.Errorf("%s: %v", place, got)
		}
	}
}

// useClaimType: all claims are simply there (OpenID Connect Core §5.6.1).
func useClaimType(w *truthWorld, kind string) {
	if told := w.claims(); kind != "normal" || told["email"] == nil {
		w.t.Errorf("%s: %v", kind, told)
	}
}

// refuseClaimType: the members of the other two types neither appear nor can be given to a person (§5.6.2).
func refuseClaimType(w *truthWorld, _ string) {
	for _, name := range []string{"_claim_names", "_claim_sources"} {
		_, err := w.db.UpdateUser(w.t.Context(), storage.System, w.userID("alice"), func(u *storage.User) error {
			u.Claims[name] = map[string]any{"email": "src1"}
			return nil
		})
		if invalid := new(storage.Invalid); !errors.As(err, &invalid) || invalid.Reason != "claim_reserved" || w.claims()[name] != nil {
			w.t.Errorf("%s: %v", name, err)
		}
	}
}

// useClaimsParameter: asked by name and allowed by the person, a claim comes where it was asked for.
func useClaimsParameter(w *truthWorld, _ string) {
	for _, place := range []string{"userinfo", "id_token"} {
		text := `{"` + place + `":{"email":{"essential":true}}}`
		all := w.login(w.alice, w.newApp(), "scope", "openid", "claims", text)
		got := map[string]any{"userinfo": w.userinfo(all.access).json()["email"], "id_token": claimsOf(w.t, all.id)["email"]}
		for where, value := range got {
			if (value == "alice@example.com") != (where == place) {
				w.t.Errorf("asked in %s: %s has %v", place, where, value)
			}
		}
	}
	w.wantRefusal(w.ask(w.alice, w.newApp(), "claims", `["email"]`), "invalid_request")
}

// inLocale is alice's given name as an app is told that wants it in a language.
func (w *truthWorld) inLocale(lang string) any {
	w.t.Helper()
	return w.userinfo(w.login(w.alice, w.newApp(), "claims_locales", lang).access).json()["given_name"]
}

func useClaimsLocale(w *truthWorld, lang string) {
	want := map[string]any{"en": "Alice in English", "ru": "Алиса"}[lang]
	for _, asked := range []string{lang, lang + "-XX", "tlh " + lang} {
		if got := w.inLocale(asked); got != want || want == nil {
			w.t.Errorf("%s: %v", asked, got)
		}
	}
}

// refuseClaimsLocale: what is not there in a language comes as it is, without an error (OpenID Connect Core §5.2).
func refuseClaimsLocale(w *truthWorld, lang string) {
	if got := w.inLocale(lang); got != "Alice" {
		w.t.Errorf("%s: %v", lang, got)
	}
}
