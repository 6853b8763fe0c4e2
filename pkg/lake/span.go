package lake

import (
	"sync"

	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/delta"
)

// span is what the statistics say of a column in all files together.
type span struct {
	first, last columnar.Value
	ok          bool
}

// spans keeps the spans of the newest snapshot that was asked about.
type spans struct {
	mu     sync.Mutex
	snap   *delta.Snapshot // guarded by mu
	column map[string]span // guarded by mu
}

func (s *spans) of(snap *delta.Snapshot, column string) span {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.snap != snap {
		if s.snap != nil && s.snap.Version() > snap.Version() {
			return spanOf(snap, column)
		}
		s.snap, s.column = snap, map[string]span{}
	}
	found, ok := s.column[column]
	if !ok {
		found = spanOf(snap, column)
		s.column[column] = found
	}
	return found
}

func spanOf(snap *delta.Snapshot, column string) (out span) {
	for add := range snap.Files() {
		bounds := snap.Bounds(add)
		rows := bounds.Rows()
		b, known := bounds.Bound(column)
		switch {
		case rows == 0 || known && rows > 0 && b.Nulls >= rows:
			continue
		case !known || b.Min.Kind == columnar.Invalid || b.Max.Kind == columnar.Invalid:
			return span{}
		}
		if !out.ok || b.Min.Compare(out.first) < 0 {
			out.first = b.Min
		}
		if !out.ok || b.Max.Compare(out.last) > 0 {
			out.last = b.Max
		}
		out.ok = true
	}
	return out
}
