package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/propusk/propusk/storage"
)

// explain turns any error into what a person reads: a sentence, and what to do.
func explain(err error) *failure {
	var f *failure
	text := errors.New(strings.ReplaceAll(err.Error(), "\n", "; "))
	if errors.As(err, &f) {
		return &failure{err: text, details: f.details, hints: f.hints, code: f.code}
	}
	var refusal *storage.Refusal
	if errors.As(err, &refusal) {
		f = &failure{err: text, code: 1}
		if refusal.Hint != "" {
			f.hints = []string{refusal.Hint}
		}
		if errors.Is(err, storage.ErrDevOnly) {
			f.hints = append(f.hints, "commands work on a dev database by --data DIR; serve needs a data directory of its own")
		}
		if errors.Is(err, storage.ErrNotDev) {
			f.hints = append(f.hints, "name the configuration of serve by -c FILE")
		}
		return f
	}
	var invalid *storage.Invalid
	if errors.As(err, &invalid) {
		return &failure{err: errors.New(sentence(invalid)), code: 1}
	}
	if errors.Is(err, storage.ErrUnavailable) {
		return &failure{err: text, hints: []string{"the disk may be full or read-only, or another program holds the database; try again"}, code: 1}
	}
	return &failure{err: text, code: 1}
}

// sentence says which field is wrong and why. A password or secret is never repeated.
func sentence(i *storage.Invalid) string {
	reason, ok := reasons[i.Reason]
	if !ok {
		reason = "is not valid (" + strings.ReplaceAll(i.Reason, "_", " ") + ")"
	}
	field := strings.ReplaceAll(i.Field, "_", " ")
	if i.Reason == "sector_hosts" { // the field lacks, but the value is what makes it necessary
		field = "redirect uri"
	}
	if i.Value == "" || i.Field == "password" || strings.Contains(i.Field, "secret") {
		return field + " " + reason
	}
	return fmt.Sprintf("%s %q %s", field, i.Value, reason)
}
