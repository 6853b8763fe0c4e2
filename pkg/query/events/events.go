// Package events is audit events as log lines: what Explore shows, and the command
// auditlake events prints.
//
//	Question  which events: table, time range, words, conditions, place and limit
//	   |      Ask runs its plan, from one piece of the time range to the next
//	Line      one event: time, id, severity, a body that people read, and labels
//	   |
//	Volume    how many events of each severity there are in each bucket of time
//
// Invariants:
//
//   - An event has the same ID in every answer, whatever table it is asked of, after
//     maintenance and after a replay. Repeats of an event have IDs of their own.
//   - Lines are in the order of their IDs, or in the opposite one, so a limit is never
//     in doubt, and going on after or before an ID gives what comes next: no line
//     twice, none left out, however many have the same time.
//   - All that lines have, and all that words are looked for in, is what the catalog
//     shows to who asks.
package events

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/lake"
	"github.com/auditlake/auditlake/pkg/query"
)

// ErrQuestion is what a question is that no events could answer.
var ErrQuestion = errors.New("question about events is not valid")

// Direction is the order of lines.
type Direction string

// The directions.
const (
	Backward Direction = "backward" // the newest first
	Forward  Direction = "forward"
)

// How many lines there are at most.
const (
	DefaultLimit = 1000
	MaxLimit     = 5000
)

// Question is which events are wanted.
type Question struct {
	Table string // of events: silver, or a gold table
	Range query.TimeRange
	// Words each occur somewhere in the event; see SearchWords.
	Words []string
	Where []query.Condition
	// After and Before, unless they are nil, leave out the event that has the ID and
	// all that are not after it, or before it, in the order of IDs.
	After, Before *ID
	Direction     Direction
	Limit         int64
}

// Check is an error if the question cannot be asked.
func (q Question) Check() error {
	switch {
	case !query.HasEvents(q.Table):
		return fmt.Errorf("%w: table %s does not have events: there are %s, which has all of them, and gold tables such as clusters", ErrQuestion, q.Table, lake.Silver)
	case q.Direction != Backward && q.Direction != Forward:
		return fmt.Errorf("%w: direction %q is not known; there are %s and %s", ErrQuestion, q.Direction, Backward, Forward)
	case q.Limit < 1 || q.Limit > MaxLimit:
		return fmt.Errorf("%w: the limit is a whole number from 1 to %d, not %d", ErrQuestion, MaxLimit, q.Limit)
	}
	return nil
}

// Plan is the lines in order. The table has the schema of, or does not exist, and
// then of is nil.
func (q Question) Plan(of columnar.Schema) (query.Plan, error) {
	p, err := q.events(of)
	if err != nil {
		return p, err
	}
	p = p.Project(slices.Concat(idColumns(), lineColumns(), paramColumns(of))...)
	var keys []query.SortKey
	for _, c := range idColumns() {
		keys = append(keys, query.SortKey{By: query.Name(c.Name), Desc: q.Direction == Backward})
	}
	return p.Sort(keys...).Limit(q.Limit), nil
}

// events is the rows of the table that the question is about.
func (q Question) events(of columnar.Schema) (query.Plan, error) {
	if err := q.Check(); err != nil {
		return query.Plan{}, err
	}
	var wanted []query.Expr
	if q.After != nil {
		wanted = append(wanted, q.After.compare(query.Greater))
	}
	if q.Before != nil {
		wanted = append(wanted, q.Before.compare(query.Less))
	}
	for _, word := range q.Words {
		wanted = append(wanted, query.Search{X: searched(of), Text: word})
	}
	p := query.From(q.Table, q.span())
	if len(wanted) > 0 {
		p = p.Filter(wanted...)
	}
	return query.Narrow(p, q.Where)
}

// span is the time range as far as After and Before leave it, so that nothing else
// is read.
func (q Question) span() query.TimeRange {
	r := q.Range
	if q.After != nil && r.From.Before(q.After.time()) {
		r.From = q.After.time()
	}
	if q.Before != nil {
		if end := q.Before.time().Add(time.Microsecond); r.To.IsZero() || end.Before(r.To) {
			r.To = end
		}
	}
	return r
}

// pieces are into how many parts a time range is cut, and which of them are asked
// together: first the one at which lines begin, then ever more of them. The newest
// thousand lines of a year are mostly found in its last days.
const pieces = 64

// Pieces are the question about one part of the time range after the other, in the
// order of the lines. The table has events of no other times than these, if that is
// known.
func (q Question) Pieces(times query.TimeRange) []Question {
	r := q.span()
	first, last := latest(r.From, times.From), earliest(r.To, times.To)
	step := last.Sub(first) / pieces
	if first.IsZero() || last.IsZero() || step < time.Minute {
		return []Question{q}
	}
	var out []Question
	cut := func(n int) time.Time {
		if q.Direction == Backward {
			return last.Add(-time.Duration(n) * step)
		}
		return first.Add(time.Duration(n) * step)
	}
	for from, to := 0, 1; ; from, to = to, 4*to {
		part := q
		part.Range = r
		begin, end := &part.Range.From, &part.Range.To
		if q.Direction == Backward {
			begin, end = end, begin
		}
		if from > 0 {
			*begin = cut(from)
		}
		if to >= pieces {
			return append(out, part)
		}
		*end = cut(to)
		out = append(out, part)
	}
}

// latest is the later of two times, of which a zero one is none.
func latest(a, b time.Time) time.Time {
	if a.Before(b) {
		return b
	}
	return a
}

// earliest is the earlier of two times, of which a zero one is none.
func earliest(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// Ask gives the lines. It has run answer one plan after the other until there are as
// many as the limit says. The table is nil if it does not exist; all plans must be
// answered from it.
func (q Question) Ask(table query.Table, run func(query.Plan) (*columnar.Batch, error)) ([]Line, error) {
	var schema columnar.Schema
	parts := []Question{q}
	if table != nil {
		schema, parts = table.Schema(), q.Pieces(table.Version().Times)
	}
	var out []Line
	for _, part := range parts {
		part.Limit = q.Limit - int64(len(out))
		p, err := part.Plan(schema)
		if err != nil {
			return nil, err
		}
		b, err := run(p)
		if err != nil {
			return nil, err
		}
		if out = append(out, Lines(b)...); int64(len(out)) >= q.Limit {
			break
		}
	}
	return out, nil
}
