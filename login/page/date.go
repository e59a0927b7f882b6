package page

import (
	"fmt"
	"time"
)

// Dates are shown in UTC and say so where the hour matters: a page without scripts does not know the
// person's zone.

var monthsEN = [...]string{"January", "February", "March", "April", "May", "June", "July", "August",
	"September", "October", "November", "December"}

var monthsRU = [...]string{"января", "февраля", "марта", "апреля", "мая", "июня", "июля", "августа",
	"сентября", "октября", "ноября", "декабря"}

// day writes a date for a sentence: "19 February 2027", "19 февраля 2027 года".
func day(lang string, t time.Time) string {
	t = t.UTC()
	if lang == "ru" {
		return fmt.Sprintf("%d %s %d года", t.Day(), monthsRU[t.Month()-1], t.Year())
	}
	return fmt.Sprintf("%d %s %d", t.Day(), monthsEN[t.Month()-1], t.Year())
}

// moment writes a time for a stamp: "21 Nov 2026 14:02 UTC", "21.11.2026 14:02 UTC".
func moment(lang string, t time.Time) string {
	if lang == "ru" {
		return t.UTC().Format("02.01.2006 15:04 UTC")
	}
	return t.UTC().Format("2 Jan 2006 15:04 UTC")
}

// clock writes the time of day: "09:12 UTC".
func clock(t time.Time) string { return t.UTC().Format("15:04 UTC") }

func sameDay(a, b time.Time) bool {
	a, b = a.UTC(), b.UTC()
	return a.Year() == b.Year() && a.YearDay() == b.YearDay()
}
