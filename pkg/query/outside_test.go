package query_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/auditlake/auditlake/pkg/query"
	"github.com/auditlake/auditlake/pkg/query/exec"
	"github.com/auditlake/auditlake/pkg/query/routing"
	"github.com/auditlake/auditlake/pkg/query/sql"
	"github.com/auditlake/auditlake/pkg/query/trino"
)

// boundSQL is a statement over a catalog.
func boundSQL(t *testing.T, c query.Catalog, text string) *query.Bound {
	t.Helper()
	s, err := sql.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	plan, err := s.Plan(sql.Binding{})
	if err != nil {
		t.Fatal(err)
	}
	b, err := query.Bind(t.Context(), c, plan)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// What may not be seen goes to no other engine, in whichever order scope and redaction are
// put around the lake.
func TestWhatAnotherEngineMayRead(t *testing.T) {
	all := query.OfLake(deliveredLake(t))
	some := query.Scope{Workspaces: []int64{42, 7}}
	scoped, redacted := query.Scoped(all, some), query.Redact(all, everything())
	both := query.Scoped(redacted, some)
	const where = `WHERE "workspaceId" IN (BIGINT '7', BIGINT '42'))`
	for _, test := range []struct {
		name    string
		catalog query.Catalog
		text    string
		has     string // the statement; empty if it is answered here
		reason  string // why it is answered here
	}{
		{"all", all, "select email, requestParams['token'] as x from silver", `FROM "c"."s"."silver" FOR VERSION AS OF 0 AS t`, ""},
		{"all, lines", all, "select raw from bronze", `"bronze" FOR VERSION AS OF 0`, ""},
		{"a scope", scoped, "select email from silver", where, ""},
		{"a scope over lines", scoped, "select raw from bronze", "", "delivered lines"},
		{"a scope over what is beside lines", scoped, "select fileId from bronze", where, ""},
		{"a scope over identities", scoped, "select email from identities", "", "worked out here"},
		{"a scope over runs", scoped, "select count(*) as n from runs", "WHERE false", ""},
		{"no workspace", query.Scoped(all, query.Scope{Workspaces: []int64{}}), "select email from silver", "WHERE false", ""},
		{"hidden", redacted, "select requestParams['token'] as x from silver", "", "something of requestParams is hidden"},
		{"hidden, in a filter", redacted, "select email from silver where requestParams['token'] = 'x'", "", "something of requestParams is hidden"},
		{"beside what is hidden", redacted, "select email, actionName from silver", `"silver" FOR VERSION AS OF 0 AS t`, ""},
		{"the status of a response", redacted, "select response.statusCode as s from silver", `"silver" FOR VERSION AS OF 0 AS t`, ""},
		{"the text of a response", redacted, "select response.errorMessage as s from silver", "", "something of response is hidden"},
		{"both, hidden", both, "select requestParams['token'] as x from silver", "", "something of requestParams is hidden"},
		{"both, beside it", both, "select email from silver", where, ""},
	} {
		choice, err := routing.Choose(t.Context(), boundSQL(t, test.catalog, test.text), routing.Rules{
			Engine: routing.Trino, Names: trino.Names{Catalog: "c", Schema: "s"},
		})
		switch {
		case err != nil:
			t.Errorf("%s: %v", test.name, err)
		case test.has == "" && (choice.Engine != routing.Embedded || choice.Statement != "" || !strings.Contains(choice.Reason, test.reason)):
			t.Errorf("%s: %+v", test.name, choice)
		case test.has != "" && (choice.Engine != routing.Trino || !strings.Contains(choice.Statement, test.has)):
			t.Errorf("%s: %+v", test.name, choice)
		}
	}
	if _, err := query.OutsideOf(boundSQL(t, redacted, "select response from silver").Inputs[0]); !errors.Is(err, query.ErrInside) {
		t.Error(err)
	}
}

func TestLookupsAreWrittenIntoAStatement(t *testing.T) {
	l := deliveredLake(t)
	put := func(name, text string) {
		if _, err := l.Store().Put(t.Context(), "lookups/"+name+".csv", []byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	put("teams", "workspaceId,team,size:long\n42,O'Neill,1\n43,others,\n*,everybody,3\n")
	put("many", "workspaceId,id:long\n"+strings.Repeat("*,1\n", 5001))
	c := query.Scoped(query.OfLake(l), query.Scope{Workspaces: []int64{42}})
	choose := func(text string) routing.Choice {
		choice, err := routing.Choose(t.Context(), boundSQL(t, c, text), routing.Rules{Engine: routing.Trino, Names: trino.Names{Catalog: "c", Schema: "s"}})
		if err != nil {
			t.Fatal(err)
		}
		return choice
	}
	got := choose("select s.email, w.team, w.size from silver s join lookups.teams w on s.workspaceId = w.workspaceId")
	if got.Engine != routing.Trino || !strings.Contains(got.Statement, `'O''Neill', BIGINT '1')`) || !strings.Contains(got.Statement, "'everybody'") ||
		strings.Contains(got.Statement, "others") {
		t.Errorf("%+v", got)
	}
	if got := choose("select s.email from silver s join lookups.many w on s.workspaceId = w.id"); got.Engine != routing.Embedded || !strings.Contains(got.Reason, "more than 5000 rows") {
		t.Errorf("%+v", got)
	}
}

func TestWhatAPlanWouldFetchIsKnownBefore(t *testing.T) {
	c := query.OfLake(deliveredLake(t))
	measure := func(c query.Catalog, text string) int64 {
		t.Helper()
		n, err := exec.Measure(t.Context(), boundSQL(t, c, text))
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	email, both := measure(c, "select email from silver"), measure(c, "select email, actionName from silver")
	params := measure(c, "select requestParams from silver")
	if !(0 < email && email < both && both < email+params) {
		t.Errorf("email %d, with the action %d, parameters %d", email, both, params)
	}
	if n := measure(c, "select a.email from silver a join silver b on a.email = b.email"); n != 2*email {
		t.Errorf("both sides of a join: %d, not twice %d", n, email)
	}
	for name, n := range map[string]int64{
		"a day without events":      measure(c, "select email from silver where date = date '1999-01-01'"),
		"a time without events":     measure(c, "select email from silver where date_time < timestamp '1999-01-01T00:00:00Z'"),
		"workspaces without events": measure(query.Scoped(c, query.Scope{Workspaces: []int64{1 << 40}}), "select email from silver"),
	} {
		if n != 0 {
			t.Errorf("%s: %d bytes", name, n)
		}
	}
	hidden := query.Redact(c, everything())
	const text = "select email from silver where requestParams['cluster_name'] = 'x'"
	if n := measure(hidden, text); n <= email {
		t.Errorf("what is hidden prunes: %d", n)
	}
}
