package store_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/auditlake/auditlake/pkg/store"
)

func TestMeteredCountsCallsItemsAndBytes(t *testing.T) {
	ctx := t.Context()
	m := store.NewMetered(store.NewMemory("test"))
	_, err := m.Put(ctx, "a/1", []byte("12345"))
	check(t, err)
	check(t, m.PutIfAbsent(ctx, "a/2", []byte("123")))
	_ = m.PutIfAbsent(ctx, "a/2", []byte("lost"))
	before := m.Usage()
	_, _, err = store.ReadAll(ctx, m, "a/1")
	check(t, err)
	_, _ = m.Head(ctx, "missing")
	for range m.List(ctx, "", "") {
	}
	for range m.Folders(ctx, "") {
	}
	check(t, m.Delete(ctx, "a/1", "a/2"))

	want := store.Usage{
		Put: store.Counts{Calls: 1, Bytes: 5}, PutIfAbsent: store.Counts{Calls: 2, Errors: 1, Bytes: 3},
	}
	if d := cmp.Diff(want, before); d != "" {
		t.Errorf("writes (-want +got):\n%s", d)
	}
	want = store.Usage{
		List: store.Counts{Calls: 1, Items: 2}, Folders: store.Counts{Calls: 1, Items: 1}, Head: store.Counts{Calls: 1, Errors: 1},
		Get: store.Counts{Calls: 1, Bytes: 5}, Delete: store.Counts{Calls: 1, Items: 2},
	}
	got := m.Usage().Minus(before)
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("the rest (-want +got):\n%s", d)
	}
	if got.Requests() != 5 {
		t.Errorf("%d requests", got.Requests())
	}
}
