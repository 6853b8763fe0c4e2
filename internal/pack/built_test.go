package pack_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	cdx "github.com/CycloneDX/cyclonedx-go"
	"github.com/grafana/grafana-plugin-sdk-go/backend"

	"github.com/auditlake/auditlake/internal/host"
	"github.com/auditlake/auditlake/internal/pack"
)

// builtPackage is the zip that AUDITLAKE_PACKAGE names, which a target of mage has just
// made of this checkout.
func builtPackage(t *testing.T) string {
	t.Helper()
	path := os.Getenv("AUDITLAKE_PACKAGE")
	if path == "" {
		t.Skip("AUDITLAKE_PACKAGE names no package: go tool mage package --here --dirty makes one and runs this")
	}
	return path
}

func TestThePackageStartsInGrafana(t *testing.T) {
	files, err := pack.Read(builtPackage(t))
	if err != nil {
		t.Fatal(err)
	}
	plugins := t.TempDir()
	if err := pack.Unpack(files, plugins); err != nil {
		t.Fatal(err)
	}
	r, err := pack.Describe(t.Context(), "../..")
	if err != nil {
		t.Fatal(err)
	}
	here := pack.Platform{OS: runtime.GOOS, Arch: runtime.GOARCH}
	h, err := host.Start(t.Context(), host.Config{
		Binary: filepath.Join(plugins, r.ID, r.ExecutableName(here)),
		Settings: backend.DataSourceInstanceSettings{
			UID: "auditlake", Name: "Auditlake", JSONData: []byte(`{"lake":"s3://lake/prefix","defaultRegion":"eu-central-1","authType":"nonsense"}`),
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = h.Close() }()
	// Settings that say nothing of use are refused in words, without a network.
	health, err := h.Health(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if health.Status != backend.HealthStatusError || !strings.Contains(health.Message, "authType") {
		t.Errorf("health is %v: %s", health.Status, health.Message)
	}
	metrics, err := h.Metrics(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(metrics), "go_build_info") && !strings.Contains(string(metrics), "go_goroutines") {
		t.Errorf("the process has no metrics: %.200s", metrics)
	}
}

func TestThePackageIsListed(t *testing.T) {
	path := builtPackage(t)
	text, err := os.ReadFile(strings.TrimSuffix(path, ".zip") + ".cdx.json")
	if err != nil {
		t.Fatal(err)
	}
	validate(t, text)
	var bom cdx.BOM
	if err := json.Unmarshal(text, &bom); err != nil {
		t.Fatal(err)
	}
	files, err := pack.Read(path)
	if err != nil {
		t.Fatal(err)
	}
	var notices string
	for _, f := range files {
		if strings.HasSuffix(f.Name, "/THIRD_PARTY_NOTICES.txt") {
			notices = string(f.Content)
		}
	}
	var listed []string
	for _, c := range *bom.Components {
		name, _, _ := strings.Cut(c.PackageURL, "@v")
		listed = append(listed, name)
		if c.Version == "" {
			t.Errorf("%s has no version", c.PackageURL)
		}
		licensed := c.Name
		if licensed == "std" {
			licensed = "Go"
		}
		if !strings.Contains(notices, "\n"+licensed+" "+c.Version+"\n") {
			t.Errorf("%s is without its license", c.PackageURL)
		}
	}
	for _, want := range []string{"pkg:golang/github.com/parquet-go/parquet-go", "pkg:golang/modernc.org/sqlite", "pkg:npm/sql-formatter@15.8.2", "pkg:npm/%40grafana/plugin-ui@0.18.0"} {
		if !slices.Contains(listed, want) {
			t.Errorf("%s is not listed", want)
		}
	}
	for _, name := range listed {
		for _, alien := range []string{"pkg:npm/react@", "pkg:npm/webpack@", "pkg:golang/github.com/magefile/mage", "pkg:golang/pgregory.net/rapid"} {
			if strings.HasPrefix(name, alien) {
				t.Errorf("%s is listed, and only needed to build", name)
			}
		}
	}
}
