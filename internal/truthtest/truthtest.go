// Package truthtest compares a lake with the truth about the logs that it was
// made of, through the command line: what it checks is what users see.
package truthtest

import (
	"bytes"
	"encoding/json"
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/auditlake/auditlake/internal/generate"
	"github.com/auditlake/auditlake/pkg/cli"
)

// Run is one call of the command line; it returns what went to standard output.
func Run(t testing.TB, args ...string) (string, error) {
	t.Helper()
	root := cli.New("auditlake")
	var out, errOut bytes.Buffer
	root.SetArgs(args)
	root.SetOut(&out)
	root.SetErr(&errOut)
	err := root.ExecuteContext(t.Context())
	if err != nil {
		t.Logf("auditlake %v: %v\n%s", args, err, errOut.String())
	}
	return out.String(), err
}

// MustRun is Run of a command that has to succeed.
func MustRun(t testing.TB, args ...string) string {
	t.Helper()
	out, err := Run(t, args...)
	if err != nil {
		t.Fatalf("auditlake %v: %v", args, err)
	}
	return out
}

// Check compares every number of the truth with what the lake at the URL says:
// rows of every layer and table, and every panel, row by row and column by
// column. It also has verify prove the lake.
func Check(t testing.TB, lakeURL string, truth *generate.Truth) {
	t.Helper()
	var want struct {
		Source generate.SourceTruth `json:"source"`
		Layers struct {
			Bronze     int64            `json:"bronze"`
			Quarantine int64            `json:"quarantine"`
			Silver     int64            `json:"silver"`
			Gold       map[string]int64 `json:"gold"`
		} `json:"layers"`
		Panels map[string]json.RawMessage `json:"panels"`
	}
	decode(t, truth.JSON(), &want)

	got := want
	got.Layers.Gold = nil
	report := struct {
		Files int64 `json:"files"`
		Lines int64 `json:"lines"`
	}{}
	text := []byte(MustRun(t, "verify", "--lake", lakeURL, "--format", "json"))
	decode(t, text, &got.Layers)
	decode(t, text, &report)
	if diff := cmp.Diff(want.Layers, got.Layers); diff != "" {
		t.Errorf("rows of the layers (-truth +lake):\n%s", diff)
	}
	if report.Files != want.Source.Files || report.Lines != want.Source.Lines {
		t.Errorf("the lake knows %d files and %d lines, delivered were %d and %d", report.Files, report.Lines, want.Source.Files, want.Source.Lines)
	}
	if len(want.Panels) < 9 {
		t.Errorf("the truth has only %d panels", len(want.Panels))
	}
	for name, rows := range want.Panels {
		args := []string{"query", "--lake", lakeURL, "--named", name, "--format", "json"}
		if name == "job_owner" {
			var owner struct {
				JobID string          `json:"job_id"`
				Rows  json.RawMessage `json:"rows"`
			}
			decode(t, rows, &owner)
			if owner.JobID == "" {
				continue // no job was delivered yet
			}
			args, rows = append(args, "--param", "job_id="+owner.JobID), owner.Rows
		}
		answer := compact(t, []byte(MustRun(t, args...)))
		if expected := compact(t, rows); answer != expected {
			var a, e []map[string]any
			decode(t, []byte(answer), &a)
			decode(t, []byte(expected), &e)
			if reflect.DeepEqual(a, e) {
				t.Errorf("panel %s: the columns are in another order: %.200s, the truth has %.200s", name, answer, expected)
			} else {
				t.Errorf("panel %s (-truth +lake):\n%s", name, cmp.Diff(e, a))
			}
		}
	}
}

func decode(t testing.TB, text []byte, into any) {
	t.Helper()
	if err := json.Unmarshal(text, into); err != nil {
		t.Fatalf("parse %.200s: %v", text, err)
	}
}

// compact keeps the order of columns, which a map would lose.
func compact(t testing.TB, text []byte) string {
	t.Helper()
	var b bytes.Buffer
	if err := json.Compact(&b, text); err != nil {
		t.Fatalf("parse %.200s: %v", text, err)
	}
	return b.String()
}
