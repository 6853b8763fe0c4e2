package pack_test

import (
	"encoding/json"
	"image/png"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

const root = "../.."

// metadata is what the schema of plugin.json has, as far as a data source needs
// it: a key that is not here is not in the schema, or has no reason to be in ours.
type metadata struct {
	Schema                    string `json:"$schema"`
	Type, Name, ID            string
	Category                  string
	Backend                   bool
	Executable                string
	Alerting                  bool
	Annotations               bool
	Logs                      bool
	Metrics                   bool
	Streaming                 bool
	MultiValueFilterOperators bool
	QueryOptions              struct{ MaxDataPoints, MinInterval bool }
	Info                      struct {
		Description string
		Author      struct{ Name, URL string }
		Keywords    []string
		Logos       struct{ Small, Large string }
		Links       []struct{ Name, URL string }
		Screenshots []struct{ Name, Path string }
		Version     string
		Updated     string
	}
	Includes     []struct{ Type, Name, Path string }
	Dependencies struct {
		GrafanaDependency string
		Plugins           []struct{}
	}
}

func TestPluginJSON(t *testing.T) {
	decoder := json.NewDecoder(strings.NewReader(string(read(t, filepath.Join(root, "src/plugin.json")))))
	decoder.DisallowUnknownFields()
	var m metadata
	if err := decoder.Decode(&m); err != nil {
		t.Fatal(err)
	}
	for what, test := range map[string]struct{ value, pattern string }{
		"id":                {m.ID, `^[0-9a-z]+-([0-9a-z]+-)?datasource$`},
		"type":              {m.Type, `^datasource$`},
		"name":              {m.Name, `^\S.*\S$`},
		"category":          {m.Category, `^(tsdb|logging|cloud|tracing|profiling|sql|enterprise|iot|other)$`},
		"executable":        {m.Executable, `^gpx_[a-z]+$`},
		"version":           {m.Info.Version, `^%VERSION%$`}, // the build fills them in
		"updated":           {m.Info.Updated, `^%TODAY%$`},
		"author":            {m.Info.Author.Name, `\S`},
		"author's page":     {m.Info.Author.URL, `^https://`},
		"description":       {m.Info.Description, `^[^.]+\. ([^.]+\.)?$`}, // two sentences at most, says the catalog
		"grafanaDependency": {m.Dependencies.GrafanaDependency, `^>=\d+\.\d+\.\d+$`},
	} {
		if !regexp.MustCompile(test.pattern).MatchString(test.value) {
			t.Errorf("%s is %q, which is no %s", what, test.value, test.pattern)
		}
	}
	if !m.Backend || !m.Alerting {
		t.Error("only a backend can alert")
	}
	if len(m.Info.Keywords) < 3 || len(m.Info.Links) < 3 || len(m.Info.Screenshots) < 3 {
		t.Errorf("the catalog page is poor: %d keywords, %d links, %d screenshots", len(m.Info.Keywords), len(m.Info.Links), len(m.Info.Screenshots))
	}
	for _, link := range m.Info.Links {
		checkAddress(t, link.URL)
	}
	for _, path := range []string{m.Info.Logos.Small, m.Info.Logos.Large} {
		logo := string(read(t, filepath.Join(root, "src", path)))
		if !strings.HasPrefix(logo, "<svg ") || regexp.MustCompile(`(?i)<script|\son\w+=|javascript:|<foreignObject`).MatchString(logo) {
			t.Errorf("%s is no SVG that does nothing", path)
		}
	}
	for _, shot := range m.Info.Screenshots {
		file, err := os.Open(filepath.Join(root, "src", shot.Path))
		if err != nil {
			t.Error(err)
			continue
		}
		config, err := png.DecodeConfig(file)
		if err != nil || config.Width < 1000 || shot.Name == "" {
			t.Errorf("screenshot %s, %q: %d pixels wide, %v", shot.Path, shot.Name, config.Width, err)
		}
		_ = file.Close()
	}
}

// The oldest Grafana is named in several places, and one is tested.
func TestTheOldestGrafana(t *testing.T) {
	var m metadata
	if err := json.Unmarshal(read(t, filepath.Join(root, "src/plugin.json")), &m); err != nil {
		t.Fatal(err)
	}
	oldest := strings.TrimPrefix(m.Dependencies.GrafanaDependency, ">=")
	minor := strings.TrimSuffix(oldest, ".0")
	for path, want := range map[string]string{
		".github/workflows/compose.yml": `grafana: ["` + oldest + `", `,
		"src/README.md":                 "Grafana " + minor + " or newer",
		"docs/install.md":               "Grafana " + minor + " or newer",
		"internal/host/host.go":         `grafanaVersion = "` + oldest + `"`,
	} {
		if !strings.Contains(string(read(t, filepath.Join(root, path))), want) {
			t.Errorf("%s does not say %s", path, want)
		}
	}
}

var address = regexp.MustCompile(`(!?)\[[^\]]*\]\(([^)]+)\)`)

// The catalog shows src/README.md where nothing of the repository is beside it.
func TestTheCatalogPage(t *testing.T) {
	text := string(read(t, filepath.Join(root, "src/README.md")))
	pictures := 0
	for _, m := range address.FindAllStringSubmatch(text, -1) {
		checkAddress(t, m[2])
		if m[1] == "!" {
			pictures++
			if !strings.HasPrefix(m[2], "https://raw.githubusercontent.com/") {
				t.Errorf("picture %s is a page about it", m[2])
			}
		}
	}
	if pictures == 0 {
		t.Error("the page has no picture")
	}
}

// checkAddress wants absolute addresses, and those into the repository to lead
// to something that is there.
func checkAddress(t *testing.T, address string) {
	t.Helper()
	if !strings.HasPrefix(address, "https://") {
		t.Errorf("%s is not absolute", address)
	}
	for _, within := range []string{
		"https://raw.githubusercontent.com/auditlake/auditlake/main/",
		"https://github.com/auditlake/auditlake/blob/main/",
		"https://github.com/auditlake/auditlake/tree/main/",
	} {
		if path, is := strings.CutPrefix(address, within); is {
			path, _, _ = strings.Cut(path, "#")
			if _, err := os.Stat(filepath.Join(root, path)); err != nil {
				t.Errorf("%s leads nowhere: %v", address, err)
			}
		}
	}
}

// An action is code that runs with the repository's rights; a tag can be moved.
func TestActionsArePinned(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(root, ".github/workflows/*.yml"))
	if err != nil || len(files) == 0 {
		t.Fatal("no workflows", err)
	}
	uses := regexp.MustCompile(`(?m)^\s*(?:- )?uses: *(.*)$`)
	pinned := regexp.MustCompile(`^(\./\S+|[\w-]+/[\w/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+)$`)
	versions := map[string]string{}
	for _, file := range files {
		text := string(read(t, file))
		for _, m := range uses.FindAllStringSubmatch(text, -1) {
			if !pinned.MatchString(m[1]) {
				t.Errorf("%s: %s is not pinned by a commit, with its version behind it", filepath.Base(file), m[1])
			}
			name, version, _ := strings.Cut(m[1], "@")
			if before, seen := versions[name]; seen && before != version {
				t.Errorf("%s: %s is at %s here and at %s elsewhere", filepath.Base(file), name, version, before)
			}
			versions[name] = version
		}
		var workflow struct {
			Permissions map[string]string `yaml:"permissions"`
		}
		if err := yaml.Unmarshal([]byte(text), &workflow); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		if len(workflow.Permissions) != 1 || workflow.Permissions["contents"] != "read" {
			t.Errorf("%s: what no job asks for is %v, not to read", filepath.Base(file), workflow.Permissions)
		}
	}
}
