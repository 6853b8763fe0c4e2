package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/auditlake/auditlake/internal/generate"
	"github.com/auditlake/auditlake/pkg/etl"
	"github.com/auditlake/auditlake/pkg/lake"
	"github.com/auditlake/auditlake/pkg/store"
)

// StillEnd is the moment at which the clock of Still stands in the end.
func StillEnd() time.Time { return time.Date(2026, 2, 3, 16, 0, 0, 0, time.UTC) }

// Of the lake that stands still: how long before its end the ETL begins to run
// often, and how often it runs before and after.
const (
	recently = 7 * 24 * time.Hour
	seldom   = 24 * time.Hour
	often    = 2 * time.Hour
)

// Still makes anew in dir the logs and the lake of which the pictures in the
// documentation are: 30 days with something to find for every named query, brought
// in by runs at fixed times. It is the same each time.
func Still(ctx context.Context, dir string, out io.Writer) error {
	logs, folder := filepath.Join(dir, "logs"), filepath.Join(dir, "lake")
	if err := errors.Join(os.RemoveAll(logs), os.RemoveAll(folder), os.MkdirAll(logs, 0o755), os.MkdirAll(folder, 0o755)); err != nil {
		return err
	}
	source, err := store.Open(ctx, logs)
	if err != nil {
		return err
	}
	root, err := store.Open(ctx, folder)
	if err != nil {
		return err
	}
	deliveries, err := generate.Deliveries(generate.Config{
		Seed: 1, Start: StillEnd().Truncate(24*time.Hour).AddDate(0, 0, 1-liveDays), Days: liveDays,
		EventsPerDay: 2_000, Scenario: generate.Detections,
	})
	if err != nil {
		return err
	}
	now := StillEnd().Add(-liveDays * 24 * time.Hour)
	runner, err := etl.NewRunner(lake.New(root, lake.Options{Now: func() time.Time { return now }}), etl.Options{
		Sources: []etl.Source{etl.SourceOf(source)},
	})
	if err != nil {
		return err
	}
	put, runs := generate.Folder(logs), 0
	for d := range deliveries {
		for ; d.At.After(now) && !now.After(StillEnd()); now = now.Add(pause(now)) {
			if _, err := runner.Run(ctx); err != nil {
				return err
			}
			runs++
		}
		if d.At.After(StillEnd()) {
			break
		}
		if err := put(d.Key, d.Body); err != nil {
			return err
		}
	}
	_, err = fmt.Fprintf(out, "%d runs of the ETL up to %s\n", runs, StillEnd().Format(time.RFC3339))
	return err
}

// pause is the time between the run at a moment and the next.
func pause(now time.Time) time.Duration {
	if StillEnd().Sub(now) > recently {
		return seldom
	}
	return often
}
