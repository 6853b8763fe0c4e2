package events_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/auditlake/auditlake/pkg/query"
	"github.com/auditlake/auditlake/pkg/query/events"
	"github.com/auditlake/auditlake/pkg/query/exec"
)

func TestStep(t *testing.T) {
	for name, tt := range map[string]struct {
		span, interval, want time.Duration
	}{
		"nothing":                   {0, 0, time.Second},
		"a minute":                  {time.Minute, 0, time.Second},
		"five minutes":              {5 * time.Minute, 0, 5 * time.Second},
		"an hour":                   {time.Hour, 0, time.Minute},
		"six hours":                 {6 * time.Hour, time.Second, 5 * time.Minute},
		"a day":                     {24 * time.Hour, 0, 15 * time.Minute},
		"a week":                    {7 * 24 * time.Hour, 0, 2 * time.Hour},
		"a month":                   {30 * 24 * time.Hour, 0, 12 * time.Hour},
		"three months":              {90 * 24 * time.Hour, 0, 24 * time.Hour},
		"half a year":               {182 * 24 * time.Hour, 0, 24 * time.Hour},
		"a year":                    {365 * 24 * time.Hour, 0, 7 * 24 * time.Hour},
		"a day in coarse intervals": {24 * time.Hour, 40 * time.Minute, time.Hour},
		"intervals beyond a day":    {24 * time.Hour, 30 * time.Hour, 7 * 24 * time.Hour},
	} {
		if got := events.Step(tt.span, tt.interval); got != tt.want {
			t.Errorf("%s: %s, not %s", name, got, tt.want)
		}
	}
}

func volumes(t *testing.T, c query.Catalog, q events.Question, step time.Duration) ([]time.Time, []events.Volume) {
	t.Helper()
	p, err := q.VolumePlan(nil, step)
	if err != nil {
		t.Fatal(err)
	}
	r, err := exec.Run(t.Context(), c, p, exec.Options{})
	if err != nil {
		t.Fatal(err)
	}
	buckets, out, err := events.Volumes(r.Batch, q.Range, step)
	if err != nil {
		t.Fatal(err)
	}
	return buckets, out
}

func TestVolume(t *testing.T) {
	lake := lakeOf(t, map[string]string{"silver": few})
	from := time.Date(2024, 3, 5, 9, 59, 59, 500_000_000, time.UTC)
	q := question(events.Question{Range: query.TimeRange{From: from, To: from.Add(3500 * time.Millisecond)}})
	buckets, got := volumes(t, lake, q, time.Second)
	var text []string
	for _, b := range buckets {
		text = append(text, b.Format("05"))
	}
	for _, v := range got {
		text = append(text, fmt.Sprint(v.Level, v.Counts))
	}
	if diff := cmp.Diff("59 00 01 02 error[0 0 1 0] warning[0 0 1 0] info[0 1 1 1]", strings.Join(text, " ")); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	q.Range.To = from.Add(2501 * time.Millisecond) // 10:00:02.001, just when there is an event
	if buckets, _ := volumes(t, lake, q, time.Second); len(buckets) != 4 {
		t.Errorf("buckets with an event in the last millisecond: %v", buckets)
	}
	q.Words = []string{"clusters"}
	if buckets, _ := volumes(t, lake, q, time.Second); len(buckets) != 3 {
		t.Errorf("buckets with nothing in the last millisecond: %v", buckets)
	}
	if _, none := volumes(t, lake, question(events.Question{Range: query.TimeRange{From: from, To: from.Add(time.Millisecond)}}), time.Second); none != nil {
		t.Errorf("volumes of nothing: %v", none)
	}
	if _, err := question(events.Question{Range: query.TimeRange{From: from}}).VolumePlan(nil, time.Second); err == nil {
		t.Error("a volume without an end")
	}
}

// TestVolumesAreTheLines: the counts of each severity are the numbers of its lines,
// however long the buckets are.
func TestVolumesAreTheLines(t *testing.T) {
	lake := lakeOf(t, map[string]string{"silver": few})
	for _, words := range [][]string{nil, {"bob@x"}, {"nothing"}} {
		for _, step := range []time.Duration{time.Second, time.Hour, 24 * time.Hour, 7 * 24 * time.Hour} {
			q := question(events.Question{Words: words, Range: query.TimeRange{From: theDay().From.AddDate(0, 0, -20), To: theDay().To}})
			if step == time.Second {
				q.Range = query.TimeRange{From: theDay().From.Add(10 * time.Hour), To: theDay().From.Add(11 * time.Hour)}
			}
			want := map[string]int64{}
			for _, l := range ask(t, lake, q) {
				want[l.Severity]++
			}
			got := map[string]int64{}
			buckets, all := volumes(t, lake, q, step)
			for _, v := range all {
				for _, n := range v.Counts {
					got[v.Level] += n
				}
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%v by %s (-want +got):\n%s", words, step, diff)
			}
			if !slices.IsSortedFunc(buckets, time.Time.Compare) || !buckets[len(buckets)-1].Before(q.Range.To) {
				t.Errorf("buckets %v", buckets)
			}
		}
	}
}
