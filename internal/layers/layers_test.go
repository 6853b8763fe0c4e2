package layers_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/auditlake/auditlake/internal/layers"
)

func TestTheCodeKeepsToThePicture(t *testing.T) {
	graph, err := layers.Read("../..")
	if err != nil {
		t.Fatal(err)
	}
	if _, read := graph["internal/layers"]; !read {
		t.Fatalf("this package was not found in the module: %v", graph)
	}
	for _, violation := range graph.Violations() {
		t.Error(violation)
	}
}

func TestViolations(t *testing.T) {
	const (
		ours    = "github.com/auditlake/auditlake/"
		sdk     = "github.com/grafana/grafana-plugin-sdk-go/data"
		s3      = "github.com/aws/aws-sdk-go-v2/service/s3"
		parquet = "github.com/parquet-go/parquet-go/compress/zstd"
	)
	tests := map[string]struct {
		pkg, imports string
		want         []string
	}{
		"down the picture":                {"pkg/plugin", ours + "pkg/query/exec", nil},
		"down, past a layer":              {"pkg/etl", ours + "pkg/store", nil},
		"within a part":                   {"pkg/query/trino", ours + "pkg/query", nil},
		"the library's owner":             {"pkg/columnar", parquet, nil},
		"the main package and the SDK":    {"pkg", sdk, nil},
		"the standard library":            {"pkg/store", "os", nil},
		"the front door may import all":   {"cmd/auditlake", ours + "pkg/etl", nil},
		"up the picture":                  {"pkg/delta", ours + "pkg/lake", []string{"pkg/delta imports " + ours + "pkg/lake: pkg/delta may import pkg/columnar, pkg/store"}},
		"sideways at the bottom":          {"pkg/columnar", ours + "pkg/store", []string{"pkg/columnar imports " + ours + "pkg/store: pkg/columnar imports nothing of ours"}},
		"the read side and bytes":         {"pkg/query/exec", ours + "pkg/store", []string{"pkg/query/exec imports " + ours + "pkg/store: pkg/query may import pkg/lake, pkg/columnar, pkg/outbound"}},
		"the read side and the log":       {"pkg/query", ours + "pkg/delta", []string{"pkg/query imports " + ours + "pkg/delta: pkg/query may import pkg/lake, pkg/columnar, pkg/outbound"}},
		"the read side and the write":     {"pkg/query", ours + "pkg/etl", []string{"pkg/query imports " + ours + "pkg/etl: pkg/query may import pkg/lake, pkg/columnar, pkg/outbound"}},
		"another's library":               {"pkg/lake", parquet, []string{"pkg/lake imports " + parquet + ": only pkg/columnar, bench/layout may"}},
		"another's library, from a tool":  {"internal/generate", s3, []string{"internal/generate imports " + s3 + ": only pkg/store may"}},
		"Grafana's types below the shell": {"pkg/query/exec", sdk, []string{"pkg/query/exec imports " + sdk + ": only pkg, pkg/plugin, internal/host, internal/demo, internal/dataplane, internal/preview, bench/growth may"}},
		"a tool in what users carry":      {"pkg/etl", ours + "internal/generate", []string{"pkg/etl imports " + ours + "internal/generate: only internal, cmd, bench may"}},
		"the benchmarks in a tool":        {"internal/engines", ours + "bench/measure", []string{"internal/engines imports " + ours + "bench/measure: only bench may"}},
		"a package nobody drew":           {"pkg/util", "os", []string{"pkg/util is not in the picture"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got := layers.Graph{test.pkg: {test.imports}}.Violations()
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("violations (-want +got):\n%s", diff)
			}
		})
	}
}

func TestRead(t *testing.T) {
	root := t.TempDir()
	for file, text := range map[string]string{
		"pkg/store/store.go":          "package store\n\nimport \"os\"\n",
		"pkg/store/windows.go":        "//go:build windows\n\npackage store\n\nimport \"net\"\n",
		"pkg/store/store_test.go":     "package store\n\nimport \"testing\"\n",
		"pkg/store/testdata/x/x.go":   "package x\n\nimport \"errors\"\n",
		"pkg/nested/go.mod":           "module nested\n",
		"pkg/nested/nested.go":        "package nested\n",
		"cmd/auditlake/main.go":       "package main\n",
		"node_modules/flatted/golang": "not Go",
	} {
		file = filepath.Join(root, filepath.FromSlash(file))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}

	got, err := layers.Read(root)
	if err != nil {
		t.Fatal(err)
	}
	want := layers.Graph{"pkg/store": {"os", "net"}, "cmd/auditlake": {}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("graph (-want +got):\n%s", diff)
	}
}
