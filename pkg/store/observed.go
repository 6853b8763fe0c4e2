package store

import (
	"context"
	"io"
	"iter"
	"sync"
)

// Op is an operation of a [Store], by the name that errors use.
type Op string

// The operations.
const (
	OpList        Op = "list"
	OpFolders     Op = "folders"
	OpHead        Op = "head"
	OpGet         Op = "get"
	OpPut         Op = "put"
	OpPutIfAbsent Op = "put if absent"
	OpDelete      Op = "delete"
)

// Ended is told how an operation ended: the body bytes that were read or written,
// the objects or folders listed or the keys deleted, and the error, if any.
type Ended func(bytes, items int64, err error)

// Observe returns s with observe called at the start of each operation, with its
// key or prefix (the first key of a Delete), and what observe returns at its end,
// exactly once: for Get when the body is closed or broken, for listings when they
// have been consumed, given up or broken. The operation runs under the context
// that observe returns, so a span can begin there. An end of file is no error.
// observe is called concurrently; what it returns is not.
func Observe(s Store, observe func(ctx context.Context, op Op, key string) (context.Context, Ended)) Store {
	return &observed{s, observe}
}

type observed struct {
	inner   Store
	observe func(ctx context.Context, op Op, key string) (context.Context, Ended)
}

func (s *observed) String() string { return s.inner.String() }

// List implements [Store].
func (s *observed) List(ctx context.Context, prefix, startAfter string) iter.Seq2[Object, error] {
	return func(yield func(Object, error) bool) {
		ctx, ended := s.observe(ctx, OpList, prefix)
		each(s.inner.List(ctx, prefix, startAfter), yield, ended)
	}
}

// Folders implements [Store].
func (s *observed) Folders(ctx context.Context, prefix string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		ctx, ended := s.observe(ctx, OpFolders, prefix)
		each(s.inner.Folders(ctx, prefix), yield, ended)
	}
}

func each[T any](seq iter.Seq2[T, error], yield func(T, error) bool, ended Ended) {
	items := int64(0)
	var failed error
	defer func() { ended(0, items, failed) }()
	for item, err := range seq {
		if err != nil {
			failed = err
		} else {
			items++
		}
		if !yield(item, err) {
			return
		}
	}
}

// Head implements [Store].
func (s *observed) Head(ctx context.Context, key string) (Object, error) {
	ctx, ended := s.observe(ctx, OpHead, key)
	o, err := s.inner.Head(ctx, key)
	ended(0, 0, err)
	return o, err
}

// Get implements [Store].
func (s *observed) Get(ctx context.Context, key, etag string, offset, length int64) (io.ReadCloser, Object, error) {
	ctx, ended := s.observe(ctx, OpGet, key)
	body, o, err := s.inner.Get(ctx, key, etag, offset, length)
	if err != nil {
		ended(0, 0, err)
		return nil, Object{}, err
	}
	return &observedBody{ReadCloser: body, ended: ended}, o, nil
}

type observedBody struct {
	io.ReadCloser
	bytes int64
	once  sync.Once
	ended Ended
}

func (b *observedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.bytes += int64(n)
	if err != nil && err != io.EOF {
		b.end(err)
	}
	return n, err
}

func (b *observedBody) Close() error {
	err := b.ReadCloser.Close()
	b.end(err)
	return err
}

func (b *observedBody) end(err error) {
	b.once.Do(func() { b.ended(b.bytes, 0, err) })
}

// Put implements [Store].
func (s *observed) Put(ctx context.Context, key string, body []byte) (Object, error) {
	ctx, ended := s.observe(ctx, OpPut, key)
	o, err := s.inner.Put(ctx, key, body)
	ended(written(body, err), 0, err)
	return o, err
}

// PutIfAbsent implements [Store].
func (s *observed) PutIfAbsent(ctx context.Context, key string, body []byte) error {
	ctx, ended := s.observe(ctx, OpPutIfAbsent, key)
	err := s.inner.PutIfAbsent(ctx, key, body)
	ended(written(body, err), 0, err)
	return err
}

func written(body []byte, err error) int64 {
	if err != nil {
		return 0
	}
	return int64(len(body))
}

// Delete implements [Store].
func (s *observed) Delete(ctx context.Context, keys ...string) error {
	key := ""
	if len(keys) > 0 {
		key = keys[0]
	}
	ctx, ended := s.observe(ctx, OpDelete, key)
	err := s.inner.Delete(ctx, keys...)
	ended(0, int64(len(keys)), err)
	return err
}
