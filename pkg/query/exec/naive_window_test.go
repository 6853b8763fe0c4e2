package exec_test

import (
	"fmt"
	"maps"
	"slices"

	"github.com/auditlake/auditlake/pkg/query"
)

// naiveWindow looks at all sorted rows for each of them.
func naiveWindow(n query.Window, in []row) (out []row) {
	for i, r := range in {
		var number, count, rank int64
		var before, after []any // the nearest last, and first
		var sum any
		lesser := map[string]bool{}
		for j, o := range in {
			together := true
			for _, e := range n.Partition {
				together = together && naiveCompare(naiveEval(e, r), naiveEval(e, o)) == 0
			}
			if !together {
				continue
			}
			var arg any = int64(1)
			if n.Arg != nil {
				arg = naiveEval(n.Arg, o)
			}
			switch {
			case j < i:
				number++
				before = append(before, arg)
			case j > i:
				after = append(after, arg)
			}
			if naiveKeys(n.Order, o, r) < 0 {
				rank++
				key := ""
				for _, k := range n.Order {
					key += fmt.Sprintf("%#v ", naiveEval(k.By, o))
				}
				lesser[key] = true
			}
			if naiveInFrame(n, r, o) && arg != nil {
				count++
				if n.Func == query.SumRange {
					total, _ := sum.(int64)
					sum = total + arg.(int64)
				}
			}
		}
		added := maps.Clone(r)
		slices.Reverse(before)
		away := func(of []any) any {
			if i := max(int(n.Offset), 1) - 1; i < len(of) {
				return of[i]
			}
			if n.Default != nil {
				return naiveEval(n.Default, r)
			}
			return nil
		}
		added[n.Name] = [...]any{number + 1, away(before), away(after), count, sum, rank + 1, int64(len(lesser)) + 1}[n.Func]
		out = append(out, added)
	}
	return out
}

func naiveInFrame(n query.Window, r, o row) bool {
	if n.Within == 0 {
		return naiveKeys(n.Order, o, r) <= 0
	}
	x, y := naiveEval(n.Order[0].By, r), naiveEval(n.Order[0].By, o)
	if x == nil || y == nil {
		return x == nil && y == nil
	}
	d := x.(int64) - y.(int64)
	return d >= 0 && d <= n.Within.Microseconds()
}
