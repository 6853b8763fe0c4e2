package growth

import (
	"context"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/auditlake/auditlake/bench/lakes"
	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/delta"
	"github.com/auditlake/auditlake/pkg/etl"
	"github.com/auditlake/auditlake/pkg/etl/event"
	"github.com/auditlake/auditlake/pkg/etl/landing"
	"github.com/auditlake/auditlake/pkg/lake"
	"github.com/auditlake/auditlake/pkg/store"
)

// Known is a run of the ETL by a process that has just started, over a source and a
// lake in memory, so that requests are counted and cost no time.
type Known struct {
	Files int         `json:"files"` // that the lake knows
	Idle  RunOfTheETL `json:"idle"`
	New   RunOfTheETL `json:"new"` // one more file is there
}

// RunOfTheETL is what such runs took.
type RunOfTheETL struct {
	Took     Spread `json:"took"`
	Requests int64  `json:"requests"` // of the last run
	Bytes    int64  `json:"bytes"`    // that the last run read
}

// The density of delivered files: 1,000 a day in ten workspaces.
const (
	workspaces    = 10
	filesPerSpace = 100
	filesPerDay   = workspaces * filesPerSpace
)

func (b *bench) measureKnown(ctx context.Context) error {
	for _, days := range b.known {
		source := newArchive(days)
		root := store.NewMemory("lake")
		if err := grow(ctx, source, root); err != nil {
			return err
		}
		k := Known{Files: days * filesPerDay}
		var err error
		if k.Idle, err = b.runs(ctx, source, root, 0); err != nil {
			return err
		}
		if k.New, err = b.runs(ctx, source, root, 1); err != nil {
			return err
		}
		b.Logf("%d known files: idle %s ms, %d requests; one new file %s ms, %d requests",
			k.Files, k.Idle.Took, k.Idle.Requests, k.New.Took, k.New.Requests)
		b.out.Known = append(b.out.Known, k)
	}
	return nil
}

// runs has new processes run one after the other, each finding so many new files.
func (b *bench) runs(ctx context.Context, a *archive, root store.Store, files int) (RunOfTheETL, error) {
	var out RunOfTheETL
	var all []time.Duration
	for range b.warm {
		a.extra += files
		source, metered := store.NewMetered(a), store.NewMetered(root)
		r, err := newRunner(source, metered, etl.Options{})
		if err != nil {
			return out, err
		}
		began := time.Now()
		sum, err := r.Run(ctx)
		if err != nil {
			return out, err
		}
		all = append(all, time.Since(began))
		if sum.Files != int64(files) {
			return out, fmt.Errorf("a run read %d files, not %d", sum.Files, files)
		}
		from, to := source.Usage(), metered.Usage()
		out.Requests, out.Bytes = from.Requests()+to.Requests(), from.Get.Bytes+to.Get.Bytes
	}
	out.Took = spreadOf(all)
	return out, nil
}

func newRunner(source, root store.Store, o etl.Options) (*etl.Runner, error) {
	o.Sources = []etl.Source{etl.SourceOf(source)}
	return etl.NewRunner(lake.New(root, lake.Options{Now: lakes.End}), o)
}

// archive is a source with days x filesPerDay unchanging files, and some more on the
// last day. It makes the keys up as they are listed.
type archive struct {
	store.Store
	days  []string // oldest first
	extra int
}

func newArchive(days int) *archive {
	a := &archive{Store: store.NewMemory("archive")}
	for d := days; d >= 1; d-- {
		a.days = append(a.days, lakes.End().AddDate(0, 0, -d).Format(time.DateOnly))
	}
	return a
}

// List implements store.Store.
func (a *archive) List(_ context.Context, prefix, startAfter string) iter.Seq2[store.Object, error] {
	return func(yield func(store.Object, error) bool) {
		for w := range workspaces {
			parent := fmt.Sprintf("workspaceId=%d/date=", w)
			if !strings.HasPrefix(parent, prefix) {
				continue
			}
			from, _ := slices.BinarySearch(a.days, strings.TrimPrefix(startAfter, parent))
			for i, day := range a.days[from:] {
				names := filesPerSpace
				if w == workspaces-1 && from+i == len(a.days)-1 {
					names += a.extra
				}
				for f := range names {
					key := fileKey(w, day, f)
					if key > startAfter && !yield(store.Object{Key: key, ETag: "e", Size: fileSize}, nil) {
						return
					}
				}
			}
		}
	}
}

// Folders implements store.Store.
func (a *archive) Folders(context.Context, string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for w := range workspaces {
			if !yield(fmt.Sprintf("workspaceId=%d/", w), nil) {
				return
			}
		}
	}
}

// Get implements store.Store: each file is one event.
func (a *archive) Get(_ context.Context, key, _ string, _, _ int64) (io.ReadCloser, store.Object, error) {
	line := lineOf(key)
	return io.NopCloser(strings.NewReader(line)), store.Object{Key: key, ETag: "e", Size: int64(len(line))}, nil
}

// fileSize is that of every file: all keys are of one length.
var fileSize = int64(len(lineOf(fileKey(0, time.DateOnly, 0))))

func lineOf(key string) string {
	return fmt.Sprintf(`{"version":"2.0","timestamp":%d,"workspaceId":"9","serviceName":"clusters","actionName":"create","requestId":%q,`+
		`"userIdentity":{"email":"ada@example.com"},"requestParams":{},"response":{"statusCode":200}}`+"\n",
		lakes.End().Add(-time.Hour).UnixMilli(), key)
}

func fileKey(workspace int, day string, n int) string {
	return fmt.Sprintf("workspaceId=%d/date=%s/auditlogs_%05d.json", workspace, day, n)
}

// grow makes a lake that knows all files of an archive, as a long life leaves it,
// without their rows: a run reads none of them.
func grow(ctx context.Context, a *archive, root store.Store) error {
	state := landing.Empty(root)
	state.SourceIndex(etl.SourceOf(a).URL)
	known := map[string][]landing.Entry{}
	for d, day := range a.days {
		for i := range filesPerDay {
			known[day] = append(known[day], landing.Entry{
				FileID: int64(d*filesPerDay + i + 1), Key: fileKey(i%workspaces, day, i/workspaces), ETag: "e", Size: fileSize, Versions: 1,
			})
		}
	}
	_, path, err := state.Next(ctx, known)
	if err != nil {
		return err
	}
	l := lake.New(root, lake.Options{Now: lakes.End})
	if _, err := l.Table(lake.Bronze).Commit(ctx, delta.Tx{Operation: "CREATE TABLE", Metadata: &delta.Metadata{
		Schema:           columnar.Schema{{Name: "raw", Type: columnar.Of(columnar.String)}, {Name: "date", Type: columnar.Of(columnar.Date)}},
		PartitionColumns: []string{"date"},
		Configuration:    map[string]string{landing.Property: path},
	}}); err != nil {
		return err
	}
	if _, err := l.Table(lake.Silver).Commit(ctx, delta.Tx{
		Operation: "CREATE TABLE", Txn: &delta.Txn{AppID: "auditlake/silver/1", Version: 0},
		Metadata: &delta.Metadata{Schema: event.Schema(), PartitionColumns: []string{"date"}},
	}); err != nil {
		return err
	}
	r, err := newRunner(a, root, etl.Options{Sweep: true})
	if err != nil {
		return err
	}
	sum, err := r.Run(ctx)
	if err == nil && (sum.Changed() || sum.Listed != int64(len(a.days)*filesPerDay)) {
		err = fmt.Errorf("the sweep of a grown lake lists %d files and reads %d", sum.Listed, sum.Files)
	}
	return err
}
