package exec

import (
	"fmt"
	"sync"

	"github.com/auditlake/auditlake/pkg/columnar"
)

// LimitError is a query that was stopped at one of its Options.
type LimitError struct {
	Limit string // MaxMemory, MaxRows or MaxJoinRows
	Max   int64
}

func (e *LimitError) Error() string {
	switch e.Limit {
	case "MaxRows":
		return fmt.Sprintf("the answer has more than %d rows: aggregate, add a limit or filters, or raise maxRows in the settings of the data source", e.Max)
	case "MaxJoinRows":
		return fmt.Sprintf("the joins of the query give more than %d rows: join on more columns, aggregate before joining, "+
			"or raise maxJoinRows in the settings of the data source", e.Max)
	}
	return fmt.Sprintf("the query needs more than %d MiB of memory: narrow the time range, group by less or add filters, "+
		"or raise maxQueryMemoryMiB in the settings of the data source", e.Max>>20)
}

// budget counts the bytes that the operators of a query hold, on all its goroutines.
type budget struct {
	max int64

	mu         sync.Mutex
	used, peak int64 // guarded by mu
}

// resize changes what one holder has from *held to now.
func (b *budget) resize(held *int64, now int64) error {
	if now == *held {
		return nil
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.used += now - *held
	*held = now
	b.peak = max(b.peak, b.used)
	if b.used > b.max {
		return &LimitError{"MaxMemory", b.max}
	}
	return nil
}

// hold takes bytes, or gives them back; false if they are too many, and then none are
// taken.
func (b *budget) hold(bytes int64) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if bytes > 0 && b.used+bytes > b.max {
		return false
	}
	b.used += bytes
	b.peak = max(b.peak, b.used)
	return true
}

// joined counts rows that a join gives. It fails at the limit, and when the query
// is to end, because one row of the left can have millions of partners.
func (b *builder) joined(rows int) error {
	if b.joinedRows += int64(rows); b.joinedRows > b.maxJoined {
		return &LimitError{"MaxJoinRows", b.maxJoined}
	}
	return b.look()
}

// sizeOf is about how many bytes vectors occupy.
func sizeOf(vectors []*columnar.Vector) int64 {
	var n int64
	for _, v := range vectors {
		n += int64(len(v.Null) + 8*len(v.Ints) + 8*len(v.Floats) + len(v.Bytes.Data) + 4*len(v.Bytes.Ends) +
			4*len(v.Codes) + 4*len(v.Offsets))
		n += sizeOf(v.Children)
	}
	return n
}
