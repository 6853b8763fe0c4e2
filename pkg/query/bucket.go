package query

import (
	"fmt"
	"time"
	_ "time/tzdata" // time zones on images that have none
)

// Bucketing finds the start of the bucket of time that an instant is in, by the
// clock of a time zone. Those of a duration are counted from midnight where it divides
// a day, and from 1970 where it does not. Buckets of up to an hour keep apart the two hours of the
// same name when a clock is set back; longer ones follow the clock, so that a day
// then has 23 or 25 hours. A clock that is set back past the start of a longer
// bucket, as St. John's was at 00:01, leaves that bucket in two pieces.
//
// A Bucketing is for one goroutine: it remembers the last zone offset.
type Bucketing struct {
	every  int64 // microseconds; 0 for week and months
	months int   // 1 for month, 3 for quarter, 12 for year
	loc    *time.Location

	from, to, offset int64 // the offset, in microseconds, holds for from <= t < to
}

const (
	secondMicros = int64(time.Second / time.Microsecond)
	hourMicros   = 3600 * secondMicros
	dayMicros    = 24 * hourMicros
)

// NewBucketing parses the unit and zone of a Bucket.
func NewBucketing(unit, zone string) (*Bucketing, error) {
	loc, err := time.LoadLocation(zone)
	if err != nil {
		return nil, fmt.Errorf("time zone %q is not known", zone)
	}
	b := &Bucketing{loc: loc}
	switch unit {
	case "second":
		b.every = secondMicros
	case "minute":
		b.every = 60 * secondMicros
	case "hour":
		b.every = hourMicros
	case "day":
		b.every = dayMicros
	case "week":
	case "month":
		b.months = 1
	case "quarter":
		b.months = 3
	case "year":
		b.months = 12
	default:
		d, err := time.ParseDuration(unit)
		b.every = d.Microseconds()
		if err != nil || d < time.Millisecond || d%time.Microsecond != 0 {
			return nil, fmt.Errorf("bucket %q is not second, minute, hour, day, week, month, quarter, year or a duration such as 15m", unit)
		}
	}
	return b, nil
}

// Start is the first microsecond of the bucket that t, in microseconds since
// 1970, is in.
func (b *Bucketing) Start(t int64) int64 {
	b.find(t)
	local := t + b.offset
	if b.every > 0 && b.every <= hourMicros {
		return max(local-mod(local, b.every)-b.offset, b.from)
	}
	var wall int64
	switch {
	case b.every > 0:
		wall = local - mod(local, b.every)
	case b.months > 0:
		y, m, _ := time.UnixMicro(local).UTC().Date()
		m -= (m - 1) % time.Month(b.months)
		wall = time.Date(y, m, 1, 0, 0, 0, 0, time.UTC).UnixMicro()
	default: // 1970-01-05 was a Monday
		wall = local - mod(local-4*dayMicros, 7*dayMicros)
	}
	// The first instant at which the clock showed wall. A clock that was set
	// since, or shortly before, may have shown it earlier than its offset tells.
	start := max(wall-b.offset, b.from)
	for b.from > minTime && start-b.from < dayMicros {
		set := b.from
		b.find(set - 1)
		earlier := wall - b.offset
		if earlier >= set {
			break
		}
		start = max(earlier, b.from)
	}
	return start
}

const (
	minTime = -1 << 62
	maxTime = 1 << 62
)

func (b *Bucketing) find(t int64) {
	if t >= b.from && t < b.to {
		return
	}
	at := time.UnixMicro(t).In(b.loc)
	_, seconds := at.Zone()
	b.offset = int64(seconds) * secondMicros
	b.from, b.to = minTime, maxTime
	start, end := at.ZoneBounds()
	if !start.IsZero() {
		b.from = start.UnixMicro()
	}
	if !end.IsZero() {
		b.to = end.UnixMicro()
	}
}

// mod is the remainder that is never negative.
func mod(a, n int64) int64 { return ((a % n) + n) % n }
