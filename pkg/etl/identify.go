package etl

import (
	"context"
	"errors"

	"github.com/auditlake/auditlake/pkg/delta"
	"github.com/auditlake/auditlake/pkg/identity"
	"github.com/auditlake/auditlake/pkg/lake"
)

// Identify asks a directory who the principals are that events do not explain, and
// keeps the answers in the table of identities, as [identity.Ask] does. It is safe
// beside everything else. A directory that fails is no failure of the ETL.
func Identify(ctx context.Context, l *lake.Lake, d identity.Directory, o identity.AskOptions) (identity.Asked, error) {
	snap, err := l.Table(lake.Identities).Snapshot(ctx)
	if errors.Is(err, delta.ErrNoTable) {
		return identity.Asked{Listed: -1}, nil
	}
	if err == nil {
		err = checkRules(snap)
	}
	if err != nil {
		return identity.Asked{Listed: -1}, err
	}
	return identity.Ask(ctx, l, d, o)
}
