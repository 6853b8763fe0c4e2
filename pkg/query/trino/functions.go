package trino

import (
	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/query"
)

// printCall is a call of a function of query.Functions. The arguments are printed, each
// such that it can be an operand of anything; kinds are theirs.
func printCall(c query.Call, args []string, kinds []columnar.Kind) (string, error) {
	return "", &UnsupportedError{"function " + c.Func}
}
