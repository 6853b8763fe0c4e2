package store

import (
	"context"
	"io"
	"iter"
	"sync/atomic"
)

// Metered counts what passes through it. The counts are calls of this
// interface: what an implementation retries, resumes or pages below is not seen,
// except that List counts one request for every 1000 objects it yields.
type Metered struct {
	inner Store

	list, folders, head, get, put, putIfAbsent, del meter
}

// NewMetered returns s with all counts at zero.
func NewMetered(s Store) *Metered { return &Metered{inner: s} }

// Counts of one operation.
type Counts struct {
	// Calls is how often it was called, Errors how many of them ended with an
	// error, a broken body or listing included.
	Calls, Errors int64
	// Items is objects or folders listed, or keys deleted.
	Items int64
	// Bytes is body bytes that were read or written.
	Bytes int64
}

// Usage is one reading of a [Metered].
type Usage struct {
	List, Folders, Head, Get, Put, PutIfAbsent, Delete Counts
}

// Requests is about how many requests S3 would have billed: pages of listings
// and batches of deletes count each.
func (u Usage) Requests() int64 {
	paged := func(c Counts) int64 { return max(c.Calls, (c.Items+999)/1000) }
	return paged(u.List) + paged(u.Folders) + u.Head.Calls + u.Get.Calls + u.Put.Calls + u.PutIfAbsent.Calls + paged(u.Delete)
}

// Minus is what happened since an earlier reading.
func (u Usage) Minus(earlier Usage) Usage {
	return Usage{
		List:        u.List.minus(earlier.List),
		Folders:     u.Folders.minus(earlier.Folders),
		Head:        u.Head.minus(earlier.Head),
		Get:         u.Get.minus(earlier.Get),
		Put:         u.Put.minus(earlier.Put),
		PutIfAbsent: u.PutIfAbsent.minus(earlier.PutIfAbsent),
		Delete:      u.Delete.minus(earlier.Delete),
	}
}

func (c Counts) minus(d Counts) Counts {
	return Counts{Calls: c.Calls - d.Calls, Errors: c.Errors - d.Errors, Items: c.Items - d.Items, Bytes: c.Bytes - d.Bytes}
}

// Usage reads the counts. Calls that run meanwhile are in it or not.
func (m *Metered) Usage() Usage {
	return Usage{
		List:        m.list.read(),
		Folders:     m.folders.read(),
		Head:        m.head.read(),
		Get:         m.get.read(),
		Put:         m.put.read(),
		PutIfAbsent: m.putIfAbsent.read(),
		Delete:      m.del.read(),
	}
}

type meter struct {
	calls, errors, items, bytes atomic.Int64
}

func (c *meter) read() Counts {
	return Counts{Calls: c.calls.Load(), Errors: c.errors.Load(), Items: c.items.Load(), Bytes: c.bytes.Load()}
}

func (c *meter) done(err error) {
	if err != nil {
		c.errors.Add(1)
	}
}

func (m *Metered) String() string { return m.inner.String() }

// List implements [Store].
func (m *Metered) List(ctx context.Context, prefix, startAfter string) iter.Seq2[Object, error] {
	return counted(&m.list, m.inner.List(ctx, prefix, startAfter))
}

// Folders implements [Store].
func (m *Metered) Folders(ctx context.Context, prefix string) iter.Seq2[string, error] {
	return counted(&m.folders, m.inner.Folders(ctx, prefix))
}

func counted[T any](c *meter, seq iter.Seq2[T, error]) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		c.calls.Add(1)
		for item, err := range seq {
			c.done(err)
			if err == nil {
				c.items.Add(1)
			}
			if !yield(item, err) {
				return
			}
		}
	}
}

// Head implements [Store].
func (m *Metered) Head(ctx context.Context, key string) (Object, error) {
	m.head.calls.Add(1)
	o, err := m.inner.Head(ctx, key)
	m.head.done(err)
	return o, err
}

// Get implements [Store].
func (m *Metered) Get(ctx context.Context, key, etag string, offset, length int64) (io.ReadCloser, Object, error) {
	m.get.calls.Add(1)
	body, o, err := m.inner.Get(ctx, key, etag, offset, length)
	m.get.done(err)
	if err != nil {
		return nil, Object{}, err
	}
	return meteredBody{body, &m.get}, o, nil
}

type meteredBody struct {
	io.ReadCloser
	meter *meter
}

func (b meteredBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.meter.bytes.Add(int64(n))
	if err != io.EOF {
		b.meter.done(err)
	}
	return n, err
}

// Put implements [Store].
func (m *Metered) Put(ctx context.Context, key string, body []byte) (Object, error) {
	m.put.calls.Add(1)
	o, err := m.inner.Put(ctx, key, body)
	m.put.wrote(body, err)
	return o, err
}

// PutIfAbsent implements [Store].
func (m *Metered) PutIfAbsent(ctx context.Context, key string, body []byte) error {
	m.putIfAbsent.calls.Add(1)
	err := m.inner.PutIfAbsent(ctx, key, body)
	m.putIfAbsent.wrote(body, err)
	return err
}

func (c *meter) wrote(body []byte, err error) {
	c.done(err)
	if err == nil {
		c.bytes.Add(int64(len(body)))
	}
}

// Delete implements [Store].
func (m *Metered) Delete(ctx context.Context, keys ...string) error {
	m.del.calls.Add(1)
	m.del.items.Add(int64(len(keys)))
	err := m.inner.Delete(ctx, keys...)
	m.del.done(err)
	return err
}
