package main

import (
	"fmt"

	"go.yaml.in/yaml/v4"
)

// problems collects everything that is wrong with a configuration, so that it is told at once.
type problems struct {
	config *config
	lines  []string
	hints  []string
}

// add records what is wrong with a key, with its place where the file has it.
func (p *problems) add(key, text string) {
	if node, ok := p.config.at[key]; ok {
		p.addAt(&node, key, text)
		return
	}
	p.lines = append(p.lines, key+": "+text)
}

// addAt records what is wrong at a place of the file.
func (p *problems) addAt(node *yaml.Node, key, text string) {
	if key == "" {
		key = "the file"
	}
	p.lines = append(p.lines, fmt.Sprintf("%s:%d:%d: %s: %s", p.config.path, node.Line, node.Column, key, text))
}

// addFailure records an error about a key and keeps its hints.
func (p *problems) addFailure(key string, err error) {
	explained := explain(err)
	p.add(key, explained.Error())
	p.hints = append(p.hints, explained.hints...)
}

// hint records what to do, once.
func (p *problems) hint(text string) {
	for _, have := range p.hints {
		if have == text {
			return
		}
	}
	p.hints = append(p.hints, text)
}

// refuse returns the error that tells all problems, or nil when there are none: "who what: 2 problems".
func (p *problems) refuse(who, what string) error {
	if len(p.lines) == 0 {
		return nil
	}
	noun := "problems"
	if len(p.lines) == 1 {
		noun = "problem"
	}
	return &failure{
		err:     fmt.Errorf("%s %s: %d %s", who, what, len(p.lines), noun),
		details: p.lines,
		hints:   p.hints,
		code:    1,
	}
}
