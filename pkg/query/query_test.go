package query_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/query"
	"github.com/auditlake/auditlake/pkg/query/exec"
	"github.com/auditlake/auditlake/pkg/query/querytest"
)

var christmas = query.TimeRange{
	From: time.Date(2019, 12, 28, 0, 0, 0, 0, time.UTC),
	To:   time.Date(2019, 12, 29, 0, 0, 0, 0, time.UTC),
}

func TestPlanText(t *testing.T) {
	tests := map[string]string{
		"clusters_by_job": `
limit 100
  sort num_clusters desc, jobId
    aggregate count() as num_clusters by jobId
      filter actionName = 'create' and jobId is not null
        scan clusters from 2019-12-28T00:00:00Z to 2019-12-29T00:00:00Z columns actionName string, jobId string
`,
		"failed_logins": `
sort date
  aggregate count() as num_failed by date
    union
      project date, actionName as method
        filter actionName in ('login', 'aadBrowserLogin', 'aadTokenLogin', 'certLogin', 'jwtLogin', 'mfaLogin', 'oidcBrowserLogin', 'oidcTokenAuthorization', 'samlLogin', 'tokenLogin', 'passwordVerifyAuthentication') and response.statusCode >= 400 and actor is distinct from all ('System-User', 'unknown', 'Unknown')
          scan accounts from 2019-12-28T00:00:00Z to 2019-12-29T00:00:00Z columns actionName string, actor string, date date, response.statusCode long
      project date, 'ssh.login' as method
        filter actionName = 'login' and response.statusCode >= 400 and actor is distinct from all ('System-User', 'unknown', 'Unknown')
          scan ssh from 2019-12-28T00:00:00Z to 2019-12-29T00:00:00Z columns actionName string, actor string, date date, response.statusCode long
`,
	}
	for name, want := range tests {
		plan, err := query.BuildNamed(name, nil, christmas)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(strings.TrimPrefix(want, "\n"), plan.String()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestNamesThatLookLikeSyntaxAreQuoted(t *testing.T) {
	e := query.Every(
		query.Eq(query.Name("requestParams", "spark.conf"), query.Str("it's")),
		query.Eq(query.Name("and"), query.Name("a`b")),
		query.Not{X: query.Every(query.Name("date"), query.Or{X: []query.Expr{query.Name("x"), query.Name("Ünï")}})},
	)
	want := "requestParams.`spark.conf` = 'it''s' and `and` = `a``b` and (not (date and (x or `Ünï`)))"
	if got := e.String(); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// TestCatalogIsSound: every query builds with its defaults, reads just the tables
// it names and gives typed columns over an empty lake.
func TestCatalogIsSound(t *testing.T) {
	for _, n := range query.All() {
		t.Run(n.Name, func(t *testing.T) {
			params := map[string]string{}
			for _, p := range n.Params {
				if p.Description == "" || p.Type == "" {
					t.Errorf("parameter %s has no description or type", p.Name)
				}
				if p.Required {
					params[p.Name] = "1"
				}
			}
			plan, err := query.BuildNamed(n.Name, params, christmas)
			if err != nil {
				t.Fatal(err)
			}
			tables := plan.Tables()
			slices.Sort(tables)
			if diff := cmp.Diff(n.Tables, tables); diff != "" {
				t.Errorf("tables (-named +read):\n%s", diff)
			}
			if n.Title == "" || n.Description == "" || !slices.Contains([]string{"timeseries", "barchart", "table"}, n.Visualization) {
				t.Errorf("%+v is not described", n)
			}
			got, err := exec.Run(t.Context(), &querytest.Lake{}, plan, exec.Options{})
			if err != nil {
				t.Fatal(err)
			}
			number := false
			for _, f := range got.Schema {
				number = number || f.Type.Kind == columnar.Long
			}
			if got.Batch.Len != 0 || len(got.Notices) != len(n.Tables) || n.Alertable && !number {
				t.Errorf("over an empty lake: %s %v", querytest.Format(got.Batch), got.Notices)
			}
		})
	}
}

func TestUnknownQueryAndParameter(t *testing.T) {
	if _, err := query.Lookup("failed_login"); !errors.Is(err, query.ErrUnknownQuery) || !strings.Contains(err.Error(), "did you mean failed_logins") {
		t.Error(err)
	}
	if _, err := query.BuildNamed("job_owner", nil, query.TimeRange{}); !errors.Is(err, query.ErrParam) {
		t.Error(err)
	}
}

// drawNode makes a tree of any shape; it need not bind.
func drawNode(t *rapid.T, depth int) query.Node {
	n := 8
	if depth == 0 {
		n = 0
	}
	in := func() query.Node { return drawNode(t, depth-1) }
	switch rapid.IntRange(0, n).Draw(t, "node") {
	case 0:
		return query.Scan{Table: rapid.SampledFrom([]string{"silver", "clusters", "runs"}).Draw(t, "table")}
	case 1:
		return query.Filter{Input: in(), If: query.Bool(true)}
	case 2:
		return query.Project{Input: in(), Cols: []query.Output{query.As("workspaceId", query.Int(1))}}
	case 3:
		return query.Aggregate{Input: in()}
	case 4:
		out := query.Union{}
		for range rapid.IntRange(0, 3).Draw(t, "inputs") {
			out.Of = append(out.Of, in())
		}
		return out
	case 5:
		return query.Join{L: in(), R: in(), Kind: query.Anti}
	case 6:
		return query.Window{Input: in()}
	case 7:
		return query.Sort{Input: in()}
	default:
		return query.Limit{Input: in(), N: 1}
	}
}

// TestNoPlanEscapesTheScope: above every scan of any tree is the scope's filter,
// and nothing else of the tree has changed.
func TestNoPlanEscapesTheScope(t *testing.T) {
	const visible = "workspaceId in (7)"
	rapid.Check(t, func(t *rapid.T) {
		p := query.Plan{Root: drawNode(t, 4)}
		before := p.String()
		restricted := query.Restrict(p, query.Scope{Workspaces: []int64{7}})
		var check func(n, above query.Node)
		check = func(n, above query.Node) {
			if _, ok := n.(query.Scan); ok {
				f, ok := above.(query.Filter)
				if !ok || f.If.String() != visible {
					t.Fatalf("a scan is not under the filter:\n%s", restricted)
				}
			}
			for _, in := range n.Inputs() {
				check(in, n)
			}
		}
		check(restricted.Root, nil)
		undone := query.Transform(restricted.Root, func(n query.Node) query.Node {
			if f, ok := n.(query.Filter); ok && f.If.String() == visible {
				return f.Input
			}
			return n
		})
		if diff := cmp.Diff(before, query.Plan{Root: undone}.String()); diff != "" || p.String() != before {
			t.Fatalf("the plan has changed (-before +after):\n%s", diff)
		}
	})
}

func TestScopeHidesRows(t *testing.T) {
	batch, err := querytest.ParseTable(`
		workspaceId long | s string
		1                | a
		2                | b
		0                | account
		null             | nowhere`)
	if err != nil {
		t.Fatal(err)
	}
	lake := &querytest.Lake{}
	lake.Add("t", batch)
	runs, err := querytest.ParseTable("s string\nrun")
	if err != nil {
		t.Fatal(err)
	}
	lake.Add("runs", runs)
	col := query.As("s", query.Column(columnar.String, "s"))
	plan := query.UnionOf(query.From("t", query.TimeRange{}).Project(col), query.From("runs", query.TimeRange{}).Project(col)).Sort(query.Asc("s"))
	tests := map[string]struct {
		scope query.Scope
		want  string
	}{
		"nil is everything":        {query.Scope{}, "a account b nowhere run"},
		"one":                      {query.Scope{Workspaces: []int64{2}}, "b"},
		"one and the account":      {query.Scope{Workspaces: []int64{0, 1}}, "a account"},
		"an empty list is nothing": {query.Scope{Workspaces: []int64{}}, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := exec.Run(t.Context(), lake, query.Restrict(plan, tt.scope), exec.Options{})
			if err != nil {
				t.Fatal(err)
			}
			var seen []string
			for i := range got.Batch.Len {
				seen = append(seen, string(got.Batch.Columns[0].ByteAt(i)))
			}
			if s := strings.Join(seen, " "); s != tt.want {
				t.Errorf("got %q, want %q", s, tt.want)
			}
		})
	}
}

func TestBucketStart(t *testing.T) {
	tests := []struct{ unit, zone, at, want string }{
		{"minute", "", "2024-03-10T10:11:12Z", "2024-03-10T10:11:00Z"},
		{"15m", "UTC", "2024-03-10T10:29:59.999999Z", "2024-03-10T10:15:00Z"},
		{"hour", "Asia/Kolkata", "2024-03-10T10:11:12Z", "2024-03-10T09:30:00Z"},
		{"day", "", "1969-12-31T23:00:00Z", "1969-12-31T00:00:00Z"},
		{"day", "America/New_York", "2024-03-10T12:00:00Z", "2024-03-10T05:00:00Z"},  // 23 hours
		{"day", "America/New_York", "2024-03-11T03:59:00Z", "2024-03-10T05:00:00Z"},  // the same day
		{"day", "America/New_York", "2024-11-04T04:59:00Z", "2024-11-03T04:00:00Z"},  // 25 hours
		{"6h", "America/New_York", "2024-11-03T10:59:00Z", "2024-11-03T04:00:00Z"},   // 7 hours
		{"6h", "America/New_York", "2024-11-03T11:00:00Z", "2024-11-03T11:00:00Z"},   //
		{"hour", "America/New_York", "2024-11-03T05:30:00Z", "2024-11-03T05:00:00Z"}, // 01:30 the first time
		{"hour", "America/New_York", "2024-11-03T06:30:00Z", "2024-11-03T06:00:00Z"}, // and the second
		{"day", "America/Havana", "2024-11-03T05:30:00Z", "2024-11-03T04:00:00Z"},    // midnight comes twice
		{"day", "America/Sao_Paulo", "2018-11-04T12:00:00Z", "2018-11-04T03:00:00Z"}, // there is no midnight
		{"day", "Pacific/Apia", "2011-12-30T11:00:00Z", "2011-12-30T10:00:00Z"},      // there is no yesterday
		{"week", "", "2024-03-10T10:11:12Z", "2024-03-04T00:00:00Z"},                 // a Sunday
		{"week", "", "2024-03-11T00:00:00Z", "2024-03-11T00:00:00Z"},                 // a Monday
		{"week", "Europe/Berlin", "2024-04-03T00:00:00Z", "2024-03-31T22:00:00Z"},    //
		{"month", "Europe/Berlin", "2024-04-30T21:59:59Z", "2024-03-31T22:00:00Z"},   //
		{"month", "Africa/Casablanca", "2024-04-20T12:00:00Z", "2024-04-01T00:00:00Z"},
	}
	for _, tt := range tests {
		b, err := query.NewBucketing(tt.unit, tt.zone)
		if err != nil {
			t.Fatal(err)
		}
		at, err := time.Parse(time.RFC3339Nano, tt.at)
		if err != nil {
			t.Fatal(err)
		}
		if got := time.UnixMicro(b.Start(at.UnixMicro())).UTC().Format(time.RFC3339Nano); got != tt.want {
			t.Errorf("%s of %s in %q is %s, not %s", tt.unit, tt.at, tt.zone, got, tt.want)
		}
	}
}

// TestBucketsAreSound: a bucket starts no later than its instants, its start is in
// it, and of two instants the later one is in no earlier bucket.
func TestBucketsAreSound(t *testing.T) {
	zones := []string{"UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Havana", "Africa/Casablanca", "Asia/Kathmandu"}
	rapid.Check(t, func(t *rapid.T) {
		zone := rapid.SampledFrom(zones).Draw(t, "zone")
		unit := rapid.SampledFrom([]string{"minute", "15m", "hour", "3h", "6h", "day", "week", "month"}).Draw(t, "unit")
		b, err := query.NewBucketing(unit, zone)
		if err != nil {
			t.Fatal(err)
		}
		loc, err := time.LoadLocation(zone)
		if err != nil {
			t.Fatal(err)
		}
		at := time.Unix(rapid.Int64Range(1e9, 2e9).Draw(t, "at"), 0)
		if _, end := at.In(loc).ZoneBounds(); !end.IsZero() && rapid.Bool().Draw(t, "near a change") {
			at = end
		}
		u := at.UnixMicro() + rapid.Int64Range(-2*86400, 2*86400).Draw(t, "seconds")*1_000_000
		v := u + rapid.Int64Range(0, 86400).Draw(t, "later")*1_000_000
		su, sv := b.Start(u), b.Start(v)
		if su > u || b.Start(su) != su || sv < su || b.Start(u) != su {
			t.Fatalf("%s in %s: %v starts at %v, which starts at %v; %v at %v", unit, zone, show(u), show(su), show(b.Start(su)), show(v), show(sv))
		}
		if unit == "day" && time.UnixMicro(su).In(loc).Format(time.DateOnly) != time.UnixMicro(u).In(loc).Format(time.DateOnly) {
			t.Fatalf("day of %v in %s starts at %v", show(u), zone, show(su))
		}
	})
}

func show(micros int64) string { return time.UnixMicro(micros).UTC().Format(time.RFC3339) }

func TestTimeRangeKeepsWholeMicroseconds(t *testing.T) {
	r := query.TimeRange{From: time.Unix(0, 1001), To: time.Unix(0, 2000)}
	from, _, to, _ := r.Micros()
	if got := fmt.Sprint(from, to); got != "2 2" {
		t.Errorf("got %s", got)
	}
}
