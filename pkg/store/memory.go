package store

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"iter"
	"slices"
	"strings"
	"sync"
	"time"
)

// Memory is a [Store] in memory, for tests. Equal content has an equal ETag,
// as on S3. A pinned read ends with [ErrChanged] when the object was
// overwritten while it was read.
type Memory struct {
	// Now dates objects; time.Now if nil. Set it before the first use.
	Now func() time.Time

	name string

	mu      sync.Mutex // guards keys and objects
	keys    []string   // sorted
	objects map[string]memoryObject
}

type memoryObject struct {
	Object
	body []byte // never changed
}

// NewMemory returns an empty store that calls itself memory://name.
func NewMemory(name string) *Memory {
	return &Memory{name: name, objects: map[string]memoryObject{}}
}

func (m *Memory) String() string { return "memory://" + m.name }

// List implements [Store]. Like a real listing it is no snapshot: what is
// written behind the current key while it runs is seen.
func (m *Memory) List(ctx context.Context, prefix, startAfter string) iter.Seq2[Object, error] {
	return func(yield func(Object, error) bool) {
		if err := m.ready(ctx, "list", prefix, checkPrefix); err != nil {
			yield(Object{}, err)
			return
		}
		for last := startAfter; ; {
			if err := ctx.Err(); err != nil {
				yield(Object{}, m.fail("list", prefix, nil, err))
				return
			}
			o, ok := m.next(prefix, last)
			if !ok || !yield(o, nil) {
				return
			}
			last = o.Key
		}
	}
}

// next returns the first object with the prefix that sorts after last.
func (m *Memory) next(prefix, last string) (Object, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	i, _ := slices.BinarySearch(m.keys, max(prefix, last))
	if i < len(m.keys) && m.keys[i] == last {
		i++
	}
	if i == len(m.keys) || !strings.HasPrefix(m.keys[i], prefix) {
		return Object{}, false
	}
	return m.objects[m.keys[i]].Object, true
}

// Folders implements [Store].
func (m *Memory) Folders(ctx context.Context, prefix string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		last := ""
		for o, err := range m.List(ctx, prefix, "") {
			if err != nil {
				yield("", err)
				return
			}
			i := strings.IndexByte(o.Key[len(prefix):], '/')
			if i < 0 {
				continue
			}
			if folder := o.Key[:len(prefix)+i+1]; folder != last {
				if !yield(folder, nil) {
					return
				}
				last = folder
			}
		}
	}
}

// Head implements [Store].
func (m *Memory) Head(ctx context.Context, key string) (Object, error) {
	o, err := m.lookup(ctx, "head", key)
	return o.Object, err
}

// Get implements [Store].
func (m *Memory) Get(ctx context.Context, key, etag string, offset, length int64) (io.ReadCloser, Object, error) {
	o, err := m.lookup(ctx, "get", key)
	if err != nil {
		return nil, Object{}, err
	}
	if etag != "" && etag != o.ETag {
		return nil, Object{}, m.fail("get", key, ErrChanged, nil)
	}
	from, n := cutRange(o.Size, offset, length)
	r := &memoryReader{ctx: ctx, store: m, key: key, pinned: etag, body: bytes.NewReader(o.body[from : from+n])}
	return r, o.Object, nil
}

type memoryReader struct {
	ctx         context.Context // of the Get that opened it
	store       *Memory
	key, pinned string
	body        *bytes.Reader
}

func (r *memoryReader) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, r.store.fail("read", r.key, nil, err)
	}
	n, err := r.body.Read(p)
	if err == io.EOF && r.pinned != "" {
		if o, lookupErr := r.store.lookup(r.ctx, "read", r.key); lookupErr == nil && o.ETag != r.pinned {
			return n, r.store.fail("read", r.key, ErrChanged, nil)
		}
	}
	return n, err
}

func (r *memoryReader) Close() error { return nil }

// Put implements [Store].
func (m *Memory) Put(ctx context.Context, key string, body []byte) (Object, error) {
	if err := m.ready(ctx, "put", key, CheckKey); err != nil {
		return Object{}, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.write(key, body), nil
}

// PutIfAbsent implements [Store].
func (m *Memory) PutIfAbsent(ctx context.Context, key string, body []byte) error {
	if err := m.ready(ctx, "put if absent", key, CheckKey); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	o, taken := m.objects[key]
	switch {
	case !taken:
		m.write(key, body)
	case !bytes.Equal(o.body, body):
		return m.fail("put if absent", key, ErrExists, nil)
	}
	return nil
}

// write stores a copy of body; the caller holds mu.
func (m *Memory) write(key string, body []byte) Object {
	now := time.Now
	if m.Now != nil {
		now = m.Now
	}
	sum := sha256.Sum256(body)
	o := memoryObject{
		Object: Object{Key: key, Size: int64(len(body)), ETag: hex.EncodeToString(sum[:16]), LastModified: now().UTC()},
		body:   bytes.Clone(body),
	}
	if i, found := slices.BinarySearch(m.keys, key); !found {
		m.keys = slices.Insert(m.keys, i, key)
	}
	m.objects[key] = o
	return o.Object
}

// Delete implements [Store].
func (m *Memory) Delete(ctx context.Context, keys ...string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	var failed []error
	for _, key := range keys {
		if err := m.ready(ctx, "delete", key, CheckKey); err != nil {
			failed = append(failed, err)
			continue
		}
		if i, found := slices.BinarySearch(m.keys, key); found {
			m.keys = slices.Delete(m.keys, i, i+1)
			delete(m.objects, key)
		}
	}
	return errors.Join(failed...)
}

func (m *Memory) lookup(ctx context.Context, op, key string) (memoryObject, error) {
	if err := m.ready(ctx, op, key, CheckKey); err != nil {
		return memoryObject{}, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	o, ok := m.objects[key]
	if !ok {
		return memoryObject{}, m.fail(op, key, ErrNotFound, nil)
	}
	return o, nil
}

func (m *Memory) ready(ctx context.Context, op, key string, check func(string) error) error {
	if err := check(key); err != nil {
		return m.fail(op, key, nil, err)
	}
	if err := ctx.Err(); err != nil {
		return m.fail(op, key, nil, err)
	}
	return nil
}

func (m *Memory) fail(op, key string, kind, err error) error {
	if kind == nil {
		kind = ownClass(err)
	}
	return &Error{Op: op, URL: m.String() + "/" + key, Kind: kind, Err: err}
}

// cutRange fits the range of a Get into an object of size bytes. A negative
// offset counts as 0.
func cutRange(size, offset, length int64) (from, n int64) {
	from = min(max(offset, 0), size)
	if length < 0 || length > size-from {
		length = size - from
	}
	return from, length
}
