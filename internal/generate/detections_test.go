package generate_test

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/auditlake/auditlake/internal/generate"
	"github.com/auditlake/auditlake/internal/truth"
)

// TestDetections holds that the scenario has something for every query to find,
// and that what is planted beside it is delivered and not found.
func TestDetections(t *testing.T) {
	cfg := generate.Config{Seed: 1, Start: december, Days: 30, EventsPerDay: 1000, Scenario: generate.Detections}
	store, all := deliver(t, cfg, time.Time{})
	if n := all.Source.Lines; n < 27_000 || n > 40_000 {
		t.Errorf("%d lines, want about 30,000 and what is planted", n)
	}
	events := int64(0)
	for _, row := range all.Queries["events_per_day"][0].Rows.Rows {
		events += row[1].(int64)
	}
	if events != all.Layers.Silver {
		t.Errorf("the days have %d events, the layer has %d", events, all.Layers.Silver)
	}
	layers := [][]any{{"bronze", all.Layers.Bronze}, {"silver", all.Layers.Silver}, {"quarantine", all.Layers.Quarantine}}
	if diff := cmp.Diff(layers, all.Queries["layer_counts"][0].Rows.Rows); diff != "" {
		t.Errorf("layers (-counted +read):\n%s", diff)
	}
	var text bytes.Buffer
	for _, l := range lines(t, store) {
		if bytes.Contains(l.raw, []byte("planted")) {
			text.Write(l.raw)
		}
	}
	for _, name := range truth.Names() {
		cases := all.Queries[name]
		if !slices.ContainsFunc(cases, func(c truth.Case) bool { return len(c.Rows.Rows) > 0 }) {
			t.Errorf("%s has no rows", name)
		}
		marks := all.Planted[name]
		for _, mark := range slices.Concat(marks.In, marks.Out) {
			quoted, err := json.Marshal(mark)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Contains(text.Bytes(), quoted) && !bytes.Contains(text.Bytes(), []byte(mark)) {
				// A network is made from addresses.
				if name != "new_networks" {
					t.Errorf("%s: %q is not in the lines", name, mark)
				}
			}
		}
		for _, mark := range marks.In {
			if !slices.ContainsFunc(cases, func(c truth.Case) bool { return has(c, mark) }) {
				t.Errorf("%s: %q is in no rows", name, mark)
			}
		}
		for _, mark := range marks.Out {
			for _, c := range cases {
				if maps.Equal(c.Params, map[string]string{}) || maps.Equal(c.Params, map[string]string{"limit": "1000"}) {
					if has(c, mark) {
						t.Errorf("%s: %q is in the rows of %v from %s to %s", name, mark, c.Params, c.From, c.To)
					}
				}
			}
		}
	}
	for name := range all.Planted {
		if all.Queries[name] == nil {
			t.Errorf("something is planted for %s, which is no query", name)
		}
	}
}

// has tells whether a cell of the rows is the text.
func has(c truth.Case, text string) bool {
	return slices.ContainsFunc(c.Rows.Rows, func(row []any) bool { return slices.Contains(row, any(text)) })
}
