package sqlite

import (
	"database/sql/driver"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"modernc.org/sqlite/vtab"

	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/query"
	"github.com/auditlake/auditlake/pkg/query/sql"
)

// module makes the virtual tables: USING lake(run, input).
type module struct{ engine *engine }

// Create is Connect: there is nothing to make.
func (m module) Create(c vtab.Context, args []string) (vtab.Table, error) { return m.Connect(c, args) }

// Connect is an input of a run.
func (m module) Connect(c vtab.Context, args []string) (_ vtab.Table, err error) {
	if len(args) != 5 {
		return nil, fmt.Errorf("a table of the lake is made of two numbers")
	}
	id, err := strconv.ParseInt(args[3], 10, 64)
	if err != nil {
		return nil, err
	}
	n, err := strconv.Atoi(args[4])
	if err != nil {
		return nil, err
	}
	r, err := m.engine.find(id)
	if err != nil {
		return nil, err
	}
	defer r.guard(&err)
	in := r.query.made.Inputs[n]
	names := make([]string, max(len(in.Columns), 1))
	for i := range names {
		names[i] = fmt.Sprintf("c%d", i)
	}
	if err := c.Declare("CREATE TABLE x(" + strings.Join(names, ", ") + ")"); err != nil {
		return nil, err
	}
	return &table{run: r, input: in, whole: in.Numbered || in.Holds(), again: map[string]*repeated{}}, nil
}

// table is an input as a virtual table.
type table struct {
	run   *run
	input *sql.Input
	whole bool                 // it is read at once, with all columns
	all   *columnar.Batch      // then, when it was read
	again map[string]*repeated // by access
}

// operators are the constraints that go into a plan, by what an access calls them.
var operators = map[vtab.ConstraintOp]byte{
	vtab.OpEQ: '=', vtab.OpGT: '>', vtab.OpGE: 'g', vtab.OpLT: '<', vtab.OpLE: 'l', vtab.OpIS: 'i', vtab.OpISNULL: 'n',
}

// BestIndex takes what columns are compared with. SQLite still checks it.
//
// The access is told to the cursor as text: the columns that are used as bits, and the
// constraints, such as "5 =0 >2".
func (t *table) BestIndex(info *vtab.IndexInfo) (err error) {
	defer t.run.guard(&err)
	access := []string{strconv.FormatUint(info.ColUsed, 16)}
	cost, rows := 1e6, 1e6
	for i, c := range info.Constraints {
		op, ok := operators[c.Op]
		if !ok || !c.Usable || c.Column < 0 || c.Column >= len(t.input.Columns) || t.input.Columns[c.Column].Kind >= columnar.Binary {
			continue
		}
		info.Constraints[i].ArgIndex = len(access) - 1
		access = append(access, fmt.Sprintf("%c%d", op, c.Column))
		switch op {
		case '=', 'i', 'n':
			cost, rows = min(cost, 1e3), min(rows, 1e2)
		default:
			cost, rows = cost/2, rows/2
		}
	}
	info.IdxStr = strings.Join(access, " ")
	info.EstimatedCost, info.EstimatedRows = cost, int64(rows)
	return nil
}

// Open is a cursor on the table.
func (t *table) Open() (vtab.Cursor, error) { return &cursor{table: t}, nil }

// Disconnect has nothing to give back.
func (t *table) Disconnect() error { return nil }

// Destroy is Disconnect.
func (t *table) Destroy() error { return nil }

// access is how SQLite reads a table: with some columns, and constraints on others.
type access struct {
	columns     []int // ascending, with those of the constraints
	constraints []constraint
}

type constraint struct {
	op     byte
	column int
}

func (t *table) access(text string) (access, error) {
	var a access
	for i, word := range strings.Fields(text) {
		if i == 0 {
			bits, err := strconv.ParseUint(word, 16, 64)
			if err != nil {
				return a, fmt.Errorf("access %q: %w", text, err)
			}
			for c := range t.input.Columns {
				if bits>>min(c, 63)&1 != 0 { // the last bit is for all that follow
					a.columns = append(a.columns, c)
				}
			}
			continue
		}
		n, err := strconv.Atoi(word[1:])
		if err != nil {
			return a, fmt.Errorf("access %q: %w", text, err)
		}
		a.constraints = append(a.constraints, constraint{word[0], n})
		if !slices.Contains(a.columns, n) {
			a.columns = append(a.columns, n)
		}
	}
	slices.Sort(a.columns)
	return a, nil
}

// conditions are constraints as predicates. None reports that no row can meet them;
// what no predicate says is left to SQLite.
func (t *table) conditions(of []constraint, values []driver.Value) (out []query.Expr, none bool) {
	for i, c := range of {
		col := t.input.Columns[c.column]
		x := col.Expr
		if c.op == 'n' || c.op == 'i' && values[i] == nil {
			out = append(out, query.IsNull{X: x})
			continue
		}
		if values[i] == nil {
			return nil, true
		}
		var v columnar.Value
		switch value := values[i].(type) {
		case int64:
			if !col.Kind.InInts() && !col.Kind.InFloats() {
				continue
			}
			v = decode(col.Kind, value)
		case float64:
			if !col.Kind.InFloats() {
				continue
			}
			v = decode(col.Kind, value)
		case string:
			if col.Kind != columnar.String {
				continue
			}
			v = columnar.StringValue(strings.Clone(value))
		default:
			continue
		}
		op := map[byte]query.Op{
			'=': query.Equal, 'i': query.Equal, '>': query.Greater, 'g': query.GreaterEqual, '<': query.Less, 'l': query.LessEqual,
		}[c.op]
		out = append(out, query.Compare{Op: op, L: x, R: query.Const{Value: v}})
	}
	return out, false
}
