package storage

import "testing"

func TestCacheGenerations(t *testing.T) {
	for _, c := range []struct {
		name      string
		meanwhile func(*cache[string, int]) // what the writer does while a reader reads
		want      int                       // what is known afterwards, 0 for nothing
	}{
		{"nothing happens", func(*cache[string, int]) {}, 1},
		{"another row is new", func(c *cache[string, int]) { c.add("other", 5) }, 1},
		{"the row changes", func(c *cache[string, int]) { c.put("row", 2) }, 2},
		{"the row goes", func(c *cache[string, int]) { c.drop("row") }, 0},
		{"another row goes", func(c *cache[string, int]) { c.drop("other") }, 0},
		{"everything is forgotten", func(c *cache[string, int]) { c.clear() }, 0},
	} {
		var known cache[string, int]
		before := known.before()
		c.meanwhile(&known)
		known.fill(before, "row", 1)
		got, _ := known.get("row")
		if got != c.want {
			t.Errorf("%s: got %d, want %d", c.name, got, c.want)
		}
	}
}

func TestCacheBound(t *testing.T) {
	var known cache[int, int]
	for i := range 3 * cacheSize {
		known.add(i, i)
	}
	if got := len(known.entries); got != cacheSize {
		t.Errorf("got %d entries, want %d", got, cacheSize)
	}
	if got, ok := known.get(3*cacheSize - 1); !ok || got != 3*cacheSize-1 {
		t.Errorf("the newest entry: got %d, %t", got, ok)
	}
}
