package trino

import (
	"fmt"
	"slices"
	"time"

	"github.com/auditlake/auditlake/pkg/query"
)

// bucket is the start of the bucket of time that a timestamp is in; see
// query.Bucketing.
func bucket(x string, e query.Bucket, p *statement) string {
	unit, every := bucketUnit(e.Unit)
	if e.Zone == "" || e.Zone == "UTC" {
		return cut(x, unit, every)
	}
	zone := quoteString(e.Zone)
	if unit == "second" || unit == "" && time.Second%every == 0 { // no clock is set by less
		return cut(x, unit, every)
	}
	there := func(x string) string { return "(with_timezone(" + x + ", 'UTC') AT TIME ZONE " + zone + ")" }
	if unit == "minute" || unit == "hour" || unit == "" && every <= time.Hour {
		if !whole(unit, every, e.Zone) {
			p.note(&UnsupportedError{"bucket of " + e.Unit + " in " + e.Zone})
		}
		// By the clock, and back by what the clock is ahead.
		return let(x, func(x string) string {
			ahead := fmt.Sprintf("(timezone_hour(%s) * BIGINT '3600' + timezone_minute(%s) * BIGINT '60')", there(x), there(x))
			return let(ahead, func(ahead string) string {
				clock := "date_add('second', " + ahead + ", " + x + ")"
				return "date_add('second', -" + ahead + ", " + cut(clock, unit, every) + ")"
			})
		})
	}
	wall := cut("CAST("+there(x)+" AS timestamp(6))", unit, every)
	return "CAST(with_timezone(" + wall + ", " + zone + ") AT TIME ZONE 'UTC' AS timestamp(6))"
}

// whole reports whether no clock of the zone was set in the middle of such a bucket since
// zones have whole minutes: that is done on the half hour, and by one of them on
// Lord Howe alone. When it was set, Trino does not tell.
func whole(unit string, every time.Duration, zone string) bool {
	if unit == "hour" || every == time.Hour {
		return zone != "Australia/Lord_Howe" && zone != "Australia/LHI"
	}
	return unit == "minute" || every%time.Second == 0 && 30*time.Minute%every == 0
}

// bucketUnit is a unit that Trino has, or a duration.
func bucketUnit(text string) (unit string, every time.Duration) {
	if slices.Contains([]string{"second", "minute", "hour", "day", "week", "month", "quarter", "year"}, text) {
		return text, 0
	}
	every, _ = time.ParseDuration(text) // Bind has read it
	return "", every
}

// cut is a timestamp(6) without what is beyond a unit or a multiple of a duration.
func cut(x, unit string, every time.Duration) string {
	switch {
	case unit != "":
		return "date_trunc('" + unit + "', " + x + ")"
	case every%time.Second != 0:
		return let(micros(x), func(n string) string { return fromMicros(floor(n, every.Microseconds())) })
	}
	return let(seconds(x), func(n string) string {
		return fromSeconds(floor(n, int64(every/time.Second)))
	})
}

// floor is the multiple of so many that a number is not less than.
func floor(n string, of int64) string {
	return fmt.Sprintf("(%s - mod(mod(%s, BIGINT '%d') + BIGINT '%d', BIGINT '%d'))", n, n, of, of, of)
}
