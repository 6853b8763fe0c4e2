//go:build interop

package interop_test

import (
	"fmt"
	"slices"
	"strings"

	"github.com/auditlake/auditlake/pkg/query"
)

// duckdbSQL is a bound plan as one statement of DuckDB, whose rows have the order
// of a sort or limit at the root. Each operator is a SELECT over its inputs, which
// it calls q, or l and r.
func duckdbSQL(n *query.Bound) string {
	switch node := n.Node.(type) {
	case query.Scan:
		return scanSQL(n, node)
	case query.Filter:
		return "SELECT * FROM " + inputSQL(n, 0, "q") + " WHERE " + exprSQL(node.If)
	case query.Project:
		return "SELECT " + outputsSQL(node.Cols) + " FROM " + inputSQL(n, 0, "q")
	case query.Aggregate:
		return aggregateSQL(n, node)
	case query.Union:
		parts := make([]string, len(n.Inputs))
		for i := range parts {
			parts[i] = "SELECT * FROM " + inputSQL(n, i, "q")
		}
		return strings.Join(parts, " UNION ALL ")
	case query.Join:
		return joinSQL(n, node)
	case query.Window:
		return windowSQL(n, node)
	case query.Sort:
		return "SELECT * FROM " + inputSQL(n, 0, "q") + " ORDER BY " + totalOrderSQL(node.Keys, n.Cols)
	case query.Limit:
		if _, ok := n.Inputs[0].Node.(query.Sort); ok {
			return duckdbSQL(n.Inputs[0]) + fmt.Sprintf(" LIMIT %d", node.N)
		}
		return "SELECT * FROM " + inputSQL(n, 0, "q") + fmt.Sprintf(" LIMIT %d", node.N)
	}
	panic(fmt.Sprintf("%T", n.Node))
}

func inputSQL(n *query.Bound, i int, as string) string {
	return "(" + duckdbSQL(n.Inputs[i]) + ") AS " + as
}

func nameSQL(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

func stringSQL(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

// scanSQL names columns as plans do: a field of a struct or a key of a map is a
// column whose name has dots.
func scanSQL(n *query.Bound, s query.Scan) string {
	cols := []string{`1 AS "-"`} // a SELECT has at least one column
	for i, c := range n.Cols {
		cols = append(cols, sourceSQL(n.Sources[i], c)+" AS "+nameSQL(c.Name()))
	}
	return "SELECT " + strings.Join(cols, ", ") + " FROM " + nameSQL(s.Table)
}

func sourceSQL(src query.Source, c query.BoundCol) string {
	if src.Path == nil {
		return "CAST(NULL AS " + kindSQL(c.Type.Kind) + ")"
	}
	x := nameSQL(src.Path[0])
	for _, field := range src.Path[1:] {
		x = "struct_extract(" + x + ", " + stringSQL(field) + ")"
	}
	if src.Key != nil {
		x += "[" + stringSQL(*src.Key) + "]"
	}
	return x
}

func outputsSQL(outputs []query.Output) string {
	parts := make([]string, len(outputs))
	for i, o := range outputs {
		parts[i] = exprSQL(o.Expr) + " AS " + nameSQL(o.Name)
	}
	return strings.Join(parts, ", ")
}

func aggregateSQL(n *query.Bound, a query.Aggregate) string {
	var cols, places []string
	for i, by := range a.By {
		cols = append(cols, exprSQL(by.Expr)+" AS "+nameSQL(by.Name))
		places = append(places, fmt.Sprint(i+1))
	}
	for _, agg := range a.Aggs {
		cols = append(cols, aggSQL(agg)+" AS "+nameSQL(agg.Name))
	}
	s := "SELECT " + strings.Join(cols, ", ") + " FROM " + inputSQL(n, 0, "q")
	if len(places) > 0 {
		s += " GROUP BY " + strings.Join(places, ", ")
	}
	return s
}

func aggSQL(a query.Agg) string {
	arg := "*"
	if a.Arg != nil {
		arg = exprSQL(a.Arg)
	}
	var where []string
	if a.Where != nil {
		where = append(where, exprSQL(a.Where))
	}
	var s string
	switch a.Func {
	case query.CountDistinct:
		s = "count(DISTINCT " + arg + ")"
	case query.Percentile:
		s = fmt.Sprintf("quantile_disc(%s, %v)", arg, a.P)
	case query.ArgMin, query.ArgMax:
		by := exprSQL(a.By)
		direction := "ASC"
		if a.Func == query.ArgMax {
			direction = "DESC"
		}
		s = fmt.Sprintf("first(%s ORDER BY %s %s, %s ASC NULLS FIRST)", arg, by, direction, arg)
		where = append(where, by+" IS NOT NULL")
	default:
		s = a.Func.String() + "(" + arg + ")"
	}
	if len(where) > 0 {
		s += " FILTER (WHERE (" + strings.Join(where, ") AND (") + "))"
	}
	if a.Func == query.Sum {
		s = "CAST(" + s + " AS BIGINT)"
	}
	return s
}

func joinSQL(n *query.Bound, j query.Join) string {
	on := make([]string, len(j.LKeys))
	for i := range on {
		on[i] = "l." + nameSQL(j.LKeys[i]) + " = r." + nameSQL(j.RKeys[i])
	}
	cols := []string{"l.*"}
	for _, i := range n.Right {
		cols = append(cols, "r."+nameSQL(n.Inputs[1].Cols[i].Name()))
	}
	kind := map[query.JoinKind]string{query.Inner: "JOIN", query.Left: "LEFT JOIN", query.Anti: "ANTI JOIN"}[j.Kind]
	return "SELECT " + strings.Join(cols, ", ") + " FROM " + inputSQL(n, 0, "l") + " " + kind + " " + inputSQL(n, 1, "r") +
		" ON " + strings.Join(on, " AND ")
}

func windowSQL(n *query.Bound, w query.Window) string {
	arg := ""
	if w.Arg != nil {
		arg = exprSQL(w.Arg)
	}
	over := "ORDER BY " + totalOrderSQL(w.Order, n.Inputs[0].Cols)
	function := w.Func.String() + "(" + arg + ")"
	if w.Func == query.CountRange || w.Func == query.SumRange {
		from := "UNBOUNDED"
		if w.Within > 0 {
			from = fmt.Sprintf("to_microseconds(%d)", w.Within.Microseconds())
		}
		over = "ORDER BY " + keysSQL(w.Order) + " RANGE BETWEEN " + from + " PRECEDING AND CURRENT ROW"
		if arg == "" {
			function = "count(*)"
		}
	}
	if len(w.Partition) > 0 {
		over = "PARTITION BY " + exprsSQL(w.Partition) + " " + over
	}
	column := function + " OVER (" + over + ")"
	if w.Func == query.SumRange {
		column = "CAST(" + column + " AS BIGINT)"
	}
	return "SELECT q.*, " + column + " AS " + nameSQL(w.Name) + " FROM " + inputSQL(n, 0, "q")
}

func keysSQL(keys []query.SortKey) string {
	parts := make([]string, len(keys))
	for i, k := range keys {
		parts[i] = "(" + exprSQL(k.By) + ")"
		if c, ok := k.By.(query.Const); ok { // a bare one is refused, or the number of a column
			parts[i] = "CAST(" + parts[i] + " AS " + kindSQL(c.Value.Kind) + ")"
		}
		if k.Desc {
			parts[i] += " DESC"
		}
		parts[i] += " NULLS FIRST"
	}
	return strings.Join(parts, ", ")
}

// totalOrderSQL is the order of a sort: rows with equal keys by their columns.
func totalOrderSQL(keys []query.SortKey, cols []query.BoundCol) string {
	keys = slices.Clone(keys)
	for _, c := range cols {
		keys = append(keys, query.SortKey{By: query.Name(c.Path...)})
	}
	return keysSQL(keys)
}
