package storetest_test

import (
	"errors"
	"io"
	"slices"
	"testing"

	"github.com/auditlake/auditlake/pkg/store"
	"github.com/auditlake/auditlake/pkg/store/storetest"
)

func TestFaultsTakeEffectAsTheySay(t *testing.T) {
	for _, c := range []struct {
		fault   storetest.Fault
		want    error
		there   bool // the write took effect
		crashed bool
	}{
		{storetest.ErrorBefore, storetest.ErrInjected, false, false},
		{storetest.ErrorAfter, store.ErrUnavailable, true, false},
		{storetest.CrashBefore, storetest.ErrCrashed, false, true},
		{storetest.CrashAfter, storetest.ErrCrashed, true, true},
		{storetest.Conflict, storetest.ErrInjected, false, false},
	} {
		t.Run(c.fault.String(), func(t *testing.T) {
			inner := store.NewMemory("test")
			f := storetest.NewFaulty(inner)
			f.FailAt(2, c.fault)
			check(t, f.PutIfAbsent(t.Context(), "first", []byte("x")))
			if err := f.PutIfAbsent(t.Context(), "second", []byte("x")); !errors.Is(err, c.want) {
				t.Errorf("got %v", err)
			}
			if _, err := inner.Head(t.Context(), "second"); (err == nil) != c.there {
				t.Errorf("effect: %v", err)
			}
			_, err := f.Head(t.Context(), "first")
			if errors.Is(err, storetest.ErrCrashed) != c.crashed || f.Crashed() != c.crashed {
				t.Errorf("afterwards: %v", err)
			}
		})
	}
}

func TestConflictLeavesOtherOperationsAlone(t *testing.T) {
	f := storetest.NewFaulty(store.NewMemory("test"))
	f.FailAt(1, storetest.Conflict)
	_, err := f.Put(t.Context(), "k", nil)
	check(t, err)
}

func TestAnswerOfAReadIsLostInTheMiddle(t *testing.T) {
	inner := store.NewMemory("test")
	_, err := inner.Put(t.Context(), "k", []byte("0123456789"))
	check(t, err)

	f := storetest.NewFaulty(inner)
	f.FailAt(1, storetest.ErrorAfter)
	body, _, err := f.Get(t.Context(), "k", "", 2, 6)
	check(t, err)
	if got, err := io.ReadAll(body); string(got) != "234" || !errors.Is(err, storetest.ErrInjected) {
		t.Errorf("get: %q, %v", got, err)
	}

	f = storetest.NewFaulty(inner)
	f.FailAt(1, storetest.ErrorAfter)
	objects := 0
	for _, err = range f.List(t.Context(), "", "") {
		if err == nil {
			objects++
		}
	}
	if objects != 1 || !errors.Is(err, storetest.ErrInjected) {
		t.Errorf("list: %d objects, %v", objects, err)
	}
}

func TestCrashEndsOpenBodies(t *testing.T) {
	f := storetest.NewFaulty(store.NewMemory("test"))
	_, err := f.Put(t.Context(), "k", []byte("0123456789"))
	check(t, err)
	body, _, err := f.Get(t.Context(), "k", "", 0, -1)
	check(t, err)
	f.FailAt(f.Calls()+1, storetest.CrashAfter)
	_, _ = f.Head(t.Context(), "k")
	if _, err := io.ReadAll(body); !errors.Is(err, storetest.ErrCrashed) {
		t.Errorf("got %v", err)
	}
}

func TestHookOverwritesDuringARead(t *testing.T) {
	inner := store.NewMemory("test")
	o, err := inner.Put(t.Context(), "k", []byte("old"))
	check(t, err)
	f := storetest.NewFaulty(inner)
	f.Before(func(op storetest.Op, key string) {
		if op == storetest.OpRead {
			_, err := inner.Put(t.Context(), key, []byte("new"))
			check(t, err)
		}
	})
	body, _, err := f.Get(t.Context(), "k", o.ETag, 0, -1)
	check(t, err)
	if _, err := io.ReadAll(body); !errors.Is(err, store.ErrChanged) {
		t.Errorf("got %v", err)
	}
	if f.Calls() != 1 {
		t.Errorf("%d calls", f.Calls())
	}
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestHalfOfADeleteAndOfAListing(t *testing.T) {
	keys := []string{"a", "b", "c", "d"}
	for fault, want := range map[storetest.Fault]error{storetest.Halfway: storetest.ErrInjected, storetest.CrashHalfway: storetest.ErrCrashed} {
		inner := store.NewMemory("test")
		for _, k := range keys {
			_, err := inner.Put(t.Context(), k, nil)
			check(t, err)
		}
		list := func(f *storetest.Faulty) (n int, last error) {
			for _, err := range f.List(t.Context(), "", "") {
				if last = err; err == nil {
					n++
				}
			}
			return n, last
		}
		f := storetest.NewFaulty(inner)
		f.FailAt(1, fault)
		if n, err := list(f); n != 1 || !errors.Is(err, want) {
			t.Errorf("%s: listed %d, %v", fault, n, err)
		}
		f = storetest.NewFaulty(inner)
		f.FailAt(1, fault)
		if err := f.Delete(t.Context(), keys...); !errors.Is(err, want) {
			t.Errorf("%s: delete: %v", fault, err)
		}
		if n, err := list(storetest.NewFaulty(inner)); n != 2 || err != nil {
			t.Errorf("%s: %d are left, %v", fault, n, err)
		}
	}
}

// TestFaultsOfAnOperation: those that are left out change nothing, the others do.
func TestFaultsOfAnOperation(t *testing.T) {
	calls := map[storetest.Op]func(*storetest.Faulty) error{
		storetest.OpPut:         func(f *storetest.Faulty) error { _, err := f.Put(t.Context(), "new", nil); return err },
		storetest.OpPutIfAbsent: func(f *storetest.Faulty) error { return f.PutIfAbsent(t.Context(), "new", nil) },
		storetest.OpDelete:      func(f *storetest.Faulty) error { return f.Delete(t.Context(), "k", "l") },
		storetest.OpHead:        func(f *storetest.Faulty) error { _, err := f.Head(t.Context(), "k"); return err },
		storetest.OpGet: func(f *storetest.Faulty) error {
			_, _, err := store.ReadAll(t.Context(), f, "k")
			return err
		},
		storetest.OpList: func(f *storetest.Faulty) error {
			for _, err := range f.List(t.Context(), "", "") {
				if err != nil {
					return err
				}
			}
			return nil
		},
		storetest.OpFolders: func(f *storetest.Faulty) error {
			for _, err := range f.Folders(t.Context(), "") {
				if err != nil {
					return err
				}
			}
			return nil
		},
	}
	for op, call := range calls {
		for _, fault := range storetest.Faults() {
			inner := store.NewMemory("test")
			for _, key := range []string{"k", "folder/l"} {
				_, err := inner.Put(t.Context(), key, []byte("0123"))
				check(t, err)
			}
			f := storetest.NewFaulty(inner)
			var seen storetest.Op
			f.FailBy(func(_ int, op storetest.Op) storetest.Fault { seen = op; return fault })
			if err := call(f); (err != nil) != slices.Contains(storetest.FaultsOf(op), fault) || seen != op {
				t.Errorf("%s of %s: %v", fault, op, err)
			}
		}
	}
}
