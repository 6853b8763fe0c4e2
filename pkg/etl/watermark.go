package etl

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/auditlake/auditlake/pkg/delta"
	"github.com/auditlake/auditlake/pkg/lake"
	"github.com/auditlake/auditlake/pkg/store"
)

// watermarkKey holds the silver version that all of gold has reached, and the
// identities with it. It is a hint that spares reading old log entries: the
// transactions in the gold tables decide.
const watermarkKey = "_auditlake/gold/watermark.json"

type watermark struct {
	App     string `json:"app"`
	Version int64  `json:"version"`
	// Identities says that the table of identities has been brought to the version
	// too. Versions that do not know the table do not write it.
	Identities bool `json:"identities,omitempty"`
}

// readWatermark is the watermark, or one of no application if there is none.
func (r *Runner) readWatermark(ctx context.Context) (watermark, error) {
	if r.goldDone.App != "" {
		return r.goldDone, nil
	}
	body, _, err := store.ReadAll(ctx, r.lake.Store(), watermarkKey)
	if errors.Is(err, store.ErrNotFound) {
		return watermark{Version: -1}, nil
	}
	if err != nil {
		return watermark{}, fmt.Errorf("read gold watermark: %w", err)
	}
	var w watermark
	if json.Unmarshal(body, &w) != nil || w.App == "" {
		return watermark{Version: -1}, nil //nolint:nilerr // as if there was none: gold finds the rows it has by itself
	}
	r.goldDone = w
	return w, nil
}

func (r *Runner) writeWatermark(ctx context.Context, w watermark) error {
	body, err := json.Marshal(w)
	if err != nil {
		return err
	}
	if _, err := r.lake.Store().Put(ctx, watermarkKey, body); err != nil {
		return fmt.Errorf("write gold watermark: %w", err)
	}
	r.goldDone = w
	return nil
}

// regain finds out where gold is when the watermark does not say it: missing, of
// another lake, or of silver before it was rebuilt. Log clean-up leaves what gold
// lacks, so the beginning of the log will do.
func (r *Runner) regain(ctx context.Context, silver *delta.Snapshot, out *refined) (done int64, err error) {
	log := r.lake.Table(lake.Silver).Log()
	first, err := log.First(ctx)
	if err != nil {
		return 0, err
	}
	if generation(silver) == 1 {
		return first - 1, nil
	}
	rebuilt := int64(-1)
	for c, err := range log.Commits(ctx, first-1, silver.Version()) {
		if err != nil {
			return 0, fmt.Errorf("follow %s: %w", lake.Silver, err)
		}
		if rebuilds(c) {
			rebuilt = c.Version
		}
	}
	if rebuilt < 0 {
		return first - 1, nil // so long ago that all of gold has followed
	}
	names, err := r.lake.Gold(ctx)
	if err != nil {
		return 0, err
	}
	var old []string
	for _, name := range names {
		_, done, err := head(ctx, r.lake.Table(name), appGold)
		if err != nil {
			return 0, err
		}
		if done < rebuilt {
			old = append(old, name)
		}
	}
	// Also if no table is old: one that was to be made may be missing.
	return rebuilt, r.rebuildGold(ctx, silver, rebuildOf{tables: old, andNew: true}, out)
}
