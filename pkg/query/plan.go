package query

import (
	"fmt"
	"iter"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/auditlake/auditlake/pkg/columnar"
)

// Plan is a tree of operators. It is immutable: the methods make new plans.
type Plan struct{ Root Node }

// Node is one operator.
type Node interface {
	// Inputs are the operators below, left to right.
	Inputs() []Node
	// line is the operator without its inputs.
	line() string
	// reads are the expressions over the rows of the inputs.
	reads() []Expr
	with([]Node) Node
}

// TimeColumn is the event time, and DateColumn its date in UTC: the columns that
// the time range of a scan is about.
const (
	TimeColumn = "date_time"
	DateColumn = "date"
)

// Scan is the rows of a table whose event time is in the range.
type Scan struct {
	Table string
	Range TimeRange
}

// Filter is the rows for which the predicate is true: not false and not null.
type Filter struct {
	Input Node
	If    Expr
}

// Project is one row for each row, with just these columns.
type Project struct {
	Input Node
	Cols  []Output
}

// Output is a named expression.
type Output struct {
	Name string
	Expr Expr
}

// Aggregate is one row for each distinct combination of the By values, nulls
// being one value. Without By it is exactly one row, even over no rows.
type Aggregate struct {
	Input Node
	By    []Output
	Aggs  []Agg
}

// AggFunc is an aggregate function. All but Count of rows pass over nulls, and
// all but the counts and Set are null over nothing.
type AggFunc uint8

// The aggregate functions.
const (
	Count         AggFunc = iota // rows, or with an Arg those where it is not null
	CountDistinct                // exact up to 100,000 values in a group, then an estimate to about 1 in 100
	Sum                          // of longs a long, an error beyond its range; of doubles a double
	Min
	Max
	Avg        // double
	ArgMin     // the Arg of the row with the least By; among equals the least Arg, null first
	ArgMax     // the Arg of the row with the greatest By; among equals the least Arg, null first
	Percentile // exact, nearest rank: the value at rank ceil(P*n) of n, at least 1

	SumDistinct // Sum of the different values
	AvgDistinct // Avg of the different values
	StddevPop   // standard deviation of doubles
	StddevSamp  // that of a sample, null for one value
	VarPop      // variance of doubles
	VarSamp     // that of a sample, null for one value
	Set         // the different values in order, as a JSON array in a string
	Mode        // the most frequent value, of equally frequent ones the least

	lastAgg = Mode
)

var aggText = [...]string{
	"count", "distinct", "sum", "min", "max", "avg", "arg_min", "arg_max", "percentile",
	"sum_distinct", "avg_distinct", "stddev_pop", "stddev_samp", "variance_pop", "variance_samp", "set", "mode",
}

// AggFuncs are all aggregate functions.
func AggFuncs() iter.Seq[AggFunc] {
	return func(yield func(AggFunc) bool) {
		for f := Count; f <= lastAgg && yield(f); f++ {
		}
	}
}

func (f AggFunc) String() string { return aggText[f] }

// Agg is one aggregate of the rows of a group.
type Agg struct {
	Name  string
	Func  AggFunc
	Arg   Expr    // nil only for Count
	By    Expr    // ArgMin, ArgMax: what is least or greatest
	P     float64 // Percentile: 0 to 1
	Where Expr    // nil, or only rows for which it is true
}

// Union is the rows of all inputs, which have the same columns, one input after
// the other. Under a Limit that is reached the inputs that follow are not read.
type Union struct{ Of []Node }

// JoinKind says what becomes of rows without a partner.
type JoinKind uint8

// The kinds of join.
const (
	Inner JoinKind = iota // left out
	Left                  // left rows are kept, with nulls for the right
	Anti                  // only left rows without a partner
)

var joinText = [...]string{"inner", "left", "anti"}

func (k JoinKind) String() string { return joinText[k] }

// Join pairs the rows whose keys are equal; null equals nothing. Both inputs
// have named columns, as a Project or an Aggregate gives them.
//
// The columns are those of the left and then, unless it is an Anti join, those of
// the right, as SQL's USING has it: a right key that has the name of its left
// partner is not there twice but has the left value. Any other name that is on both
// sides is an error; a Project below the join gives it another. The rows come in
// no particular order.
//
// With a Network the partner of a left row is one row, if any: of those of the right
// with equal keys, of which there need be none then, the one with the smallest
// network that the address is in. Among rows with the same network it is the least by
// the columns that the join gives, left to right, null first. What is no address or
// no network has no partner.
type Join struct {
	Kind    JoinKind
	L, R    Node
	LKeys   []string
	RKeys   []string
	Network *InRange
}

// InRange names the columns of a Join by network: addresses on the left, and on the
// right networks in CIDR notation or single addresses.
type InRange struct{ Address, Network string }

// WindowFunc is a function over the rows of a partition in order.
type WindowFunc uint8

// The window functions.
const (
	RowNumber  WindowFunc = iota // from 1
	Lag                          // Arg of the row before, null for the first
	Lead                         // Arg of the row after, null for the last
	CountRange                   // rows of the frame, or with an Arg those where it is not null
	SumRange                     // Arg of the rows of the frame, as Sum adds it: null over nothing
	Rank                         // 1 and how many rows have lesser keys
	DenseRank                    // 1 and how many lesser keys there are
)

var windowText = [...]string{"row_number", "lag", "lead", "count", "sum", "rank", "dense_rank"}

func (f WindowFunc) String() string { return windowText[f] }

// ranged reports whether the function is over a frame.
func (f WindowFunc) ranged() bool { return f == CountRange || f == SumRange }

// Window adds one column to each row.
//
// Rows of a partition are in the order of the keys, and those with equal keys in
// that of their other columns, as Sort has it. Partitions are by value, null being
// one. The frame of a row is the rows of its partition up to it, and all that have
// the same keys as it; with Within just those whose key is at most so much before
// the row's own. There is then one key, a timestamp, ascending; a row without one
// has the rows without one for its frame. It is SQL's RANGE BETWEEN INTERVAL
// Within (or UNBOUNDED) PRECEDING AND CURRENT ROW.
type Window struct {
	Input     Node
	Name      string
	Func      WindowFunc
	Arg       Expr          // Lag, Lead, SumRange; CountRange may have one
	Offset    int64         // Lag, Lead: how many rows away; 0 is 1
	Default   Expr          // Lag, Lead: of the row itself, where there is none so far away; nil is null
	Within    time.Duration // CountRange, SumRange: whole microseconds; 0 is unbounded
	Partition []Expr
	Order     []SortKey
}

// SortKey is one key of a sort. Nulls come first, ascending or descending.
type SortKey struct {
	By   Expr
	Desc bool
}

// Sort orders rows by the keys. Rows with equal keys are ordered by their other
// columns, left to right, ascending, so that the order never depends on how the
// rows came.
type Sort struct {
	Input Node
	Keys  []SortKey
}

// Limit is the first N rows.
type Limit struct {
	Input Node
	N     int64
}

// From is a plan of all rows of a table in a time range.
func From(table string, r TimeRange) Plan { return Plan{Scan{table, r}} }

// Filter keeps the rows for which all predicates are true.
func (p Plan) Filter(predicates ...Expr) Plan {
	if len(predicates) == 1 {
		return Plan{Filter{p.Root, predicates[0]}}
	}
	return Plan{Filter{p.Root, And{predicates}}}
}

// Project computes columns.
func (p Plan) Project(cols ...Output) Plan { return Plan{Project{p.Root, cols}} }

// Aggregate groups rows.
func (p Plan) Aggregate(by []Output, aggs ...Agg) Plan { return Plan{Aggregate{p.Root, by, aggs}} }

// Sort orders rows.
func (p Plan) Sort(keys ...SortKey) Plan { return Plan{Sort{p.Root, keys}} }

// Limit takes the first n rows.
func (p Plan) Limit(n int64) Plan { return Plan{Limit{p.Root, n}} }

// On is a left and a right column of a Join that must be equal.
type On struct{ L, R string }

// Join pairs rows of this plan, the left, with those of another. The right one is
// held in memory, so it should be the smaller.
func (p Plan) Join(kind JoinKind, right Plan, on ...On) Plan {
	j := Join{Kind: kind, L: p.Root, R: right.Root}
	for _, o := range on {
		j.LKeys, j.RKeys = append(j.LKeys, o.L), append(j.RKeys, o.R)
	}
	return Plan{j}
}

// JoinNetwork is Join with a Network.
func (p Plan) JoinNetwork(kind JoinKind, right Plan, network InRange, on ...On) Plan {
	j := p.Join(kind, right, on...).Root.(Join)
	j.Network = &network
	return Plan{j}
}

// Window adds the column that w describes; its Input is this plan.
func (p Plan) Window(w Window) Plan {
	w.Input = p.Root
	return Plan{w}
}

// UnionOf is the rows of all the plans.
func UnionOf(plans ...Plan) Plan {
	u := Union{Of: make([]Node, len(plans))}
	for i, p := range plans {
		u.Of[i] = p.Root
	}
	return Plan{u}
}

// As names an expression.
func As(name string, e Expr) Output { return Output{name, e} }

// CountRows is the number of rows as a column.
func CountRows(name string) Agg { return Agg{Name: name, Func: Count} }

// Asc and Desc are sort keys by an output column of the operator below.
func Asc(name string) SortKey { return SortKey{By: Name(name)} }

// Desc is the descending key.
func Desc(name string) SortKey { return SortKey{By: Name(name), Desc: true} }

func (Scan) Inputs() []Node        { return nil }
func (n Filter) Inputs() []Node    { return []Node{n.Input} }
func (n Project) Inputs() []Node   { return []Node{n.Input} }
func (n Aggregate) Inputs() []Node { return []Node{n.Input} }
func (n Union) Inputs() []Node     { return n.Of }
func (n Join) Inputs() []Node      { return []Node{n.L, n.R} }
func (n Window) Inputs() []Node    { return []Node{n.Input} }
func (n Sort) Inputs() []Node      { return []Node{n.Input} }
func (n Limit) Inputs() []Node     { return []Node{n.Input} }

func (n Scan) with([]Node) Node         { return n }
func (n Filter) with(in []Node) Node    { n.Input = in[0]; return n }
func (n Project) with(in []Node) Node   { n.Input = in[0]; return n }
func (n Union) with(in []Node) Node     { n.Of = in; return n }
func (n Join) with(in []Node) Node      { n.L, n.R = in[0], in[1]; return n }
func (n Window) with(in []Node) Node    { n.Input = in[0]; return n }
func (n Sort) with(in []Node) Node      { n.Input = in[0]; return n }
func (n Limit) with(in []Node) Node     { n.Input = in[0]; return n }
func (n Aggregate) with(in []Node) Node { n.Input = in[0]; return n }

func (Scan) reads() []Expr      { return nil }
func (n Filter) reads() []Expr  { return []Expr{n.If} }
func (n Project) reads() []Expr { return exprs(n.Cols) }
func (Union) reads() []Expr     { return nil }
func (Join) reads() []Expr      { return nil }
func (Limit) reads() []Expr     { return nil }
func (n Sort) reads() []Expr    { return keyExprs(n.Keys) }
func (n Aggregate) reads() []Expr {
	out := exprs(n.By)
	for _, a := range n.Aggs {
		for _, e := range []Expr{a.Arg, a.By, a.Where} {
			if e != nil {
				out = append(out, e)
			}
		}
	}
	return out
}

func (n Window) reads() []Expr {
	out := append(slices.Clone(n.Partition), keyExprs(n.Order)...)
	for _, e := range []Expr{n.Arg, n.Default} {
		if e != nil {
			out = append(out, e)
		}
	}
	return out
}

func exprs(outputs []Output) []Expr {
	out := make([]Expr, len(outputs))
	for i := range outputs {
		out[i] = outputs[i].Expr
	}
	return out
}

func keyExprs(keys []SortKey) []Expr {
	out := make([]Expr, len(keys))
	for i := range keys {
		out[i] = keys[i].By
	}
	return out
}

// Transform is the tree with f applied to every node, inputs first.
func Transform(n Node, f func(Node) Node) Node {
	in := n.Inputs()
	if len(in) == 0 {
		return f(n)
	}
	out := make([]Node, len(in))
	for i := range in {
		out[i] = Transform(in[i], f)
	}
	return f(n.with(out))
}

// Tables are the tables a plan reads, each once, in the order of the text.
func (p Plan) Tables() []string {
	var out []string
	Transform(p.Root, func(n Node) Node {
		if s, ok := n.(Scan); ok && !slices.Contains(out, s.Table) {
			out = append(out, s.Table)
		}
		return n
	})
	return out
}

// Columns are the names of the columns that the plan gives, as far as it names them.
func (p Plan) Columns() []string { return columnsOf(p.Root) }

func columnsOf(n Node) (out []string) {
	switch n := n.(type) {
	case Scan:
		return nil
	case Project:
		for _, c := range n.Cols {
			out = append(out, c.Name)
		}
		return out
	case Aggregate:
		for _, c := range n.By {
			out = append(out, c.Name)
		}
		for _, a := range n.Aggs {
			out = append(out, a.Name)
		}
		return out
	case Window:
		return append(columnsOf(n.Input), n.Name)
	case Join:
		if out = columnsOf(n.L); n.Kind == Anti {
			return out
		}
		for _, name := range columnsOf(n.R) {
			if !slices.Contains(out, name) {
				out = append(out, name)
			}
		}
		return out
	}
	return columnsOf(n.Inputs()[0])
}

// String is the plan as an indented tree, the last operator first. A scan's line
// has the columns the plan reads from it and their types.
func (p Plan) String() string {
	var b strings.Builder
	printNode(&b, p.Root, 0, nil)
	return b.String()
}

func printNode(b *strings.Builder, n Node, depth int, needs []Col) {
	b.WriteString(strings.Repeat("  ", depth))
	b.WriteString(n.line())
	if _, ok := n.(Scan); ok {
		b.WriteString(columnsText(needs))
	}
	b.WriteByte('\n')
	for _, in := range n.Inputs() {
		printNode(b, in, depth+1, inputNeeds(n, needs))
	}
}

// closes reports whether an operator names all of its columns, so that what is
// above it says nothing about the columns below.
func closes(n Node) bool {
	switch n.(type) {
	case Project, Aggregate, Join:
		return true
	}
	return false
}

// inputNeeds is the columns that an operator and what is above it read from its
// inputs, each once, in order of first use.
func inputNeeds(n Node, above []Col) []Col {
	var out []Col
	if !closes(n) {
		out = slices.Clone(above)
	}
	if w, ok := n.(Window); ok {
		out = slices.DeleteFunc(out, func(c Col) bool { return len(c.Path) == 1 && c.Path[0] == w.Name })
	}
	for _, e := range n.reads() {
		out = append(out, Columns(e)...)
	}
	var unique []Col
	for _, c := range out {
		if !slices.ContainsFunc(unique, func(u Col) bool { return u.Kind == c.Kind && slices.Equal(u.Path, c.Path) }) {
			unique = append(unique, c)
		}
	}
	return unique
}

func columnsText(cols []Col) string {
	if len(cols) == 0 {
		return ""
	}
	parts := make([]string, len(cols))
	for i, c := range cols {
		parts[i] = c.String()
		if c.Kind != columnar.Invalid {
			parts[i] += " " + c.Kind.String()
		}
	}
	slices.Sort(parts)
	return " columns " + strings.Join(parts, ", ")
}

func (n Scan) line() string {
	s := "scan " + quoteName(n.Table)
	if !n.Range.IsZero() {
		s += " " + n.Range.String()
	}
	return s
}
func (n Filter) line() string  { return "filter " + n.If.String() }
func (n Project) line() string { return "project " + outputsText(n.Cols) }
func (n Aggregate) line() string {
	parts := make([]string, len(n.Aggs))
	for i, a := range n.Aggs {
		parts[i] = a.String()
	}
	s := "aggregate " + strings.Join(parts, ", ")
	if len(n.By) > 0 {
		s += " by " + outputsText(n.By)
	}
	return strings.ReplaceAll(s, "aggregate  by", "aggregate by")
}

func (a Agg) String() string {
	var args []string
	if a.Arg != nil {
		args = append(args, a.Arg.String())
	}
	if a.By != nil {
		args = append(args, a.By.String())
	}
	if a.Func == Percentile {
		args = append(args, strconv.FormatFloat(a.P, 'g', -1, 64))
	}
	s := a.Func.String() + "(" + strings.Join(args, ", ") + ")"
	if a.Where != nil {
		s += " where (" + a.Where.String() + ")"
	}
	return s + " as " + quoteName(a.Name)
}
func (Union) line() string { return "union" }

// given are the columns of the right that a Join gives, by index.
func (n Join) given(right []BoundCol) []int {
	var out []int
	for i, c := range right {
		key := slices.Index(n.RKeys, c.Name())
		if n.Kind != Anti && !(key >= 0 && n.LKeys[key] == c.Name()) {
			out = append(out, i)
		}
	}
	return out
}

func (n Join) line() string {
	parts := make([]string, 0, len(n.LKeys)+1)
	for i := range n.LKeys {
		parts = append(parts, quoteName(n.LKeys[i])+" = "+quoteName(n.RKeys[i]))
	}
	if w := n.Network; w != nil {
		parts = append(parts, "in_network("+quoteName(w.Address)+", "+quoteName(w.Network)+")")
	}
	return "join " + n.Kind.String() + " on " + strings.Join(parts, ", ")
}

func (n Window) line() string {
	arg := ""
	if n.Arg != nil {
		arg = n.Arg.String()
	}
	if n.Offset != 0 || n.Default != nil {
		arg += ", " + strconv.FormatInt(max(n.Offset, 1), 10)
	}
	if n.Default != nil {
		arg += ", " + n.Default.String()
	}
	s := fmt.Sprintf("window %s(%s)", n.Func, arg)
	if n.Within != 0 {
		s += " within " + quoteString(n.Within.String())
	}
	s += " as " + quoteName(n.Name)
	if len(n.Partition) > 0 {
		s += " over " + join(n.Partition, ", ", plain)
	}
	return s + " by " + keysText(n.Order)
}
func (n Sort) line() string  { return "sort " + keysText(n.Keys) }
func (n Limit) line() string { return "limit " + strconv.FormatInt(n.N, 10) }

func outputsText(outputs []Output) string {
	parts := make([]string, len(outputs))
	for i, o := range outputs {
		parts[i] = o.Expr.String()
		if c, ok := o.Expr.(Col); !ok || len(c.Path) != 1 || c.Path[0] != o.Name {
			parts[i] += " as " + quoteName(o.Name)
		}
	}
	return strings.Join(parts, ", ")
}

func keysText(keys []SortKey) string {
	parts := make([]string, len(keys))
	for i, k := range keys {
		parts[i] = k.By.String()
		if k.Desc {
			parts[i] += " desc"
		}
	}
	return strings.Join(parts, ", ")
}
