package sqlite_test

import (
	"context"
	"errors"
	"iter"
	"strings"
	"testing"

	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/query"
	"github.com/auditlake/auditlake/pkg/query/querytest"
	"github.com/auditlake/auditlake/pkg/query/sqlite"
)

// broken is a lake whose scans end otherwise than they should.
type broken struct {
	*querytest.Lake
	end func() error
}

type brokenTable struct {
	query.Table
	end func() error
}

func (b broken) Table(ctx context.Context, name string) (query.Table, error) {
	t, err := b.Lake.Table(ctx, name)
	return brokenTable{t, b.end}, err
}

func (b brokenTable) Scan(ctx context.Context, want columnar.Schema, keep columnar.Keep, stats *query.ScanStats) iter.Seq2[*columnar.Batch, error] {
	return func(yield func(*columnar.Batch, error) bool) {
		for batch := range b.Table.Scan(ctx, want, keep, stats) {
			if !yield(batch, nil) {
				return
			}
		}
		yield(nil, b.end())
	}
}

// An error or a panic while a table is read is the error of the statement; the next
// one runs.
func TestBrokenScans(t *testing.T) {
	gone := errors.New("the store is gone")
	for name, end := range map[string]func() error{
		"error": func() error { return gone },
		"panic": func() error { panic("a vector is too short") },
	} {
		for _, text := range []string{
			"select email from clusters where (select true)",
			"select count(*) from jobs a left join clusters b on a.email = b.email and a.date > b.date",
			"select count(*) from jobs a full join clusters b on a.email = b.email",
		} {
			_, err := ask(t.Context(), broken{small(t), end}, text, sqlite.Options{})
			if err == nil || name == "error" && !errors.Is(err, gone) || name == "panic" && !strings.Contains(err.Error(), "a vector is too short") {
				t.Errorf("%s: %s\n%v", name, text, err)
			}
		}
		if b, err := run(t, "select count(*) as n from clusters"); err != nil || b.Columns[0].Ints[0] != 5 {
			t.Errorf("after a broken scan: %v %v", b, err)
		}
	}
}
