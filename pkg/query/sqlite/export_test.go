package sqlite

import (
	"context"

	"github.com/auditlake/auditlake/pkg/query"
	"github.com/auditlake/auditlake/pkg/query/sql"
)

// PrepareAlone is Prepare without plans for parts of the statement.
func PrepareAlone(ctx context.Context, catalog query.Catalog, s *sql.Statement, b sql.Binding) (*Query, error) {
	tables := &pinned{Catalog: catalog, found: map[string]pin{}}
	tell := tables.tell(ctx)
	tell.Schema = nil
	return over(ctx, tables, tell, s, b, nil)
}
