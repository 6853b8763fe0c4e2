//go:build interop

package interop_test

import (
	"encoding/json"
	"maps"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/lake"
)

// rows of an answer; every cell is a string, a number or null.
type rows = []map[string]any

// truth is what the generator says of what it delivered: see
// internal/generate/truth.go.
type truth struct {
	Source map[string]any `json:"source"`
	Layers struct {
		Bronze     int            `json:"bronze"`
		Quarantine int            `json:"quarantine"`
		Silver     int            `json:"silver"`
		Gold       map[string]int `json:"gold"`
	} `json:"layers"`
	Article struct {
		Date           string `json:"date"`
		TopJob         string `json:"topJob"`
		TopJobClusters int    `json:"topJobClusters"`
		Owner          string `json:"owner"`
	} `json:"article"`
	Panels map[string]json.RawMessage `json:"panels"`
}

// panels are the rows of each panel.
func (tr *truth) panels(t *testing.T) map[string]rows {
	t.Helper()
	all := map[string]rows{}
	for name, body := range tr.Panels {
		var answer rows
		if name == "job_owner" {
			var owner struct {
				Rows rows `json:"rows"`
			}
			if err := json.Unmarshal(body, &owner); err != nil {
				t.Fatal(err)
			}
			answer = owner.Rows
		} else if err := json.Unmarshal(body, &answer); err != nil {
			t.Fatal(err)
		}
		all[name] = answer
	}
	if len(all) == 0 {
		t.Fatal("the truth has no panels")
	}
	return all
}

// TestDeliveredFilesSayWhatTheTruthSays recomputes truth.json from 300,000
// delivered events with DuckDB, and then has the pipeline answer the same: the
// generator and the pipeline have one author and might agree on a mistake.
func TestDeliveredFilesSayWhatTheTruthSays(t *testing.T) {
	node := node(t)
	source, lakeDir := filepath.Join(t.TempDir(), "delivered"), filepath.Join(t.TempDir(), "lake")
	step(t, "generate", func() {
		auditlake(t, "generate", "--out", source, "--days", "30", "--events-per-day", "10000", "--scenario", "article")
	})
	var want truth
	readJSON(t, filepath.Join(source, "truth.json"), &want)
	panels := want.panels(t)

	var got map[string]rows
	step(t, "DuckDB", func() {
		if err := json.Unmarshal(must(t, nil, node, "raw/run.mjs", source), &got); err != nil {
			t.Fatal(err)
		}
	})
	same := func(name string, want, got any) {
		t.Helper()
		t.Run(name, func(t *testing.T) {
			t.Helper()
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("truth (-), answer (+):\n%s", diff)
			}
		})
	}
	same("duckdb/source", rows{want.Source}, got["source"])
	same("duckdb/layers", rows{{
		"bronze": float64(want.Layers.Bronze), "quarantine": float64(want.Layers.Quarantine), "silver": float64(want.Layers.Silver),
	}}, got["layers"])
	gold := rows{}
	for _, name := range slices.Sorted(maps.Keys(want.Layers.Gold)) {
		gold = append(gold, map[string]any{"name": name, "rows": float64(want.Layers.Gold[name])})
	}
	same("duckdb/gold", gold, got["gold"])
	for _, name := range slices.Sorted(maps.Keys(panels)) {
		same("duckdb/"+name, panels[name], got[name])
	}

	step(t, "etl", func() { auditlake(t, "etl", "--quiet", "--source", source, "--lake", lakeDir) })
	l := openLake(t, lakeDir)
	same("pipeline/bronze", want.Layers.Bronze, countRows(t, l, lake.Bronze))
	same("pipeline/quarantine", want.Layers.Quarantine, countRows(t, l, lake.Quarantine))
	same("pipeline/silver", want.Layers.Silver, countRows(t, l, lake.Silver))
	tables, err := l.Gold(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	counts := map[string]int{}
	for _, name := range tables {
		counts[name] = countRows(t, l, name)
	}
	same("pipeline/gold", want.Layers.Gold, counts)
	for _, name := range slices.Sorted(maps.Keys(panels)) {
		args := []string{"query", "--lake", lakeDir, "--format", "json", "--named", name}
		if name == "job_owner" {
			args = append(args, "--param", "job_id="+want.Article.TopJob)
		}
		var answer rows
		if err := json.Unmarshal(auditlake(t, args...), &answer); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		same("pipeline/"+name, panels[name], answer)
	}
}

// countRows reads the rows of a table instead of believing the log.
func countRows(t *testing.T, l *lake.Lake, table string) int {
	t.Helper()
	view, err := l.Table(table).View(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for b, err := range view.Scan(t.Context(), columnar.Schema{view.Schema()[0]}, nil, nil) {
		if err != nil {
			t.Fatal(err)
		}
		n += b.Len
	}
	return n
}
