package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/propusk/propusk/storage"
)

// registrationView is what an app says of itself, for its JSON: nothing of what propusk keeps there for
// itself, and the life of refresh tokens as it is in force.
func registrationView(a *storage.App) storage.Registration {
	r := a.Registration
	r.TokenHash, r.Sector = "", ""
	r.RefreshTokenTTL = int64(a.RefreshLife() / time.Second)
	return r
}

// MarshalJSON writes members in a language beside the others, as RFC 7591 §2.2 does: "tos_uri#ru".
func (v appView) MarshalJSON() ([]byte, error) {
	type plain appView
	local := v.Localized
	v.Localized = nil
	text, err := marshalPlain(plain(v))
	if err != nil || len(local) == 0 {
		return text, err
	}
	more, err := marshalPlain(local)
	if err != nil {
		return nil, err
	}
	return slices.Concat(bytes.TrimSuffix(text, []byte("}")), []byte(","), bytes.TrimPrefix(more, []byte("{"))), nil
}

// marshalPlain is json.Marshal that leaves & < > as they are.
func marshalPlain(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	err := enc.Encode(v)
	return bytes.TrimSpace(b.Bytes()), err
}

// describeRegistration is what is set of a registration, as rows of a table.
func describeRegistration(a *storage.App) [][]string {
	r := &a.Registration
	var rows [][]string
	add := func(name string, values ...string) {
		for _, value := range values {
			if value != "" {
				rows = append(rows, []string{name, value})
			}
		}
	}
	when := func(is bool, text string) string {
		if is {
			return text
		}
		return ""
	}
	add("response type", r.ResponseTypes...)
	add("keys", describeKeys(r.JWKS)...)
	add("keys at", r.JWKSURI)
	add("signs only by", r.AuthSigningAlg)
	add("signs requests by", r.RequestObjectAlg)
	add("request", r.RequestURIs...)
	add("subjects", when(r.SubjectType == storage.SubjectPairwise, "pairwise, sector "+r.Sector))
	add("sector list", r.SectorIdentifierURI)
	add("userinfo", when(r.UserinfoAlg != "", "signed by "+r.UserinfoAlg))
	add("introspection", when(r.IntrospectionAlg != "", "signed by "+r.IntrospectionAlg))
	add("back-channel logout", r.BackchannelLogoutURI, when(r.BackchannelSession, "with sid"))
	add("front-channel logout", r.FrontchannelLogoutURI, when(r.FrontchannelSession, "with iss and sid"))
	add("sign-in begins at", r.InitiateLoginURI)
	if r.DefaultMaxAge != nil {
		add("asks again after", span(*r.DefaultMaxAge))
	}
	add("auth_time", when(r.RequireAuthTime, "in every id_token"))
	add("acr", r.DefaultACRValues...)
	add("refresh tokens live", when(r.RefreshTokenTTL != 0, span(r.RefreshTokenTTL)))
	add("logo", r.LogoURI)
	add("home page", r.ClientURI)
	for _, name := range slices.Sorted(maps.Keys(r.Localized)) {
		add(name, r.Localized[name])
	}
	add("contact", r.Contacts...)
	add("software", strings.TrimSpace(r.SoftwareID+" "+r.SoftwareVersion))
	return rows
}

// span is a time in seconds, as the flags read it.
func span(seconds int64) string {
	for _, unit := range []struct {
		seconds int64
		name    string
	}{{86400, "d"}, {3600, "h"}, {60, "m"}} {
		if seconds > 0 && seconds%unit.seconds == 0 {
			return fmt.Sprint(seconds/unit.seconds, unit.name)
		}
	}
	return fmt.Sprint(seconds, "s")
}

// describeKeys names the keys of a set: kind, and what tells them apart.
func describeKeys(text json.RawMessage) []string {
	var set struct {
		Keys []struct{ Kty, Crv, Alg, Kid string }
	}
	if len(text) == 0 || json.Unmarshal(text, &set) != nil {
		return nil
	}
	var list []string
	for _, key := range set.Keys {
		list = append(list, strings.Join(strings.Fields(strings.Join([]string{key.Kty, key.Crv, key.Alg, key.Kid}, " ")), " "))
	}
	return list
}
