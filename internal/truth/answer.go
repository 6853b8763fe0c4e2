package truth

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Time is in milliseconds since 1970 UTC.
type Time int64

const (
	second Time = 1000
	minute      = 60 * second
	hour        = 60 * minute
	day         = 24 * hour

	stampLayout = "2006-01-02T15:04:05.000Z"
)

// MarshalJSON implements json.Marshaler.
func (t Time) MarshalJSON() ([]byte, error) { return []byte(`"` + t.stamp() + `"`), nil }

func (t Time) stamp() string { return time.UnixMilli(int64(t)).UTC().Format(stampLayout) }
func (t Time) date() string  { return time.UnixMilli(int64(t)).UTC().Format(time.DateOnly) }

// seconds is a span.
func (t Time) seconds() float64 { return float64(t) / float64(second) }

// Answer is the rows of a query. A cell is nil, a string, an int64, a float64,
// a bool or a Time.
type Answer struct {
	Columns []string
	Rows    [][]any
}

func columns(names ...string) *Answer { return &Answer{Columns: names} }

func (a *Answer) add(cells ...any) {
	if len(cells) != len(a.Columns) {
		panic(fmt.Sprintf("truth: %d cells for the columns %v", len(cells), a.Columns))
	}
	for i, c := range cells {
		if n, ok := c.(int); ok {
			cells[i] = int64(n)
		}
	}
	a.Rows = append(a.Rows, cells)
}

// order sorts by columns, those with '-' in front the largest first. Nulls are
// the smallest.
func (a *Answer) order(by ...string) *Answer {
	type column struct{ at, sign int }
	var cols []column
	for _, name := range by {
		c := column{sign: 1}
		if rest, down := strings.CutPrefix(name, "-"); down {
			name, c.sign = rest, -1
		}
		if c.at = slices.Index(a.Columns, name); c.at < 0 {
			panic("truth: no column " + name)
		}
		cols = append(cols, c)
	}
	slices.SortStableFunc(a.Rows, func(x, y []any) int {
		for _, c := range cols {
			if o := compare(x[c.at], y[c.at]); o != 0 {
				return o * c.sign
			}
		}
		return 0
	})
	return a
}

func compare(a, b any) int {
	switch {
	case a == nil && b == nil:
		return 0
	case a == nil:
		return -1
	case b == nil:
		return 1
	}
	switch x := a.(type) {
	case string:
		return cmp.Compare(x, b.(string))
	case int64:
		return cmp.Compare(x, b.(int64))
	case float64:
		return cmp.Compare(x, b.(float64))
	case Time:
		return cmp.Compare(x, b.(Time))
	case bool:
		if x == b.(bool) {
			return 0
		} else if x {
			return 1
		}
		return -1
	}
	panic(fmt.Sprintf("truth: a cell is a %T", a))
}

func (a *Answer) limit(n int) *Answer {
	a.Rows = a.Rows[:min(n, len(a.Rows))]
	return a
}

// MarshalJSON implements json.Marshaler: an array of objects with the columns
// in order.
func (a *Answer) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('[')
	for i, row := range a.Rows {
		if i > 0 {
			b.WriteByte(',')
		}
		for c, name := range a.Columns {
			cell, err := json.Marshal(row[c])
			if err != nil {
				return nil, err
			}
			b.WriteByte([]byte{'{', ','}[min(c, 1)])
			fmt.Fprintf(&b, "%q:%s", name, cell)
		}
		b.WriteByte('}')
	}
	b.WriteByte(']')
	return b.Bytes(), nil
}
