package query

import (
	"fmt"
	"strings"
	"time"
)

// within moves the bounds of a range to the nearest that has the same events, all
// of which are in times: ranges that are told apart by nothing but time in which
// nothing happened become one. What is no bound stays none, because rows without a
// time are in no range that has one.
func (r TimeRange) within(times TimeRange) TimeRange {
	if times.From.IsZero() || times.To.IsZero() {
		return r
	}
	move := func(t time.Time) time.Time {
		switch {
		case t.IsZero():
			return t
		case t.Before(times.From):
			return times.From
		case t.After(times.To):
			return times.To
		}
		return t
	}
	return TimeRange{From: move(r.From), To: move(r.To)}
}

// Key is equal only for bound plans that have the same answer: it has the plan with
// all types and the versions of its tables, as they are seen. Time ranges count as
// far as there are events, so that a range that ends later than the last event has
// the key of any other. If ok is false, the tables do not say which rows they have.
func (b *Bound) Key() (key string, ok bool) {
	var text strings.Builder
	fmt.Fprintln(&text, b.Schema())
	ok = b.writeKey(&text, 0)
	return text.String(), ok
}

func (b *Bound) writeKey(to *strings.Builder, depth int) bool {
	fmt.Fprintf(to, "%*s%s", 2*depth, "", b.Node.line())
	ok := true
	if _, scan := b.Node.(Scan); scan {
		for _, c := range b.Cols {
			fmt.Fprintf(to, " %q %s", c.Path, c.Type)
		}
		ok = b.Table == nil || b.Version.Identity != ""
		fmt.Fprintf(to, " of %q", b.Version.Identity)
	}
	to.WriteByte('\n')
	for _, in := range b.Inputs {
		ok = in.writeKey(to, depth+1) && ok
	}
	return ok
}

// Versions are the Delta versions of the tables that the plan reads, by name.
// Tables that do not exist are left out.
func (b *Bound) Versions() map[string]int64 {
	out := map[string]int64{}
	b.addVersions(out)
	return out
}

func (b *Bound) addVersions(to map[string]int64) {
	if s, ok := b.Node.(Scan); ok && b.Table != nil {
		to[s.Table] = b.Version.Number
	}
	for _, in := range b.Inputs {
		in.addVersions(to)
	}
}
