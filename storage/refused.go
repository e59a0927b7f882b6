package storage

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// Bounds of what refused attempts leave in the audit log: one person, or a script with their token, must
// not fill it, nor hide one attempt among many others.
const (
	refusedMinute = 20 // rows of one person in a minute, beside the first of each kind
	refusedKinds  = 100
	refusedPeople = 10_000
	refusedWindow = time.Minute
)

// refusals counts refused attempts of people, in memory alone.
type refusals struct {
	mu     sync.Mutex
	people map[string]*refusedPerson // by users.id
}

// refusedPerson is a person's minute.
type refusedPerson struct {
	since   time.Time
	rows    int
	address string // from which the latest attempt came
	kinds   map[refusedKind]*refusedCount
}

type refusedKind struct{ action, result string }

type refusedCount struct {
	told    bool // in this minute
	dropped int  // since the last row
}

// RefusedAttempt tells the audit log that a person was refused something before storage was asked: action is
// what they tried, result why not ("forbidden", "not_found", …). In a minute at most 20 entries of a person
// are written beside the first of each action and result; the next one afterwards says how many are missing.
// What is no person leaves nothing.
func (db *DB) RefusedAttempt(ctx context.Context, by Actor, action, target, result string) error {
	if by.Kind != ActorUser || by.ID == "" {
		return nil
	}
	write, missing := db.refusals.count(by, refusedKind{action, result}, db.now())
	if !write {
		return nil
	}
	e := AuditEntry{Actor: by, Action: action, Target: target, Result: result}
	if missing > 0 {
		e.Detail = fmt.Sprintf("and %d more before", missing)
	}
	return db.Audit(context.WithoutCancel(ctx), e) // also where the caller hangs up
}

// count tells whether an attempt is to be written, and how many of its kind were not since the last one.
func (r *refusals) count(by Actor, kind refusedKind, now time.Time) (write bool, missing int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	p := r.person(by.ID, now)
	p.address = by.Address
	if now.Sub(p.since).Abs() >= refusedWindow {
		p.since, p.rows = now, 0
		for _, c := range p.kinds {
			c.told = false
		}
	}
	c := p.kinds[kind]
	if c == nil {
		c = &refusedCount{told: len(p.kinds) >= refusedKinds}
		if !c.told {
			p.kinds[kind] = c
		}
	}
	if p.rows >= refusedMinute && c.told {
		c.dropped++
		return false, 0
	}
	p.rows++
	missing = c.dropped
	c.told, c.dropped = true, 0
	return true, missing
}

// person returns whose attempts are counted; with too many in memory it forgets all others.
func (r *refusals) person(id string, now time.Time) *refusedPerson {
	p := r.people[id]
	if p != nil {
		return p
	}
	if r.people == nil || len(r.people) >= refusedPeople {
		r.people = map[string]*refusedPerson{}
	}
	p = &refusedPerson{since: now, kinds: map[refusedKind]*refusedCount{}}
	r.people[id] = p
	return p
}

// over takes out those whose minute is over, or all, as entries of how many were not written.
func (r *refusals) over(now time.Time, all bool) []AuditEntry {
	r.mu.Lock()
	defer r.mu.Unlock()
	var list []AuditEntry
	for id, p := range r.people {
		if !all && now.Sub(p.since).Abs() < refusedWindow {
			continue
		}
		for kind, c := range p.kinds {
			if c.dropped > 0 {
				list = append(list, AuditEntry{Actor: Actor{Kind: ActorUser, ID: id, Address: p.address}, Action: kind.action,
					Result: kind.result, Detail: fmt.Sprintf("and %d more before", c.dropped)})
			}
		}
		delete(r.people, id)
	}
	return list
}

// storeRefusals writes how many attempts left no entry of their own, where nothing came after them.
func (db *DB) storeRefusals(ctx context.Context, all bool) (int, error) {
	list := db.refusals.over(db.now(), all)
	var errs []error
	for _, e := range list {
		errs = append(errs, db.Audit(ctx, e))
	}
	return len(list), errors.Join(errs...)
}
