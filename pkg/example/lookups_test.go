package example_test

import (
	"strings"
	"testing"

	"github.com/auditlake/auditlake/pkg/example"
	"github.com/auditlake/auditlake/pkg/query/named"
)

const offices = `name: outside_offices
title: Logins from outside the offices
description: Who logged in from no network of an office.
group: Logins and identity
visualization: table
sql: |
  select a.email, w.name as workspace
  from accounts a
  left join lookups.workspaces w on a.workspaceId = w.workspaceId
  left anti join lookups.offices o on in_network(a.sourceIPAddress, o.cidr)
  where a.actionName = 'login'
examples:
  - name: one at home
    lookups:
      offices: |
        cidr:network,office
        10.1.0.0/16,Berlin
      workspaces: |
        workspaceId,name
        7,prod
    events:
      - {at: "09:00", service: accounts, action: login, user: ann@example.com, ip: 10.1.2.3, workspace: 7}
      - {at: "10:00", service: accounts, action: login, user: bob@example.com, ip: 192.0.2.1, workspace: 7}
    rows:
      - {email: bob@example.com, workspace: prod}
`

func TestExamplesHaveLookups(t *testing.T) {
	for name, tt := range map[string]struct{ from, to, want string }{
		"as it should be":  {"prod", "prod", ""},
		"another network":  {"10.1.0.0/16", "10.2.0.0/16", `example "one at home"`},
		"a wrong file":     {"10.1.0.0/16", "office", "lookups/offices.csv, line 2, column cidr"},
		"a name of no one": {"offices: |", "Offices: |", `look-up "Offices"`},
	} {
		t.Run(name, func(t *testing.T) {
			q, err := named.Parse("outside_offices.yaml", []byte(strings.NewReplacer(tt.from, tt.to).Replace(offices)))
			if err != nil {
				t.Fatal(err)
			}
			err = example.Check(t.Context(), q)
			if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%v, and not %q", err, tt.want)
			}
		})
	}
}
