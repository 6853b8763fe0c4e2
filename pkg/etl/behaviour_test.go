package etl_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/auditlake/auditlake/pkg/etl"
	"github.com/auditlake/auditlake/pkg/store"
)

// putRaw writes a file as it is, without a line end of its own.
func (w *world) putRaw(key, body string) {
	w.t.Helper()
	if _, err := w.source.Put(w.t.Context(), key, []byte(body)); err != nil {
		w.t.Fatal(err)
	}
}

// TestFormsOfAFile: the same three lines, however they are written, also where the
// next version of the file is written otherwise.
func TestFormsOfAFile(t *testing.T) {
	a, b, c := event(1, "clusters", "create", ""), event(2, "jobs", "runNow", ""), event(3, "clusters", "edit", "")
	forms := map[string]func(lines ...string) string{
		"line feeds":            func(l ...string) string { return strings.Join(l, "\n") + "\n" },
		"no end":                func(l ...string) string { return strings.Join(l, "\n") },
		"CRLF":                  func(l ...string) string { return strings.Join(l, "\r\n") + "\r\n" },
		"a byte order mark":     func(l ...string) string { return "\ufeff" + strings.Join(l, "\n") + "\n" },
		"blank lines":           func(l ...string) string { return "\n" + strings.Join(l, "\n \n") + "\n\n" },
		"CRLF and mark":         func(l ...string) string { return "\ufeff" + strings.Join(l, "\r\n") },
		"a mix of line endings": func(l ...string) string { return strings.Join(l, "\r\n") + "\n" },
	}
	for first, write := range forms {
		for second, rewrite := range forms {
			w := newWorld(t)
			w.putRaw(file1, write(a, b))
			w.run()
			w.putRaw(file1, rewrite(a, b, c))
			if sum := w.run(); sum.Bronze != 1 || sum.Quarantine != 0 || sum.Superseded != 0 || sum.Quality.Lost != 0 {
				t.Errorf("%s, then %s: bronze %d, quarantine %d, superseded %d, lost %d", first, second, sum.Bronze, sum.Quarantine, sum.Superseded, sum.Quality.Lost)
			}
			expectCounts(t, w.lake, map[string]int{"bronze": 3, "silver": 3, "clusters": 2, "jobs": 1})
			sound(t, w.source, w.lake)
		}
	}
}

func TestALineThatBreaksOffIsDeliveredWhole(t *testing.T) {
	a, b := event(1, "clusters", "create", ""), event(2, "clusters", "edit", "")
	w := newWorld(t)
	w.putRaw(file1, a+"\n"+b[:len(b)/2])
	if sum := w.run(); sum.Silver != 1 || sum.Quarantine != 1 || sum.Quality.Refused.JSON != 1 {
		t.Errorf("half a line: %+v", sum)
	}
	w.putRaw(file1, a+"\n"+b+"\n")
	if sum := w.run(); sum.Silver != 1 || sum.Superseded != 1 || sum.Quality.Lost != 0 {
		t.Errorf("the whole line: %+v", sum)
	}
	sound(t, w.source, w.lake)
}

// TestLateFiles for old dates come in with the next run of a small source, and of
// a large one within the window or with the daily sweep.
func TestLateFiles(t *testing.T) {
	late := func(daysAgo int) string { return strings.Replace(dayKey(daysAgo), "a.json", "late.json", 1) }
	t.Run("a small source", func(t *testing.T) {
		w := newWorld(t)
		w.deliver(dayKey(0), event(1, "clusters", "create", ""))
		w.run()
		w.deliver(late(300), event(2, "clusters", "create", ""))
		if sum := w.run(); sum.Bronze != 1 || !sum.Swept {
			t.Errorf("summary %+v", sum)
		}
	})
	t.Run("a large source", func(t *testing.T) {
		source, l := longSource(t, "source", 0), store.NewMemory("lake")
		at := now()
		for _, step := range []struct {
			daysAgo int
			after   time.Duration
			want    int64
		}{{2, time.Hour, 1}, {50, time.Hour, 0}, {51, 25 * time.Hour, 2}} {
			if step.daysAgo == 2 {
				if _, err := runOf(t, l, at, source); err != nil {
					t.Fatal(err)
				}
			}
			put(t, source, late(step.daysAgo), event(step.daysAgo, "jobs", "runNow", ""))
			at = at.Add(step.after)
			if sum, err := runOf(t, l, at, source); err != nil || sum.Bronze != step.want {
				t.Errorf("%d days late: %d rows (%v), want %d", step.daysAgo, sum.Bronze, err, step.want)
			}
		}
	})
}

func TestADeletedFileStaysInTheLake(t *testing.T) {
	w := newWorld(t)
	w.deliver(file1, event(1, "clusters", "create", ""))
	w.deliver(file2, event(2, "clusters", "edit", ""))
	w.run()
	if err := w.source.Delete(t.Context(), file1); err != nil {
		t.Fatal(err)
	}
	if sum := w.run(); sum.Changed() {
		t.Errorf("a file was deleted, and the run did %+v", sum)
	}
	expectCounts(t, w.lake, map[string]int{"bronze": 2, "silver": 2, "clusters": 2})
	if r := sound(t, w.source, w.lake); r.Source.Missing != 1 {
		t.Errorf("%d files are missing, want 1", r.Source.Missing)
	}
	w.deliver(file1, event(1, "clusters", "create", ""), event(3, "clusters", "delete", ""))
	if sum := w.run(); sum.Bronze != 1 {
		t.Errorf("delivered again with one more line, it brought %d rows", sum.Bronze)
	}
	sound(t, w.source, w.lake)
}

// multitude is a source with very many keys under one prefix, made as they are asked
// for.
type multitude struct {
	store.Store
	keys int
}

func multitudeKey(i int) string {
	return fmt.Sprintf("workspaceId=42/date=2024-03-10/auditlogs_%06d.json", i)
}

func (c multitude) List(ctx context.Context, prefix, startAfter string) iter.Seq2[store.Object, error] {
	return func(yield func(store.Object, error) bool) {
		for i := range c.keys {
			key := multitudeKey(i)
			if !strings.HasPrefix(key, prefix) || key <= startAfter {
				continue
			}
			if err := ctx.Err(); err != nil {
				yield(store.Object{}, err)
				return
			}
			if !yield(store.Object{Key: key, Size: int64(len(multitudeLine(i))), ETag: "1", LastModified: now()}, nil) {
				return
			}
		}
	}
}

func multitudeLine(i int) string {
	return fmt.Sprintf(`{"timestamp":%d,"serviceName":"clusters","requestId":"%06d"}`, now().UnixMilli(), i)
}

func (c multitude) Get(_ context.Context, key, _ string, _, _ int64) (io.ReadCloser, store.Object, error) {
	_, number, _ := strings.Cut(key, "auditlogs_")
	i, err := strconv.Atoi(strings.TrimSuffix(number, ".json"))
	if err != nil {
		return nil, store.Object{}, store.ErrNotFound
	}
	return io.NopCloser(strings.NewReader(multitudeLine(i))), store.Object{Key: key, ETag: "1", Size: int64(len(multitudeLine(i)))}, nil
}

// TestManyKeysUnderOnePrefix lands 25,000 files of one folder, 100,000 with -every-fault, and then the three
// that came after them.
func TestManyKeysUnderOnePrefix(t *testing.T) {
	many := 25_000
	if *everyFault {
		many = 100_000
	}
	l := store.NewMemory("lake")
	for _, step := range []struct{ keys, want int }{{many, many}, {many, 0}, {many + 3, 3}} {
		sum, err := runOf(t, l, now(), multitude{store.NewMemory("multitude"), step.keys})
		if err != nil || sum.Bronze != int64(step.want) || sum.Gold != int64(step.want) || sum.Listed != int64(step.keys) {
			t.Errorf("of %d keys: listed %d, bronze %d, gold %d (%v), want %d", step.keys, sum.Listed, sum.Bronze, sum.Gold, err, step.want)
		}
	}
	sound(t, multitude{store.NewMemory("multitude"), many + 3}, l)
}

// revoked is a source that may not be read any more after some reads.
type revoked struct {
	store.Store
	left *atomic.Int64
}

func (r revoked) Get(ctx context.Context, key, etag string, offset, length int64) (io.ReadCloser, store.Object, error) {
	if r.left.Add(-1) < 0 {
		return nil, store.Object{}, fmt.Errorf("get %s: %w", key, store.ErrDenied)
	}
	return r.Store.Get(ctx, key, etag, offset, length)
}

// TestNoPermissionInTheMiddleOfARun: what could be read is in, the run says what is
// wrong, and with the permission back the rest comes.
func TestNoPermissionInTheMiddleOfARun(t *testing.T) {
	const files = 30
	for _, readable := range []int64{0, 1, 17} {
		source, l := store.NewMemory("source"), store.NewMemory("lake")
		for i := range files {
			put(t, source, multitudeKey(i), event(i, "clusters", "create", ""))
		}
		left := &atomic.Int64{}
		left.Store(readable)
		sum, err := runOf(t, l, now(), revoked{source, left})
		if !errors.Is(err, store.ErrDenied) || sum.Bronze != readable || sum.Gold != readable {
			t.Errorf("%d files readable: bronze %d, gold %d, err %v", readable, sum.Bronze, sum.Gold, err)
		}
		sum, err = runOf(t, l, now(), source)
		if err != nil || sum.Bronze != files-readable {
			t.Errorf("with permission again: bronze %d, err %v, want %d", sum.Bronze, err, files-readable)
		}
		sound(t, source, l)
	}
}

// clocked is a store whose clock differs from that of its readers.
type clocked struct {
	store.Store
	modified time.Time
}

func (c clocked) List(ctx context.Context, prefix, startAfter string) iter.Seq2[store.Object, error] {
	return func(yield func(store.Object, error) bool) {
		for o, err := range c.Store.List(ctx, prefix, startAfter) {
			o.LastModified = c.modified
			if !yield(o, err) {
				return
			}
		}
	}
}

// TestClocksThatDifferByADay: whichever of store and host is ahead, nothing is
// refused or overlooked, on the first run and on those that look at a window.
func TestClocksThatDifferByADay(t *testing.T) {
	for name, skew := range map[string]time.Duration{"the store is ahead": 24 * time.Hour, "the host is ahead": -24 * time.Hour} {
		t.Run(name, func(t *testing.T) {
			source, l := longSource(t, "source", 1), store.NewMemory("lake")
			at := now()
			for i := range 4 {
				// The store's today, as Databricks names its folders and events.
				theirs := at.Add(skew)
				key := fmt.Sprintf("workspaceId=1/date=%s/new_%d.json", theirs.Format(time.DateOnly), i)
				put(t, source, key, eventAt(theirs, i, "jobs", "runNow", ""))
				sum, err := runOf(t, l, at, clocked{source, theirs.Add(time.Minute)})
				want := int64(1)
				if i == 0 {
					want += 80
				}
				if err != nil || sum.Bronze != want || sum.Quarantine != 0 || sum.Gold != want {
					t.Errorf("run %d: bronze %d, quarantine %d, gold %d (%v), want %d rows", i, sum.Bronze, sum.Quarantine, sum.Gold, err, want)
				}
				if i > 0 && (sum.Swept || sum.Quality.Lag.Max != time.Minute) {
					t.Errorf("run %d: swept %t, lag %s, want a window and a minute", i, sum.Swept, sum.Quality.Lag.Max)
				}
				at = at.Add(time.Hour)
			}
			sound(t, source, l)
		})
	}
}

// TestOneOfSeveralSourcesFails: of three sources into one lake one fails
// while it is listed and one while it is read; the third one's rows are in.
func TestOneOfSeveralSourcesFails(t *testing.T) {
	good, denied, l := store.NewMemory("good"), store.NewMemory("denied"), store.NewMemory("lake")
	put(t, good, file1, event(1, "clusters", "create", ""))
	put(t, denied, file1, event(2, "clusters", "create", ""))
	missing, err := store.Open(t.Context(), t.TempDir()+"/none", store.ReadOnly())
	if err != nil {
		t.Fatal(err)
	}
	sum, err := runOf(t, l, now(), missing, denying{denied, file1}, good)
	if !errors.Is(err, store.ErrDenied) || !strings.Contains(err.Error(), "none") || sum.Gold != 1 {
		t.Errorf("gold %d, err %v, want one row and both errors", sum.Gold, err)
	}
	if sum, err := runOf(t, l, now(), denied, good); err != nil || sum.Gold != 1 {
		t.Errorf("with the permission back: gold %d, err %v", sum.Gold, err)
	}
	r, err := etl.Verify(t.Context(), lakeAt(l), []etl.Source{etl.SourceOf(good), etl.SourceOf(denied)})
	if err != nil || len(r.Problems) > 0 || r.Files != 2 {
		t.Errorf("report %+v, %v", r, err)
	}
}
