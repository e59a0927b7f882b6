package page

import (
	"fmt"
	"html"
	"html/template"
	"maps"
	"net/url"
	"regexp"
	"time"
)

// funcs are the functions of the templates, bound to a language.
func (x *text) funcs() template.FuncMap {
	funcs := template.FuncMap{
		"t": func(key string, args ...string) (string, error) {
			pairs, err := pairs(args)
			if err != nil {
				return "", err
			}
			return x.say(key, pairs)
		},
		"th": func(key string, args ...string) (template.HTML, error) {
			pairs, err := pairs(args)
			if err != nil {
				return "", err
			}
			return x.markup(key, pairs)
		},
		"about":     x.about,
		"pick":      x.pick,
		"said":      x.said,
		"wait":      x.wait,
		"seen":      x.seen,
		"day":       func(t time.Time) string { return day(x.lang, t) },
		"moment":    func(t time.Time) string { return moment(x.lang, t) },
		"bare":      bare,
		"clean":     clean,
		"plain":     plain,
		"letter":    letter,
		"shade":     shade,
		"icon":      icon,
		"weblink":   weblink,
		"maillink":  maillink,
		"trusted":   func(s Stub) bool { return s.Trust == Trusted },
		"unchecked": func(s Stub) bool { return s.Trust == Unchecked },
	}
	maps.Copy(funcs, x.shellFuncs())
	return funcs
}

// pairs makes a map of names and values in turn; the values are made plain, because a sentence goes on
// behind them.
func pairs(args []string) (map[string]string, error) {
	if len(args)%2 != 0 {
		return nil, fmt.Errorf("%d arguments are no pairs", len(args))
	}
	m := make(map[string]string, len(args)/2)
	for i := 0; i < len(args); i += 2 {
		m[args[i]] = plain(args[i+1])
	}
	return m, nil
}

// wait says when to try again, in seconds up to a minute and in minutes, rounded up, from there.
func (x *text) wait(seconds int) (string, error) {
	if seconds < 60 {
		return x.count("sign_in.wait_seconds", seconds)
	}
	return x.count("sign_in.wait_minutes", (seconds+59)/60)
}

// said is what stands in bold in the row of a scope: the value, else the scope's sentence.
func (x *text) said(row ConsentRow) string {
	if row.Value != "" {
		return plain(row.Value)
	}
	return x.pick(row.Text, "")
}

// seen is the person with the time of sign-in as the second line, when it is known.
func (x *text) seen(p Person, since time.Time) (Person, error) {
	if since.IsZero() {
		return p, nil
	}
	key := "common.since_day"
	if sameDay(since, x.now()) {
		key = "common.since_today"
	}
	detail, err := x.say(key, map[string]string{"time": clock(since), "date": day(x.lang, since)})
	return Person{Name: p.Name, Detail: detail}, err
}

// icons of the standard scopes; the others have a document.
var icons = map[string]string{
	"openid":         "person",
	"profile":        "person",
	"email":          "mail",
	"phone":          "phone",
	"address":        "place",
	"offline_access": "clock",
}

func icon(scope string) string { return icons[scope] }

// weblink returns the address if it is an absolute one of the web, and nothing otherwise: an app's
// links must not run scripts or open programs.
func weblink(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.User != nil || (u.Scheme != "https" && u.Scheme != "http") {
		return ""
	}
	return u.String()
}

var tag = regexp.MustCompile(`<[^>]*>`)

// bare is a text without its markup, for the title of the window.
func bare(markup template.HTML) string {
	return html.UnescapeString(tag.ReplaceAllString(string(markup), ""))
}
