package etl_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/auditlake/auditlake/pkg/etl"
	"github.com/auditlake/auditlake/pkg/lake"
	"github.com/auditlake/auditlake/pkg/store"
)

// aged is a world whose clock moves when it is told to, for stores and writers
// alike.
type aged struct {
	*world
	at *atomic.Int64 // microseconds since 1970
}

func newAged(t testing.TB) *aged {
	a := &aged{world: newWorld(t), at: &atomic.Int64{}}
	a.at.Store(now().UnixMicro())
	a.lake.Now, a.source.Now = a.now, a.now
	return a
}

func (a *aged) now() time.Time { return time.UnixMicro(a.at.Load()).UTC() }

func (a *aged) pass(d time.Duration) { a.at.Add(d.Microseconds()) }

// open is the lake as a new process sees it.
func (a *aged) open(s store.Store) *lake.Lake {
	return lake.New(s, lake.Options{Engine: "auditlake/test", Now: a.now})
}

func (a *aged) runOn(s store.Store, o etl.Options) (etl.Summary, error) {
	o.Sources = []etl.Source{etl.SourceOf(a.source)}
	r, err := etl.NewRunner(a.open(s), o)
	if err != nil {
		a.t.Fatal(err)
	}
	return r.Run(a.t.Context())
}

func (a *aged) run() etl.Summary {
	a.t.Helper()
	sum, err := a.runOn(a.lake, etl.Options{})
	if err != nil {
		a.t.Fatalf("run: %v", err)
	}
	return sum
}

// sound fails the test if Verify finds anything.
func (a *aged) sound() *etl.Report {
	a.t.Helper()
	r, err := etl.Verify(context.WithoutCancel(a.t.Context()), a.open(a.lake), []etl.Source{etl.SourceOf(a.source)})
	if err != nil {
		a.t.Fatalf("verify: %v", err)
	}
	if len(r.Problems) > 0 {
		a.t.Fatalf("verify found problems:\n%s", strings.Join(r.Problems, "\n"))
	}
	return r
}

// copyOf is the same world apart, as it is now.
func (a *aged) copyOf(t testing.TB) *aged {
	t.Helper()
	out := newAged(t)
	out.at.Store(a.at.Load())
	copyStore(t, a.lake, out.lake)
	copyStore(t, a.source, out.source)
	out.lake.Now, out.source.Now = out.now, out.now
	return out
}

func copyStore(t testing.TB, from, to *store.Memory) {
	t.Helper()
	for o, err := range from.List(t.Context(), "", "") {
		if err != nil {
			t.Fatal(err)
		}
		body, _, err := store.ReadAll(t.Context(), from, o.Key)
		if err != nil {
			t.Fatal(err)
		}
		to.Now = func() time.Time { return o.LastModified }
		if _, err := to.Put(t.Context(), o.Key, body); err != nil {
			t.Fatal(err)
		}
	}
}

// hour delivers and lands one file for each of n hours: three events, one of a
// service of its own now and then, and one line that is no event.
func (a *aged) hours(n int) {
	a.t.Helper()
	for i := range n {
		day := a.now().Format(time.DateOnly)
		a.deliver(fmt.Sprintf("workspaceId=42/date=%s/auditlogs_%s_%d.json", day, a.now().Format("1504"), i),
			eventAt(a.now(), i, "clusters", "create", fmt.Sprintf(`{"cluster_name":"c%d","k%d":"v","user_id":"10%d"}`, i, i%5, i%3)),
			eventAt(a.now().Add(-time.Minute), i+1000, "jobs", "runNow", ""),
			eventAt(a.now().Add(-30*time.Hour), i+2000, fmt.Sprintf("s%d", i%3), "x", `{"user":"u"}`),
			fmt.Sprintf("no event %d", i))
		a.run()
		a.pass(time.Hour)
	}
}

func eventAt(at time.Time, n int, service, action, params string) string {
	if params == "" {
		params = "null"
	}
	return fmt.Sprintf(`{"version":"2.0","timestamp":%d,"workspaceId":"42","serviceName":%q,"actionName":%q,"requestId":"r-%d","userIdentity":{"email":"u%d@example.com"},"requestParams":%s,"response":{"statusCode":200}}`,
		at.UnixMilli(), service, action, n, n%3, params)
}

// same compares the rows of two lakes, or of one before and after.
func same(t testing.TB, what string, want, got map[string][]string) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s: rows (-want +got):\n%s", what, diff)
	}
}

// filesOf counts the live files of the tables.
func (a *aged) filesOf() map[string]int {
	a.t.Helper()
	l := a.open(a.lake)
	gold, err := l.Gold(a.t.Context())
	if err != nil {
		a.t.Fatal(err)
	}
	out := map[string]int{}
	for _, name := range append(lake.Layers(), gold...) {
		if snap, err := l.Table(name).Snapshot(a.t.Context()); err == nil {
			out[name] = snap.NumFiles()
		}
	}
	return out
}

// operations are what the log of a table says was done, oldest first.
func (a *aged) operations(table string) []string {
	a.t.Helper()
	log := a.open(a.lake).Table(table).Log()
	snap, err := log.Snapshot(a.t.Context())
	if err != nil {
		a.t.Fatal(err)
	}
	first, err := log.First(a.t.Context())
	if err != nil {
		a.t.Fatal(err)
	}
	var out []string
	for c, err := range log.Commits(a.t.Context(), first-1, snap.Version()) {
		if err != nil {
			a.t.Fatal(err)
		}
		out = append(out, c.Info.Operation)
	}
	return slices.Compact(out)
}
