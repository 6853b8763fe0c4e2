package queries

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/auditlake/auditlake/pkg/columnar"
)

// Answer is the rows that a side gave. A value is nil, a float64 for a double, or
// text: of a time its microseconds since 1970, of a map its entries in order of
// their keys as JSON.
type Answer [][]any

// answerOf is an answer of the embedded executor.
func answerOf(b *columnar.Batch) (Answer, error) {
	out := make(Answer, b.Len)
	for i := range out {
		out[i] = make([]any, len(b.Columns))
		for c, v := range b.Columns {
			value, err := textOf(v, i)
			if err != nil {
				return nil, fmt.Errorf("column %s: %w", b.Schema[c].Name, err)
			}
			out[i][c] = value
		}
	}
	return out, nil
}

func textOf(v *columnar.Vector, i int) (any, error) {
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
		entries := make([][2]any, 0, len(x))
		for key, value := range x {
			entries = append(entries, [2]any{key, value})
		}
		slices.SortFunc(entries, func(a, b [2]any) int { return cmp.Compare(a[0].(string), b[0].(string)) })
		return jsonText(entries)
	default:
		return nil, fmt.Errorf("a %s cannot be compared", v.Type)
	}
}

// jsonText is JSON as JavaScript writes it, without escapes for HTML.
func jsonText(v any) (string, error) {
	var b jsonBuffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return "", err
	}
	return string(b[:len(b)-1]), nil
}

type jsonBuffer []byte

func (b *jsonBuffer) Write(p []byte) (int, error) {
	*b = append(*b, p...)
	return len(p), nil
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
				return fmt.Errorf("row %d, column %d is %v, not %v", i+1, c+1, got[i][c], want[i][c])
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
