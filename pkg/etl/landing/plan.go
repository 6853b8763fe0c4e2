package landing

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"
)

// Change is a delivered file that the lake does not hold in its newest version.
type Change struct {
	File
	Old *Entry // what the lake holds of an earlier version; nil for a new file
}

// Changes compares a listing with the state, in order of date and key. Dates
// before horizon ("" for none) were removed by retention and do not come back.
func (st *State) Changes(ctx context.Context, files []File, horizon string) ([]Change, error) {
	dates := map[string]bool{}
	for _, f := range files {
		if f.Date >= horizon && st.Dates[f.Date].Path != "" {
			dates[f.Date] = true
		}
	}
	if err := st.preload(ctx, slices.Sorted(maps.Keys(dates))); err != nil {
		return nil, err
	}
	var out []Change
	for _, f := range files {
		if f.Date < horizon {
			continue
		}
		sh, err := st.shard(ctx, f.Date)
		if err != nil {
			return nil, err
		}
		old, known := sh[fileRef{f.Source, f.Key}]
		switch {
		case !known:
			out = append(out, Change{File: f})
		case old.ETag != f.ETag || old.Size != f.Size:
			out = append(out, Change{File: f, Old: &old})
		}
	}
	slices.SortFunc(out, func(a, b Change) int {
		return cmp.Or(cmp.Compare(a.Date, b.Date), cmp.Compare(a.Source, b.Source), cmp.Compare(a.Key, b.Key))
	})
	return out, nil
}

// Batches cuts changes into runs of at most maxBytes and maxFiles, in order. A
// file over largeBytes is a batch of its own: if it changes while it is being
// streamed, nothing but that file has to be read again.
func Batches(changes []Change, maxBytes, largeBytes int64, maxFiles int) [][]Change {
	var out [][]Change
	start, size := 0, int64(0)
	cut := func(end int) {
		if end > start {
			out = append(out, changes[start:end])
		}
		start, size = end, 0
	}
	for i, c := range changes {
		text := c.textBytes()
		if c.Size > largeBytes || text > maxBytes {
			cut(i)
			cut(i + 1)
			continue
		}
		if size+text > maxBytes || i-start >= maxFiles {
			cut(i)
		}
		size += text
	}
	cut(len(changes))
	return out
}

// gzipRatio is about how much audit logs shrink.
const gzipRatio = 15

// textBytes is about how much text is in the file.
func (c Change) textBytes() int64 {
	if strings.HasSuffix(c.Key, ".gz") {
		return gzipRatio * c.Size
	}
	return c.Size
}

// sweepRequests is how many requests a full sweep may cost to be done on every
// run: about a second on a distant store.
const sweepRequests = 64

// keysPerPage is how many keys a store lists at once.
const keysPerPage = 1000

// CheapSweep reports whether listing everything, and reading every shard, costs
// so little that looking at a window only would save nothing.
func (m Manifest) CheapSweep() bool {
	return m.Totals().Files/keysPerPage+int64(len(m.Dates)) <= sweepRequests
}

// Since is the first delivery date of a window of days before the newest known
// date, or before today if that is earlier.
func Since(newest, today string, days int) string {
	return daysBefore(min(newest, today), days)
}
