package plugin_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/auditlake/auditlake/pkg/plugin"
	"github.com/auditlake/auditlake/pkg/query/exec"
	"github.com/auditlake/auditlake/pkg/query/named"
	"github.com/auditlake/auditlake/pkg/query/querytest"
)

func TestFramesOfEachType(t *testing.T) {
	for name, test := range map[string]struct {
		named       named.Query
		table, want string
	}{
		"every type": {
			table: `
a boolean | b byte | c long | d double | e date     | f timestamp               | g string | h binary | s.x long | m map<string,string>
true      | 1      | -2     | 0.5      | 2019-12-28 | 2019-12-28T10:00:00.001Z | ä        | x        | 7        | {k: v}
null      | null   | null   | null     | null       | null                     | null     | null     | null     | {}`,
			want: `
table 0.1 table
  a *bool: true null
  b *int64: 1 null
  c *int64: -2 null
  d *float64: 0.5 null
  e *time.Time: 2019-12-28T00:00:00Z null
  f *time.Time: 2019-12-28T10:00:00Z null
  g *string: ä null
  h *json.RawMessage: "eA==" null
  s *json.RawMessage: {"x":7} {"x":null}
  m *json.RawMessage: {"k":"v"} {}
`,
		},
		"ids are text": {
			table: `
workspaceId long | clusterid long | fileId long | id long
9007199254740993 | 1              | null        | 3`,
			want: `
table 0.1 table
  workspaceId *string: 9007199254740993
  clusterid *int64: 1
  fileId *string: null
  id *string: 3
`,
		},
		"labels that look like others": {
			named: named.Query{Visualization: "timeseries", Alert: &named.Alert{}},
			table: `
date date  | a string    | b string | n long
2019-12-28 | '1, b=2'    | 3        | 1
2019-12-28 | 1           | '2, b=3' | 2`,
			want: `
timeseries-multi 0.1 graph
  date time.Time: 2019-12-28T00:00:00Z
  n *int64 {a=1, b=2, b=3} as 1, 2, b=3: 2
timeseries-multi 0.1 graph
  date time.Time: 2019-12-28T00:00:00Z
  n *int64 {a=1, b=2, b=3} as 1, b=2, 3: 1
`,
		},
		"series ascend, lose rows without a time and take nulls as a label": {
			named: named.Query{Visualization: "timeseries", Alert: &named.Alert{}},
			table: `
date date  | user string | workspaceId long | n long | share double
2019-12-29 | ada         | 1                | 3      | 0.3
null       | ada         | 1                | 9      | 0.9
2019-12-28 | ada         | 1                | null   | 0.2
2019-12-28 | null        | 2                | 1      | 0.1`,
			want: `
timeseries-multi 0.1 graph
  date time.Time: 2019-12-28T00:00:00Z
  n *int64 {user=, workspaceId=2} as , 2: 1
timeseries-multi 0.1 graph
  date time.Time: 2019-12-28T00:00:00Z 2019-12-29T00:00:00Z
  n *int64 {user=ada, workspaceId=1} as ada, 1: null 3
timeseries-multi 0.1 graph
  date time.Time: 2019-12-28T00:00:00Z
  share *float64 {user=, workspaceId=2} as , 2: 0.1
timeseries-multi 0.1 graph
  date time.Time: 2019-12-28T00:00:00Z 2019-12-29T00:00:00Z
  share *float64 {user=ada, workspaceId=1} as ada, 1: 0.2 0.3
`,
		},
		"a time series without a time is a table": {
			named: named.Query{Visualization: "timeseries"},
			table: "n long\n1",
			want: `
table 0.1 table
  n *int64: 1
`,
		},
		"no series": {
			named: named.Query{Visualization: "timeseries"},
			table: "date date | n long",
			want: `
timeseries-multi 0.1 graph
`,
		},
		"no numbers": {
			named: named.Query{Visualization: "barchart", Alert: &named.Alert{}},
			table: "user string | n long",
			want: `
numeric-long 0.1 table
`,
		},
		"no rows": {
			table: "time timestamp | user string",
			want: `
table 0.1 table
  time *time.Time:
  user *string:
`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			batch, err := querytest.ParseTable(test.table)
			if err != nil {
				t.Fatal(err)
			}
			frames := plugin.Frames(&test.named, &exec.Result{Schema: batch.Schema, Batch: batch})
			if diff := cmp.Diff(strings.TrimPrefix(test.want, "\n"), picture(frames)); diff != "" {
				t.Errorf("frames (-want +got):\n%s", diff)
			}
			checkWire(t, frames)
		})
	}
}
