package history

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/auditlake/auditlake/pkg/store"
)

// puts is how many objects are written at once.
const puts = 4

// folder is where the lines of a workspace and a day lie.
type folder struct{ workspace, date string }

func (f folder) String() string {
	if f.workspace == "" {
		return "date=" + f.date + "/"
	}
	return "workspaceId=" + f.workspace + "/date=" + f.date + "/"
}

// writer gathers lines and writes them at the end of each round.
type writer struct {
	out    store.Store
	plan   *plan
	opts   Options
	hash   string
	round  int
	size   int // bytes in folders
	lines  map[folder]*bytes.Buffer
	report Report
	gzips  sync.Pool // of *gzip.Writer, which are large
}

func newWriter(out store.Store, p *plan, o Options) *writer {
	return &writer{
		out: out, plan: p, opts: o, hash: p.hash(), lines: map[folder]*bytes.Buffer{},
		report: Report{OfFiles: len(p.Files), Workspaces: map[string]Workspace{}},
	}
}

func (w *writer) progress() {
	if w.opts.Progress != nil {
		w.opts.Progress(w.report)
	}
}

func (w *writer) add(ctx context.Context, l line) error {
	ws := w.report.Workspaces[l.workspace]
	if l.timed && !w.plan.Cut.takes(l.workspace, l.millis) {
		ws.Left++
		w.report.Left++
		w.report.Workspaces[l.workspace] = ws
		return nil
	}
	ws.Lines++
	w.report.Lines++
	w.report.Bytes += int64(len(l.data)) + 1
	if l.timed {
		at := time.UnixMilli(l.millis).UTC()
		if ws.Oldest.IsZero() || at.Before(ws.Oldest) {
			ws.Oldest = at
		}
		if at.After(ws.Newest) {
			ws.Newest = at
		}
	} else {
		w.report.Untimed++
	}
	if l.broken {
		w.report.Broken++
	}
	w.report.Workspaces[l.workspace] = ws

	to := folder{l.workspace, l.date()}
	buf := w.lines[to]
	if buf == nil {
		buf = &bytes.Buffer{}
		w.lines[to] = buf
	}
	if !w.opts.DryRun {
		buf.Write(l.data)
		buf.WriteByte('\n')
	}
	if w.size += len(l.data) + 1; w.size >= w.plan.RoundBytes {
		return w.flush(ctx)
	}
	return nil
}

// flush ends the round.
func (w *writer) flush(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(puts)
	for _, f := range slices.SortedFunc(maps.Keys(w.lines), func(a, b folder) int {
		return cmp.Or(cmp.Compare(a.date, b.date), cmp.Compare(a.workspace, b.workspace))
	}) {
		w.report.Objects++
		if w.opts.DryRun {
			continue
		}
		key := fmt.Sprintf("%simport_%s_%05d.json.gz", f, w.hash, w.round)
		lines := w.lines[f].Bytes()
		group.Go(func() error { return w.put(ctx, key, lines) })
	}
	if err := group.Wait(); err != nil {
		return err
	}
	clear(w.lines)
	w.size = 0
	w.round++
	w.progress()
	return nil
}

// put writes an object, or finds the same lines there. They may be compressed in
// another way, by another version of the library.
func (w *writer) put(ctx context.Context, key string, lines []byte) error {
	var body bytes.Buffer
	z, ok := w.gzips.Get().(*gzip.Writer)
	if !ok {
		z = gzip.NewWriter(nil)
	}
	defer w.gzips.Put(z)
	z.Reset(&body)
	if _, err := z.Write(lines); err != nil {
		return err
	}
	if err := z.Close(); err != nil {
		return err
	}
	err := w.out.PutIfAbsent(ctx, key, body.Bytes())
	if !errors.Is(err, store.ErrExists) {
		return err
	}
	have, _, err := store.ReadAll(ctx, w.out, key)
	if err != nil {
		return err
	}
	if !sameLines(have, lines) {
		return fmt.Errorf("%w: %s in %s has other lines than the input gives now: import into an empty place, or remove the object if it is none of an import", ErrOther, key, w.out)
	}
	return nil
}

func sameLines(object, lines []byte) bool {
	z, err := gzip.NewReader(bytes.NewReader(object))
	if err != nil {
		return false
	}
	have, err := io.ReadAll(io.LimitReader(z, int64(len(lines))+1))
	return err == nil && bytes.Equal(have, lines)
}
