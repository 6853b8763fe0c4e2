package query

// Rewrite is an expression with other expressions in the place of its columns.
func Rewrite(e Expr, column func(Col) Expr) Expr {
	one := func(x Expr) Expr {
		if x == nil {
			return nil
		}
		return Rewrite(x, column)
	}
	all := func(x []Expr) []Expr {
		out := make([]Expr, len(x))
		for i := range x {
			out[i] = Rewrite(x[i], column)
		}
		return out
	}
	switch e := e.(type) {
	case Col:
		return column(e)
	case Compare:
		return Compare{e.Op, one(e.L), one(e.R)}
	case And:
		return And{all(e.X)}
	case Or:
		return Or{all(e.X)}
	case Not:
		return Not{one(e.X)}
	case In:
		return In{one(e.X), e.List}
	case DistinctFromAll:
		return DistinctFromAll{one(e.X), e.List}
	case Distinct:
		return Distinct{one(e.L), one(e.R)}
	case Between:
		return Between{one(e.X), one(e.Lo), one(e.Hi)}
	case Like:
		return Like{one(e.X), e.Pattern}
	case Match:
		return Match{one(e.X), e.Pattern}
	case Search:
		return Search{all(e.X), e.Text}
	case IsNull:
		return IsNull{one(e.X)}
	case Coalesce:
		return Coalesce{all(e.X)}
	case Case:
		out := Case{Else: one(e.Else)}
		for _, w := range e.When {
			out.When = append(out.When, When{one(w.If), one(w.Then)})
		}
		return out
	case Cast:
		return Cast{one(e.X), e.To}
	case Bucket:
		return Bucket{one(e.X), e.Unit, e.Zone}
	case Arith:
		return Arith{e.Op, one(e.L), one(e.R)}
	case Call:
		return Call{e.Func, all(e.Args)}
	}
	return e // a constant
}
