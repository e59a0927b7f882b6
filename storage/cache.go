package storage

import "sync"

// cacheSize bounds each cache; an arbitrary entry makes room.
const cacheSize = 10_000

// cache keeps rows in memory. Only the writer changes what is known (put, drop, clear), in commit order,
// before it answers. Readers that miss read the database and fill the cache, unless the generation has
// moved since before they read: what they read may be old.
type cache[K comparable, V any] struct {
	mu         sync.RWMutex
	generation uint64
	entries    map[K]V
}

// get returns the entry.
func (c *cache[K, V]) get(key K) (V, bool) {
	c.mu.RLock()
	v, ok := c.entries[key]
	c.mu.RUnlock()
	return v, ok
}

// before returns the generation, to be asked for before the database is read.
func (c *cache[K, V]) before() uint64 {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.generation
}

// fill keeps what a reader found, if nothing has changed since generation.
func (c *cache[K, V]) fill(generation uint64, key K, v V) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.generation == generation {
		c.set(key, v)
	}
}

// load reads what is not known and keeps it, unless the generation moves meanwhile.
func (c *cache[K, V]) load(key K, read func() (V, error)) (V, error) {
	generation := c.before()
	v, err := read()
	if err != nil {
		var none V
		return none, err
	}
	c.fill(generation, key, v)
	return v, nil
}

// add keeps a row that did not exist before: no reader can hold an old one.
func (c *cache[K, V]) add(key K, v V) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.set(key, v)
}

// put keeps the new state of a row.
func (c *cache[K, V]) put(key K, v V) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.generation++
	c.set(key, v)
}

// drop forgets some rows.
func (c *cache[K, V]) drop(keys ...K) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.generation++
	for _, key := range keys {
		delete(c.entries, key)
	}
}

// clear forgets everything.
func (c *cache[K, V]) clear() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.generation++
	clear(c.entries)
}

func (c *cache[K, V]) set(key K, v V) {
	if c.entries == nil {
		c.entries = map[K]V{}
	}
	if _, known := c.entries[key]; !known && len(c.entries) >= cacheSize {
		for old := range c.entries {
			delete(c.entries, old)
			break
		}
	}
	c.entries[key] = v
}

// caches are all that is known without asking the database.
type caches struct {
	apps        cache[string, *App]
	users       cache[string, *User]
	userNames   cache[string, string]         // folded login or e-mail → users.id
	sessions    cache[string, *Session]       // by id; ended ones too, because ending is final
	sessionKeys cache[string, string]         // hash of the cookie's secret → sessions.id
	consents    cache[pair, []Consent]        // by user and app
	grants      cache[string, *Grant]         // by id
	personal    cache[string, *PersonalToken] // by keyed hash
	lists       cache[string, any]            // whole lists that are small: scopes, origins, signing keys
	revoked     cache[string, *tokenSet]      // one entry: every revoked token id
}

// listOf returns the whole list of that name (cached, shared), reading it where it is not known.
func listOf[T any](db *DB, name string, read func() ([]T, error)) ([]T, error) {
	known, ok := db.caches.lists.get(name)
	if ok {
		return known.([]T), nil
	}
	list, err := db.caches.lists.load(name, func() (any, error) { return read() })
	if err != nil {
		return nil, err
	}
	return list.([]T), nil
}

// pair is a user and an app.
type pair struct{ user, app string }

// forget empties every cache: another process has changed the database.
func (db *DB) forget() {
	c := &db.caches
	c.apps.clear()
	c.users.clear()
	c.userNames.clear()
	c.sessions.clear()
	c.sessionKeys.clear()
	c.consents.clear()
	c.grants.clear()
	c.personal.clear()
	c.lists.clear()
	c.revoked.clear()
	db.search.forget()
	db.keysVersion.Add(1)
	db.wakeLogouts()
}
