package etl

import (
	"context"
	"errors"

	"github.com/auditlake/auditlake/pkg/delta"
	"github.com/auditlake/auditlake/pkg/etl/landing"
	"github.com/auditlake/auditlake/pkg/lake"
	"github.com/auditlake/auditlake/pkg/store"
)

// landing deletes landing state that no version of bronze names which the
// retention allows to look at.
func (v *vacuum) landing(ctx context.Context) error {
	table := v.lake.Table(lake.Bronze)
	snap, err := table.Snapshot(ctx)
	if err != nil {
		return err
	}
	path, err := landingPath(snap)
	if err != nil {
		return err
	}
	manifests := []string{path}
	version, ok, err := table.Log().VersionAt(ctx, v.before)
	if err != nil {
		return err
	}
	if !ok { // cleaned up, or the table is younger
		if version, err = table.Log().First(ctx); err != nil {
			return err
		}
	}
	then, err := table.SnapshotAt(ctx, min(version, snap.Version()))
	switch {
	case errors.Is(err, delta.ErrLogGap): // nobody can look at that version
	case err != nil:
		return err
	default:
		manifests = append(manifests, then.Metadata().Configuration[landing.Property])
	}
	old, err := landing.Garbage(ctx, v.lake.Store(), manifests, v.before)
	if err != nil {
		return err
	}
	return v.remove(ctx, partLanding, old, v.lake.Store().Delete)
}

// unfinished deletes what killed writers left in a local folder.
func (v *vacuum) unfinished(ctx context.Context) error {
	s := v.lake.Store()
	var old []store.Object
	for o, err := range store.ListUnfinished(ctx, s, "") {
		if err != nil {
			return err
		}
		if o.LastModified.Before(v.before) {
			old = append(old, o)
		}
	}
	return v.remove(ctx, partUnfinished, old, func(ctx context.Context, keys ...string) error {
		return store.DeleteUnfinished(ctx, s, keys...)
	})
}
