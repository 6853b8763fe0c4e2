package query_test

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/auditlake/auditlake/pkg/query"
)

var christmas = query.TimeRange{
	From: time.Date(2019, 12, 28, 0, 0, 0, 0, time.UTC),
	To:   time.Date(2019, 12, 29, 0, 0, 0, 0, time.UTC),
}

func TestNamesThatLookLikeSyntaxAreQuoted(t *testing.T) {
	e := query.Every(
		query.Eq(query.Name("requestParams", "spark.conf"), query.Str("it's")),
		query.Eq(query.Name("and"), query.Name("a`b")),
		query.Not{X: query.Every(query.Name("date"), query.Or{X: []query.Expr{query.Name("x"), query.Name("Ünï")}})},
	)
	want := "requestParams.`spark.conf` = 'it''s' and `and` = `a``b` and (not (date and (x or `Ünï`)))"
	if got := e.String(); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestBucketStart(t *testing.T) {
	tests := []struct{ unit, zone, at, want string }{
		{"minute", "", "2024-03-10T10:11:12Z", "2024-03-10T10:11:00Z"},
		{"15m", "UTC", "2024-03-10T10:29:59.999999Z", "2024-03-10T10:15:00Z"},
		{"hour", "Asia/Kolkata", "2024-03-10T10:11:12Z", "2024-03-10T09:30:00Z"},
		{"day", "", "1969-12-31T23:00:00Z", "1969-12-31T00:00:00Z"},
		{"day", "America/New_York", "2024-03-10T12:00:00Z", "2024-03-10T05:00:00Z"},  // 23 hours
		{"day", "America/New_York", "2024-03-11T03:59:00Z", "2024-03-10T05:00:00Z"},  // the same day
		{"day", "America/New_York", "2024-11-04T04:59:00Z", "2024-11-03T04:00:00Z"},  // 25 hours
		{"6h", "America/New_York", "2024-11-03T10:59:00Z", "2024-11-03T04:00:00Z"},   // 7 hours
		{"6h", "America/New_York", "2024-11-03T11:00:00Z", "2024-11-03T11:00:00Z"},   //
		{"hour", "America/New_York", "2024-11-03T05:30:00Z", "2024-11-03T05:00:00Z"}, // 01:30 the first time
		{"hour", "America/New_York", "2024-11-03T06:30:00Z", "2024-11-03T06:00:00Z"}, // and the second
		{"day", "America/Havana", "2024-11-03T05:30:00Z", "2024-11-03T04:00:00Z"},    // midnight comes twice
		{"day", "America/Sao_Paulo", "2018-11-04T12:00:00Z", "2018-11-04T03:00:00Z"}, // there is no midnight
		{"day", "Pacific/Apia", "2011-12-30T11:00:00Z", "2011-12-30T10:00:00Z"},      // there is no yesterday
		{"week", "", "2024-03-10T10:11:12Z", "2024-03-04T00:00:00Z"},                 // a Sunday
		{"week", "", "2024-03-11T00:00:00Z", "2024-03-11T00:00:00Z"},                 // a Monday
		{"week", "Europe/Berlin", "2024-04-03T00:00:00Z", "2024-03-31T22:00:00Z"},    //
		{"month", "Europe/Berlin", "2024-04-30T21:59:59Z", "2024-03-31T22:00:00Z"},   //
		{"second", "", "2024-03-10T10:11:12.9Z", "2024-03-10T10:11:12Z"},
		{"500ms", "", "2024-03-10T10:11:12.9Z", "2024-03-10T10:11:12.5Z"},
		{"quarter", "Europe/Berlin", "2024-06-30T21:59:59Z", "2024-03-31T22:00:00Z"},
		{"year", "America/New_York", "2024-06-30T00:00:00Z", "2024-01-01T05:00:00Z"},
		{"7m", "", "1970-01-01T00:20:00Z", "1970-01-01T00:14:00Z"},
		{"7h", "", "1970-01-02T00:00:00Z", "1970-01-01T21:00:00Z"}, // counted from 1970
		{"48h", "America/New_York", "1970-01-05T04:59:59Z", "1970-01-03T05:00:00Z"},
		{"month", "Africa/Casablanca", "2024-04-20T12:00:00Z", "2024-04-01T00:00:00Z"},
	}
	for _, tt := range tests {
		b, err := query.NewBucketing(tt.unit, tt.zone)
		if err != nil {
			t.Fatal(err)
		}
		at, err := time.Parse(time.RFC3339Nano, tt.at)
		if err != nil {
			t.Fatal(err)
		}
		if got := time.UnixMicro(b.Start(at.UnixMicro())).UTC().Format(time.RFC3339Nano); got != tt.want {
			t.Errorf("%s of %s in %q is %s, not %s", tt.unit, tt.at, tt.zone, got, tt.want)
		}
	}
}

// TestBucketsAreSound: a bucket starts no later than its instants, its start is in
// it, and of two instants the later one is in no earlier bucket.
func TestBucketsAreSound(t *testing.T) {
	zones := []string{"UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Havana", "Africa/Casablanca", "Asia/Kathmandu"}
	rapid.Check(t, func(t *rapid.T) {
		zone := rapid.SampledFrom(zones).Draw(t, "zone")
		unit := rapid.SampledFrom([]string{"minute", "15m", "hour", "3h", "6h", "day", "week", "month", "quarter", "year", "7m", "5h", "48h"}).Draw(t, "unit")
		b, err := query.NewBucketing(unit, zone)
		if err != nil {
			t.Fatal(err)
		}
		loc, err := time.LoadLocation(zone)
		if err != nil {
			t.Fatal(err)
		}
		at := time.Unix(rapid.Int64Range(1e9, 2e9).Draw(t, "at"), 0)
		if _, end := at.In(loc).ZoneBounds(); !end.IsZero() && rapid.Bool().Draw(t, "near a change") {
			at = end
		}
		u := at.UnixMicro() + rapid.Int64Range(-2*86400, 2*86400).Draw(t, "seconds")*1_000_000
		v := u + rapid.Int64Range(0, 86400).Draw(t, "later")*1_000_000
		su, sv := b.Start(u), b.Start(v)
		if su > u || b.Start(su) != su || sv < su || b.Start(u) != su {
			t.Fatalf("%s in %s: %v starts at %v, which starts at %v; %v at %v", unit, zone, show(u), show(su), show(b.Start(su)), show(v), show(sv))
		}
		if unit == "day" && time.UnixMicro(su).In(loc).Format(time.DateOnly) != time.UnixMicro(u).In(loc).Format(time.DateOnly) {
			t.Fatalf("day of %v in %s starts at %v", show(u), zone, show(su))
		}
	})
}

func show(micros int64) string { return time.UnixMicro(micros).UTC().Format(time.RFC3339) }

func TestTimeRangeKeepsWholeMicroseconds(t *testing.T) {
	r := query.TimeRange{From: time.Unix(0, 1001), To: time.Unix(0, 2000)}
	from, _, to, _ := r.Micros()
	if got := fmt.Sprint(from, to); got != "2 2" {
		t.Errorf("got %s", got)
	}
}
