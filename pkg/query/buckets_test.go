package query_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/auditlake/auditlake/pkg/query"
	"github.com/auditlake/auditlake/pkg/query/sql"
)

// TestBucketOf: how the first column of an answer cuts time.
func TestBucketOf(t *testing.T) {
	for text, want := range map[string]string{
		"select date, count(*) as n from clusters group by date order by date limit 5":                                                                                 "day",
		"select date as time, count(*) as n from clusters group by date":                                                                                               "day",
		"select distinct date from clusters":                                                                                                                           "day",
		"select date_trunc('hour', date_time) as t, count(*) as n from clusters group by date_trunc('hour', date_time)":                                                "hour",
		"with h as (select date_trunc('week', date_time) as w from clusters) select w, count(*) as n from h group by w order by w":                                     "week",
		"with d as (select date from clusters union all select date from jobs) select date, count(*) as n from d group by date":                                        "day",
		"with d as (select cast(date_time as date) as d from clusters) select d, count(*) as n from d group by d":                                                      "day",
		"select a.date, n, m from (select date, count(*) as n from clusters group by date) a join (select date, count(*) as m from jobs group by date) b using (date)": "day",
		"select n, a.date from (select date, count(*) as n from clusters group by date) a where n > 1":                                                                 "",
		"select date from clusters":                                                                                        "",
		"select date_time, actor from clusters":                                                                            "",
		"select max(date_time) as t, actor from clusters group by actor":                                                   "",
		"select cast(date_trunc('hour', date_time) as date) as t, actor from clusters":                                     "",
		"select date_trunc('hour', date_time) as t from clusters union all select date_trunc('day', date_time) from jobs":  "",
		"select date_trunc('day', startedAt) as time, sum(lostLines) as n from runs group by date_trunc('day', startedAt)": "day",
	} {
		s, err := sql.Parse(text)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		plan, err := s.Plan(sql.Binding{Range: query.TimeRange{From: time.Unix(0, 0), To: time.Unix(86400, 0)}})
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		if got, ok := query.BucketOf(plan, plan.Columns()[0]); got.Unit != want || ok != (want != "") {
			t.Errorf("%s: %q, %v\n%s", text, got.Unit, ok, plan)
		}
	}
}

func TestBuckets(t *testing.T) {
	at := func(text string) time.Time {
		out, err := time.Parse(time.RFC3339, text)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	for name, tt := range map[string]struct {
		unit, zone, from, to string
		want                 []string
	}{
		"the first and the last in part": {"hour", "", "2024-03-05T10:30:00Z", "2024-03-05T12:00:01Z", []string{"2024-03-05T10:00:00Z", "2024-03-05T11:00:00Z", "2024-03-05T12:00:00Z"}},
		"the end is outside":             {"15m", "", "2024-03-05T10:00:00Z", "2024-03-05T10:30:00Z", []string{"2024-03-05T10:00:00Z", "2024-03-05T10:15:00Z"}},
		"months of other lengths":        {"month", "", "2024-01-31T00:00:00Z", "2024-03-02T00:00:00Z", []string{"2024-01-01T00:00:00Z", "2024-02-01T00:00:00Z", "2024-03-01T00:00:00Z"}},
		"a day of 23 hours":              {"day", "Europe/Berlin", "2024-03-30T12:00:00Z", "2024-04-01T12:00:00Z", []string{"2024-03-29T23:00:00Z", "2024-03-30T23:00:00Z", "2024-03-31T22:00:00Z"}},
		"one more than most":             {"minute", "", "2024-03-05T10:00:00Z", "2024-03-06T10:00:00Z", []string{"2024-03-05T10:00:00Z", "2024-03-05T10:01:00Z", "2024-03-05T10:02:00Z", "2024-03-05T10:03:00Z", "2024-03-05T10:04:00Z"}},
		"nothing":                        {"day", "", "2024-03-05T00:00:00Z", "2024-03-05T00:00:00Z", nil},
	} {
		b, err := query.NewBucketing(tt.unit, tt.zone)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, s := range b.Buckets(query.TimeRange{From: at(tt.from), To: at(tt.to)}, 4) {
			got = append(got, s.Format(time.RFC3339))
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	b, _ := query.NewBucketing("day", "")
	if got := b.Buckets(query.TimeRange{From: at("2024-03-05T00:00:00Z")}, 4); got != nil {
		t.Errorf("without an end: %v", got)
	}
}

// TestBucketsFollowEachOther: between the start of a bucket and that of the next there
// is no other, also where clocks are set.
func TestBucketsFollowEachOther(t *testing.T) {
	zones := []string{"UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Havana", "Africa/Casablanca", "America/St_Johns", "Pacific/Apia"}
	rapid.Check(t, func(t *rapid.T) {
		zone := rapid.SampledFrom(zones).Draw(t, "zone")
		unit := rapid.SampledFrom([]string{"minute", "15m", "hour", "3h", "day", "90s", "week", "month", "quarter", "year"}).Draw(t, "unit")
		b, err := query.NewBucketing(unit, zone)
		if err != nil {
			t.Fatal(err)
		}
		loc, err := time.LoadLocation(zone)
		if err != nil {
			t.Fatal(err)
		}
		at := time.Unix(rapid.Int64Range(5e8, 2e9).Draw(t, "at"), 0)
		if _, end := at.In(loc).ZoneBounds(); !end.IsZero() && rapid.Bool().Draw(t, "near a change") {
			at = end
		}
		start := b.Start(at.UnixMicro() + rapid.Int64Range(-86400, 86400).Draw(t, "seconds")*1_000_000)
		next := b.After(start)
		if next <= start || b.Start(next) != next || b.Start(next-1) != start {
			t.Fatalf("%s in %s: after %d comes %d, and the moment before is of %d", unit, zone, start, next, b.Start(next-1))
		}
	})
}
