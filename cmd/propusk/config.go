package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
)

// config is the configuration file. Paths are relative to the file's directory.
//
//	issuer: https://id.example.com        # scheme://host[:port], what apps are configured with
//	name: Example Ltd                     # of the organisation, shown on the pages
//	listen: 127.0.0.1:9998                # host:port; this is the default
//	data: /var/lib/propusk                # directory of the database
//	master_key_file: /etc/propusk/key     # or the environment's PROPUSK_MASTER_KEY
//	tls: {cert: cert.pem, key: key.pem}   # left out behind a proxy
//	trusted_proxies: [10.0.0.7, fd00::/8] # whose X-Forwarded-For is believed
//	allow_insecure_loopback: false        # an http issuer on localhost
//	implicit: false                       # response types beyond code, for apps registered for them
//	registration: closed                  # or token: clients register with an administrator's personal access token
//	private_hosts: [crm.corp.example]     # may be called for apps (jwks_uri, logout) though their address is not public
type config struct {
	path string
	at   map[string]yaml.Node // where each key stands

	Issuer                string
	Name                  string
	Listen                string
	Data                  string
	MasterKeyFile         string
	TLSCert               string
	TLSKey                string
	TrustedProxies        []string
	AllowInsecureLoopback bool
	Implicit              bool
	Registration          string
	PrivateHosts          []string
}

// maxConfig bounds the configuration file, in bytes.
const maxConfig = 1 << 20

// notYet are keys the documentation of propusk names but this version does not have.
var notYet = map[string]string{
	"database": "PostgreSQL is not supported by this version: use data, the directory of an SQLite database",
}

// readConfig reads the file. Mistakes in single keys are all reported as problems; a file that cannot
// be read at all is an error.
func readConfig(path string) (*config, *problems, error) {
	text, err := readLimited(path)
	if err != nil {
		return nil, nil, withHint(fmt.Errorf("configuration: %w", err))
	}
	c := &config{path: path, at: map[string]yaml.Node{}}
	found := &problems{config: c}
	var doc yaml.Node
	dec := yaml.NewDecoder(bytes.NewReader(text))
	err = dec.Decode(&doc)
	if err == io.EOF {
		return c, found, nil
	}
	if err != nil {
		return nil, nil, fmt.Errorf("%s is not YAML: %s", path, oneLine(err))
	}
	var more yaml.Node
	if dec.Decode(&more) != io.EOF {
		return nil, nil, fmt.Errorf("%s holds more than one document", path)
	}
	c.fill(doc.Content[0], found)
	return c, found, nil
}

func readLimited(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxConfig+1))
	if err != nil {
		return nil, err
	}
	if len(text) > maxConfig {
		return nil, fmt.Errorf("%s is larger than %d bytes", path, maxConfig)
	}
	return text, nil
}

// fill reads the keys of the document.
func (c *config) fill(root *yaml.Node, found *problems) {
	if root.Kind == yaml.ScalarNode && root.ShortTag() == "!!null" {
		return
	}
	c.mapping("", root, found, c.targets())
	for _, p := range []*string{&c.Data, &c.MasterKeyFile, &c.TLSCert, &c.TLSKey} {
		if *p != "" && !filepath.IsAbs(*p) {
			*p = filepath.Join(filepath.Dir(c.path), *p)
		}
	}
}

// targets are all keys there are, each with where its value goes.
func (c *config) targets() map[string]any {
	return map[string]any{
		"issuer":                  &c.Issuer,
		"name":                    &c.Name,
		"listen":                  &c.Listen,
		"data":                    &c.Data,
		"master_key_file":         &c.MasterKeyFile,
		"trusted_proxies":         &c.TrustedProxies,
		"allow_insecure_loopback": &c.AllowInsecureLoopback,
		"implicit":                &c.Implicit,
		"registration":            &c.Registration,
		"private_hosts":           &c.PrivateHosts,
		"tls":                     map[string]any{"cert": &c.TLSCert, "key": &c.TLSKey},
	}
}

// mapping reads one mapping whose keys are those of targets: pointers, or a map for a mapping below.
func (c *config) mapping(prefix string, node *yaml.Node, found *problems, targets map[string]any) {
	if node.Kind != yaml.MappingNode {
		found.addAt(node, strings.TrimSuffix(prefix, "."), "must be a list of keys with values")
		return
	}
	for i := 0; i+1 < len(node.Content); i += 2 {
		key, value := node.Content[i], node.Content[i+1]
		name := prefix + key.Value
		if value.Kind == yaml.AliasNode {
			value = value.Alias
		}
		target, known := targets[key.Value]
		_, twice := c.at[name]
		c.at[name] = *key
		switch below, isMapping := target.(map[string]any); {
		case notYet[name] != "":
			found.addAt(key, name, notYet[name])
		case !known:
			found.addAt(key, name, "unknown key"+didYouMean(prefix, key.Value, targets))
		case twice:
			found.addAt(key, name, "given twice")
		case isMapping:
			c.mapping(name+".", value, found, below)
		default:
			decode(value, name, target, found)
		}
	}
}

// decode reads one value and says in plain words what was expected instead.
func decode(value *yaml.Node, name string, target any, found *problems) {
	want := ""
	switch target.(type) {
	case *string:
		if value.Kind != yaml.ScalarNode || value.ShortTag() == "!!null" {
			want = "must be text"
		}
	case *bool:
		if value.Kind != yaml.ScalarNode || value.ShortTag() != "!!bool" {
			want = "must be true or false"
		}
	case *[]string:
		if value.Kind != yaml.SequenceNode {
			want = "must be a list"
		}
	}
	if want == "" && value.Decode(target) != nil {
		want = "has a value that cannot be read"
	}
	if want != "" {
		found.addAt(value, name, want)
	}
}

// has tells whether the key stands in the file.
func (c *config) has(key string) bool {
	_, ok := c.at[key]
	return ok
}

// didYouMean names the nearest key there is, in brackets, or nothing.
func didYouMean(prefix, typed string, targets map[string]any) string {
	var names []string
	for name := range targets {
		names = append(names, name)
	}
	slices.Sort(names)
	if near := nearest(typed, names); near != "" {
		return fmt.Sprintf(" (did you mean %s?)", prefix+near)
	}
	return ""
}

func oneLine(err error) string {
	return strings.Join(strings.Fields(err.Error()), " ")
}
