package querytest

import (
	"pgregory.net/rapid"

	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/query"
)

// column is one of the columns, or a null of the kind if there is none.
func column(t *rapid.T, cols []query.Col, kind columnar.Kind) query.Expr {
	if len(cols) == 0 {
		return query.Cast{X: query.Const{}, To: kind}
	}
	return pick(t, cols...)
}

// string is an expression that is a string.
func (c columns) string(t *rapid.T, depth int) query.Expr {
	n := 2
	if depth > 0 {
		n = 13
	}
	x := func() query.Expr { return c.string(t, depth-1) }
	switch upTo(t, n) {
	case 0:
		return query.Str(pick(t, Words...))
	case 1, 2:
		return column(t, c.strs, columnar.String)
	case 3:
		return query.Coalesce{X: []query.Expr{x(), x()}}
	case 4:
		return query.Fn(pick(t, "lower", "upper", "trim", "ltrim", "rtrim"), x())
	case 5:
		return query.Fn("concat", x(), x())
	case 6:
		return query.Case{When: []query.When{{If: c.predicate(t, depth-1), Then: x()}}, Else: x()}
	case 7:
		return query.Fn("replace", x(), x(), x())
	case 8:
		return query.Fn("split_part", x(), pick[query.Expr](t, query.Str("-"), query.Str("--"), x()), query.Int(int64(upTo(t, 5)-1)))
	case 9:
		start := query.Fn("substring", x(), query.Int(int64(upTo(t, 8)-4)))
		if chance(t) {
			start.Args = append(start.Args, query.Int(int64(upTo(t, 5)-1)))
		}
		return start
	case 10:
		return c.extract(t, depth)
	case 11:
		return query.Fn(pick(t, "lpad", "rpad"), x(), query.Int(int64(upTo(t, 9))), pick[query.Expr](t, query.Str("-"), query.Str("ab")))
	case 12:
		return pick(t, query.Fn("md5", x()), query.Fn("left", x(), query.Int(int64(upTo(t, 5)))), query.Fn("right", x(), query.Int(int64(upTo(t, 5)))),
			query.Fn("repeat", x(), query.Int(int64(upTo(t, 2)))), query.Fn("regexp_replace", x(), query.Str(pick(t, "[a-z]", "b|ab", "[0-9]+")), query.Str("#")))
	default:
		return query.Cast{X: c.long(t, depth-1), To: columnar.String}
	}
}

// extract is a part of a string.
func (c columns) extract(t *rapid.T, depth int) query.Expr {
	x := c.string(t, depth-1)
	switch upTo(t, 4) {
	case 0:
		return query.Fn("regexp_extract", x, query.Str(pick(t, `[a-z]+`, `^$`, `b|ab`)))
	case 1:
		return query.Fn("regexp_extract", x, query.Str(`([a-z]+)-(\d)?`), query.Int(int64(upTo(t, 2))))
	case 2:
		return query.Fn("get_json_object", x, query.Str(pick(t, "$.x", "$.y[1].k", "$.y[0]", "$['K']", "$.response", "$")))
	case 3:
		return query.Fn("date_format", c.time(t, depth-1), query.Str(pick(t, "%Y-%m-%d %H:%i:%s.%f", "%a %j%%")))
	default:
		return query.Fn(pick(t, "greatest", "least"), x, c.string(t, depth-1))
	}
}

// long is an expression that is a long.
func (c columns) long(t *rapid.T, depth int) query.Expr {
	n := 2
	if depth > 0 {
		n = 11
	}
	x := func() query.Expr { return c.long(t, depth-1) }
	switch upTo(t, n) {
	case 0:
		return query.Int(int64(upTo(t, 17) - 5))
	case 1, 2:
		return column(t, c.longs, columnar.Long)
	case 3:
		return query.Cast{X: c.string(t, depth-1), To: columnar.Long}
	case 4, 5:
		return query.Arith{Op: pick(t, query.Add, query.Sub, query.Mul), L: x(), R: x()}
	case 6:
		return query.Fn(pick(t, "greatest", "least"), x(), x())
	case 7:
		return pick(t, query.Fn("abs", x()), query.Fn("length", c.string(t, depth-1)), query.Fn("strpos", c.string(t, depth-1), c.string(t, depth-1)))
	case 8:
		return query.Fn(pick(t, "hour", "day_of_week", "unix_millis"), c.time(t, depth-1))
	case 9:
		return query.Fn(pick(t, "year", "quarter", "month", "day", "minute", "second", "dayofyear", "weekofyear", "weekday", "dayofweek", "unix_timestamp", "unix_micros"), c.time(t, depth-1))
	case 10:
		return query.Fn("mod", x(), x())
	default:
		return query.Case{When: []query.When{{If: c.predicate(t, depth-1), Then: x()}}}
	}
}

// time is an expression that is a timestamp.
func (c columns) time(t *rapid.T, depth int) query.Expr {
	n := 2
	if depth > 0 {
		n = 6
	}
	switch upTo(t, n) {
	case 0:
		return query.Time(Start)
	case 1, 2:
		return column(t, c.times, columnar.Timestamp)
	case 3:
		return query.Bucket{X: c.time(t, depth-1), Unit: pick(t, "second", "minute", "hour", "day", "week", "month", "quarter", "year", "15m")}
	case 4:
		return query.Arith{Op: pick(t, query.Add, query.Sub), L: c.time(t, depth-1), R: c.long(t, depth-1)}
	case 5:
		return query.Fn("timestamp_millis", c.long(t, depth-1))
	default:
		return query.Fn(pick(t, "greatest", "least"), c.time(t, depth-1), c.time(t, depth-1))
	}
}

func (c columns) double(t *rapid.T, depth int) query.Expr {
	double := func() query.Expr {
		return pick[query.Expr](t, query.Float(2.5), query.Cast{X: c.long(t, depth), To: columnar.Double})
	}
	arith := func(l, r query.Expr) query.Expr {
		return query.Arith{Op: query.ArithOp(upTo(t, 3)), L: l, R: r}
	}
	switch upTo(t, 4) {
	case 0:
		return query.Arith{Op: query.Div, L: c.long(t, depth), R: c.long(t, depth)}
	case 1:
		return arith(double(), c.long(t, depth))
	case 2:
		return query.Fn(pick(t, "floor", "ceil", "abs"), arith(double(), double()))
	case 3:
		return query.Arith{Op: query.Sub, L: c.time(t, depth), R: c.time(t, depth)}
	default:
		return arith(double(), double())
	}
}

func drawList(t *rapid.T, constant func() columnar.Value) []columnar.Value {
	out := make([]columnar.Value, upTo(t, 3))
	for i := range out {
		if upTo(t, 5) > 0 {
			out[i] = constant()
		}
	}
	return out
}

// predicate is an expression that is a boolean.
func (c columns) predicate(t *rapid.T, depth int) query.Expr {
	op := query.Op(upTo(t, 5))
	strs := func() columnar.Value { return columnar.StringValue(pick(t, Words...)) }
	longs := func() columnar.Value {
		return columnar.IntValue(columnar.Long, int64(upTo(t, 17)-5))
	}
	x := func() query.Expr { return c.predicate(t, depth-1) }
	n := 17
	if depth > 0 {
		n = 21
	}
	switch upTo(t, n) {
	case 0:
		return query.Compare{Op: op, L: column(t, c.strs, columnar.String), R: query.Str(pick(t, Words...))}
	case 1:
		return query.Compare{Op: op, L: query.Const{Value: longs()}, R: column(t, c.longs, columnar.Long)}
	case 2:
		return query.Compare{Op: op, L: c.string(t, depth), R: c.string(t, depth)}
	case 3:
		return query.Compare{Op: op, L: c.long(t, depth), R: c.long(t, depth)}
	case 4:
		return query.In{X: c.string(t, depth), List: drawList(t, strs)}
	case 5:
		return query.In{X: c.long(t, depth), List: drawList(t, longs)}
	case 6:
		return query.DistinctFromAll{X: c.string(t, depth), List: drawList(t, strs)}
	case 7:
		return query.DistinctFromAll{X: c.long(t, depth), List: drawList(t, longs)}
	case 8:
		return query.Between{X: c.long(t, depth), Lo: c.long(t, depth), Hi: c.long(t, depth)}
	case 9:
		return query.Like{X: c.string(t, depth), Pattern: pick(t, "%", "a%", "%b", "job-_", "_", "%o%-%", "a", "", "J_B-%", "_n_", `%\_%`)}
	case 10:
		return query.Match{X: c.string(t, depth), Pattern: pick(t, "^job", "b", "[0-9]$", "^$", "^.n.$")}
	case 11:
		return query.IsNull{X: pick(t, c.string(t, depth), c.long(t, depth))}
	case 12:
		return query.Distinct{L: c.string(t, depth), R: c.string(t, depth)}
	case 13:
		return column(t, c.bools, columnar.Boolean)
	case 14:
		return pick(t, query.Expr(query.Bool(true)), query.Expr(query.Const{}), query.Expr(query.Compare{Op: op, L: column(t, c.strs, columnar.String), R: query.Const{}}))
	case 15:
		return query.Compare{Op: op, L: c.double(t, depth), R: c.double(t, depth)}
	case 16:
		return query.Compare{Op: op, L: c.time(t, depth), R: c.time(t, depth)}
	case 17:
		if rapid.Bool().Draw(t, "search") {
			return query.Search{X: []query.Expr{c.string(t, depth), c.string(t, depth)}, Text: pick(t, "", "A", "b", "JOB-", "n")}
		}
		return query.Fn(pick(t, "contains", "starts_with", "ends_with"), c.string(t, depth), c.string(t, depth))
	case 18, 19:
		return query.Not{X: x()}
	case 20:
		return query.And{X: []query.Expr{x(), x()}}
	default:
		return query.Or{X: []query.Expr{x(), x()}}
	}
}
