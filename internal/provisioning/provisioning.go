// Package provisioning reads what a Grafana with Auditlake is set up from, as
// strictly as nothing else here can: without a Grafana, a misspelt key would show
// only at a user's.
//
//	provisioning.go  Read: all files of provisioning/; Problems: what is wrong
//	datasource.go    provisioning/datasources/*.yaml
//	dashboard.go     provisioning/dashboards/*.yaml and *.json
//	panel.go         the panels of a dashboard
//	variable.go      its variables, and queries with their values
//	link.go          where its links lead
//	rule.go          provisioning/alerting/*.yaml
//	catalog.go       writes provisioning/alerting/catalog.yaml
//	evaluate.go      whether a rule fires, given the answers of its queries
//	compose.go       docker-compose.yaml
//	dockerfile.go    Dockerfile and .dockerignore
//
// A key that is not documented is an error of Read. What the keys say, and how
// files refer to each other, is the matter of Problems. Both are used by tests
// alone, which also run every query.
package provisioning

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"

	"go.yaml.in/yaml/v3"
)

// PluginID is the type of our data sources.
const PluginID = "auditlake-databricks-datasource"

// expressionUID stands for Grafana's own expressions.
const expressionUID = "__expr__"

// maxUID is the longest uid or identifier that Grafana takes, in bytes.
const maxUID = 40

// Set is everything below provisioning/.
type Set struct {
	Datasources []Datasource
	Providers   []Provider
	Dashboards  []Dashboard
	Groups      []RuleGroup
}

// Read parses all files. The error names every file that does not have the
// documented form; a file of another kind is an error too.
func Read(root fs.FS) (*Set, error) {
	set := &Set{}
	var errs []error
	err := fs.WalkDir(root, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		body, err := fs.ReadFile(root, name)
		if err != nil {
			return err
		}
		if err := set.add(name, body); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", name, err))
		}
		return nil
	})
	return set, errors.Join(append(errs, err)...)
}

func (s *Set) add(name string, body []byte) error {
	kind, ext := path.Dir(name), path.Ext(name)
	switch {
	case kind == "datasources" && ext == ".yaml":
		file, err := readFile[datasourceFile](body)
		s.Datasources = append(s.Datasources, file.Datasources...)
		return err
	case kind == "dashboards" && ext == ".yaml":
		file, err := readFile[providerFile](body)
		s.Providers = append(s.Providers, file.Providers...)
		return err
	case kind == "dashboards" && ext == ".json":
		d := Dashboard{File: name}
		err := strictJSON(body, &d)
		s.Dashboards = append(s.Dashboards, d)
		return err
	case kind == "alerting" && ext == ".yaml":
		file, err := readFile[ruleFile](body)
		if err != nil {
			return err
		}
		for i := range file.Groups {
			err = errors.Join(err, file.Groups[i].readModels())
		}
		s.Groups = append(s.Groups, file.Groups...)
		return err
	}
	return errors.New("no kind of provisioning file: there are datasources/*.yaml, dashboards/*.yaml, dashboards/*.json and alerting/*.yaml")
}

// versioned is the head of every YAML file.
type versioned interface{ version() int }

// Head is what every YAML file begins with.
type Head struct {
	APIVersion int `yaml:"apiVersion"`
}

func (h Head) version() int { return h.APIVersion }

func readFile[T versioned](body []byte) (T, error) {
	var file T
	if err := strictYAML(body, &file); err != nil {
		return file, err
	}
	if v := file.version(); v != 1 {
		return file, fmt.Errorf("apiVersion is %d, want 1", v)
	}
	return file, nil
}

// strictYAML refuses keys that into does not have, repeated ones, and a second
// document.
func strictYAML(body []byte, into any) error {
	dec := yaml.NewDecoder(bytes.NewReader(body))
	dec.KnownFields(true)
	if err := dec.Decode(into); err != nil {
		return err
	}
	if err := dec.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return errors.New("there is more than one document")
	}
	return nil
}

// strictJSON refuses keys that into does not have, and more than one value.
func strictJSON(body []byte, into any) error {
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.DisallowUnknownFields()
	if err := dec.Decode(into); err != nil {
		return err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return errors.New("there is more than one value")
	}
	return nil
}

// notes collects what is wrong, each with where.
type notes struct{ list []string }

func (n *notes) add(where, format string, args ...any) {
	n.list = append(n.list, where+": "+fmt.Sprintf(format, args...))
}

// unique notes a value that was there before, or is empty.
func (n *notes) unique(seen *[]string, where, what, value string) {
	switch {
	case value == "":
		n.add(where, "%s is missing", what)
	case slices.Contains(*seen, value):
		n.add(where, "%s %q is there twice", what, value)
	}
	*seen = append(*seen, value)
}

// uid is unique for an identifier with Grafana's limit.
func (n *notes) uid(seen *[]string, where, value string) {
	n.unique(seen, where, "uid", value)
	if len(value) > maxUID {
		n.add(where, "uid %q has %d bytes, Grafana takes %d", value, len(value), maxUID)
	}
	for _, c := range value {
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '-' && c != '_' {
			n.add(where, "uid %q has the character %q", value, c)
		}
	}
}

// oneOf notes a value that is none of those allowed.
func (n *notes) oneOf(where, what, value string, allowed ...string) {
	if !slices.Contains(allowed, value) {
		n.add(where, "%s is %q, not one of %q", what, value, allowed)
	}
}

// Problems lists what is wrong with files that are well formed.
func (s *Set) Problems() []string {
	n := &notes{}
	s.checkDatasources(n)
	s.checkProviders(n)
	s.checkDashboards(n)
	s.checkRules(n)
	return n.list
}
