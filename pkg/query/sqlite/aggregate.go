package sqlite

import (
	"bytes"
	"database/sql/driver"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"modernc.org/sqlite"

	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/query/sql"
)

// aggregate is one of those that SQLite does not have, over the rows of a group; see
// sql.RowAggregate. It passes over rows whose first argument is null, arg_min and
// arg_max over those whose second is.
type aggregate struct {
	engine *engine
	run    *run // nil before the first row
	is     sql.RowAggregate
	held   int64

	values []columnar.Value // that have to be kept, of the first argument
	by     columnar.Value   // of arg_min and arg_max: of the value
	seen   map[string]bool  // with Distinct, and of a set
	first  string           // the separator of a text

	n        int64 // of stddev and variance: Welford's numbers
	mean, m2 float64
}

// Step takes a row.
func (a *aggregate) Step(_ *sqlite.FunctionContext, args []driver.Value) (err error) {
	if len(args) < 3 {
		return errors.New("an aggregate of the lake has the query and its number as its first arguments")
	}
	if a.run == nil {
		r, err := a.engine.find(args[0])
		if err != nil {
			return err
		}
		a.run = r
		defer r.guard(&err)
		n, _ := args[1].(int64)
		a.is = r.query.made.Aggregates[n]
	} else {
		defer a.run.guard(&err)
	}
	return a.step(args[2:])
}

func (a *aggregate) step(args []driver.Value) error {
	v := decode(a.is.Args[0], args[0])
	if a.is.Func == "arg_min" || a.is.Func == "arg_max" {
		return a.extreme(v, decode(a.is.Args[1], args[1]))
	}
	if v.Kind == columnar.Invalid {
		return nil
	}
	if a.is.Distinct || a.is.Func == "set" {
		key := string(appendKey(nil, args[0]))
		if a.seen[key] {
			return nil
		}
		if a.seen == nil {
			a.seen = map[string]bool{}
		}
		a.seen[key] = true
		if err := a.hold(int64(len(key)) + 64); err != nil {
			return err
		}
	}
	switch {
	case strings.HasPrefix(a.is.Func, "stddev"), strings.HasPrefix(a.is.Func, "variance"):
		a.n++
		d := v.Float - a.mean
		a.mean += d / float64(a.n)
		a.m2 += d * (v.Float - a.mean)
		return nil
	case a.is.Func == "text" && a.values == nil:
		a.first = string(decode(a.is.Args[1], args[1]).Bytes)
	}
	return a.keep(v)
}

func (a *aggregate) keep(v columnar.Value) error {
	v.Bytes = bytes.Clone(v.Bytes)
	a.values = append(a.values, v)
	return a.hold(int64(len(v.Bytes)) + 64)
}

func (a *aggregate) hold(bytes int64) error {
	a.held += bytes
	return a.run.hold(bytes)
}

// extreme keeps the value of the row with the least or greatest by, among equals the
// least value, null being the least.
func (a *aggregate) extreme(v, by columnar.Value) error {
	if by.Kind == columnar.Invalid {
		return nil
	}
	if len(a.values) > 0 {
		d := by.Compare(a.by)
		if a.is.Func == "arg_max" {
			d = -d
		}
		if d > 0 || d == 0 && !less(v, a.values[0]) {
			return nil
		}
		a.values = a.values[:0]
	}
	a.by = by
	a.by.Bytes = bytes.Clone(by.Bytes)
	v.Bytes = bytes.Clone(v.Bytes)
	a.values = append(a.values, v)
	return nil
}

func less(a, b columnar.Value) bool {
	switch {
	case b.Kind == columnar.Invalid:
		return false
	case a.Kind == columnar.Invalid:
		return true
	}
	return a.Compare(b) < 0
}

// WindowInverse is not called: Rewrite makes no window of it.
func (a *aggregate) WindowInverse(*sqlite.FunctionContext, []driver.Value) error {
	return errors.New("an aggregate of the lake is no window function")
}

// WindowValue is the aggregate.
func (a *aggregate) WindowValue(*sqlite.FunctionContext) (v driver.Value, err error) {
	if a.run == nil {
		return nil, nil
	}
	defer a.run.guard(&err)
	switch a.is.Func {
	case "set", "list":
		return a.json()
	case "text":
		return a.joined()
	case "mode":
		return encode(a.mode()), nil
	case "percentile":
		return encode(a.percentile()), nil
	case "arg_min", "arg_max":
		if len(a.values) == 0 {
			return nil, nil
		}
		return encode(a.values[0]), nil
	}
	of := float64(a.n)
	if strings.HasSuffix(a.is.Func, "_samp") {
		of--
	}
	if a.n == 0 || of == 0 {
		return nil, nil
	}
	if strings.HasPrefix(a.is.Func, "stddev") {
		return math.Sqrt(a.m2 / of), nil
	}
	return a.m2 / of, nil
}

// Final gives back what was held.
func (a *aggregate) Final(*sqlite.FunctionContext) {
	if a.run != nil {
		a.run.held -= a.held
	}
	a.values, a.seen = nil, nil
}

// percentile is the value at the nearest rank.
func (a *aggregate) percentile() columnar.Value {
	if len(a.values) == 0 {
		return columnar.Value{}
	}
	slices.SortFunc(a.values, columnar.Value.Compare)
	rank := int(math.Ceil(a.is.P * float64(len(a.values))))
	return a.values[max(rank, 1)-1]
}

// mode is the most frequent value, and of equally frequent ones the least.
func (a *aggregate) mode() (best columnar.Value) {
	slices.SortFunc(a.values, columnar.Value.Compare)
	most := 0
	for i := 0; i < len(a.values); {
		n := i
		for i < len(a.values) && a.values[i].Compare(a.values[n]) == 0 {
			i++
		}
		if i-n > most {
			most, best = i-n, a.values[n]
		}
	}
	return best
}

// json is the values as an array: of a set in order.
func (a *aggregate) json() (driver.Value, error) {
	if a.is.Func == "set" {
		slices.SortFunc(a.values, columnar.Value.Compare)
	}
	out := make([]any, len(a.values))
	size := 0
	for i, v := range a.values {
		vector := columnar.NewVector(columnar.Of(v.Kind))
		vector.AppendValue(v)
		if size += len(v.Bytes) + 8; size > mostValue {
			return nil, fmt.Errorf("%w: a value is longer than %d MiB", ErrStatement, mostValue>>20)
		}
		out[i] = vector.Any(0)
	}
	text, err := json.Marshal(out)
	return string(text), err
}

func (a *aggregate) joined() (driver.Value, error) {
	if len(a.values) == 0 {
		return nil, nil
	}
	if a.is.Distinct { // as a set is
		slices.SortFunc(a.values, columnar.Value.Compare)
	}
	var b strings.Builder
	for i, v := range a.values {
		if i > 0 {
			b.WriteString(a.first)
		}
		if b.Write(v.Bytes); b.Len() > mostValue {
			return nil, fmt.Errorf("%w: a value is longer than %d MiB", ErrStatement, mostValue>>20)
		}
	}
	return b.String(), nil
}
