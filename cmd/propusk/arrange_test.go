package main

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/urfave/cli/v2"
)

func TestArrange(t *testing.T) {
	tests := []struct {
		name, line, want string
	}{
		{"flags first", "user add --full alice", "user add --full -- alice"},
		{"flags last", "user add alice --full", "user add --full -- alice"},
		{"flags before the command", "--data d user --json list", "user list --data=d --json --"},
		{"value apart and attached", "user add alice --name=Alice --email a@b.c", "user add --name=Alice --email=a@b.c -- alice"},
		{"single dash", "dev -listen 127.0.0.1:0", "dev --listen=127.0.0.1:0 --"},
		{"alias", "serve -c propusk.yaml", "serve --config=propusk.yaml --"},
		{"given twice keeps both in order", "dev --listen a --listen b", "dev --listen=a --listen=b --"},
		{"bool never eats the next word", "user add --full alice", "user add --full -- alice"},
		{"bool with a value", "user add --full=false alice", "user add --full=false -- alice"},
		{"a value may begin with a dash", "user add alice --name -x", "user add --name=-x -- alice"},
		{"after two dashes all is argument", "user add -- --full", "user add -- --full"},
		{"flag, then two dashes", "user add --full -- -x", "user add --full -- -x"},
		{"a value may be a command's word", "user list --query add", "user list --query=add --"},
		{"empty value", "user add alice --name=", "user add --name= -- alice"},
		{"help anywhere", "user add alice --help", "user add --help"},
		{"help as a word", "help user add", "user add --help"},
		{"help below a command", "user help", "user --help"},
		{"an argument may be help", "user add help", "user add -- help"},
		{"version as a flag", "--version", "version --"},
		{"one dash is an argument", "backup -", "backup -- -"},
	}
	app := newApp(terminal{})
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := arrange(app, append([]string{"propusk"}, strings.Split(tt.line, " ")...))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff("propusk "+tt.want, strings.Join(got, " ")); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestArrangeRefuses(t *testing.T) {
	tests := []struct {
		name, line, want, hint string
	}{
		{"nothing", "", "propusk needs a command: dev, serve, user, app, scope, token, keys, admin, backup, restore, conformance, version, completion", "propusk --help"},
		{"half a command", "user", "propusk user needs a command: add, list, show, edit, invite, passwd, disable, enable", "propusk user --help"},
		{"misspelt command", "usr", `unknown command "usr"`, `did you mean "propusk user"?`},
		{"misspelt below", "user lsit", `unknown command "lsit"`, `did you mean "propusk user list"?`},
		{"unknown command", "frobnicate", `unknown command "frobnicate"`, "propusk --help"},
		{"misspelt flag", "dev --lisen x", "dev has no flag --lisen", "did you mean --listen?"},
		{"flag of another command", "dev --full", "dev has no flag --full", "propusk dev --help"},
		{"a secret as argument", "user add alice --password hunter2", "user add has no flag --password", "arguments can be seen by every user of the machine: use --password-stdin"},
		{"missing value", "dev --listen", "flag --listen needs a value", ""},
		{"a flag in the place of a value", "dev --data --json", "flag --data needs a value", ""},
		{"two dashes in the place of a value", "dev --data -- x", "flag --data needs a value", ""},
	}
	app := newApp(terminal{})
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := arrange(app, append([]string{"propusk"}, strings.Fields(tt.line)...))
			var f *failure
			if !errors.As(err, &f) {
				t.Fatalf("got error %v, want a usage error", err)
			}
			if diff := cmp.Diff([]any{tt.want, tt.hint, 2}, []any{f.Error(), strings.Join(f.hints, "\n"), f.code}); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
			if strings.Contains(f.Error()+strings.Join(f.hints, ""), "hunter2") {
				t.Error("the secret is repeated")
			}
		})
	}
}

// TestFlagsAgree holds what split relies on: a flag of one name takes a value in every command or in
// none, and nothing secret is taken from an argument.
func TestFlagsAgree(t *testing.T) {
	takes := map[string]bool{}
	walk(newApp(terminal{}).Commands, func(c *cli.Command) {
		for _, f := range c.Flags {
			value := f.(cli.DocGenerationFlag).TakesValue()
			for _, name := range f.Names() {
				if was, seen := takes[name]; seen && was != value {
					t.Errorf("%s: --%s takes a value here and none elsewhere", c.Name, name)
				}
				takes[name] = value
				if value && (strings.Contains(name, "password") || strings.Contains(name, "secret")) {
					t.Errorf("%s: --%s would show a secret in ps", c.Name, name)
				}
			}
		}
	})
}

func walk(list []*cli.Command, visit func(*cli.Command)) {
	for _, c := range list {
		visit(c)
		walk(c.Subcommands, visit)
	}
}

// TestUsage holds what a script relies on when it calls propusk wrongly.
func TestUsage(t *testing.T) {
	tests := []struct {
		name string
		args []string
	}{
		{"no command", nil},
		{"unknown command", []string{"nonsense"}},
		{"unknown flag", []string{"user", "list", "--nonsense"}},
		{"missing argument", []string{"user", "show"}},
		{"empty argument", []string{"user", "show", ""}},
		{"too many arguments", []string{"version", "1"}},
		{"bad value of a switch", []string{"user", "list", "--json=perhaps"}},
		{"serve without configuration", []string{"serve"}},
		{"two databases", []string{"user", "list", "--data", "d", "-c", "f"}},
		{"nobody to ask for a password", []string{"user", "add", "alice"}},
		{"exclusive switches", []string{"user", "add", "alice", "--full", "--partial"}},
		{"unknown algorithm", []string{"keys", "rotate", "--alg", "none"}},
		{"unknown shell", []string{"completion", "tcsh"}},
		{"dev for others", []string{"dev", "--listen", "0.0.0.0:0"}},
		{"dev without port", []string{"dev", "--listen", "127.0.0.1"}},
		{"ephemeral data", []string{"dev", "--ephemeral", "--data", "d"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var out, errs bytes.Buffer
			code := run(t.Context(), append([]string{"propusk"}, tt.args...), terminal{in: strings.NewReader(""), out: &out, err: &errs})
			if diff := cmp.Diff([]any{2, ""}, []any{code, out.String()}); diff != "" {
				t.Errorf("exit code and stdout (-want +got)\n%s\n%s", diff, errs.String())
			}
			if !strings.HasPrefix(errs.String(), "propusk: ") {
				t.Errorf("stderr %q does not begin with propusk:", errs.String())
			}
		})
	}
}

func TestNearest(t *testing.T) {
	names := []string{"listen", "data", "config", "ephemeral", "password-stdin"}
	tests := []struct{ typed, want string }{
		{"listen", "listen"},
		{"lsiten", "listen"},
		{"LISTEN", "listen"},
		{"eph", "ephemeral"},
		{"date", "data"},
		{"x", ""},
		{"", ""},
		{"konfig", "config"},
		{"something", ""},
	}
	for _, tt := range tests {
		t.Run(tt.typed, func(t *testing.T) {
			if got := nearest(tt.typed, names); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}
