package query_test

import (
	"strings"
	"testing"

	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/query"
)

// Columns that only tables of others have can be shown and cast. A decimal is not
// compared or added up: its text has another order than its size.
func TestKindsThatAreOnlyRead(t *testing.T) {
	cols := []query.BoundCol{
		{Path: []string{"price"}, Type: columnar.DecimalOf(10, 2)},
		{Path: []string{"local"}, Type: columnar.Of(columnar.TimestampNTZ)},
		{Path: []string{"at"}, Type: columnar.Of(columnar.Timestamp)},
	}
	price, local, at := query.Name("price"), query.Name("local"), query.Name("at")
	for _, c := range []struct {
		expr query.Expr
		want string // a type, or a part of the error
	}{
		{price, "decimal(10,2)"},
		{local, "timestamp_ntz"},
		{query.IsNull{X: price}, "boolean"},
		{query.Cast{X: price, To: columnar.Double}, "double"},
		{query.Cast{X: price, To: columnar.String}, "string"},
		{query.Cast{X: price, To: columnar.Timestamp}, "cannot be cast"},
		{query.Compare{Op: query.Less, L: price, R: price}, "cast it to double or string"},
		{query.Arith{Op: query.Add, L: price, R: price}, "cast it to double or string"},
		{query.Cast{X: local, To: columnar.Timestamp}, "timestamp"},
		{query.Cast{X: local, To: columnar.Date}, "date"},
		{query.Compare{Op: query.Less, L: local, R: local}, "boolean"},
		{query.Compare{Op: query.Less, L: local, R: at}, "cast one of them"},
		{query.Cast{X: at, To: columnar.TimestampNTZ}, "cannot be cast"},
	} {
		got, err := query.TypeOf(c.expr, cols)
		if err == nil && got.String() != c.want || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %s, %v, want %q", c.expr, got, err, c.want)
		}
	}
}
