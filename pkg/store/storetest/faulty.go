// Package storetest proves what is built on a store, and stores themselves:
// [Faulty] makes one call go wrong in a chosen way, [Conformance] is the suite
// that every implementation passes.
package storetest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"
	"sync"

	"github.com/auditlake/auditlake/pkg/store"
)

// Fault is a way in which one call goes wrong.
type Fault int

// The faults. "Effect" is what the call does to the store; for reads it is
// what the caller gets to see.
const (
	// ErrorBefore: the request is lost. The caller gets [ErrInjected].
	ErrorBefore Fault = iota + 1
	// ErrorAfter: the effect takes place but the answer is lost. A Get breaks
	// in the middle of the body, a List after its last object.
	ErrorAfter
	// CrashBefore: the process dies before the effect. This and every later
	// call give [ErrCrashed]; bodies and listings that are open end with it.
	CrashBefore
	// CrashAfter: the process dies when the effect has taken place.
	CrashAfter
	// Conflict: PutIfAbsent has no effect and gives [ErrInjected], as a 409 that
	// outlasts the retries; other operations are not disturbed.
	Conflict
	// Halfway: Delete deletes the first half of its keys, List and Folders end
	// after their first item, with [ErrInjected]; other operations are not disturbed.
	Halfway
	// CrashHalfway: the process dies where Halfway fails.
	CrashHalfway
)

// Faults are all the ways, for tests that go through them.
func Faults() []Fault {
	return []Fault{ErrorBefore, ErrorAfter, CrashBefore, CrashAfter, Conflict, Halfway, CrashHalfway}
}

// FaultsOf are the ways that disturb an operation.
func FaultsOf(op Op) []Fault {
	switch op {
	case OpPutIfAbsent:
		return []Fault{ErrorBefore, ErrorAfter, CrashBefore, CrashAfter, Conflict}
	case OpList, OpFolders, OpDelete:
		return []Fault{ErrorBefore, ErrorAfter, CrashBefore, CrashAfter, Halfway, CrashHalfway}
	case OpRead:
		return nil
	}
	return []Fault{ErrorBefore, ErrorAfter, CrashBefore, CrashAfter}
}

func (f Fault) String() string {
	names := []string{"none", "error before", "error after", "crash before", "crash after", "conflict", "halfway", "crash halfway"}
	if f < 0 || int(f) >= len(names) {
		return fmt.Sprintf("fault %d", int(f))
	}
	return names[f]
}

// Sentinels of the injected faults.
var (
	// ErrInjected wraps store.ErrUnavailable, as a lost answer does.
	ErrInjected = fmt.Errorf("injected fault: %w", store.ErrUnavailable)
	// ErrCrashed wraps no class: nothing may handle it but the test.
	ErrCrashed = errors.New("the process has crashed")
)

// Op is an operation, for hooks.
type Op = store.Op

// The operations. OpRead is one Read of a body that Get opened: it is shown to
// hooks but is no call that is counted or fails by number.
const (
	OpList           = store.OpList
	OpFolders        = store.OpFolders
	OpHead           = store.OpHead
	OpGet            = store.OpGet
	OpRead        Op = "read"
	OpPut            = store.OpPut
	OpPutIfAbsent    = store.OpPutIfAbsent
	OpDelete         = store.OpDelete
)

// Faulty is a store whose calls are numbered from 1 and fail as told. One
// Faulty is one process: to restart after a crash wrap the inner store anew.
//
// A test that takes a piece of work through every fault runs it without one to
// learn Calls or, with FailBy, which operations they are; then once for each n up
// to that and each of [Faults], or of [FaultsOf] the operation.
type Faulty struct {
	inner store.Store

	mu      sync.Mutex // guards all below
	calls   int
	choose  func(call int, op Op) Fault
	hook    func(op Op, key string)
	crashed bool
}

// NewFaulty returns s without any fault.
func NewFaulty(s store.Store) *Faulty { return &Faulty{inner: s} }

// FailAt makes the n-th call since the creation of f go wrong. A later FailAt or
// FailBy replaces it.
func (f *Faulty) FailAt(n int, fault Fault) {
	f.FailBy(func(call int, _ Op) Fault {
		if call == n {
			return fault
		}
		return 0
	})
}

// FailBy has choose decide about every call, by its number since the creation of
// f; 0 is no fault. It is called once for each, never concurrently, and may not
// use f.
func (f *Faulty) FailBy(choose func(call int, op Op) Fault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.choose = choose
}

// Before has hook called before every call and every Read of a body, also those
// that are going to fail; key is the prefix for listings and the first key for
// Delete. The hook may use the inner store, for example to overwrite the object.
func (f *Faulty) Before(hook func(op Op, key string)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.hook = hook
}

// Calls is how many calls there were.
func (f *Faulty) Calls() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.calls
}

// Crashed says whether the process has died.
func (f *Faulty) Crashed() bool { return f.alive() != nil }

func (f *Faulty) alive() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.crashed {
		return ErrCrashed
	}
	return nil
}

// visit is one call on its way through a Faulty.
type visit struct {
	f     *Faulty
	op    Op
	key   string
	fault Fault
}

// enter counts a call. Its error is the call's, which has no effect then.
func (f *Faulty) enter(op Op, key string) (visit, error) {
	v := visit{f: f, op: op, key: key}
	f.mu.Lock()
	hook := f.hook
	if !f.crashed {
		f.calls++
		if f.choose != nil {
			v.fault = f.choose(f.calls, op)
		}
	}
	f.mu.Unlock()
	if hook != nil {
		hook(op, key)
	}
	if err := f.alive(); err != nil {
		return v, err
	}
	switch {
	case v.fault == ErrorBefore, v.fault == Conflict && op == OpPutIfAbsent:
		return v, v.injected()
	case v.fault == CrashBefore:
		return v, f.crash()
	}
	return v, nil
}

func (v visit) injected() error { return fmt.Errorf("%s %s: %w", v.op, v.key, ErrInjected) }

// halfway is what ends the call in the middle of its effect, or nil.
func (v visit) halfway() error {
	switch v.fault {
	case Halfway:
		return v.injected()
	case CrashHalfway:
		return v.f.crash()
	}
	return nil
}

// after turns the result of the call into what the caller gets, once the effect
// has taken place.
func (v visit) after(err error) error {
	switch {
	case v.fault == CrashAfter:
		return v.f.crash()
	case v.f.alive() != nil: // another call crashed meanwhile
		return ErrCrashed
	case v.fault == ErrorAfter:
		return v.injected()
	}
	return err
}

func (f *Faulty) crash() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.crashed = true
	return ErrCrashed
}

func (f *Faulty) String() string { return f.inner.String() }

// List implements store.Store.
func (f *Faulty) List(ctx context.Context, prefix, startAfter string) iter.Seq2[store.Object, error] {
	return faultySeq(f, OpList, prefix, f.inner.List(ctx, prefix, startAfter))
}

// Folders implements store.Store.
func (f *Faulty) Folders(ctx context.Context, prefix string) iter.Seq2[string, error] {
	return faultySeq(f, OpFolders, prefix, f.inner.Folders(ctx, prefix))
}

func faultySeq[T any](f *Faulty, op Op, prefix string, seq iter.Seq2[T, error]) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var none T
		v, err := f.enter(op, prefix)
		if err != nil {
			yield(none, err)
			return
		}
		for item, err := range seq {
			if crashed := f.alive(); crashed != nil {
				yield(none, crashed)
				return
			}
			if !yield(item, err) || err != nil {
				return
			}
			if err := v.halfway(); err != nil {
				yield(none, err)
				return
			}
		}
		if err := v.after(nil); err != nil {
			yield(none, err)
		}
	}
}

// Head implements store.Store.
func (f *Faulty) Head(ctx context.Context, key string) (store.Object, error) {
	v, err := f.enter(OpHead, key)
	if err != nil {
		return store.Object{}, err
	}
	o, err := f.inner.Head(ctx, key)
	if err := v.after(err); err != nil {
		return store.Object{}, err
	}
	return o, nil
}

// Get implements store.Store.
func (f *Faulty) Get(ctx context.Context, key, etag string, offset, length int64) (io.ReadCloser, store.Object, error) {
	v, err := f.enter(OpGet, key)
	if err != nil {
		return nil, store.Object{}, err
	}
	body, o, err := f.inner.Get(ctx, key, etag, offset, length)
	if err != nil {
		return nil, store.Object{}, v.after(err)
	}
	r := &faultyBody{ReadCloser: body, store: f, key: key, failure: v.after(nil)}
	if errors.Is(r.failure, ErrCrashed) {
		return nil, store.Object{}, errors.Join(r.failure, body.Close())
	}
	r.left = max(0, o.Size-max(offset, 0))
	if length >= 0 {
		r.left = min(r.left, length)
	}
	r.left /= 2
	return r, o, nil
}

type faultyBody struct {
	io.ReadCloser
	store   *Faulty
	key     string
	failure error // once left is 0; nil for a good body
	left    int64 // bytes before failure
}

func (b *faultyBody) Read(p []byte) (int, error) {
	b.store.mu.Lock()
	hook := b.store.hook
	b.store.mu.Unlock()
	if hook != nil {
		hook(OpRead, b.key)
	}
	if err := b.store.alive(); err != nil {
		return 0, err
	}
	if b.failure == nil {
		return b.ReadCloser.Read(p)
	}
	if b.left == 0 {
		return 0, b.failure
	}
	n, err := b.ReadCloser.Read(p[:min(int64(len(p)), b.left)])
	b.left -= int64(n)
	return n, err
}

// Put implements store.Store.
func (f *Faulty) Put(ctx context.Context, key string, body []byte) (store.Object, error) {
	v, err := f.enter(OpPut, key)
	if err != nil {
		return store.Object{}, err
	}
	o, err := f.inner.Put(ctx, key, body)
	if err := v.after(err); err != nil {
		return store.Object{}, err
	}
	return o, nil
}

// PutIfAbsent implements store.Store.
func (f *Faulty) PutIfAbsent(ctx context.Context, key string, body []byte) error {
	v, err := f.enter(OpPutIfAbsent, key)
	if err != nil {
		return err
	}
	return v.after(f.inner.PutIfAbsent(ctx, key, body))
}

// Delete implements store.Store.
func (f *Faulty) Delete(ctx context.Context, keys ...string) error {
	return f.delete(ctx, f.inner.Delete, keys)
}

// ListUnfinished implements store.Unfinished; it is a call like List.
func (f *Faulty) ListUnfinished(ctx context.Context, prefix string) iter.Seq2[store.Object, error] {
	return faultySeq(f, OpList, prefix, store.ListUnfinished(ctx, f.inner, prefix))
}

// DeleteUnfinished implements store.Unfinished; it is a call like Delete.
func (f *Faulty) DeleteUnfinished(ctx context.Context, keys ...string) error {
	return f.delete(ctx, func(ctx context.Context, keys ...string) error {
		return store.DeleteUnfinished(ctx, f.inner, keys...)
	}, keys)
}

func (f *Faulty) delete(ctx context.Context, inner func(context.Context, ...string) error, keys []string) error {
	v, err := f.enter(OpDelete, strings.Join(keys[:min(1, len(keys))], ""))
	if err != nil {
		return err
	}
	if v.fault == Halfway || v.fault == CrashHalfway {
		return errors.Join(inner(ctx, keys[:len(keys)/2]...), v.halfway())
	}
	return v.after(inner(ctx, keys...))
}
