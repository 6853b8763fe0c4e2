package named_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/auditlake/auditlake/pkg/query"
	"github.com/auditlake/auditlake/pkg/query/exec"
	"github.com/auditlake/auditlake/pkg/query/named"
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
      project date
        filter actionName in ('login', 'aadBrowserLogin', 'aadTokenLogin', 'certLogin', 'jwtLogin', 'mfaLogin', 'oidcBrowserLogin', 'oidcTokenAuthorization', 'samlLogin', 'tokenLogin', 'passwordVerifyAuthentication') and response.statusCode >= 400 and (not coalesce(actor, '') in ('System-User', 'unknown', 'Unknown'))
          scan accounts from 2019-12-28T00:00:00Z to 2019-12-29T00:00:00Z columns actionName string, actor string, date date, response.statusCode long
      project date
        filter actionName = 'login' and response.statusCode >= 400 and (not coalesce(actor, '') in ('System-User', 'unknown', 'Unknown'))
          scan ssh from 2019-12-28T00:00:00Z to 2019-12-29T00:00:00Z columns actionName string, actor string, date date, response.statusCode long
`,
	}
	for name, want := range tests {
		plan, err := named.Build(name, nil, christmas)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(strings.TrimPrefix(want, "\n"), plan.String()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// TestCatalogIsSound: over an empty lake every query answers with columns that have
// types, a rule finds labels that are text and a value that is a number, the text of
// the plan says all of it, and there are examples of what counts and what does not.
func TestCatalogIsSound(t *testing.T) {
	for _, q := range named.All() {
		t.Run(q.Name, func(t *testing.T) {
			params := map[string]string{}
			for _, p := range q.Params {
				if p.Description == "" {
					t.Errorf("parameter %s has no description", p.Name)
				}
				if p.Required {
					params[p.Name] = "1"
				}
			}
			plan, err := q.Plan(params, christmas)
			if err != nil {
				t.Fatal(err)
			}
			again, err := querytest.ParsePlan(plan.String())
			if err != nil {
				t.Fatalf("%v\n%s", err, plan)
			}
			if diff := cmp.Diff(plan.String(), again.String()); diff != "" {
				t.Errorf("plan printed, parsed and printed (-want +got):\n%s", diff)
			}
			got, err := exec.Run(t.Context(), &querytest.Lake{}, plan, exec.Options{})
			if err != nil {
				t.Fatal(err)
			}
			if len(got.Notices) != len(q.Tables) {
				t.Errorf("it reads %q and says %q of an empty lake", q.Tables, got.Notices)
			}
			if q.Alert != nil {
				alert(t, q, params)
			}
			counts := slices.ContainsFunc(q.Examples, func(e named.Example) bool { return len(e.Rows) > 0 })
			if len(q.Examples) < 2 || !counts {
				t.Error("a query has an example with rows, and one that shows what does not count")
			}
		})
	}
}

func alert(t *testing.T, q *named.Query, params map[string]string) {
	t.Helper()
	plan, err := q.AlertPlan(params, christmas)
	if err != nil {
		t.Fatal(err)
	}
	got, err := exec.Run(t.Context(), &querytest.Lake{}, plan, exec.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for i, f := range got.Schema {
		want := "string"
		if i == len(q.Alert.Labels) {
			want = "long or double"
		}
		if !strings.Contains(want, f.Type.String()) {
			t.Errorf("%s of the alert is %s, not %s", f.Name, f.Type, want)
		}
	}
}

func TestUnknownQueryAndParameter(t *testing.T) {
	if _, err := named.Lookup("failed_login"); !errors.Is(err, named.ErrUnknown) || !strings.Contains(err.Error(), "did you mean failed_logins") {
		t.Error(err)
	}
	if _, err := named.Build("job_owner", nil, query.TimeRange{}); !errors.Is(err, named.ErrParam) {
		t.Error(err)
	}
	if _, err := named.Build("data_freshness", nil, query.TimeRange{}); !errors.Is(err, named.ErrParam) {
		t.Error(err)
	}
}
