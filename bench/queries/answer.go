package queries

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/auditlake/auditlake/pkg/columnar"
)

// Answer is the rows that a side gave. A value is nil, a float64 for a double, or
// text: of a time its microseconds since 1970, of a map its entries in the order of
// their keys.
type Answer [][]any

// answerOf is an answer of the embedded executor.
func answerOf(b *columnar.Batch) (Answer, error) {
	out := make(Answer, b.Len)
	for i := range out {
		out[i] = make([]any, len(b.Columns))
		for c, v := range b.Columns {
			value, err := ourText(v, i)
			if err != nil {
				return nil, fmt.Errorf("column %s: %w", b.Schema[c].Name, err)
			}
			out[i][c] = value
		}
	}
	return out, nil
}

func ourText(v *columnar.Vector, i int) (any, error) {
	switch x := v.Any(i).(type) {
	case nil, float64, string:
		return x, nil
	case int64:
		return strconv.FormatInt(x, 10), nil
	case bool:
		return strconv.FormatBool(x), nil
	case time.Time:
		if v.Type.Kind == columnar.Date {
			return x.Format(time.DateOnly), nil
		}
		return strconv.FormatInt(x.UnixMicro(), 10), nil
	case map[string]any:
		var entries []entry
		for key, value := range x {
			entries = append(entries, entry{key, value})
		}
		return entriesText(entries), nil
	}
	return nil, fmt.Errorf("a %s cannot be compared", v.Type)
}

// duckText is an answer of DuckDB, whose columns have the names and types of ours.
func duckText(rows []map[string]any, schema columnar.Schema) (Answer, error) {
	out := make(Answer, len(rows))
	for i, row := range rows {
		if len(row) != len(schema) {
			return nil, fmt.Errorf("there are %d columns, not %d", len(row), len(schema))
		}
		out[i] = make([]any, len(schema))
		for c, f := range schema {
			value, ok := row[f.Name]
			if !ok {
				return nil, fmt.Errorf("there is no column %s", f.Name)
			}
			var err error
			if out[i][c], err = duckValue(value, f.Type.Kind); err != nil {
				return nil, fmt.Errorf("column %s: %w", f.Name, err)
			}
		}
	}
	return out, nil
}

// duckValue is a value as DuckDB's client writes it to JSON: a map is a list of keys
// and values, and what JavaScript has no type for is text.
func duckValue(v any, kind columnar.Kind) (any, error) {
	switch {
	case v == nil:
		return nil, nil
	case kind == columnar.Timestamp:
		const layout = "2006-01-02 15:04:05.999999"
		text, ok := v.(string)
		t, err := time.Parse(layout, strings.TrimSuffix(text, "+00"))
		if !ok || err != nil {
			return nil, fmt.Errorf("%v is not a time: %w", v, err)
		}
		return strconv.FormatInt(t.UnixMicro(), 10), nil
	case kind == columnar.Map:
		var entries []entry
		text, err := json.Marshal(v)
		if err == nil {
			err = json.NewDecoder(bytes.NewReader(text)).Decode(&entries)
		}
		return entriesText(entries), err
	}
	switch x := v.(type) {
	case string:
		return x, nil
	case bool:
		return strconv.FormatBool(x), nil
	case float64:
		if kind == columnar.Double {
			return x, nil
		}
		return strconv.FormatFloat(x, 'f', -1, 64), nil
	}
	return nil, fmt.Errorf("%v cannot be compared", v)
}

type entry struct {
	Key   string `json:"key"`
	Value any    `json:"value"`
}

func entriesText(entries []entry) string {
	slices.SortFunc(entries, func(a, b entry) int { return cmp.Compare(a.Key, b.Key) })
	var b strings.Builder
	for _, e := range entries {
		if e.Value == nil {
			fmt.Fprintf(&b, "%q is null; ", e.Key)
		} else {
			fmt.Fprintf(&b, "%q is %q; ", e.Key, e.Value)
		}
	}
	return b.String()
}

// closeEnough is how far two doubles may be apart, relative to their size.
const closeEnough = 1e-9

// Same is nil if two answers are the same, row for row, else what differs first.
func Same(want, got Answer) error {
	for i := range min(len(want), len(got)) {
		if len(want[i]) != len(got[i]) {
			return fmt.Errorf("row %d has %d columns, not %d", i+1, len(got[i]), len(want[i]))
		}
		for c := range want[i] {
			if !sameValue(want[i][c], got[i][c]) {
				return fmt.Errorf("row %d, column %d is %.200v, not %.200v", i+1, c+1, got[i][c], want[i][c])
			}
		}
	}
	if len(want) != len(got) {
		return fmt.Errorf("there are %d rows, not %d", len(got), len(want))
	}
	return nil
}

func sameValue(a, b any) bool {
	x, isX := a.(float64)
	y, isY := b.(float64)
	if isX && isY {
		return x == y || math.Abs(x-y) <= closeEnough*max(math.Abs(x), math.Abs(y))
	}
	return a == b
}
