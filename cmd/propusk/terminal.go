package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"

	"golang.org/x/term"
)

// terminal is where a command reads and writes. Data goes to out; talk, questions and errors to err.
type terminal struct {
	in  io.Reader
	out io.Writer
	err io.Writer
}

// failure is an error as a person reads it.
type failure struct {
	err     error
	details []string // further lines, one problem each
	hints   []string // what to do about it
	code    int      // exit code
}

// Error returns the message without details and hints.
func (f *failure) Error() string { return f.err.Error() }

// Unwrap returns the cause.
func (f *failure) Unwrap() error { return f.err }

// usageError is a command line that makes no sense: exit 2.
func usageError(message string, hints ...string) error {
	return &failure{err: errors.New(message), hints: hints, code: 2}
}

// withHint adds what to do to an error: exit 1.
func withHint(err error, hints ...string) error {
	return &failure{err: err, hints: hints, code: 1}
}

// fail prints the error and returns the exit code it asks for.
func (t terminal) fail(err error) int {
	f := explain(err)
	fmt.Fprintf(t.err, "propusk: %s\n", printable(f.Error()))
	for _, d := range f.details {
		fmt.Fprintf(t.err, "  %s\n", printable(d))
	}
	for _, h := range f.hints {
		fmt.Fprintf(t.err, "hint: %s\n", h)
	}
	return f.code
}

// say prints one line of talk.
func (t terminal) say(format string, args ...any) {
	fmt.Fprintln(t.err, printable(fmt.Sprintf(format, args...)))
}

// json prints v as the only document on stdout.
func (t terminal) json(v any) error {
	enc := json.NewEncoder(t.out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}

// table prints rows in aligned columns; the first row is the heading.
func (t terminal) table(rows [][]string) error {
	w := tabwriter.NewWriter(t.out, 0, 0, 2, ' ', 0)
	for _, row := range rows {
		for i := range row {
			row[i] = printable(row[i])
		}
		fmt.Fprintln(w, strings.Join(row, "\t"))
	}
	return w.Flush()
}

// maxSecret bounds a password or secret that is read, in bytes.
const maxSecret = 1024

// firstLine reads the first line of stdin, for --password-stdin and --secret-stdin.
func (t terminal) firstLine(what string) (string, error) {
	line, err := bufio.NewReaderSize(io.LimitReader(t.in, maxSecret+2), maxSecret+2).ReadString('\n')
	if err != nil && err != io.EOF {
		return "", fmt.Errorf("reading the %s from stdin: %w", what, err)
	}
	line = strings.TrimSuffix(strings.TrimSuffix(line, "\n"), "\r")
	if line == "" {
		return "", fmt.Errorf("the %s on stdin is empty", what)
	}
	if len(line) > maxSecret {
		return "", fmt.Errorf("the %s on stdin is longer than %d bytes", what, maxSecret)
	}
	return line, nil
}

// person tells whether a person sits at stdin, and returns it.
func (t terminal) person() (*os.File, bool) {
	f, ok := t.in.(*os.File)
	return f, ok && term.IsTerminal(int(f.Fd()))
}

// ask asks a yes-or-no question; nobody there, or anything but yes, is no.
func (t terminal) ask(question string) bool {
	if _, ok := t.person(); !ok {
		return false
	}
	fmt.Fprintf(t.err, "%s [y/N] ", question)
	answer, err := bufio.NewReader(t.in).ReadString('\n')
	if err != nil {
		return false
	}
	answer = strings.ToLower(strings.TrimSpace(answer))
	return answer == "y" || answer == "yes"
}

// hidden asks for a line without echo.
func (t terminal) hidden(prompt string) (string, error) {
	f, _ := t.person()
	fmt.Fprint(t.err, prompt)
	line, err := term.ReadPassword(int(f.Fd()))
	fmt.Fprintln(t.err)
	if err != nil {
		return "", fmt.Errorf("reading from the terminal: %w", err)
	}
	return string(line), nil
}

// printable shows control characters as escapes: names come from people, and a terminal obeys what
// it is sent. Tabs and line ends would break tables and lines, so they are escaped as well.
func printable(s string) string {
	if strings.IndexFunc(s, isControl) < 0 {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		if isControl(r) {
			fmt.Fprintf(&b, `\u%04x`, r)
			continue
		}
		b.WriteRune(r)
	}
	return b.String()
}

// isControl covers C0, DEL, C1 and the characters that turn the direction of text.
func isControl(r rune) bool {
	return r < 0x20 || r >= 0x7f && r < 0xa0 || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069
}
