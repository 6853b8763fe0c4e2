package sql

import (
	"fmt"
	"slices"
	"time"
)

// trinoTime is an instant as a constant of Trino: to the millisecond, as the times of
// Delta tables are there, or to the microsecond where it is between two.
func trinoTime(us int64) string {
	form := "2006-01-02 15:04:05.000"
	if us%1000 != 0 {
		form += "000"
	}
	return "TIMESTAMP '" + time.UnixMicro(us).UTC().Format(form) + " UTC'"
}

// trinoBucket is the start of the bucket of a unit that a date or a time is in.
func trinoBucket(unit, x string) string {
	x = "CAST(" + x + " AS timestamp(6) with time zone)"
	if slices.Contains([]string{"second", "minute", "hour", "day", "week", "month", "quarter", "year"}, unit) {
		return "date_trunc('" + unit + "', " + x + ")"
	}
	size, err := time.ParseDuration(unit)
	if err != nil {
		panic(err) // it is made by unitOf
	}
	ms := size.Milliseconds()
	return fmt.Sprintf("from_unixtime(floor(to_unixtime(%s) * 1000 / %d) * %d / 1000)", x, ms, ms)
}
