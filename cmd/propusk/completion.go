package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"
)

// completionScripts ask the hidden command "complete" what may follow; where it knows nothing the
// shell completes file names.
var completionScripts = map[string]string{
	"bash": `# eval "$(propusk completion bash)" in ~/.bashrc
_propusk() {
  local line
  COMPREPLY=()
  while IFS= read -r line; do
    COMPREPLY+=("${line%%$'\t'*}")
  done < <("${COMP_WORDS[0]}" complete -- "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -o default -F _propusk propusk
`,
	"zsh": `#compdef propusk
# source <(propusk completion zsh) in ~/.zshrc, after compinit
_propusk() {
  local -a found
  local line
  while IFS= read -r line; do
    found+=("${line%%$'\t'*}:${line#*$'\t'}")
  done < <(${words[1]} complete -- "${(@)words[2,CURRENT]}" 2>/dev/null)
  if (( ${#found} )); then
    _describe propusk found
  else
    _files
  fi
}
compdef _propusk propusk
`,
	"fish": `# propusk completion fish > ~/.config/fish/completions/propusk.fish
function __propusk
  set -l words (commandline -opc) (commandline -ct)
  command $words[1] complete -- $words[2..-1] 2>/dev/null
end
complete -c propusk -a '(__propusk)'
`,
}

func completionCommand(t terminal) *cli.Command {
	return &cli.Command{
		Name:      "completion",
		Usage:     "print the completion script of a shell",
		ArgsUsage: "bash|zsh|fish",
		Description: `bash: eval "$(propusk completion bash)" in ~/.bashrc
zsh:  source <(propusk completion zsh) in ~/.zshrc, after compinit
fish: propusk completion fish > ~/.config/fish/completions/propusk.fish`,
		Action: func(c *cli.Context) error {
			args, err := exactly(c, "a shell: bash, zsh or fish")
			if err != nil {
				return err
			}
			script, ok := completionScripts[args[0]]
			if !ok {
				return usageError(fmt.Sprintf("no completion for %q", args[0]), "bash, zsh and fish have one")
			}
			_, err = fmt.Fprint(t.out, script)
			return err
		},
	}
}

// completeCommand is what the scripts call: propusk complete -- WORDS… CURRENT.
func completeCommand(t terminal) *cli.Command {
	return &cli.Command{
		Name:   "complete",
		Hidden: true,
		Usage:  "list what may stand in the place of the last word",
		Action: func(c *cli.Context) error {
			words := c.Args().Slice()
			if len(words) == 0 {
				words = []string{""}
			}
			for _, s := range suggest(c.App, words[:len(words)-1], words[len(words)-1]) {
				_, err := fmt.Fprintf(t.out, "%s\t%s\n", s.word, s.usage)
				if err != nil {
					return err
				}
			}
			return nil
		},
	}
}

// suggestion is a word that may follow, and what it does.
type suggestion struct{ word, usage string }

// suggest returns the commands or flags that begin with current after the words before it; nothing
// where a value, an argument or a file is expected.
func suggest(app *cli.App, before []string, current string) []suggestion {
	taken, err := split(app, before)
	if err != nil || slices.Contains(before, "--") {
		return nil
	}
	p := descend(app, taken.plain)
	var all []suggestion
	if strings.HasPrefix(current, "-") {
		for _, f := range p.command.Flags {
			usage := ""
			if d, ok := f.(cli.DocGenerationFlag); ok {
				usage = strings.ReplaceAll(d.GetUsage(), "`", "")
			}
			all = append(all, suggestion{"--" + f.Names()[0], usage})
		}
		all = append(all, suggestion{"--" + helpFlag, "show help"})
	} else if len(p.rest) == 0 {
		for _, c := range p.command.Subcommands {
			if !c.Hidden {
				all = append(all, suggestion{c.Name, c.Usage})
			}
		}
	}
	return slices.DeleteFunc(all, func(s suggestion) bool { return !strings.HasPrefix(s.word, current) })
}
