package named_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/auditlake/auditlake/pkg/query"
	"github.com/auditlake/auditlake/pkg/query/named"
)

const listed = `
name: listed
title: Listed
description: Events of some users.
group: Overview
visualization: table
params:
  - {name: users, type: list, default: "a", description: Who}
sql: |
  select actor from silver where actor in ($users)
`

// inList is the list as the plan has it, and "" for a list of nothing.
func inList(t *testing.T, text string) (string, error) {
	t.Helper()
	q, err := named.Parse("listed.yaml", []byte(listed))
	if err != nil {
		t.Fatal(err)
	}
	plan, err := q.Plan(map[string]string{"users": text}, christmas)
	if err != nil {
		return "", err
	}
	_, list, _ := strings.Cut(strings.SplitN(plan.String(), "\n", 3)[1], "actor in ")
	return list, nil
}

func TestLists(t *testing.T) {
	for text, want := range map[string]string{
		"a":                      "('a')",
		" a , b c,, ":            "('a', 'b c')",
		`"a, b",c`:               "('a, b', 'c')",
		`c, "a, b" , "d"`:        "('c', 'a, b', 'd')",
		`"say ""yes"", he said"`: `('say "yes", he said')`,
		`a"b,c`:                  `('a"b', 'c')`,
		`"",x`:                   "('', 'x')",
		`" a "`:                  "(' a ')",
		`""""`:                   `('"')`,
		"it's,x') or (1=1":       "('it''s', 'x'') or (1=1')",
		`"a",`:                   "('a')",
	} {
		if got, err := inList(t, text); err != nil || got != want {
			t.Errorf("%s is %s, not %s; %v", text, got, want, err)
		}
	}
	for text, want := range map[string]string{
		`"a`:      "a quote is not closed",
		`b,"a""`:  "a quote is not closed",
		`"a" b,c`: "no comma after a quoted text",
	} {
		if _, err := inList(t, text); !errors.Is(err, named.ErrParam) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error is %v", text, err)
		}
	}
}

// TestQuotedTextsAreTheirOwn: any texts, quoted as docs/variables.md says, are the
// list that they were.
func TestQuotedTextsAreTheirOwn(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		texts := rapid.SliceOfN(rapid.StringOf(rapid.SampledFrom([]rune(`ab, "'\$`))), 1, 4).Draw(rt, "texts")
		quoted := make([]string, len(texts))
		for i, s := range texts {
			quoted[i] = `"` + strings.ReplaceAll(s, `"`, `""`) + `"`
		}
		got, err := inList(t, strings.Join(quoted, ","))
		want := query.In{X: query.Name("actor"), List: query.Strs(texts...)}.String()
		if diff := cmp.Diff(want, "actor in "+got); err != nil || diff != "" {
			rt.Fatalf("%v (-want +got):\n%s", err, diff)
		}
	})
}
