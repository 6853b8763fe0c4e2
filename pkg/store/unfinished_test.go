package store_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/auditlake/auditlake/pkg/store"
	"github.com/auditlake/auditlake/pkg/store/storetest"
)

func unfinished(t *testing.T, s store.Store, prefix string) []string {
	t.Helper()
	var keys []string
	for o, err := range store.ListUnfinished(t.Context(), s, prefix) {
		check(t, err)
		if o.Size != 4 || o.LastModified.IsZero() {
			t.Errorf("object %+v", o)
		}
		keys = append(keys, o.Key)
	}
	return keys
}

func TestUnfinishedWritesAreFoundAndDeleted(t *testing.T) {
	dir := t.TempDir()
	local := openLocal(t, dir)
	for _, key := range []string{"a/one", "b/two"} {
		_, err := local.Put(t.Context(), key, []byte("x"))
		check(t, err)
	}
	for _, name := range []string{"a/.tmp-1", "b/.tmp-2", "b/.tmp-3"} {
		check(t, os.WriteFile(filepath.Join(dir, filepath.FromSlash(name)), []byte("half"), 0o600))
	}
	for name, s := range map[string]store.Store{
		"local": local, "metered": store.NewMetered(local), "read-only": store.AsReadOnly(local), "faulty": storetest.NewFaulty(local),
	} {
		if d := cmp.Diff([]string{"a/.tmp-1", "b/.tmp-2", "b/.tmp-3"}, unfinished(t, s, "")); d != "" {
			t.Errorf("%s: %s", name, d)
		}
	}
	if d := cmp.Diff([]string{"b/.tmp-2", "b/.tmp-3"}, unfinished(t, local, "b/")); d != "" {
		t.Error(d)
	}
	if err := store.DeleteUnfinished(t.Context(), store.AsReadOnly(local), "a/.tmp-1"); !errors.Is(err, store.ErrDenied) {
		t.Errorf("read-only: %v", err)
	}
	if err := store.DeleteUnfinished(t.Context(), local, "a/one"); !errors.Is(err, store.ErrInvalidKey) {
		t.Errorf("deleting an object: %v", err)
	}
	check(t, store.DeleteUnfinished(t.Context(), store.NewMetered(local), "a/.tmp-1", "gone/.tmp-4"))
	check(t, store.DeleteUnfinished(t.Context(), storetest.NewFaulty(local), "b/.tmp-2"))
	if d := cmp.Diff([]string{"b/.tmp-3"}, unfinished(t, local, "")); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]string{"a/one", "b/two"}, listLocal(t, local, "")); d != "" {
		t.Error(d)
	}
}

func TestOtherStoresHaveNothingUnfinished(t *testing.T) {
	s := store.NewMemory("m")
	if got := unfinished(t, s, ""); len(got) != 0 {
		t.Errorf("%q", got)
	}
	check(t, store.DeleteUnfinished(t.Context(), s, "x"))
	if got := unfinished(t, openLocal(t, filepath.Join(t.TempDir(), "none")), ""); len(got) != 0 {
		t.Errorf("a folder that is not there: %q", got)
	}
}
