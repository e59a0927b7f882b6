package dashboard

import (
	"container/list"
	"crypto/sha256"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/propusk/propusk/login"
	"github.com/propusk/propusk/login/page"
)

// Bounds of the memory of forms that were sent: as long as their hidden field holds, and so many. Beyond
// that the oldest is forgotten, and a form sent again then makes a second thing, which does no harm.
const (
	sentAge  = 12 * time.Hour
	sentMost = 10_000
)

// sentForms remembers the forms that made something, by their hidden field csrf, which differs on every page:
// one that comes again, because somebody clicked twice or reloaded the answer, makes nothing. It is kept in
// memory, for each process; safe for concurrent use.
type sentForms struct {
	mu    sync.Mutex
	known map[[sha256.Size]byte]*list.Element
	order *list.List // of sentForm, oldest first
}

type sentForm struct {
	id [sha256.Size]byte
	at time.Time
}

// take tells whether the form comes for the first time, and remembers it.
func (s *sentForms) take(csrf string, now time.Time) bool {
	id := sha256.Sum256([]byte(csrf))
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.known == nil {
		s.known, s.order = make(map[[sha256.Size]byte]*list.Element), list.New()
	}
	for e := s.order.Front(); e != nil; e = s.order.Front() {
		oldest := e.Value.(sentForm)
		if len(s.known) < sentMost && now.Sub(oldest.at) < sentAge {
			break
		}
		s.order.Remove(e)
		delete(s.known, oldest.id)
	}
	if s.known[id] != nil {
		return false
	}
	s.known[id] = s.order.PushBack(sentForm{id: id, at: now})
	return true
}

// free forgets a form that made nothing: it may be mended and sent again.
func (s *sentForms) free(csrf string) {
	id := sha256.Sum256([]byte(csrf))
	s.mu.Lock()
	defer s.mu.Unlock()
	if e := s.known[id]; e != nil {
		s.order.Remove(e)
		delete(s.known, id)
	}
}

// once tells whether the form comes for the first time; otherwise it has answered, with a page that leads to
// the list, where the thing stands that was made then, and to the form anew. Where nothing is made after all
// the caller gives the form back by made.
func (d *Dashboard) once(w http.ResponseWriter, r *http.Request, m *login.Member, form url.Values, to page.Sent) bool {
	if d.sent.take(form.Get("csrf"), d.now()) {
		return true
	}
	to.Shell = d.people.Shell(m, to.Section)
	d.pages.Show(w, r, page.View{Status: http.StatusConflict}, to)
	return false
}

// made gives the form back unless the thing was made.
func (d *Dashboard) made(form url.Values, err error) {
	if err != nil {
		d.sent.free(form.Get("csrf"))
	}
}
