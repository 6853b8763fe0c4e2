package store

import (
	"context"
	"sync/atomic"
)

// Metered counts what passes through it. The counts are calls of this
// interface: what an implementation retries, resumes or pages below is not seen,
// except that List counts one request for every 1000 objects it yields. A call
// counts from its start; its items, bytes and error when it has ended, as [Observe]
// has it.
type Metered struct {
	*observed

	list, folders, head, get, put, putIfAbsent, del meter
}

// NewMetered returns s with all counts at zero.
func NewMetered(s Store) *Metered {
	m := &Metered{}
	of := map[Op]*meter{
		OpList: &m.list, OpFolders: &m.folders, OpHead: &m.head, OpGet: &m.get,
		OpPut: &m.put, OpPutIfAbsent: &m.putIfAbsent, OpDelete: &m.del,
	}
	m.observed = &observed{s, func(ctx context.Context, op Op, _ string) (context.Context, Ended) {
		c := of[op]
		c.calls.Add(1)
		return ctx, c.ended
	}}
	return m
}

// Counts of one operation.
type Counts struct {
	// Calls is how often it was called, Errors how many of them ended with an
	// error, broken bodies and listings included.
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

func (c *meter) ended(bytes, items int64, err error) {
	c.bytes.Add(bytes)
	c.items.Add(items)
	if err != nil {
		c.errors.Add(1)
	}
}
