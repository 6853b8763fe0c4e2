package etl

import (
	"context"

	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/delta"
)

// ahead is what the rows of a batch come to in silver, worked out while they are
// still in memory on their way to bronze, so that they need not be read back. It is
// a shortcut and nothing more: it counts once silver's commit names its files, and
// that is made only for exactly the bronze commit that has the rows. In all other
// cases, such as after a crash, bronze is read.
type ahead struct {
	pass    *cleansing
	parsing *lane // of pages; nil: at once
	version int64 // of bronze that has the rows, once it is known

	silver, quarantine []delta.Add // once it is closed
}

// newAhead begins to work ahead on a batch.
func (r *Runner) newAhead(of *staged) *ahead {
	a := &ahead{pass: r.newCleansing(of.progress)}
	a.pass.keepEvents, a.pass.keepRefused = true, true
	a.pass.delivered = of.delivered
	a.pass.recent, a.pass.later = nil, true
	a.pass.silver.Keep()
	if r.limits.lanes() {
		a.parsing, a.pass.encoding = openLane(), openLane()
	}
	return a
}

// close has what is left written and uploaded. Its answer is complete after end.
func (a *ahead) close(ctx context.Context) error {
	return a.parsing.give(func() error {
		if err := a.pass.flush(ctx); err != nil {
			return err
		}
		err := a.pass.encoding.give(func() (err error) {
			a.silver, err = a.pass.silver.Close(ctx)
			return err
		})
		if err == nil {
			a.quarantine, err = a.pass.quarantine.Close(ctx)
		}
		return err
	})
}

// end waits until all is done. It is called once, whatever happened before.
func (a *ahead) end() error {
	err := a.parsing.close()
	if eerr := a.pass.encoding.close(); err == nil {
		err = eerr
	}
	return err
}

// takeAhead is the pass over exactly the rows of a stretch, if that was made ahead.
func (r *Runner) takeAhead(s stretch) *ahead {
	a := r.ahead
	r.ahead = nil
	if a == nil || len(s.commits) != 1 || s.commits[0].Version != a.version {
		return nil
	}
	for _, key := range a.pass.seen {
		if r.recent != nil && r.recent.repeats(key.key, key.row) {
			a.pass.quality.Repeated++
		}
	}
	return a
}

// handed are the rows of the last silver commit of the run, by the path of their
// file, on their way to gold.
type handed map[string][]*columnar.Batch

// take gives the rows of a file and forgets them.
func (h handed) take(path string) ([]*columnar.Batch, bool) {
	rows, ok := h[path]
	delete(h, path)
	return rows, ok
}
