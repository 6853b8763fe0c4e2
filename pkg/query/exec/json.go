package exec

import (
	"encoding/json"
	"time"

	"github.com/auditlake/auditlake/pkg/columnar"
)

// timeLayout is a timestamp in JSON: in UTC, to the millisecond.
const timeLayout = "2006-01-02T15:04:05.000Z07:00"

// Cell is a value of an answer as JSON has it: dates and times as text.
func Cell(v *columnar.Vector, i int) any {
	t, ok := v.Any(i).(time.Time)
	switch {
	case !ok:
		return v.Any(i)
	case v.Type.Kind == columnar.Date:
		return t.Format(time.DateOnly)
	}
	return t.UTC().Format(timeLayout)
}

// RowJSON is row i of an answer as a JSON object, its members in the order of the
// columns.
func RowJSON(b *columnar.Batch, i int) ([]byte, error) {
	out := []byte{'{'}
	for c, f := range b.Schema {
		name, err := json.Marshal(f.Name)
		if err != nil {
			return nil, err
		}
		value, err := json.Marshal(Cell(b.Columns[c], i))
		if err != nil {
			return nil, err
		}
		if c > 0 {
			out = append(out, ',')
		}
		out = append(append(append(out, name...), ':'), value...)
	}
	return append(out, '}'), nil
}
