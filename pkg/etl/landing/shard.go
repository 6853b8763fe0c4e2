package landing

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"maps"
	"slices"
	"sync"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"github.com/auditlake/auditlake/pkg/store"
)

const (
	// shardReaders is how many shards are read or written at once.
	shardReaders = 16
	// wholeShard is up to which size a shard is read in one piece and kept; a
	// larger one is read as a stream.
	wholeShard = 1 << 20
	// cachedBytes bounds the shards kept as they are stored: those of the dates
	// that runs between sweeps look at again and again.
	cachedBytes = 8 << 20
	// cachedPrints bounds the fingerprints kept, of 16 bytes each: a sweep of a million
	// known files reads each shard once, however their folders are laid out.
	cachedPrints = 1 << 20
)

// fingerprint is a hash that stands for one version of one file.
type fingerprint [16]byte

func printOf(source int, key, etag string, size int64) fingerprint {
	b := make([]byte, 0, 256)
	b = binary.BigEndian.AppendUint64(b, uint64(source))
	b = binary.BigEndian.AppendUint64(b, uint64(size))
	b = binary.BigEndian.AppendUint64(b, uint64(len(key)))
	b = append(append(b, key...), etag...)
	sum := sha256.Sum256(b)
	return fingerprint(sum[:16])
}

// shards is what a State and its successors have read of shards: the bytes of the
// small ones, and for every file version a fingerprint. It is bounded, and safe for
// concurrent use. Shards never change.
type shards struct {
	store store.Store

	mu         sync.Mutex
	bodies     map[string][]byte        // by path; guarded by mu
	bodyBytes  int64                    // guarded by mu
	prints     map[string][]fingerprint // by path, sorted; guarded by mu
	printCount int                      // guarded by mu
}

func newShards(s store.Store) *shards {
	return &shards{store: s, bodies: map[string][]byte{}, prints: map[string][]fingerprint{}}
}

// keepBody makes room for the shard by dropping any others.
func (c *shards) keepBody(path string, body []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.bodies[path] != nil || len(body) > wholeShard {
		return
	}
	for p, b := range c.bodies {
		if c.bodyBytes+int64(len(body)) <= cachedBytes {
			break
		}
		delete(c.bodies, p)
		c.bodyBytes -= int64(len(b))
	}
	c.bodies[path] = body
	c.bodyBytes += int64(len(body))
}

func (c *shards) keepPrints(path string, prints []fingerprint) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.prints[path] != nil {
		return
	}
	for p, other := range c.prints {
		if c.printCount+len(prints) <= cachedPrints {
			break
		}
		delete(c.prints, p)
		c.printCount -= len(other)
	}
	c.prints[path] = prints
	c.printCount += len(prints)
}

// drop forgets a shard that another one has replaced.
func (c *shards) drop(path string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.bodyBytes -= int64(len(c.bodies[path]))
	delete(c.bodies, path)
	c.printCount -= len(c.prints[path])
	delete(c.prints, path)
}

func (c *shards) printsOf(path string) ([]fingerprint, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	p, ok := c.prints[path]
	return p, ok
}

// open is the content of the shard. One too large for the cache is streamed.
func (c *shards) open(ctx context.Context, ref DateRef) (io.ReadCloser, error) {
	c.mu.Lock()
	body, ok := c.bodies[ref.Path]
	c.mu.Unlock()
	if ok {
		return io.NopCloser(bytes.NewReader(body)), nil
	}
	rc, obj, err := c.store.Get(ctx, ref.Path, "", 0, -1)
	if err != nil || obj.Size > wholeShard {
		return rc, err
	}
	body = make([]byte, obj.Size)
	_, err = io.ReadFull(rc, body)
	if err := errors.Join(err, rc.Close()); err != nil {
		return nil, err
	}
	c.keepBody(ref.Path, body)
	return io.NopCloser(bytes.NewReader(body)), nil
}

// each yields the entries of one delivery date in order of FileID, reading them
// as it goes.
func (st *State) each(ctx context.Context, date string) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		ref, ok := st.Dates[date]
		if !ok {
			return
		}
		rc, err := st.shards.open(ctx, ref)
		if err != nil {
			yield(Entry{}, fmt.Errorf("read landing shard: %w", err))
			return
		}
		stopped := false
		err = decodeShard(ctx, rc, func(e Entry) bool {
			stopped = !yield(e, nil)
			return !stopped
		})
		if cerr := rc.Close(); err == nil {
			err = cerr
		}
		if err != nil && !stopped {
			yield(Entry{}, fmt.Errorf("read landing shard %s: %w", ref.Path, err))
		}
	}
}

// decodeShard gives the entries to fn until that says no.
func decodeShard(ctx context.Context, r io.Reader, fn func(Entry) bool) error {
	dec := json.NewDecoder(r)
	t, err := dec.Token()
	if err != nil {
		return err
	}
	if t != json.Delim('[') {
		return fmt.Errorf("it begins with %v, not [", t)
	}
	for dec.More() {
		if err := ctx.Err(); err != nil {
			return err
		}
		var e Entry
		if err := dec.Decode(&e); err != nil {
			return err
		}
		if !fn(e) {
			return nil
		}
	}
	_, err = dec.Token()
	return err
}

// knows reports whether the lake holds the listed version of a file.
func (st *State) knows(ctx context.Context, f File) (bool, error) {
	ref, ok := st.Dates[f.Date]
	if !ok {
		return false, nil
	}
	prints, ok := st.shards.printsOf(ref.Path)
	if !ok {
		if err := st.readPrints(ctx, f.Date); err != nil {
			return false, err
		}
		if prints, ok = st.shards.printsOf(ref.Path); !ok {
			// More files than the cache has room for came since.
			var err error
			if prints, err = st.datePrints(ctx, f.Date); err != nil {
				return false, err
			}
		}
	}
	_, found := slices.BinarySearchFunc(prints, printOf(f.Source, f.Key, f.ETag, f.Size), comparePrints)
	return found, nil
}

func comparePrints(a, b fingerprint) int { return bytes.Compare(a[:], b[:]) }

// readPrints reads the shard of a date, and side by side those of the known dates
// that follow: a listing comes to them next.
func (st *State) readPrints(ctx context.Context, date string) error {
	dates := slices.Sorted(maps.Keys(st.Dates))
	at, _ := slices.BinarySearch(dates, date)
	files := int64(0)
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(shardReaders)
	for i, d := range dates[at:] {
		files += st.Dates[d].Files
		if _, ok := st.shards.printsOf(st.Dates[d].Path); ok {
			continue
		}
		if i >= shardReaders || i > 0 && files > cachedPrints/2 {
			break
		}
		g.Go(func() error {
			prints, err := st.datePrints(gctx, d)
			if err == nil {
				st.shards.keepPrints(st.Dates[d].Path, prints)
			}
			return err
		})
	}
	return g.Wait()
}

func (st *State) datePrints(ctx context.Context, date string) ([]fingerprint, error) {
	// The manifest may say anything: what it promises is not made room for at once.
	prints := make([]fingerprint, 0, min(max(st.Dates[date].Files, 0), 1<<16))
	for e, err := range st.each(ctx, date) {
		if err != nil {
			return nil, err
		}
		prints = append(prints, printOf(e.Source, e.Key, e.ETag, e.Size))
	}
	slices.SortFunc(prints, comparePrints)
	return prints, nil
}

// writeShard writes the shard of a date with the changed entries in the place of
// those of the same file.
func (st *State) writeShard(ctx context.Context, date string, changed []Entry) (DateRef, error) {
	ref := DateRef{Path: folder + date + "/" + uuid.NewString() + ".json"}
	changed = slices.SortedFunc(slices.Values(changed), func(a, b Entry) int { return cmp.Compare(a.FileID, b.FileID) })
	replaced := make(map[fileRef]bool, len(changed))
	for _, e := range changed {
		replaced[fileRef{e.Source, e.Key}] = true
	}
	var body bytes.Buffer
	var prints []fingerprint
	put := func(e Entry) error {
		line, err := json.Marshal(e)
		if err != nil {
			return err
		}
		sep := ",\n"
		if ref.Files == 0 {
			sep = "["
		}
		body.WriteString(sep)
		body.Write(line)
		prints = append(prints, printOf(e.Source, e.Key, e.ETag, e.Size))
		ref.Files++
		ref.Lines += e.Lines
		ref.Superseded += e.Superseded
		ref.Bytes += e.Size
		return nil
	}
	for old, err := range st.each(ctx, date) {
		if err != nil {
			return DateRef{}, err
		}
		for len(changed) > 0 && changed[0].FileID < old.FileID {
			if err := put(changed[0]); err != nil {
				return DateRef{}, err
			}
			changed = changed[1:]
		}
		if !replaced[fileRef{old.Source, old.Key}] {
			if err := put(old); err != nil {
				return DateRef{}, err
			}
		}
	}
	for _, e := range changed {
		if err := put(e); err != nil {
			return DateRef{}, err
		}
	}
	body.WriteString("]\n")
	if _, err := st.shards.store.Put(ctx, ref.Path, body.Bytes()); err != nil {
		return DateRef{}, fmt.Errorf("write landing shard: %w", err)
	}
	st.shards.drop(st.Dates[date].Path)
	st.shards.keepBody(ref.Path, bytes.Clone(body.Bytes()))
	slices.SortFunc(prints, comparePrints)
	st.shards.keepPrints(ref.Path, prints)
	return ref, nil
}
