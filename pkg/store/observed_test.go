package store_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/auditlake/auditlake/pkg/store"
	"github.com/auditlake/auditlake/pkg/store/storetest"
)

// diary is a store whose operations are written down as they begin and end.
func diary(s store.Store) (store.Store, *[]string) {
	var lines []string
	return store.Observe(s, func(ctx context.Context, op store.Op, key string) (context.Context, store.Ended) {
		lines = append(lines, fmt.Sprintf("%s %s", op, key))
		return ctx, func(bytes, items int64, err error) {
			outcome := "ok"
			if err != nil {
				outcome = "failed"
			}
			lines = append(lines, fmt.Sprintf("%s %s: %d bytes, %d items, %s", op, key, bytes, items, outcome))
		}
	}), &lines
}

func TestObserveTellsWhenEachOperationBeginsAndEnds(t *testing.T) {
	ctx := t.Context()
	for name, tc := range map[string]struct {
		do   func(s store.Store)
		want []string
	}{
		"put": {func(s store.Store) { _, _ = s.Put(ctx, "c", []byte("123")) }, []string{"put c", "put c: 3 bytes, 0 items, ok"}},
		"put if absent, taken": {
			func(s store.Store) { _ = s.PutIfAbsent(ctx, "a/1", []byte("123")) },
			[]string{"put if absent a/1", "put if absent a/1: 0 bytes, 0 items, failed"},
		},
		"head of nothing": {func(s store.Store) { _, _ = s.Head(ctx, "x") }, []string{"head x", "head x: 0 bytes, 0 items, failed"}},
		"get of nothing":  {func(s store.Store) { _, _, _ = s.Get(ctx, "x", "", 0, -1) }, []string{"get x", "get x: 0 bytes, 0 items, failed"}},
		"a body ends when it is closed, once": {
			func(s store.Store) {
				body, _, err := s.Get(ctx, "a/1", "", 0, -1)
				check(t, err)
				_, err = io.Copy(io.Discard, body)
				check(t, err)
				_, err = s.Head(ctx, "a/2")
				check(t, err)
				check(t, body.Close())
				_ = body.Close()
			},
			[]string{"get a/1", "head a/2", "head a/2: 0 bytes, 0 items, ok", "get a/1: 5 bytes, 0 items, ok"},
		},
		"a listing begins when it is read": {
			func(s store.Store) {
				seq := s.List(ctx, "a/", "")
				_, err := s.Head(ctx, "a/1")
				check(t, err)
				for range seq {
				}
			},
			[]string{"head a/1", "head a/1: 0 bytes, 0 items, ok", "list a/", "list a/: 0 bytes, 2 items, ok"},
		},
		"a listing that is given up": {
			func(s store.Store) {
				for range s.List(ctx, "", "") {
					return
				}
			},
			[]string{"list ", "list : 0 bytes, 1 items, ok"},
		},
		"folders": {
			func(s store.Store) {
				for range s.Folders(ctx, "") {
				}
			},
			[]string{"folders ", "folders : 0 bytes, 1 items, ok"},
		},
		"delete": {func(s store.Store) { check(t, s.Delete(ctx, "a/1", "a/2")) }, []string{"delete a/1", "delete a/1: 0 bytes, 2 items, ok"}},
	} {
		t.Run(name, func(t *testing.T) {
			inner := store.NewMemory("test")
			for _, key := range []string{"a/1", "a/2"} {
				_, err := inner.Put(ctx, key, []byte("12345"))
				check(t, err)
			}
			s, lines := diary(inner)
			tc.do(s)
			if diff := cmp.Diff(tc.want, *lines); diff != "" {
				t.Errorf("observed (-want +got):\n%s", diff)
			}
		})
	}
}

func TestABrokenBodyHasEnded(t *testing.T) {
	inner := store.NewMemory("test")
	_, err := inner.Put(t.Context(), "a", []byte("12345"))
	check(t, err)
	faulty := storetest.NewFaulty(inner)
	faulty.FailAt(1, storetest.ErrorAfter)
	s, lines := diary(faulty)
	body, _, err := s.Get(t.Context(), "a", "", 0, -1)
	check(t, err)
	n, err := io.Copy(io.Discard, body)
	if !errors.Is(err, storetest.ErrInjected) {
		t.Fatalf("read: %v", err)
	}
	_ = body.Close()
	want := []string{"get a", fmt.Sprintf("get a: %d bytes, 0 items, failed", n)}
	if diff := cmp.Diff(want, *lines); diff != "" {
		t.Errorf("observed (-want +got):\n%s", diff)
	}
}

// TestAnOperationRunsUnderTheContextOfItsObserver as the child of a span does.
func TestAnOperationRunsUnderTheContextOfItsObserver(t *testing.T) {
	s := store.Observe(store.NewMemory("test"), func(ctx context.Context, _ store.Op, _ string) (context.Context, store.Ended) {
		ctx, cancel := context.WithCancel(ctx)
		cancel()
		return ctx, func(int64, int64, error) {}
	})
	_, err := s.Put(t.Context(), "a", nil)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("put: %v", err)
	}
	for _, err := range s.List(t.Context(), "", "") {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("list: %v", err)
		}
	}
}
