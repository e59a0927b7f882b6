package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"
)

// suitePlan is one plan of the suite as propusk runs it.
type suitePlan struct {
	name     string      // short, for people and --plan
	plan     string      // the suite's name
	variants [][2]string // what the suite lets one choose, in order
	config   string      // file of the configuration
}

// suitePlans are the plans that propusk passes, in the order in which they run. A plan is added
// together with the feature that it tests.
var suitePlans = []suitePlan{
	{"config", "oidcc-config-certification-test-plan", nil, "config.json"},
	{"basic-static", "oidcc-basic-certification-test-plan", staticByDiscovery, "static.json"},
	{"formpost-basic-static", "oidcc-formpost-basic-certification-test-plan", staticByDiscovery, "static.json"},
	{"rp-initiated-logout-static", "oidcc-rp-initiated-logout-certification-test-plan",
		[][2]string{{"response_type", "code"}, {"client_registration", "static_client"}}, "static.json"},
	{"comprehensive-code-static", "oidcc-test-plan", [][2]string{{"client_auth_type", "client_secret_basic"},
		{"response_type", "code"}, {"response_mode", "default"}, {"client_registration", "static_client"}}, "static.json"},
}

var staticByDiscovery = [][2]string{{"server_metadata", "discovery"}, {"client_registration", "static_client"}}

// line is the plan as the suite's own runner takes it: NAME[variant=value]….
func (p suitePlan) line() string {
	text := p.plan
	for _, v := range p.variants {
		text += "[" + v[0] + "=" + v[1] + "]"
	}
	return text
}

// variant is the choice as the REST API takes it, "" where there is none.
func (p suitePlan) variant() (string, error) {
	if len(p.variants) == 0 {
		return "", nil
	}
	chosen := map[string]string{}
	for _, v := range p.variants {
		chosen[v[0]] = v[1]
	}
	text, err := json.Marshal(chosen)
	return string(text), err
}

// choosePlans returns the plans whose short name begins with one of the words; no words, every plan.
func choosePlans(words []string) ([]suitePlan, error) {
	if len(words) == 0 {
		return suitePlans, nil
	}
	var names []string
	for _, p := range suitePlans {
		names = append(names, p.name)
	}
	for _, word := range words {
		if !slices.ContainsFunc(names, func(name string) bool { return strings.HasPrefix(name, word) }) {
			return nil, usageError(fmt.Sprintf("--plan %q is the beginning of no plan", word), "the plans are "+strings.Join(names, ", "))
		}
	}
	var chosen []suitePlan
	for _, p := range suitePlans {
		if slices.ContainsFunc(words, func(word string) bool { return strings.HasPrefix(p.name, word) }) {
			chosen = append(chosen, p)
		}
	}
	return chosen, nil
}

// suiteConfigs are the configuration files by name, for a provider and a suite at their places.
func suiteConfigs(issuer, suite string) (map[string]object, error) {
	apps, err := conformanceApps(suite)
	if err != nil {
		return nil, err
	}
	static := fullConfig(issuer, suite, "propusk, static clients")
	static["alias"] = staticAlias
	for key, id := range map[string]string{"client": "conf-basic-1", "client2": "conf-basic-2", "client_secret_post": "conf-post-1"} {
		for _, app := range apps {
			if app.ID == id {
				static[key] = object{"client_id": app.ID, "client_secret": app.Secret}
			}
		}
	}
	return map[string]object{
		"config.json": {"description": "propusk, discovery", "server": suiteServer(issuer)},
		"static.json": static,
	}, nil
}

// staticAlias is the part of the callback URLs of the static clients that the configuration decides.
const staticAlias = "ourop"

// suiteServer says where the provider describes itself.
func suiteServer(issuer string) object {
	return object{"discoveryUrl": issuer + "/.well-known/openid-configuration"}
}

// fullConfig is what every configuration with logins shares. The scripts of our pages are of no use to
// the suite's browser, nor is its rendering of style sheets.
func fullConfig(issuer, suite, description string) object {
	b := browser{issuer: issuer, suite: suite}
	server := suiteServer(issuer)
	server["login_hint"], server["ui_locales"] = "alice", "en"
	return object{
		"description": description,
		"server":      server,
		"options":     object{"browsercontrol_css_enable": false},
		"browser":     []object{b.login(), b.logout()},
		"override":    b.overrides(),
	}
}

// conformanceConfig writes the configuration files and plans.txt, the list of plans in the form of the
// suite's own runner.
func conformanceConfig(c *cli.Context, t terminal) error {
	args, err := exactly(c, "DIR")
	if err != nil {
		return err
	}
	issuer, suite, err := conformancePlaces(c)
	if err != nil {
		return err
	}
	configs, err := suiteConfigs(issuer, suite)
	if err != nil {
		return err
	}
	err = os.MkdirAll(args[0], 0o755)
	if err != nil {
		return fmt.Errorf("directory: %w", err)
	}
	for name, config := range configs {
		text, encodeErr := json.MarshalIndent(config, "", "  ")
		err = errors.Join(err, encodeErr)
		if encodeErr == nil {
			err = errors.Join(err, os.WriteFile(filepath.Join(args[0], name), append(text, '\n'), 0o644))
		}
	}
	var list strings.Builder
	for _, p := range suitePlans {
		fmt.Fprintf(&list, "%s %s\n", p.line(), p.config)
	}
	err = errors.Join(err, os.WriteFile(filepath.Join(args[0], "plans.txt"), []byte(list.String()), 0o644))
	if err != nil {
		return err
	}
	t.say("%s: %d configurations and plans.txt; the static clients are those of propusk conformance serve", args[0], len(configs))
	return nil
}
