package query

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/auditlake/auditlake/pkg/columnar"
)

// Bound is an operator whose columns have been found and whose types fit.
type Bound struct {
	Node   Node
	Cols   []BoundCol // of the rows it gives
	Inputs []*Bound

	// Of a Scan: the table, nil if the lake does not have it, and where each of
	// Cols is in it.
	Table   Table
	Version Version // of Table
	Sources []Source

	// Of a Join: which columns of the right are in Cols, after those of the left.
	Right []int
}

// Source is where a column of a scan is in its table: the value at Path through
// structs, and if Key is not nil the value of that key in the map there. A nil
// Path is a column that the table does not have: null.
type Source struct {
	Path []string
	Key  *string
}

// Schema is the columns that a bound plan gives.
func (b *Bound) Schema() columnar.Schema {
	out := make(columnar.Schema, len(b.Cols))
	for i, c := range b.Cols {
		out[i] = columnar.Field{Name: c.Name(), Type: c.Type}
	}
	return out
}

// Missing are the tables of the plan that the lake does not have, each once.
func (b *Bound) Missing() []string {
	var out []string
	if s, ok := b.Node.(Scan); ok && b.Table == nil {
		out = append(out, s.Table)
	}
	for _, in := range b.Inputs {
		for _, table := range in.Missing() {
			if !slices.Contains(out, table) {
				out = append(out, table)
			}
		}
	}
	return out
}

// Bind finds the tables and columns of a plan and checks the types. Errors name
// the column, the table and names that look alike.
func Bind(ctx context.Context, catalog Catalog, p Plan) (*Bound, error) {
	if p.Root == nil {
		return nil, errors.New("plan is empty")
	}
	if err := named(p.Root); err != nil {
		return nil, fmt.Errorf("plan has no columns: %w", err)
	}
	return bind(ctx, catalog, p.Root, nil)
}

// named checks that an operator has columns with names, in an order.
func named(n Node) error {
	for !closes(n) {
		in := n.Inputs()
		if len(in) == 0 {
			return fmt.Errorf("%s needs a project or aggregate above it", n.line())
		}
		n = in[0]
	}
	return nil
}

// PlanError is why the tables cannot answer a plan: a column that does not exist,
// or one of a kind that does not suit.
type PlanError struct{ why error }

func (e *PlanError) Error() string { return e.why.Error() }

// Unwrap gives the reason.
func (e *PlanError) Unwrap() error { return e.why }

func planErrorf(format string, args ...any) error { return &PlanError{fmt.Errorf(format, args...)} }

func bind(ctx context.Context, catalog Catalog, n Node, above []Col) (*Bound, error) {
	if s, ok := n.(Scan); ok {
		return bindScan(ctx, catalog, s, above)
	}
	b := &Bound{Node: n}
	for _, in := range n.Inputs() {
		bi, err := bind(ctx, catalog, in, inputNeeds(n, above))
		if err != nil {
			return nil, err
		}
		b.Inputs = append(b.Inputs, bi)
	}
	if err := b.derive(); err != nil {
		if i := slices.IndexFunc(b.Missing(), IsLookup); i >= 0 {
			return nil, planErrorf("%w: table %s, whose columns have no types before there is one: write lookups/%s.csv, or cast them: %w",
				ErrNoTable, b.Missing()[i], strings.TrimPrefix(b.Missing()[i], Lookups), err)
		}
		return nil, planErrorf("%s of %s: %w", strings.SplitN(n.line(), " ", 2)[0], strings.Join(Plan{n}.Tables(), ", "), err)
	}
	return b, nil
}

// derive checks an operator over its bound inputs and sets its columns.
func (b *Bound) derive() error {
	if len(b.Inputs) == 0 {
		return errors.New("no inputs")
	}
	in := b.Inputs[0].Cols
	b.Cols = in
	switch n := b.Node.(type) {
	case Filter:
		return wantBool(n.If, in)
	case Project:
		b.Cols = nil
		return b.name(n.Cols, in, false)
	case Aggregate:
		b.Cols = nil
		if err := b.name(n.By, in, true); err != nil {
			return err
		}
		return b.deriveAggs(n, in)
	case Union:
		for i, other := range b.Inputs[1:] {
			if err := sameColumns(in, other.Cols); err != nil {
				return fmt.Errorf("input %d: %w", i+2, err)
			}
		}
	case Join:
		return b.deriveJoin(n)
	case Window:
		return b.deriveWindow(n, in)
	case Sort:
		if len(n.Keys) == 0 {
			return errors.New("no keys")
		}
		return checkKeys(n.Keys, in)
	case Limit:
		if n.N < 0 {
			return fmt.Errorf("%d rows", n.N)
		}
	}
	return nil
}

// name adds named expressions to the columns. Group keys have scalar types.
func (b *Bound) name(outputs []Output, in []BoundCol, keys bool) error { //nolint:revive // two callers, below each other
	for _, o := range outputs {
		t, err := TypeOf(o.Expr, in)
		if err != nil {
			return err
		}
		if t.Kind == columnar.Invalid {
			return fmt.Errorf("%s has no type: write cast(null as ...)", o.Expr)
		}
		if keys && !scalar(t.Kind) {
			return fmt.Errorf("%s is %s, which rows cannot be grouped by: name a field of it", o.Expr, t)
		}
		if err := b.add(o.Name, t); err != nil {
			return err
		}
	}
	return nil
}

func (b *Bound) add(name string, t columnar.Type) error {
	if FindColumn(b.Cols, []string{name}) >= 0 {
		return fmt.Errorf("column %s occurs twice", quoteName(name))
	}
	b.Cols = append(b.Cols, BoundCol{Path: []string{name}, Type: t})
	return nil
}

func (b *Bound) deriveAggs(n Aggregate, in []BoundCol) error {
	for _, a := range n.Aggs {
		t, err := typeOfAgg(a, in)
		if err != nil {
			return err
		}
		if err := b.add(a.Name, t); err != nil {
			return err
		}
	}
	if len(b.Cols) == 0 {
		return errors.New("neither groups nor aggregates")
	}
	return nil
}

func typeOfAgg(a Agg, in []BoundCol) (columnar.Type, error) {
	fail := func(format string, args ...any) (columnar.Type, error) {
		return columnar.Type{}, fmt.Errorf(format, args...)
	}
	if a.Where != nil {
		if err := wantBool(a.Where, in); err != nil {
			return columnar.Type{}, err
		}
	}
	if a.Arg == nil {
		if a.Func != Count {
			return fail("%s needs an argument", a)
		}
		return columnar.Of(columnar.Long), nil
	}
	arg, err := TypeOf(a.Arg, in)
	if err != nil {
		return columnar.Type{}, err
	}
	if !scalar(arg.Kind) {
		return fail("%s is %s, which %s cannot take", a.Arg, arg, a.Func)
	}
	if (a.By != nil) != (a.Func == ArgMin || a.Func == ArgMax) {
		return fail("%s takes two arguments just for arg_min and arg_max", a)
	}
	number := family(arg.Kind) == int(columnar.Long) || family(arg.Kind) == int(columnar.Double)
	switch a.Func {
	case Count, CountDistinct:
		return columnar.Of(columnar.Long), nil
	case Set:
		return columnar.Of(columnar.String), nil
	case StddevPop, StddevSamp, VarPop, VarSamp:
		if family(arg.Kind) != int(columnar.Double) {
			return fail("%s is %s, not a double, in %s", a.Arg, arg, a)
		}
		return columnar.Of(columnar.Double), nil
	case Sum, Avg, SumDistinct, AvgDistinct:
		if !number {
			return fail("%s is %s, not a number, in %s", a.Arg, arg, a)
		}
		if a.Func == Avg || a.Func == AvgDistinct {
			return columnar.Of(columnar.Double), nil
		}
		return columnar.Of(columnar.Kind(family(arg.Kind))), nil
	case ArgMin, ArgMax:
		by, err := TypeOf(a.By, in)
		if err != nil {
			return columnar.Type{}, err
		}
		if !scalar(by.Kind) {
			return fail("%s is %s, which has no order", a.By, by)
		}
	case Percentile:
		if !(a.P >= 0 && a.P <= 1) {
			return fail("percentile %v is not between 0 and 1", a.P)
		}
	}
	return arg, nil
}

func (b *Bound) deriveJoin(n Join) error {
	l, r := b.Inputs[0], b.Inputs[1]
	if len(n.LKeys) == 0 && n.Network == nil || len(n.LKeys) != len(n.RKeys) {
		return errors.New("needs as many keys on the left as on the right, at least one")
	}
	if w := n.Network; w != nil {
		for _, side := range []struct {
			node Node
			key  string
			cols []BoundCol
		}{{n.L, w.Address, l.Cols}, {n.R, w.Network, r.Cols}} {
			if t, err := keyType(side.node, side.key, side.cols); err != nil {
				return err
			} else if t.Kind != columnar.String {
				return fmt.Errorf("%s is %s: addresses and networks are strings", side.key, t)
			}
		}
	}
	for i := range n.LKeys {
		lt, err := keyType(n.L, n.LKeys[i], l.Cols)
		if err != nil {
			return fmt.Errorf("left: %w", err)
		}
		rt, err := keyType(n.R, n.RKeys[i], r.Cols)
		if err != nil {
			return fmt.Errorf("right: %w", err)
		}
		if family(lt.Kind) != family(rt.Kind) {
			return fmt.Errorf("key %s is %s and key %s is %s: cast one of them below the join", n.LKeys[i], lt, n.RKeys[i], rt)
		}
	}
	b.Cols = append([]BoundCol(nil), l.Cols...)
	b.Right = n.given(r.Cols)
	for _, i := range b.Right {
		if err := b.add(r.Cols[i].Name(), r.Cols[i].Type); err != nil {
			return fmt.Errorf("%w: give the right one another name in a project below the join", err)
		}
	}
	return nil
}

// keyType is the type of a key of a join, which must be one that can be compared.
func keyType(side Node, key string, cols []BoundCol) (columnar.Type, error) {
	if err := named(side); err != nil {
		return columnar.Type{}, err
	}
	if _, err := TypeOf(Compare{Equal, Name(key), Name(key)}, cols); err != nil {
		return columnar.Type{}, err
	}
	return TypeOf(Name(key), cols)
}

func (b *Bound) deriveWindow(n Window, in []BoundCol) error {
	for _, e := range n.Partition {
		t, err := TypeOf(e, in)
		if err != nil {
			return err
		}
		if !scalar(t.Kind) && t.Kind != columnar.Invalid {
			return fmt.Errorf("%s is %s, which rows cannot be parted by: name a field of it", e, t)
		}
	}
	if len(n.Order) == 0 {
		return errors.New("no keys to order by")
	}
	if err := checkKeys(n.Order, in); err != nil {
		return err
	}
	if err := checkWithin(n, in); err != nil {
		return err
	}
	t, err := typeOfWindow(n, in)
	if err != nil {
		return err
	}
	b.Cols = append([]BoundCol(nil), in...)
	return b.add(n.Name, t)
}

func checkWithin(n Window, in []BoundCol) error {
	if n.Within == 0 {
		return nil
	}
	if !n.Func.ranged() || n.Within < 0 || n.Within%time.Microsecond != 0 {
		return fmt.Errorf("within %s: count and sum take a time that is positive, in whole microseconds", n.Within)
	}
	t, err := TypeOf(n.Order[0].By, in)
	if err != nil {
		return err
	}
	if len(n.Order) != 1 || n.Order[0].Desc || t.Kind != columnar.Timestamp {
		return fmt.Errorf("within %s needs one key to order by: a timestamp, ascending", n.Within)
	}
	return nil
}

func typeOfWindow(n Window, in []BoundCol) (columnar.Type, error) {
	long := columnar.Of(columnar.Long)
	if (n.Offset != 0 || n.Default != nil) && n.Func != Lag && n.Func != Lead {
		return long, fmt.Errorf("%s has no rows so far away", n.Func)
	}
	if n.Offset < 0 {
		return long, fmt.Errorf("%s of a row %d away", n.Func, n.Offset)
	}
	if n.Arg == nil {
		if n.Func == Lag || n.Func == Lead || n.Func == SumRange {
			return long, fmt.Errorf("%s needs an argument", n.Func)
		}
		return long, nil
	}
	t, err := TypeOf(n.Arg, in)
	if err != nil {
		return t, err
	}
	switch n.Func {
	case Lag, Lead:
		if t.Kind == columnar.Invalid {
			return t, fmt.Errorf("%s has no type: write cast(null as ...)", n.Arg)
		}
		if n.Default == nil {
			return t, nil
		}
		if d, err := TypeOf(n.Default, in); err != nil || d.Kind != columnar.Invalid && family(d.Kind) != family(t.Kind) {
			return t, cmp.Or(err, fmt.Errorf("%s is %s, and %s is %s", n.Default, d, n.Arg, t))
		}
		return t, nil
	case CountRange:
		return long, nil
	case SumRange:
		if f := columnar.Kind(family(t.Kind)); f == columnar.Long || f == columnar.Double {
			return columnar.Of(f), nil
		}
		return t, fmt.Errorf("%s is %s, not a number, in %s", n.Arg, t, n.Func)
	}
	return t, fmt.Errorf("%s takes no argument", n.Func)
}

func wantBool(e Expr, in []BoundCol) error {
	t, err := TypeOf(e, in)
	if err != nil {
		return err
	}
	if t.Kind != columnar.Boolean && t.Kind != columnar.Invalid {
		return fmt.Errorf("%s is %s, not boolean", e, t)
	}
	return nil
}

func checkKeys(keys []SortKey, in []BoundCol) error {
	for _, k := range keys {
		t, err := TypeOf(k.By, in)
		if err != nil {
			return err
		}
		if !scalar(t.Kind) {
			return fmt.Errorf("%s is %s, which has no order", k.By, t)
		}
	}
	return nil
}

func sameColumns(a, b []BoundCol) error {
	text := func(cols []BoundCol) string {
		parts := make([]string, len(cols))
		for i, c := range cols {
			parts[i] = c.Name() + " " + c.Type.String()
		}
		return strings.Join(parts, ", ")
	}
	if ta, tb := text(a), text(b); ta != tb {
		return fmt.Errorf("columns (%s) are not those of input 1 (%s)", tb, ta)
	}
	return nil
}

func bindScan(ctx context.Context, catalog Catalog, s Scan, needs []Col) (*Bound, error) {
	table, err := catalog.Table(ctx, s.Table)
	missing := errors.Is(err, ErrNoTable)
	if err != nil && !missing {
		return nil, fmt.Errorf("open table %s: %w", s.Table, err)
	}
	b := &Bound{Node: s}
	var schema columnar.Schema
	if !missing {
		b.Table, b.Version, schema = table, table.Version(), table.Schema()
		s.Range = s.Range.within(b.Version.Times)
		b.Node = s
		if !s.Range.IsZero() && schema.IndexFold(TimeColumn) < 0 {
			return nil, planErrorf("table %s has no column %s, so it has no time range", s.Table, TimeColumn)
		}
	}
	if !s.Range.IsZero() {
		needs = append(needs, Column(columnar.Timestamp, TimeColumn))
	}
	for _, c := range needs {
		if missing && IsLookup(s.Table) {
			c.Kind = missingKind(c)
		}
		src, t, err := resolve(schema, c)
		if missing && c.Kind == columnar.Invalid {
			return nil, fmt.Errorf("table %s: %w", s.Table, ErrNoTable)
		}
		if err != nil {
			return nil, planErrorf("table %s: %w", s.Table, err)
		}
		if i := FindColumn(b.Cols, c.Path); i >= 0 {
			if family(b.Cols[i].Type.Kind) != family(t.Kind) {
				return nil, planErrorf("table %s: column %s is used as %s and as %s", s.Table, c, b.Cols[i].Type, t)
			}
			continue
		}
		b.Cols = append(b.Cols, BoundCol{Path: c.Path, Type: t})
		b.Sources = append(b.Sources, src)
	}
	return b, nil
}

// resolve finds a column in the schema of a table. Names are matched exactly,
// else without regard to case; keys of a map exactly.
func resolve(schema columnar.Schema, c Col) (Source, columnar.Type, error) {
	var src Source
	var t columnar.Type
	fields := schema
	for i, name := range c.Path {
		at := fields.Index(name)
		if at < 0 {
			at = fields.IndexFold(name)
		}
		if at < 0 {
			if c.Kind == columnar.Invalid {
				return src, t, fmt.Errorf("no column %s%s", c, DidYouMean(strings.Join(c.Path, "."), leaves(schema, "")))
			}
			if !scalar(c.Kind) {
				return src, t, fmt.Errorf("column %s is missing, and a %s cannot be made up", c, c.Kind)
			}
			return Source{}, columnar.Of(c.Kind), nil
		}
		src.Path = append(src.Path, fields[at].Name)
		t = fields[at].Type
		rest := c.Path[i+1:]
		if len(rest) == 0 {
			break
		}
		switch {
		case t.Kind == columnar.Struct:
			fields = t.Fields
			continue
		case t.Kind == columnar.Map && t.Key.Kind == columnar.String && scalar(t.Elem.Kind):
			key := strings.Join(rest, ".")
			src.Key, t = &key, *t.Elem
		default:
			return src, t, fmt.Errorf("column %s is %s: it has no %s", Col{Path: c.Path[:i+1]}, t, Col{Path: rest})
		}
		break
	}
	if c.Kind != columnar.Invalid && family(c.Kind) != family(t.Kind) {
		return src, t, fmt.Errorf("column %s is %s, not %s", c, t, c.Kind)
	}
	return src, t, nil
}

// leaves are the paths of all columns, for suggestions.
func leaves(schema columnar.Schema, prefix string) []string {
	var out []string
	for _, f := range schema {
		out = append(out, prefix+f.Name)
		if f.Type.Kind == columnar.Struct {
			out = append(out, leaves(f.Type.Fields, prefix+f.Name+".")...)
		}
	}
	return out
}
