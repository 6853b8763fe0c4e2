package sql

import (
	"maps"
	"slices"
	"strings"

	"github.com/auditlake/auditlake/pkg/query"
)

// FunctionKind is where a function may stand.
type FunctionKind string

// The kinds of functions.
const (
	OfRow    FunctionKind = "function"
	OfGroup  FunctionKind = "aggregate"
	OfWindow FunctionKind = "window" // with OVER
)

// Function is one function of the dialect, for who writes a statement.
type Function struct {
	Name string
	// Signature is how it is written, such as round(double[, long]); several have a
	// line each.
	Signature string
	Doc       string // one line
	Kind      FunctionKind
}

// Functions are all functions under all of their names, by name.
func Functions() []Function {
	byName := map[string]*Function{}
	add := func(name, signature, doc string, kind FunctionKind) {
		key := name + " " + string(kind)
		if f := byName[key]; f != nil {
			f.Signature += "\n" + signature
			return
		}
		byName[key] = &Function{name, signature, doc, kind}
	}
	spelled := map[string]bool{}
	for _, f := range forms() {
		if spelled[f.name] = true; f.doc != "" {
			add(f.name, f.name+"("+f.args+")", f.doc, OfRow)
		}
	}
	for _, f := range query.Functions() {
		if !spelled[f.Name] {
			add(f.Name, strings.ReplaceAll(f.String(), "const ", ""), f.Doc, OfRow)
		}
	}
	for name, of := range synonyms {
		if f := byName[of+" "+string(OfRow)]; f != nil && !spelled[name] {
			add(name, strings.ReplaceAll(f.Signature, of+"(", name+"("), "as "+of, OfRow)
		}
	}
	for _, f := range aggregates {
		add(f.name, f.name+"("+f.args+")", f.doc, OfGroup)
	}
	add("split", "split(x, separator)[i]", "part of a text, from 0", OfRow)
	add("cast", "cast(x as type)", "x as string, bigint, double, boolean, date or timestamp, null where it cannot be; also x::type", OfRow)
	add("try_cast", "try_cast(x as type)", "as cast", OfRow)
	add("extract", "extract(unit from x)", "part of a time", OfRow)
	add("row_number", "row_number() over (partition by x order by y)", "number of a row among those of its partition, from 1", OfWindow)
	add("lag", "lag(x) over (partition by y order by z)", "x of the row before, null for the first", OfWindow)
	add("lead", "lead(x) over (partition by y order by z)", "x of the row after, null for the last", OfWindow)
	add("count", "count(*) over (partition by x order by y range between interval 1 hour preceding and current row)", "rows up to this one, within a time or all", OfWindow)
	add("sum", "sum(x) over (partition by y order by z range between interval 1 hour preceding and current row)", "sum up to this row, within a time or all", OfWindow)
	out := make([]Function, 0, len(byName))
	for _, key := range slices.Sorted(maps.Keys(byName)) {
		out = append(out, *byName[key])
	}
	return out
}
