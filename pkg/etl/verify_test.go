package etl_test

import (
	"strings"
	"testing"

	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/delta"
	"github.com/auditlake/auditlake/pkg/etl"
	"github.com/auditlake/auditlake/pkg/etl/landing"
	"github.com/auditlake/auditlake/pkg/lake"
	"github.com/auditlake/auditlake/pkg/store"
)

// problems are what Verify finds in the lake alone.
func problems(t testing.TB, s store.Store) []string {
	t.Helper()
	r, err := etl.Verify(t.Context(), lake.New(s, lake.Options{Now: now}), nil)
	if err != nil {
		t.Fatalf("verify: %v", err)
	}
	return r.Problems
}

const file2 = "workspaceId=0/date=2024-03-11/auditlogs_2.json"

// landed is a sound lake of two files with five lines, one in quarantine.
func landed(t testing.TB) *world {
	w := newWorld(t)
	w.deliver(file1, event(1, "clusters", "create", `{"a":"b"}`), event(2, "clusters", "edit", ""), event(3, "jobs", "runNow", ""), "no event")
	w.deliver(file2, event(4, "clusters", "create", ""))
	w.run()
	if found := problems(t, w.lake); len(found) > 0 {
		t.Fatalf("the lake is not sound: %q", found)
	}
	return w
}

func all(n int) []int32 {
	out := make([]int32, n)
	for i := range out {
		out[i] = int32(i)
	}
	return out
}

func without(row int32) func(*columnar.Batch) *columnar.Batch {
	return func(b *columnar.Batch) *columnar.Batch {
		rows := all(b.Len)
		return b.Take(append(rows[:row], rows[row+1:]...))
	}
}

func doubled(b *columnar.Batch) *columnar.Batch { return b.Take(append(all(b.Len), 0)) }

// instead puts the second row in the place of the first.
func instead(b *columnar.Batch) *columnar.Batch {
	rows := all(b.Len)
	rows[0] = 1
	return b.Take(rows)
}

// withValue replaces a text or a number of the first row.
func withValue(column, text string, number int64) func(*columnar.Batch) *columnar.Batch {
	return func(b *columnar.Batch) *columnar.Batch {
		v := columnar.NewVector(b.Column(column).Type)
		if v.Type.Kind == columnar.Long {
			v.AppendInt(number)
		} else {
			v.AppendString(text)
		}
		v.AppendRange(b.Column(column), 1, b.Len)
		b.Columns[b.Schema.Index(column)] = v
		return b
	}
}

func TestVerifyFindsWhatWasTamperedWith(t *testing.T) {
	for name, tc := range map[string]struct {
		table  string
		change func(*columnar.Batch) *columnar.Batch
		want   string
	}{
		"a bronze row gone":             {lake.Bronze, without(2), "bronze: "},
		"a bronze row doubled":          {lake.Bronze, doubled, "bronze: "},
		"a bronze row for another":      {lake.Bronze, instead, "bronze: "},
		"a text changed":                {lake.Bronze, withValue("raw", `{"timestamp":1709985600000}`, 0), "the text does not have the hash it was delivered with"},
		"a text and its hash changed":   {lake.Bronze, withValue("lineHash", strings.Repeat("0", 32), 0), "the text does not have the hash"},
		"a hash that is none":           {lake.Bronze, withValue("lineHash", "x", 0), "lineHash is not 32 hexadecimal digits"},
		"a row given to another file":   {lake.Bronze, withValue("fileId", "", 99), "bronze: "},
		"a silver row gone":             {lake.Silver, without(1), "in bronze, and "},
		"a silver row doubled":          {lake.Silver, doubled, "in silver and quarantine together"},
		"a silver row for another":      {lake.Silver, instead, "other lines in silver and quarantine than in bronze"},
		"a silver row of no file":       {lake.Silver, withValue("fileId", "", 99), "and none in bronze"},
		"a quarantine row doubled":      {lake.Quarantine, doubled, "in silver and quarantine together"},
		"a gold row gone":               {"clusters", without(0), "gold: table clusters has 2 rows, silver has 3 events"},
		"a gold row doubled":            {"clusters", doubled, "gold: table clusters has 4 rows, silver has 3 events"},
		"a gold row for another":        {"clusters", instead, "gold: table clusters has other events"},
		"a gold row with another event": {"clusters", withValue("eventKey", strings.Repeat("0", 32), 0), "gold: table clusters has other events"},
	} {
		t.Run(name, func(t *testing.T) {
			w := landed(t)
			rewrite(t, w, tc.table, tc.change)
			found := strings.Join(problems(t, w.lake), "\n")
			if !strings.Contains(found, tc.want) {
				t.Errorf("problems %q, want %q", found, tc.want)
			}
			if !strings.HasPrefix(tc.want, "gold") && !strings.Contains(found, file1) && !strings.Contains(found, file2) {
				t.Errorf("the problems do not name the delivered file: %q", found)
			}
		})
	}
}

// TestVerifyNamesTheFileOfARowThatIsGone is the check of issue 2: one bronze
// file without one row, with a log entry that fits.
func TestVerifyNamesTheFileOfARowThatIsGone(t *testing.T) {
	w := newWorld(t)
	w.deliver(file1, event(1, "clusters", "create", ""), event(2, "clusters", "edit", ""), event(3, "clusters", "edit", ""))
	w.run()
	for row := range int32(3) {
		w := &world{t: t, source: w.source, lake: copied(t, w.lake)}
		rewrite(t, w, lake.Bronze, without(row))
		found := problems(t, w.lake)
		if len(found) != 2 || !strings.Contains(found[0], file1+" has 2 rows, delivered were 3 lines") || !strings.Contains(found[1], "version 1 (DELETE) put rows in the place of others") {
			t.Errorf("row %d gone: problems %q", row, found)
		}
	}
}

func copied(t testing.TB, s store.Store) *store.Memory {
	t.Helper()
	out := store.NewMemory("copy")
	for _, key := range keysOf(t, s, "") {
		body, _, err := store.ReadAll(t.Context(), s, key)
		if err == nil {
			_, err = out.Put(t.Context(), key, body)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return out
}

func TestVerifyFindsATableThatIsGone(t *testing.T) {
	for _, table := range []string{"gold/jobs/", "quarantine/"} {
		w := landed(t)
		if err := w.lake.Delete(t.Context(), keysOf(t, w.lake, table)...); err != nil {
			t.Fatal(err)
		}
		if found := problems(t, w.lake); len(found) == 0 {
			t.Errorf("without %s: no problem", table)
		}
	}
}

func TestVerifyAndADataFileThatIsGone(t *testing.T) {
	for _, table := range []string{"bronze/date", "silver/date", "quarantine/date", "gold/jobs/part"} {
		w := landed(t)
		key := keysOf(t, w.lake, table)[0]
		if err := w.lake.Delete(t.Context(), key); err != nil {
			t.Fatal(err)
		}
		_, err := etl.Verify(t.Context(), lake.New(w.lake, lake.Options{Now: now}), nil)
		if err == nil || !strings.Contains(err.Error(), key) {
			t.Errorf("without %s: err = %v", key, err)
		}
	}
}

func TestVerifyOfATableThatIsNotOurs(t *testing.T) {
	s := store.NewMemory("lake")
	l := lake.New(s, lake.Options{Now: now})
	if _, err := etl.Verify(t.Context(), l, nil); err == nil || !strings.Contains(err.Error(), "is no lake") {
		t.Errorf("nothing there: err = %v", err)
	}
	if _, err := l.Table(lake.Bronze).Commit(t.Context(), delta.Tx{Operation: "CREATE TABLE", Metadata: &delta.Metadata{
		Schema: columnar.Schema{{Name: "x", Type: columnar.Of(columnar.String)}},
	}}); err != nil {
		t.Fatal(err)
	}
	if _, err := etl.Verify(t.Context(), l, nil); err == nil || !strings.Contains(err.Error(), landing.Property) {
		t.Errorf("a foreign table: err = %v", err)
	}
}

// TestAMissingBronzeFileIsNotAMissingDelivery: the run must not wait for it as
// for a delivered file that is about to be overwritten.
func TestAMissingBronzeFileIsNotAMissingDelivery(t *testing.T) {
	a, b, c := event(1, "clusters", "create", ""), event(2, "clusters", "edit", ""), event(3, "jobs", "runNow", "")
	w := newWorld(t)
	w.deliver(file1, a, b)
	w.run()
	key := keysOf(t, w.lake, "bronze/date")[0]
	if err := w.lake.Delete(t.Context(), key); err != nil {
		t.Fatal(err)
	}
	w.deliver(file1, c, a, b)
	r, _ := newRunner(t, w.source, w.lake, etl.Options{})
	if sum, err := r.Run(t.Context()); err == nil || !strings.Contains(err.Error(), key) {
		t.Errorf("summary %+v, err = %v", sum, err)
	}
}
