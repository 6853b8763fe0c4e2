package queries_test

import (
	"math"
	"strings"
	"testing"

	"github.com/auditlake/auditlake/bench/lakes"
	"github.com/auditlake/auditlake/bench/measure"
	"github.com/auditlake/auditlake/bench/queries"
	"github.com/auditlake/auditlake/pkg/query"
)

func TestQuestionsAreFilledIn(t *testing.T) {
	from := lakes.End().AddDate(0, 0, -7)
	asked, err := queries.Questions(queries.Subject{Window: query.TimeRange{From: from, To: lakes.End()}, Needle: "it's"})
	if err != nil {
		t.Fatal(err)
	}
	for _, q := range asked {
		if strings.Contains(q.SQL, "$") {
			t.Errorf("%s: %s", q.Name, q.SQL)
		}
	}
	for i, want := range map[int]string{
		7: "requestId = 'it''s'",
		8: "date_time >= TIMESTAMPTZ '2025-12-25 00:00:00+00' AND date_time < TIMESTAMPTZ '2026-01-01 00:00:00+00' " +
			"AND date BETWEEN DATE '2025-12-25' AND DATE '2025-12-31'",
	} {
		if !strings.Contains(asked[i].SQL, want) {
			t.Errorf("%s: no %s in\n%s", asked[i].Name, want, asked[i].SQL)
		}
	}
}

func TestSameNoticesEveryDifference(t *testing.T) {
	want := queries.Answer{{"a", nil, 1.0}, {"b", "7", 2.0}}
	for name, test := range map[string]struct {
		got  queries.Answer
		says string // empty if they are the same
	}{
		"the same":               {queries.Answer{{"a", nil, 1.0}, {"b", "7", 2.0}}, ""},
		"a double's last digits": {queries.Answer{{"a", nil, 1.0 + 1e-10}, {"b", "7", 2.0}}, ""},
		"a double":               {queries.Answer{{"a", nil, 1.0 + 1e-8}, {"b", "7", 2.0}}, "row 1, column 3"},
		"no number":              {queries.Answer{{"a", nil, math.NaN()}, {"b", "7", 2.0}}, "row 1, column 3"},
		"null for text":          {queries.Answer{{"a", nil, 1.0}, {"b", nil, 2.0}}, "row 2, column 2"},
		"a number for text":      {queries.Answer{{"a", nil, 1.0}, {"b", 7.0, 2.0}}, "row 2, column 2"},
		"another order":          {queries.Answer{{"b", "7", 2.0}, {"a", nil, 1.0}}, "row 1, column 1"},
		"a row less":             {queries.Answer{{"a", nil, 1.0}}, "1 rows, not 2"},
		"a column more":          {queries.Answer{{"a", nil, 1.0, "x"}, {"b", "7", 2.0}}, "row 1 has 4 columns"},
	} {
		t.Run(name, func(t *testing.T) {
			err := queries.Same(want, test.got)
			if (err == nil) != (test.says == "") || err != nil && !strings.Contains(err.Error(), test.says) {
				t.Errorf("it says %v", err)
			}
		})
	}
}

func TestRatiosAreGeometric(t *testing.T) {
	took := func(ours, theirs float64) map[string]queries.Took {
		return map[string]queries.Took{
			queries.Auditlake:   {Millis: measure.Summarize([]float64{ours})},
			queries.DuckDBFiles: {Millis: measure.Summarize([]float64{theirs})},
		}
	}
	f := queries.Figures{Questions: []queries.Asked{{Title: "one", Warm: took(10, 80)}, {Title: "two", Warm: took(10, 5)}}}
	warm := func(a queries.Asked) map[string]queries.Took { return a.Warm }
	ratios, mean := f.Ratios(warm, queries.DuckDBFiles)
	if len(ratios) != 2 || ratios[0] != 8 || ratios[1] != 0.5 || math.Abs(mean-2) > 1e-12 {
		t.Errorf("ratios %v, mean %v", ratios, mean)
	}
	if ratios, _ := f.Ratios(warm, queries.DuckDBTables); ratios != nil {
		t.Errorf("ratios of a side that was not taken: %v", ratios)
	}
	if text := f.Section(); !strings.Contains(text, "warm over files **2.00**, the least 0.50") || strings.Contains(text, "NaN") {
		t.Error(text)
	}
}
