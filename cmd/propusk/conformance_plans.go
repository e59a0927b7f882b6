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

// needsAll tells whether the plan is about response types that only conformance serve --all offers.
func (p suitePlan) needsAll() bool {
	return strings.Contains(p.plan, "-implicit-") || strings.Contains(p.plan, "-hybrid-")
}

// suitePlans are the plans that propusk passes, in the order in which they run. A plan is added
// together with the feature that it tests.
var suitePlans = []suitePlan{
	{"config", "oidcc-config-certification-test-plan", nil, "config.json"},
	{"basic-static", "oidcc-basic-certification-test-plan", staticByDiscovery, "static.json"},
	{"formpost-basic-static", "oidcc-formpost-basic-certification-test-plan", staticByDiscovery, "static.json"},
	{"rp-initiated-logout-static", "oidcc-rp-initiated-logout-certification-test-plan", staticCode, "static.json"},
	{"comprehensive-code-static", "oidcc-test-plan", [][2]string{{"client_auth_type", "client_secret_basic"},
		{"response_type", "code"}, {"response_mode", "default"}, {"client_registration", "static_client"}}, "static.json"},
	{"backchannel-logout-static", "oidcc-backchannel-rp-initiated-logout-certification-test-plan", staticCode, "static-bcl.json"},
	{"frontchannel-logout-static", "oidcc-frontchannel-rp-initiated-logout-certification-test-plan", staticCode, "static-fcl.json"},
	{"session-static", "oidcc-session-management-certification-test-plan", staticCode, "static-ses.json"},
	{"basic-dynamic", "oidcc-basic-certification-test-plan", dynamicByDiscovery, "dynamic.json"},
	{"formpost-basic-dynamic", "oidcc-formpost-basic-certification-test-plan", dynamicByDiscovery, "dynamic.json"},
	{"rp-initiated-logout-dynamic", "oidcc-rp-initiated-logout-certification-test-plan", dynamicCode, "dynamic.json"},
	{"backchannel-logout-dynamic", "oidcc-backchannel-rp-initiated-logout-certification-test-plan", dynamicCode, "dynamic.json"},
	{"frontchannel-logout-dynamic", "oidcc-frontchannel-rp-initiated-logout-certification-test-plan", dynamicCode, "dynamic.json"},
	{"3rdparty-init", "oidcc-3rdparty-init-login-certification-test-plan", [][2]string{{"response_type", "code"}}, "dynamic.json"},
	{"dynamic", "oidcc-dynamic-certification-test-plan", [][2]string{{"response_type", "code"}}, "dynamic.json"},
	{"comprehensive-code-dynamic", "oidcc-test-plan", [][2]string{{"client_auth_type", "private_key_jwt"},
		{"response_type", "code"}, {"response_mode", "default"}, {"client_registration", "dynamic_client"}}, "dynamic.json"},
	{"implicit-static", "oidcc-implicit-certification-test-plan", staticByDiscovery, "static.json"},
	{"hybrid-static", "oidcc-hybrid-certification-test-plan", staticByDiscovery, "static.json"},
	{"formpost-implicit-static", "oidcc-formpost-implicit-certification-test-plan", staticByDiscovery, "static.json"},
	{"formpost-hybrid-static", "oidcc-formpost-hybrid-certification-test-plan", staticByDiscovery, "static.json"},
	{"implicit-dynamic", "oidcc-implicit-certification-test-plan", dynamicByDiscovery, "dynamic.json"},
	{"hybrid-dynamic", "oidcc-hybrid-certification-test-plan", dynamicByDiscovery, "dynamic.json"},
	{"formpost-implicit-dynamic", "oidcc-formpost-implicit-certification-test-plan", dynamicByDiscovery, "dynamic.json"},
	{"formpost-hybrid-dynamic", "oidcc-formpost-hybrid-certification-test-plan", dynamicByDiscovery, "dynamic.json"},
}

var (
	staticByDiscovery  = [][2]string{{"server_metadata", "discovery"}, {"client_registration", "static_client"}}
	dynamicByDiscovery = [][2]string{{"server_metadata", "discovery"}, {"client_registration", "dynamic_client"}}
	staticCode         = [][2]string{{"response_type", "code"}, {"client_registration", "static_client"}}
	dynamicCode        = [][2]string{{"response_type", "code"}, {"client_registration", "dynamic_client"}}
)

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

// choosePlans returns the plans whose short name begins with one of the words; no words, every plan, of
// which those that need conformance serve --all only with all.
func choosePlans(words []string, all bool) ([]suitePlan, error) {
	if len(words) == 0 {
		return slices.DeleteFunc(slices.Clone(suitePlans), func(p suitePlan) bool { return p.needsAll() && !all }), nil
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
	static := func(what, alias string, clients map[string]string) object {
		config := fullConfig(issuer, suite, "propusk, "+what)
		config["alias"] = alias
		for key, id := range clients {
			for _, app := range apps {
				if app.ID == id {
					config[key] = object{"client_id": app.ID, "client_secret": app.Secret}
				}
			}
		}
		return config
	}
	alone := func(id string) map[string]string { return map[string]string{"client": id, "client2": id} }
	session := static("session management", staticAlias+"-ses", alone("conf-ses-1"))
	session["browser"] = append(session["browser"].([]object), browser{issuer: issuer, suite: suite}.frames())
	dynamic := fullConfig(issuer, suite, "propusk, dynamic clients")
	dynamic["client"], dynamic["client2"] = object{"client_name": "conf-one"}, object{"client_name": "conf-two"}
	return map[string]object{
		"config.json": {"description": "propusk, discovery", "server": suiteServer(issuer)},
		"static.json": static("static clients", staticAlias,
			map[string]string{"client": "conf-basic-1", "client2": "conf-basic-2", "client_secret_post": "conf-post-1"}),
		"static-bcl.json": static("back-channel logout", staticAlias+"-bcl", alone("conf-bcl-1")),
		"static-fcl.json": static("front-channel logout", staticAlias+"-fcl", alone("conf-fcl-1")),
		"static-ses.json": session,
		"dynamic.json":    dynamic,
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
	server["jwks_refresh_delay"] = 5 // seconds until a client's new keys at its jwks_uri must be known
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
