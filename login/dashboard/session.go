package dashboard

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/propusk/propusk/login/page"
	"github.com/propusk/propusk/storage"
)

// sessions are where a person is signed in, the browser that asks first.
func (d *Dashboard) sessions(r *http.Request, userID, this string) ([]page.SessionRow, error) {
	list, err := d.db.Sessions(r.Context(), userID)
	if err != nil {
		return nil, fmt.Errorf("sessions: %w", err)
	}
	rows := make([]page.SessionRow, 0, len(list))
	for _, s := range list {
		browser, system, phone := device(s.UserAgent)
		rows = append(rows, page.SessionRow{
			ID: s.ID, Browser: browser, System: system, Phone: phone, Address: s.Address,
			SignedIn: s.AuthTime, SeenAt: s.SeenAt, This: s.ID == this,
		})
	}
	slices.SortStableFunc(rows, func(a, b page.SessionRow) int {
		switch {
		case a.This:
			return -1
		case b.This:
			return 1
		}
		return 0
	})
	return rows, nil
}

// owns is storage.ErrNotFound where the session is not of that person.
func (d *Dashboard) owns(r *http.Request, userID, sessionID string) error {
	list, err := d.db.Sessions(r.Context(), userID)
	if err != nil {
		return fmt.Errorf("sessions: %w", err)
	}
	if !slices.ContainsFunc(list, func(s *storage.Session) bool { return s.ID == sessionID }) {
		return fmt.Errorf("session: %w", storage.ErrNotFound)
	}
	return nil
}

// others counts the sessions beside the one that asks.
func others(list []page.SessionRow) int {
	n := 0
	for _, s := range list {
		if !s.This {
			n++
		}
	}
	return n
}

// mark is a part of a user agent and what it stands for.
type mark struct{ part, name string }

// browsers in the order they are looked for: most of them call themselves several others too.
var browsers = []mark{
	{"YaBrowser/", "Яндекс Браузер"}, {"Edg/", "Edge"}, {"EdgA/", "Edge"}, {"EdgiOS/", "Edge"}, {"OPR/", "Opera"},
	{"Vivaldi/", "Vivaldi"}, {"SamsungBrowser/", "Samsung Internet"}, {"HeadlessChrome/", "Chrome"}, {"FxiOS/", "Firefox"},
	{"Firefox/", "Firefox"}, {"CriOS/", "Chrome"}, {"Chromium/", "Chromium"}, {"Chrome/", "Chrome"},
	{"Safari/", "Safari"}, {"curl/", "curl"},
}

var systems = []mark{
	{"iPhone", "iPhone"}, {"iPad", "iPad"}, {"Android", "Android"}, {"Windows", "Windows"}, {"Mac OS X", "macOS"},
	{"CrOS", "ChromeOS"}, {"Linux", "Linux"}, {"FreeBSD", "FreeBSD"},
}

// device says in words what a User-Agent header claims to be: browser and system, each empty when it is
// not known, and whether it is a phone.
func device(userAgent string) (browser, system string, phone bool) {
	system = firstMark(systems, userAgent)
	phone = system == "iPhone" || system == "Android" && strings.Contains(userAgent, "Mobile")
	return firstMark(browsers, userAgent), system, phone
}

// browserOf is a user agent in short: "Firefox, Linux"; as it came where nothing of it is known.
func browserOf(userAgent string) string {
	browser, system, _ := device(userAgent)
	switch {
	case browser != "" && system != "":
		return browser + ", " + system
	case browser != "":
		return browser
	}
	return userAgent
}

func firstMark(marks []mark, userAgent string) string {
	for _, m := range marks {
		if strings.Contains(userAgent, m.part) {
			return m.name
		}
	}
	return ""
}
