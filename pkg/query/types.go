package query

import (
	"fmt"
	"strings"

	"github.com/auditlake/auditlake/pkg/columnar"
)

// BoundCol is one column of the rows between two operators.
type BoundCol struct {
	Path []string // as plans refer to it
	Type columnar.Type
}

// Name is the path as text.
func (c BoundCol) Name() string {
	if len(c.Path) == 1 {
		return c.Path[0]
	}
	return Col{Path: c.Path}.String()
}

// family is what can be compared with each other.
func family(k columnar.Kind) int {
	switch k {
	case columnar.Byte, columnar.Short, columnar.Integer, columnar.Long:
		return int(columnar.Long)
	case columnar.Float, columnar.Double:
		return int(columnar.Double)
	}
	return int(k)
}

// scalar is what expressions can use. A decimal is text without the order of
// numbers: it is shown, tested for null and cast, no more.
func scalar(k columnar.Kind) bool {
	return k > columnar.Invalid && k < columnar.Struct && k != columnar.Decimal
}

// TypeOf is the type of an expression over rows of these columns. A Kind of
// Invalid is that of NULL. An error says what does not fit.
func TypeOf(e Expr, cols []BoundCol) (columnar.Type, error) {
	if c, ok := e.(Col); ok {
		i := FindColumn(cols, c.Path)
		if i < 0 {
			names := make([]string, len(cols))
			for j := range cols {
				names[j] = cols[j].Name()
			}
			return columnar.Type{}, fmt.Errorf("no column %s%s", c, DidYouMean(strings.Join(c.Path, "."), names))
		}
		t := cols[i].Type
		if c.Kind != columnar.Invalid && family(c.Kind) != family(t.Kind) {
			return columnar.Type{}, fmt.Errorf("column %s is %s, not %s", c, t, c.Kind)
		}
		return t, nil
	}
	x := e.operands()
	types := make([]columnar.Kind, len(x))
	for i := range x {
		t, err := TypeOf(x[i], cols)
		if err != nil {
			return columnar.Type{}, err
		}
		if !scalar(t.Kind) && t.Kind != columnar.Invalid {
			if _, search := e.(Search); search {
				if err := searched(x[i], t); err != nil {
					return columnar.Type{}, err
				}
				types[i] = columnar.String
				continue
			}
			_, null := e.(IsNull)
			_, cast := e.(Cast)
			switch {
			case null, cast && t.Kind == columnar.Decimal:
			case t.Kind == columnar.Decimal:
				return columnar.Type{}, fmt.Errorf("%s is %s, which cannot be used in %s: cast it to double or string", x[i], t, e)
			default:
				return columnar.Type{}, fmt.Errorf("%s is %s, which cannot be used in %s: name a field of it", x[i], t, e)
			}
		}
		types[i] = t.Kind
	}
	k, err := kindOf(e, x, types)
	return columnar.Of(k), err
}

// FindColumn is the index of the column at the path, or -1.
func FindColumn(cols []BoundCol, path []string) int {
next:
	for i := range cols {
		if len(cols[i].Path) != len(path) {
			continue
		}
		for j := range path {
			if cols[i].Path[j] != path[j] {
				continue next
			}
		}
		return i
	}
	return -1
}

func kindOf(e Expr, x []Expr, kinds []columnar.Kind) (columnar.Kind, error) {
	// want checks that operand i may be used as kind k.
	want := func(i int, k columnar.Kind) error {
		if kinds[i] != columnar.Invalid && family(kinds[i]) != family(k) {
			return fmt.Errorf("%s is %s, not %s, in %s", x[i], kinds[i], k, e)
		}
		return nil
	}
	all := func(k columnar.Kind) error {
		for i := range x {
			if err := want(i, k); err != nil {
				return err
			}
		}
		return nil
	}
	// same is the one kind that the operands have.
	same := func(operands ...int) (columnar.Kind, error) {
		var k columnar.Kind
		first := -1
		for _, i := range operands {
			switch {
			case kinds[i] == columnar.Invalid:
			case k == columnar.Invalid:
				k, first = kinds[i], i
			case family(k) != family(kinds[i]):
				return 0, fmt.Errorf("%s is %s and %s is %s: cannot be put together in %s; cast one of them", x[first], k, x[i], kinds[i], e)
			}
		}
		return k, nil
	}
	listed := func(values []columnar.Value) error {
		for _, v := range values {
			if v.Kind != columnar.Invalid && kinds[0] != columnar.Invalid && family(v.Kind) != family(kinds[0]) {
				return fmt.Errorf("%s is %s and %s is %s: cannot be put together in %s; cast one of them", x[0], kinds[0], ValueText(v), v.Kind, e)
			}
		}
		return nil
	}
	indices := make([]int, len(x))
	for i := range x {
		indices[i] = i
	}
	switch e := e.(type) {
	case Const:
		return e.Value.Kind, nil
	case Compare, Distinct, Between:
		_, err := same(indices...)
		return columnar.Boolean, err
	case And, Or, Not:
		return columnar.Boolean, all(columnar.Boolean)
	case In:
		return columnar.Boolean, listed(e.List)
	case DistinctFromAll:
		return columnar.Boolean, listed(e.List)
	case Like:
		if strings.HasSuffix(strings.ReplaceAll(e.Pattern, `\\`, ""), `\`) {
			return 0, fmt.Errorf("pattern of %s ends in an escape without a character", e)
		}
		return columnar.Boolean, want(0, columnar.String)
	case Match:
		if _, err := CompileRegexp(e.Pattern, nil); err != nil {
			return 0, fmt.Errorf("regular expression of %s: %w", e, err)
		}
		return columnar.Boolean, want(0, columnar.String)
	case IsNull:
		return columnar.Boolean, nil
	case Search:
		return columnar.Boolean, all(columnar.String)
	case Coalesce:
		if len(x) == 0 {
			return 0, fmt.Errorf("coalesce of nothing")
		}
		return same(indices...)
	case Case:
		var branches []int
		for i := range e.When {
			if err := want(2*i, columnar.Boolean); err != nil {
				return 0, err
			}
			branches = append(branches, 2*i+1)
		}
		if e.Else != nil {
			branches = append(branches, len(x)-1)
		}
		return same(branches...)
	case Cast:
		if !CanCast(kinds[0], e.To) {
			return 0, fmt.Errorf("%s is %s and cannot be cast to %s", x[0], kinds[0], e.To)
		}
		return e.To, nil
	case Call:
		f, _, err := e.resolve(kinds, nil)
		return f.Result, err
	case Bucket:
		if _, err := NewBucketing(e.Unit, e.Zone); err != nil {
			return 0, err
		}
		return columnar.Timestamp, want(0, columnar.Timestamp)
	case Arith:
		return kindOfArith(e, kinds[0], kinds[1])
	}
	return 0, fmt.Errorf("expression %T is not known", e)
}

// kindOfArith is the kind of an arithmetic expression whose sides have the kinds
// l and r, of which either may be that of NULL.
func kindOfArith(e Arith, l, r columnar.Kind) (columnar.Kind, error) {
	if l == columnar.Timestamp || r == columnar.Timestamp {
		number := r == columnar.Invalid && e.Op == Add || family(r) == int(columnar.Long) || family(r) == int(columnar.Double)
		switch {
		case number && l == columnar.Timestamp && (e.Op == Add || e.Op == Sub):
			return columnar.Timestamp, nil
		case e.Op == Sub && (l == r || l == columnar.Invalid || r == columnar.Invalid):
			return columnar.Double, nil
		}
		return 0, fmt.Errorf("%s: a timestamp can have seconds added or taken off, and two have a difference", e)
	}
	k := columnar.Long
	if e.Op == Div {
		k = columnar.Double
	}
	for _, side := range []struct {
		x    Expr
		kind columnar.Kind
	}{{e.L, l}, {e.R, r}} {
		switch columnar.Kind(family(side.kind)) {
		case columnar.Invalid, columnar.Long:
		case columnar.Double:
			k = columnar.Double
		default:
			return 0, fmt.Errorf("%s is %s, not a number, in %s", side.x, side.kind, e)
		}
	}
	return k, nil
}

// CanCast reports whether there is a cast between two kinds.
func CanCast(from, to columnar.Kind) bool {
	if from == columnar.Invalid {
		return scalar(to)
	}
	if from == columnar.Decimal {
		return to == columnar.String || to == columnar.Double
	}
	if family(from) == family(to) {
		return true
	}
	switch to {
	case columnar.String:
		return from != columnar.Binary
	case columnar.Long:
		return from == columnar.String || family(from) == int(columnar.Double)
	case columnar.Double:
		return from == columnar.String || family(from) == int(columnar.Long)
	case columnar.Boolean:
		return from == columnar.String
	case columnar.Date:
		return from == columnar.String || from == columnar.Timestamp || from == columnar.TimestampNTZ
	case columnar.Timestamp: // of a clock without a zone: as if it were UTC
		return from == columnar.String || from == columnar.Date || from == columnar.TimestampNTZ
	}
	return false
}
