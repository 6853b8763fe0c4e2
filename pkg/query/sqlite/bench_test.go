package sqlite_test

import (
	"testing"

	"github.com/auditlake/auditlake/pkg/query/sqlite"
)

// BenchmarkSQLite is about a hundred thousand rows.
func BenchmarkSQLite(b *testing.B) {
	for name, text := range map[string]string{
		"recursion":  series(100_000) + "select count(*) c from n",
		"expression": series(100_000) + "select max(i % 7) c from n",
		"sort":       series(100_000) + "select i from n order by " + shuffled + " limit 1",
		"answer":     series(100_000) + "select i from n",
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if _, err := ask(b.Context(), small(b), text, sqlite.Options{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
