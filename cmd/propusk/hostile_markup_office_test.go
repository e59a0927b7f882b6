package main

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"github.com/propusk/propusk/storage"
)

// markupOffice leads mallory and an administrator through propusk's own pages, where names, descriptions,
// labels, refusals and user agents that hold markup are listed and repeated.
func (w *world) markupOffice(p *person, app party) []markupPage {
	w.t.Helper()
	ctx := context.Background()
	id := w.userID(p.login)
	w.developer(app.id, p.login, storage.RoleOwner)
	_, _, err := w.db.AddAppKey(ctx, storage.System, app.id, markup, w.clock.Now().AddDate(0, 0, 5))
	if err != nil {
		w.t.Fatal(err)
	}
	_, _, err = w.db.CreatePersonalToken(ctx, storage.System, storage.NewPersonalToken{UserID: id, Name: markup, Scopes: []string{storage.ScopeMeRead}})
	if err != nil {
		w.t.Fatal(err)
	}
	refused := w.request(http.MethodGet, authorizePath(app.asking("redirect_uri", "https://app.example/"+markup)), "", "User-Agent", markup)
	p.send(refused)
	w.granted(w.token(app.redeeming(p.code(app))))
	hacker := w.person(p.login) // another session, with a user agent of its own
	hacker.password = p.password
	_, page := hacker.open("/login")
	action, form := hacker.fill(page)
	signIn := w.request(http.MethodPost, action, form.Encode(), "User-Agent", markup, "Origin", w.issuer, "Sec-Fetch-Site", "same-origin")
	hacker.send(signIn)

	var pages []markupPage
	query := "?" + url.Values{"q": {markup}, "done": {markup}, "action": {markup}, "actor": {markup}, "owner": {markup}, "lang": {markup}}.Encode()
	silent := func(body string) bool { return !strings.Contains(visibleText(body), "alert(1)") }
	for _, who := range []*person{p, w.office("alice")} {
		for _, route := range w.officeRoutes() {
			path := filled(route, map[string]string{"id": app.id, "sub": id})
			got := who.get(path + query)
			if got.status == http.StatusMethodNotAllowed || strings.HasPrefix(got.header.Get("Content-Type"), "text/csv") || got.header.Get("Location") != "" {
				continue
			}
			pages = append(pages, markupPage{who.login + " at " + route, got, silent(got.body)})
		}
		greedy := []string{"section", "general", "name", markup, "description", markup, "redirects", markup, "domains", markup, "policy_uri", "javascript:" + markup,
			"login", markup, "label", markup, "until", markup, "networks", markup, "ttl", markup, "confirm", markup, "claims", markup, "for", app.id, "expires", markup}
		for _, route := range w.officeRoutes() {
			if strings.HasSuffix(route, "/remove") || strings.HasSuffix(route, "/link") || strings.HasSuffix(route, "/end") || strings.HasSuffix(route, "able") {
				continue
			}
			for _, section := range []string{"general", "documents", "new", "invite", "network", "tokens"} {
				greedy[1] = section
				got := who.press(filled(route, map[string]string{"id": app.id, "sub": id}), greedy...)
				if got.status != http.StatusMethodNotAllowed && got.header.Get("Location") == "" {
					pages = append(pages, markupPage{who.login + " sends " + section + " to " + route, got, silent(got.body)})
				}
			}
		}
	}
	loud := 0
	for _, page := range pages {
		if !page.silent {
			loud++
		}
	}
	if loud < 30 {
		w.t.Errorf("only %d of %d pages repeat the markup", loud, len(pages))
	}
	return pages
}
