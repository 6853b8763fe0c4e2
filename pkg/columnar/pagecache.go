package columnar

import (
	"container/list"
	"sync"
)

// PageCache keeps pages of files that never change, decoded, within a budget of bytes.
//
//	first use    the page is read, and leaves a trace: that it was used, and when
//	second use   it is read again, and kept if there is room
//	later uses   it is found, and neither read nor decoded
//
// Room is made by those that were not used for the longest time, if that is longer than
// since the last use of the page that comes in. So neither what is read once nor a scan
// of more than the budget, over and over, takes the place of what is asked for more
// often.
//
// What is kept is a copy of just its size: no page that is being read shares memory with
// it, and none of it is given back to be used again. Everybody who finds it shares it and
// nobody changes it. The zero value is not usable; safe for concurrent use.
type PageCache struct {
	budget int64

	mu     sync.Mutex
	files  map[string]*filePages // guarded by mu
	kept   list.List             // of *cachedPage, the last used in front; guarded by mu
	traces list.List             // of *cachedPage without a page, the last used in front; guarded by mu
	clock  int64                 // goes on with every use of a page; guarded by mu
	stats  PageStats             // guarded by mu
}

// PageStats is what a PageCache did: pages found, and decoded.
type PageStats struct {
	Hits, Misses int64
	Bytes        int64 // held now, traces included
}

const (
	// bytesPerTrace is for how many bytes of the budget there is a trace, of which all
	// together take a twenty-fifth: 16,384 of 64 MiB, and a column of a year of small
	// files has some thousand pages.
	bytesPerTrace = 4 << 10
	// entryOverhead is what a page takes in lists and maps, about, and a trace as well.
	entryOverhead = 160
	// fileOverhead is what a file takes beside its name.
	fileOverhead = 400
	// pageOverhead is a page without its values.
	pageOverhead = 384
	// pageShare is which part of the budget one page may take.
	pageShare = 8
)

// filePages are the pages of a file.
type filePages struct {
	name string
	at   map[pageAt]*list.Element
}

// pageAt is a place in a file as a chunk reads it: chunks of a broken file may overlap.
type pageAt struct {
	chunk  chunkAt
	offset int64
}

// cachedPage is a page that is kept, or the trace of one.
type cachedPage struct {
	file  *filePages
	at    pageAt
	is    *storedPage
	bytes int64
	used  int64 // when, by the clock
}

// storedPage is what bytes of a file were decoded to.
type storedPage struct {
	page   *page // nil: of a kind that is not read
	dict   bool  // the page has the values of a dictionary
	length int   // in the file, with its header
}

// NewPageCache is a cache that keeps to so many bytes.
func NewPageCache(budget int64) *PageCache {
	return &PageCache{budget: budget, files: map[string]*filePages{}}
}

// Stats is that since the beginning.
func (c *PageCache) Stats() PageStats {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.stats
}

// CachedFile is a file in a PageCache.
type CachedFile struct {
	cache *PageCache
	name  string
}

// File is the file of a name. A name is for ever the same bytes. c may be nil.
func (c *PageCache) File(name string) *CachedFile {
	if c == nil {
		return nil
	}
	return &CachedFile{c, name}
}

// Forget drops the files that are gone.
func (c *PageCache) Forget(gone func(name string) bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for name, f := range c.files {
		if !gone(name) {
			continue
		}
		for _, e := range f.at {
			c.drop(e)
		}
	}
}

// chunkCache is a column chunk of a CachedFile, or with nil nothing.
type chunkCache struct {
	*CachedFile
	chunk chunkAt
}

// find is the page at an offset, or nil. It does not count as a use.
func (f chunkCache) find(offset int64) *storedPage {
	if f.CachedFile == nil {
		return nil
	}
	f.cache.mu.Lock()
	defer f.cache.mu.Unlock()
	if e := f.cache.element(f.name, pageAt{f.chunk, offset}); e != nil {
		return e.Value.(*cachedPage).is
	}
	return nil
}

// use counts the use of a page that was found.
func (f chunkCache) use(offset int64) {
	c := f.cache
	c.mu.Lock()
	defer c.mu.Unlock()
	c.clock++
	c.stats.Hits++
	if e := c.element(f.name, pageAt{f.chunk, offset}); e != nil {
		c.touch(e)
	}
}

// offer counts the use of a page that was decoded, and keeps it or a trace of it.
func (f chunkCache) offer(offset int64, s *storedPage) {
	if f.CachedFile == nil {
		return
	}
	c, at := f.cache, pageAt{f.chunk, offset}
	bytes := s.bytes()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.clock++
	c.stats.Misses++
	e := c.element(f.name, at)
	if e == nil {
		c.note(f.name, at)
		return
	}
	x := e.Value.(*cachedPage)
	if x.is == nil && bytes <= c.budget/pageShare && c.makeRoom(bytes, x.used) {
		c.traces.Remove(e)
		x.is, x.bytes = s.copy(), x.bytes+bytes
		c.stats.Bytes += bytes
		e = c.kept.PushFront(x)
		x.file.at[at] = e
	}
	c.touch(e)
}

// element is what is known of a page, or nil. mu is held.
func (c *PageCache) element(file string, at pageAt) *list.Element {
	if f := c.files[file]; f != nil {
		return f.at[at]
	}
	return nil
}

// touch marks a page as used now. mu is held.
func (c *PageCache) touch(e *list.Element) {
	x := e.Value.(*cachedPage)
	x.used = c.clock
	if x.is != nil {
		c.kept.MoveToFront(e)
	} else {
		c.traces.MoveToFront(e)
	}
}

// note adds a trace. mu is held.
func (c *PageCache) note(file string, at pageAt) {
	f := c.files[file]
	if f == nil {
		f = &filePages{name: file, at: map[pageAt]*list.Element{}}
		c.files[file] = f
		c.stats.Bytes += f.bytes()
	}
	f.at[at] = c.traces.PushFront(&cachedPage{file: f, at: at, bytes: entryOverhead, used: c.clock})
	c.stats.Bytes += entryOverhead
	for {
		switch {
		case int64(c.traces.Len()) > c.budget/bytesPerTrace:
			c.drop(c.traces.Back())
		case c.stats.Bytes > c.budget && c.kept.Len() > 0:
			c.evict(c.kept.Back())
		default:
			return
		}
	}
}

// makeRoom drops pages that were used before a time until there are bytes to be had;
// false if that does not do. mu is held.
func (c *PageCache) makeRoom(bytes, before int64) bool {
	for c.stats.Bytes+bytes > c.budget {
		e := c.kept.Back()
		if e == nil || e.Value.(*cachedPage).used >= before {
			return false
		}
		c.evict(e)
	}
	return true
}

// evict leaves a trace of a page. mu is held.
func (c *PageCache) evict(e *list.Element) {
	x := c.kept.Remove(e).(*cachedPage)
	c.stats.Bytes -= x.bytes - entryOverhead
	x.is, x.bytes = nil, entryOverhead
	x.file.at[x.at] = c.traces.PushFront(x)
}

// drop forgets a page, and a file without pages. mu is held.
func (c *PageCache) drop(e *list.Element) {
	x := e.Value.(*cachedPage)
	if x.is != nil {
		c.kept.Remove(e)
	} else {
		c.traces.Remove(e)
	}
	c.stats.Bytes -= x.bytes
	delete(x.file.at, x.at)
	if len(x.file.at) == 0 {
		delete(c.files, x.file.name)
		c.stats.Bytes -= x.file.bytes()
	}
}

func (f *filePages) bytes() int64 { return fileOverhead + int64(len(f.name)) }

// bytes is what a copy takes.
func (s *storedPage) bytes() int64 {
	n := int64(pageOverhead)
	if p := s.page; p != nil {
		n += heapBytes(p.def, 1) + heapBytes(p.rep, 1) + heapBytes(p.null, 1) + heapBytes(p.ints, 8) + heapBytes(p.floats, 8) +
			heapBytes(p.bytes.Data, 1) + heapBytes(p.bytes.Ends, 4) + heapBytes(p.codes, 4)
	}
	return n
}

// heapBytes is what the allocator takes for a copy, about: whole pages of 8 KiB for more
// than 32, else a class of sizes that is up to an eighth larger, half of that on average.
func heapBytes[T any](s []T, size int) int64 {
	const class, block = 32 << 10, 8 << 10
	n := int64(len(s)) * int64(size)
	if n > class {
		return (n + block - 1) / block * block
	}
	return n + n/16
}

func (s *storedPage) copy() *storedPage {
	out := *s
	if s.page != nil {
		p := *s.page
		p.def, p.rep, p.null = fitted(p.def), fitted(p.rep), fitted(p.null)
		p.ints, p.floats, p.codes = fitted(p.ints), fitted(p.floats), fitted(p.codes)
		p.bytes = Bytes{Data: fitted(p.bytes.Data), Ends: fitted(p.bytes.Ends)}
		out.page = &p
	}
	return &out
}

// fitted is a copy with room for nothing more; nil stays nil.
func fitted[T any](s []T) []T {
	if s == nil {
		return nil
	}
	out := make([]T, len(s))
	copy(out, s)
	return out
}
