package storage

import "sync"

// uses remembers when things were used last, by id, until that is stored. It holds only what was used
// since, so it stays as small as what people work with.
type uses struct {
	mu    sync.Mutex
	times map[string]int64 // unix milliseconds
}

// use is one remembered use.
type use struct {
	id string
	at int64
}

// note remembers a use; an older one than what is known changes nothing.
func (u *uses) note(id string, at int64) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.times == nil {
		u.times = map[string]int64{}
	}
	if at > u.times[id] {
		u.times[id] = at
	}
}

// at returns the remembered use, 0 for none.
func (u *uses) at(id string) int64 {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.times[id]
}

// all returns what is remembered.
func (u *uses) all() []use {
	u.mu.Lock()
	defer u.mu.Unlock()
	list := make([]use, 0, len(u.times))
	for id, at := range u.times {
		list = append(list, use{id, at})
	}
	return list
}

// stored forgets what has been written, unless it was used again in between.
func (u *uses) stored(list []use) {
	u.mu.Lock()
	defer u.mu.Unlock()
	for _, w := range list {
		if u.times[w.id] == w.at {
			delete(u.times, w.id)
		}
	}
}

// forget drops what is remembered of one id.
func (u *uses) forget(id string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	delete(u.times, id)
}
