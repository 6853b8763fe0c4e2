package columnar

import (
	"bytes"
	"math"
	"strings"
	"unicode/utf8"
)

// FileStats is what a Writer learned of the values it wrote. It implements
// Bounds.
type FileStats struct {
	NumRows int64
	Columns []ColumnStats // the columns that get statistics: schema order, depth first
}

// ColumnStats is the bound of one column. Bounds are exact, except for strings
// over maxBoundBytes.
type ColumnStats struct {
	Path  []string // field names from the top
	Bound Bound
}

// Rows implements Bounds.
func (s *FileStats) Rows() int64 { return s.NumRows }

// Bound implements Bounds.
func (s *FileStats) Bound(path string) (Bound, bool) {
	for i := range s.Columns {
		if strings.Join(s.Columns[i].Path, ".") == path {
			return s.Columns[i].Bound, true
		}
	}
	return Bound{}, false
}

// TruncateMin is the first n characters of s, a lower bound of s.
func TruncateMin(s []byte, n int) []byte { return s[:runeEnd(s, n)] }

// TruncateMax is an upper bound of s in the order of bytes: s itself if it has at
// most n characters, else its first n and a tie breaker, as Delta writes them:
// U+007F over an ASCII character, U+10FFFF over any other. Where the next
// character is U+10FFFF itself the prefix grows, to 2n characters at most. ok is
// false if there is no such bound, as for text that is not UTF-8.
func TruncateMax(s []byte, n int) (upper []byte, ok bool) {
	end := runeEnd(s, n)
	for grown := 0; grown <= n; grown++ {
		rest := s[end:]
		if len(rest) == 0 {
			return s, true
		}
		r, size := utf8.DecodeRune(rest)
		switch {
		case r == utf8.RuneError && size == 1:
			return nil, false
		case r < 0x7F:
			return append(bytes.Clone(s[:end]), 0x7F), true
		case r < utf8.MaxRune:
			return utf8.AppendRune(bytes.Clone(s[:end]), utf8.MaxRune), true
		}
		end += size
	}
	return nil, false
}

// runeEnd is where the first n characters of s stop.
func runeEnd(s []byte, n int) int {
	if len(s) <= n {
		return len(s)
	}
	end := 0
	for ; n > 0 && end < len(s); n-- {
		_, size := utf8.DecodeRune(s[end:])
		end += size
	}
	return end
}

// Longer strings are cut where they become bounds, so that one of 60 MB does not
// live on in statistics. Column indexes and the statistics of a chunk hold less.
const (
	maxBoundBytes = 1024
	maxChunkBytes = 128 // over it a chunk has no string statistics: engines may take them as exact
	maxIndexBytes = 64
)

// extent is the smallest and largest value seen. The zero extent saw none.
type extent struct {
	seen       bool
	nan        bool // then there are no bounds: engines disagree on where NaN sorts
	noMax      bool // the largest string has no bound short enough
	minI, maxI int64
	minF, maxF float64
	minB, maxB []byte
}

func (e *extent) reset() {
	minB, maxB := e.minB[:0], e.maxB[:0]
	*e = extent{minB: minB, maxB: maxB}
}

func (e *extent) addInts(lo, hi int64) {
	if !e.seen {
		e.seen, e.minI, e.maxI = true, lo, hi
		return
	}
	e.minI, e.maxI = min(e.minI, lo), max(e.maxI, hi)
}

func (e *extent) addFloat(f float64) {
	switch {
	case math.IsNaN(f):
		e.nan = true
	case !e.seen:
		e.seen, e.minF, e.maxF = true, f, f
	default:
		e.minF, e.maxF = min(e.minF, f), max(e.maxF, f)
	}
}

// addBytes copies what it keeps.
func (e *extent) addBytes(lo, hi []byte) {
	if !e.seen || bytes.Compare(lo, e.minB) < 0 {
		e.minB = append(e.minB[:0], cutMin(lo)...)
	}
	if e.noMax || (e.seen && bytes.Compare(hi, e.maxB) <= 0) {
		e.seen = true
		return
	}
	e.seen = true
	if len(hi) > maxBoundBytes {
		upper, ok := TruncateMax(hi, maxBoundBytes/4)
		if !ok {
			e.noMax = true
			return
		}
		hi = upper
	}
	e.maxB = append(e.maxB[:0], hi...)
}

func cutMin(s []byte) []byte {
	if len(s) > maxBoundBytes {
		return TruncateMin(s, maxBoundBytes/4)
	}
	return s
}

func (e *extent) merge(k Kind, o *extent) {
	e.nan = e.nan || o.nan
	if !o.seen {
		return
	}
	switch {
	case k.InInts():
		e.addInts(o.minI, o.maxI)
	case k.InFloats():
		e.addFloat(o.minF)
		e.addFloat(o.maxF)
	default:
		e.addBytes(o.minB, o.maxB)
		e.noMax = e.noMax || o.noMax
	}
}

// values are the bounds as Values; of Kind Invalid where there is none.
func (e *extent) values(k Kind) (lo, hi Value) {
	if !e.seen || e.nan {
		return Value{}, Value{}
	}
	lo, hi = Value{Kind: k}, Value{Kind: k}
	switch {
	case k.InInts():
		lo.Int, hi.Int = e.minI, e.maxI
	case k.InFloats():
		lo.Float, hi.Float = e.minF, e.maxF
		if lo.Float == 0 {
			lo.Float = math.Copysign(0, -1) // parquet.thrift, ColumnOrder: zeros of both signs are one
		}
		if hi.Float == 0 {
			hi.Float = 0
		}
	default:
		lo.Bytes, hi.Bytes = bytes.Clone(e.minB), bytes.Clone(e.maxB)
		if e.noMax {
			hi = Value{}
		}
	}
	return lo, hi
}
