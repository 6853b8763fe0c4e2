package query_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/etl"
	"github.com/auditlake/auditlake/pkg/lake"
	"github.com/auditlake/auditlake/pkg/query"
	"github.com/auditlake/auditlake/pkg/store"
)

// seen is a lake whose principals were seen in the account and in workspaces 1 and 2:
// 7 in 1 and 2, 8 in 2, and 9 in the account and 2, on days of the month that are
// the workspaces'.
func seen(t *testing.T) query.Catalog {
	t.Helper()
	source, root := store.NewMemory("source"), store.NewMemory("lake")
	var lines []string
	for workspace, ids := range map[int][]string{0: {"9"}, 1: {"7"}, 2: {"7", "8", "9"}} {
		for _, id := range ids {
			lines = append(lines, fmt.Sprintf(`{"timestamp":%d,"workspaceId":%d,"serviceName":"accounts","actionName":"add","requestParams":{"targetUserId":%q,"targetUserName":"u%s@x"},"response":{"statusCode":200}}`,
				1709251200000+int64(workspace)*86400000, workspace, id, id))
		}
	}
	if _, err := source.Put(t.Context(), "workspaceId=2/date=2024-03-01/a.json", []byte(strings.Join(lines, "\n"))); err != nil {
		t.Fatal(err)
	}
	r, err := etl.NewRunner(lake.New(root, lake.Options{}), etl.Options{Sources: []etl.Source{etl.SourceOf(source)}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	return query.OfLake(lake.New(root, lake.Options{}))
}

// all is the rows of the table of identities as a scan gives them, with these
// columns.
func all(t *testing.T, catalog query.Catalog, columns ...string) string {
	t.Helper()
	table, err := catalog.Table(t.Context(), lake.Identities)
	if err != nil {
		t.Fatal(err)
	}
	var want columnar.Schema
	for _, name := range columns {
		want = append(want, table.Schema()[table.Schema().Index(name)])
	}
	var rows []string
	var stats query.ScanStats
	for b, err := range table.Scan(t.Context(), want, nil, &stats) {
		if err != nil {
			t.Fatal(err)
		}
		for row := range b.Len {
			var cells []string
			for _, v := range b.Columns {
				cells = append(cells, fmt.Sprint(v.Any(row)))
			}
			rows = append(rows, strings.Join(cells, " "))
		}
	}
	if stats.Rows != int64(len(rows)) {
		t.Errorf("the scan says that it gave %d rows, and gave %d", stats.Rows, len(rows))
	}
	return strings.Join(rows, "; ")
}

func TestAScopeShowsWhoWasSeenInIt(t *testing.T) {
	for name, tt := range map[string]struct {
		workspaces []int64
		want       string
	}{
		"all":           {nil, "7 u7@x 1,2; 8 u8@x 2; 9 u9@x 0,2"},
		"one workspace": {[]int64{1}, "7 u7@x 1"},
		"another":       {[]int64{2}, "7 u7@x 2; 8 u8@x 2; 9 u9@x 2"},
		"the account":   {[]int64{0}, "9 u9@x 0"},
		"two":           {[]int64{0, 1}, "7 u7@x 1; 9 u9@x 0"},
		"an unknown":    {[]int64{5}, ""},
		"none":          {[]int64{}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			catalog := query.Scoped(seen(t), query.Scope{Workspaces: tt.workspaces})
			if diff := cmp.Diff(tt.want, all(t, catalog, "id", "email", "workspaces")); diff != "" {
				t.Errorf("rows (-want +got):\n%s", diff)
			}
			want := ""
			for row := range strings.SplitSeq(tt.want, "; ") {
				want += "; " + strings.Fields(row + " ?")[0]
			}
			if got := all(t, catalog, "id"); tt.want != "" && "; "+got != want {
				t.Errorf("ids %q, want %q", got, want)
			}
		})
	}
}

// TestAScopeTellsNoTimes: when somebody was seen says what happened elsewhere.
func TestAScopeTellsNoTimes(t *testing.T) {
	columns := []string{"firstSeen", "lastSeen", "namedAt", "checkedAt", "updatedAt"}
	scoped := query.Scoped(seen(t), query.Scope{Workspaces: []int64{1}})
	if got := all(t, scoped, columns...); got != "<nil> <nil> <nil> <nil> <nil>" {
		t.Errorf("times %s", got)
	}
	// Nor is it told by what a filter finds, or by bounds that leave a file unread.
	for filter, want := range map[string]string{
		"lastSeen is null": "7", "lastSeen >= date '2024-03-01'": "", "lastSeen < date '2024-03-01'": "", "id = '8'": "", "email = 'u9@x'": "",
	} {
		if got := ask(t, scoped, "project id\n  filter "+filter+"\n    scan identities"); got != want {
			t.Errorf("where %s: %q, want %q", filter, got, want)
		}
	}
	a, err := scoped.Table(t.Context(), lake.Identities)
	if err != nil {
		t.Fatal(err)
	}
	b, err := query.Scoped(seen(t), query.Scope{Workspaces: []int64{2}}).Table(t.Context(), lake.Identities)
	if err != nil {
		t.Fatal(err)
	}
	if a.Version().Identity == b.Version().Identity {
		t.Error("answers of two scopes could be taken for each other")
	}
}

func TestIdentitiesMadeFromHiddenParameters(t *testing.T) {
	for name, tt := range map[string]struct {
		keys []string
		want string
	}{
		"of others": {[]string{"token"}, "7 u7@x"},
		"names":     {[]string{"TARGETUSERNAME"}, "7 [redacted]"},
		"ids":       {[]string{"targetUserId"}, "[redacted] u7@x"},
	} {
		t.Run(name, func(t *testing.T) {
			catalog := query.Redact(query.Scoped(seen(t), query.Scope{Workspaces: []int64{1}}), query.Redaction{Keys: tt.keys})
			if got := all(t, catalog, "id", "email"); got != tt.want {
				t.Errorf("rows %q, want %q", got, tt.want)
			}
		})
	}
}
