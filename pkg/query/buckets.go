package query

import (
	"slices"
	"time"

	"github.com/auditlake/auditlake/pkg/columnar"
)

// BucketOf is how a column of a plan's answer cuts time, if all of its values are
// starts of buckets: it is a Bucket, or the date by which rows were grouped, which
// is a day in UTC. X is not set. Of an empty plan it does not know.
func BucketOf(p Plan, column string) (b Bucket, ok bool) {
	if p.Root == nil {
		return b, false
	}
	return bucketOf(p.Root, column)
}

func bucketOf(n Node, column string) (b Bucket, ok bool) {
	switch n := n.(type) {
	case Scan:
		return b, false // a time of events, or a date of theirs
	case Project:
		return bucketIn(n.Input, n.Cols, column)
	case Aggregate:
		if i := slices.IndexFunc(n.By, func(o Output) bool { return o.Name == column }); i >= 0 && isDateColumn(n.Input, n.By[i].Expr) {
			return Bucket{Unit: "day"}, true
		}
		return bucketIn(n.Input, n.By, column)
	case Window:
		if n.Name == column {
			return b, false
		}
	case Join:
		if !slices.Contains(columnsOf(n.L), column) {
			return bucketOf(n.R, column)
		}
		return bucketOf(n.L, column)
	case Union:
		for i, in := range n.Of {
			of, ok := bucketOf(in, column)
			if !ok || i > 0 && (of.Unit != b.Unit || of.Zone != b.Zone) {
				return Bucket{}, false
			}
			b = of
		}
		return b, len(n.Of) > 0
	}
	return bucketOf(n.Inputs()[0], column)
}

// bucketIn is that of an output by its name.
func bucketIn(in Node, outputs []Output, column string) (b Bucket, ok bool) {
	i := slices.IndexFunc(outputs, func(o Output) bool { return o.Name == column })
	if i < 0 {
		return b, false
	}
	e := outputs[i].Expr
	if c, isCast := e.(Cast); isCast && c.To == columnar.Timestamp { // of a date
		e = c.X
	}
	switch e := e.(type) {
	case Bucket:
		return Bucket{Unit: e.Unit, Zone: e.Zone}, true
	case Col:
		if len(e.Path) == 1 {
			return bucketOf(in, e.Path[0])
		}
	}
	return b, false
}

// isDateColumn reports whether an expression is the date of events, or that of a
// time, whatever it is called on the way up.
func isDateColumn(n Node, e Expr) bool {
	switch e := e.(type) {
	case Cast:
		return e.To == columnar.Date
	case Col:
		if len(e.Path) != 1 {
			return false
		}
		switch n := n.(type) {
		case Scan:
			return e.Path[0] == DateColumn
		case Project:
			i := slices.IndexFunc(n.Cols, func(o Output) bool { return o.Name == e.Path[0] })
			return i >= 0 && isDateColumn(n.Input, n.Cols[i].Expr)
		case Union:
			return !slices.ContainsFunc(n.Of, func(in Node) bool { return !isDateColumn(in, e) })
		case Filter, Sort, Limit, Window:
			return isDateColumn(n.Inputs()[0], e)
		}
	}
	return false
}

// After is the start of the bucket after the one that begins at start.
func (b *Bucketing) After(start int64) int64 {
	every := b.every
	switch {
	case b.months > 0:
		every = int64(b.months) * 31 * dayMicros
	case every == 0:
		every = 7 * dayMicros
	}
	low, high := start, start+every // low is in the bucket
	for b.Start(high) <= start {
		low, high = high, high+every
	}
	// Where the clock is set, there may be more than one start up to high.
	for next := b.Start(high); ; next = b.Start(high) {
		if b.Start(next-1) <= start {
			return next
		}
		if middle := low + (next-low)/2; b.Start(middle) <= start {
			low, high = middle, next-1
		} else {
			high = middle
		}
	}
}

// Buckets are the starts of those that the time range touches, at most most of them
// and one more. A range without an end has none.
func (b *Bucketing) Buckets(r TimeRange, most int) (starts []time.Time) {
	from, hasFrom, to, hasTo := r.Micros()
	if !hasFrom || !hasTo {
		return nil
	}
	for at := b.Start(from); at < to && len(starts) <= most; at = b.After(at) {
		starts = append(starts, time.UnixMicro(at).UTC())
	}
	return starts
}
