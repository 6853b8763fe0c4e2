package etl

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/delta"
	"github.com/auditlake/auditlake/pkg/etl/event"
	"github.com/auditlake/auditlake/pkg/lake"
	"github.com/auditlake/auditlake/pkg/store"
)

// watermarkKey holds the silver version that all of gold has reached. It is a
// hint that spares reading old log entries: the transactions in the gold tables
// decide.
const watermarkKey = "_auditlake/gold/watermark.json"

type watermark struct {
	App     string `json:"app"`
	Version int64  `json:"version"`
}

// refined is what one pass brought into gold.
type refined struct {
	rows   int64
	tables map[string]bool
}

// refine follows silver up to a snapshot: every event that its service's gold
// table does not have yet becomes a row of it. Only tables that get rows are
// committed to; each commit names the silver version it reaches.
func (r *Runner) refine(ctx context.Context, silver *delta.Snapshot) (refined, error) {
	out := refined{tables: map[string]bool{}}
	if silver == nil {
		return out, nil
	}
	done, err := r.readWatermark(ctx)
	if err != nil || done == silver.Version() {
		return out, err
	}
	if done > silver.Version() {
		done = -1 // of another lake: the transactions in the gold tables decide
	}
	for s, err := range stretches(ctx, r.lake.Table(lake.Silver), silver, done, r.limits.followRows) {
		if err != nil {
			return out, err
		}
		if err := r.refineStretch(ctx, silver, s, &out); err != nil {
			return out, err
		}
	}
	return out, r.writeWatermark(ctx, silver.Version())
}

func (r *Runner) readWatermark(ctx context.Context) (int64, error) {
	if r.goldDone >= 0 {
		return r.goldDone, nil
	}
	body, _, err := store.ReadAll(ctx, r.lake.Store(), watermarkKey)
	if errors.Is(err, store.ErrNotFound) {
		return -1, nil
	}
	if err != nil {
		return -1, fmt.Errorf("read gold watermark: %w", err)
	}
	var w watermark
	if json.Unmarshal(body, &w) != nil || w.App != appGold {
		return -1, nil // of another generation, or broken: begin at the beginning
	}
	r.goldDone = w.Version
	return w.Version, nil
}

func (r *Runner) writeWatermark(ctx context.Context, version int64) error {
	body, err := json.Marshal(watermark{App: appGold, Version: version})
	if err != nil {
		return err
	}
	if _, err := r.lake.Store().Put(ctx, watermarkKey, body); err != nil {
		return fmt.Errorf("write gold watermark: %w", err)
	}
	r.goldDone = version
	return nil
}

// goldTarget is one gold table in a pass.
type goldTarget struct {
	name string
	base *delta.Snapshot // nil: to be created
	done int64           // silver version it has reached
	rows *goldRows       // nil until it gets a row

	adds    []delta.Add // files written before the end of the pass
	spilled int64       // rows in them
}

func (r *Runner) refineStretch(ctx context.Context, silverSnap *delta.Snapshot, s stretch, out *refined) error {
	pass := &refining{run: r, targets: map[string]*goldTarget{}, byService: map[string]*goldTarget{}}
	existing, err := r.lake.Gold(ctx)
	if err != nil {
		return err
	}
	pass.existing = existing
	for _, c := range s.commits {
		if err := pass.commit(ctx, silverSnap, c); err != nil {
			return err
		}
	}
	var mu sync.Mutex
	return pass.each(ctx, func(ctx context.Context, t *goldTarget) error {
		rows, err := r.commitGold(ctx, t, s.to)
		if err != nil {
			return err
		}
		mu.Lock()
		defer mu.Unlock()
		out.rows += rows
		out.tables[t.name] = true
		return nil
	})
}

// each calls do for every table that gets rows, several at once.
func (p *refining) each(ctx context.Context, do func(context.Context, *goldTarget) error) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(p.run.limits.goldTables)
	for _, name := range slices.Sorted(maps.Keys(p.targets)) {
		if t := p.targets[name]; t.rows != nil {
			g.Go(func() error { return do(ctx, t) })
		}
	}
	return g.Wait()
}

// spill writes the rows held for a table to data files, which the table's commit
// names at the end of the pass. Keys keep their fields.
func (r *Runner) spill(ctx context.Context, t *goldTarget) error {
	if t.rows.len() == 0 {
		return nil
	}
	batch := t.rows.batch()
	w := r.lake.Table(t.name).NewWriter(batch.Schema, r.limits.layout(lake.Layout{Plain: silverLayout().Plain, Stats: t.rows.stats()}))
	if err := r.encode(ctx, w, batch); err != nil {
		return err
	}
	adds, err := w.Close(ctx)
	if err != nil {
		return err
	}
	t.adds = append(t.adds, adds...)
	t.spilled += int64(batch.Len)
	t.rows = t.rows.successor(t)
	return nil
}

// encode writes a batch and leaves its upload to Close. It waits for its turn at
// the processor.
func (r *Runner) encode(ctx context.Context, w *lake.Writer, batch *columnar.Batch) error {
	if err := r.cpu.Acquire(ctx, 1); err != nil {
		return err
	}
	defer r.cpu.Release(1)
	if err := w.Write(ctx, batch); err != nil {
		return err
	}
	return w.Seal()
}

func (r *Runner) commitGold(ctx context.Context, t *goldTarget, reaches int64) (rows int64, err error) {
	if err := r.spill(ctx, t); err != nil {
		return 0, err
	}
	schema := t.rows.tableSchema()
	tx := delta.Tx{
		Base: t.base, Operation: operation,
		Parameters: streamingParameters(appGold, reaches),
		Metrics:    metrics(t.adds, 0, t.spilled),
		Adds:       t.adds, Txn: &delta.Txn{AppID: appGold, Version: reaches},
	}
	switch {
	case t.base == nil:
		tx.Metadata = &delta.Metadata{
			Schema:        schema,
			Configuration: properties(t.rows.stats(), map[string]string{propService: t.rows.service}),
		}
	case !schema.Equal(t.base.Schema()):
		meta := t.base.Metadata()
		meta.Schema = schema
		tx.Metadata = &meta
	}
	_, err = r.settle(ctx, r.lake.Table(t.name), tx)
	return t.spilled, err
}

// refining reads silver and deals its rows to the gold tables.
type refining struct {
	run       *Runner
	existing  []string               // gold tables before the pass
	targets   map[string]*goldTarget // by table name
	byService map[string]*goldTarget // by service as delivered; "" for null

	held int64 // bytes of text in rows, about; over a limit it is written to data files,
	// because a stretch is one commit at least, and a commit may be one huge file

	dict   *columnar.Bytes // of serviceName in the last batch
	byCode []*goldTarget
}

// commit reads the rows of one silver commit that some gold table lacks.
func (p *refining) commit(ctx context.Context, silverSnap *delta.Snapshot, c *delta.Commit) error {
	var adds []delta.Add
	for i := range c.Adds {
		lacking := false
		for _, name := range strings.Split(c.Adds[i].Tags[tagTables], ",") {
			t, err := p.target(ctx, name)
			if err != nil {
				return err
			}
			lacking = lacking || t.done < c.Version
		}
		if lacking {
			adds = append(adds, c.Adds[i])
		}
	}
	for b, err := range p.run.lake.Table(lake.Silver).ScanFiles(ctx, silverSnap, pointers(adds), event.Schema(), nil, nil) {
		if err != nil {
			return err
		}
		if err := p.deal(ctx, b, c.Version); err != nil {
			return err
		}
	}
	return nil
}

// target is the gold table that the events under a table name go to: the table
// itself, or _other once there are too many.
func (p *refining) target(ctx context.Context, name string) (*goldTarget, error) {
	if !slices.Contains(p.existing, name) && p.targets[name] == nil && p.tables() >= maxGoldTables {
		name = otherTable
	}
	if t, ok := p.targets[name]; ok {
		return t, nil
	}
	base, done, err := head(ctx, p.run.lake.Table(name), appGold)
	if err != nil {
		return nil, err
	}
	if base != nil {
		if err := checkRules(base); err != nil {
			return nil, err
		}
	}
	t := &goldTarget{name: name, base: base, done: done}
	p.targets[name] = t
	return t, nil
}

// tables is how many tables there are and will be. _other does not count, or a
// pass that is repeated after it was made would deal other services to it.
func (p *refining) tables() int {
	n := 0
	for _, name := range p.existing {
		if name != otherTable {
			n++
		}
	}
	for _, t := range p.targets {
		if t.name != otherTable && !slices.Contains(p.existing, t.name) {
			n++
		}
	}
	return n
}

func (p *refining) deal(ctx context.Context, b *columnar.Batch, version int64) error {
	services := b.Columns[event.ColServiceName]
	if services.Codes != nil && services.Dict != p.dict {
		p.dict = services.Dict
		p.byCode = make([]*goldTarget, services.Dict.Len())
	}
	rows := map[*goldTarget][]int32{}
	for i := range b.Len {
		var t *goldTarget
		code := int32(-1)
		if services.Codes != nil {
			if code = services.Codes[i]; code >= 0 {
				t = p.byCode[code]
			}
		}
		if t == nil {
			var err error
			if t, err = p.targetOf(ctx, services.ByteAt(i), services.IsNull(i)); err != nil {
				return err
			}
			if code >= 0 {
				p.byCode[code] = t
			}
		}
		if t.done < version {
			rows[t] = append(rows[t], int32(i))
		}
	}
	dealt := int64(0)
	for t, at := range rows {
		dealt += int64(len(at))
		if t.rows == nil {
			t.rows = newGoldRows(t, string(services.ByteAt(int(at[0]))))
		}
		t.rows.add(b, at)
	}
	const rowBytes = 400 // of numbers, offsets and ends
	size := b.TextBytes() + rowBytes*int64(b.Len)
	p.run.progress.refined(dealt, size)
	if p.held += size; p.held < p.run.limits.spillBytes {
		return nil
	}
	p.held = 0
	return p.each(ctx, p.run.spill)
}

func (p *refining) targetOf(ctx context.Context, service []byte, null bool) (*goldTarget, error) {
	if t, ok := p.byService[string(service)]; ok {
		return t, nil
	}
	t, err := p.target(ctx, GoldName(service, null))
	if err != nil {
		return nil, err
	}
	p.byService[string(service)] = t
	return t, nil
}
