package exec

import (
	"bytes"
	"strings"

	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/query"
)

// keeper derives from predicates what a scan may leave out: a set of rows for
// whose bounds a predicate cannot be true. Where it knows nothing it gives nil,
// which keeps everything. Doubles are never left out: statistics pass over NaN.
type keeper struct {
	cols    []query.BoundCol
	sources []query.Source
}

// all keeps what may meet every predicate.
func (k keeper) all(exprs []query.Expr) columnar.Keep {
	var out columnar.Keep
	for _, e := range exprs {
		out = both(out, k.keep(e))
	}
	return out
}

func both(a, b columnar.Keep) columnar.Keep {
	switch {
	case a == nil:
		return b
	case b == nil:
		return a
	}
	return func(x columnar.Bounds) bool { return a(x) && b(x) }
}

func nothing(columnar.Bounds) bool { return false }

func (k keeper) keep(e query.Expr) columnar.Keep {
	switch e := e.(type) {
	case query.And:
		return k.all(e.X)
	case query.Or:
		return k.any(e.X)
	case query.Not:
		if positive := negate(e.X); positive != nil {
			return k.keep(positive)
		}
	case query.Compare:
		if c, ok := e.L.(query.Const); ok {
			e.L, e.R, e.Op = e.R, c, flip(e.Op)
		}
		return k.compare(e.Op, e.L, e.R)
	case query.Between:
		return both(k.compare(query.GreaterEqual, e.X, e.Lo), k.compare(query.LessEqual, e.X, e.Hi))
	case query.In:
		equal := make([]query.Expr, len(e.List))
		for i, v := range e.List {
			equal[i] = query.Eq(e.X, query.Const{Value: v})
		}
		return k.any(equal)
	case query.Like:
		return k.prefix(e.X, likePrefix(e.Pattern))
	case query.IsNull:
		return k.null(e.X)
	case query.Col:
		return k.compare(query.Equal, e, query.Bool(true))
	}
	return nil
}

// any keeps what may meet one of the predicates.
func (k keeper) any(exprs []query.Expr) columnar.Keep {
	parts := make([]columnar.Keep, len(exprs))
	for i, e := range exprs {
		if parts[i] = k.keep(e); parts[i] == nil {
			return nil
		}
	}
	return func(x columnar.Bounds) bool {
		for _, p := range parts {
			if p(x) {
				return true
			}
		}
		return false
	}
}

// negate is a predicate that is true where NOT e is, or nil for none found.
func negate(e query.Expr) query.Expr {
	all := func(x []query.Expr) []query.Expr {
		out := make([]query.Expr, len(x))
		for i := range x {
			out[i] = query.Not{X: x[i]}
		}
		return out
	}
	switch e := e.(type) {
	case query.Not:
		return e.X
	case query.And:
		return query.Or{X: all(e.X)}
	case query.Or:
		return query.And{X: all(e.X)}
	case query.Compare:
		return query.Compare{Op: e.Op.Negate(), L: e.L, R: e.R}
	case query.Distinct:
		if c, ok := e.R.(query.Const); ok && c.Value.Kind != columnar.Invalid {
			return query.Eq(e.L, e.R)
		}
	case query.IsNull:
		// True of everything but nulls: whatever compares with itself.
		return query.Compare{Op: query.Equal, L: e.X, R: e.X}
	}
	return nil
}

// path is where the statistics of a column are; known is false if it has none.
// A column that the table lacks is only nulls.
func (k keeper) path(e query.Expr) (path string, kind columnar.Kind, missing, known bool) {
	c, ok := e.(query.Col)
	if !ok {
		return "", 0, false, false
	}
	i := query.FindColumn(k.cols, c.Path)
	if i < 0 {
		return "", 0, false, false
	}
	src := k.sources[i]
	if src.Path == nil {
		return "", 0, true, true
	}
	return pathText(src), k.cols[i].Type.Kind, false, src.Key == nil
}

func (k keeper) compare(op query.Op, l, r query.Expr) columnar.Keep {
	path, kind, missing, known := k.path(l)
	if !known {
		return nil
	}
	if missing {
		return nothing
	}
	c, ok := r.(query.Const)
	if !ok {
		if same, ok := r.(query.Col); ok && same.String() == l.String() {
			return func(x columnar.Bounds) bool { return !onlyNulls(x, path) }
		}
		return nil
	}
	if c.Value.Kind == columnar.Invalid {
		return nothing
	}
	if kind.InFloats() {
		return func(x columnar.Bounds) bool { return !onlyNulls(x, path) }
	}
	return func(x columnar.Bounds) bool {
		b, ok := x.Bound(path)
		if !ok {
			return true
		}
		return !onlyNulls(x, path) && mayCompare(op, b, c.Value) &&
			(op != query.Equal || columnar.MayHold(x, path, c.Value))
	}
}

// mayCompare reports whether a value within the bound may compare so with v.
func mayCompare(op query.Op, b columnar.Bound, v columnar.Value) bool {
	low, lowKnown := order(b.Min, v)
	high, highKnown := order(b.Max, v)
	switch op {
	case query.Equal:
		return !(lowKnown && low > 0) && !(highKnown && high < 0)
	case query.NotEqual:
		return !(lowKnown && highKnown && low == 0 && high == 0)
	case query.Less:
		return !lowKnown || low < 0
	case query.LessEqual:
		return !lowKnown || low <= 0
	case query.Greater:
		return !highKnown || high > 0
	default:
		return !highKnown || high >= 0
	}
}

// order compares a bound with a constant, if both are known and of a kind.
func order(bound, v columnar.Value) (int, bool) {
	if bound.Kind.InInts() && v.Kind.InInts() || bound.Kind.InBytes() && v.Kind.InBytes() {
		return bound.Compare(v), true
	}
	return 0, false
}

func onlyNulls(x columnar.Bounds, path string) bool {
	b, ok := x.Bound(path)
	return ok && x.Rows() > 0 && b.Nulls >= x.Rows()
}

// prefix keeps what may hold a string that starts so.
func (k keeper) prefix(e query.Expr, prefix string) columnar.Keep {
	path, _, missing, known := k.path(e)
	switch {
	case !known:
		return nil
	case missing:
		return nothing
	}
	p := []byte(prefix)
	return func(x columnar.Bounds) bool {
		b, ok := x.Bound(path)
		if !ok {
			return true
		}
		if onlyNulls(x, path) || b.Max.Kind.InBytes() && bytes.Compare(b.Max.Bytes, p) < 0 {
			return false
		}
		return !b.Min.Kind.InBytes() || bytes.Compare(b.Min.Bytes, p) <= 0 || bytes.HasPrefix(b.Min.Bytes, p)
	}
}

// likePrefix is the literal text that a LIKE pattern starts with.
func likePrefix(pattern string) string {
	var out strings.Builder
	for i := 0; i < len(pattern) && pattern[i] != '%' && pattern[i] != '_'; i++ {
		if pattern[i] == '\\' {
			if i++; i == len(pattern) {
				break
			}
		}
		out.WriteByte(pattern[i])
	}
	return out.String()
}

// null keeps what may hold a null. Counts for a field of a struct are not used:
// writers differ in whether rows without the struct are in them.
func (k keeper) null(e query.Expr) columnar.Keep {
	path, kind, missing, known := k.path(e)
	if !known || missing || strings.Contains(path, ".") || kind >= columnar.Struct {
		return nil
	}
	return func(x columnar.Bounds) bool {
		b, ok := x.Bound(path)
		return !ok || b.Nulls != 0
	}
}

// dateBound is a bound on the date of events that follows from one on their time.
type dateBound struct {
	op  query.Op
	day int64
}

func keepDates(path string, bounds []dateBound) columnar.Keep {
	return func(x columnar.Bounds) bool {
		b, ok := x.Bound(path)
		if !ok {
			return true
		}
		for _, d := range bounds {
			if !mayCompare(d.op, b, columnar.IntValue(columnar.Date, d.day)) {
				return false
			}
		}
		return true
	}
}
