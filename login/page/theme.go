package page

import (
	"net/http"
	"strings"
)

// Themes a person may choose; none follows the device.
var themes = []string{"light", "dark"}

// theme returns the theme of the browser's cookie, "" to follow the device.
func (p *Renderer) theme(r *http.Request) string {
	c, err := r.Cookie(p.themeCookie())
	if err != nil {
		return ""
	}
	for _, t := range themes {
		if c.Value == t {
			return t
		}
	}
	return ""
}

// themeCookie stands beside the language's, with the port in its name on http for the same reason.
func (p *Renderer) themeCookie() string { return strings.Replace(p.cookie, "_lang", "_theme", 1) }

// KeepLook keeps the language ("en", "ru") and theme ("light", "dark", "" for the device's) that a person
// chose, for a year; what is neither is left as it was.
func (p *Renderer) KeepLook(w http.ResponseWriter, lang, theme string) {
	if isSupported(lang) {
		p.keep(w, p.cookie, lang)
	}
	for _, t := range append(themes, "") {
		if theme == t {
			p.keep(w, p.themeCookie(), theme)
		}
	}
}

// keep sets a cookie for a year; an empty value deletes it.
func (p *Renderer) keep(w http.ResponseWriter, name, value string) {
	age := 365 * 24 * 60 * 60
	if value == "" {
		age = -1
	}
	http.SetCookie(w, &http.Cookie{
		Name: name, Value: value, Path: "/", MaxAge: age,
		Secure: p.secure, HttpOnly: true, SameSite: http.SameSiteLaxMode,
	})
}
