// Package soak runs a lake for two months of simulated time in some minutes, with all
// that happens to one, and looks whether anything grows or is wrong.
//
//	parent   delivers what Databricks would, when the clock says so; kills the worker
//	         every few days with no warning and starts another; looks at its memory
//	         and open files
//	worker   two lakes over the same deliveries, one that keeps everything and one
//	         that keeps a third of the time: a run of the ETL every simulated hour with the
//	         maintenance that is due after it, and queries all the time
//
// The clock runs faster than time does, for the lakes as well as for the stores: a
// file is as old as it would be. So OPTIMIZE, VACUUM, retention, sweeps and the
// clean-up of logs happen as often as in two months.
package soak

import (
	"context"
	"io"
	"iter"
	"time"

	"github.com/auditlake/auditlake/pkg/store"
)

// Clock shows Begin at Real, and from there runs Speed times as fast as time does.
type Clock struct {
	Real, Begin time.Time
	Speed       float64
}

// At is what the clock shows at a moment; before Real, it is as far before Begin.
func (c Clock) At(real time.Time) time.Time {
	return c.Begin.Add(time.Duration(float64(real.Sub(c.Real)) * c.Speed)).UTC()
}

// Now is what the clock shows.
func (c Clock) Now() time.Time { return c.At(time.Now()) }

// Until is how long it takes until the clock shows t.
func (c Clock) Until(t time.Time) time.Duration {
	return time.Duration(float64(t.Sub(c.Now())) / c.Speed)
}

// dated is a store whose objects are dated by a Clock.
type dated struct {
	store.Store
	clock Clock
}

func (d dated) date(o store.Object) store.Object {
	if !o.LastModified.IsZero() {
		o.LastModified = d.clock.At(o.LastModified)
	}
	return o
}

func (d dated) all(objects iter.Seq2[store.Object, error]) iter.Seq2[store.Object, error] {
	return func(yield func(store.Object, error) bool) {
		for o, err := range objects {
			if !yield(d.date(o), err) {
				return
			}
		}
	}
}

func (d dated) List(ctx context.Context, prefix, startAfter string) iter.Seq2[store.Object, error] {
	return d.all(d.Store.List(ctx, prefix, startAfter))
}

func (d dated) Head(ctx context.Context, key string) (store.Object, error) {
	o, err := d.Store.Head(ctx, key)
	return d.date(o), err
}

func (d dated) Get(ctx context.Context, key, etag string, offset, length int64) (io.ReadCloser, store.Object, error) {
	r, o, err := d.Store.Get(ctx, key, etag, offset, length)
	return r, d.date(o), err
}

func (d dated) Put(ctx context.Context, key string, body []byte) (store.Object, error) {
	o, err := d.Store.Put(ctx, key, body)
	return d.date(o), err
}

// ListUnfinished implements store.Unfinished.
func (d dated) ListUnfinished(ctx context.Context, prefix string) iter.Seq2[store.Object, error] {
	return d.all(store.ListUnfinished(ctx, d.Store, prefix))
}

// DeleteUnfinished implements store.Unfinished.
func (d dated) DeleteUnfinished(ctx context.Context, keys ...string) error {
	return store.DeleteUnfinished(ctx, d.Store, keys...)
}
