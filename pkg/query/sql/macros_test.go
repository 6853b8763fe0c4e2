package sql_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/query"
	"github.com/auditlake/auditlake/pkg/query/sql"
)

// macros are a day from half past nine, and points five minutes apart.
func macros() sql.Macros {
	from := time.Date(2024, 3, 5, 9, 30, 0, 0, time.UTC)
	return sql.Macros{Range: query.TimeRange{From: from, To: from.Add(24 * time.Hour)}, Interval: 5 * time.Minute}
}

func TestExpand(t *testing.T) {
	for text, want := range map[string]string{
		"where $__timeFilter(event_time) and x":               "where (event_time >= TIMESTAMP '2024-03-05T09:30:00Z' AND event_time < TIMESTAMP '2024-03-06T09:30:00Z') and x",
		"$__timeFilter( coalesce(a, '$__x)') )":               "(coalesce(a, '$__x)') >= TIMESTAMP '2024-03-05T09:30:00Z' AND coalesce(a, '$__x)') < TIMESTAMP '2024-03-06T09:30:00Z')",
		"a between $__timeFrom() and $__timeTo ()":            "a between TIMESTAMP '2024-03-05T09:30:00Z' and TIMESTAMP '2024-03-06T09:30:00Z'",
		"$__timeFrom(a) and $__timeTo(b)":                     "a >= TIMESTAMP '2024-03-05T09:30:00Z' and b < TIMESTAMP '2024-03-06T09:30:00Z'",
		"$__timeGroup(t, $__interval)":                        "time_bucket('5m', t)",
		"$__timeGroup(t,5m), $__timeGroup(t, '1h')":           "time_bucket('5m', t), time_bucket('hour', t)",
		"$__timeGroup(t, 1d) $__timeGroup(t, 7d)":             "time_bucket('day', t) time_bucket('week', t)",
		"$__timeGroup(t, 1w) $__timeGroup(t, 1M)":             "time_bucket('week', t) time_bucket('month', t)",
		"$__timeGroup(t, 3M) $__timeGroup(t, 1y)":             "time_bucket('quarter', t) time_bucket('year', t)",
		"$__timeGroup(t, 90s) $__timeGroup(t, hour)":          "time_bucket('90s', t) time_bucket('hour', t)",
		"$__timeGroup(t, 2d) $__timeGroup(t, 500ms)":          "time_bucket('48h', t) time_bucket('500ms', t)",
		"t - $__interval, $__interval_ms, t + 30s":            "t - INTERVAL '5' MINUTE, 300000, t + INTERVAL '30' SECOND",
		"$__unixEpochFilter(s)":                               "(s >= 1709631000 AND s < 1709717400)",
		"$__unixEpochFrom() $__unixEpochTo()":                 "1709631000 1709717400",
		"$__from $__to":                                       "1709631000000 1709717400000",
		"$__dateFilter(event_date)":                           "(event_date >= DATE '2024-03-05' AND event_date <= DATE '2024-03-06')",
		"'$__timeFrom()' \"$__x\" `$__y` -- $__z\n/* $__z */": "'$__timeFrom()' \"$__x\" `$__y` -- $__z\n/* $__z */",
		"$name, $1, a1m, 1.5, 1e5, 2.5m":                      "$name, $1, a1m, 1.5, 1e5, 2.5m",
		"$__timeFilter($__timeGroup(t, 5m))":                  "(time_bucket('5m', t) >= TIMESTAMP '2024-03-05T09:30:00Z' AND time_bucket('5m', t) < TIMESTAMP '2024-03-06T09:30:00Z')",
	} {
		got, err := sql.Expand(text, macros())
		if err != nil || got != want {
			t.Errorf("%s\nis    %s %v\nwant  %s", text, got, err, want)
		}
	}
}

func TestExpandRefuses(t *testing.T) {
	for text, want := range map[string]string{
		"select 1\nwhere $__timeFiltr(a)": "2:7: there is no macro $__timeFiltr; did you mean $__timeFilter?",
		"$__timeFilter()":                 "1:1: $__timeFilter takes other arguments: write $__timeFilter(column)",
		"$__timeFilter":                   "1:1: $__timeFilter has brackets: write $__timeFilter(column)",
		"ü $__timeGroup(a)":               "1:3: $__timeGroup takes other arguments: write $__timeGroup(column, interval)",
		"$__timeGroup(a, 5x)":             `1:1: "5x" is no interval of $__timeGroup: write one such as 30s, 5m, 1h, 1d, 1w, 1M, or $__interval`,
		"$__timeGroup(a, 2M)":             `1:1: "2M" is no interval of $__timeGroup: write one such as 30s, 5m, 1h, 1d, 1w, 1M, or $__interval`,
		"$__timeGroup(a, 1h, NULL)":       "1:1: $__timeGroup does not fill what is missing: write $__timeGroup(a, 1h), and let the panel connect null values, or an alert rule take no data for zero",
		"$__timeFilter(a":                 "1:14: the ( has no end",
		"$__timeFilter('a)":               "1:15: the ' has no end",
		"$__timeFilter($__x)":             "1:15: there is no macro $__x; did you mean $__to?",
		"/* $__timeFrom()":                "1:1: the comment has no end: write */",
	} {
		got, err := sql.Expand(text, macros())
		if err == nil || err.Error() != want {
			t.Errorf("%s is %s\n%v, want\n%s", text, got, err, want)
		}
	}
}

func TestExpandWithoutBounds(t *testing.T) {
	got, err := sql.Expand("$__timeFilter(a) $__dateFilter(a) $__unixEpochFilter(a) $__timeFrom() $__timeFrom(a) $__interval", sql.Macros{})
	if want := "true true true TIMESTAMP '2000-01-01T00:00:00Z' true INTERVAL '1' MINUTE"; err != nil || got != want {
		t.Errorf("%s %v", got, err)
	}
	if _, err := sql.Expand("$__timeTo()", sql.Macros{}); !errors.Is(err, sql.ErrNoEnd) {
		t.Error(err)
	}
	m := sql.Macros{Zone: "Europe/Berlin", Interval: 24 * time.Hour}
	if got, err := sql.Expand("$__timeGroup(t, $__interval)", m); err != nil || got != "time_bucket('day', t, 'Europe/Berlin')" {
		t.Errorf("%s %v", got, err)
	}
}

// An error of an expanded statement says where it was written.
func TestPlacesBehindMacros(t *testing.T) {
	for text, want := range map[string]string{
		"select actor from silver where $__timeFilter(date_time) and actr.x =":  "1:69: the end stands where an expression belongs",
		"select x from (select $__timeGroup(date_time, 5m) as t from silver)":   "1:8: no column x; did you mean t?",
		"select $__timeGroup(date_time, 5m) as t, lowr(actor) as l from silver": "1:42: function lowr is not known; did you mean lower or floor or hour?",
		"select $__timeGroup(actor, 5m) as t from audit":                        "1:8: no column actor",
	} {
		s, _, err := sql.ParseExpanded(text, macros())
		if err == nil {
			_, err = s.Plan(sql.Binding{})
		}
		if err == nil || err.Error() != want {
			t.Errorf("%s\n%v, want\n%s", text, err, want)
		}
	}
}

// $__timeGroup has the buckets that named queries have.
func TestTimeGroupIsABucket(t *testing.T) {
	for interval, unit := range map[string]string{"1h": "hour", "1d": "day", "1w": "week", "5m": "5m", "6h": "6h", "$__interval": "5m"} {
		s, expanded, err := sql.ParseExpanded("select $__timeGroup(date_time, "+interval+") as t from silver", macros())
		if err != nil {
			t.Fatal(err)
		}
		p, err := s.Plan(sql.Binding{})
		want := query.From("silver", query.TimeRange{}).Project(query.As("t", query.Bucket{X: query.Column(columnar.Timestamp, "date_time"), Unit: unit}))
		if diff := cmp.Diff(want.String(), p.String()); err != nil || diff != "" {
			t.Errorf("%s: %v %s", expanded, err, diff)
		}
	}
}

// Whatever is typed is expanded or refused with a place, and what is expanded has no
// macros left.
func FuzzExpand(f *testing.F) {
	f.Add("select $__timeGroup(a, $__interval) where $__timeFilter(b) -- $__x")
	f.Add("'$__timeFrom()' 30s $__timeFrom(\"a\")")
	f.Fuzz(func(t *testing.T, text string) {
		got, err := sql.Expand(text, macros())
		var at *sql.Error
		if err != nil {
			if !errors.As(err, &at) || at.Line < 1 || at.Column < 1 {
				t.Errorf("%v", err)
			}
			return
		}
		again, err := sql.Expand(got, macros())
		if err != nil || again != got {
			t.Errorf("%q is %q and then %q, %v", text, got, again, err)
		}
	})
}

func TestMacrosForTrino(t *testing.T) {
	at := func(text string) time.Time {
		v, err := time.Parse(time.RFC3339Nano, text)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	m := sql.Macros{
		Range:    query.TimeRange{From: at("2024-01-31T00:00:00Z"), To: at("2024-02-01T00:00:00.000001Z")},
		Interval: 250 * time.Millisecond, Dialect: sql.Trino,
	}
	const from, to = "TIMESTAMP '2024-01-31 00:00:00.000 UTC'", "TIMESTAMP '2024-02-01 00:00:00.000001 UTC'"
	for text, want := range map[string]string{
		"$__timeFilter(t.date_time)":        "(t.date_time >= " + from + " AND t.date_time < " + to + ")",
		"$__timeFrom()":                     from,
		"$__timeTo(x)":                      "x < " + to,
		"$__dateFilter(date)":               "(date >= DATE '2024-01-31' AND date <= DATE '2024-02-01')",
		"$__interval":                       "INTERVAL '0.250' SECOND",
		"$__from":                           "1706659200000",
		"'$__from'":                         "'$__from'",
		"$__timeGroup(date_time, 1h)":       "date_trunc('hour', CAST(date_time AS timestamp(6) with time zone))",
		"$__timeGroup(date_time, '1M')":     "date_trunc('month', CAST(date_time AS timestamp(6) with time zone))",
		"$__timeGroup(x, 5m)":               "from_unixtime(floor(to_unixtime(CAST(x AS timestamp(6) with time zone)) * 1000 / 300000) * 300000 / 1000)",
		"$__timeGroup(x, $__interval)":      "from_unixtime(floor(to_unixtime(CAST(x AS timestamp(6) with time zone)) * 1000 / 250) * 250 / 1000)",
		"$__timeGroup(greatest(x, y), 90s)": "from_unixtime(floor(to_unixtime(CAST(greatest(x, y) AS timestamp(6) with time zone)) * 1000 / 90000) * 90000 / 1000)",
	} {
		if got, err := sql.Expand(text, m); err != nil || got != want {
			t.Errorf("%s: %s, %v", text, got, err)
		}
	}
}
