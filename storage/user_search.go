package storage

import (
	"context"
	"slices"
	"strings"
	"sync"
)

// userSearch answers filtered lists of people from memory: a search inside three columns of 100,000 rows
// takes SQLite longer than a page may take, and no index that both databases have finds text within text.
// It is loaded at the first search; afterwards only what has changed is read, by whatever process, and a
// search never answers with what was true before it was asked. An entry costs some 150 bytes.
type userSearch struct {
	reading sync.Mutex  // held while the database is read
	entries []userEntry // by key; a slice that was handed out is never changed
	loaded  bool
	newest  int64 // highest updated_at seen

	mu      sync.Mutex      // held for moments, because the writer takes it
	changed map[string]bool // ids this process has changed since
	foreign bool            // another process has written since
}

// userEntry is what lists of people can be filtered by.
type userEntry struct {
	key      string // login_key, name_key and email_key on a line each: sorts like login_key
	id       string
	full     bool
	disabled bool
	updated  int64
}

// login is the folded login of the entry.
func (e userEntry) login() string {
	login, _, _ := strings.Cut(e.key, "\n")
	return login
}

const (
	searchLag  = 60_000 // milliseconds the clocks of two processes may lie apart
	searchMany = 2_000  // changes of this process after which all is read again
)

const userEntryColumns = `SELECT login_key || '
' || name_key || '
' || COALESCE(email_key, ''), id, access, disabled_at, updated_at FROM users`

func scanUserEntry(row scanner) (userEntry, error) {
	var e userEntry
	var access Access
	var disabled int64
	err := row.Scan(&e.key, &e.id, &access, &disabled, &e.updated)
	e.full, e.disabled = access == Full, disabled != 0
	return e, err
}

// touch says that this process has changed a user.
func (s *userSearch) touch(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.changed) < searchMany {
		if s.changed == nil {
			s.changed = map[string]bool{}
		}
		s.changed[id] = true
	}
}

// forget says that another process may have changed any user.
func (s *userSearch) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.foreign = true
}

// take returns what has changed and begins anew.
func (s *userSearch) take() (changed map[string]bool, foreign bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	changed, foreign = s.changed, s.foreign
	s.changed, s.foreign = nil, false
	return changed, foreign
}

// putBack undoes take after a read that failed.
func (s *userSearch) putBack(changed map[string]bool, foreign bool) {
	s.mu.Lock()
	s.foreign = s.foreign || foreign
	s.mu.Unlock()
	for id := range changed {
		s.touch(id)
	}
}

// userEntries returns all people by folded login, as they are now. After a failure, such as a caller who
// hangs up, the next search reads what this one should have read.
func (db *DB) userEntries(ctx context.Context) ([]userEntry, error) {
	s := &db.search
	s.reading.Lock()
	defer s.reading.Unlock()
	changed, foreign := s.take()
	var err error
	switch {
	case !s.loaded, len(changed) >= searchMany, foreign && s.newest > millis(db.now())+searchLag: // the clock was put back
		err = s.load(ctx, db)
	case foreign || len(changed) > 0:
		err = s.refresh(ctx, db, changed, foreign)
	}
	if err != nil {
		s.putBack(changed, foreign)
		return nil, err
	}
	s.loaded = true
	return s.entries, nil
}

// warmSearch reads people into memory before the first search, where they are so many that it would wait.
func (db *DB) warmSearch(ctx context.Context) error {
	count, err := readRow(ctx, db, scanCount, `SELECT count(*) FROM users`)
	if err == nil && count > searchMany {
		_, err = db.userEntries(ctx)
	}
	return err
}

// load reads everybody.
func (s *userSearch) load(ctx context.Context, db *DB) error {
	list, err := readAll(ctx, db, scanUserEntry, userEntryColumns+` ORDER BY login_key`)
	if err != nil {
		return err
	}
	s.entries, s.newest = list, 0
	for _, e := range list {
		s.newest = max(s.newest, e.updated)
	}
	return nil
}

// refresh reads who was changed: by this process, told by id, by another, told by updated_at. Where the
// number of rows does not fit then, everybody is read.
func (s *userSearch) refresh(ctx context.Context, db *DB, changed map[string]bool, foreign bool) error {
	fresh := map[string]userEntry{}
	for id := range changed {
		list, err := readAll(ctx, db, scanUserEntry, userEntryColumns+` WHERE id = $1`, id)
		if err != nil {
			return err
		}
		for _, e := range list {
			fresh[id] = e
		}
	}
	if foreign {
		list, err := readAll(ctx, db, scanUserEntry, userEntryColumns+` WHERE updated_at >= $1`, s.newest-searchLag)
		if err != nil {
			return err
		}
		for _, e := range list {
			fresh[e.id] = e
		}
	}
	s.merge(changed, fresh)
	if !foreign {
		return nil
	}
	count, err := readRow(ctx, db, scanCount, `SELECT count(*) FROM users`)
	if err == nil && count != len(s.entries) {
		err = s.load(ctx, db)
	}
	return err
}

// merge makes a new list in which the fresh entries stand for those of the same ids, and those changed
// that are not fresh are gone.
func (s *userSearch) merge(changed map[string]bool, fresh map[string]userEntry) {
	byKey := func(a, b userEntry) int { return strings.Compare(a.key, b.key) }
	added := make([]userEntry, 0, len(fresh))
	for _, e := range fresh {
		added = append(added, e)
		s.newest = max(s.newest, e.updated)
	}
	slices.SortFunc(added, byKey)
	list := make([]userEntry, 0, len(s.entries)+len(added))
	for _, e := range s.entries {
		if _, again := fresh[e.id]; again || changed[e.id] {
			continue
		}
		for len(added) > 0 && added[0].key < e.key {
			list, added = append(list, added[0]), added[1:]
		}
		list = append(list, e)
	}
	s.entries = append(list, added...)
}
