package etl

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strconv"

	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/delta"
	"github.com/auditlake/auditlake/pkg/etl/event"
	"github.com/auditlake/auditlake/pkg/lake"
)

// emptyCommits is how many commits without rows the layer below may have before
// the layer above commits that it has seen them, so that they are not read again
// and again.
const emptyCommits = 20

// cleansed is what one pass brought into silver and quarantine.
type cleansed struct {
	silver, quarantine int64
	counts             event.Counts
	quality            Quality
	snap               *delta.Snapshot // silver afterwards; nil if it does not exist
}

// stretch is consecutive commits of a table whose rows go up together.
type stretch struct {
	from, to int64 // versions, both included
	commits  []*delta.Commit
	rows     int64
}

// stretches cuts the commits after a version into stretches that have rows, or
// so many commits that the next run should not look at them again. Commits that
// only rearrange rows or remove them add nothing and are passed over; a gap in
// the log is an error, and so is a commit that rewrites rows.
func stretches(ctx context.Context, t *lake.Table, snap *delta.Snapshot, after, followRows int64) iter.Seq2[stretch, error] {
	return func(yield func(stretch, error) bool) {
		cur := stretch{from: after + 1}
		for c, err := range t.Log().Commits(ctx, after, snap.Version()) {
			if errors.Is(err, delta.ErrLogGap) {
				err = fmt.Errorf("follow %s: its log was cleaned up beyond the last version that was followed: %w", t.Name, err)
			}
			if err != nil {
				yield(stretch{}, err)
				return
			}
			if rewrites(c) {
				yield(stretch{}, fmt.Errorf("follow %s: version %d (%s): %w", t.Name, c.Version, c.Info.Operation, ErrRewritten))
				return
			}
			if len(c.Adds) > 0 && !c.Rearranges() {
				cur.commits = append(cur.commits, c)
				for i := range c.Adds {
					cur.rows += rowsOf(snap, &c.Adds[i])
				}
			}
			cur.to = c.Version
			if cur.rows >= followRows {
				if !yield(cur, nil) {
					return
				}
				cur = stretch{from: c.Version + 1}
			}
		}
		if len(cur.commits) > 0 || cur.to-cur.from >= emptyCommits {
			yield(cur, nil)
		}
	}
}

func rowsOf(snap *delta.Snapshot, a *delta.Add) int64 {
	const unknown = 60_000 // a file of a good size
	if n := snap.Bounds(a).Rows(); n >= 0 {
		return n
	}
	return unknown
}

// cleanse follows bronze up to a snapshot: every line that silver and quarantine
// do not have yet becomes a row of one of them. Each of the two commits names the
// bronze version it reaches, so a line comes up once whatever happens in between.
func (r *Runner) cleanse(ctx context.Context, bronze *delta.Snapshot) (cleansed, error) {
	var out cleansed
	var done int64
	var err error
	silver := r.lake.Table(lake.Silver)
	if out.snap, done, err = head(ctx, silver, appSilver); err != nil {
		return out, err
	}
	if out.snap != nil {
		if err := checkRules(out.snap); err != nil {
			return out, err
		}
	}
	if bronze == nil || done >= bronze.Version() {
		return out, nil
	}
	committed := false
	for s, err := range stretches(ctx, r.lake.Table(lake.Bronze), bronze, done, r.limits.followRows) {
		if err != nil {
			return out, err
		}
		err := r.cleanseStretch(ctx, bronze, s, &out)
		if errors.Is(err, errHalfRebuilt) {
			// A replay was cut off between quarantine and silver: finish it.
			if _, err = r.rebuildSilver(ctx); err == nil {
				committed = true
				break
			}
		}
		if err != nil {
			return out, err
		}
		committed = true
	}
	if committed {
		out.snap, _, err = head(ctx, silver, appSilver)
	}
	return out, err
}

// checkRules refuses to write rows beside those of newer rules.
func checkRules(snap *delta.Snapshot) error {
	v := snap.Metadata().Configuration[propRules]
	if n, err := strconv.Atoi(v); err == nil && n > event.Rules {
		return fmt.Errorf("%w: the lake has rules %d, this binary has %d: update it", ErrNewerRules, n, event.Rules)
	}
	return nil
}

func (r *Runner) cleanseStretch(ctx context.Context, bronzeSnap *delta.Snapshot, s stretch, out *cleansed) error {
	silver, quarantine := r.lake.Table(lake.Silver), r.lake.Table(lake.Quarantine)
	silverBase, silverDone, err := head(ctx, silver, appSilver)
	if err != nil {
		return err
	}
	quarantineBase, quarantineDone, err := head(ctx, quarantine, appSilver)
	if err != nil {
		return err
	}
	if silverDone >= s.to {
		return nil
	}
	if generation(quarantineBase) > generation(silverBase) {
		return errHalfRebuilt
	}
	var pass *cleansing
	var silverAdds, quarantineAdds []delta.Add
	if a := r.takeAhead(s); a != nil && quarantineDone < s.from {
		pass, silverAdds, quarantineAdds = a.pass, a.silver, a.quarantine
		pass.expectAll(bronzeSnap, s.commits[0])
	} else if pass, silverAdds, quarantineAdds, err = r.readStretch(ctx, bronzeSnap, s, silverDone, quarantineDone); err != nil {
		return err
	}
	// Quarantine first: once silver has the version, the stretch is not looked at
	// again.
	if len(quarantineAdds) > 0 {
		if _, err := r.append(ctx, quarantine, quarantineBase, quarantineAdds, pass.refusedRows, progressOf(appSilver, quarantineBase, s.to), newTable{
			schema: quarantineSchema(), partition: "date", properties: properties(quarantineLayout().Stats, nil),
		}); err != nil {
			return err
		}
	}
	_, err = r.append(ctx, silver, silverBase, silverAdds, pass.eventRows, progressOf(appSilver, silverBase, s.to), newTable{
		schema: event.Schema(), partition: "date", properties: properties(silverLayout().Stats, nil),
	})
	if err != nil {
		return err
	}
	out.silver += pass.eventRows
	out.quarantine += pass.refusedRows
	out.counts.DuplicateKeys += pass.cleanser.Counts.DuplicateKeys
	out.counts.TruncatedParams += pass.cleanser.Counts.TruncatedParams
	if !pass.unknown {
		pass.quality.Lost = max(pass.missing, 0)
	}
	out.quality.add(pass.quality)
	r.handed = pass.silver.Kept()
	return nil
}

// readStretch cleanses what the tables lack of a stretch of bronze.
func (r *Runner) readStretch(ctx context.Context, bronzeSnap *delta.Snapshot, s stretch, silverDone, quarantineDone int64) (pass *cleansing, silver, quarantine []delta.Add, err error) {
	pass = r.newCleansing(r.portion)
	for _, c := range s.commits {
		pass.keepEvents = c.Version > silverDone
		pass.keepRefused = c.Version > quarantineDone
		pass.expectAll(bronzeSnap, c)
		for b, err := range r.lake.Table(lake.Bronze).ScanFiles(ctx, bronzeSnap, pointers(c.Adds), bronzeSchema(), nil, nil) {
			if err != nil {
				return nil, nil, nil, err
			}
			if err := pass.batch(ctx, b); err != nil {
				return nil, nil, nil, err
			}
		}
		// The next commit may be one that a table has already.
		if err := pass.flush(ctx); err != nil {
			return nil, nil, nil, err
		}
	}
	silver, quarantine, err = pass.close(ctx)
	return pass, silver, quarantine, err
}

func pointers(adds []delta.Add) iter.Seq[*delta.Add] {
	return func(yield func(*delta.Add) bool) {
		for i := range adds {
			if !yield(&adds[i]) {
				return
			}
		}
	}
}

// newTable is how to create a table that a commit finds missing.
type newTable struct {
	schema     columnar.Schema
	partition  string
	properties map[string]string
}

func (n newTable) metadata() *delta.Metadata {
	m := &delta.Metadata{Schema: n.schema, Configuration: n.properties}
	if n.partition != "" {
		m.PartitionColumns = []string{n.partition}
	}
	return m
}

// grown is the description of a table with the columns it lacks at the end, under
// the rules of who writes them; nil if it lacks none.
func grown(base *delta.Snapshot, wanted columnar.Schema) *delta.Metadata {
	meta := base.Metadata()
	schema := extended(meta.Schema, wanted)
	if len(schema) == len(meta.Schema) {
		return nil
	}
	meta.Schema = schema
	meta.Configuration = maps.Clone(meta.Configuration)
	meta.Configuration[propRules] = strconv.Itoa(event.Rules)
	return &meta
}

// append commits rows to a table, which is created if base is nil. Rows that the
// transaction has brought already, in a commit whose answer was lost or by
// another run, are not brought again.
func (r *Runner) append(ctx context.Context, t *lake.Table, base *delta.Snapshot, adds []delta.Add, rows int64, txn *delta.Txn, create newTable) (int64, error) {
	tx := delta.Tx{
		Base: base, Operation: operation,
		Parameters: streamingParameters(txn.AppID, txn.Version),
		Metrics:    metrics(adds, 0, rows),
		Adds:       adds, Txn: txn,
	}
	if base == nil {
		tx.Metadata = create.metadata()
	} else {
		tx.Metadata = grown(base, create.schema)
	}
	return r.settle(ctx, t, tx)
}

// settle commits tx and, where the outcome is unknown, asks the log for it.
func (r *Runner) settle(ctx context.Context, t *lake.Table, tx delta.Tx) (int64, error) {
	v, err := t.Commit(ctx, tx)
	if err == nil {
		return v, nil
	}
	if errors.Is(err, delta.ErrOutcomeUnknown) {
		if snap, serr := t.Snapshot(ctx); serr == nil {
			if done, ok := snap.Txn(tx.Txn.AppID); ok && done >= tx.Txn.Version {
				return snap.Version(), nil
			}
		}
	}
	return 0, err
}

func (r *Runner) newCleansing(progress *portion) *cleansing {
	return &cleansing{
		cleanser:   event.NewCleanser(),
		events:     r.pages.newEvents(nil),
		pages:      r.pages,
		refused:    columnar.NewBatch(quarantineSchema()),
		silver:     r.lake.Table(lake.Silver).NewWriter(event.Schema(), r.limits.layout(silverLayout())),
		quarantine: r.lake.Table(lake.Quarantine).NewWriter(quarantineSchema(), r.limits.layout(quarantineLayout())),
		limits:     r.limits,
		progress:   progress,
		recent:     r.recent, delivered: r.delivered,
		eventsFrom: noDay, refusedFrom: noDay,
	}
}

// cleansing is one pass over lines.
type cleansing struct {
	cleanser                *event.Cleanser
	events, refused         *columnar.Batch
	silver, quarantine      *lake.Writer
	keepEvents, keepRefused bool // what the tables lack of the commit being read
	eventRows, refusedRows  int64
	reported                int64 // of eventRows, to progress
	bytes                   int   // of the lines in events and refused
	limits                  limits
	progress                *portion
	encoding                *lane // of events; nil: at once
	kept                    int64 // bytes of the lines whose events silver keeps

	quality   Quality
	missing   int64       // lines that are there by bronze's log and were not cleansed
	unknown   bool        // the log does not say of every file how many it has
	recent    *recentKeys // of the run; nil where repeats are not counted
	later     bool        // events are noted in seen, to be counted later
	seen      []seenKey
	pages     pages
	filled    []*columnar.Batch // pages of events that are written, and may be kept
	delivered map[int64]int64   // when files were delivered, by id, in milliseconds, where it is known

	// A rebuild leaves out rows before the horizons of the tables, in days.
	eventsFrom, refusedFrom       int64
	droppedEvents, droppedRefused tally
}

func (p *cleansing) batch(ctx context.Context, b *columnar.Batch) error {
	c := b.Columns
	for i := range b.Len {
		line := c[bronzeRaw].ByteAt(i)
		if !c[bronzeRawBytes].IsNull(i) {
			line = c[bronzeRawBytes].ByteAt(i)
		}
		from := event.Origin{
			SourceFile:  c[bronzeSourceFile].ByteAt(i),
			FileID:      c[bronzeFileID].Ints[i],
			LineNumber:  c[bronzeLineNumber].Ints[i],
			IngestedAt:  c[bronzeIngestedAt].Ints[i],
			WorkspaceID: -1,
		}
		if !c[bronzeWorkspaceID].IsNull(i) {
			from.WorkspaceID = c[bronzeWorkspaceID].Ints[i]
		}
		p.missing--
		records, n, wrapped := event.Wrapped(line)
		if !wrapped {
			if err := p.record(ctx, b, i, line, from); err != nil {
				return err
			}
			continue
		}
		from.EventCount = n
		for record := range records {
			from.EventIndex++
			if err := p.record(ctx, b, i, record, from); err != nil {
				return err
			}
		}
	}
	return nil
}

// record makes a row of one event: the line of a row of bronze, or one of the
// events it wraps.
func (p *cleansing) record(ctx context.Context, b *columnar.Batch, row int, line []byte, from event.Origin) error {
	switch reason := p.cleanser.Append(p.events, line, from); {
	case reason == "":
		p.notice(from)
	case len(line) == 0:
		if p.keepRefused {
			p.quality.Refused.Damaged++
		}
		p.refuse(b, row, line, from, "the delivered file breaks off here: its gzip stream is damaged")
	default:
		if p.keepRefused {
			p.quality.Refused.count(p.cleanser.Class())
		}
		p.refuse(b, row, line, from, reason)
	}
	p.bytes += len(line)
	if p.events.Len >= p.limits.pageRows || p.refused.Len >= p.limits.pageRows || p.bytes >= p.limits.pageBytes {
		return p.flush(ctx)
	}
	return nil
}

// notice counts what there is to count of the event that came last.
func (p *cleansing) notice(from event.Origin) {
	if !p.keepEvents {
		return
	}
	if delivered, ok := p.delivered[from.FileID]; ok {
		p.quality.Lag.measure(delivered - p.events.Columns[event.ColTimestamp].Ints[p.events.Len-1])
	}
	if p.recent == nil && !p.later {
		return
	}
	key := p.cleanser.Key()
	l := lineage{from.FileID, from.LineNumber, from.EventIndex, from.EventCount}
	seen := seenKey{binary.BigEndian.Uint64(key[:8]), l.link(l.index)}
	if p.later {
		p.seen = append(p.seen, seen)
	} else if p.recent.repeats(seen.key, seen.row) {
		p.quality.Repeated++
	}
}

// seenKey is an event and the row it is in.
type seenKey struct{ key, row uint64 }

// refuse makes a row of quarantine of a row of bronze. Of a line that wraps several
// events it holds the one that was refused, so that a bad line of many does not
// become many bad lines.
func (p *cleansing) refuse(b *columnar.Batch, row int, line []byte, from event.Origin, why event.Reason) {
	c := p.refused.Columns
	c[0].AppendString(string(why))
	for k, v := range b.Columns {
		if k == bronzeRaw && from.EventCount > 0 {
			c[k+1].AppendBytes(line)
			continue
		}
		c[k+1].AppendFrom(v, row)
	}
	index, count := c[len(b.Columns)+1], c[len(b.Columns)+2]
	if from.EventCount == 0 {
		index.AppendNull()
		count.AppendNull()
	} else {
		index.AppendInt(from.EventIndex)
		count.AppendInt(from.EventCount)
	}
	p.refused.Len++
}

// expectAll is expect for the files of a commit of bronze.
func (p *cleansing) expectAll(bronze *delta.Snapshot, c *delta.Commit) {
	for i := range c.Adds {
		p.expect(bronze, &c.Adds[i])
	}
}

// expect counts the lines that a file of bronze has by the log. Each that is
// cleansed is taken off.
func (p *cleansing) expect(bronze *delta.Snapshot, a *delta.Add) {
	rows := bronze.Bounds(a).Rows()
	p.missing += max(rows, 0)
	p.unknown = p.unknown || rows < 0
}

func (p *cleansing) flush(ctx context.Context) error {
	if p.keepEvents {
		events := fromDay(p.events, p.eventsFrom, &p.droppedEvents)
		p.eventRows += int64(events.Len)
		p.kept += int64(p.bytes)
		forget := p.kept > p.limits.spillBytes
		if err := p.encoding.give(func() error {
			if forget {
				p.silver.Forget()
			}
			return p.silver.Write(ctx, events)
		}); err != nil {
			return err
		}
	}
	if p.keepRefused {
		refused := fromDay(p.refused, p.refusedFrom, &p.droppedRefused)
		p.refusedRows += int64(refused.Len)
		if err := p.quarantine.Write(ctx, refused); err != nil {
			return err
		}
	}
	p.progress.cleansed(p.eventRows-p.reported, int64(p.bytes))
	p.reported = p.eventRows
	if p.later { // they are still on their way, or kept
		p.filled = append(p.filled, p.events)
		p.events = p.pages.newEvents(p.events)
	} else {
		p.events.Reset()
	}
	p.refused.Reset()
	p.bytes = 0
	return nil
}

// fromDay is the rows of a day or later; it accounts for the others.
func fromDay(b *columnar.Batch, day int64, dropped *tally) *columnar.Batch {
	if day == noDay {
		return b
	}
	date, from := b.Column("date"), lineagesOf(b)
	var rows []int32
	for i := range b.Len {
		if date.Ints[i] >= day {
			rows = append(rows, int32(i))
		} else {
			dropped.add(from.at(i))
		}
	}
	return b.Take(rows)
}

func (p *cleansing) close(ctx context.Context) (silver, quarantine []delta.Add, err error) {
	if silver, err = p.silver.Close(ctx); err != nil {
		return nil, nil, err
	}
	if quarantine, err = p.quarantine.Close(ctx); err != nil {
		return nil, nil, err
	}
	return silver, slices.Clip(quarantine), nil
}
