package plugin

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/auditlake/auditlake/pkg/query"
	"github.com/auditlake/auditlake/pkg/query/exec"
)

// mostTables is how many tables a message names.
const mostTables = 5

// checkTrino runs a statement and looks which of the lake's tables are registered.
func (c checkup) checkTrino(ctx context.Context) (f finding, err error) {
	if _, _, err := c.trino.Run(ctx, "SELECT 1", nil, exec.Options{}); err != nil {
		return f, err
	}
	there, err := c.trino.Tables(ctx)
	if err != nil {
		return f, err
	}
	names, err := c.tables.Tables(ctx)
	if err != nil {
		return f, err
	}
	var missing []string
	known := 0
	for _, name := range names {
		switch {
		case query.IsLookup(name):
		case slices.Contains(there, strings.ToLower(name)):
			known++
		default:
			missing = append(missing, name)
		}
	}
	at := c.settings.Trino.Config
	f.text = fmt.Sprintf("answers queries, and has %d of the lake's tables in %s.%s", known, at.Catalog, at.Schema)
	if len(missing) > 0 {
		named := strings.Join(missing[:min(len(missing), mostTables)], ", ")
		if more := len(missing) - mostTables; more > 0 {
			named += fmt.Sprintf(" and %d more", more)
		}
		f.warnings = append(f.warnings, fmt.Sprintf("does not know %s: register the tables in %s.%s, or queries of them that go to Trino fail", named, at.Catalog, at.Schema))
	}
	return f, nil
}
