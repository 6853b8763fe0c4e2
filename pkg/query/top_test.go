package query_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/auditlake/auditlake/pkg/query"
	"github.com/auditlake/auditlake/pkg/query/exec"
	"github.com/auditlake/auditlake/pkg/query/querytest"
)

// calls has a group without a name, one that is called other, and groups of the
// same size.
const calls = `
who string | service string | ms long
ann        | clusters       | 5
ann        | clusters       | 7
ann        | jobs           | 1
bob        | clusters       | 2
bob        | clusters       | null
Zoe        | clusters       | 3
Zoe        | clusters       | 4
other      | jobs           | 9
null       | jobs           | 8
eve        | jobs           | null`

func TestTop(t *testing.T) {
	who := query.As("who", query.Name("who"))
	service := query.As("service", query.Name("service"))
	count := query.CountRows("n")
	sum := query.Agg{Name: "ms", Func: query.Sum, Arg: query.Name("ms")}
	most := query.Agg{Name: "most", Func: query.Max, Arg: query.Name("ms")}
	for name, tt := range map[string]struct {
		top  query.Top
		want string
	}{
		"equal sizes by bytes, and the rest": {query.Top{N: 2, By: []query.Output{who}, Aggs: []query.Agg{count, sum, most}}, `
who string | n long | ms long | most long | is_other boolean
ann        | 3      | 13      | 7         | false
Zoe        | 2      | 7       | 4         | false
other      | 5      | 19      | 9         | true`},
		"a group that has the name of the rest": {query.Top{N: 1, By: []query.Output{who}, Aggs: []query.Agg{most}}, `
who string | most long | is_other boolean
other      | 9         | false
other      | 8         | true`},
		"another name, two keys": {query.Top{N: 1, By: []query.Output{who, service}, Aggs: []query.Agg{count}, Other: "(rest)"}, `
who string | service string | n long | is_other boolean
Zoe        | clusters       | 2      | false
(rest)     | null           | 8      | true`},
		"no rest, and no size is the smallest": {query.Top{N: 6, By: []query.Output{who}, Aggs: []query.Agg{sum}}, `
who string | ms long | is_other boolean
ann        | 13      | false
other      | 9       | false
null       | 8       | false
Zoe        | 7       | false
bob        | 2       | false
eve        | null    | false`},
		"only the rest": {query.Top{N: 0, By: []query.Output{who}, Aggs: []query.Agg{count}}, `
who string | n long | is_other boolean
other      | 10     | true`},
	} {
		t.Run(name, func(t *testing.T) {
			batch, err := querytest.ParseTable(calls)
			if err != nil {
				t.Fatal(err)
			}
			lake := &querytest.Lake{}
			lake.Add("calls", batch)
			plan, err := query.From("calls", query.TimeRange{}).Top(tt.top)
			if err != nil {
				t.Fatal(err)
			}
			got, err := exec.Run(t.Context(), lake, plan, exec.Options{})
			if err != nil {
				t.Fatal(err)
			}
			want, err := querytest.ParseTable(tt.want)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(querytest.Format(want), querytest.Format(got.Batch)); diff != "" {
				t.Errorf("(-want +got):\n%s\n%s", diff, plan)
			}
		})
	}
}

func TestTopOfWhatHasNoSum(t *testing.T) {
	distinct := query.Agg{Name: "n", Func: query.CountDistinct, Arg: query.Name("ms")}
	_, err := query.From("calls", query.TimeRange{}).Top(query.Top{N: 1, By: []query.Output{query.As("who", query.Name("who"))}, Aggs: []query.Agg{distinct}})
	if err == nil || !strings.Contains(err.Error(), "count, sum, min or max") {
		t.Errorf("error is %v", err)
	}
}
