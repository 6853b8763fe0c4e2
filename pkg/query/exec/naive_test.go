package exec_test

import (
	"cmp"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/query"
)

// The naive evaluator answers plans a row at a time, by the book: a second
// opinion for the property test. A value is nil, int64, string or bool.

type row map[string]any

func naiveRows(b *columnar.Batch) []row {
	out := make([]row, b.Len)
	for i := range out {
		out[i] = row{}
		for c, f := range b.Schema {
			put(out[i], f.Name, b.Columns[c], i)
		}
	}
	return out
}

func put(r row, path string, v *columnar.Vector, i int) {
	switch k := v.Type.Kind; {
	case k == columnar.Struct:
		for c, f := range v.Type.Fields {
			put(r, path+"."+f.Name, v.Children[c], i)
		}
	case k == columnar.Map:
		for j := v.Offsets[i]; j < v.Offsets[i+1]; j++ {
			put(r, path+"."+string(v.Children[0].ByteAt(int(j))), v.Children[1], int(j))
		}
	case v.IsNull(i):
	case k == columnar.Boolean:
		r[path] = v.Ints[i] != 0
	case k.InInts():
		r[path] = v.Ints[i]
	default:
		r[path] = string(v.ByteAt(i))
	}
}

func naiveConst(v columnar.Value) any {
	switch {
	case v.Kind == columnar.Invalid:
		return nil
	case v.Kind == columnar.Boolean:
		return v.Int != 0
	case v.Kind.InInts():
		return v.Int
	case v.Kind.InFloats():
		return v.Float
	}
	return string(v.Bytes)
}

func naiveCompare(a, b any) int {
	switch {
	case a == nil || b == nil:
		rank := func(x any) int {
			if x == nil {
				return 0
			}
			return 1
		}
		return rank(a) - rank(b)
	}
	switch a := a.(type) {
	case int64:
		return cmp.Compare(a, b.(int64))
	case string:
		return strings.Compare(a, b.(string))
	case float64:
		return cmp.Compare(a, b.(float64))
	}
	if a == b {
		return 0
	}
	if a == false {
		return -1
	}
	return 1
}

func naiveEval(e query.Expr, r row) any {
	eval := func(x query.Expr) any { return naiveEval(x, r) }
	switch e := e.(type) {
	case query.Col:
		path := strings.Join(e.Path, ".")
		if e.Path[0] == "REQUESTPARAMS" {
			path = "requestParams.x"
		}
		return r[path]
	case query.Const:
		return naiveConst(e.Value)
	case query.Compare:
		l, rr := eval(e.L), eval(e.R)
		if l == nil || rr == nil {
			return nil
		}
		d := naiveCompare(l, rr)
		return [...]bool{d == 0, d != 0, d < 0, d <= 0, d > 0, d >= 0}[e.Op]
	case query.And:
		var out any = true
		for _, x := range e.X {
			if v := eval(x); v == false {
				return false
			} else if v == nil {
				out = nil
			}
		}
		return out
	case query.Or:
		var out any = false
		for _, x := range e.X {
			if v := eval(x); v == true {
				return true
			} else if v == nil {
				out = nil
			}
		}
		return out
	case query.Not:
		if v := eval(e.X); v != nil {
			return !v.(bool)
		}
		return nil
	case query.In:
		var or query.Or
		for _, v := range e.List {
			or.X = append(or.X, query.Eq(e.X, query.Const{Value: v}))
		}
		return eval(or)
	case query.DistinctFromAll:
		for _, v := range e.List {
			if naiveCompare(eval(e.X), naiveConst(v)) == 0 {
				return false
			}
		}
		return true
	case query.Distinct:
		return naiveCompare(eval(e.L), eval(e.R)) != 0
	case query.Between:
		return eval(query.And{X: []query.Expr{
			query.Compare{Op: query.LessEqual, L: e.Lo, R: e.X},
			query.Compare{Op: query.LessEqual, L: e.X, R: e.Hi},
		}})
	case query.Like:
		if v := eval(e.X); v != nil {
			return naiveLike(e.Pattern, v.(string))
		}
		return nil
	case query.Match:
		if v := eval(e.X); v != nil {
			return regexp.MustCompile(e.Pattern).MatchString(v.(string))
		}
		return nil
	case query.IsNull:
		return eval(e.X) == nil
	case query.Coalesce:
		for _, x := range e.X {
			if v := eval(x); v != nil {
				return v
			}
		}
		return nil
	case query.Case:
		for _, w := range e.When {
			if eval(w.If) == true {
				return eval(w.Then)
			}
		}
		if e.Else != nil {
			return eval(e.Else)
		}
		return nil
	case query.Cast:
		switch v := eval(e.X).(type) {
		case string:
			if e.To == columnar.String {
				return v
			}
			if n, err := strconv.ParseInt(v, 10, 64); err == nil {
				return n
			}
			return nil
		case int64:
			switch e.To {
			case columnar.Long:
				return v
			case columnar.Double:
				return float64(v)
			}
			return strconv.FormatInt(v, 10)
		}
		return nil
	case query.Arith:
		return naiveArith(e.Op, eval(e.L), eval(e.R))
	case query.Lower:
		if v := eval(e.X); v != nil {
			return strings.ToLower(v.(string))
		}
		return nil
	case query.Upper:
		if v := eval(e.X); v != nil {
			return strings.ToUpper(v.(string))
		}
		return nil
	case query.Concat:
		out := ""
		for _, x := range e.X {
			v := eval(x)
			if v == nil {
				return nil
			}
			out += v.(string)
		}
		return out
	}
	panic(fmt.Sprintf("%T", e))
}

func naiveArith(op query.ArithOp, l, r any) any {
	if l == nil || r == nil {
		return nil
	}
	a, long := l.(int64)
	b, both := r.(int64)
	if long && both && op != query.Div {
		return [...]int64{a + b, a - b, a * b}[op]
	}
	x, y := float64(a), float64(b)
	if f, ok := l.(float64); ok {
		x = f
	}
	if f, ok := r.(float64); ok {
		y = f
	}
	if op == query.Div && y == 0 {
		return nil
	}
	return [...]float64{x + y, x - y, x * y, x / y}[op]
}

// naiveLike tries every way to match.
func naiveLike(pattern, s string) bool {
	switch {
	case pattern == "":
		return s == ""
	case pattern[0] == '%':
		return naiveLike(pattern[1:], s) || s != "" && naiveLike(pattern, s[1:])
	case s == "":
		return false
	case pattern[0] == '_':
		return naiveLike(pattern[1:], s[1:])
	}
	return pattern[0] == s[0] && naiveLike(pattern[1:], s[1:])
}

func naiveAgg(a query.Agg, rows []row) any {
	type pair struct{ by, arg any }
	var seen []pair
	for _, r := range rows {
		if a.Where != nil && naiveEval(a.Where, r) != true {
			continue
		}
		p := pair{arg: int64(1)}
		if a.Arg != nil {
			p.arg = naiveEval(a.Arg, r)
		}
		p.by = p.arg
		if a.By != nil {
			p.by = naiveEval(a.By, r)
		}
		if p.by != nil {
			seen = append(seen, p)
		}
	}
	switch a.Func {
	case query.Count:
		return int64(len(seen))
	case query.CountDistinct:
		distinct := map[any]bool{}
		for _, p := range seen {
			distinct[p.arg] = true
		}
		return int64(len(distinct))
	}
	if len(seen) == 0 {
		return nil
	}
	sign := 1
	if a.Func == query.ArgMax || a.Func == query.Max {
		sign = -1
	}
	slices.SortFunc(seen, func(x, y pair) int {
		if d := sign * naiveCompare(x.by, y.by); d != 0 {
			return d
		}
		return naiveCompare(x.arg, y.arg)
	})
	switch a.Func {
	case query.Sum, query.Avg:
		var sum int64
		for _, p := range seen {
			sum += p.arg.(int64)
		}
		if a.Func == query.Avg {
			return float64(sum) / float64(len(seen))
		}
		return sum
	case query.Percentile:
		return seen[max(int(math.Ceil(a.P*float64(len(seen)))), 1)-1].arg
	}
	return seen[0].arg
}

// naiveRun answers a chain of operators over one table. The rows it gives have
// their columns in names.
func naiveRun(n query.Node, table []row) (out []row, names []string) {
	if _, ok := n.(query.Scan); ok {
		return table, nil
	}
	in, names := naiveRun(n.Inputs()[0], table)
	switch n := n.(type) {
	case query.Filter:
		for _, r := range in {
			if naiveEval(n.If, r) == true {
				out = append(out, r)
			}
		}
		return out, names
	case query.Project:
		for _, r := range in {
			projected := row{}
			for _, c := range n.Cols {
				projected[c.Name] = naiveEval(c.Expr, r)
			}
			out = append(out, projected)
		}
		return out, outputNames(n.Cols)
	case query.Aggregate:
		return naiveAggregate(n, in)
	case query.Sort:
		out = slices.Clone(in)
		slices.SortStableFunc(out, func(a, b row) int {
			for _, k := range n.Keys {
				x, y := naiveEval(k.By, a), naiveEval(k.By, b)
				d := naiveCompare(x, y)
				if k.Desc && x != nil && y != nil {
					d = -d
				}
				if d != 0 {
					return d
				}
			}
			for _, c := range names {
				if d := naiveCompare(a[c], b[c]); d != 0 {
					return d
				}
			}
			return 0
		})
		return out, names
	case query.Limit:
		return in[:min(len(in), int(n.N))], names
	}
	panic(fmt.Sprintf("%T", n))
}

func outputNames(outputs []query.Output) []string {
	names := make([]string, len(outputs))
	for i, o := range outputs {
		names[i] = o.Name
	}
	return names
}

func naiveAggregate(n query.Aggregate, in []row) (out []row, names []string) {
	groups := map[string][]row{}
	var order []string
	for _, r := range in {
		key := ""
		for _, by := range n.By {
			key += fmt.Sprintf("%T %v|", naiveEval(by.Expr, r), naiveEval(by.Expr, r))
		}
		if groups[key] == nil {
			order = append(order, key)
		}
		groups[key] = append(groups[key], r)
	}
	if len(n.By) == 0 && len(order) == 0 {
		order = []string{""}
	}
	names = outputNames(n.By)
	for _, a := range n.Aggs {
		names = append(names, a.Name)
	}
	for _, key := range order {
		r := row{}
		for _, by := range n.By {
			r[by.Name] = naiveEval(by.Expr, groups[key][0])
		}
		for _, a := range n.Aggs {
			r[a.Name] = naiveAgg(a, groups[key])
		}
		out = append(out, r)
	}
	return out, names
}
