// Package lookup is the look-up tables of the lake's owner: CSV files that say what
// workspaces, cost centres, principals or networks are called.
//
//	<root>/lookups/<name>.csv     Set.Table reads it; Read is the form
//	<root>/lookups/<name>/        a Delta table, which package lake reads
//
// Nothing of ours writes there. A file is read whole, kept in memory by its ETag and
// looked at again at most every few seconds, so that a change is seen soon and a
// dashboard costs one request a file. A file that cannot be read to the last value
// is an error that names the place: there is no half of a look-up.
package lookup

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/store"
)

// ErrNone is what Table answers where there is no file.
var ErrNone = errors.New("look-up does not exist")

const (
	// Folder is where look-ups lie, below the root of a lake.
	Folder = "lookups/"
	// MaxBytes is what a file may have.
	MaxBytes = 16 << 20

	suffix  = ".csv"
	maxName = 100
	// fresh is how long what was seen of a file counts as what is there.
	fresh = 5 * time.Second
	// maxKept is about how many bytes of files read are kept in memory.
	maxKept = 64 << 20
)

// IsName says whether a look-up may have the name: lower-case letters, digits,
// _ and -.
func IsName(name string) bool {
	return name != "" && len(name) <= maxName && !strings.ContainsFunc(name, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '_' || r == '-')
	})
}

// Key is the key of the file of a look-up.
func Key(name string) string { return Folder + name + suffix }

// Set is the look-ups of one store. It is safe for concurrent use.
type Set struct {
	store store.Store
	now   func() time.Time

	turn chan struct{} // holds one value while a file is looked at
	mu   sync.Mutex    // guards kept
	kept map[string]*entry
}

// entry is what one version of a file says.
type entry struct {
	etag  string
	rows  *columnar.Batch // or
	err   error           // why it cannot be read
	bytes int64           // of memory
	seen  time.Time       // when it was last what is there
}

// New is the look-ups in a store, by the clock now. It does no I/O.
func New(s store.Store, now func() time.Time) *Set {
	return &Set{store: s, now: now, turn: make(chan struct{}, 1), kept: map[string]*entry{}}
}

// Table is the rows of a look-up, which nobody may change, and the ETag of the file
// they are of. It is ErrNone without a
// file, and an *Error where the file is not in form.
func (s *Set) Table(ctx context.Context, name string) (rows *columnar.Batch, etag string, err error) {
	if !IsName(name) {
		return nil, "", ErrNone
	}
	if e := s.freshly(name); e != nil {
		return e.rows, e.etag, e.err
	}
	select { // one after the other, so that no two hold a file's text
	case s.turn <- struct{}{}:
		defer func() { <-s.turn }()
	case <-ctx.Done():
		return nil, "", ctx.Err()
	}
	if e := s.freshly(name); e != nil {
		return e.rows, e.etag, e.err
	}
	e, err := s.look(ctx, name)
	if err != nil {
		return nil, "", err
	}
	s.keep(name, e)
	return e.rows, e.etag, e.err
}

// freshly is what was seen of a look-up a moment ago, or nil.
func (s *Set) freshly(name string) *entry {
	s.mu.Lock()
	defer s.mu.Unlock()
	if e := s.kept[name]; e != nil && s.now().Sub(e.seen).Abs() < fresh {
		return e
	}
	return nil
}

// attempts is how often a file that is being overwritten is read anew.
const attempts = 3

// look finds out what is there now.
func (s *Set) look(ctx context.Context, name string) (*entry, error) {
	key := Key(name)
	for n := 1; ; n++ {
		seen := s.now()
		obj, err := s.store.Head(ctx, key)
		if errors.Is(err, store.ErrNotFound) {
			s.forget(name)
			return nil, ErrNone
		}
		if err != nil {
			return nil, fmt.Errorf("look at %s: %w", key, err)
		}
		s.mu.Lock()
		old := s.kept[name]
		s.mu.Unlock()
		if old != nil && old.etag == obj.ETag {
			return &entry{old.etag, old.rows, old.err, old.bytes, seen}, nil
		}
		e := &entry{etag: obj.ETag, seen: seen}
		if obj.Size > MaxBytes {
			e.err = &Error{File: key, Why: fmt.Errorf("it has %d bytes and may have %d (16 MiB): leave out what is not needed, or write it as a Delta table to %s%s/", obj.Size, MaxBytes, Folder, name)}
			return e, nil
		}
		body, err := s.read(ctx, obj)
		if (errors.Is(err, store.ErrChanged) || errors.Is(err, store.ErrNotFound)) && n < attempts {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", key, err)
		}
		if e.rows, e.err = Read(key, body); e.err == nil {
			e.bytes = sizeOf(e.rows)
		}
		return e, nil
	}
}

func (s *Set) read(ctx context.Context, obj store.Object) (body []byte, err error) {
	r, _, err := s.store.Get(ctx, obj.Key, obj.ETag, 0, -1)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	body = make([]byte, obj.Size)
	_, err = io.ReadFull(r, body)
	return body, err
}

func (s *Set) forget(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.kept, name)
}

// keep puts an entry into memory, in place of those that nobody has asked for the
// longest.
func (s *Set) keep(name string, e *entry) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.kept[name] = e
	for {
		var all int64
		oldest := name
		for n, k := range s.kept {
			all += k.bytes
			if k.seen.Before(s.kept[oldest].seen) {
				oldest = n
			}
		}
		if all <= maxKept || oldest == name {
			return
		}
		delete(s.kept, oldest)
	}
}

// List are the names of the files, and of the folders that may be Delta tables, both
// as their keys sort. What has another name than a look-up may have is not among
// them.
func (s *Set) List(ctx context.Context) (files, folders []string, err error) {
	after := ""
	for next := true; next; {
		next = false
		for o, err := range s.store.List(ctx, Folder, after) {
			if errors.Is(err, store.ErrNotFound) {
				break
			}
			if err != nil {
				return nil, nil, fmt.Errorf("list look-ups: %w", err)
			}
			name, _, inFolder := strings.Cut(strings.TrimPrefix(o.Key, Folder), "/")
			if inFolder {
				if IsName(name) {
					folders = append(folders, name)
				}
				// The objects of a folder are passed over: 0 sorts after the slash.
				after, next = Folder+name+"0", true
				break
			}
			if name, ok := strings.CutSuffix(name, suffix); ok && IsName(name) {
				files = append(files, name)
			}
		}
	}
	return files, folders, nil
}

// sizeOf is about how many bytes a batch occupies.
func sizeOf(b *columnar.Batch) int64 {
	var n int64
	for _, v := range b.Columns {
		n += int64(len(v.Null)) + 8*int64(len(v.Ints)+len(v.Floats)) + 4*int64(len(v.Codes))
		if v.Dict != nil {
			n += int64(len(v.Dict.Data)) + 8*int64(len(v.Dict.Ends))
		}
	}
	return n
}
