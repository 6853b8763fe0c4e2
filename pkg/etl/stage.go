package etl

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/auditlake/auditlake/pkg/delta"
	"github.com/auditlake/auditlake/pkg/etl/landing"
	"github.com/auditlake/auditlake/pkg/lake"
	"github.com/auditlake/auditlake/pkg/store"
)

// place is where a batch goes to: what bronze is and says before it.
type place struct {
	version int64 // of bronze; -1: no table
	batch   int64 // number of the batch
	fileID  int64 // of its first new file
}

// placeOf is where the next batch goes to.
func placeOf(base *delta.Snapshot, state *landing.State) place {
	p := place{version: -1, batch: state.Batch + 1, fileID: state.NextFileID}
	if base != nil {
		p.version = base.Version()
	}
	return p
}

// staged is a batch whose rows are in data files that no commit names yet. Nothing
// of it counts until it is committed, at its place and no other.
type staged struct {
	landed
	at      place
	nextID  int64                      // the file id after those that it gives
	changed map[string][]landing.Entry // by date
	adds    []delta.Add
	ahead   *ahead // what its rows come to in silver; nil if that was not worked out

	delivered map[int64]int64 // when its files were delivered, by id, in milliseconds since 1970
	progress  *portion
}

// next is the place behind the batch once it is committed, if nobody else commits
// to bronze meanwhile.
func (s *staged) next() place {
	if len(s.changed) == 0 {
		return s.at // nothing to commit
	}
	return place{version: s.at.version + 1, batch: s.at.batch + 1, fileID: s.nextID}
}

// staging reads the changed files of a batch and writes data files. It touches
// nothing of the Runner that changes while another batch is brought to gold.
type staging struct {
	run      *Runner
	base     *delta.Snapshot // of bronze; it has the old lines of all files of the batch
	sources  map[int]store.Store
	rows     *bronzeWriter
	progress *portion
}

func (r *Runner) newStaging(base *delta.Snapshot, progress *portion) *staging {
	return &staging{run: r, base: base, sources: r.sources, progress: progress}
}

// stage reads the batch and writes its lines to data files of bronze, and what they
// come to in silver to data files of silver.
func (s *staging) stage(ctx context.Context, at place, batch []landing.Change) (_ *staged, err error) {
	out := &staged{at: at, nextID: at.fileID, delivered: map[int64]int64{}, progress: s.progress}
	files, err := s.fetch(ctx, batch, &out.landed)
	if err != nil || len(files) == 0 {
		return out, err
	}
	for _, f := range files {
		if f.Old != nil {
			f.id = f.Old.FileID
		} else {
			f.id = out.nextID
			out.nextID++
		}
		out.delivered[f.id] = f.Modified.UnixMilli()
	}
	s.rows = s.run.newBronzeWriter(at.batch)
	if len(files) > 1 || files[0].held {
		s.rows.ahead = s.run.newAhead(out)
	}
	changed, err := s.read(ctx, files, out)
	if err == nil {
		err = s.rows.close(ctx)
	}
	if ended := s.rows.end(); err == nil {
		err = ended
	}
	if len(files) == 1 { // as large files are
		if err, ok := errors.AsType[sourceError](err); ok {
			return out, out.skip(err)
		}
	}
	if err != nil {
		return out, err
	}
	out.changed, out.adds, out.ahead, out.rows = changed, s.rows.adds, s.rows.ahead, s.rows.total
	return out, nil
}

// read lands the lines that bronze lacks, and gives what is to be said of the files,
// by date.
func (s *staging) read(ctx context.Context, files []*pending, out *staged) (map[string][]landing.Entry, error) {
	changed := map[string][]landing.Entry{}
	for _, group := range byDate(files) {
		if err := s.compare(ctx, group); err != nil {
			return nil, err
		}
		// Bronze is sorted by file within a date.
		slices.SortFunc(group, func(a, b *pending) int { return int(a.id - b.id) })
		for _, f := range group {
			before := s.rows.total
			entry, err := s.landFile(ctx, f)
			if err != nil {
				return nil, fmt.Errorf("read %s: %w", f.Key, err)
			}
			f.body = nil
			entry.Source = f.Source
			changed[f.Date] = append(changed[f.Date], entry)
			out.count(f, entry, s.rows.total-before)
		}
		if err := s.rows.flush(ctx); err != nil {
			return nil, err
		}
	}
	return changed, nil
}

// count adds a file that was read, with its new lines.
func (l *landed) count(f *pending, entry landing.Entry, fresh int64) {
	l.files++
	l.bytes += f.Size
	had := int64(0)
	if f.Old != nil {
		l.superseded += entry.Superseded - f.Old.Superseded
		had = f.Old.Rows()
		l.quality.Overwrites++
		l.quality.OverwriteLines += fresh
	} else {
		l.superseded += entry.Superseded
	}
	l.quality.Lost += max(entry.Rows()-had-fresh, 0)
	if entry.Damaged != "" {
		l.damaged = append(l.damaged, f.Key+": "+entry.Damaged)
	}
}

// commitStaged makes the rows of a staged batch and the state that says so the next
// version of bronze, as one. A conflict means that another run landed something: the
// caller loads the state again and plans anew.
func (r *Runner) commitStaged(ctx context.Context, base *delta.Snapshot, s *staged) error {
	r.ahead = nil
	if len(s.changed) == 0 {
		return nil
	}
	next, path, err := r.state.Next(ctx, s.changed)
	if err != nil {
		return err
	}
	meta := delta.Metadata{Schema: bronzeSchema(), PartitionColumns: []string{"date"}}
	if base != nil {
		meta = base.Metadata()
		meta.Configuration = maps.Clone(meta.Configuration)
	} else {
		meta.Configuration = properties(bronzeLayout().Stats, nil)
	}
	meta.Configuration[landing.Property] = path
	version, err := r.lake.Table(lake.Bronze).Commit(ctx, delta.Tx{
		Base: base, Operation: operation,
		Parameters: streamingParameters(appLanding, next.Batch),
		Metrics:    metrics(s.adds, 0, s.rows),
		Adds:       s.adds, Metadata: &meta,
		Txn: &delta.Txn{AppID: appLanding, Version: next.Batch},
	})
	if err == nil && s.ahead != nil {
		r.ahead = s.ahead
		r.ahead.version = version
	}
	if errors.Is(err, delta.ErrOutcomeUnknown) {
		// The entry names the manifest, so the log itself tells whose it is.
		if snap, serr := r.lake.Table(lake.Bronze).Snapshot(ctx); serr == nil && snap.Metadata().Configuration[landing.Property] == path {
			err = nil
		}
	}
	if err != nil {
		return err
	}
	r.state, r.statePath, r.delivered = next, path, s.delivered
	return nil
}

// upcoming is a batch that is being staged while the one before it is committed and
// brought to gold.
type upcoming struct {
	cancel context.CancelFunc
	done   chan struct{}
	staged *staged
	err    error
}

func (r *Runner) stageSoon(ctx context.Context, s *staging, at place, batch []landing.Change) *upcoming {
	ctx, cancel := context.WithCancel(ctx)
	u := &upcoming{cancel: cancel, done: make(chan struct{})}
	go func() {
		defer close(u.done)
		u.staged, u.err = s.stage(ctx, at, batch)
	}()
	return u
}

// drop ends the staging, if it is under way, and waits for it.
func (u *upcoming) drop() {
	if u != nil {
		u.cancel()
		<-u.done
	}
}
