package page

import "unicode"

// piece is a part of a value; Mark is "del" for what should not be there, "ins" for what is missing
// and empty for what agrees.
type piece struct {
	Text string
	Mark string
}

// compare marks the differences of two values, word by word; when one is empty nothing is marked.
func compare(came, expected string) (was, want []piece) {
	came, expected = visible(shorten(came)), visible(shorten(expected))
	if came == "" || expected == "" {
		return whole(came), whole(expected)
	}
	a, b := words(came), words(expected)
	// longest[i][j] is the length of the longest common subsequence of a[i:] and b[j:]; both are bounded
	// by shorten, so the table is too.
	longest := make([][]int, len(a)+1)
	for i := range longest {
		longest[i] = make([]int, len(b)+1)
	}
	for i := len(a) - 1; i >= 0; i-- {
		for j := len(b) - 1; j >= 0; j-- {
			if a[i] == b[j] {
				longest[i][j] = longest[i+1][j+1] + 1
			} else {
				longest[i][j] = max(longest[i+1][j], longest[i][j+1])
			}
		}
	}
	i, j := 0, 0
	for i < len(a) || j < len(b) {
		switch {
		case i < len(a) && j < len(b) && a[i] == b[j]:
			was, want = add(was, a[i], ""), add(want, b[j], "")
			i, j = i+1, j+1
		case j == len(b) || (i < len(a) && longest[i+1][j] >= longest[i][j+1]):
			was = add(was, a[i], "del")
			i++
		default:
			want = add(want, b[j], "ins")
			j++
		}
	}
	return was, want
}

func whole(s string) []piece {
	if s == "" {
		return nil
	}
	return []piece{{Text: s}}
}

// add appends a word, to the last piece if that has the same mark.
func add(list []piece, word, mark string) []piece {
	if n := len(list); n > 0 && list[n-1].Mark == mark {
		list[n-1].Text += word
		return list
	}
	return append(list, piece{Text: word, Mark: mark})
}

// words cuts a value into runs of letters and digits and single other characters.
func words(s string) []string {
	var list []string
	inWord := false
	for _, r := range s {
		letter := unicode.IsLetter(r) || unicode.IsDigit(r)
		if letter && inWord {
			list[len(list)-1] += string(r)
		} else {
			list = append(list, string(r))
		}
		inWord = letter
	}
	return list
}
