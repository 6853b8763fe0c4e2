package storetest_test

import (
	"errors"
	"io"
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
