package query

import "github.com/auditlake/auditlake/pkg/columnar"

// Scope is the rows a data source may show at all.
type Scope struct {
	// Workspaces are the ids whose events may be seen; 0 is the account level.
	// Nil is no restriction, an empty list allows nothing.
	Workspaces []int64
}

// Restrict puts the scope on every scan of the plan, directly above it, so that
// no operator ever sees another row. A table without a workspaceId column, such
// as runs, has no visible rows under a restriction.
func Restrict(p Plan, scope Scope) Plan {
	if scope.Workspaces == nil {
		return p
	}
	list := make([]columnar.Value, len(scope.Workspaces))
	for i, w := range scope.Workspaces {
		list[i] = columnar.IntValue(columnar.Long, w)
	}
	visible := In{Column(columnar.Long, "workspaceId"), list}
	return Plan{Transform(p.Root, func(n Node) Node {
		if _, ok := n.(Scan); ok {
			return Filter{n, visible}
		}
		return n
	})}
}
