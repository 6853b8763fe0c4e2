package named_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/query"
	"github.com/auditlake/auditlake/pkg/query/exec"
	"github.com/auditlake/auditlake/pkg/query/named"
	"github.com/auditlake/auditlake/pkg/query/querytest"
)

// creation is a cluster that a job created so long before the end of the range.
type creation struct {
	job string
	ago time.Duration
}

// creations is a lake with these clusters, in files by day.
func creations(list []creation, end time.Time) *querytest.Lake {
	byDay := map[int64]*columnar.Batch{}
	for _, c := range list {
		at := end.Add(-c.ago)
		day := at.Unix() / 86400
		b := byDay[day]
		if b == nil {
			b = columnar.NewBatch(columnar.Schema{
				{Name: "actionName", Type: columnar.Of(columnar.String)},
				{Name: "date_time", Type: columnar.Of(columnar.Timestamp)},
				{Name: "date", Type: columnar.Of(columnar.Date)},
				{Name: "jobId", Type: columnar.Of(columnar.String)},
			})
			byDay[day] = b
		}
		b.Columns[0].AppendString("create")
		b.Columns[1].AppendInt(at.UnixMicro())
		b.Columns[2].AppendInt(day)
		b.Columns[3].AppendString(c.job)
		b.Len++
	}
	lake := &querytest.Lake{}
	for _, b := range byDay {
		lake.Add("clusters", b)
	}
	return lake
}

// TestJobSpikesAreByTheBook: against counting day by day and sorting 28 numbers.
func TestJobSpikesAreByTheBook(t *testing.T) {
	end := time.Date(2024, 3, 10, 9, 30, 0, 0, time.UTC)
	rapid.Check(t, func(t *rapid.T) {
		jobs := []string{"1", "2", "3"}
		counts := map[string][]int{}
		var list []creation
		for _, job := range jobs {
			counts[job] = make([]int, 29)
			most := rapid.IntRange(0, 3).Draw(t, "most")
			for day := range counts[job] {
				n := rapid.IntRange(0, most).Draw(t, "n")
				if day == 0 {
					n *= 4
				}
				counts[job][day] = n
				for range n {
					micros := rapid.SampledFrom([]int64{1, 2, 43_200_000_000, 86_399_999_999, 86_400_000_000}).Draw(t, "micros")
					list = append(list, creation{job, time.Duration(day)*24*time.Hour + time.Duration(micros)*time.Microsecond})
				}
			}
		}
		list = append(list, creation{"1", 0}, creation{"1", 29*24*time.Hour + time.Microsecond}) // just outside
		ratio, floor := rapid.IntRange(1, 4).Draw(t, "ratio"), rapid.IntRange(0, 3).Draw(t, "floor")
		var want []string
		for _, job := range jobs {
			earlier := slices.Sorted(slices.Values(counts[job][1:]))
			median, active := earlier[13], 0
			for _, n := range earlier {
				if n > 0 {
					active++
				}
			}
			if n := counts[job][0]; n > ratio*median && n > floor {
				want = append(want, fmt.Sprintf("%05d %s: %d of %d by %d on %d", 99999-n, job, n, median, max(ratio*median, floor), active))
			}
		}
		slices.Sort(want)
		for i := range want {
			want[i] = want[i][6:]
		}
		plan, err := named.Build("job_spike_details", map[string]string{"ratio": fmt.Sprint(ratio), "floor": fmt.Sprint(floor)}, query.TimeRange{To: end})
		if err != nil {
			t.Fatal(err)
		}
		got, err := exec.Run(context.Background(), creations(list, end), plan, exec.Options{})
		if err != nil {
			t.Fatal(err)
		}
		var rows []string
		for i := range got.Batch.Len {
			c := got.Batch.Columns
			rows = append(rows, fmt.Sprintf("%s: %d of %d by %g on %d", c[0].ByteAt(i), c[1].Ints[i], c[2].Ints[i], c[3].Floats[i], c[4].Ints[i]))
		}
		if diff := cmp.Diff(want, rows); diff != "" {
			t.Fatalf("(-want +got):\n%s\n%v", diff, counts)
		}
	})
}

// TestJobSpikeIsTheDetailsInShort: the same jobs and numbers.
func TestJobSpikeIsTheDetailsInShort(t *testing.T) {
	end := time.Date(2024, 3, 10, 9, 30, 0, 0, time.UTC)
	var list []creation
	for i := range 60 {
		list = append(list, creation{"31303", time.Hour * time.Duration(i%20+1)}, creation{"4", 24 * time.Hour * time.Duration(i)})
	}
	lake := creations(list, end)
	plan, err := named.Build("job_spike", nil, query.TimeRange{To: end})
	if err != nil {
		t.Fatal(err)
	}
	got, err := exec.Run(t.Context(), lake, plan, exec.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff("jobId string | num_clusters long\n31303        | 60\n", querytest.Format(got.Batch)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestLookingBackReadsNoMoreThanItMust: of a lake of three years, a file a day.
func TestLookingBackReadsNoMoreThanItMust(t *testing.T) {
	end := time.Date(2024, 3, 10, 0, 0, 0, 0, time.UTC)
	var list []creation
	for day := range 1000 {
		list = append(list, creation{"1", 24*time.Hour*time.Duration(day) + time.Hour})
	}
	lake := creations(list, end)
	silver := &querytest.Lake{}
	for b, err := range mustTable(t, lake, "clusters") {
		if err != nil {
			t.Fatal(err)
		}
		silver.Add("silver", b)
	}
	for name, tt := range map[string]struct {
		lake *querytest.Lake
		end  time.Time
		most int64 // files
	}{
		"clusters_created":      {lake, end, 1000},
		"cluster_spike":         {lake, end, 5 + 5},
		"job_spike":             {lake, end, 29},
		"data_freshness":        {silver, end, 1},
		"data_freshness, stale": {silver, end.AddDate(0, 0, 20), 30},
	} {
		t.Run(name, func(t *testing.T) {
			name, _, _ := strings.Cut(name, ",")
			plan, err := named.Build(name, nil, query.TimeRange{To: tt.end})
			if err != nil {
				t.Fatal(err)
			}
			got, err := exec.Run(t.Context(), tt.lake, plan, exec.Options{})
			if err != nil {
				t.Fatal(err)
			}
			if read := got.Stats.Scan.RowGroups; read > tt.most { // each file has one
				t.Errorf("%d files were read", read)
			}
		})
	}
}

// mustTable is all rows of a table.
func mustTable(t *testing.T, lake *querytest.Lake, name string) func(func(*columnar.Batch, error) bool) {
	t.Helper()
	table, err := lake.Table(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	return table.Scan(t.Context(), table.Schema(), nil, &query.ScanStats{})
}
