package storetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sync/errgroup"

	"github.com/auditlake/auditlake/pkg/store"
)

// Conformance proves that a store keeps the contract of store.Store. open
// returns an empty store for one subtest and cleans up with t.Cleanup.
func Conformance(t *testing.T, open func(t *testing.T) store.Store) {
	tests := []struct {
		name string
		run  func(*testing.T, store.Store)
	}{
		{"listing is in byte order of whole keys", listOrder},
		{"listing honours prefix and startAfter", listCuts},
		{"listing spans pages and stops early", listPages},
		{"folders are distinct and cut behind the slash", folders},
		{"ranges are cut to the object", ranges},
		{"bodies of 0 bytes and 5 MB", bodySizes},
		{"odd keys are plain text", oddKeys},
		{"invalid keys are refused", invalidKeys},
		{"missing keys", missingKeys},
		{"overwriting gives a new version", overwrite},
		{"a pinned read gives one version or ErrChanged", changedWhileReading},
		{"put if absent tells mine from another's", putIfAbsent},
		{"put if absent has one winner of 16", putIfAbsentRace},
		{"overwriting is never seen half done", tornReads},
		{"delete takes many keys and missing ones", deleteMany},
		{"a cancelled context ends every call", cancelled},
		{"the probe passes and leaves nothing", probe},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) { test.run(t, open(t)) })
	}
}

func listOrder(t *testing.T, s store.Store) {
	// '-' and '.' sort before '/', '0' after it: a walk of folders that sorts
	// names gets this wrong.
	want := []string{"a-b/x", "a.json", "a/b.json", "a/b/c", "a/b0", "a0", "b", "é", "日本/x"}
	fill(t, s, want)
	diff(t, keys(t, s, "", ""), want)
}

func listCuts(t *testing.T, s store.Store) {
	fill(t, s, []string{"log/01.json", "log/02.json", "log/10.json", "log/sub/1", "logs/1", "other"})
	for _, c := range []struct {
		prefix, startAfter string
		want               []string
	}{
		{"log/", "", []string{"log/01.json", "log/02.json", "log/10.json", "log/sub/1"}},
		{"log", "", []string{"log/01.json", "log/02.json", "log/10.json", "log/sub/1", "logs/1"}},
		{"log/0", "", []string{"log/01.json", "log/02.json"}},
		{"log/", "log/01.json", []string{"log/02.json", "log/10.json", "log/sub/1"}},
		{"log/", "log/02", []string{"log/02.json", "log/10.json", "log/sub/1"}},
		{"log/", "log/sub", []string{"log/sub/1"}},
		{"log/", "log/sub/", []string{"log/sub/1"}},
		{"log/", "log/sub/1", nil},
		{"log/", "a", []string{"log/01.json", "log/02.json", "log/10.json", "log/sub/1"}},
		{"log/", "z", nil},
		{"log/sub/1", "", []string{"log/sub/1"}},
		{"nothing", "", nil},
		{"nothing/here/", "", nil},
		{"other/", "", nil},
	} {
		if d := cmp.Diff(c.want, keys(t, s, c.prefix, c.startAfter)); d != "" {
			t.Errorf("list %q after %q (-want +got):\n%s", c.prefix, c.startAfter, d)
		}
	}
}

func listPages(t *testing.T, s store.Store) {
	var want []string
	for i := range 2100 {
		want = append(want, fmt.Sprintf("p/%04d", i))
	}
	fill(t, s, want)
	diff(t, keys(t, s, "p/", ""), want)
	diff(t, keys(t, s, "p/", "p/0999"), want[1000:])
	seen := 0
	for o, err := range s.List(t.Context(), "", "") {
		check(t, err)
		if o.Size != int64(len(o.Key)) || o.ETag == "" || o.LastModified.IsZero() {
			t.Fatalf("incomplete: %+v", o)
		}
		if seen++; seen == 1500 {
			break
		}
	}
	if seen != 1500 {
		t.Errorf("saw %d objects before the break", seen)
	}
}

func folders(t *testing.T, s store.Store) {
	fill(t, s, []string{"top", "w=1/d=1/a", "w=1/d=1/b", "w=1/d=2/a", "w=1/file", "w=10/d=1/a", "w=2/x/y/z"})
	for prefix, want := range map[string][]string{
		"":       {"w=1/", "w=10/", "w=2/"},
		"w=1/":   {"w=1/d=1/", "w=1/d=2/"},
		"w=1":    {"w=1/", "w=10/"},
		"w=1/d":  {"w=1/d=1/", "w=1/d=2/"},
		"w=2/x/": {"w=2/x/y/"},
		"none/":  nil,
		"top":    nil,
	} {
		var got []string
		for f, err := range s.Folders(t.Context(), prefix) {
			check(t, err)
			got = append(got, f)
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("folders of %q (-want +got):\n%s", prefix, d)
		}
	}
}

func ranges(t *testing.T, s store.Store) {
	put(t, s, "r", "0123456789")
	for _, c := range []struct {
		offset, length int64
		want           string
	}{
		{0, -1, "0123456789"},
		{0, 3, "012"},
		{3, 4, "3456"},
		{7, -1, "789"},
		{7, 100, "789"},
		{9, 1, "9"},
		{10, -1, ""},
		{10, 5, ""},
		{99, 5, ""},
		{0, 0, ""},
		{4, 0, ""},
		{2, 1<<63 - 1, "23456789"},
	} {
		body, o, err := s.Get(t.Context(), "r", "", c.offset, c.length)
		check(t, err)
		got, err := io.ReadAll(body)
		check(t, err)
		check(t, body.Close())
		if string(got) != c.want || o.Size != 10 || o.Key != "r" || o.ETag == "" {
			t.Errorf("range %d+%d: %q, object %+v; want %q", c.offset, c.length, got, o, c.want)
		}
	}
}

func bodySizes(t *testing.T, s store.Store) {
	for _, size := range []int{0, 1, 5 << 20} {
		key := fmt.Sprintf("size-%d", size)
		body := bytes.Repeat([]byte("abcdefg\n"), size/8+1)[:size]
		o, err := s.Put(t.Context(), key, body)
		check(t, err)
		got, read, err := store.ReadAll(t.Context(), s, key)
		check(t, err)
		if !bytes.Equal(got, body) || o.Size != int64(size) || read.ETag != o.ETag || read.Size != o.Size {
			t.Errorf("%d bytes: put %+v, read %d bytes of %+v", size, o, len(got), read)
		}
		check(t, s.PutIfAbsent(t.Context(), key+"-absent", body))
	}
}

func oddKeys(t *testing.T, s store.Store) {
	odd := []string{
		"a b", "a+b", "a%20b", "a%2Fb", "k=v/x=y z", "q?x&y#z", "quote'\"s", "semi;colon,comma", "tilde~!@$^()[]{}",
		"ünï/cødé", "日本語/ログ.json", "emoji-😀", "..dots", "dots..", "...", ".hidden", "_under", "a:b|c<d>e*f\\g`h",
	}
	slices.Sort(odd)
	fill(t, s, odd)
	diff(t, keys(t, s, "", ""), odd)
	for _, key := range odd {
		got, o, err := store.ReadAll(t.Context(), s, key)
		if err != nil || string(got) != key || o.Key != key {
			t.Errorf("%q: %q, %+v, %v", key, got, o, err)
		}
		if found := keys(t, s, key, ""); !slices.Contains(found, key) {
			t.Errorf("list by the prefix %q: %q", key, found)
		}
	}
	check(t, s.Delete(t.Context(), odd...))
	diff(t, keys(t, s, "", ""), nil)
}

func invalidKeys(t *testing.T, s store.Store) {
	ctx := t.Context()
	for _, key := range []string{
		"", "/a", "a/", "a//b", ".", "..", "a/../b", "../a", "a/./b", "a\x00b", "a\nb", "\xff", strings.Repeat("k", 1025),
	} {
		_, headErr := s.Head(ctx, key)
		_, _, getErr := s.Get(ctx, key, "", 0, -1)
		_, putErr := s.Put(ctx, key, nil)
		for op, err := range map[string]error{
			"head": headErr, "get": getErr, "put": putErr,
			"put if absent": s.PutIfAbsent(ctx, key, nil), "delete": s.Delete(ctx, key),
		} {
			if !errors.Is(err, store.ErrInvalidKey) {
				t.Errorf("%s %q: %v", op, key, err)
			}
		}
	}
	for _, err := range s.List(ctx, "../", "") {
		if !errors.Is(err, store.ErrInvalidKey) {
			t.Errorf("list above the root: %v", err)
		}
	}
}

func missingKeys(t *testing.T, s store.Store) {
	ctx := t.Context()
	put(t, s, "here/file", "x")
	for _, key := range []string{"missing", "a/b/missing", "here", "here/file/below"} {
		_, headErr := s.Head(ctx, key)
		_, _, getErr := s.Get(ctx, key, "", 0, -1)
		_, _, pinnedErr := s.Get(ctx, key, "etag", 5, 10)
		_, _, emptyErr := s.Get(ctx, key, "", 0, 0)
		for op, err := range map[string]error{"head": headErr, "get": getErr, "pinned": pinnedErr, "empty range": emptyErr} {
			if !errors.Is(err, store.ErrNotFound) || !strings.Contains(err.Error(), key) {
				t.Errorf("%s %q: %v", op, key, err)
			}
		}
		check(t, s.Delete(ctx, key))
	}
}

func overwrite(t *testing.T, s store.Store) {
	first := put(t, s, "k", "one")
	second := put(t, s, "k", "two") // same size, maybe the same clock tick
	if first.ETag == second.ETag {
		t.Fatalf("both versions have the ETag %q", first.ETag)
	}
	head, err := s.Head(t.Context(), "k")
	check(t, err)
	var listed store.Object
	for listed, err = range s.List(t.Context(), "k", "") {
		check(t, err)
	}
	if head.ETag != second.ETag || listed.ETag != second.ETag {
		t.Errorf("put says %q, head %q, list %q", second.ETag, head.ETag, listed.ETag)
	}
	for _, length := range []int64{-1, 2, 0} {
		if _, _, err := s.Get(t.Context(), "k", first.ETag, 0, length); !errors.Is(err, store.ErrChanged) {
			t.Errorf("get %d bytes of the old version: %v", length, err)
		}
	}
	body, _, err := s.Get(t.Context(), "k", second.ETag, 1, 2)
	check(t, err)
	got, err := io.ReadAll(body)
	check(t, errors.Join(err, body.Close()))
	diff(t, string(got), "wo")
}

func changedWhileReading(t *testing.T, s store.Store) {
	old := strings.Repeat("old.", 1<<20)
	for _, pinned := range []bool{false, true} {
		key := fmt.Sprintf("pinned-%t", pinned)
		o := put(t, s, key, old)
		etag := ""
		if pinned {
			etag = o.ETag
		}
		body, _, err := s.Get(t.Context(), key, etag, 0, -1)
		check(t, err)
		start := make([]byte, 10)
		_, err = io.ReadFull(body, start)
		check(t, err)
		put(t, s, key, strings.Repeat("new!", 1<<20))
		rest, err := io.ReadAll(body)
		check(t, body.Close())
		switch got := string(start) + string(rest); {
		case err == nil && got != old:
			t.Errorf("pinned %t: a mixture was read as whole", pinned)
		case err != nil && !errors.Is(err, store.ErrChanged):
			t.Errorf("pinned %t: %v", pinned, err)
		case !strings.HasPrefix(old, got):
			t.Errorf("pinned %t: bytes of another version", pinned)
		}
	}
}

func putIfAbsent(t *testing.T, s store.Store) {
	ctx := t.Context()
	check(t, s.PutIfAbsent(ctx, "log/0", []byte("mine")))
	check(t, s.PutIfAbsent(ctx, "log/0", []byte("mine"))) // a retry after a lost answer
	for _, other := range []string{"hers", "mine too", ""} {
		err := s.PutIfAbsent(ctx, "log/0", []byte(other))
		if !errors.Is(err, store.ErrExists) || !strings.Contains(err.Error(), "log/0") {
			t.Errorf("over other content: %v", err)
		}
	}
	got, _, err := store.ReadAll(ctx, s, "log/0")
	check(t, err)
	diff(t, string(got), "mine")
	check(t, s.Delete(ctx, "log/0"))
	check(t, s.PutIfAbsent(ctx, "log/0", []byte("again")))
}

func putIfAbsentRace(t *testing.T, s store.Store) {
	const writers, rounds = 16, 40
	body := func(w, size int) []byte { return bytes.Repeat([]byte{byte('a' + w)}, size) }
	for round := range rounds {
		key := fmt.Sprintf("race/%03d", round)
		size := 1 + round*round*150 // up to 228 KB: large ones meet other failures
		var wins atomic.Int32
		var winner atomic.Int32
		var g errgroup.Group
		start := make(chan struct{})
		for w := range writers {
			g.Go(func() error {
				<-start
				err := s.PutIfAbsent(t.Context(), key, body(w, size))
				switch {
				case err == nil:
					wins.Add(1)
					winner.Store(int32(w))
				case !errors.Is(err, store.ErrExists):
					return err
				}
				// Winner or loser: from now on the object is there, whole.
				got, _, err := store.ReadAll(t.Context(), s, key)
				if err == nil && (len(got) != size || !bytes.Equal(got, bytes.Repeat(got[:1], size))) {
					err = fmt.Errorf("torn: %d bytes of %d", len(got), size)
				}
				return err
			})
		}
		close(start)
		check(t, g.Wait())
		got, _, err := store.ReadAll(t.Context(), s, key)
		check(t, err)
		if wins.Load() != 1 || !bytes.Equal(got, body(int(winner.Load()), size)) {
			t.Fatalf("round %d: %d winners, the last is %d, stored is %.1q", round, wins.Load(), winner.Load(), got)
		}
	}
}

func tornReads(t *testing.T, s store.Store) {
	put(t, s, "hint", strings.Repeat("0", 100))
	ctx, stop := context.WithCancel(t.Context())
	var g errgroup.Group
	g.Go(func() error {
		defer stop()
		for i := range 100 {
			body := bytes.Repeat([]byte{byte('0' + i%10)}, 100+i*100)
			if _, err := s.Put(t.Context(), "hint", body); err != nil {
				return err
			}
		}
		return nil
	})
	for range 2 {
		g.Go(func() error {
			for ctx.Err() == nil {
				got, _, err := store.ReadAll(t.Context(), s, "hint") //nolint:contextcheck // ctx only says when to end
				if errors.Is(err, store.ErrChanged) {
					continue
				}
				if err != nil {
					return err
				}
				if len(got)%100 != 0 || !bytes.Equal(got, bytes.Repeat(got[:1], len(got))) {
					return fmt.Errorf("torn: %d bytes", len(got))
				}
			}
			return nil
		})
	}
	check(t, g.Wait())
}

func deleteMany(t *testing.T, s store.Store) {
	check(t, s.Delete(t.Context()))
	var all []string
	for i := range 1050 {
		all = append(all, fmt.Sprintf("d/%d/%04d", i%3, i))
	}
	slices.Sort(all)
	fill(t, s, all)
	check(t, s.Delete(t.Context(), append([]string{"d/never", "no/such"}, all[:1040]...)...))
	diff(t, keys(t, s, "", ""), all[1040:])
	check(t, s.Delete(t.Context(), "d/never"))
	err := s.Delete(t.Context(), "bad//key", all[1040])
	if !errors.Is(err, store.ErrInvalidKey) {
		t.Errorf("delete of a bad key: %v", err)
	}
	// A bad key does not keep the others.
	diff(t, keys(t, s, "", ""), all[1041:])
}

func cancelled(t *testing.T, s store.Store) {
	put(t, s, "k", strings.Repeat("x", 1<<20))
	put(t, s, "l", "x")
	ctx, cancel := context.WithCancel(t.Context())
	body, _, err := s.Get(ctx, "k", "", 0, -1)
	check(t, err)
	for _, err := range s.List(ctx, "", "") {
		check(t, err)
		break
	}
	cancel()
	_, readErr := io.ReadAll(body)
	check(t, body.Close())
	_, headErr := s.Head(ctx, "k")
	_, _, getErr := s.Get(ctx, "k", "", 0, -1)
	_, putErr := s.Put(ctx, "k", nil)
	var listErr, folderErr error
	for _, listErr = range s.List(ctx, "", "") {
	}
	for _, folderErr = range s.Folders(ctx, "") {
	}
	for op, err := range map[string]error{
		"read": readErr, "head": headErr, "get": getErr, "put": putErr, "list": listErr, "folders": folderErr,
		"put if absent": s.PutIfAbsent(ctx, "new", nil), "delete": s.Delete(ctx, "k"),
	} {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", op, err)
		}
		if errors.Is(err, store.ErrUnavailable) {
			t.Errorf("%s: a cancel is called an outage: %v", op, err)
		}
	}
	diff(t, keys(t, s, "", ""), []string{"k", "l"})
}

func probe(t *testing.T, s store.Store) {
	check(t, store.Probe(t.Context(), s, ""))
	check(t, store.Probe(t.Context(), s, "bronze/_delta_log/"))
	diff(t, keys(t, s, "", ""), nil)
}

// fill writes objects whose content is their key.
func fill(t *testing.T, s store.Store, keys []string) {
	t.Helper()
	var g errgroup.Group
	g.SetLimit(16)
	for _, key := range keys {
		g.Go(func() error {
			_, err := s.Put(t.Context(), key, []byte(key))
			return err
		})
	}
	check(t, g.Wait())
}

func put(t *testing.T, s store.Store, key, body string) store.Object {
	t.Helper()
	o, err := s.Put(t.Context(), key, []byte(body))
	check(t, err)
	return o
}

func keys(t *testing.T, s store.Store, prefix, startAfter string) []string {
	t.Helper()
	var all []string
	for o, err := range s.List(t.Context(), prefix, startAfter) {
		check(t, err)
		all = append(all, o.Key)
	}
	return all
}

func diff[T any](t *testing.T, got, want T) {
	t.Helper()
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
