package integration

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/etl"
	"github.com/auditlake/auditlake/pkg/lake"
	"github.com/auditlake/auditlake/pkg/store"
)

// traffic delivers as Databricks does, new files and overwritten ones whose old
// lines remain in any order, and knows every line that a lake has to hold.
type traffic struct {
	source store.Store
	rng    *rand.Rand
	files  map[string][]string // key -> lines of the newest version
	keys   []string
	lines  int
}

func newTraffic(source store.Store, seed uint64) *traffic {
	return &traffic{source: source, rng: rand.New(rand.NewPCG(seed, 5)), files: map[string][]string{}}
}

// deliver writes n files, about half of them over old ones.
func (d *traffic) deliver(t *testing.T, n int) {
	t.Helper()
	for range n {
		key := fmt.Sprintf("workspaceId=%d/date=%s/auditlogs_%d.json", d.rng.IntN(3),
			time.Now().UTC().AddDate(0, 0, -d.rng.IntN(2)).Format(time.DateOnly), len(d.keys))
		if len(d.keys) > 0 && d.rng.IntN(2) == 0 {
			key = d.keys[d.rng.IntN(len(d.keys))]
		} else {
			d.keys = append(d.keys, key)
		}
		lines := d.files[key]
		for range 1 + d.rng.IntN(5) {
			at := len(lines)
			if d.rng.IntN(4) == 0 {
				at = d.rng.IntN(len(lines) + 1)
			}
			lines = slices.Insert(lines, at, d.line(lines))
		}
		d.files[key] = lines
		if _, err := d.source.Put(t.Context(), key, []byte(strings.Join(lines, "\n")+"\n")); err != nil {
			t.Fatal(err)
		}
	}
}

// line is an event, with a key or a service that is new now and then, no event at
// all, or one that is there already.
func (d *traffic) line(there []string) string {
	d.lines++
	switch d.rng.IntN(12) {
	case 0:
		return fmt.Sprintf("no event %d", d.lines)
	case 1:
		if len(there) > 0 {
			return there[d.rng.IntN(len(there))]
		}
	}
	service := []string{"clusters", "jobs", "notebook", fmt.Sprintf("service%d", d.lines/200)}[d.rng.IntN(4)]
	return fmt.Sprintf(`{"version":"2.0","timestamp":%d,"workspaceId":"42","serviceName":%q,"actionName":"create","requestId":"r-%d","userIdentity":{"email":"u%d@example.com"},"requestParams":{"k%d":"v","n":"%d"},"response":{"statusCode":200}}`,
		time.Now().UnixMilli(), service, d.lines, d.lines%7, d.lines/100, d.lines)
}

// check reads the lake without Verify's help: every line is in bronze as often as
// it was delivered, every event in silver and gold, every other line in
// quarantine. Then it asks Verify.
func (d *traffic) check(t *testing.T, s store.Store) {
	t.Helper()
	var lines, events, others []string
	for _, body := range d.files {
		for _, line := range body {
			lines = append(lines, line)
			var event struct{ RequestID string }
			if json.Unmarshal([]byte(line), &event) == nil {
				events = append(events, event.RequestID)
			} else {
				others = append(others, line)
			}
		}
	}
	l := lake.New(s, lake.Options{})
	gold, err := l.Gold(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for layer, want := range map[string][]string{lake.Bronze: lines, lake.Quarantine: others, lake.Silver: events, "gold": events} {
		tables, column := []string{layer}, "raw"
		switch layer {
		case lake.Silver:
			column = "requestId"
		case "gold":
			tables, column = gold, "requestId"
		}
		slices.Sort(want)
		if diff := cmp.Diff(want, values(t, l, column, tables)); diff != "" {
			t.Errorf("%s (-delivered +lake):\n%.3000s", layer, diff)
		}
	}
	if r := d.verify(t, s); r.SilverBehind+r.GoldBehind > 0 || r.Source.Waiting > 0 {
		t.Errorf("the lake is behind: %+v", r)
	}
}

// values are those of a column in some tables, sorted.
func values(t *testing.T, l *lake.Lake, column string, tables []string) []string {
	t.Helper()
	var out []string
	for _, table := range tables {
		view, err := l.Table(table).View(t.Context())
		if err != nil {
			t.Fatalf("view %s: %v", table, err)
		}
		for b, err := range view.Scan(t.Context(), columnar.Schema{{Name: column, Type: columnar.Of(columnar.String)}}, nil, nil) {
			if err != nil {
				t.Fatalf("scan %s: %v", table, err)
			}
			for i := range b.Len {
				out = append(out, fmt.Sprint(b.Columns[0].Any(i)))
			}
		}
	}
	slices.Sort(out)
	return out
}

// verify has Verify read lake and source.
func (d *traffic) verify(t *testing.T, s store.Store) *etl.Report {
	t.Helper()
	r, err := etl.Verify(t.Context(), lake.New(s, lake.Options{}), []etl.Source{etl.SourceOf(d.source)})
	if err != nil {
		t.Fatalf("verify: %v", err)
	}
	if len(r.Problems) > 0 {
		t.Fatalf("verify found problems:\n%s", strings.Join(r.Problems, "\n"))
	}
	return r
}
