package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"
)

// helpFlag is understood everywhere without being declared.
const helpFlag = "help"

// arrange rewrites a command line so that urfave/cli v2, which stops looking for flags at the first
// argument, sees what the person meant: the words of the command, then its flags in their first
// spelling as --name=value, then "--" and the arguments. A flag given twice stands twice and the last
// one holds, unless it is a list. Everything after "--" is an argument. "help" in the place of a
// command asks for help. Unknown commands and flags, and flags without their value, are usage errors.
func arrange(app *cli.App, args []string) ([]string, error) {
	words, err := split(app, args[1:])
	if err != nil {
		return nil, err
	}
	place := descend(app, words.plain)
	if place.help || words.help {
		return append(append([]string{args[0]}, place.path...), "--"+helpFlag), nil
	}
	err = place.complete()
	if err != nil {
		return nil, err
	}
	out := append([]string{args[0]}, place.path...)
	for _, f := range words.flags {
		known := findFlag(place.command.Flags, f.name)
		if known == nil {
			return nil, unknownFlag(place, f.name)
		}
		word := "--" + known.Names()[0]
		if f.hasValue {
			word += "=" + f.value
		}
		out = append(out, word)
	}
	out = append(append(out, "--"), place.rest...)
	return append(out, words.after...), nil
}

// typedFlag is a flag as it was typed.
type typedFlag struct {
	name, value string
	hasValue    bool
}

// words is a command line taken apart.
type words struct {
	plain []string // neither flag nor value of one
	flags []typedFlag
	after []string // what follows "--"
	help  bool
}

// split tells flags, their values and other words apart. Which flags take a value is asked of the
// whole tree, because a flag may stand before the command it belongs to.
func split(app *cli.App, args []string) (words, error) {
	var w words
	for i := 0; i < len(args); i++ {
		word := args[i]
		if word == "--" {
			w.after = args[i+1:]
			break
		}
		if len(word) < 2 || word[0] != '-' {
			w.plain = append(w.plain, word)
			continue
		}
		f := typedFlag{}
		f.name, f.value, f.hasValue = strings.Cut(strings.TrimPrefix(word[1:], "-"), "=")
		switch {
		case f.name == helpFlag || f.name == "h":
			w.help = true
			continue
		case f.name == "version" && len(w.plain) == 0:
			w.plain = append(w.plain, "version")
			continue
		}
		if !f.hasValue && takesValue(app.Commands, f.name) {
			if i+1 == len(args) || looksLikeFlag(app, args[i+1]) {
				return words{}, usageError(fmt.Sprintf("flag %s needs a value", word))
			}
			i++
			f.value, f.hasValue = args[i], true
		}
		w.flags = append(w.flags, f)
	}
	return w, nil
}

// place is where in the tree of commands the words lead.
type place struct {
	command *cli.Command
	path    []string
	rest    []string // the words after the command
	help    bool     // "help" stood where a command was expected
}

// descend follows the words down the tree as far as they name commands.
func descend(app *cli.App, plain []string) place {
	p := place{command: &cli.Command{Subcommands: app.Commands}, rest: plain}
	for len(p.rest) > 0 && len(p.command.Subcommands) > 0 {
		if p.rest[0] == helpFlag {
			p.help = true
			p.rest = p.rest[1:]
			continue
		}
		next := findCommand(p.command.Subcommands, p.rest[0])
		if next == nil {
			break
		}
		p.command, p.path, p.rest = next, append(p.path, next.Name), p.rest[1:]
	}
	return p
}

// complete returns a usage error unless the words led to a command that can run.
func (p place) complete() error {
	if len(p.command.Subcommands) == 0 {
		return nil
	}
	prefix := strings.Join(append([]string{"propusk"}, p.path...), " ")
	names := commandNames(p.command.Subcommands)
	if len(p.rest) == 0 {
		return usageError(fmt.Sprintf("%s needs a command: %s", prefix, strings.Join(names, ", ")), prefix+" --help")
	}
	if near := nearest(p.rest[0], names); near != "" {
		return usageError(fmt.Sprintf("unknown command %q", p.rest[0]), fmt.Sprintf("did you mean %q?", prefix+" "+near))
	}
	return usageError(fmt.Sprintf("unknown command %q", p.rest[0]), prefix+" --help")
}

// unknownFlag says so, with the nearest flag of the command. Somebody who tries to give a secret as an
// argument is told why there is no such flag.
func unknownFlag(p place, name string) error {
	message := fmt.Sprintf("%s has no flag --%s", strings.Join(p.path, " "), name)
	names := flagNames(p.command.Flags)
	stdin := slices.ContainsFunc(names, func(have string) bool { return have == name+"-stdin" })
	if stdin {
		return usageError(message, fmt.Sprintf("arguments can be seen by every user of the machine: use --%s-stdin", name))
	}
	if near := nearest(name, names); near != "" {
		return usageError(message, fmt.Sprintf("did you mean --%s?", near))
	}
	return usageError(message, fmt.Sprintf("propusk %s --help", strings.Join(p.path, " ")))
}

func findCommand(list []*cli.Command, name string) *cli.Command {
	for _, c := range list {
		if c.HasName(name) {
			return c
		}
	}
	return nil
}

func commandNames(list []*cli.Command) []string {
	var names []string
	for _, c := range list {
		if !c.Hidden {
			names = append(names, c.Name)
		}
	}
	return names
}

func findFlag(list []cli.Flag, name string) cli.Flag {
	for _, f := range list {
		if slices.Contains(f.Names(), name) {
			return f
		}
	}
	return nil
}

func flagNames(list []cli.Flag) []string {
	var names []string
	for _, f := range list {
		names = append(names, f.Names()[0])
	}
	return names
}

// takesValue tells whether a flag of that name takes a value, in any command. A test holds that all
// commands agree.
func takesValue(list []*cli.Command, name string) bool {
	for _, c := range list {
		if f, ok := findFlag(c.Flags, name).(cli.DocGenerationFlag); ok && f.TakesValue() {
			return true
		}
		if takesValue(c.Subcommands, name) {
			return true
		}
	}
	return false
}

// looksLikeFlag tells whether the word is "--" or spells a flag of some command: then it is not the
// value of the flag before it.
func looksLikeFlag(app *cli.App, word string) bool {
	if !strings.HasPrefix(word, "--") {
		return false
	}
	name, _, _ := strings.Cut(word[2:], "=")
	return name == "" || name == helpFlag || knownFlag(app.Commands, name)
}

func knownFlag(list []*cli.Command, name string) bool {
	for _, c := range list {
		if findFlag(c.Flags, name) != nil || knownFlag(c.Subcommands, name) {
			return true
		}
	}
	return false
}
