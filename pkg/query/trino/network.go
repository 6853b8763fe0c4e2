package trino

import (
	"github.com/auditlake/auditlake/pkg/query"
)

func (p *printer) joinNetwork(b *query.Bound, j query.Join, l, r relation, on []string) relation {
	p.note(&UnsupportedError{"join by network"})
	return l
}
