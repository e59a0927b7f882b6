package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/propusk/propusk/provider"
	"github.com/propusk/propusk/storage"
)

// appRegistrationFlags are what an app says of itself, as clients do that register themselves (RFC 7591).
func appRegistrationFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "jwks", TakesFile: true, Usage: "`FILE` with the app's public keys, a JWK set, for private_key_jwt and request objects; - for stdin"},
		&cli.StringFlag{Name: "jwks-uri", Usage: "`URI` where these keys are, instead of --jwks"},
		&cli.StringFlag{Name: "auth-signing-alg", Usage: "the only `ALG` of private_key_jwt (RS256, PS256, ES256, EdDSA) or client_secret_jwt (HS256)"},
		&cli.StringFlag{Name: "request-object-alg", Usage: "the only `ALG` of its request objects: RS256, PS256, ES256 or EdDSA"},
		&cli.StringSliceFlag{Name: "request-uri", Usage: "a `URI` where its request objects are; repeatable"},
		&cli.StringSliceFlag{Name: "response-type", Usage: "a response `TYPE`: code (default), or where the instance has implicit on 'id_token', 'code id_token' …; repeatable"},
		&cli.StringFlag{Name: "subject-type", Usage: "`TYPE` of sub: public (default) or pairwise: a sub of its own for each person"},
		&cli.StringFlag{Name: "sector-uri", Usage: "`URI` of a list of all redirect URIs, for pairwise subjects over several hosts"},
		&cli.StringFlag{Name: "userinfo-alg", Usage: "answer userinfo as a JWT signed by `ALG`"},
		&cli.StringFlag{Name: "introspection-alg", Usage: "sign introspection, where a JWT is asked for, by `ALG` (default RS256)"},
		&cli.StringFlag{Name: "backchannel-logout", Usage: "`URI` that is told of logouts from server to server"},
		&cli.BoolFlag{Name: "backchannel-logout-session", Usage: "logouts must be told with sid"},
		&cli.StringFlag{Name: "frontchannel-logout", Usage: "`URI` that the browser opens at logout, on the host of a redirect URI"},
		&cli.BoolFlag{Name: "frontchannel-logout-session", Usage: "that URI must come with iss and sid"},
		&cli.StringFlag{Name: "initiate-login", Usage: "`URI` where others may begin a sign-in to it"},
		&cli.StringFlag{Name: "default-max-age", Usage: "ask people again who signed in longer ago than this: `TIME` as 10m or 1d"},
		&cli.BoolFlag{Name: "require-auth-time", Usage: "auth_time in every id_token"},
		&cli.StringSliceFlag{Name: "default-acr", Usage: "`ACR` asked for where a request names none; repeatable"},
		&cli.StringFlag{Name: "refresh-token-ttl", Usage: "life of the refresh tokens of one sign-in: `TIME` as 12h or 90d (default 90d)"},
		&cli.StringFlag{Name: "logo-uri", Usage: "`URI` of the logo"},
		&cli.StringFlag{Name: "client-uri", Usage: "`URI` of the app's home page"},
		&cli.StringSliceFlag{Name: "localized", Usage: "logo_uri, client_uri, policy_uri or tos_uri in a language, `NAME#LANG=URI`; repeatable"},
		&cli.StringSliceFlag{Name: "contact", Usage: "e-mail `ADDRESS` of whoever is responsible; repeatable"},
		&cli.StringFlag{Name: "software-id", Usage: "`ID` of the software, the same for all its apps"},
		&cli.StringFlag{Name: "software-version", Usage: "its `VERSION`"},
	}
}

// applyRegistration puts the flags that were given into the app. keys is what --jwks read.
func applyRegistration(c *cli.Context, a *storage.App, keys json.RawMessage) error {
	r := &a.Registration
	if c.IsSet("jwks") {
		r.JWKS = keys
	}
	for name, field := range map[string]*string{
		"jwks-uri": &r.JWKSURI, "auth-signing-alg": &r.AuthSigningAlg, "request-object-alg": &r.RequestObjectAlg,
		"subject-type": &r.SubjectType, "sector-uri": &r.SectorIdentifierURI, "userinfo-alg": &r.UserinfoAlg,
		"introspection-alg": &r.IntrospectionAlg, "backchannel-logout": &r.BackchannelLogoutURI,
		"frontchannel-logout": &r.FrontchannelLogoutURI, "initiate-login": &r.InitiateLoginURI, "logo-uri": &r.LogoURI,
		"client-uri": &r.ClientURI, "software-id": &r.SoftwareID, "software-version": &r.SoftwareVersion,
	} {
		if c.IsSet(name) {
			*field = c.String(name)
		}
	}
	for name, field := range map[string]*bool{
		"backchannel-logout-session": &r.BackchannelSession, "frontchannel-logout-session": &r.FrontchannelSession,
		"require-auth-time": &r.RequireAuthTime,
	} {
		if c.IsSet(name) {
			*field = c.Bool(name)
		}
	}
	for name, field := range map[string]*[]string{
		"request-uri": &r.RequestURIs, "response-type": &r.ResponseTypes, "default-acr": &r.DefaultACRValues, "contact": &r.Contacts,
	} {
		if c.IsSet(name) {
			*field = given(c.StringSlice(name))
		}
	}
	return applyTimesAndLanguages(c, r)
}

func applyTimesAndLanguages(c *cli.Context, r *storage.Registration) error {
	age, err := spanFlag(c, "default-max-age")
	if err != nil {
		return err
	}
	ttl, err := spanFlag(c, "refresh-token-ttl")
	if err != nil {
		return err
	}
	if c.IsSet("default-max-age") {
		r.DefaultMaxAge = age
	}
	if c.IsSet("refresh-token-ttl") {
		r.RefreshTokenTTL = 0
		if ttl != nil {
			r.RefreshTokenTTL = max(*ttl, 1) // 0 would be the default
		}
	}
	if !c.IsSet("localized") {
		return nil
	}
	r.Localized = map[string]string{}
	for _, text := range given(c.StringSlice("localized")) {
		name, uri, ok := strings.Cut(text, "=")
		if !ok || !strings.Contains(name, "#") {
			return usageError(fmt.Sprintf("--localized %q is not NAME#LANG=URI", text), "for example --localized 'policy_uri#ru=https://example.com/ru/privacy'")
		}
		r.Localized[name] = uri
	}
	return nil
}

// spanFlag reads a time in whole seconds, as 10m or 90d; an empty one is nil.
func spanFlag(c *cli.Context, name string) (*int64, error) {
	text := c.String(name)
	if text == "" {
		return nil, nil
	}
	span, err := time.ParseDuration(text)
	if days, ok := strings.CutSuffix(text, "d"); ok {
		var n int64
		n, err = strconv.ParseInt(days, 10, 32)
		span = time.Duration(max(min(n, 36500), -1)) * 24 * time.Hour
	}
	if err != nil || span < 0 || span%time.Second != 0 {
		return nil, usageError(fmt.Sprintf("--%s %q is not a time in whole seconds as 30s, 10m, 12h or 90d", name, text))
	}
	seconds := int64(span / time.Second)
	return &seconds, nil
}

// maxJWKS bounds what --jwks reads, in bytes; storage takes less.
const maxJWKS = 64 << 10

// readJWKS reads the file of --jwks; none is nil.
func readJWKS(c *cli.Context, t terminal) (json.RawMessage, error) {
	name := c.String("jwks")
	if name == "" {
		return nil, nil
	}
	in := t.in
	if name == "-" {
		if c.Bool("secret-stdin") {
			return nil, usageError("--jwks - and --secret-stdin both read stdin: give one of them")
		}
	} else {
		f, err := os.Open(name)
		if err != nil {
			return nil, fmt.Errorf("keys: %w", err)
		}
		defer f.Close()
		in = f
	}
	text, err := io.ReadAll(io.LimitReader(in, maxJWKS+1))
	if err != nil {
		return nil, fmt.Errorf("keys: %w", err)
	}
	var set struct {
		Keys []json.RawMessage `json:"keys"`
		Type string            `json:"kty"`
	}
	if json.Unmarshal(text, &set) != nil || len(text) > maxJWKS || set.Keys == nil {
		hint := `it begins with {"keys": [`
		if set.Type != "" {
			hint = `this is one key: put it into {"keys": [ … ]}`
		}
		return nil, withHint(fmt.Errorf("--jwks %s is not a JWK set", name), hint)
	}
	return text, nil
}

// readSectors lets commands read a sector_identifier_uri as the server of this database would.
func readSectors(c *cli.Context, db *storage.DB) {
	conf := provider.Config{AllowHosts: devRegistration.hosts}
	if c.IsSet("config") {
		file, _, err := readConfig(c.String("config"))
		if err != nil {
			return // it changed since the database was opened by it: nothing is fetched, and the change says so
		}
		conf.AllowHosts = file.PrivateHosts
	}
	db.ReadSectors(provider.SectorReader(conf))
}

// warnOfRegistration says what a change of an app does beyond itself; before is the app as it was, nil for a new
// one.
func warnOfRegistration(t terminal, before, after *storage.App) {
	if after.FrontChannel() && (before == nil || !before.FrontChannel()) {
		t.say("response types beyond code are answered only where the server has implicit on")
	}
	if before == nil {
		return
	}
	if storage.SubjectsChange(before, after) {
		t.say("WARNING: every person has another sub at %s from now on: it does not know those who have been there", after.ID)
	}
	has := func(a *storage.App) bool { return slices.Contains(a.AuthMethods, storage.AuthSecretJWT) }
	if has(after) && !has(before) || after.KeepsSecret() && len(after.Keys) == 0 {
		t.say("its secrets do not do for that: propusk app rotate-secret %s makes one", after.ID)
	}
}

// changeApp is UpdateApp of the command line: with the way out for sector_identifier_uri, and with warnings.
func changeApp(ctx context.Context, c *cli.Context, t terminal, db *storage.DB, id string, change func(*storage.App) error) (*storage.App, error) {
	readSectors(c, db)
	var before storage.App
	after, err := db.UpdateApp(ctx, storage.Command, id, func(a *storage.App) error {
		before = *a
		return change(a)
	})
	if err != nil {
		return nil, explainSector(err)
	}
	warnOfRegistration(t, &before, after)
	return after, nil
}

// explainSector adds why a list could not be read: whoever sits here may know, unlike a client over the
// network.
func explainSector(err error) error {
	var invalid *storage.Invalid
	if errors.As(err, &invalid) && invalid.Reason == "sector_unread" && err != error(invalid) {
		_, why, _ := strings.Cut(err.Error(), invalid.Error()+": ")
		return withHint(errors.New(sentence(invalid)), oneLine(errors.New(why)))
	}
	return err
}
