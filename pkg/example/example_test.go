package example_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/auditlake/auditlake/pkg/example"
	"github.com/auditlake/auditlake/pkg/query/named"
)

const file = `name: logins
title: Logins
description: How often each user logged in.
group: Overview
visualization: table
sql: |
  select actor as user, count(*) as n from accounts group by actor order by n desc, user
examples:
  - name: twice and once
    events:
      - {at: "09:00", service: accounts, action: login, repeat: 2, every: 10m}
      - {at: "09:00:30.250", service: accounts, action: login, user: null, params: {user: bob}}
    rows:
      - {user: ann@example.com, n: 2}
      - {user: bob, n: %N}
`

// A row that is not as the example says is shown beside the one that came.
func TestCheckComparesRows(t *testing.T) {
	for n, want := range map[string]string{
		"1": "",
		"3": `logins.yaml:9: example "twice and once": the rows are others (- wanted, + answered):
    {"user":"ann@example.com","n":2}
  - {"user":"bob","n":3}
  + {"user":"bob","n":1}`,
	} {
		q, err := named.Parse("logins.yaml", []byte(strings.ReplaceAll(file, "%N", n)))
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		if err := example.Check(t.Context(), q); err != nil {
			var at *named.FileError
			if !errors.As(err, &at) {
				t.Errorf("%T", err)
			}
			got = err.Error()
		}
		if got != want {
			t.Errorf("n = %s:\n%s\nwant\n%s", n, got, want)
		}
	}
}
