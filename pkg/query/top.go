package query

import "fmt"

// Top asks for the largest groups, each with its row, and one row for all the
// others together.
type Top struct {
	N    int64
	By   []Output // the groups; the first is a string
	Aggs []Agg    // Count, Sum, Min or Max; the first says which groups are large
	// Other is what the first of By reads as in the row of the others, where the
	// rest of By is null. "" is other. A group may have that name, too: it has a
	// row of its own, in which IsOther is false.
	Other string
}

// IsOther is the boolean column, the last one, that is true in the row of the
// others.
const IsOther = "is_other"

// topRank is the place of a group, until the others are put together.
const topRank = "top rank"

// Top is the largest groups of the rows, in order, and after them the row of the
// others if there are any. Of groups of the same size those come first whose By
// values do, strings by bytes. A group without a size, whose sum is null, is
// smaller than all.
func (p Plan) Top(t Top) (Plan, error) {
	if t.N < 0 || len(t.By) == 0 || len(t.Aggs) == 0 {
		return Plan{}, fmt.Errorf("top %d needs groups and an aggregate", t.N)
	}
	if t.Other == "" {
		t.Other = "other"
	}
	order := []SortKey{{By: IsNull{Name(t.Aggs[0].Name)}}, Desc(t.Aggs[0].Name)}
	rest := Name(IsOther)
	groups := []Output{
		As(t.By[0].Name, Case{When: []When{{rest, Str(t.Other)}}, Else: Name(t.By[0].Name)}),
	}
	for _, by := range t.By[1:] {
		groups = append(groups, As(by.Name, Case{When: []When{{Not{rest}, Name(by.Name)}}}))
	}
	groups = append(groups, As(IsOther, rest))
	ranked := p.Aggregate(t.By, t.Aggs...).Window(Window{Name: topRank, Func: RowNumber, Order: order})
	var marked, shown []Output
	for _, by := range t.By {
		marked, shown = append(marked, As(by.Name, Name(by.Name))), append(shown, As(by.Name, Name(by.Name)))
	}
	marked = append(marked, As(IsOther, Compare{Greater, Name(topRank), Int(t.N)}))
	var together []Agg
	for _, a := range t.Aggs {
		marked, shown = append(marked, As(a.Name, Name(a.Name))), append(shown, As(a.Name, Name(a.Name)))
		sum := Agg{Name: a.Name, Func: a.Func, Arg: Name(a.Name)}
		switch a.Func {
		case Count:
			sum.Func = Sum
		case Sum, Min, Max:
		default:
			return Plan{}, fmt.Errorf("%s: the others of a top have a count, sum, min or max together", a)
		}
		together = append(together, sum)
	}
	shown = append(shown, As(IsOther, rest))
	return ranked.
		Project(marked...).
		Aggregate(groups, together...).
		Project(shown...).
		Sort(append([]SortKey{Asc(IsOther)}, order...)...), nil
}
