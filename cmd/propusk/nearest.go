package main

import "strings"

// nearest returns the name that was probably meant, or "": one that begins with what was typed, or
// the other way round, or the closest within a third of its length in changed letters.
func nearest(typed string, names []string) string {
	typed = strings.ToLower(typed)
	for _, name := range names {
		if len(typed) >= 2 && strings.HasPrefix(name, typed) || len(name) >= 3 && strings.HasPrefix(typed, name) {
			return name
		}
	}
	best, limit := "", 0
	for _, name := range names {
		allowed := max(1, len(name)/3)
		d := distance(typed, name)
		if d <= allowed && (best == "" || d < limit) {
			best, limit = name, d
		}
	}
	return best
}

// distance counts the letters to insert, remove, replace or swap with a neighbour to turn a into b.
func distance(a, b string) int {
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			replace := 1
			if a[i-1] == b[j-1] {
				replace = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+replace)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}
