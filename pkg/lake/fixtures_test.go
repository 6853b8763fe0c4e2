package lake_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/delta"
	"github.com/auditlake/auditlake/pkg/lake"
	"github.com/auditlake/auditlake/pkg/store"
)

var update = flag.Bool("update", false, "rewrite the golden files of this package")

// TestFixtureRows reads every table of the fixtures row for row, as a query does,
// and compares the rows with those that Spark wrote beside the table and with
// what another library finds in the live files. testdata/fixtures.txt says what
// is to become of each table. AUDITLAKE_FIXTURES says where the tables are: they
// are kept outside the repository.
func TestFixtureRows(t *testing.T) {
	t.Parallel()
	root := filepath.Join(os.Getenv("AUDITLAKE_FIXTURES"), "delta-fixtures")
	dirs, err := filepath.Glob(filepath.Join(root, "*", "*"))
	if err != nil || len(dirs) == 0 {
		t.Skip("the Delta fixture tables are not at hand: AUDITLAKE_FIXTURES names no folder that has delta-fixtures")
	}
	var got strings.Builder
	for _, dir := range dirs {
		name := strings.TrimPrefix(filepath.ToSlash(dir), filepath.ToSlash(root)+"/")
		fmt.Fprintf(&got, "%s | %s\n", name, fixtureRows(t, name, dir))
	}
	const golden = "testdata/fixtures.txt"
	if *update {
		if err := os.WriteFile(golden, []byte(got.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got.String(), "\n")); diff != "" {
		t.Error(diff)
	}
}

// fixtureRows reads one table and says in a word what became of it.
func fixtureRows(t *testing.T, name, dir string) string {
	t.Helper()
	data := dir
	if _, err := os.Stat(filepath.Join(dir, "delta")); err == nil {
		data = filepath.Join(dir, "delta")
	}
	// A lake has its tables in folders of its own choice.
	base := t.TempDir()
	copied := filepath.Join(base, "gold", "fixture")
	if err := os.CopyFS(copied, os.DirFS(data)); err != nil {
		t.Fatal(err)
	}
	s, err := store.OpenLocal(base)
	if err != nil {
		t.Fatal(err)
	}
	table := lake.New(s, lake.Options{}).Table("fixture")
	view, err := table.View(t.Context())
	switch {
	case errors.Is(err, delta.ErrNoTable):
		return "no table"
	case errors.Is(err, delta.ErrCorrupt):
		return "corrupt"
	case errors.Is(err, delta.ErrUnsupported):
		return "unsupported"
	case err != nil:
		t.Errorf("%s: %v", name, err)
		return "error"
	}
	rows, err := scanRows(t.Context(), view)
	switch {
	case errors.Is(err, store.ErrNotFound) && len(rows) == 0:
		return "data files are missing"
	case errors.Is(err, columnar.ErrCorrupt) && len(rows) == 0:
		return "data files are not Parquet"
	case err != nil:
		t.Errorf("%s: after %d rows: %v", name, len(rows), err)
		return "error"
	}
	snap, err := table.Snapshot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var live []string
	for a := range snap.Files() {
		live = append(live, otherRows(t, filepath.Join(copied, filepath.FromSlash(a.Path)), snap.Schema(), partitionTexts(t, snap, a))...)
	}
	if diff := cmp.Diff(sorted(live), sorted(rows)); diff != "" {
		t.Errorf("%s (-in the live files +read):\n%s", name, diff)
	}
	expected, err := filepath.Glob(filepath.Join(dir, "expected", "*.parquet"))
	if err != nil || len(expected) == 0 {
		return fmt.Sprintf("%d rows as in the live files", len(rows))
	}
	var want []string
	for _, file := range expected {
		want = append(want, otherRows(t, file, snap.Schema(), nil)...)
	}
	if name == "golden/data-reader-partition-values" {
		// Its partition values are timestamps without a zone. Spark read them in Los
		// Angeles; here, and for the kernels, they are UTC.
		for i := range want {
			want[i] = strings.Replace(want[i], "2021-09-08T18:11:11", "2021-09-08T11:11:11", 1)
		}
	}
	if diff := cmp.Diff(sorted(want), sorted(rows)); diff != "" {
		t.Errorf("%s (-expected +read):\n%s", name, diff)
	}
	return fmt.Sprintf("%d rows as expected", len(rows))
}

// scanRows are the rows of a table as text, columns in the order of the schema.
func scanRows(ctx context.Context, view *lake.View) ([]string, error) {
	var rows []string
	for b, err := range view.Scan(ctx, view.Schema(), nil, nil) {
		if err != nil {
			return rows, err
		}
		for i := range b.Len {
			cells := make([]string, len(b.Columns))
			for c, v := range b.Columns {
				cells[c] = plainText(v.Any(i))
			}
			rows = append(rows, strings.Join(cells, " | "))
		}
	}
	return rows, nil
}

// partitionTexts are the partition values of a file in the form of plainText, read
// by other means than the package's.
func partitionTexts(t *testing.T, snap *delta.Snapshot, a *delta.Add) map[string]string {
	t.Helper()
	out := map[string]string{}
	for _, c := range snap.Metadata().PartitionColumns {
		text := a.PartitionValues[c]
		if text == nil || *text == "" {
			out[c] = "null"
			continue
		}
		typ, _ := snap.Schema().Lookup(c)
		switch typ.Kind {
		case columnar.String:
			out[c] = fmt.Sprintf("%q", *text)
		case columnar.Binary:
			out[c] = fmt.Sprintf("x%x", *text)
		case columnar.Date:
			out[c] = *text + "T00:00:00.000000Z"
		case columnar.Timestamp, columnar.TimestampNTZ:
			day, rest, _ := strings.Cut(strings.Replace(*text, "T", " ", 1), " ")
			whole, fraction, _ := strings.Cut(strings.TrimSuffix(rest, "Z"), ".")
			out[c] = day + "T" + whole + "." + (fraction + "000000")[:6] + "Z"
		case columnar.Decimal:
			whole, fraction, _ := strings.Cut(*text, ".")
			out[c] = whole
			if typ.Scale > 0 {
				out[c] += "." + (fraction + strings.Repeat("0", typ.Scale))[:typ.Scale]
			}
			out[c] = fmt.Sprintf("%q", out[c])
		case columnar.Float, columnar.Double:
			out[c] = strings.TrimSuffix(*text, ".0")
		default:
			out[c] = *text
		}
	}
	return out
}

func sorted(rows []string) []string {
	rows = slices.Clone(rows)
	slices.Sort(rows)
	return rows
}
