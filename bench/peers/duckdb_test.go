//go:build interop

package peers_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/auditlake/auditlake/bench/peers"
	"github.com/auditlake/auditlake/internal/engines"
)

func node(t *testing.T) (root, node string) {
	t.Helper()
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	node, err = engines.New(root, t.Logf).Node(t.Context())
	if errors.Is(err, engines.ErrLacking) && os.Getenv("INTEROP_REQUIRE") == "" {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	return root, node
}

func TestDuckDB(t *testing.T) {
	root, node := node(t)
	db, err := peers.StartDuckDB(t.Context(), root, node, peers.DuckDBOptions{Threads: 1, Pragmas: []string{"CREATE TABLE t AS SELECT range AS n FROM range(5)"}})
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(db.Version, "v1.") {
		t.Errorf("version is %q", db.Version)
	}
	if _, err := db.Run("SELECT nonsense"); err == nil || !strings.Contains(err.Error(), "Binder Error") {
		t.Errorf("error is %v", err)
	}
	a, err := db.Run("SELECT n FROM t WHERE n > 1")
	if err != nil || a.Rows != 3 || a.Seconds <= 0 {
		t.Errorf("answer is %+v, error %v", a, err)
	}
	var rows []map[string]any
	if _, err := db.Query("SELECT current_setting('threads')::INTEGER AS threads, sum(n) AS sum, 'a' AS text FROM t", &rows); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]map[string]any{{"threads": 1.0, "sum": "10", "text": "a"}}, rows); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
	usage, err := db.Close()
	if err != nil || usage.CPU <= 0 || usage.Wall <= 0 {
		t.Errorf("usage is %+v, error %v", usage, err)
	}
}

func TestADatabaseThatCannotBeOpened(t *testing.T) {
	root, node := node(t)
	if _, err := peers.StartDuckDB(t.Context(), root, node, peers.DuckDBOptions{Database: filepath.Join(t.TempDir(), "no", "folder.db")}); err == nil || !strings.Contains(err.Error(), "open database") {
		t.Errorf("error is %v", err)
	}
}

// TestAScript runs one as anybody would by hand.
func TestAScript(t *testing.T) {
	root, node := node(t)
	script := filepath.Join(t.TempDir(), "script.sql")
	const text = `-- A remark; with a semicolon.
CREATE TABLE done (name VARCHAR, n BIGINT);

-- layer: one

-- for each: SELECT range AS n FROM range({most})
INSERT INTO done
VALUES ('{name}', {n});

-- layer: two

COPY done TO '{out}';
`
	if err := os.WriteFile(script, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	made := filepath.Join(t.TempDir(), "done.csv")
	said, err := engines.Output(t.Context(), root, nil, node, filepath.Join("bench", "peers", "duckdb.mjs"), script, "most=3", "name=a=b", "out="+made)
	if err != nil {
		t.Fatal(err)
	}
	for _, layer := range []string{`"preparation":`, `"one":`, `"two":`} {
		if !strings.Contains(string(said), layer) {
			t.Errorf("no %s in %s", layer, said)
		}
	}
	got, err := os.ReadFile(made)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff("name,n\na=b,0\na=b,1\na=b,2\n", string(got)); diff != "" {
		t.Errorf("what it made (-want +got):\n%s", diff)
	}
}
