package sqlite_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/auditlake/auditlake/pkg/query"
	"github.com/auditlake/auditlake/pkg/query/exec"
	"github.com/auditlake/auditlake/pkg/query/querytest"
	"github.com/auditlake/auditlake/pkg/query/sql"
	"github.com/auditlake/auditlake/pkg/query/sqlite"
)

// alone asks SQLite for all of a statement, over tables that are scans.
func alone(ctx context.Context, l query.Catalog, text string) (*exec.Result, error) {
	s, _, err := sql.ParseWhole(text, sql.Macros{Range: day})
	if err != nil {
		return nil, err
	}
	q, err := sqlite.PrepareAlone(ctx, l, s, sql.Binding{Range: day, Now: day.To})
	if err != nil {
		return nil, err
	}
	return q.Run(ctx, sqlite.Options{})
}

// A statement of which plans answer parts gives the rows that it gives without them, and
// those of the plan that it is, if it is one.
func TestPartsAgree(t *testing.T) {
	parts, whole := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		lake := &querytest.Lake{}
		for _, name := range querytest.RandomTables {
			lake.Add(name, querytest.DrawFiles(t)...)
		}
		text := querytest.DrawSQL(t).Ours
		want, wantErr := alone(t.Context(), lake, text)
		got, err := ask(t.Context(), lake, text, sqlite.Options{})
		if (err == nil) != (wantErr == nil) {
			t.Fatalf("%s\nparts: %v\nalone: %v", text, err, wantErr)
		}
		if err != nil {
			return
		}
		if diff := cmp.Diff(format(want.Batch), format(got.Batch)); diff != "" {
			t.Fatalf("%s\n(-alone +parts):\n%s", text, diff)
		}
		s, _, err := sql.ParseWhole(text, sql.Macros{})
		if err != nil {
			t.Fatal(err)
		}
		q, err := sqlite.Prepare(t.Context(), lake, s, sql.Binding{})
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(q.String(), "aggregate ") {
			parts++
		}
		plain, err := sql.Parse(text)
		if errors.Is(err, sql.ErrUnsupported) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		plan, err := plain.Plan(sql.Binding{})
		if errors.Is(err, sql.ErrUnsupported) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		planned, err := exec.Run(t.Context(), lake, plan, exec.Options{})
		if err != nil {
			t.Fatalf("%s\n%v", text, err)
		}
		whole++
		if diff := cmp.Diff(format(planned.Batch), format(got.Batch)); diff != "" {
			t.Fatalf("%s\n(-plan +parts):\n%s", text, diff)
		}
	})
	if parts == 0 || whole == 0 {
		t.Errorf("%d statements had parts that are grouped by plans, %d were plans: that proves little", parts, whole)
	}
	t.Logf("%d statements had parts that are grouped by plans, %d were plans", parts, whole)
}
