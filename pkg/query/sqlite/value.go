package sqlite

import (
	"database/sql/driver"
	"encoding/json"
	"math"
	"strconv"

	"github.com/auditlake/auditlake/pkg/columnar"
)

// decode is a value of SQLite as one of a kind. Its bytes are valid as long as v is.
func decode(kind columnar.Kind, v driver.Value) columnar.Value {
	switch v := v.(type) {
	case int64:
		switch {
		case kind.InInts():
			return columnar.IntValue(kind, v)
		case kind.InFloats():
			return columnar.Value{Kind: kind, Float: float64(v)}
		}
		return columnar.Value{Kind: kind, Bytes: strconv.AppendInt(nil, v, 10)}
	case float64:
		switch {
		case kind.InFloats():
			return columnar.Value{Kind: kind, Float: v}
		case kind.InInts():
			return columnar.IntValue(kind, int64(v))
		}
		return columnar.Value{Kind: kind, Bytes: strconv.AppendFloat(nil, v, 'g', -1, 64)}
	case string:
		if kind.InBytes() {
			return columnar.Value{Kind: kind, Bytes: []byte(v)}
		}
	case []byte:
		if kind.InBytes() {
			return columnar.Value{Kind: kind, Bytes: v}
		}
	}
	return columnar.Value{}
}

// encode is a value for SQLite.
func encode(v columnar.Value) driver.Value {
	switch {
	case v.Kind == columnar.Invalid, v.Kind.InFloats() && math.IsNaN(v.Float):
		return nil
	case v.Kind.InInts():
		return v.Int
	case v.Kind.InFloats():
		return v.Float
	}
	return string(v.Bytes)
}

// cell is a value of a vector for SQLite.
func cell(v *columnar.Vector, i int) (driver.Value, error) {
	switch k := v.Type.Kind; {
	case v.IsNull(i):
		return nil, nil
	case k.InInts():
		return v.Ints[i], nil
	case k.InFloats():
		if math.IsNaN(v.Floats[i]) {
			return nil, nil
		}
		return v.Floats[i], nil
	case k == columnar.String, k == columnar.Decimal:
		return string(v.ByteAt(i)), nil
	}
	text, err := json.Marshal(v.Any(i))
	return string(text), err
}
