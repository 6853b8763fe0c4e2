package trino

import (
	"strings"

	"github.com/auditlake/auditlake/pkg/query"
)

// UnsupportedError is a plan that cannot be said in Trino.
type UnsupportedError struct{ What string }

func (e *UnsupportedError) Error() string { return e.What + " cannot be said in Trino" }

// Print is a bound plan as one statement.
func Print(*query.Bound, func(*query.Bound) (string, error)) (string, error) {
	return "", &UnsupportedError{"any plan"}
}

func quoteIdent(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }
