//go:build interop

package interop_test

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/delta"
	"github.com/auditlake/auditlake/pkg/lake"
)

// probe asks a reader how many rows have one value in one column. The values are
// the extremes of files: a statistic that is too tight makes the reader leave out
// the very file that has the row.
type probe struct {
	Column string `json:"column"`
	Kind   string `json:"kind"`  // long, string, timestamp
	Value  string `json:"value"` // a timestamp is 2006-01-02T15:04:05.000000 in UTC

	want int
}

// probed are columns with statistics of every kind: times of less than a
// millisecond, texts longer than what statistics keep of them, numbers.
var probed = []string{"ingestedAt", "date_time", "startedAt", "requestId", "email", "sourceIPAddress", "reason", "fileId", "lineNumber"}

// tablesProbed are a table of each layout; for all of them Spark needs minutes.
var tablesProbed = []string{lake.Bronze, lake.Silver, lake.Quarantine, lake.Runs, "clusters"}

// filesProbed bounds the files of a table whose extremes are asked for.
const filesProbed = 3

func probesOf(t *testing.T, table *lake.Table) []probe {
	t.Helper()
	snap, err := table.Snapshot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	probes := []probe{}
	if !slices.Contains(tablesProbed, table.Name) {
		return probes
	}
	for _, name := range probed {
		i := snap.Schema().Index(name)
		if i < 0 {
			continue
		}
		counts := map[string]int{}
		extremes := map[string]bool{}
		files := 0
		for add := range snap.Files() {
			values := valuesIn(t, table, snap, add, snap.Schema()[i])
			for v, n := range values {
				counts[v] += n
			}
			if len(values) > 0 && files < filesProbed {
				inOrder := slices.SortedFunc(maps.Keys(values), order(snap.Schema()[i].Type.Kind))
				extremes[inOrder[0]], extremes[inOrder[len(inOrder)-1]] = true, true
				files++
			}
		}
		for _, v := range slices.Sorted(maps.Keys(extremes)) {
			if !strings.ContainsAny(v, `'\\`) { // spares the scripts the escaping
				probes = append(probes, probe{Column: name, Kind: snap.Schema()[i].Type.Kind.String(), Value: v, want: counts[v]})
			}
		}
	}
	return probes
}

// valuesIn counts the values of a column in one file.
func valuesIn(t *testing.T, table *lake.Table, snap *delta.Snapshot, add *delta.Add, column columnar.Field) map[string]int {
	t.Helper()
	counts := map[string]int{}
	for b, err := range table.ScanFiles(t.Context(), snap, slices.Values([]*delta.Add{add}), columnar.Schema{column}, nil, nil) {
		if err != nil {
			t.Fatal(err)
		}
		for i := range b.Len {
			v := b.Columns[0]
			switch {
			case v.IsNull(i):
			case column.Type.Kind == columnar.Timestamp:
				counts[time.UnixMicro(v.Ints[i]).UTC().Format("2006-01-02T15:04:05.000000")]++
			case column.Type.Kind == columnar.Long:
				counts[strconv.FormatInt(v.Ints[i], 10)]++
			default:
				counts[string(v.ByteAt(i))]++
			}
		}
	}
	return counts
}

// order compares values as their column does.
func order(kind columnar.Kind) func(a, b string) int {
	if kind != columnar.Long {
		return strings.Compare
	}
	return func(a, b string) int {
		return cmp.Or(cmp.Compare(len(a), len(b)), strings.Compare(a, b)) // none is negative
	}
}
