package delta

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/auditlake/auditlake/pkg/columnar"
)

// Each row: what the transaction does, what the commit that came between did,
// and what becomes of the transaction. Words of the two sides:
//
//	+f  adds f           ~f  adds f, dataChange=false
//	-f  removes f        =f  removes f, dataChange=false
//	r:f has read f       R   has read the table
//	t5  txn of my app    u5  txn of another app
//	mc  new configuration   ms  new schema   mp  other partition columns
//	p2  protocol 1/2     pdv protocol with deletion vectors
//	new creates the table
const conflictTable = `
	+a           | +b          | ok
	+a           | -b          | ok
	+a           | =b ~c       | ok
	+a           | u9          | ok
	+a t5        | u9 +b       | ok
	+a t5        | t5 +b       | already committed
	+a t5        | t6 +b       | already committed
	+a t5        | t5 ms       | already committed
	+a t5        | t4 +b       | txn conflict
	+a           | mc          | metadata changed
	+a           | ms +b       | metadata changed
	ms +a        | mc          | metadata changed
	ms           | +b          | ok
	=x ~a        | +b          | ok
	=x ~a        | -y          | ok
	=x ~a        | =y ~b       | ok
	=x ~a        | -x          | concurrent delete
	=x ~a        | =x ~b       | concurrent delete
	=x ~a        | mc          | ok
	=x ~a        | mc +b       | ok
	=x ~a        | ms          | metadata changed
	=x ~a        | mp          | metadata changed
	=x ~a mc     | mc          | metadata changed
	=x ~a t5     | mc t4       | txn conflict
	             | ms mc +b    | ok
	t5           | mc          | metadata changed
	-x +a        | mc          | metadata changed
	-x           | -x          | concurrent delete
	-x           | -y          | ok
	-x           | +b          | ok
	+a r:x       | =x ~b       | concurrent delete
	+a r:x       | -y +b       | ok
	+a R         | +b          | concurrent append
	+a R         | -b          | concurrent delete
	+a R         | =b ~c       | ok
	+a R         | u3          | ok
	+a           | p2          | ok
	+a           | pdv         | protocol changed
	=x ~a        | pdv         | protocol changed
	new +a       | +b          | table exists
	new +a t5    | t5 +b       | already committed
`

var conflictAnswers = map[string]error{
	"ok": nil, "already committed": ErrAlreadyCommitted, "txn conflict": ErrTxnConflict,
	"metadata changed": ErrMetadataChanged, "concurrent delete": ErrConcurrentDelete,
	"concurrent append": ErrConcurrentAppend, "protocol changed": ErrProtocolChanged, "table exists": ErrTableExists,
}

func TestConflictRules(t *testing.T) {
	t.Parallel()
	for line := range strings.Lines(conflictTable) {
		cells := strings.Split(strings.TrimSpace(line), "|")
		if len(cells) != 3 {
			continue
		}
		mine, winner, answer := cells[0], cells[1], strings.TrimSpace(cells[2])
		want, known := conflictAnswers[answer]
		if !known {
			t.Fatalf("row %q: unknown answer", line)
		}
		tx := conflictTx(mine)
		got := conflict(claimOf(&tx), conflictCommit(winner))
		if !errors.Is(got, want) || (want == nil) != (got == nil) {
			t.Errorf("%s | %s: got %v, want %s", mine, winner, got, answer)
		}
		family := want != nil && !errors.Is(want, ErrAlreadyCommitted)
		if errors.Is(got, ErrConflict) != family {
			t.Errorf("%s | %s: %v is in the family: %t", mine, winner, got, !family)
		}
		if errors.Is(want, ErrProtocolChanged) && !errors.Is(got, ErrUnsupported) {
			t.Errorf("%s | %s: %v does not say what is unsupported", mine, winner, got)
		}
	}
}

func conflictMetadata(kind string) *Metadata {
	m := &Metadata{
		ID:               "11111111-2222-3333-4444-555555555555",
		Schema:           columnar.Schema{{Name: "id", Type: columnar.Of(columnar.Long)}, {Name: "date", Type: columnar.Of(columnar.Date)}},
		PartitionColumns: []string{"date"},
	}
	switch kind {
	case "mc":
		m.Configuration = map[string]string{"state": "2"}
	case "ms":
		m.Schema = append(m.Schema, columnar.Field{Name: "more", Type: columnar.Of(columnar.String)})
	case "mp":
		m.PartitionColumns = nil
	}
	return m
}

func conflictTx(words string) Tx {
	tx := Tx{Base: &Snapshot{version: 7, protocol: Protocol{MinReaderVersion: 1, MinWriterVersion: 2}, metadata: conflictMetadata("")}}
	for _, w := range strings.Fields(words) {
		switch {
		case w == "new":
			tx.Base = nil
		case w == "R":
			tx.ReadsTable = true
		case w[0] == 'm':
			tx.Metadata = conflictMetadata(w)
		case w[0] == 't':
			tx.Txn = conflictTxn(w)
		case w[0] == 'r':
			tx.Reads = append(tx.Reads, w[2:])
		default:
			conflictFile(w, &tx.Adds, &tx.Removes)
		}
	}
	return tx
}

func conflictCommit(words string) *Commit {
	c := &Commit{Version: 8}
	for _, w := range strings.Fields(words) {
		switch {
		case w == "p2":
			c.Protocol = &Protocol{MinReaderVersion: 1, MinWriterVersion: 2}
		case w == "pdv":
			c.Protocol = &Protocol{
				MinReaderVersion: 3, MinWriterVersion: 7,
				ReaderFeatures: []string{"deletionVectors"}, WriterFeatures: []string{"deletionVectors"},
			}
		case w[0] == 'm':
			c.Metadata = conflictMetadata(w)
		case w[0] == 't', w[0] == 'u':
			c.Txns = append(c.Txns, *conflictTxn(w))
		default:
			conflictFile(w, &c.Adds, &c.Removes)
		}
	}
	return c
}

func conflictTxn(word string) *Txn {
	t := &Txn{AppID: word[:1]}
	if _, err := fmt.Sscan(word[1:], &t.Version); err != nil {
		panic(err)
	}
	return t
}

func conflictFile(word string, adds *[]Add, removes *[]Remove) {
	switch word[0] {
	case '+', '~':
		*adds = append(*adds, Add{Path: word[1:], DataChange: word[0] == '+'})
	case '-', '=':
		*removes = append(*removes, Remove{Path: word[1:], DataChange: word[0] == '-'})
	default:
		panic(word)
	}
}
