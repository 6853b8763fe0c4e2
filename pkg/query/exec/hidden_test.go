package exec_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	lakes "github.com/auditlake/auditlake/pkg/lake"
	"github.com/auditlake/auditlake/pkg/query"
	"github.com/auditlake/auditlake/pkg/query/exec"
	"github.com/auditlake/auditlake/pkg/query/querytest"
)

// hiddenKeys is the keys of a redaction as the naive redaction has them.
type hiddenKeys []string

func (h hiddenKeys) has(key string) bool {
	return slices.ContainsFunc(h, func(k string) bool { return strings.EqualFold(k, key) })
}

// redact hides values of a row of drawFiles, column by column.
func (h hiddenKeys) redact(r row) row {
	out := row{}
	for path, v := range r {
		s, isString := v.(string)
		top, key, _ := strings.Cut(path, ".")
		switch {
		case path == "actor" && h.has("user"), strings.HasPrefix(top, "requestParams") && h.has(key):
			if isString {
				out[path] = query.Redacted
			}
		case path == "autoterminationMinutes" && h.has("autotermination_minutes"), path == "isInteractive" && h.has("cluster_name"):
		case path == "extra":
			out[path] = h.document(s)
		case isString && path != "actor":
			out[path] = h.text(s)
		default:
			out[path] = v
		}
	}
	return out
}

func (h hiddenKeys) document(s string) string {
	var event map[string]any
	if json.Unmarshal([]byte(s), &event) != nil {
		return query.Redacted
	}
	for k, v := range event {
		switch k {
		case "requestParams":
			event[k] = query.Redacted
		case "response":
			for member := range v.(map[string]any) {
				if member != "statusCode" {
					v.(map[string]any)[member] = query.Redacted
				}
			}
		}
	}
	return marshal(h.inside(event))
}

func (h hiddenKeys) text(s string) string {
	if s == "" || !strings.ContainsAny(s[:1], `{["`) {
		return s
	}
	var v any
	if json.Unmarshal([]byte(s), &v) == nil {
		return marshal(h.inside(v))
	}
	for _, k := range h {
		if strings.Contains(strings.ToLower(s), strings.ToLower(k)) {
			return query.Redacted
		}
	}
	return s
}

func (h hiddenKeys) inside(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for k, x := range v {
			if v[k] = h.inside(x); h.has(k) && x != nil {
				v[k] = query.Redacted
			}
		}
	case []any:
		for i, x := range v {
			v[i] = h.inside(x)
		}
	case string:
		return h.text(v)
	}
	return v
}

func marshal(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(text)
}

// TestWhatIsHiddenIsNotThere: over a catalog that is redacted and scoped, random
// plans, with joins and windows, give what the naive evaluator gives over rows
// without what is hidden.
func TestWhatIsHiddenIsNotThere(t *testing.T) {
	all := []string{"X", "k", "J", "N", "y", "USER", "Autotermination_Minutes", "cluster_name"}
	rapid.Check(t, func(t *rapid.T) {
		lake, tables, files := drawTables(t)
		plan := drawPlan(t)
		keys := rapid.SliceOfDistinct(rapid.SampledFrom(all), func(s string) string { return s }).Draw(t, "keys")
		scope := query.Scope{}
		if rapid.Bool().Draw(t, "scoped") {
			scope.Workspaces = rapid.SliceOfN(rapid.Int64Range(-4, 15), 0, 6).Draw(t, "workspaces")
		}
		for name, rows := range tables {
			var seen []row
			for _, r := range rows {
				id, ok := r["workspaceId"].(int64)
				if scope.Workspaces != nil && (!ok || !slices.Contains(scope.Workspaces, id)) {
					continue
				}
				if len(keys) > 0 {
					r = hiddenKeys(keys).redact(r)
				}
				seen = append(seen, r)
			}
			tables[name] = seen
		}
		want := naiveAnswer(plan, tables)
		redaction := query.Redaction{Keys: keys}
		hide := func(c query.Catalog) map[string]query.Catalog {
			return map[string]query.Catalog{
				fmt.Sprintf("scoped %v, redacted %q,", scope.Workspaces, keys): query.Redact(query.Scoped(c, scope), redaction),
				fmt.Sprintf("redacted %q, scoped %v,", keys, scope.Workspaces): query.Scoped(query.Redact(c, redaction), scope),
			}
		}
		everyWay(t, lake, plan, want, func(l *querytest.Lake) map[string]query.Catalog { return hide(l) })
		for name, c := range hide(query.OfLake(lakes.New(lakeOf(t, files), lakes.Options{}))) {
			got, err := exec.Run(noDeadline(), c, plan, exec.Options{})
			if err != nil {
				t.Fatalf("%v\n%s", err, plan)
			}
			if diff := cmp.Diff(want, resultText(got.Batch)); diff != "" {
				t.Fatalf("%s tables of a lake (-want +got):\n%s\n%s", name, diff, plan)
			}
		}
	})
}
