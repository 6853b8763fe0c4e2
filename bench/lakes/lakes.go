// Package lakes makes the lakes that the benchmarks ask, and opens them.
//
//	generate ──► <dir>/logs ──► ETL ──► <dir>/lake ──► merge small files ──► <dir>/made.json
//
// A lake is a pure function of its Spec, so one that was made before is used again;
// made.json is written last and says what it was made of. All lakes end on the same
// day, so that the last week is the same week in each of them.
package lakes

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/auditlake/auditlake/internal/generate"
	"github.com/auditlake/auditlake/pkg/etl"
	"github.com/auditlake/auditlake/pkg/lake"
	"github.com/auditlake/auditlake/pkg/query"
	"github.com/auditlake/auditlake/pkg/store"
)

// End is the midnight after the last day of every lake.
func End() time.Time { return time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC) }

// Spec says which lake.
type Spec struct {
	Days         int `json:"days"`
	EventsPerDay int `json:"eventsPerDay"`
}

func (s Spec) String() string { return fmt.Sprintf("%d-days-%d-a-day", s.Days, s.EventsPerDay) }

// Config is the logs of the lake.
func (s Spec) Config() generate.Config {
	return generate.Config{Seed: 1, Start: End().AddDate(0, 0, -s.Days), Days: s.Days, EventsPerDay: s.EventsPerDay}
}

// Range is all days of the lake.
func (s Spec) Range() query.TimeRange {
	return query.TimeRange{From: End().AddDate(0, 0, -s.Days), To: End()}
}

// Made is a lake on disk.
type Made struct {
	Spec   Spec          `json:"spec"`
	Events int64         `json:"events"` // rows of silver
	Took   time.Duration `json:"took"`   // to make it

	dir string
}

// Logs is the folder of the delivered files, Folder that of the lake.
func (m *Made) Logs() string   { return filepath.Join(m.dir, "logs") }
func (m *Made) Folder() string { return filepath.Join(m.dir, "lake") }

// Make gives the lake of a spec below a folder, and makes it if it is not there.
func Make(ctx context.Context, scratch string, s Spec) (*Made, error) {
	m := &Made{Spec: s, dir: filepath.Join(scratch, s.String())}
	found, err := m.load()
	if err != nil || found {
		return m, err
	}
	if err := os.RemoveAll(m.dir); err != nil { // of an attempt that was cut off
		return nil, fmt.Errorf("make lake %s: %w", s, err)
	}
	began := time.Now()
	if err := m.build(ctx); err != nil {
		return nil, fmt.Errorf("make lake %s: %w", s, err)
	}
	m.Took = time.Since(began)
	text, err := json.Marshal(m)
	if err != nil {
		return nil, err
	}
	return m, os.WriteFile(m.file(), text, 0o644)
}

func (m *Made) file() string { return filepath.Join(m.dir, "made.json") }

func (m *Made) load() (bool, error) {
	text, err := os.ReadFile(m.file())
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	var was Made
	if json.Unmarshal(text, &was) != nil || was.Spec != m.Spec {
		return false, nil //nolint:nilerr // what cannot be read is made anew
	}
	m.Events, m.Took = was.Events, was.Took
	return true, nil
}

func (m *Made) build(ctx context.Context) error {
	if err := os.MkdirAll(m.Logs(), 0o755); err != nil {
		return err
	}
	if _, err := generate.Write(ctx, m.Spec.Config(), time.Time{}, generate.Folder(m.Logs())); err != nil {
		return err
	}
	source, err := store.Open(ctx, m.Logs(), store.ReadOnly())
	if err != nil {
		return err
	}
	root, err := store.Open(ctx, m.Folder())
	if err != nil {
		return err
	}
	l := lake.New(root, lake.Options{})
	r, err := etl.NewRunner(l, etl.Options{Sources: []etl.Source{etl.SourceOf(source)}})
	if err != nil {
		return err
	}
	sum, err := r.Run(ctx)
	if err != nil {
		return err
	}
	m.Events = sum.Silver
	return settle(ctx, l)
}

// settle merges small files until there is nothing left to merge.
func settle(ctx context.Context, l *lake.Lake) error {
	const most = 10 // tiers of size are few
	for range most {
		sum, err := etl.Optimize(ctx, l, etl.OptimizeOptions{})
		if err != nil || len(sum.Tables) == 0 {
			return err
		}
	}
	return errors.New("merging small files does not come to an end")
}

// Remove deletes the lake and its logs.
func (m *Made) Remove() error { return os.RemoveAll(m.dir) }

// Open is the lake as a data source of the plugin opens it: nothing is known of it
// yet. wrap decorates its store; nil leaves it as it is. The zero o is what the plugin has.
func (m *Made) Open(ctx context.Context, wrap func(store.Store) store.Store, o lake.Options) (*lake.Lake, error) {
	s, err := store.Open(ctx, m.Folder())
	if err != nil {
		return nil, fmt.Errorf("open lake %s: %w", m.Spec, err)
	}
	if wrap != nil {
		s = wrap(s)
	}
	return lake.New(s, o), nil
}

// Files are the live data files of a table, as absolute paths.
func (m *Made) Files(ctx context.Context, l *lake.Lake, table string) ([]string, error) {
	snap, err := l.Table(table).Snapshot(ctx)
	if err != nil {
		return nil, err
	}
	root, err := filepath.Abs(m.Folder())
	if err != nil {
		return nil, err
	}
	var out []string
	for add := range snap.Files() {
		out = append(out, filepath.Join(root, filepath.FromSlash(lake.Root(table)+add.Path)))
	}
	return out, nil
}
