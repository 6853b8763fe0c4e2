package layout

import (
	"bytes"
	"time"

	"github.com/parquet-go/parquet-go/bloom"

	"github.com/auditlake/auditlake/pkg/columnar"
)

// filterBits is the bits of a split-block filter for each distinct value: about 1 %
// of the values that are not there look as if they were.
const filterBits = 10

// filterWeight is what bloom filters of one column would take, and how many row
// groups a search for a value that is there would read with what is known of a
// group.
type filterWeight struct {
	path      string
	distinct  int // over row groups
	size      int
	build     time.Duration
	groups    int
	byBounds  float64 // of all groups, the share that minimum and maximum leave
	byFilter  float64
	byContent float64 // that have the value
}

func weighFilters(c *corpus, repeats int) []filterWeight {
	var out []filterWeight
	for _, name := range []string{"requestId", "actor", "email", "sourceIPAddress", "userAgent", "clusterId", "lineHash", "eventKey"} {
		if v := c.rows.Column(name); v != nil {
			w, ok := weighFilter(v, repeats)
			if w.path = name; ok {
				out = append(out, w)
			}
		}
	}
	return out
}

// group is what is known of a column in one row group.
type group struct {
	values map[string]bool
	lo, hi []byte
	filter bloom.SplitBlockFilter
}

const filterGroup = 32768 // rows: enough groups to tell apart

func weighFilter(v *columnar.Vector, repeats int) (filterWeight, bool) {
	var groups []*group
	var w filterWeight
	for from := 0; from < v.Len; from += filterGroup {
		g := &group{values: map[string]bool{}}
		for i := from; i < min(from+filterGroup, v.Len); i++ {
			if v.IsNull(i) {
				continue
			}
			s := v.ByteAt(i)
			g.values[string(s)] = true
			if g.lo == nil || bytes.Compare(s, g.lo) < 0 {
				g.lo = s
			}
			if g.hi == nil || bytes.Compare(s, g.hi) > 0 {
				g.hi = s
			}
		}
		w.distinct += len(g.values)
		groups = append(groups, g)
	}
	if w.distinct == 0 {
		return w, false
	}
	var hash bloom.XXH64
	w.build, _ = median(repeats, func() error {
		w.size = 0
		for _, g := range groups {
			g.filter = make(bloom.SplitBlockFilter, bloom.NumSplitBlocksOf(int64(len(g.values)), filterBits))
			w.size += len(g.filter.Bytes())
			for s := range g.values {
				g.filter.Insert(hash.Sum64([]byte(s)))
			}
		}
		return nil
	})
	searches := 0
	for i := 0; i < v.Len; i += max(1, v.Len/997) {
		if v.IsNull(i) {
			continue
		}
		s := v.ByteAt(i)
		searches++
		for _, g := range groups {
			if g.lo != nil && bytes.Compare(g.lo, s) <= 0 && bytes.Compare(s, g.hi) <= 0 {
				w.byBounds++
				if g.filter.Check(hash.Sum64(s)) {
					w.byFilter++
				}
			}
			if g.values[string(s)] {
				w.byContent++
			}
		}
	}
	w.groups = len(groups)
	all := float64(max(1, searches*len(groups)))
	w.byBounds, w.byFilter, w.byContent = w.byBounds/all, w.byFilter/all, w.byContent/all
	return w, true
}
