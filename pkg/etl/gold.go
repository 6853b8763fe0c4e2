package etl

import (
	"context"
	"fmt"
	"iter"
	"maps"
	"math"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/delta"
	"github.com/auditlake/auditlake/pkg/etl/event"
	"github.com/auditlake/auditlake/pkg/lake"
)

// refined is what one pass brought into gold.
type refined struct {
	rows   int64
	tables map[string]bool
	made   []string // tables of rows that had none
	fields int64    // that requestParams got, in all tables
	kept   int64    // of rows: taken over as they were by a rebuild
}

// refine follows silver up to a snapshot: every event that its service's gold
// table does not have yet becomes a row of it, and is learned from for the table of
// identities. Only tables that get rows are committed to; each commit names the
// silver version it reaches. Tables of a silver that was rebuilt are rebuilt first.
func (r *Runner) refine(ctx context.Context, silver *delta.Snapshot) (refined, error) {
	out := refined{tables: map[string]bool{}}
	if silver == nil {
		return out, nil
	}
	mark, err := r.readWatermark(ctx)
	if err != nil {
		return out, err
	}
	done := mark.Version
	learns := mark.Identities // from the events of the pass; else from all that there are
	if mark.App != appOf(appGold, silver) || done > silver.Version() {
		if learns, err = r.isNew(ctx, silver); err != nil {
			return out, err
		}
		if done, err = r.regain(ctx, silver, &out); err != nil {
			return out, err
		}
	} else if done == silver.Version() && learns {
		return out, nil
	}
	var learn *learning
	if learns {
		if learn, err = r.learningFrom(ctx, done); err != nil {
			return out, err
		}
	}
	for s, err := range stretches(ctx, r.lake.Table(lake.Silver), silver, done, r.limits.followRows) {
		if err != nil {
			return out, err
		}
		if err := r.refineStretch(ctx, silver, s, learn, &out); err != nil {
			return out, err
		}
	}
	if !learns {
		if err := r.learnAll(ctx, silver); err != nil {
			return out, err
		}
	}
	return out, r.writeWatermark(ctx, watermark{appOf(appGold, silver), silver.Version(), true})
}

// isNew says that nothing was made of silver yet, and silver never rebuilt.
func (r *Runner) isNew(ctx context.Context, silver *delta.Snapshot) (bool, error) {
	existing, err := r.lake.Gold(ctx)
	return generation(silver) == 1 && len(existing) == 0, err
}

// goldTarget is one gold table in a pass.
type goldTarget struct {
	name string
	base *delta.Snapshot // nil: to be created
	done int64           // silver version it has reached
	rows *goldRows       // nil until it gets a row

	adds    []delta.Add // files written before the end of the pass
	spilled int64       // rows in them

	anew *rebuiltTable // not nil: the rows take the place of all rows of base
}

func (r *Runner) refineStretch(ctx context.Context, silverSnap *delta.Snapshot, s stretch, learn *learning, out *refined) error {
	pass := &refining{run: r, learn: learn, targets: map[string]*goldTarget{}, byService: map[string]*goldTarget{}}
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
	if err := pass.finish(ctx, s.to, out); err != nil || !learn.lacks(s.to) {
		return err
	}
	return r.commitIdentities(ctx, silverSnap, learn.Principals, s.to)
}

// finish commits every table that got rows.
func (p *refining) finish(ctx context.Context, reaches int64, out *refined) error {
	var mu sync.Mutex
	return p.each(ctx, func(ctx context.Context, t *goldTarget) error {
		rows, err := p.run.commitGold(ctx, t, reaches)
		if err != nil {
			return err
		}
		mu.Lock()
		defer mu.Unlock()
		out.rows += rows
		out.tables[t.name] = true
		if t.base == nil {
			out.made = append(out.made, t.name)
		}
		out.fields += int64(t.rows.newKeys())
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
	schema := t.rows.fileSchema()
	w := r.lake.Table(t.name).NewWriter(schema, r.limits.layout(goldLayout(t.name)))
	if err := r.encode(ctx, w, t.rows, schema); err != nil {
		return err
	}
	adds, err := w.Close(ctx)
	if err != nil {
		return err
	}
	t.adds = append(t.adds, adds...)
	t.spilled += int64(t.rows.len())
	t.rows = t.rows.successor(t)
	return nil
}

// encode writes rows and leaves its upload to Close. It waits for its turn at
// the processor.
func (r *Runner) encode(ctx context.Context, w *lake.Writer, rows *goldRows, schema columnar.Schema) error {
	if err := r.cpu.Acquire(ctx, 1); err != nil {
		return err
	}
	defer r.cpu.Release(1)
	if err := rows.write(ctx, w, schema); err != nil {
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
		Parameters: streamingParameters(appOf(appGold, t.base), reaches),
		Metrics:    metrics(t.adds, 0, t.spilled),
		Adds:       t.adds, Txn: progressOf(appGold, t.base, reaches),
	}
	switch {
	case t.base == nil:
		tx.Metadata = &delta.Metadata{
			Schema:        schema,
			Configuration: properties(goldLayout(t.name).Stats, map[string]string{propService: t.rows.service}),
		}
	case t.anew != nil:
		if tx, err = t.anew.tx(t.base, schema, t.adds, t.spilled, reaches); err != nil {
			return 0, err
		}
	case !schema.Equal(t.base.Schema()):
		meta := t.base.Metadata()
		meta.Schema = schema
		if more := grown(t.base, schema); more != nil {
			meta.Configuration = more.Configuration
		}
		tx.Metadata = &meta
	}
	_, err = r.settle(ctx, r.lake.Table(t.name), tx)
	return t.spilled, err
}

// refining reads silver and deals its rows to the gold tables.
type refining struct {
	run       *Runner
	existing  []string               // gold tables before the pass
	only      bool                   // make no table that does not exist
	learn     *learning              // nil: nothing is learned
	targets   map[string]*goldTarget // by table name
	byService map[string]*goldTarget // by service as delivered; "" for null

	held int64 // bytes of text in rows, about; over a limit it is written to data files,
	// because a stretch is one commit at least, and a commit may be one huge file

	dict   *columnar.Bytes // of serviceName in the last batch
	byCode []*goldTarget
}

// commit reads the rows of one silver commit that some gold table lacks.
func (p *refining) commit(ctx context.Context, silverSnap *delta.Snapshot, c *delta.Commit) error {
	for i := range c.Adds {
		if err := p.file(ctx, silverSnap, &c.Adds[i], c.Version); err != nil {
			return err
		}
	}
	return nil
}

// file deals the rows of one silver file, unless no gold table lacks any.
func (p *refining) file(ctx context.Context, silverSnap *delta.Snapshot, a *delta.Add, version int64) error {
	_, known := a.Tags[tagTables]
	lacking := !known || p.learn.lacks(version) // another program's OPTIMIZE does not keep tags
	for name := range tagged(a) {
		t, err := p.target(ctx, name)
		if err != nil {
			return err
		}
		lacking = lacking || t.done < version
	}
	if !lacking {
		return nil
	}
	if rows, ok := p.run.handed.take(a.Path); ok {
		for i, b := range rows {
			if err := ctx.Err(); err != nil {
				return err
			}
			if err := p.deal(ctx, b, version); err != nil {
				return err
			}
			rows[i] = nil
		}
		return nil
	}
	for b, err := range p.run.lake.Table(lake.Silver).ScanFiles(ctx, silverSnap, one(a), event.Schema(), nil, nil) {
		if err != nil {
			return err
		}
		if err := p.deal(ctx, b, version); err != nil {
			return err
		}
	}
	return nil
}

// tagged are the gold tables that the rows of a silver file go to, as its add says.
func tagged(a *delta.Add) iter.Seq[string] {
	names, ok := a.Tags[tagTables]
	if !ok {
		return func(func(string) bool) {}
	}
	return strings.SplitSeq(names, ",")
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
		if _, ok := base.Metadata().Configuration[propBuiltFrom]; ok {
			return nil, fmt.Errorf("table %s: %w", name, ErrBuiltElsewhere)
		}
		if err := checkRules(base); err != nil {
			return nil, err
		}
	}
	if base == nil && p.only {
		done = math.MaxInt64
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
	if p.learn.lacks(version) {
		p.learn.Learn(b)
	}
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
		if t.done < version && !t.anew.drops(b, i) {
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
	p.run.portion.refined(dealt, size)
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
