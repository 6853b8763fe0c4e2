package etl

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/auditlake/auditlake/pkg/lake"
	"github.com/auditlake/auditlake/pkg/store"
)

// LookedAfter is when a run last got through its plan, whether or not it found
// anything new; zero if no run has, or the hint cannot be understood.
func LookedAfter(ctx context.Context, lakeStore store.Store) (time.Time, error) {
	body, _, err := store.ReadAll(ctx, lakeStore, heartbeatKey)
	if errors.Is(err, store.ErrNotFound) {
		return time.Time{}, nil
	}
	if err != nil {
		return time.Time{}, err
	}
	var b heartbeat
	if json.Unmarshal(body, &b) != nil {
		return time.Time{}, nil //nolint:nilerr // what cannot be read says nothing; the next run writes it anew
	}
	return b.At, nil
}

// RunOutcome is how a run that changed something or failed went.
type RunOutcome struct {
	Finished time.Time
	Error    string // "" if it succeeded
}

// LastRun is the newest row of the table runs, or nil if there is none.
func LastRun(ctx context.Context, l *lake.Lake) (*RunOutcome, error) {
	runs, err := recentRuns(ctx, l)
	if err != nil || len(runs) == 0 {
		return nil, err
	}
	finished, _ := runs[0]["finishedAt"].(time.Time)
	message, _ := runs[0]["error"].(string)
	return &RunOutcome{finished, message}, nil
}
