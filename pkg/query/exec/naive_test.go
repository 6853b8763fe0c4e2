package exec_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"math/big"
	"net/netip"
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
			return naiveLike([]rune(e.Pattern), []rune(v.(string)))
		}
		return nil
	case query.Match:
		if v := eval(e.X); v != nil {
			return regexp.MustCompile(e.Pattern).MatchString(v.(string))
		}
		return nil
	case query.Search:
		for _, x := range e.X {
			if v, ok := eval(x).(string); ok && strings.Contains(strings.ToLower(v), strings.ToLower(e.Text)) {
				return true
			}
		}
		return false
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
		if isTime(e.L) {
			return naiveTimes(e, r)
		}
		return naiveArith(e.Op, eval(e.L), eval(e.R))
	case query.Call:
		args := make([]any, len(e.Args))
		for i, x := range e.Args {
			if args[i] = eval(x); args[i] == nil {
				return nil
			}
		}
		return naiveCall(e.Func, args)
	case query.Bucket:
		if v := eval(e.X); v != nil {
			return naiveBucket(e.Unit, at(v))
		}
		return nil
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
		x, y, exact := big.NewInt(a), big.NewInt(b), new(big.Int)
		[...]func(x, y *big.Int) *big.Int{exact.Add, exact.Sub, exact.Mul}[op](x, y)
		if !exact.IsInt64() {
			return nil
		}
		return exact.Int64()
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
func naiveLike(pattern, s []rune) bool {
	switch {
	case len(pattern) == 0:
		return len(s) == 0
	case pattern[0] == '%':
		return naiveLike(pattern[1:], s) || len(s) > 0 && naiveLike(pattern, s[1:])
	case len(s) == 0:
		return false
	case pattern[0] == '_':
		return naiveLike(pattern[1:], s[1:])
	case pattern[0] == '\\':
		pattern = pattern[1:]
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
	case query.Set:
		values := []any{}
		for _, p := range seen {
			if !slices.Contains(values, p.arg) {
				values = append(values, p.arg)
			}
		}
		slices.SortFunc(values, naiveCompare)
		text, err := json.Marshal(values)
		if err != nil {
			panic(err)
		}
		return string(text)
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
	case query.SumDistinct:
		var sum int64
		for i, p := range seen {
			if i == 0 || p.arg != seen[i-1].arg {
				sum += p.arg.(int64)
			}
		}
		return sum
	case query.Mode:
		best, most, n := any(nil), 0, 0
		for i, p := range seen {
			if n++; i > 0 && p.arg != seen[i-1].arg {
				n = 1
			}
			if n > most {
				best, most = p.arg, n
			}
		}
		return best
	case query.Percentile:
		return seen[max(int(math.Ceil(a.P*float64(len(seen)))), 1)-1].arg
	}
	return seen[0].arg
}

// naiveRun answers a plan. The rows it gives have their columns in names.
func naiveRun(n query.Node, tables map[string][]row) (out []row, names []string) {
	switch n := n.(type) {
	case query.Scan:
		return tables[n.Table], nil
	case query.Join:
		l, lnames := naiveRun(n.L, tables)
		r, rnames := naiveRun(n.R, tables)
		return naiveJoin(n, l, r), append(lnames, naiveGiven(n, rnames)...)
	}
	in, names := naiveRun(n.Inputs()[0], tables)
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
		return naiveSort(n.Keys, in, names), names
	case query.Window:
		return naiveWindow(n, naiveSort(n.Order, in, names)), append(slices.Clone(names), n.Name)
	case query.Limit:
		return in[:min(len(in), int(n.N))], names
	}
	panic(fmt.Sprintf("%T", n))
}

func naiveSort(keys []query.SortKey, in []row, names []string) []row {
	out := slices.Clone(in)
	slices.SortStableFunc(out, func(a, b row) int {
		if d := naiveKeys(keys, a, b); d != 0 {
			return d
		}
		for _, c := range names {
			if d := naiveCompare(a[c], b[c]); d != 0 {
				return d
			}
		}
		return 0
	})
	return out
}

func naiveKeys(keys []query.SortKey, a, b row) int {
	for _, k := range keys {
		x, y := naiveEval(k.By, a), naiveEval(k.By, b)
		d := naiveCompare(x, y)
		if k.Desc && x != nil && y != nil {
			d = -d
		}
		if d != 0 {
			return d
		}
	}
	return 0
}

// naiveGiven are the columns of the right that a join gives.
func naiveGiven(n query.Join, right []string) (out []string) {
	for _, name := range right {
		shared := false
		for i := range n.RKeys {
			shared = shared || n.RKeys[i] == name && n.LKeys[i] == name
		}
		if n.Kind != query.Anti && !shared {
			out = append(out, name)
		}
	}
	return out
}

// naiveSmallest are the rows of the right, one or none, that may be the partner of l
// by its network.
func naiveSmallest(n query.Join, l row, right []row) (out []row) {
	text, _ := l[n.Network.Address].(string)
	address, err := netip.ParseAddr(text)
	if err != nil {
		return nil
	}
	longest := -1
	for _, r := range right {
		equal := true
		for i := range n.LKeys {
			equal = equal && l[n.LKeys[i]] != nil && l[n.LKeys[i]] == r[n.RKeys[i]]
		}
		text, _ := r[n.Network.Network].(string)
		p, err := netip.ParsePrefix(text)
		if !equal || err != nil || !p.Contains(address) || p.Bits() < longest {
			continue
		}
		if p.Bits() > longest {
			out, longest = nil, p.Bits()
		}
		out = append(out, r)
	}
	if len(out) == 0 {
		return nil
	}
	names := slices.Sorted(maps.Keys(out[0]))
	return naiveSort(nil, out, names)[:1]
}

func naiveJoin(n query.Join, left, right []row) (out []row) {
	for _, l := range left {
		partners := 0
		right := right
		if n.Network != nil {
			right = naiveSmallest(n, l, right)
		}
		for _, r := range right {
			equal := true
			for i := range n.LKeys {
				x, y := l[n.LKeys[i]], r[n.RKeys[i]]
				equal = equal && x != nil && y != nil && x == y
			}
			if !equal {
				continue
			}
			partners++
			if n.Kind != query.Anti {
				both := maps.Clone(r)
				maps.Copy(both, l)
				out = append(out, both)
			}
		}
		if partners == 0 && n.Kind != query.Inner {
			out = append(out, l)
		}
	}
	return out
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
