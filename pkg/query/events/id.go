package events

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/query"
)

// ID is an event's own: its time, the delivered line that it came from and its place
// in it, and when that line came, because in a file that was overwritten another line
// may have the same number. As text it is
//
//	1577523600000000-12-34-0-1577530000000000
//	time in µs, file, line, place, arrival in µs; place is 0 where the line is the event
//
// IDs are in the order of these numbers.
type ID [5]int64

func (id ID) String() string {
	parts := make([]string, len(id))
	for i, n := range id {
		parts[i] = strconv.FormatInt(n, 10)
	}
	return strings.Join(parts, "-")
}

// ParseID reads the text of an ID. The error is an ErrQuestion.
func ParseID(text string) (id ID, err error) {
	parts := strings.Split(text, "-")
	ok := len(parts) == len(id)
	for i := 0; ok && i < len(id); i++ {
		n, err := strconv.ParseUint(parts[i], 10, 63)
		id[i], ok = int64(n), err == nil
	}
	if !ok {
		return ID{}, fmt.Errorf("%w: %q is not the id of an event", ErrQuestion, text)
	}
	return id, nil
}

func (id ID) time() time.Time { return time.UnixMicro(id[0]).UTC() }

// idColumns are the parts of an ID.
func idColumns() []query.Output {
	return []query.Output{
		query.As("time", query.Column(columnar.Timestamp, query.TimeColumn)),
		query.As("fileId", long("fileId")),
		query.As("lineNumber", long("lineNumber")),
		query.As("eventIndex", query.Coalesce{X: []query.Expr{long("eventIndex"), query.Int(0)}}),
		query.As("ingestedAt", query.Column(columnar.Timestamp, "ingestedAt")),
	}
}

func long(path ...string) query.Col { return query.Column(columnar.Long, path...) }

// compare is true for the events whose ID compares so, being less or greater.
func (id ID) compare(op query.Op) query.Expr {
	var out query.Expr
	columns := idColumns()
	for i := len(columns) - 1; i >= 0; i-- {
		x := columns[i].Expr
		at := query.Int(id[i])
		if c, ok := x.(query.Col); ok {
			at = query.Const{Value: columnar.IntValue(c.Kind, id[i])}
		}
		beyond := query.Expr(query.Compare{Op: op, L: x, R: at})
		if out == nil {
			out = beyond
			continue
		}
		out = query.Or{X: []query.Expr{beyond, query.Every(query.Eq(x, at), out)}}
	}
	return out
}

// idAt is the ID of a row.
func idAt(b *columnar.Batch, row int) (id ID) {
	for i := range id {
		id[i] = b.Columns[i].Ints[row]
	}
	return id
}
