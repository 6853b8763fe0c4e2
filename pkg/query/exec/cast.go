package exec

import (
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/query"
)

// cast converts values one by one; what cannot be converted is null.
func (s scope) cast(e query.Cast) (value, error) {
	t, err := query.TypeOf(e.X, s.cols)
	if err != nil {
		return nil, err
	}
	from, to := t.Kind, e.To
	if from == columnar.Invalid {
		from = to
	}
	x, err := s.value(e.X, from)
	if err != nil {
		return nil, err
	}
	out := s.column(to)
	set := caster(from, to)
	return func(c *chunk, sel []int32) *columnar.Vector {
		v := x(c, sel)
		out.begin(c.n, nil)
		for _, i := range sel {
			if v.IsNull(int(i)) || !set(&out, int(i), v) {
				out.null(int(i))
			}
		}
		return out.vector()
	}, nil
}

// caster sets value i of the column from value i of a vector, or reports false.
func caster(from, to columnar.Kind) func(out *column, i int, v *columnar.Vector) bool {
	switch {
	case from.InInts() && to.InInts() && (from == to || from < columnar.Date && to < columnar.Date),
		from.InFloats() && to.InFloats(), from.InBytes() && to.InBytes():
		return func(out *column, i int, v *columnar.Vector) bool {
			if to == columnar.Float && math.Abs(v.Floats[i]) > math.MaxFloat32 || !fits(to, v, i) {
				return false
			}
			out.from(i, v, i)
			return true
		}
	case to == columnar.String:
		return func(out *column, i int, v *columnar.Vector) bool {
			out.bytes(i, []byte(textOf(from, v, i)))
			return true
		}
	case from == columnar.String, from == columnar.Decimal:
		return parser(to)
	case from.InInts() && to.InFloats():
		return func(out *column, i int, v *columnar.Vector) bool { out.float(i, float64(v.Ints[i])); return true }
	case from.InFloats() && to == columnar.Long:
		return func(out *column, i int, v *columnar.Vector) bool {
			f := math.Trunc(v.Floats[i])
			if !(f >= -1<<63 && f < 1<<63) {
				return false
			}
			out.int(i, int64(f))
			return true
		}
	case from == columnar.TimestampNTZ && to == columnar.Timestamp:
		return func(out *column, i int, v *columnar.Vector) bool { out.int(i, v.Ints[i]); return true }
	case from == columnar.Timestamp, from == columnar.TimestampNTZ: // to a date
		return func(out *column, i int, v *columnar.Vector) bool { out.int(i, day(v.Ints[i])); return true }
	}
	return func(out *column, i int, v *columnar.Vector) bool { // a date to a timestamp
		out.int(i, v.Ints[i]*24*3600*1_000_000)
		return true
	}
}

// fits reports whether an integer is in the range of a kind of integer.
func fits(to columnar.Kind, v *columnar.Vector, i int) bool {
	switch to {
	case columnar.Byte:
		return v.Ints[i] == int64(int8(v.Ints[i]))
	case columnar.Short:
		return v.Ints[i] == int64(int16(v.Ints[i]))
	case columnar.Integer:
		return v.Ints[i] == int64(int32(v.Ints[i]))
	}
	return true
}

func textOf(kind columnar.Kind, v *columnar.Vector, i int) string {
	switch {
	case kind == columnar.Boolean:
		return strconv.FormatBool(v.Ints[i] != 0)
	case kind == columnar.Date:
		return time.Unix(v.Ints[i]*86400, 0).UTC().Format(time.DateOnly)
	case kind == columnar.Timestamp:
		return time.UnixMicro(v.Ints[i]).UTC().Format("2006-01-02T15:04:05.999999Z")
	case kind == columnar.TimestampNTZ:
		return time.UnixMicro(v.Ints[i]).UTC().Format("2006-01-02T15:04:05.999999")
	case kind.InFloats():
		return strconv.FormatFloat(v.Floats[i], 'g', -1, 64)
	}
	return strconv.FormatInt(v.Ints[i], 10)
}

// parser reads a string as another kind, without spaces around it.
func parser(to columnar.Kind) func(out *column, i int, v *columnar.Vector) bool {
	return func(out *column, i int, v *columnar.Vector) bool {
		text := string(v.ByteAt(i))
		switch to {
		case columnar.Long:
			n, err := strconv.ParseInt(text, 10, 64)
			out.int(i, n)
			return err == nil
		case columnar.Double:
			f, err := strconv.ParseFloat(text, 64)
			out.float(i, f)
			return err == nil && strings.Trim(text, "0123456789+-.eE") == ""
		case columnar.Boolean:
			isTrue := strings.EqualFold(text, "true")
			out.int(i, 0)
			if isTrue {
				out.int(i, 1)
			}
			return isTrue || strings.EqualFold(text, "false")
		case columnar.Date:
			t, err := time.Parse(time.DateOnly, text)
			out.int(i, t.Unix()/86400)
			return err == nil
		default:
			t, err := time.Parse(time.RFC3339Nano, text)
			out.int(i, t.UnixMicro())
			return err == nil
		}
	}
}
