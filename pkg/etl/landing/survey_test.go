package landing_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/auditlake/auditlake/pkg/etl/landing"
	"github.com/auditlake/auditlake/pkg/store/storetest"
)

// many are deliveries of a day that fill the first look, all below prefix.
func many(prefix string) (keys []string) {
	for i := range landing.SurveyKeys + 1 {
		keys = append(keys, fmt.Sprintf("%s%04d.json", prefix, i))
	}
	return keys
}

// others are keys of something else that fill the first look.
func others() (keys []string) {
	for i := range landing.SurveyKeys + 1 {
		keys = append(keys, fmt.Sprintf("aaa/%04d.csv", i))
	}
	return keys
}

func TestLook(t *testing.T) {
	const azure = "insights-logs-jobs/resourceId=/SUBSCRIPTIONS/X/WORKSPACES/W/y="
	for name, test := range map[string]struct {
		keys []string
		want landing.Survey
	}{
		"nothing": {nil, landing.Survey{Whole: true}},
		"deliveries, and what else is there": {
			[]string{
				"_SUCCESS", "workspaceId=0/date=2024-03-04/a.json", "workspaceId=7/date=2024-03-06/b.json.gz",
				"workspaceId=7/date=2024-13-06/c.json", "z1", "z2", "z3",
			},
			landing.Survey{
				Keys: 7, Files: 2, Bytes: 36 + 39, Foreign: 4, Whole: true, Delivery: "workspaceId=0/date=2024-03-04/a.json",
				Examples: []string{"workspaceId=7/date=2024-13-06/c.json", "z1", "z2"},
				Roots:    []string{""}, Workspaces: []int64{0, 7}, FirstDate: "2024-03-04", LastDate: "2024-03-06",
			},
		},
		"no folders of workspaces, further down": {
			[]string{"a/b/date=2024-03-04/a.json"},
			landing.Survey{
				Keys: 1, Files: 1, Bytes: 26, Whole: true, Delivery: "a/b/date=2024-03-04/a.json",
				Roots: []string{"a/b/"}, FirstDate: "2024-03-04", LastDate: "2024-03-04",
			},
		},
		"more than the first look": {
			append(many("workspaceId=1/date=2024-03-04/"), "workspaceId=1/date=2024-05-01/a.json", "workspaceId=2/date=2024-02-01/a.json",
				"workspaceId=2/date=soon/a.json"),
			landing.Survey{
				Keys: 1000, Files: 1000, Bytes: 39_000, Delivery: "workspaceId=1/date=2024-03-04/0000.json",
				Roots: []string{""}, Workspaces: []int64{1, 2}, FirstDate: "2024-02-01", LastDate: "2024-05-01",
			},
		},
		"dates alone, more than the first look": {
			append(many("date=2024-03-04/"), "date=2024-05-01/a.json"),
			landing.Survey{
				Keys: 1000, Files: 1000, Bytes: 25_000, Delivery: "date=2024-03-04/0000.json",
				Roots: []string{""}, FirstDate: "2024-03-04", LastDate: "2024-05-01",
			},
		},
		"deliveries behind something else": {
			append(others(), "b/c/workspaceId=5/date=2024-03-04/a.json", "b/c/workspaceId=5/date=2024-03-05/a.json"),
			landing.Survey{
				Keys: 1000, Foreign: 1000, Examples: []string{"aaa/0000.csv", "aaa/0001.csv", "aaa/0002.csv"},
				Roots: []string{"b/c/"}, Workspaces: []int64{5}, FirstDate: "2024-03-04", LastDate: "2024-03-05",
			},
		},
		"nothing but something else": {
			others(),
			landing.Survey{Keys: 1000, Foreign: 1000, Examples: []string{"aaa/0000.csv", "aaa/0001.csv", "aaa/0002.csv"}},
		},
		"Azure": {
			append(many(azure+"2024/m=03/d=04/h=05/m=00/"), azure+"2024/m=11/d=30/h=05/m=00/PT1H.json"),
			landing.Survey{
				Keys: 1000, Files: 1000, Bytes: 96_000, Delivery: azure + "2024/m=03/d=04/h=05/m=00/0000.json",
				Roots: []string{"insights-logs-jobs/"}, FirstDate: "2024-03-04", LastDate: "2024-11-30",
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := landing.Look(t.Context(), delivered(t, test.keys...))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
}

// TestLookIsBounded: neither workspaces nor folders without deliveries make it long.
func TestLookIsBounded(t *testing.T) {
	workspaces, folders := many("workspaceId=0/date=2024-03-04/"), others()
	for i := range 200 {
		workspaces = append(workspaces, fmt.Sprintf("workspaceId=%d/date=2024-03-05/a.json", i+1))
		folders = append(folders, fmt.Sprintf("b%03d/c/d/e.csv", i))
	}
	for name, keys := range map[string][]string{"workspaces": workspaces, "folders": folders} {
		s := storetest.NewFaulty(delivered(t, keys...)) // which fails nothing, and counts
		if _, err := landing.Look(t.Context(), s); err != nil || s.Calls() > 60 {
			t.Errorf("%s: %d requests, %v", name, s.Calls(), err)
		}
	}
}

func TestLookFailsWhereTheStoreDoes(t *testing.T) {
	for n := 1; ; n++ {
		s := storetest.NewFaulty(delivered(t, many("workspaceId=1/date=2024-03-04/")...))
		s.FailAt(n, storetest.ErrorBefore)
		_, err := landing.Look(t.Context(), s)
		if s.Calls() < n {
			if n < 4 { // the sample, the source's folders, the workspace's
				t.Errorf("%d requests are all there are", n-1)
			}
			return
		}
		if !errors.Is(err, storetest.ErrInjected) {
			t.Errorf("request %d: %v", n, err)
		}
	}
}
