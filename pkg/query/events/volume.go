package events

import (
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/query"
)

// mostBuckets is into how many parts of equal length a volume cuts a time range, but
// days are taken for up to twice as many.
const mostBuckets = 100

// Step is the length of the buckets of the volume of a time range that is so long: the
// least there is that gives no more than about a hundred of them, and is no less than
// interval. It divides a day, or is a day or a week.
func Step(span, interval time.Duration) time.Duration {
	const day = 24 * time.Hour
	least := max(span/mostBuckets, interval)
	for _, step := range []time.Duration{
		time.Second, 2 * time.Second, 5 * time.Second, 10 * time.Second, 15 * time.Second, 30 * time.Second,
		time.Minute, 2 * time.Minute, 5 * time.Minute, 10 * time.Minute, 15 * time.Minute, 30 * time.Minute,
		time.Hour, 2 * time.Hour, 3 * time.Hour, 6 * time.Hour, 12 * time.Hour,
	} {
		if step >= least {
			return step
		}
	}
	if max(span/(2*mostBuckets), interval) <= day {
		return day
	}
	return 7 * day
}

// unit is the step as a Bucket has it.
func unit(step time.Duration) string {
	if step > 24*time.Hour {
		return "week"
	}
	return step.String()
}

// VolumePlan counts the events: columns time, the start of a bucket of the length
// step in UTC, level, the severity, and count. Order and limit of the question do not
// matter. The schema is that of the table, as for Plan.
func (q Question) VolumePlan(of columnar.Schema, step time.Duration) (query.Plan, error) {
	if q.Range.From.IsZero() || q.Range.To.IsZero() {
		return query.Plan{}, fmt.Errorf("%w: a volume is of a time range with a beginning and an end", ErrQuestion)
	}
	p, err := q.events(of)
	if err != nil {
		return p, err
	}
	at := query.Column(columnar.Timestamp, query.TimeColumn)
	return p.Aggregate(
		[]query.Output{query.As("time", query.Bucket{X: at, Unit: unit(step)}), query.As("level", severityColumn())},
		query.CountRows("count"),
	).Sort(query.Asc("time"), query.Asc("level")), nil
}

// Volume is the counts of one severity.
type Volume struct {
	Level  string
	Counts []int64 // by bucket
}

// Volumes are the rows of a VolumePlan over the buckets of a time range, with zeros
// where there are none: of all severities that there are, the worst first. A bucket of
// which just the first millisecond is in the range is there only if it has events.
func Volumes(b *columnar.Batch, r query.TimeRange, step time.Duration) (buckets []time.Time, out []Volume, err error) {
	cutter, err := query.NewBucketing(unit(step), "")
	if err != nil {
		return nil, nil, err
	}
	times, levels, counts := b.Columns[0], b.Columns[1], b.Columns[2]
	buckets = cutter.Buckets(r, math.MaxInt)
	if last := len(buckets) - 1; last > 0 {
		at := buckets[last].UnixMicro()
		if _, _, to, _ := r.Micros(); to-at <= 1000 && !slices.Contains(times.Ints[:b.Len], at) {
			buckets = buckets[:last]
		}
	}
	place := make(map[int64]int, len(buckets))
	for i, at := range buckets {
		place[at.UnixMicro()] = i
	}
	for _, level := range []string{Error, Warning, Info} {
		v := Volume{Level: level, Counts: make([]int64, len(buckets))}
		there := false
		for i := range b.Len {
			if string(levels.ByteAt(i)) == level {
				v.Counts[place[times.Ints[i]]] += counts.Ints[i]
				there = true
			}
		}
		if there {
			out = append(out, v)
		}
	}
	return buckets, out, nil
}
