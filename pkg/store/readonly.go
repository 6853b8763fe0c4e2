package store

import (
	"context"
	"io"
	"iter"
)

// AsReadOnly returns s without the right to write: Put, PutIfAbsent and Delete
// give [ErrDenied] and reach nothing.
func AsReadOnly(s Store) Store { return readOnly{s} }

type readOnly struct {
	inner Store
}

func (r readOnly) String() string { return r.inner.String() }

func (r readOnly) List(ctx context.Context, prefix, startAfter string) iter.Seq2[Object, error] {
	return r.inner.List(ctx, prefix, startAfter)
}

func (r readOnly) Folders(ctx context.Context, prefix string) iter.Seq2[string, error] {
	return r.inner.Folders(ctx, prefix)
}

func (r readOnly) Head(ctx context.Context, key string) (Object, error) {
	return r.inner.Head(ctx, key)
}

func (r readOnly) Get(ctx context.Context, key, etag string, offset, length int64) (io.ReadCloser, Object, error) {
	return r.inner.Get(ctx, key, etag, offset, length)
}

func (r readOnly) Put(_ context.Context, key string, _ []byte) (Object, error) {
	return Object{}, r.refuse("put", key)
}

func (r readOnly) PutIfAbsent(_ context.Context, key string, _ []byte) error {
	return r.refuse("put if absent", key)
}

func (r readOnly) Delete(_ context.Context, keys ...string) error {
	if len(keys) == 0 {
		return nil
	}
	return r.refuse("delete", keys[0])
}

func (r readOnly) refuse(op, key string) error {
	return &Error{Op: op, URL: r.String() + "/" + key, Kind: ErrDenied, Hint: "this store was opened for reading only"}
}
