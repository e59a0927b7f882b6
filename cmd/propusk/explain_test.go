package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/propusk/propusk/storage"
)

// TestFail holds the shape of every error: what, then what to do; one line each.
func TestFail(t *testing.T) {
	tests := []struct {
		name string
		err  error
		want string
		code int
	}{
		{"plain", errors.New("it broke"), "propusk: it broke\n", 1},
		{"usage", usageError("what?", "propusk --help"), "propusk: what?\nhint: propusk --help\n", 2},
		{"wrapped", fmt.Errorf("app: %w", withHint(errors.New("gone"), "look")), "propusk: app: gone\nhint: look\n", 1},
		{"two at once", errors.Join(withHint(errors.New("a"), "look"), errors.New("b")), "propusk: a; b\nhint: look\n", 1},
		{"problems", (&problems{config: &config{}, lines: []string{"x: bad"}, hints: []string{"fix x"}}).refuse("serve", "refuses to start"),
			"propusk: serve refuses to start: 1 problem\n  x: bad\nhint: fix x\n", 1},
		{"refusal", &storage.Refusal{Reason: storage.ErrMode, Path: "k", Detail: "mode 0644", Hint: "chmod 600 k"},
			"propusk: k: other users of this machine can reach the file (mode 0644)\nhint: chmod 600 k\n", 1},
		{"invalid", &storage.Invalid{Field: "login", Reason: "login_at", Value: "a@b"}, "propusk: login \"a@b\" holds an @: that is for e-mail addresses\n", 1},
		{"a secret is not repeated", &storage.Invalid{Field: "password", Reason: "password_short", Value: "hunter2"}, "propusk: password is shorter than 8 characters\n", 1},
		{"what commands the terminal", errors.New("\x1b[2Jgone\u202e"), "propusk: \\u001b[2Jgone\\u202e\n", 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var out bytes.Buffer
			code := terminal{err: &out}.fail(tt.err)
			if diff := cmp.Diff([]any{tt.want, tt.code}, []any{out.String(), code}); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

// TestReasons looks for every reason in storage's source: each must have a sentence, and each sentence
// a reason.
func TestReasons(t *testing.T) {
	files, err := filepath.Glob("../../storage/*.go")
	if err != nil {
		t.Fatal(err)
	}
	pattern := regexp.MustCompile(`Reason:\s*"([a-z_]+)"|invalid\([^,()]+, "([a-z_]+)"|reason = "([a-z_]+)"|return "((?:redirect|scope|password)_[a-z_]+)"`)
	used := map[string]bool{}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range pattern.FindAllStringSubmatch(string(text), -1) {
			used[strings.Join(found[1:], "")] = true
		}
	}
	for _, reason := range sortedKeys(used) {
		if reasons[reason] == "" {
			t.Errorf("no sentence for %q", reason)
		}
	}
	for _, reason := range sortedKeys(reasons) {
		if !used[reason] {
			t.Errorf("the sentence of %q is for nothing", reason)
		}
	}
}

func TestFirstLine(t *testing.T) {
	tests := []struct{ name, in, want string }{
		{"line", "secret\n", "secret"},
		{"no line end", "secret", "secret"},
		{"Windows", "secret\r\n", "secret"},
		{"blanks are kept", " a b \n", " a b "},
		{"the first only", "one\ntwo\n", "one"},
		{"empty", "", ""},
		{"longest", strings.Repeat("x", maxSecret) + "\n", strings.Repeat("x", maxSecret)},
		{"too long", strings.Repeat("x", maxSecret+1) + "\n", ""},
		{"endless", strings.Repeat("x", 1<<20), ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := terminal{in: strings.NewReader(tt.in)}.firstLine("password")
			if got != tt.want || (err == nil) != (tt.want != "") {
				t.Errorf("got %q, %v, want %q", got, err, tt.want)
			}
		})
	}
}
