package landing

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/auditlake/auditlake/pkg/store"
)

// Garbage are the manifests and shards last written before a time that none of the
// given manifests is or names. The manifests are those of bronze versions that
// somebody may still look at: the newest, and the one that was the newest at that
// time. Versions in between wrote what they changed after it, and the rest is
// theirs too. A manifest that is gone protects nothing.
func Garbage(ctx context.Context, s store.Store, manifests []string, before time.Time) ([]store.Object, error) {
	keep := map[string]bool{}
	for _, path := range manifests {
		state, err := Load(ctx, s, path, nil)
		if errors.Is(err, store.ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		keep[path] = true
		for _, ref := range state.Dates {
			keep[ref.Path] = true
		}
	}
	var out []store.Object
	for o, err := range s.List(ctx, folder, "") {
		if err != nil {
			return nil, fmt.Errorf("list landing state: %w", err)
		}
		if !keep[o.Key] && o.LastModified.Before(before) {
			out = append(out, o)
		}
	}
	return out, nil
}
