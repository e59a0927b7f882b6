package page

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	xlanguage "golang.org/x/text/language"
)

// supported are the languages of the pages; the first is spoken when nothing else is asked for.
var supported = []string{"en", "ru"}

// Languages are the languages of the pages, as discovery lists them (ui_locales_supported).
func Languages() []string { return slices.Clone(supported) }

var matcher = xlanguage.NewMatcher([]xlanguage.Tag{xlanguage.English, xlanguage.Russian})

// Lang chooses "en" or "ru": the link in the footer (?lang=, kept in a cookie) before ui_locales
// (OpenID Connect Core §3.1.2.1) before Accept-Language (RFC 9110 §12.5.4). What names neither is passed over.
func (p *Renderer) Lang(r *http.Request, uiLocales []string) string {
	if lang := queryLang(r); lang != "" {
		return lang
	}
	if c, err := r.Cookie(p.cookie); err == nil && isSupported(c.Value) {
		return c.Value
	}
	for _, list := range []string{strings.Join(uiLocales, ","), r.Header.Get("Accept-Language")} {
		if lang := match(list); lang != "" {
			return lang
		}
	}
	return supported[0]
}

// match returns the best language for a list in the manner of Accept-Language, or nothing.
func match(list string) string {
	if list == "" || len(list) > 1000 { // nobody speaks that many
		return ""
	}
	tags, _, err := xlanguage.ParseAcceptLanguage(list)
	if err != nil || len(tags) == 0 {
		return ""
	}
	_, i, confidence := matcher.Match(tags...)
	if confidence == xlanguage.No {
		return ""
	}
	return supported[i]
}

// queryLang returns the language the query asks for, if it is one of ours. It reads the raw query so
// that a broken parameter beside it does not matter.
func queryLang(r *http.Request) string {
	if len(r.URL.RawQuery) > maxLink {
		return ""
	}
	for _, pair := range strings.Split(r.URL.RawQuery, "&") {
		lang, ok := strings.CutPrefix(pair, "lang=")
		if ok && isSupported(lang) {
			return lang
		}
	}
	return ""
}

func isSupported(lang string) bool {
	for _, s := range supported {
		if lang == s {
			return true
		}
	}
	return false
}

// keepLang keeps the language that the footer's link asked for, for a year.
func (p *Renderer) keepLang(w http.ResponseWriter, r *http.Request) {
	lang := queryLang(r)
	if lang == "" {
		return
	}
	p.keep(w, p.cookie, lang)
}

// cookieName has the port in it on http: every port of a host shares one jar there, and providers of
// several projects run beside each other.
func cookieName(issuer *url.URL) string {
	if issuer.Scheme == "https" {
		return "propusk_lang"
	}
	port := issuer.Port()
	if port == "" {
		port = "80"
	}
	return "propusk_lang_" + port
}

// maxLink bounds the query that a footer link repeats, in bytes.
const maxLink = 8 << 10

// langLink returns the address of the page being answered in another language, relative to it. The
// path is left out: one that begins with two slashes would name another host.
func langLink(r *http.Request, request, lang string) string {
	var pairs []string
	switch {
	case r.Method == http.MethodPost:
		if request != "" {
			pairs = append(pairs, "request="+url.QueryEscape(request))
		}
	case len(r.URL.RawQuery) <= maxLink:
		for _, pair := range strings.Split(r.URL.RawQuery, "&") {
			name, _, _ := strings.Cut(pair, "=")
			if pair != "" && name != "lang" && !bodyOnly(name) {
				// A colon that stands bare in a query, as in redirect_uri=http://…, is taken for the end of
				// a scheme by html/template, which then withholds the link.
				pairs = append(pairs, strings.ReplaceAll(pair, ":", "%3A"))
			}
		}
	}
	return "?" + strings.Join(append(pairs, "lang="+lang), "&")
}

// bodyOnly tells whether a parameter belongs into bodies and no URL: when a client sends it there all
// the same, a page does not hand it on.
func bodyOnly(name string) bool {
	plain, err := url.QueryUnescape(name)
	if err != nil {
		return true
	}
	switch strings.ToLower(plain) {
	case "client_secret", "client_assertion", "code", "code_verifier", "access_token", "refresh_token", "token", "password":
		return true
	}
	return false
}
