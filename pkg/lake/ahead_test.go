package lake_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/lake"
	"github.com/auditlake/auditlake/pkg/store"
)

// far is a store of which each object takes its time. If broken is in a key, the object
// cannot be read.
type far struct {
	store.Store
	broken string
}

var errBroken = errors.New("broken")

func (s far) Get(ctx context.Context, key, etag string, offset, length int64) (io.ReadCloser, store.Object, error) {
	select {
	case <-time.After(10 * time.Millisecond):
	case <-ctx.Done():
		return nil, store.Object{}, ctx.Err()
	}
	if s.broken != "" && strings.Contains(key, s.broken) {
		return nil, store.Object{}, errBroken
	}
	return s.Store.Get(ctx, key, etag, offset, length)
}

// manyFiles is a table of 20 files, of which each other has two row groups, and the
// paths of the files as they are read.
func manyFiles(t *testing.T) (store.Store, []string) {
	t.Helper()
	s := store.NewMemory("lake")
	l := newLake(s)
	for f := range int64(20) {
		b := columnar.NewBatch(events())
		for i := range 4 + 4*(f%2) {
			row(b, 100*f+i, 19000+f, "x")
		}
		layout := byDate()
		layout.RowGroupRows = 4
		commit(t, l, "bronze", layout, b)
	}
	var paths []string
	for add := range must(l.Table("bronze").Snapshot(t.Context())).Files() {
		paths = append(paths, add.Path)
	}
	// What is made once for the process, as decoders are, must not be of a bubble.
	if n := len(texts(t, view(t, l, "bronze").Scan(t.Context(), events(), nil, nil))); n != 120 {
		t.Fatalf("%d rows", n)
	}
	return s, paths
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// odd picks the rows with odd ids.
func odd() *columnar.Choice {
	return &columnar.Choice{First: events()[:1], Rows: func(b *columnar.Batch) (out []int32, _ error) {
		for i, id := range b.Columns[0].Ints {
			if id%2 == 1 {
				out = append(out, int32(i))
			}
		}
		return out, nil
	}}
}

// readIDs are the ids that a Read picks, what it counted, and how it ended.
func readIDs(ctx context.Context, v *lake.View, r lake.Request, most int) (ids []int64, stats lake.ScanStats, err error) {
	r.Want = events()
	for s, e := range v.Read(ctx, r, &stats) {
		if e != nil {
			return ids, stats, e
		}
		for _, i := range s.Rows {
			ids = append(ids, s.Columns[0].Ints[i])
			if s.Columns[3].Children[0].Ints[i] != 10*s.Columns[0].Ints[i] {
				return ids, stats, fmt.Errorf("row %d is not whole", s.Columns[0].Ints[i])
			}
		}
		if len(ids) >= most {
			return ids, stats, nil
		}
	}
	return ids, stats, nil
}

func TestReadingAheadChangesNothingButTheTime(t *testing.T) {
	s, _ := manyFiles(t)
	synctest.Test(t, func(t *testing.T) {
		v := view(t, newLake(far{Store: s}), "bronze")
		began := time.Now()
		want, counted, err := readIDs(t.Context(), v, lake.Request{Choose: odd}, 1000)
		if err != nil || len(want) != 60 {
			t.Fatalf("%d rows, %v", len(want), err)
		}
		alone := time.Since(began)

		var held, most atomic.Int64
		hold := func(n int64) bool {
			if now := held.Add(n); now > most.Load() {
				most.Store(now)
			}
			return true
		}
		for name, hold := range map[string]func(int64) bool{"room": hold, "no room": func(int64) bool { return false }} {
			v := view(t, newLake(far{Store: s}), "bronze")
			began := time.Now()
			got, stats, err := readIDs(t.Context(), v, lake.Request{Choose: odd, Ahead: &lake.Ahead{Workers: 4, Hold: hold}}, 1000)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s (-alone +ahead):\n%s", name, diff)
			}
			if diff := cmp.Diff(counted, stats); diff != "" {
				t.Errorf("%s: counted (-alone +ahead):\n%s", name, diff)
			}
			if took := time.Since(began); name == "room" && took > alone/3 {
				t.Errorf("%s with four workers, %s without", took, alone)
			}
		}
		if held.Load() != 0 || most.Load() == 0 {
			t.Errorf("%d bytes are still held, %d were at most", held.Load(), most.Load())
		}
	})
}

func TestTheFirstErrorInOrderEndsReadingAhead(t *testing.T) {
	s, paths := manyFiles(t)
	synctest.Test(t, func(t *testing.T) {
		for _, at := range []int{0, 1, 7, 19} {
			v := view(t, newLake(far{s, strings.TrimSuffix(paths[at], ".parquet")}), "bronze")
			want, _, alone := readIDs(t.Context(), v, lake.Request{Choose: odd}, 1000)
			got, _, err := readIDs(t.Context(), v, lake.Request{Choose: odd, Ahead: &lake.Ahead{Workers: 3, Hold: yes}}, 1000)
			if !errors.Is(err, errBroken) || err.Error() != alone.Error() {
				t.Errorf("file %d: %v, alone it is %v", at, err, alone)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("file %d: rows before (-alone +ahead):\n%s", at, diff)
			}
		}
	})
}

func yes(int64) bool { return true }

// TestNobodyReadsOn ends reads in the middle. The bubble fails if a goroutine is left.
func TestNobodyReadsOn(t *testing.T) {
	s, _ := manyFiles(t)
	synctest.Test(t, func(t *testing.T) {
		ahead := &lake.Ahead{Workers: 4, Hold: yes}
		v := view(t, lake.New(far{Store: s}, lake.Options{PageBytes: -1}), "bronze") // every read is slow
		for most := range 40 {
			if ids, _, err := readIDs(t.Context(), v, lake.Request{Choose: odd, Ahead: ahead}, most); err != nil || len(ids) > most+4 {
				t.Errorf("%d rows of %d, %v", len(ids), most, err)
			}
		}
		ctx, cancel := context.WithTimeout(t.Context(), 65*time.Millisecond)
		defer cancel()
		if _, _, err := readIDs(ctx, v, lake.Request{Choose: odd, Ahead: ahead}, 1000); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("after the deadline: %v", err)
		}
		enough := errors.New("enough")
		calls := 0
		between := func() error {
			if calls++; calls == 9 {
				return enough
			}
			return nil
		}
		none := func() *columnar.Choice {
			return &columnar.Choice{Rows: func(*columnar.Batch) ([]int32, error) { return nil, nil }}
		}
		if _, _, err := readIDs(t.Context(), v, lake.Request{Choose: none, Between: between, Ahead: ahead}, 1000); !errors.Is(err, enough) {
			t.Errorf("nothing is picked, and Between ends it: %v", err)
		}
		var goroutines atomic.Int64
		bad := func() *columnar.Choice {
			c := odd()
			if goroutines.Add(1) > 1 { // the first is here
				c.Rows = func(*columnar.Batch) ([]int32, error) { panic("our own bug") }
			}
			return c
		}
		defer func() {
			if text := fmt.Sprint(recover()); !strings.Contains(text, "our own bug") {
				t.Errorf("of the panic of a worker is left: %s", text)
			}
		}()
		_, _, err := readIDs(t.Context(), v, lake.Request{Choose: bad, Ahead: ahead}, 1000)
		t.Errorf("a worker panics: %v", err)
	})
}
