package soak

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/auditlake/auditlake/pkg/etl"
	"github.com/auditlake/auditlake/pkg/lake"
	"github.com/auditlake/auditlake/pkg/query"
	"github.com/auditlake/auditlake/pkg/query/exec"
	"github.com/auditlake/auditlake/pkg/query/named"
	"github.com/auditlake/auditlake/pkg/store"
)

// Work says what a worker works on. It goes to its process as JSON.
type Work struct {
	Clock Clock
	// Logs is the folder of the deliveries; Whole is that of the lake that keeps
	// everything, Brief of the one that keeps KeptDays.
	Logs, Whole, Brief string
	KeptDays           int
}

// budget is what the ETL has in the plugin. What the lakes keep for queries is a part of
// what they keep there, so that it is full when memory is first looked at: from then on
// nothing that is kept may grow.
const (
	budget = 192 << 20
	kept   = 4 << 20 // of footers, and of pages
)

// Run works until ctx ends, which is no error.
func (w Work) Run(ctx context.Context) error {
	open := func(dir string) (store.Store, error) {
		s, err := store.Open(ctx, dir)
		return dated{s, w.Clock}, err
	}
	logs, err := open(w.Logs)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	var all sync.WaitGroup
	defer all.Wait()
	defer cancel(nil)
	for _, l := range []struct {
		dir  string
		keep etl.RetentionOptions
	}{
		{w.Whole, etl.RetentionOptions{}},
		{w.Brief, etl.RetentionOptions{BronzeDays: w.KeptDays, QuarantineDays: w.KeptDays, SilverDays: w.KeptDays, GoldDays: w.KeptDays}},
	} {
		s, err := open(l.dir)
		if err != nil {
			return err
		}
		tables := lake.New(s, lake.Options{Engine: "soak", Now: w.Clock.Now, FooterBytes: kept, PageBytes: kept})
		all.Go(func() { cancel(w.keepUp(ctx, logs, tables, l.keep)) })
		all.Go(func() { cancel(w.ask(ctx, tables)) })
	}
	<-ctx.Done()
	if err := context.Cause(ctx); !errors.Is(err, context.Canceled) {
		return err
	}
	return nil
}

// keepUp has a run every hour of the clock, and what maintenance is due after it.
func (w Work) keepUp(ctx context.Context, logs store.Store, l *lake.Lake, keep etl.RetentionOptions) error {
	runner, err := etl.NewRunner(l, etl.Options{
		Sources: []etl.Source{etl.SourceOf(logs)}, MemoryBytes: budget, Workers: 1, Engine: "soak",
	})
	if err != nil {
		return err
	}
	for next := w.Clock.Now(); ; {
		if _, err := runner.Run(ctx); err != nil {
			return fmt.Errorf("run of %s: %w", l.Store(), err)
		}
		if _, err := etl.Maintain(ctx, l, etl.MaintainOptions{Retention: keep}); err != nil {
			return fmt.Errorf("maintenance of %s: %w", l.Store(), err)
		}
		for now := w.Clock.Now(); !next.After(now); {
			next = next.Add(time.Hour)
		}
		if err := w.wait(ctx, next); err != nil {
			return err
		}
	}
}

func (w Work) wait(ctx context.Context, until time.Time) error {
	t := time.NewTimer(w.Clock.Until(until))
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

// ask asks one query of the catalog after the other, and how many events there are:
// of days that are not about to be removed there may not be fewer than before.
func (w Work) ask(ctx context.Context, l *lake.Lake) error {
	catalog := query.OfLake(l)
	names := named.All()
	before := int64(0)
	since := query.TimeRange{}
	for i := 0; ; i++ {
		if err := ctx.Err(); err != nil {
			return err
		}
		now := w.Clock.Now()
		if i%len(names) == 0 {
			before, since = 0, query.TimeRange{From: now.Truncate(24*time.Hour).AddDate(0, 0, -w.KeptDays/2)}
		}
		r, err := exec.Run(ctx, catalog, query.From(lake.Silver, since).Aggregate(nil, query.CountRows("n")), exec.Options{})
		if err != nil {
			return fmt.Errorf("count events of %s: %w", l.Store(), err)
		}
		n := r.Batch.Columns[0].Ints[0]
		if n < before {
			return fmt.Errorf("%s has %d events since %s, and had %d", l.Store(), n, since.From, before)
		}
		before = n
		q := names[i%len(names)]
		if slices.ContainsFunc(q.Params, func(p named.Param) bool { return p.Required }) {
			continue
		}
		p, err := named.Build(q.Name, nil, query.TimeRange{From: now.AddDate(0, 0, -7), To: now})
		if err != nil {
			return fmt.Errorf("%s: %w", q.Name, err)
		}
		if _, err := exec.Run(ctx, catalog, p, exec.Options{}); err != nil {
			return fmt.Errorf("%s of %s: %w", q.Name, l.Store(), err)
		}
		// As many as a busy dashboard asks, not as many as can be.
		if err := w.wait(ctx, w.Clock.Now().Add(10*time.Minute)); err != nil {
			return err
		}
	}
}
