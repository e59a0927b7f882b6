package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"slices"

	"github.com/propusk/propusk/provider"
	"github.com/propusk/propusk/storage"
)

// seededSecrets and seededPasswords are what storage.Seed gives to apps and people. They are shown
// only while they are true.
var (
	seededSecrets = map[string]string{
		"demo": "demo-secret", "plain": "plain-secret", "service": "service-secret", "yourClientId": "yourClientSecret",
	}
	seededPasswords = map[string]string{"alice": "alice", "bob": "bob", "carol": "carol"}
)

// devView is what a newcomer needs to know, as JSON.
type devView struct {
	Issuer    string     `json:"issuer"`
	Discovery string     `json:"discovery"`
	Data      string     `json:"data"`
	Ephemeral bool       `json:"ephemeral"`
	Apps      []appView  `json:"apps"`
	Users     []userView `json:"users"`
	Try       tryView    `json:"try"`
}

// tryView is what to try first; what does not work any more is left out.
type tryView struct {
	Authorize   string `json:"authorize,omitempty"`   // open in a browser
	Token       string `json:"token,omitempty"`       // then in a shell, with the code
	Credentials string `json:"credentials,omitempty"` // or this alone
}

// announce prints the screen or the document, then the line ready.
func announce(ctx context.Context, t terminal, db *storage.DB, issuer, dir string, ephemeral, asJSON bool) error {
	v, err := describeDev(ctx, db, issuer)
	if err != nil {
		return err
	}
	v.Data, v.Ephemeral = dir, ephemeral
	if asJSON {
		err = t.json(v)
	} else {
		err = v.screen(t.out)
	}
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(t.out, "ready", issuer)
	return err
}

// describeDev reads what is there: a database that was started before may have changed.
func describeDev(ctx context.Context, db *storage.DB, issuer string) (devView, error) {
	v := devView{Issuer: issuer, Discovery: issuer + provider.PathDiscovery, Apps: []appView{}, Users: []userView{}}
	apps, _, err := db.Apps(ctx, storage.AppFilter{Limit: 20})
	if err != nil {
		return v, err
	}
	for _, a := range apps {
		if !a.Enabled {
			continue
		}
		secret := seededSecrets[a.ID]
		if secret != "" && !db.IsAppSecret(a, secret) {
			secret = ""
		}
		v.Apps = append(v.Apps, viewApp(a, secret))
	}
	users, _, err := db.Users(ctx, storage.UserFilter{Limit: 20})
	if err != nil {
		return v, err
	}
	for _, u := range users {
		if u.Disabled() {
			continue
		}
		one := viewUser(u)
		one.Password = knownPassword(db, u)
		v.Users = append(v.Users, one)
	}
	v.Try, err = v.try(ctx, db)
	return v, err
}

// knownPassword is the seeded password while it holds. Comparing costs tens of milliseconds, so it is
// done only for people who were changed since they were seeded.
func knownPassword(db *storage.DB, u *storage.User) string {
	password := seededPasswords[u.Login]
	if password == "" || u.UpdatedAt.Equal(u.CreatedAt) {
		return password
	}
	ok, _ := db.CheckPassword(u, password)
	if !ok {
		return ""
	}
	return password
}

// try makes the addresses and commands to try, for the seeded apps that are still there.
func (v devView) try(ctx context.Context, db *storage.DB) (tryView, error) {
	var t tryView
	back := v.Issuer + "/account" // a page that leaves the code in the address bar
	a, err := db.App(ctx, "plain")
	if err != nil && !errors.Is(err, storage.ErrNotFound) {
		return t, err
	}
	if err == nil && v.secret("plain") != "" && a.MatchRedirectURI(back) {
		q := url.Values{"client_id": {"plain"}, "redirect_uri": {back}, "response_type": {"code"}, "scope": {"openid profile email"}, "state": {"try"}}
		t.Authorize = v.Issuer + provider.PathAuthorize + "?" + q.Encode()
		t.Token = fmt.Sprintf("curl -u plain:%s -d grant_type=authorization_code -d redirect_uri=%s -d code=CODE %s",
			v.secret("plain"), back, v.Issuer+provider.PathToken)
	}
	if v.secret("service") != "" {
		t.Credentials = fmt.Sprintf("curl -u service:%s -d grant_type=client_credentials -d scope=extern.api %s",
			v.secret("service"), v.Issuer+provider.PathToken)
	}
	return t, nil
}

// secret is the known secret of an enabled app, or "".
func (v devView) secret(id string) string {
	for _, a := range v.Apps {
		if a.ClientID == id {
			return a.ClientSecret
		}
	}
	return ""
}

// screen prints it for people: a screenful.
func (v devView) screen(w io.Writer) error {
	line := func(label, text string) { fmt.Fprintf(w, "  %-10s %s\n", label, printable(text)) }
	fmt.Fprintf(w, "propusk dev: an OpenID Connect provider for this machine alone\n\n")
	line("issuer", v.Issuer)
	line("discovery", v.Discovery)
	kept := " (kept; remove it to start anew)"
	if v.Ephemeral {
		kept = " (removed at exit)"
	}
	line("pages", v.Issuer+"/account (yours; alice's also shows apps, people and the audit log)")
	line("data", v.Data+kept)
	fmt.Fprintln(w)
	for i, a := range v.ordered() {
		line(label(i, "apps"), fmt.Sprintf("%-32s %s", credentials(a.ClientID, a.ClientSecret), describeUse(a)))
	}
	fmt.Fprintln(w)
	for i, u := range v.Users {
		text := u.Access + " access"
		if u.Email == "" {
			text += ", no e-mail"
		}
		line(label(i, "people"), fmt.Sprintf("%-32s %s", credentials(u.Login, u.Password), text))
	}
	fmt.Fprintln(w)
	if v.Try.Authorize != "" {
		line("try", v.Try.Authorize)
		line("then", v.Try.Token)
		line("", "(CODE is what stands behind code= in the address bar; it lasts a minute)")
	}
	if v.Try.Credentials != "" {
		line("or", v.Try.Credentials)
	}
	_, err := fmt.Fprintf(w, "  Whoever can use this machine can sign in as anyone. For others: propusk serve --help\n\n")
	return err
}

// ordered puts demo and plain, which a newcomer wants, first.
func (v devView) ordered() []appView {
	rank := map[string]int{"demo": -2, "plain": -1}
	all := slices.Clone(v.Apps)
	slices.SortStableFunc(all, func(a, b appView) int { return rank[a.ClientID] - rank[b.ClientID] })
	return all
}

// label stands before the first line of a block only.
func label(i int, text string) string {
	if i == 0 {
		return text
	}
	return ""
}

// credentials is "name / secret", or the name alone.
func credentials(name, secret string) string {
	if secret == "" {
		return name
	}
	return name + " / " + secret
}

// describeUse says in a few words how to sign in to an app.
func describeUse(a appView) string {
	text := a.ApplicationType
	switch {
	case slices.Equal(a.AuthMethods, []string{storage.AuthNone}):
		text += ", public, PKCE"
	case !slices.Contains(a.GrantTypes, storage.GrantCode):
		text += ", client_credentials"
	case a.WithoutPKCE:
		text += ", without PKCE"
	default:
		text += ", PKCE"
	}
	if a.AnyLoopback {
		text += ", redirects to any http://localhost"
	}
	return text
}
