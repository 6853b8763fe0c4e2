package exec_test

import (
	"cmp"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"testing"

	"pgregory.net/rapid"

	"github.com/auditlake/auditlake/pkg/query"
	"github.com/auditlake/auditlake/pkg/query/querytest"
)

// conditionKeys are columns of random tables as people may write them, and what the
// rows call them. The last is in no table.
var conditionKeys = map[string]string{
	"actor": "actor", "extra": "extra", "autoterminationMinutes": "autoterminationMinutes", "workspace_id": "workspaceId",
	"isInteractive": "isInteractive", "requestparams.X": "requestParams.x", "requestParamsRest.k": "requestParamsRest.k",
	"email": "email",
}

func drawCondition(t *rapid.T) query.Condition {
	c := query.Condition{
		Key:      rapid.SampledFrom(slices.Sorted(maps.Keys(conditionKeys))).Draw(t, "key"),
		Operator: rapid.SampledFrom([]string{"=", "!=", "<", "<=", ">", ">=", "=~", "!~", "=|", "!=|"}).Draw(t, "operator"),
	}
	value := rapid.SampledFrom(querytest.Words)
	switch {
	case c.Operator == "=~" || c.Operator == "!~":
		value = rapid.SampledFrom([]string{"", "a|b", "[a-z]+.*", ".*1", "tru", "-?[0-9]", "(?i)job-1", "a.*\n?"})
	case c.Key == "isInteractive":
		value = rapid.SampledFrom([]string{"true", "false"})
	case c.Key == "autoterminationMinutes", c.Key == "workspace_id":
		value = rapid.Map(rapid.IntRange(-4, 17), strconv.Itoa)
	}
	n := 1
	if c.Operator == "=|" || c.Operator == "!=|" {
		n = rapid.IntRange(1, 4).Draw(t, "values")
	}
	for range n {
		c.Values = append(c.Values, value.Draw(t, "value"))
	}
	return c
}

// holds is the condition for one row, worked out from what it says.
func holds(c query.Condition, r row) bool {
	var text string
	switch v := r[conditionKeys[c.Key]].(type) {
	case nil:
		return c.Operator[0] == '!'
	case string:
		text = v
	case int64:
		text = strconv.FormatInt(v, 10)
	case bool:
		text = strconv.FormatBool(v)
	}
	compare := func(with string) int {
		a, errA := strconv.ParseInt(text, 10, 64)
		b, errB := strconv.ParseInt(with, 10, 64)
		if _, isNumber := r[conditionKeys[c.Key]].(int64); isNumber && errA == nil && errB == nil {
			return cmp.Compare(a, b)
		}
		return cmp.Compare(text, with)
	}
	is := slices.Contains(c.Values, text)
	switch c.Operator {
	case "=", "=|":
		return is
	case "!=", "!=|":
		return !is
	case "<":
		return compare(c.Values[0]) < 0
	case "<=":
		return compare(c.Values[0]) <= 0
	case ">":
		return compare(c.Values[0]) > 0
	case ">=":
		return compare(c.Values[0]) >= 0
	}
	whole := regexp.MustCompile(`\A(?s:` + c.Values[0] + `)\z`).MatchString(text)
	return whole == (c.Operator == "=~")
}

// TestNarrowedPlansSeeNothingElse: a random plan that is narrowed gives what the
// naive evaluator makes of the plan where all other rows were never there.
func TestNarrowedPlansSeeNothingElse(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		lake, tables := drawLake(t)
		plan := querytest.DrawPlan(t)
		conditions := []query.Condition{drawCondition(t)}
		if rapid.Bool().Draw(t, "two") {
			conditions = append(conditions, drawCondition(t))
		}
		narrowed, err := query.Narrow(plan, conditions)
		if err != nil {
			t.Fatal(err)
		}
		for name, rows := range tables {
			tables[name] = slices.DeleteFunc(rows, func(r row) bool {
				return slices.ContainsFunc(conditions, func(c query.Condition) bool { return !holds(c, r) })
			})
		}
		want := naiveAnswer(plan, tables)
		everyWay(t, lake, narrowed, want, func(l *querytest.Lake) map[string]query.Catalog { return map[string]query.Catalog{"": l} })
	})
}
