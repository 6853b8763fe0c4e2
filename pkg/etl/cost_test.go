package etl_test

import (
	"context"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/delta"
	"github.com/auditlake/auditlake/pkg/etl"
	silver "github.com/auditlake/auditlake/pkg/etl/event"
	"github.com/auditlake/auditlake/pkg/etl/landing"
	"github.com/auditlake/auditlake/pkg/lake"
	"github.com/auditlake/auditlake/pkg/store"
)

// The density of delivered files: 1,000 a day in ten workspaces.
const (
	workspaces    = 10
	filesPerSpace = 100
	filesPerDay   = workspaces * filesPerSpace
)

// archive is a source with days x filesPerDay unchanging files, and one more on
// the last day when extra is set. It makes the keys up as they are listed.
type archive struct {
	store.Store
	days  []string // oldest first
	extra bool
}

func newArchive(days int) *archive {
	a := &archive{Store: store.NewMemory("archive")}
	for d := days - 1; d >= 0; d-- {
		a.days = append(a.days, now().AddDate(0, 0, -d).Format(time.DateOnly))
	}
	return a
}

func (a *archive) List(_ context.Context, prefix, startAfter string) iter.Seq2[store.Object, error] {
	return func(yield func(store.Object, error) bool) {
		for w := range workspaces {
			parent := fmt.Sprintf("workspaceId=%d/date=", w)
			if !strings.HasPrefix(parent, prefix) && !strings.HasPrefix(prefix, parent) {
				continue
			}
			after, _, _ := strings.Cut(strings.TrimPrefix(startAfter, parent), "/")
			from, _ := slices.BinarySearch(a.days, after)
			for i, day := range a.days[from:] {
				folder := parent + day + "/"
				names := filesPerSpace
				if a.extra && w == workspaces-1 && from+i == len(a.days)-1 {
					names++
				}
				for f := range names {
					if key := fmt.Sprintf("%sauditlogs_%04d.json", folder, f); key > startAfter && strings.HasPrefix(key, prefix) && !yield(store.Object{Key: key, ETag: "e"}, nil) {
						return
					}
				}
			}
		}
	}
}

func (a *archive) Folders(_ context.Context, _ string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for w := range workspaces {
			if !yield(fmt.Sprintf("workspaceId=%d/", w), nil) {
				return
			}
		}
	}
}

func (a *archive) Get(_ context.Context, key, _ string, _, _ int64) (io.ReadCloser, store.Object, error) {
	body := event(1, "clusters", "create", "") + "\n"
	return io.NopCloser(strings.NewReader(body)), store.Object{Key: key, ETag: "e"}, nil
}

// grown is a lake that knows all files of an archive, as a long life leaves it,
// without their rows: a run that finds nothing new reads none. It is made once for
// each number of days; everyone gets a copy.
func grown(t testing.TB, days int) (*archive, *store.Memory) {
	t.Helper()
	made, known := grownLakes[days]
	if !known {
		made = grow(t, days)
		grownLakes[days] = made
	}
	own := store.NewMemory("lake")
	copyStore(t, made, own)
	own.Now = nil
	return newArchive(days), own
}

// grownLakes are what grow has made, by days. No test that is parallel asks for them.
var grownLakes = map[int]*store.Memory{}

func grow(t testing.TB, days int) *store.Memory {
	t.Helper()
	source, lakeStore := newArchive(days), store.NewMemory("lake")
	state := landing.Empty(lakeStore)
	state.SourceIndex(etl.SourceOf(source).URL)
	changed := map[string][]landing.Entry{}
	for d, day := range source.days {
		for i := range filesPerDay {
			key := fmt.Sprintf("workspaceId=%d/date=%s/auditlogs_%04d.json", i%workspaces, day, i/workspaces)
			changed[day] = append(changed[day], landing.Entry{
				FileID: int64(d*filesPerDay + i + 1), Key: key, ETag: "e", Versions: 1,
			})
		}
	}
	_, path, err := state.Next(t.Context(), changed)
	if err != nil {
		t.Fatal(err)
	}
	r, l := newRunner(t, source, lakeStore, etl.Options{Sweep: true})
	if _, err := l.Table(lake.Bronze).Commit(t.Context(), delta.Tx{Operation: "CREATE TABLE", Metadata: &delta.Metadata{
		Schema: columnar.Schema{
			{Name: "raw", Type: columnar.Of(columnar.String)},
			{Name: "date", Type: columnar.Of(columnar.Date)},
		},
		PartitionColumns: []string{"date"},
		Configuration:    map[string]string{landing.Property: path},
	}}); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Table(lake.Silver).Commit(t.Context(), delta.Tx{
		Operation: "CREATE TABLE", Txn: &delta.Txn{AppID: "auditlake/silver/1", Version: 0},
		Metadata: &delta.Metadata{Schema: silver.Schema(), PartitionColumns: []string{"date"}},
	}); err != nil {
		t.Fatal(err)
	}
	if sum, err := r.Run(t.Context()); err != nil || sum.Changed() || sum.Listed != int64(days*filesPerDay) {
		t.Fatalf("sweep: %+v, %v", sum, err)
	}
	return lakeStore
}

// cost is what a run asks of source and lake.
func cost(t testing.TB, a *archive, lakeStore store.Store, wantFiles int64) (requests, bytes int64) {
	t.Helper()
	source, metered := store.NewMetered(a), store.NewMetered(lakeStore)
	r, _ := newRunner(t, source, metered, etl.Options{})
	sum, err := r.Run(t.Context())
	if err != nil || sum.Files != wantFiles {
		t.Fatalf("run: %+v, %v", sum, err)
	}
	for _, m := range []*store.Metered{source, metered} {
		u := m.Usage()
		requests += u.Requests()
		bytes += u.Get.Bytes
	}
	return requests, bytes
}

// TestCostDoesNotGrowWithKnownFiles compares fresh processes on a lake that knows ten
// times as many delivered files, over ten times as many days; three times as many
// without -whole. The small lake is just too large for a sweep on every run.
func TestCostDoesNotGrowWithKnownFiles(t *testing.T) {
	small, large := 70, inPart(210, 700)
	fewSource, fewLake := grown(t, small)
	manySource, manyLake := grown(t, large)
	for _, step := range []string{"idle", "one new file"} {
		files := int64(0)
		if step != "idle" {
			fewSource.extra, manySource.extra, files = true, true, 1
		}
		few, fewBytes := cost(t, fewSource, fewLake, files)
		many, manyBytes := cost(t, manySource, manyLake, files)
		t.Logf("%s: %d known files: %d requests, %d bytes; %d known files: %d requests, %d bytes",
			step, small*filesPerDay, few, fewBytes, large*filesPerDay, many, manyBytes)
		if float64(many) > 1.2*float64(few) || float64(manyBytes) > 1.2*float64(fewBytes) {
			t.Errorf("%s costs more than 1.2 times as much", step)
		}
	}
}

// BenchmarkIdleRun times an idle run by a fresh process, on a store without
// latency.
func BenchmarkIdleRun(b *testing.B) {
	for _, days := range []int{7, 700} {
		b.Run(fmt.Sprintf("files=%d", days*filesPerDay), func(b *testing.B) {
			source, lakeStore := grown(b, days)
			for b.Loop() {
				r, _ := newRunner(b, source, lakeStore, etl.Options{})
				if _, err := r.Run(b.Context()); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// TestAnIdleRunOfALivingProcess costs one listing for each workspace and one for
// their folder, one request for bronze, one for silver, and the heartbeat.
func TestAnIdleRunOfALivingProcess(t *testing.T) {
	a, lakeStore := grown(t, 70)
	source, metered := store.NewMetered(a), store.NewMetered(lakeStore)
	r, _ := newRunner(t, source, metered, etl.Options{})
	for run := range 2 {
		beforeSource, beforeLake := source.Usage(), metered.Usage()
		if _, err := r.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		if run == 0 {
			continue
		}
		s, l := source.Usage().Minus(beforeSource), metered.Usage().Minus(beforeLake)
		if s.List.Calls != workspaces || s.Requests() > 2*workspaces {
			t.Errorf("source: %+v", s)
		}
		if l.List.Calls > 2 || l.Get.Calls > 1 || l.Put.Calls != 1 || l.PutIfAbsent.Calls != 0 {
			t.Errorf("lake: %+v", l)
		}
	}
}

// TestARunOnNewsListsWhereItIs: one listing for the folder of what somebody heard of,
// on a lake with tens of thousands of files, and the next run looks for itself as ever.
func TestARunOnNewsListsWhereItIs(t *testing.T) {
	a, lakeStore := grown(t, 70)
	a.extra = true
	source := store.NewMetered(a)
	r, l := newRunner(t, source, lakeStore, etl.Options{})
	key := fmt.Sprintf("workspaceId=%d/date=%s/auditlogs_%04d.json", workspaces-1, a.days[len(a.days)-1], filesPerSpace)
	news := map[string][]string{a.String(): {key, "no/delivery.txt", "workspaceId=3/date=2001-01-01/gone.json"}}
	before, err := etl.LookedAfter(t.Context(), l.Store())
	if err != nil {
		t.Fatal(err)
	}
	sum, err := r.RunOn(t.Context(), news)
	if err != nil || sum.Files != 1 || sum.Listed != 1 || sum.Swept {
		t.Errorf("%+v, %v", sum, err)
	}
	if u := source.Usage(); u.List.Calls != 2 || u.Folders.Calls != 0 {
		t.Errorf("%d listings and %d of folders", u.List.Calls, u.Folders.Calls)
	}
	if after, err := etl.LookedAfter(t.Context(), l.Store()); err != nil || after.Before(before) {
		t.Errorf("looked after at %v, then at %v: %v", before, after, err)
	}
	if sum, err := r.RunOn(t.Context(), news); err != nil || sum.Bronze != 0 {
		t.Errorf("told twice: %+v, %v", sum, err)
	}
	if sum, err := r.Run(t.Context()); err != nil || sum.Bronze != 0 || sum.Listed < filesPerDay || sum.Swept {
		t.Errorf("afterwards: %+v, %v", sum, err)
	}
}
