package etl

import (
	"context"
	"fmt"
	"maps"
	"strconv"

	"github.com/auditlake/auditlake/pkg/delta"
	"github.com/auditlake/auditlake/pkg/etl/event"
	"github.com/auditlake/auditlake/pkg/identity"
	"github.com/auditlake/auditlake/pkg/lake"
)

// The table of identities follows silver with gold: the events that are read for
// gold are learned from on the way, at no cost of reading. Facts merge, so what a
// crash has learned twice does no harm; what must not be is that an event is passed
// over. An event counts as learned from when the watermark says so, which moves only
// after the table was committed to, or when the table's own transaction has its
// version. Where neither says enough, all of silver is read again, in the columns
// that matter: after an upgrade, without a watermark, and after a replay.

// learning is what one pass over silver learns.
type learning struct {
	*identity.Learner
	done int64 // silver version whose events the table knows
}

// learningFrom is a pass that begins behind a version of silver.
func (r *Runner) learningFrom(ctx context.Context, done int64) (*learning, error) {
	_, reached, err := head(ctx, r.lake.Table(lake.Identities), appIdentities)
	if err != nil {
		return nil, err
	}
	return &learning{identity.NewLearner(), max(done, reached)}, nil
}

// lacks says that the events of a version of silver are to be learned from. l may
// be nil.
func (l *learning) lacks(version int64) bool { return l != nil && l.done < version }

// learnAll learns from all events that silver has. Of a silver that was rebuilt the
// table is made anew.
func (r *Runner) learnAll(ctx context.Context, silver *delta.Snapshot) error {
	learner := identity.NewLearner()
	for b, err := range r.lake.Table(lake.Silver).ScanFiles(ctx, silver, silver.Files(), identity.EventColumns(), nil, nil) {
		if err != nil {
			return err
		}
		learner.Learn(b)
	}
	return r.commitIdentities(ctx, silver, learner.Principals, silver.Version())
}

// commitIdentities brings facts into the table, if they say more than it knows.
// reaches is the version of silver up to which they are complete.
func (r *Runner) commitIdentities(ctx context.Context, silver *delta.Snapshot, facts identity.Principals, reaches int64) error {
	table := r.lake.Table(lake.Identities)
	base, done, err := head(ctx, table, appIdentities)
	if err != nil {
		return err
	}
	known := identity.Principals{}
	if generation(base) > generation(silver) {
		// Silver was rebuilt meanwhile, and others were faster.
		return fmt.Errorf("learn from generation %d of silver: %w: the identities are of generation %d", generation(silver), delta.ErrConflict, generation(base))
	}
	anew := base != nil && generation(base) < generation(silver)
	if base != nil {
		if err := checkRules(base); err != nil {
			return err
		}
		if known, err = identity.Read(ctx, table, base); err != nil {
			return err
		}
	}
	before := len(known)
	if anew && horizonOf(silver) == "" {
		// What came from elsewhere cannot be learned from events again, and what
		// retention has removed neither: then all stays.
		maps.DeleteFunc(known, func(_ string, p identity.Principal) bool { return p.Evidence != identity.SCIM })
		for id, p := range known {
			p.Workspaces, p.FirstSeen, p.LastSeen = nil, identity.NoDay, identity.NoDay
			known[id] = p
		}
	}
	changed := anew
	now := r.lake.Now().UnixMicro()
	for id, fact := range facts {
		if known.Add(fact) {
			changed = true
			p := known[id]
			p.UpdatedAt = now
			known[id] = p
		}
	}
	if !changed || before == 0 && len(known) == 0 {
		return nil
	}
	gen := strconv.FormatInt(generation(silver), 10)
	u := identity.Update{
		Base: base, Principals: known,
		Properties: map[string]string{propRules: strconv.Itoa(event.Rules), propGeneration: gen},
	}
	if base == nil {
		u.Properties = properties(nil, u.Properties)
		delete(u.Properties, "delta.dataSkippingStatsColumns")
	}
	if anew || done < reaches {
		u.Txn = &delta.Txn{AppID: appIdentities + gen, Version: reaches}
	}
	_, err = identity.Commit(ctx, table, u)
	return err
}
