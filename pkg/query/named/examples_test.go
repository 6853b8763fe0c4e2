package named_test

import (
	"testing"

	"github.com/auditlake/auditlake/pkg/example"
	"github.com/auditlake/auditlake/pkg/query/named"
)

// TestExamplesOfShippedQueries: of each query over what the ETL makes of its events.
func TestExamplesOfShippedQueries(t *testing.T) {
	for _, q := range named.All() {
		t.Run(q.Name, func(t *testing.T) {
			t.Parallel()
			if err := example.Check(t.Context(), q); err != nil {
				t.Error(err)
			}
		})
	}
}
