package delta_test

import (
	"context"
	"fmt"
	"io"
	"iter"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/auditlake/auditlake/pkg/delta"
	"github.com/auditlake/auditlake/pkg/store"
)

// counting counts the objects that listings name and the objects that are read.
type counting struct {
	store.Store
	lists, listed, reads int
}

func (c *counting) List(ctx context.Context, prefix, startAfter string) iter.Seq2[store.Object, error] {
	c.lists++
	return func(yield func(store.Object, error) bool) {
		for o, err := range c.Store.List(ctx, prefix, startAfter) {
			c.listed++
			if !yield(o, err) {
				return
			}
		}
	}
}

func (c *counting) Get(ctx context.Context, key, etag string, offset, length int64) (io.ReadCloser, store.Object, error) {
	c.reads++
	return c.Store.Get(ctx, key, etag, offset, length)
}

// A table with a long history is opened and refreshed at the cost of a young one,
// whether or not its log was ever cleaned up.
func TestHistoryCostsNothing(t *testing.T) {
	t.Parallel()
	cost := func(commits int) (cold, warm, one string) {
		s := store.NewMemory(t.Name())
		put(t, s, json(0), gateLog([]string{"1/2"}))
		for v := 1; v < commits; v++ {
			put(t, s, json(int64(v)), fmt.Sprintf(`{"commitInfo":{"timestamp":1772366400000}}
{"txn":{"appId":"app","version":%d}}
{"remove":{"path":"f%d","deletionTimestamp":1,"dataChange":true}}
{"add":{"path":"f%d","partitionValues":{},"size":1,"dataChange":true}}
`, v, v-1, v))
		}
		writer := open(t, s)
		if err := writer.Checkpoint(t.Context(), must(writer.Snapshot(t.Context()))); err != nil {
			t.Fatal(err)
		}
		commit(t, writer, delta.Tx{})
		c := &counting{Store: s}
		took := func() string {
			out := fmt.Sprintf("%d listings of %d objects, %d read", c.lists, c.listed, c.reads)
			*c = counting{Store: s}
			return out
		}
		l := open(t, c)
		if snap := must(l.Snapshot(t.Context())); snap.Version() != int64(commits) || snap.NumFiles() != 1 {
			t.Errorf("version %d of %d files", snap.Version(), snap.NumFiles())
		}
		cold = took()
		must(l.Snapshot(t.Context()))
		warm = took()
		commit(t, writer, delta.Tx{})
		must(l.Snapshot(t.Context()))
		return cold, warm, took()
	}
	for _, commits := range []int{26, 10_006} {
		cold, warm, one := cost(commits)
		// Read are the hint, the checkpoint and the commit after it. A listing ends at
		// what is no version.
		if diff := cmp.Diff([]string{
			"1 listings of 4 objects, 3 read", "1 listings of 2 objects, 0 read", "1 listings of 3 objects, 1 read",
		}, []string{cold, warm, one}); diff != "" {
			t.Errorf("%d commits: cold, warm, and warm with one commit (-want +got):\n%s", commits, diff)
		}
	}
}

// Writers whose clocks are a day apart, and from the store's, share a table: no
// file and no progress gets lost, and log clean-up leaves it readable.
func TestClocksThatDisagree(t *testing.T) {
	t.Parallel()
	at := now
	s := store.NewMemory(t.Name())
	s.Now = func() time.Time { return at }
	var logs []*delta.Log
	for _, skew := range []time.Duration{-24 * time.Hour, 0, 24 * time.Hour} {
		logs = append(logs, delta.Open(s, root, delta.Options{Now: func() time.Time { return at.Add(skew) }}))
	}
	deleted, removed := 0, map[string]time.Time{}
	for day := range 70 {
		l := logs[day%len(logs)]
		name := fmt.Sprintf("f%02d", day)
		tx := delta.Tx{Adds: []delta.Add{add(name)}, Txn: &delta.Txn{AppID: "app", Version: int64(day)}}
		if day > 0 {
			if live, ok := must(l.Snapshot(t.Context())).File(add(fmt.Sprintf("f%02d", day-1)).Path); ok && day%2 == 0 {
				tx.Removes = []delta.Remove{delta.RemoveOf(live, at)}
				removed[live.Path] = at
			}
		}
		commit(t, l, tx)
		snap := must(l.Snapshot(t.Context()))
		n, err := l.CleanUp(t.Context(), snap, snap.Version())
		if err != nil {
			t.Fatal(err)
		}
		deleted += n
		var versions []string
		for _, reader := range append(logs, delta.Open(s, root, delta.Options{Now: func() time.Time { return at }})) {
			got := must(reader.Snapshot(t.Context()))
			version, _ := got.Txn("app")
			versions = append(versions, fmt.Sprint(got.Version(), version, paths(got)))
			remembered := map[string]bool{}
			for r := range got.Tombstones() {
				remembered[r.Path] = true
			}
			for path, when := range removed {
				// A clock that is a day fast costs a day of the retention.
				if age := at.Sub(when); age < got.TombstoneRetention()-25*time.Hour && !remembered[path] {
					t.Errorf("day %d: the removal of %s, %s ago, is forgotten", day, path, age)
				}
			}
			first := must(reader.First(t.Context()))
			for _, err := range reader.Commits(t.Context(), first-1, got.Version()) {
				if err != nil {
					t.Errorf("day %d: %v", day, err)
				}
			}
		}
		for _, v := range versions[1:] {
			if v != versions[0] {
				t.Fatalf("day %d: readers disagree:\n%s", day, strings.Join(versions, "\n"))
			}
		}
		if want := (day+1)/2 + 1; len(paths(must(l.Snapshot(t.Context())))) != want {
			t.Fatalf("day %d: %d files, want %d", day, len(paths(must(l.Snapshot(t.Context())))), want)
		}
		at = at.Add(24 * time.Hour)
	}
	if deleted == 0 {
		t.Error("no log was cleaned up")
	}
}
