package lakes

import (
	"context"
	"io"
	"iter"
	"time"

	"github.com/auditlake/auditlake/pkg/store"
)

// Slow is a store whose first byte takes a while, as that of an object store does:
// each read, head and write waits once, and a listing once for each page of 1000.
// Bytes then come as fast as the store below gives them.
func Slow(s store.Store, firstByte time.Duration) store.Store { return slow{s, firstByte} }

type slow struct {
	store.Store
	firstByte time.Duration
}

// page is how many objects one answer of S3 lists.
const page = 1000

func (s slow) wait(ctx context.Context) error {
	t := time.NewTimer(s.firstByte)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

// List implements store.Store.
func (s slow) List(ctx context.Context, prefix, startAfter string) iter.Seq2[store.Object, error] {
	return slowly(ctx, s, s.Store.List(ctx, prefix, startAfter))
}

// Folders implements store.Store.
func (s slow) Folders(ctx context.Context, prefix string) iter.Seq2[string, error] {
	return slowly(ctx, s, s.Store.Folders(ctx, prefix))
}

func slowly[T any](ctx context.Context, s slow, items iter.Seq2[T, error]) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var none T
		if err := s.wait(ctx); err != nil {
			yield(none, err)
			return
		}
		n := 0
		for item, err := range items {
			if n > 0 && n%page == 0 {
				if err := s.wait(ctx); err != nil {
					yield(none, err)
					return
				}
			}
			n++
			if !yield(item, err) {
				return
			}
		}
	}
}

// Head implements store.Store.
func (s slow) Head(ctx context.Context, key string) (store.Object, error) {
	if err := s.wait(ctx); err != nil {
		return store.Object{}, err
	}
	return s.Store.Head(ctx, key)
}

// Get implements store.Store.
func (s slow) Get(ctx context.Context, key, etag string, offset, length int64) (io.ReadCloser, store.Object, error) {
	if err := s.wait(ctx); err != nil {
		return nil, store.Object{}, err
	}
	return s.Store.Get(ctx, key, etag, offset, length)
}

// Put implements store.Store.
func (s slow) Put(ctx context.Context, key string, body []byte) (store.Object, error) {
	if err := s.wait(ctx); err != nil {
		return store.Object{}, err
	}
	return s.Store.Put(ctx, key, body)
}

// PutIfAbsent implements store.Store.
func (s slow) PutIfAbsent(ctx context.Context, key string, body []byte) error {
	if err := s.wait(ctx); err != nil {
		return err
	}
	return s.Store.PutIfAbsent(ctx, key, body)
}

// Delete implements store.Store.
func (s slow) Delete(ctx context.Context, keys ...string) error {
	if err := s.wait(ctx); err != nil {
		return err
	}
	return s.Store.Delete(ctx, keys...)
}
