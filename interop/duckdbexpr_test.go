//go:build interop

package interop_test

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/query"
)

func kindSQL(k columnar.Kind) string {
	return map[columnar.Kind]string{
		columnar.String: "VARCHAR", columnar.Long: "BIGINT", columnar.Double: "DOUBLE", columnar.Boolean: "BOOLEAN",
		columnar.Timestamp: "TIMESTAMP", columnar.Date: "DATE",
	}[k]
}

func valueSQL(v columnar.Value) string {
	switch v.Kind {
	case columnar.Invalid:
		return "NULL"
	case columnar.String:
		return "CAST(" + stringSQL(string(v.Bytes)) + " AS VARCHAR)" // an order by a bare one is refused
	case columnar.Boolean:
		return strconv.FormatBool(v.Int != 0)
	case columnar.Timestamp:
		return "TIMESTAMP '" + time.UnixMicro(v.Int).UTC().Format("2006-01-02 15:04:05.000000") + "'"
	case columnar.Double:
		return fmt.Sprintf("CAST(%v AS DOUBLE)", v.Float)
	}
	return fmt.Sprintf("CAST(%d AS BIGINT)", v.Int)
}

func exprsSQL(x []query.Expr) string {
	parts := make([]string, len(x))
	for i := range x {
		parts[i] = exprSQL(x[i])
	}
	return strings.Join(parts, ", ")
}

func joinedSQL(x []query.Expr, with, none string) string {
	if len(x) == 0 {
		return none
	}
	parts := make([]string, len(x))
	for i := range x {
		parts[i] = "(" + exprSQL(x[i]) + ")"
	}
	return strings.Join(parts, with)
}

// exprSQL is an expression over the columns of q.
func exprSQL(e query.Expr) string {
	switch e := e.(type) {
	case query.Col:
		return "q." + nameSQL(query.BoundCol{Path: e.Path}.Name())
	case query.Const:
		return valueSQL(e.Value)
	case query.Compare:
		return "(" + exprSQL(e.L) + ") " + e.Op.String() + " (" + exprSQL(e.R) + ")"
	case query.And:
		return joinedSQL(e.X, " AND ", "true")
	case query.Or:
		return joinedSQL(e.X, " OR ", "false")
	case query.Not:
		return "NOT (" + exprSQL(e.X) + ")"
	case query.In:
		equal := make([]query.Expr, len(e.List))
		for i, v := range e.List {
			equal[i] = query.Eq(e.X, query.Const{Value: v})
		}
		return joinedSQL(equal, " OR ", "false")
	case query.DistinctFromAll:
		distinct := make([]query.Expr, len(e.List))
		for i, v := range e.List {
			distinct[i] = query.Distinct{L: e.X, R: query.Const{Value: v}}
		}
		return joinedSQL(distinct, " AND ", "true")
	case query.Distinct:
		return "(" + exprSQL(e.L) + ") IS DISTINCT FROM (" + exprSQL(e.R) + ")"
	case query.Between:
		return "(" + exprSQL(e.X) + ") BETWEEN (" + exprSQL(e.Lo) + ") AND (" + exprSQL(e.Hi) + ")"
	case query.Like:
		return "(" + exprSQL(e.X) + ") LIKE " + stringSQL(e.Pattern) + ` ESCAPE '\'`
	case query.Match:
		return "regexp_matches(" + exprSQL(e.X) + ", " + stringSQL(e.Pattern) + ")"
	case query.Search:
		found := "false"
		for _, x := range e.X {
			found += " OR coalesce(contains(lower(" + exprSQL(x) + "), lower(" + stringSQL(e.Text) + ")), false)"
		}
		return found
	case query.IsNull:
		return "(" + exprSQL(e.X) + ") IS NULL"
	case query.Coalesce:
		return "coalesce(" + exprsSQL(e.X) + ")"
	case query.Case:
		return caseSQL(e)
	case query.Cast:
		return castSQL(e)
	case query.Bucket:
		return bucketSQL(e)
	case query.Arith:
		return arithSQL(e)
	case query.Call:
		return callSQL(e)
	}
	panic(fmt.Sprintf("%T", e))
}

func caseSQL(e query.Case) string {
	var b strings.Builder
	b.WriteString("CASE")
	for _, w := range e.When {
		b.WriteString(" WHEN " + exprSQL(w.If) + " THEN " + exprSQL(w.Then))
	}
	if e.Else != nil {
		b.WriteString(" ELSE " + exprSQL(e.Else))
	}
	return b.String() + " END"
}

// castSQL: DuckDB's own cast of a string takes spaces and fractions.
func castSQL(e query.Cast) string {
	x := exprSQL(e.X)
	cast := "TRY_CAST(" + x + " AS " + kindSQL(e.To) + ")"
	if e.To == columnar.Long && !isNumber(e.X) {
		return "CASE WHEN regexp_full_match(" + x + ", '[+-]?[0-9]+') THEN " + cast + " END"
	}
	return cast
}

// isNumber reports whether what a random plan casts is a long: everything else
// that it casts is a string.
func isNumber(e query.Expr) bool {
	_, null := e.(query.Const)
	return null && e.(query.Const).Value.Kind != columnar.String
}

func bucketSQL(e query.Bucket) string {
	x := exprSQL(e.X)
	if every, err := time.ParseDuration(e.Unit); err == nil {
		return fmt.Sprintf("time_bucket(to_microseconds(%d), %s)", every.Microseconds(), x)
	}
	// DuckDB 1.5 takes date_trunc(null) != constant for true where the constant is
	// not the start of a unit; of a sum it does not think so.
	return "(date_trunc(" + stringSQL(e.Unit) + ", " + x + ") + to_microseconds(0))"
}

func arithSQL(e query.Arith) string {
	l, r := "("+exprSQL(e.L)+")", "("+exprSQL(e.R)+")"
	switch {
	case isTime(e.L) && isTime(e.R):
		return "(epoch_us" + l + " - epoch_us" + r + ") / CAST(1000000 AS DOUBLE)"
	case isTime(e.L):
		return l + " " + e.Op.String() + " to_microseconds(CAST(" + r + " * 1000000 AS BIGINT))"
	case e.Op == query.Div:
		return "CAST(" + l + " AS DOUBLE) / nullif(CAST(" + r + " AS DOUBLE), 0)"
	}
	return "TRY(" + l + " " + e.Op.String() + " " + r + ")"
}

// isTime reports whether an expression of a random plan is a timestamp.
func isTime(e query.Expr) bool {
	switch e := e.(type) {
	case query.Const:
		return e.Value.Kind == columnar.Timestamp
	case query.Col:
		return e.Kind == columnar.Timestamp || e.Kind == columnar.Invalid && strings.Contains(e.Path[0], "at")
	case query.Cast:
		return e.To == columnar.Timestamp
	case query.Bucket:
		return true
	case query.Arith:
		return isTime(e.L) && !isTime(e.R)
	case query.Call:
		return e.Func == "timestamp_millis" || (e.Func == "greatest" || e.Func == "least") && isTime(e.Args[0])
	}
	return false
}

// callSQL is a function. DuckDB has most of them under the same name; where its
// rules at the edges are others, ours are written out.
func callSQL(e query.Call) string {
	a := make([]string, len(e.Args))
	for i, x := range e.Args {
		a[i] = "(" + exprSQL(x) + ")"
	}
	list := strings.Join(a, ", ")
	constant := func(i int) string { return string(e.Args[i].(query.Const).Value.Bytes) }
	switch e.Func {
	case "concat":
		return strings.Join(a, " || ")
	case "contains": // of two nulls DuckDB does not know what they are
		return "contains(CAST(" + a[0] + " AS VARCHAR), CAST(" + a[1] + " AS VARCHAR))"
	case "greatest", "least":
		return "CASE WHEN " + strings.Join(a, " IS NOT NULL AND ") + " IS NOT NULL THEN " + e.Func + "(" + list + ") END"
	case "day_of_week":
		return "isodow" + a[0]
	case "unix_millis":
		return "epoch_ms" + a[0]
	case "lpad", "rpad":
		return e.Func + "(" + a[0] + ", CAST(" + a[1] + " AS INTEGER), " + a[2] + ")"
	case "unix_micros":
		return "epoch_us" + a[0]
	case "unix_timestamp":
		return "CAST(floor(epoch_us" + a[0] + " / 1000000.0) AS BIGINT)"
	case "second":
		return "date_part('second', " + a[0] + ")"
	case "weekday":
		return "(isodow" + a[0] + " - 1)"
	case "dayofweek":
		return "(dayofweek" + a[0] + " + 1)"
	case "mod":
		return "CASE WHEN " + a[1] + " <> 0 THEN " + a[0] + " % " + a[1] + " END"
	case "regexp_replace":
		return "regexp_replace(" + list + ", 'g')"
	case "timestamp_millis":
		return "make_timestamp(" + a[0] + " * 1000)"
	case "date_format":
		format := strings.NewReplacer("%i", "%M", "%s", "%S", "%M", "%B", "%W", "%A", "%T", "%H:%M:%S").Replace(constant(1))
		return "strftime(" + a[0] + ", " + stringSQL(format) + ")"
	case "get_json_object":
		path := strings.NewReplacer("['", `."`, "']", `"`).Replace(constant(1))
		return "CASE WHEN json_valid(" + a[0] + ") THEN json_extract_string(" + a[0] + ", " + stringSQL(path) + ") END"
	case "regexp_extract":
		group := "0"
		if len(a) > 2 {
			group = fmt.Sprint(e.Args[2].(query.Const).Value.Int)
		}
		found := "regexp_extract(" + a[0] + ", " + a[1] + ", " + group + ")"
		if group != "0" { // an empty group is one that took no part; random plans have no others
			found = "nullif(" + found + ", '')"
		}
		return "CASE WHEN regexp_matches(" + a[0] + ", " + a[1] + ") THEN " + found + " END"
	case "split_part":
		within := fmt.Sprintf("%s <> 0 AND abs(%s) <= len(string_split(%s, %s))", a[2], a[2], a[0], a[1])
		whole := fmt.Sprintf("CASE WHEN abs(%s) = 1 THEN %s END", a[2], a[0])
		return fmt.Sprintf("CASE WHEN %s = '' THEN %s WHEN %s THEN split_part(%s, %s, %s) END", a[1], whole, within, a[0], a[1], a[2])
	case "substring":
		if len(a) > 2 {
			a[2] = "greatest(" + a[2] + ", 0)"
		}
		return fmt.Sprintf("CASE WHEN %s = 0 OR %s < -length(%s) THEN left(%s, 0) ELSE substring(%s) END", a[1], a[1], a[0], a[0], strings.Join(a, ", "))
	}
	return e.Func + "(" + list + ")"
}
