package storage

import (
	"container/list"
	"sync"
)

// Bounds of what is remembered, because anybody may cause attempts.
const (
	eventApps  = 10_000   // apps
	eventBytes = 32 << 20 // of all texts together, roughly
	eventText  = 300      // bytes of one text
)

// events are the rings of all apps, the one that was written last in front. When there is no room the
// app that has been quiet longest is forgotten.
type events struct {
	mu    sync.Mutex
	rings map[string]*list.Element // of *ring, by app
	order list.List
	bytes int
}

// ring holds the last attempts of one app; once it is full, next is the oldest.
type ring struct {
	appID string
	list  []Event
	next  int
	bytes int
}

// Record remembers an attempt of an app, in memory only; the oldest of its ring is dropped. Long texts are
// cut, a redirect URI that is too long to be registered is left out. Unknown apps are the caller's to leave
// out. Time is set here when zero.
func (db *DB) Record(e Event) {
	if e.Time.IsZero() {
		e.Time = db.now()
	}
	for _, text := range []*string{&e.ID, &e.Endpoint, &e.Grant, &e.Result, &e.Description, &e.Key, &e.Came, &e.Address, &e.UserID} {
		*text = clip(*text, eventText)
	}
	if len(e.RedirectURI) > uriMax {
		e.RedirectURI = ""
	}
	db.events.add(e)
}

// Events returns what is remembered of an app, newest first: at most eventsMax.
func (db *DB) Events(appID string) []Event { return db.events.of(appID) }

// size is about what an event takes.
func (e *Event) size() int {
	return 256 + len(e.ID) + len(e.Endpoint) + len(e.Grant) + len(e.Result) + len(e.Description) + len(e.Key) +
		len(e.Came) + len(e.RedirectURI) + len(e.Address) + len(e.UserID)
}

func (s *events) add(e Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.rings == nil {
		s.rings = map[string]*list.Element{}
	}
	at := s.rings[e.AppID]
	if at == nil {
		at = s.order.PushFront(&ring{appID: e.AppID})
		s.rings[e.AppID] = at
	} else {
		s.order.MoveToFront(at)
	}
	s.bytes += at.Value.(*ring).add(e)
	for len(s.rings) > eventApps || s.bytes > eventBytes && len(s.rings) > 1 {
		s.remove(s.order.Back())
	}
}

// add puts an event in place of the oldest and tells by how much the ring has grown.
func (r *ring) add(e Event) int {
	grown := e.size()
	if len(r.list) < eventsMax {
		r.list = append(r.list, e)
	} else {
		grown -= r.list[r.next].size()
		r.list[r.next] = e
		r.next = (r.next + 1) % eventsMax
	}
	r.bytes += grown
	return grown
}

func (s *events) of(appID string) []Event {
	s.mu.Lock()
	defer s.mu.Unlock()
	at := s.rings[appID]
	if at == nil {
		return nil
	}
	r := at.Value.(*ring)
	found := make([]Event, len(r.list))
	for i := range found { // the newest stands before next
		found[i] = r.list[(r.next+2*len(r.list)-1-i)%len(r.list)]
	}
	return found
}

// drop forgets an app.
func (s *events) drop(appID string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	at := s.rings[appID]
	if at != nil {
		s.remove(at)
	}
}

func (s *events) remove(at *list.Element) {
	r := at.Value.(*ring)
	s.order.Remove(at)
	delete(s.rings, r.appID)
	s.bytes -= r.bytes
}
