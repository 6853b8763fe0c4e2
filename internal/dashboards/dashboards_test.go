package dashboards_test

import (
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/auditlake/auditlake/internal/dashboards"
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
