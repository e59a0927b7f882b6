package page

import (
	"fmt"
	"html/template"
	"time"
)

// Shell is what stands around the page of a signed-in person: menu, name, sign-out. Pages of the
// dashboard embed it.
type Shell struct {
	Person  Person
	Section string // "account", "apps", "users" or "audit": the menu's current entry
	Full    bool   // users and audit are in the menu
	Hidden  Hidden // for every form of the page, and for signing out
	Done    string // key in the locale of what was done just now, said at the top; empty: nothing
	Wrong   string // key in the locale of why it was not done, said at the top as an error; empty: nothing
}

func (s Shell) frame() (Stub, Hidden) { return Stub{Office: true}, s.Hidden }
func (s Shell) shell() Shell          { return s }

// shelled is a page inside the [Shell].
type shelled interface {
	content
	shell() Shell
}

// layoutOf names the layout that a page stands in.
func layoutOf(c content) string {
	if _, ok := c.(shelled); ok {
		return "shell"
	}
	return "layout"
}

// Sent says that a form which made something came a second time and made nothing (template shell-sent):
// somebody clicked twice, or reloaded the answer.
type Sent struct {
	Shell
	List string // address of the list where the thing stands that was made the first time
	Form string // address of the form, to make another
}

func (Sent) template() string { return "shell-sent" }

// Mistake is why a form was not accepted: the field, storage's reason and the value or line it is about.
// The zero Mistake is none.
type Mistake struct {
	Field  string // as storage calls it: "redirect_uris"
	Reason string // shown by the key reason.<Reason>
	Text   string // or a key of its own
	Value  string
	Also   string // further lines that are wrong: "4, 7"
	Line   int    // of a field with many, from 1; 0: unknown
}

// On tells whether the mistake is in the field.
func (m Mistake) On(field string) bool { return (m.Reason != "" || m.Text != "") && m.Field == field }

// LineText is the number of the line.
func (m Mistake) LineText() string { return fmt.Sprint(m.Line) }

// shellFuncs are the functions of the templates of signed-in people.
func (x *text) shellFuncs() template.FuncMap {
	return template.FuncMap{
		"count":   x.count,
		"reason":  x.reason,
		"date":    func(t time.Time) string { return date(x.lang, t) },
		"ago":     x.ago,
		"passed":  func(t time.Time) bool { return !t.IsZero() && !x.now().Before(t) },
		"last":    last,
		"clip":    clip,
		"plus":    plus,
		"todo":    x.todo,
		"notice":  x.notice,
		"outcome": x.outcome,
	}
}

// reason says why a value was refused; a reason without a text of its own has a general one.
func (x *text) reason(m Mistake) (string, error) {
	s, err := x.say("reason."+m.Reason, map[string]string{"value": plain(m.Value)})
	if err != nil {
		return x.say("shell.reason_other", nil)
	}
	return s, nil
}

// date writes a day for a table: "21 Nov 2026", "21.11.2026"; "—" for none.
func date(lang string, t time.Time) string {
	switch {
	case t.IsZero():
		return "—"
	case lang == "ru":
		return t.UTC().Format("02.01.2006")
	}
	return t.UTC().Format("2 Jan 2006")
}

// last is the last moment before t, at which something ends: its day is the last whole one where t is the
// midnight after it.
func last(t time.Time) time.Time {
	if t.IsZero() {
		return t
	}
	return t.Add(-time.Nanosecond)
}

// ago writes when something was used: minutes within the last hour, "today", "yesterday", else the day;
// "—" for never.
func (x *text) ago(t time.Time) (string, error) {
	now := x.now()
	passed := now.Sub(t)
	switch {
	case t.IsZero() || passed < -time.Minute:
		return date(x.lang, t), nil
	case passed < time.Minute:
		return x.say("shell.just_now", nil)
	case passed < time.Hour:
		return x.count("shell.minutes_ago", int(passed/time.Minute))
	case sameDay(t, now):
		return x.say("shell.today", nil)
	case sameDay(t, now.AddDate(0, 0, -1)):
		return x.say("shell.yesterday", nil)
	}
	return date(x.lang, t), nil
}

// clip shortens what is shown in a table to n characters; the whole stands in the title.
func clip(n int, s string) string {
	runes := []rune(plain(s))
	if len(runes) <= n {
		return string(runes)
	}
	return string(runes[:n-1]) + "…"
}

// plus writes a count that stops at most: "1000+".
func plus(most, n int) string {
	if n >= most {
		return fmt.Sprintf("%d+", most)
	}
	return fmt.Sprint(n)
}
