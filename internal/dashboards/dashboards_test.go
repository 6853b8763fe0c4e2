package dashboards_test

import (
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/auditlake/auditlake/internal/dashboards"
	"github.com/auditlake/auditlake/pkg/query/named"
)

var update = flag.Bool("update", false, "write provisioning/dashboards anew")

// TestFilesAreWrittenFromHere: what is provisioned and bundled is what the code says.
func TestFilesAreWrittenFromHere(t *testing.T) {
	folder := filepath.Join("..", "..", "provisioning", "dashboards")
	want := map[string]string{}
	for _, d := range dashboards.All() {
		body, err := d.JSON()
		if err != nil {
			t.Fatal(err)
		}
		want[d.File()] = string(body)
	}
	if *update {
		for name, body := range want {
			if err := os.WriteFile(filepath.Join(folder, name), []byte(body), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	got := map[string]string{}
	files, err := filepath.Glob(filepath.Join(folder, "*.json"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		body, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		got[filepath.Base(file)] = string(body)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("provisioning/dashboards is not what the code says: go test ./internal/dashboards -update writes it (-want +got):\n%s", diff)
	}
}

// TestEveryQueryOfTheCatalogHasAPanel: who adds a query says where it is shown, or
// why it is not.
func TestEveryQueryOfTheCatalogHasAPanel(t *testing.T) {
	left := map[string]string{
		"clusters_created": "clusters_created_per_day shows it by day",
		"activity":         "the panels of Investigation ask for more than it has",
		"who_is":           "names are beside ids in every table",
	}
	shown := map[string]bool{}
	for _, d := range dashboards.All() {
		for _, name := range d.Named() {
			shown[name] = true
		}
	}
	for _, q := range named.All() {
		if _, ok := left[q.Name]; ok == shown[q.Name] {
			t.Errorf("%s is shown: %v, left out: %v", q.Name, shown[q.Name], ok)
		}
	}
}

// TestPanelsSayWhatToDo: the description of the catalog says what an answer means;
// a panel adds what to make of it.
func TestPanelsSayWhatToDo(t *testing.T) {
	for _, d := range dashboards.All() {
		for _, panel := range d.Silent() {
			t.Errorf("%s: panel %q says nothing of its own", d.Title(), panel)
		}
	}
}

// TestTablesFit: what a table has no room for is hidden, or the panel is wider.
func TestTablesFit(t *testing.T) {
	for _, d := range dashboards.All() {
		for _, table := range d.Wide() {
			t.Errorf("%s: table %s scrolls sideways", d.Title(), table)
		}
	}
}

// TestEveryColumnIsKnown: a column without a name would have that of the query.
func TestEveryColumnIsKnown(t *testing.T) {
	for _, d := range dashboards.All() {
		for _, column := range d.Unknown() {
			t.Errorf("%s: column %s has no name in column.go: give it one, then -update again", d.Title(), column)
		}
	}
}
