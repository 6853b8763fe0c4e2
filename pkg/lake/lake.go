// Package lake is THE TABLES BY NAME: Delta tables below one root of an object
// store, their rows in and out as columnar batches.
//
//	<root>/bronze/  silver/  quarantine/  runs/     the layers
//	<root>/gold/<service>/                          one table per service
//	<root>/lookups/<name>/                          a table of the lake's owner, to be read
//	<root>/_auditlake/                              state that is no table
//
//	Table.View       the newest snapshot; its Scan leaves out files that cannot match
//	Table.ScanFiles  the rows of given files of a snapshot
//	Table.NewWriter  batches -> data files; Close returns their delta.Adds
//	Table.Commit     adds, removals, state: one log entry
//	PlanMerges       which small files are worth merging; Table.Rewrite merges them
//
// Data files are written whole and never changed; they count only once a commit
// names them, so a writer that dies leaves nothing but unused objects.
package lake

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/delta"
	"github.com/auditlake/auditlake/pkg/lake/lookup"
	"github.com/auditlake/auditlake/pkg/store"
)

// ErrNoTable says that a table does not exist.
var ErrNoTable = delta.ErrNoTable

// The tables that every lake has. All other names are gold tables.
const (
	Bronze     = "bronze"
	Silver     = "silver"
	Quarantine = "quarantine"
	Runs       = "runs"
	Identities = "identities"
)

const goldFolder = "gold/"

// Layers are the names that are not gold tables.
func Layers() []string { return []string{Bronze, Silver, Quarantine, Runs, Identities} }

// Root is the key prefix of a table in the lake's store.
func Root(table string) string {
	if slices.Contains(Layers(), table) {
		return table + "/"
	}
	return goldFolder + table + "/"
}

// Options are the ways in which a Lake differs from another. The zero value is
// usable.
type Options struct {
	Engine      string           // names the writer in the logs, such as "auditlake/1.2.0"
	Now         func() time.Time // nil: time.Now
	OnWarning   func(error)      // told what went wrong without failing a call; nil ignores it
	FooterBytes int64            // of parsed footers kept for Views; 0: 32 MiB
	PageBytes   int64            // of decoded pages kept for Views; 0: 64 MiB, negative: none
}

// Lake is the tables below one root. It is safe for concurrent use.
type Lake struct {
	store   store.Store
	opts    Options
	footers *footers
	pages   *columnar.PageCache // nil: none are kept

	mu      sync.Mutex        // guards tables and lookups
	tables  map[string]*Table // by name
	lookups map[string]*Table
}

// New is the lake in a store. It does no I/O: nothing need be there yet.
func New(s store.Store, opts Options) *Lake {
	if opts.Now == nil {
		opts.Now = time.Now
	}
	if opts.FooterBytes == 0 {
		opts.FooterBytes = footerBytes
	}
	if opts.PageBytes == 0 {
		opts.PageBytes = pageBytes
	}
	l := &Lake{store: s, opts: opts, footers: newFooters(opts.FooterBytes), tables: map[string]*Table{}, lookups: map[string]*Table{}}
	if opts.PageBytes > 0 {
		l.pages = columnar.NewPageCache(opts.PageBytes)
	}
	return l
}

// Store is where the lake lies.
func (l *Lake) Store() store.Store { return l.store }

// Now is the lake's clock in UTC, at the precision of the timestamps it writes.
func (l *Lake) Now() time.Time { return l.opts.Now().UTC().Truncate(time.Millisecond) }

// Table is the table of a name, whether it exists or not. Asking again gives the
// same Table, which keeps what it has read of its log.
func (l *Lake) Table(name string) *Table {
	l.mu.Lock()
	defer l.mu.Unlock()
	t, ok := l.tables[name]
	if !ok {
		t = l.open(name, Root(name))
		l.tables[name] = t
	}
	return t
}

// Lookup is the Delta table below lookups/, whether it exists or not, which its
// owner writes. It is none of Table: nothing that writes tables or looks after them
// gets at it by a name.
func (l *Lake) Lookup(name string) *Table {
	l.mu.Lock()
	defer l.mu.Unlock()
	t, ok := l.lookups[name]
	if !ok {
		t = l.open(name, lookup.Folder+name+"/")
		l.lookups[name] = t
	}
	return t
}

func (l *Lake) open(name, root string) *Table {
	return &Table{
		Name: name, lake: l, root: root,
		log: delta.Open(l.store, root, delta.Options{
			Engine: l.opts.Engine, Now: l.opts.Now, OnWarning: l.opts.OnWarning,
		}),
		footers: l.footers,
	}
}

// maxTableName is what a folder's name may have in bytes where lakes are folders.
const maxTableName = 255

// MayBeTable says whether a table could have the name, which is that of one folder.
func MayBeTable(name string) bool {
	return len(name) <= maxTableName && !strings.Contains(name, "/") && store.CheckKey(name) == nil
}

// Forget drops what is kept of a table, for names that turned out to be none: they
// come from whoever asks, and there is no end of them. Who holds the Table goes on
// with it.
func (l *Lake) Forget(name string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.tables, name)
}

// ForgetLookup is Forget of a name given to Lookup.
func (l *Lake) ForgetLookup(name string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.lookups, name)
}

// Known are the names of the tables that this Lake has looked at, in byte order.
// It does no I/O.
func (l *Lake) Known() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Sorted(maps.Keys(l.tables))
}

// Gold are the names of the gold tables that exist, in byte order.
func (l *Lake) Gold(ctx context.Context) ([]string, error) {
	folders, err := l.GoldFolders(ctx)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, name := range folders {
		if _, err := l.Table(name).Snapshot(ctx); errors.Is(err, delta.ErrNoTable) {
			continue
		} else if err != nil {
			return nil, err
		}
		names = append(names, name)
	}
	return names, nil
}

// GoldFolders are the names under which gold tables lie or are being made, in byte
// order. A folder is a table only once it has a log: a run that died before its
// first commit leaves data files alone.
func (l *Lake) GoldFolders(ctx context.Context) ([]string, error) {
	var names []string
	for folder, err := range l.store.Folders(ctx, goldFolder) {
		if errors.Is(err, store.ErrNotFound) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("list gold tables: %w", err)
		}
		names = append(names, strings.TrimSuffix(strings.TrimPrefix(folder, goldFolder), "/"))
	}
	return names, nil
}

// Table is one Delta table. It is safe for concurrent use.
type Table struct {
	Name string

	lake    *Lake
	root    string // key prefix
	log     *delta.Log
	footers *footers // the lake's
	spans   spans
	blocks  blocks
	swept   atomic.Pointer[delta.Snapshot] // the last that sweep has seen
}

// Snapshot is the newest state of the table; delta.ErrNoTable if there is none.
func (t *Table) Snapshot(ctx context.Context) (*delta.Snapshot, error) {
	s, err := t.log.Snapshot(ctx)
	if err != nil {
		return nil, fmt.Errorf("table %s: %w", t.Name, err)
	}
	return s, nil
}

// SnapshotAt is the state of the table at a version.
func (t *Table) SnapshotAt(ctx context.Context, version int64) (*delta.Snapshot, error) {
	s, err := t.log.SnapshotAt(ctx, version)
	if err != nil {
		return nil, fmt.Errorf("table %s: %w", t.Name, err)
	}
	return s, nil
}

// Log is the table's log, for following its commits.
func (t *Table) Log() *delta.Log { return t.log }

// Commit makes tx the next version of the table; errors are those of
// delta.Log.Commit.
func (t *Table) Commit(ctx context.Context, tx delta.Tx) (version int64, err error) {
	v, err := t.log.Commit(ctx, tx)
	if err != nil {
		return 0, fmt.Errorf("commit to %s: %w", t.Name, err)
	}
	return v, nil
}
