package storage

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// remembered lists the ids of an app's events.
func remembered(db *DB, appID string) string {
	var ids []string
	for _, e := range db.Events(appID) {
		ids = append(ids, e.ID)
	}
	return strings.Join(ids, " ")
}

func TestEventRing(t *testing.T) {
	for _, c := range []struct {
		name  string
		count int
		want  []int // first, second and last id
	}{
		{"one", 1, []int{0, 0, 0}},
		{"some", 3, []int{2, 1, 0}},
		{"full", eventsMax, []int{eventsMax - 1, eventsMax - 2, 0}},
		{"one more", eventsMax + 1, []int{eventsMax, eventsMax - 1, 1}},
		{"twice over and some", 2*eventsMax + 7, []int{2*eventsMax + 6, 2*eventsMax + 5, eventsMax + 7}},
	} {
		t.Run(c.name, func(t *testing.T) {
			now := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
			db := &DB{Now: func() time.Time { return now }}
			for i := range c.count {
				db.Record(Event{AppID: "demo", ID: fmt.Sprint(i)})
			}
			list := db.Events("demo")
			if want := min(c.count, eventsMax); len(list) != want || !list[0].Time.Equal(now) {
				t.Fatalf("got %d events at %s, want %d", len(list), list[0].Time, want)
			}
			got := []string{list[0].ID, list[min(1, len(list)-1)].ID, list[len(list)-1].ID}
			want := []string{fmt.Sprint(c.want[0]), fmt.Sprint(c.want[1]), fmt.Sprint(c.want[2])}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("first, second, last (-want +got):\n%s", diff)
			}
			if other := db.Events("other"); other != nil {
				t.Errorf("another app has %d events", len(other))
			}
		})
	}
}

func TestEventTexts(t *testing.T) {
	db := &DB{Now: time.Now}
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	uri := "https://app.example/" + strings.Repeat("x", 1000)
	db.Record(Event{AppID: "demo", Time: at, Came: strings.Repeat("я", 5000), RedirectURI: uri})
	db.Record(Event{AppID: "demo", RedirectURI: "https://app.example/" + strings.Repeat("x", uriMax)})
	list := db.Events("demo")
	if !list[1].Time.Equal(at) || list[1].RedirectURI != uri || len(list[1].Came) != eventText {
		t.Errorf("got %s, a URI of %d and a text of %d bytes", list[1].Time, len(list[1].RedirectURI), len(list[1].Came))
	}
	if list[0].RedirectURI != "" {
		t.Errorf("a URI that nobody could register is kept")
	}
}

func TestEventBounds(t *testing.T) {
	db := &DB{Now: time.Now}
	for i := range eventApps + 5 {
		db.Record(Event{AppID: fmt.Sprint(i), ID: "first"})
		db.Record(Event{AppID: "0", ID: "busy"}) // is never the quiet one
	}
	if got := len(db.events.rings); got != eventApps {
		t.Errorf("got %d apps, want %d", got, eventApps)
	}
	for app, want := range map[string]bool{"0": true, "1": false, "5": false, "6": true, fmt.Sprint(eventApps + 4): true} {
		if got := db.Events(app) != nil; got != want {
			t.Errorf("app %s: got remembered %t, want %t", app, got, want)
		}
	}
	long := strings.Repeat("x", uriMax)
	for i := range 20_000 {
		db.Record(Event{AppID: fmt.Sprint(i / eventsMax), RedirectURI: long})
	}
	sum := 0
	for _, at := range db.events.rings {
		for _, e := range at.Value.(*ring).list {
			sum += e.size()
		}
	}
	if sum != db.events.bytes || sum > eventBytes || len(db.events.rings) != db.events.order.Len() {
		t.Errorf("got %d bytes, counted %d, allowed %d", sum, db.events.bytes, eventBytes)
	}
	for app := range db.events.rings {
		db.events.drop(app)
	}
	if db.events.bytes != 0 || db.events.order.Len() != 0 {
		t.Errorf("after all apps have gone: got %d bytes, %d rings", db.events.bytes, db.events.order.Len())
	}
}

func TestEventsParallel(t *testing.T) {
	db := &DB{Now: time.Now}
	var wg sync.WaitGroup
	for w := range 8 {
		wg.Go(func() {
			for i := range 500 {
				db.Record(Event{AppID: fmt.Sprint(i % 3), ID: fmt.Sprint(w)})
				if i%10 == 0 {
					db.Events(fmt.Sprint(w % 3))
				}
			}
		})
	}
	wg.Wait()
	for app := range 3 {
		if got := len(strings.Fields(remembered(db, fmt.Sprint(app)))); got != eventsMax {
			t.Errorf("app %d: got %d events, want %d", app, got, eventsMax)
		}
	}
}
