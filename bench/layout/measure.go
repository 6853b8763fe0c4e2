package layout

import (
	"bytes"
	"context"
	"fmt"
	"runtime"
	"slices"
	"time"

	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/query/exec"
)

// result is what one variant came to.
type result struct {
	variant variant
	file    []byte
	path    string
	size    int
	write   time.Duration
	panels  []panelResult
}

type panelResult struct {
	cpu    time.Duration
	groups int64 // row groups that were read
	bytes  int64 // that were fetched
}

func measureVariant(ctx context.Context, c *corpus, v variant, panels []panel, repeats int) (*result, error) {
	r := &result{variant: v}
	batches := v.batches(c)
	var out bytes.Buffer
	var err error
	r.write, err = median(min(repeats, 3), func() error {
		out.Reset()
		w, err := columnar.NewWriter(&out, c.rows.Schema, v.options(c))
		if err != nil {
			return err
		}
		for _, b := range batches {
			if err := w.Write(b); err != nil {
				return err
			}
		}
		_, err = w.Close()
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("write: %w", err)
	}
	r.file, r.size = out.Bytes(), out.Len()
	table, err := openTable(ctx, c.table, r.file)
	if err != nil {
		return nil, err
	}
	if err := table.holds(ctx, c); err != nil {
		return nil, err
	}
	for _, p := range panels {
		var stats exec.Stats
		cpu, err := median(repeats, func() error {
			answer, err := exec.Run(ctx, table, p.plan, exec.Options{})
			if err == nil {
				stats = answer.Stats
			}
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("panel %s: %w", p.name, err)
		}
		r.panels = append(r.panels, panelResult{cpu, stats.Scan.RowGroups - stats.Scan.RowGroupsPruned, stats.Scan.Bytes})
	}
	return r, nil
}

// median is the processor time of f, over n calls after one that does not count.
func median(n int, f func() error) (time.Duration, error) {
	if err := f(); err != nil {
		return 0, err
	}
	var times []time.Duration
	for range max(n, 1) {
		runtime.GC()
		start := cpuTime()
		if err := f(); err != nil {
			return 0, err
		}
		times = append(times, cpuTime()-start)
	}
	slices.Sort(times)
	return times[len(times)/2], nil
}
