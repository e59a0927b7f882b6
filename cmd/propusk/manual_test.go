package main

import (
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// manualBlock is a block of code of the manual.
type manualBlock struct {
	file, kind string
	lines      []string
}

// manualFiles are the chapters in both languages, and the page of the repository.
func manualFiles(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("../../static/docs/*.md")
	if err != nil || len(files) < 14 {
		t.Fatalf("%d files of the manual, %v", len(files), err)
	}
	return append(files, "../../README.md")
}

// manualText reads a file and takes its blocks of code out.
func manualText(t *testing.T, file string) (prose string, blocks []manualBlock) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var rest []string
	var in *manualBlock
	for _, line := range strings.Split(string(text), "\n") {
		switch kind, fence := strings.CutPrefix(line, "```"); {
		case fence && in == nil:
			in = &manualBlock{file: filepath.Base(file), kind: kind}
		case fence:
			blocks, in = append(blocks, *in), nil
		case in != nil:
			in.lines = append(in.lines, line)
		default:
			rest = append(rest, line)
		}
	}
	if in != nil {
		t.Fatalf("%s: a block of code does not end", file)
	}
	return strings.Join(rest, "\n"), blocks
}

// commandsOf are the command lines of propusk in a block of a console.
func commandsOf(b manualBlock) []string {
	var all []string
	for i := 0; i < len(b.lines); i++ {
		line, ok := strings.CutPrefix(b.lines[i], "$ ")
		if !ok {
			continue
		}
		for strings.HasSuffix(line, `\`) && i+1 < len(b.lines) {
			i++
			line = strings.TrimSuffix(line, `\`) + " " + strings.TrimSpace(b.lines[i])
		}
		line, _, _ = strings.Cut(line, "  #")
		if at := strings.Index(line, "$(propusk "); at >= 0 {
			line = strings.TrimSuffix(line[at+2:], ")")
		}
		for _, part := range strings.Split(line, " | ") {
			if strings.HasPrefix(part, "propusk ") {
				all = append(all, part)
			}
		}
	}
	return all
}

// inlineCommand is a command line within a sentence.
var inlineCommand = regexp.MustCompile("`(propusk [a-z][^`]*)`")

// shellWords splits a line as a shell does, so far as the manual needs it.
func shellWords(line string) []string {
	var words []string
	for _, m := range regexp.MustCompile(`"([^"]*)"|'([^']*)'|(\S+)`).FindAllStringSubmatch(line, -1) {
		words = append(words, m[1]+m[2]+m[3])
	}
	return words
}

// faulty says what is wrong with a command line of the manual, or nothing.
func faulty(line string) string {
	app := newApp(terminal{in: strings.NewReader(""), out: io.Discard, err: io.Discard})
	_, err := arrange(app, shellWords(line))
	if err == nil {
		return ""
	}
	// A sentence may speak of a command that has others below it.
	if p := descend(app, shellWords(line)[1:]); len(p.rest) == 0 && len(p.path) == len(shellWords(line))-1 {
		return ""
	}
	return err.Error()
}

// TestManualCommands: every command of the manual exists, with every flag it is given.
func TestManualCommands(t *testing.T) {
	seen := map[string]bool{}
	for _, file := range manualFiles(t) {
		prose, blocks := manualText(t, file)
		var lines []string
		for _, b := range blocks {
			lines = append(lines, commandsOf(b)...)
		}
		for _, m := range inlineCommand.FindAllStringSubmatch(prose, -1) {
			lines = append(lines, m[1])
		}
		for _, line := range lines {
			seen[shellWords(line)[1]] = true
			if problem := faulty(line); problem != "" {
				t.Errorf("%s: %s: %s", filepath.Base(file), line, problem)
			}
		}
	}
	for _, name := range []string{"dev", "serve", "user", "app", "scope", "token", "keys", "admin", "backup", "restore", "conformance", "completion"} {
		if !seen[name] {
			t.Errorf("the manual does not speak of propusk %s", name)
		}
	}
}

// TestManualCommandsJudge shows that a wrong command line is found.
func TestManualCommandsJudge(t *testing.T) {
	b := manualBlock{lines: []string{`$ propusk app add "My app" --redirct x \`, "    --scope openid", "app_1", "$ T=$(propusk tokn create)", "$ curl x | propusk dev", "propusk no command"}}
	got := commandsOf(b)
	want := []string{`propusk app add "My app" --redirct x  --scope openid`, "propusk tokn create", "propusk dev"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("commands (-want +got):\n%s", diff)
	}
	for i, part := range []string{"has no flag --redirct", "unknown command", ""} {
		if problem := faulty(got[i]); !strings.Contains(problem, part) || (part == "") != (problem == "") {
			t.Errorf("%s: got %q, want %q", got[i], problem, part)
		}
	}
	if faulty("propusk conformance") != "" || faulty("propusk app nothing") == "" {
		t.Error("a command with others below it")
	}
}

// TestManualConfiguration: every key of a configuration in the manual is one the program reads, and its values
// have the right type.
func TestManualConfiguration(t *testing.T) {
	count := 0
	for _, file := range manualFiles(t) {
		_, blocks := manualText(t, file)
		for _, b := range blocks {
			if b.kind != "yaml" {
				continue
			}
			count++
			_, found, err := readConfig(writeConfig(t, strings.Join(b.lines, "\n")))
			if err != nil {
				t.Fatalf("%s: %v", b.file, err)
			}
			if diff := cmp.Diff([]string(nil), found.lines); diff != "" {
				t.Errorf("%s (-want +got):\n%s", b.file, diff)
			}
		}
	}
	if count < 7 {
		t.Errorf("%d configurations in the manual", count)
	}
}

// TestManualKeys: the table of the configuration holds every key that the program reads, and no other.
func TestManualKeys(t *testing.T) {
	var want []string
	for name, target := range new(config).targets() {
		below, isMapping := target.(map[string]any)
		if !isMapping {
			want = append(want, name)
		}
		for key := range below {
			want = append(want, name+"."+key)
		}
	}
	slices.Sort(want)
	row := regexp.MustCompile("(?m)^\\| ((?:`[a-z_.]+` )+)\\|")
	for file, heading := range map[string]string{"production.md": "## Configuration", "production.ru.md": "## Настройки"} {
		prose, _ := manualText(t, "../../static/docs/"+file)
		_, section, ok := strings.Cut(prose, heading+"\n")
		if !ok {
			t.Fatalf("%s has no %s", file, heading)
		}
		section, _, _ = strings.Cut(section, "\n## ")
		var got []string
		for _, m := range row.FindAllStringSubmatch(section, -1) {
			for _, key := range strings.Fields(m[1]) {
				got = append(got, strings.Trim(key, "`"))
			}
		}
		slices.Sort(got)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-the program +the table):\n%s", file, diff)
		}
	}
}
