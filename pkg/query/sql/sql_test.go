package sql_test

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/query"
	"github.com/auditlake/auditlake/pkg/query/querytest"
	"github.com/auditlake/auditlake/pkg/query/sql"
)

var update = flag.Bool("update", false, "write the plans and errors of testdata/*.sql anew")

// binding is a day, and a parameter of each type.
func binding() sql.Binding {
	day := query.TimeRange{From: time.Date(2024, 3, 5, 0, 0, 0, 0, time.UTC), To: time.Date(2024, 3, 6, 0, 0, 0, 0, time.UTC)}
	return sql.Binding{Range: day, Scans: day, Params: map[string]sql.Param{
		"limit": sql.Scalar(columnar.IntValue(columnar.Long, 10)),
		"ratio": sql.Scalar(columnar.FloatValue(3)),
		"user":  sql.Scalar(columnar.StringValue("ann@x")),
		"none":  sql.Scalar(columnar.StringValue("")),
		"users": sql.List(query.Strs("System-User", "unknown")...),
		"nets":  sql.List(query.Strs("10.0.0.0/8", "fc00::/7")...),
		"empty": sql.List(),
	}}
}

// TestStatements: a file has statements, each followed by the plan or the error that
// it gives, as a comment.
func TestStatements(t *testing.T) {
	files, err := filepath.Glob("testdata/*.sql")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var out strings.Builder
		for _, block := range strings.Split(strings.TrimRight(string(text), "\n"), "\n\n") {
			var statement []string
			for line := range strings.SplitSeq(block, "\n") {
				if !strings.HasPrefix(line, "-- |") {
					statement = append(statement, line)
				}
			}
			out.WriteString(strings.Join(statement, "\n") + "\n")
			for line := range strings.SplitSeq(strings.TrimRight(lowered(t, strings.Join(statement, "\n")), "\n"), "\n") {
				out.WriteString("-- | " + line + "\n")
			}
			out.WriteString("\n")
		}
		got := strings.TrimSuffix(out.String(), "\n")
		if *update {
			if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		if diff := cmp.Diff(string(text), got); diff != "" {
			t.Errorf("%s is not that of the code: go test ./pkg/query/sql -update writes it (-want +got):\n%s", file, diff)
		}
	}
}

// lowered is the plan of a statement, or why there is none.
func lowered(t *testing.T, text string) string {
	t.Helper()
	s, err := sql.Parse(text)
	if err != nil {
		return err.Error()
	}
	p, err := s.Plan(binding())
	if err != nil {
		return err.Error()
	}
	again, err := s.Plan(binding())
	if err != nil || again.String() != p.String() {
		t.Errorf("%s\nlowered again it is\n%s%v", text, again, err)
	}
	read, err := querytest.ParsePlan(p.String())
	if err != nil {
		t.Errorf("%v in\n%s", err, p)
	} else if diff := cmp.Diff(p.String(), read.String()); diff != "" {
		t.Errorf("plan printed, parsed and printed (-want +got):\n%s", diff)
	}
	return p.String()
}

func TestARangeWithoutAnEnd(t *testing.T) {
	s, err := sql.Parse("select count(*) as n from clusters where date_time < $__timeTo() - interval 1 hour")
	if err != nil {
		t.Fatal(err)
	}
	b := binding()
	b.Range.To = time.Time{}
	_, err = s.Plan(b)
	var at *sql.Error
	if !errors.Is(err, sql.ErrNoEnd) || !errors.As(err, &at) || at.Line != 1 || at.Column != 54 {
		t.Errorf("%v", err)
	}
}

// What would take more than its share of time or stack is refused.
func TestStatementsThatAreTooMuch(t *testing.T) {
	doubling := "with c0 as (select actor from clusters)"
	for i := range 30 {
		doubling += fmt.Sprintf(", c%d as (select actor from c%d union all select actor from c%d)", i+1, i, i)
	}
	involved := "the statement is too involved"
	for text, want := range map[string]string{
		doubling + " select actor from c30":                                                                                                        "reads more than 500 tables",
		"select actor from clusters where " + strings.Repeat("1 = 1 and ", 10_000) + "1 = 1":                                                       "longer than 20000 words",
		"select " + strings.Repeat("(", 1000) + "1" + strings.Repeat(")", 1000) + " from clusters":                                                 "nested more than 200 deep",
		"select " + strings.Repeat("nullif(", 40) + "actor" + strings.Repeat(", 'a')", 40) + " as x from clusters":                                 involved,
		"select " + strings.Repeat("case ", 30) + "actor" + strings.Repeat(" when 'a' then 'x' when 'b' then 'y' end", 30) + " as x from clusters": involved,
		"select actor from clusters group by actor having " + strings.Repeat("actor = 'a' or ", 4000) + "actor = 'b'":                              involved,
	} {
		s, err := sql.Parse(text)
		if err == nil {
			_, err = s.Plan(binding())
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

func TestParamsOfAStatement(t *testing.T) {
	s, err := sql.Parse("with a as (select actor from clusters where actor = $b) select actor from a join (select x from t where x in ($c)) u on a.actor = u.x and u.x = $d order by $e limit $a")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"a", "b", "c", "d", "e"}, s.Params()); diff != "" {
		t.Error(diff)
	}
}

// Whatever is typed ends in a statement or in an error with a place.
func FuzzParse(f *testing.F) {
	files, _ := filepath.Glob("testdata/*.sql")
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		for _, block := range strings.Split(string(text), "\n\n") {
			f.Add(block)
		}
	}
	f.Fuzz(func(t *testing.T, text string) {
		s, err := sql.Parse(text)
		if err == nil {
			_, err = s.Plan(binding())
		}
		var at *sql.Error
		if err != nil && (!errors.As(err, &at) || at.Line < 1 || at.Column < 1) {
			t.Errorf("%v", err)
		}
	})
}

// What nests is looked at no more often than it is written.
func TestNestedIfs(t *testing.T) {
	s, err := sql.Parse("select " + strings.Repeat("if(", 60) + "actor = 'a'" + strings.Repeat(", true, false)", 60) + " as x from clusters")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Plan(binding()); err != nil {
		t.Error(err)
	}
}
