package engines_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/auditlake/auditlake/internal/engines"
)

func TestAProgramThatIsNotThere(t *testing.T) {
	_, err := engines.Program("Some engine", "no-such-program", "nor-this")
	if !errors.Is(err, engines.ErrLacking) || !strings.Contains(err.Error(), "Some engine is needed: there is no no-such-program or nor-this on the PATH") {
		t.Errorf("error is %v", err)
	}
}

func TestNothingCanBeHadWithoutPrograms(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	all := engines.New("../..", t.Logf)
	if _, err := all.Node(t.Context()); !errors.Is(err, engines.ErrLacking) {
		t.Errorf("Node: error is %v", err)
	}
	if _, err := all.Python(t.Context()); !errors.Is(err, engines.ErrLacking) {
		t.Errorf("Python: error is %v", err)
	}
	if _, _, err := all.Spark(t.Context()); !errors.Is(err, engines.ErrLacking) {
		t.Errorf("Spark: error is %v", err)
	}
}

func TestVersions(t *testing.T) {
	root := t.TempDir()
	for file, text := range map[string]string{
		"package.json":       `{"dependencies": {"@duckdb/node-api": "1.2.3-r.4", "chdb": "5.6.7"}}`,
		"requirements.txt":   "# a comment\ndeltalake==1.0.0\npyspark==3.5.0\n",
		"readers/session.py": "DELTA = \"io.delta:delta-spark_2.12:3.3.0\"\n",
	} {
		path := filepath.Join(root, "interop", filepath.FromSlash(file))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := engines.New(root, t.Logf).Versions()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]string{"DuckDB": "1.2.3", "Spark": "3.5.0", "Delta": "3.3.0"}, got); diff != "" {
		t.Errorf("versions (-want +got):\n%s", diff)
	}
	if _, err := engines.New("../..", t.Logf).Versions(); err != nil {
		t.Errorf("of this repository: %v", err)
	}
}

func TestSparkWithoutItsJars(t *testing.T) {
	if err := engines.SparkError(errors.New("[UNRESOLVED DEPENDENCY: io.delta#delta-spark_2.12]")); !errors.Is(err, engines.ErrLacking) {
		t.Errorf("error is %v", err)
	}
	other := errors.New("division by zero")
	if err := engines.SparkError(other); !errors.Is(err, other) || errors.Is(err, engines.ErrLacking) {
		t.Errorf("error is %v", err)
	}
	if err := engines.SparkError(nil); err != nil {
		t.Errorf("error is %v", err)
	}
}
