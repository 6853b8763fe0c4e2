package lookup_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/auditlake/auditlake/pkg/lake/lookup"
	"github.com/auditlake/auditlake/pkg/store"
)

// counting notes what is asked of a store.
type counting struct {
	store.Store
	mu    sync.Mutex
	calls []string
	// onGet, if set, is called before an object is read.
	onGet func()
}

func (c *counting) note(call string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.calls = append(c.calls, call)
}

func (c *counting) taken() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := strings.Join(c.calls, " ")
	c.calls = nil
	return out
}

func (c *counting) Head(ctx context.Context, key string) (store.Object, error) {
	c.note("head")
	return c.Store.Head(ctx, key)
}

func (c *counting) Get(ctx context.Context, key, etag string, offset, length int64) (io.ReadCloser, store.Object, error) {
	c.note("get")
	if c.onGet != nil {
		c.onGet()
	}
	return c.Store.Get(ctx, key, etag, offset, length)
}

// world is a store, the look-ups in it and their clock.
type world struct {
	*counting
	set *lookup.Set
	now time.Time
}

func newWorld() *world {
	w := &world{counting: &counting{Store: store.NewMemory("lake")}, now: time.Date(2024, 3, 5, 0, 0, 0, 0, time.UTC)}
	w.set = lookup.New(w.counting, func() time.Time { return w.now })
	return w
}

func (w *world) put(t testing.TB, key, body string) {
	t.Helper()
	if _, err := w.Put(t.Context(), key, []byte(body)); err != nil {
		t.Fatal(err)
	}
}

// see compares a look-up, or why there is none, and what was asked of the store.
func (w *world) see(t testing.TB, name, want, calls string) {
	t.Helper()
	var got string
	b, _, err := w.set.Table(t.Context(), name)
	if err != nil {
		got = err.Error()
	} else {
		got = text(b)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s: %s", name, diff)
	}
	if got := w.taken(); got != calls {
		t.Errorf("%s: asked %q and not %q", name, got, calls)
	}
}

func TestAChangeIsSeen(t *testing.T) {
	w := newWorld()
	w.see(t, "x", "look-up does not exist", "head")
	w.put(t, "lookups/x.csv", "a\n1\n")
	w.see(t, "x", "a string\n\"1\"\n", "head get")
	w.put(t, "lookups/x.csv", "a:long\n2\n")
	w.see(t, "x", "a string\n\"1\"\n", "") // a moment later
	w.now = w.now.Add(5 * time.Second)
	w.see(t, "x", "a long\n2\n", "head get")
	w.now = w.now.Add(5 * time.Second)
	w.see(t, "x", "a long\n2\n", "head")
	w.see(t, "x", "a long\n2\n", "")

	broken := `lookups/x.csv, line 2, column a: the value is none of its kind: write a whole number such as 1200, or take :long from the header`
	w.put(t, "lookups/x.csv", "a:long\nx\n")
	w.now = w.now.Add(5 * time.Second)
	w.see(t, "x", broken, "head get")
	w.now = w.now.Add(5 * time.Second)
	w.see(t, "x", broken, "head") // it is not read again for that

	if err := w.Delete(t.Context(), "lookups/x.csv"); err != nil {
		t.Fatal(err)
	}
	w.now = w.now.Add(5 * time.Second)
	w.see(t, "x", "look-up does not exist", "head")
}

func TestAFileThatIsOverwrittenWhileItIsRead(t *testing.T) {
	w := newWorld()
	w.put(t, "lookups/x.csv", "a\n1\n")
	n := 1
	w.onGet = func() {
		if n++; n <= 3 {
			w.put(t, "lookups/x.csv", fmt.Sprintf("a\n%d\n", n))
		}
	}
	w.see(t, "x", "a string\n\"3\"\n", "head get head get head get")

	w.onGet = func() { n++; w.put(t, "lookups/x.csv", fmt.Sprintf("a\n%d\n", n)) }
	w.now = w.now.Add(time.Minute)
	w.put(t, "lookups/x.csv", "a\nother\n")
	if _, _, err := w.set.Table(t.Context(), "x"); !errors.Is(err, store.ErrChanged) {
		t.Error(err)
	}
}

func TestAFileThatIsTooLarge(t *testing.T) {
	w := newWorld()
	w.put(t, "lookups/x.csv", "a\n"+strings.Repeat("0123456789abcdef\n", 1<<20))
	w.see(t, "x", "lookups/x.csv: it has 17825794 bytes and may have 16777216 (16 MiB): "+
		"leave out what is not needed, or write it as a Delta table to lookups/x/", "head")
	row := strings.Repeat("x", 1<<20-1) + "\n"
	w.put(t, "lookups/y.csv", "a\n"+strings.Repeat(row, 15)+row[2:])
	b, _, err := w.set.Table(t.Context(), "y")
	if err != nil || b.Len != 16 {
		t.Errorf("16 MiB: %v %v", b, err)
	}
}

// TestMemoryIsBounded: what nobody has asked for the longest is read again.
func TestMemoryIsBounded(t *testing.T) {
	w := newWorld()
	for i := range 6 { // of 15 MiB each
		w.put(t, fmt.Sprintf("lookups/l%d.csv", i), "a\n"+strings.Repeat(fmt.Sprint(i), 15<<20)+"\n")
	}
	ask := func(name string) string {
		t.Helper()
		w.now = w.now.Add(time.Minute)
		if _, _, err := w.set.Table(t.Context(), name); err != nil {
			t.Fatal(err)
		}
		return w.taken()
	}
	for i := range 4 {
		ask(fmt.Sprint("l", i))
	}
	if got := ask("l0"); got != "head" {
		t.Errorf("the first of four: %s", got)
	}
	ask("l4") // in the place of l1
	for name, want := range map[string]string{"l0": "head", "l2": "head", "l3": "head", "l4": "head"} {
		if got := ask(name); got != want {
			t.Errorf("%s: %q and not %q", name, got, want)
		}
	}
	if got := ask("l1"); got != "head get" {
		t.Errorf("l1: %q", got)
	}
}

func TestMany(t *testing.T) {
	w := newWorld()
	w.put(t, "lookups/x.csv", "a\n1\n")
	var group sync.WaitGroup
	for range 16 {
		group.Go(func() {
			if b, _, err := w.set.Table(t.Context(), "x"); err != nil || b.Len != 1 {
				t.Error(b, err)
			}
		})
	}
	group.Wait()
	if got := w.taken(); got != "head get" {
		t.Errorf("16 at once asked %q", got)
	}
}

func TestWaitingEnds(t *testing.T) {
	w := newWorld()
	w.put(t, "lookups/x.csv", "a\n1\n")
	begun, end := make(chan struct{}), make(chan struct{})
	w.onGet = func() { close(begun); <-end }
	done := make(chan error)
	go func() {
		_, _, err := w.set.Table(context.WithoutCancel(t.Context()), "x")
		done <- err
	}()
	<-begun
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := w.set.Table(ctx, "x"); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	close(end)
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestNames(t *testing.T) {
	for name, want := range map[string]bool{
		"x": true, "a-b_9": true, strings.Repeat("x", 100): true,
		"": false, "X": false, "a.b": false, "../silver": false, "a/b": false, "ä": false, "a b": false, strings.Repeat("x", 101): false,
	} {
		if got := lookup.IsName(name); got != want {
			t.Errorf("IsName(%q) is %v", name, got)
		}
		if !want {
			w := newWorld()
			w.see(t, name, "look-up does not exist", "")
		}
	}
}

func TestList(t *testing.T) {
	w := newWorld()
	list := func() (files, folders []string) {
		t.Helper()
		files, folders, err := w.set.List(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return files, folders
	}
	if files, folders := list(); len(files)+len(folders) > 0 {
		t.Errorf("an empty lake has %q %q", files, folders)
	}
	for _, key := range []string{
		"lookups/b.csv", "lookups/a.csv", "lookups/Upper.csv", "lookups/readme.txt", "lookups/.csv", "lookups/d.csv",
		"lookups/c/_delta_log/00000000000000000000.json", "lookups/c/part-1.parquet", "lookups/c/x.csv", "lookups/c0.csv",
		"lookups/a b/x", "lookups.csv", "lookupz/e.csv", "silver/f.csv", "lookups/b/part-1.parquet",
	} {
		w.put(t, key, "x")
	}
	files, folders := list()
	if diff := cmp.Diff([]string{"a", "b", "c0", "d"}, files); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"b", "c"}, folders); diff != "" {
		t.Error(diff)
	}
}
