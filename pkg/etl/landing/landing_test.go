package landing_test

import (
	"strings"
	"testing"
	"time"

	"github.com/auditlake/auditlake/pkg/etl/landing"
)

func TestParseKey(t *testing.T) {
	type parts struct {
		parent    string
		workspace int64
		date      string
	}
	for key, want := range map[string]parts{
		"workspaceId=42/date=2024-03-10/auditlogs_1.json":        {"workspaceId=42/", 42, "2024-03-10"},
		"workspaceId=0/date=2024-02-29/a.json.gz":                {"workspaceId=0/", 0, "2024-02-29"},
		"date=2024-03-10/a.json":                                 {"", -1, "2024-03-10"},
		"logs/prod/workspaceId=42/date=2024-03-10/a.json":        {"logs/prod/workspaceId=42/", 42, "2024-03-10"},
		"logs/date=2024-03-10/a.json":                            {"logs/", -1, "2024-03-10"},
		"workspaceId=1/x/date=2024-03-10/a.json":                 {"workspaceId=1/x/", -1, "2024-03-10"},
		"date=2023-01-01/workspaceId=7/date=2024-03-10/a.json":   {"date=2023-01-01/workspaceId=7/", 7, "2024-03-10"},
		"workspaceId=9223372036854775807/date=2024-03-10/a.json": {"workspaceId=9223372036854775807/", 9223372036854775807, "2024-03-10"},
		"x y/ü/date=2024-03-10/a b.c.json":                       {"x y/ü/", -1, "2024-03-10"},

		azureFolder + "y=2025/m=05/d=01/h=13/m=00/PT1H.json":                              {azureFolder + "y=", -1, "2025-05-01"},
		"resourceId=/w/y=2024/m=02/d=29/h=23/m=59/PT1H.json.gz":                           {"resourceId=/w/y=", -1, "2024-02-29"},
		"resourceId=/w/date=2024-03-10/y=2025/m=05/d=01/h=13/m=00/a.json":                 {"resourceId=/w/date=2024-03-10/y=", -1, "2025-05-01"},
		"copy/insights-logs-jobs/resourceId=/_group/.W/y=2025/m=05/d=01/h=13/m=00/a.json": {"copy/insights-logs-jobs/resourceId=/_group/.W/y=", -1, "2025-05-01"},
	} {
		parent, workspace, date, ignored, ok := landing.ParseKey(key)
		if got := (parts{parent, workspace, date}); !ok || ignored || got != want {
			t.Errorf("ParseKey(%q) = %+v, ignored %t, ok %t; want %+v", key, got, ignored, ok, want)
		}
	}
}

const azureFolder = "insights-logs-jobs/resourceId=/SUBSCRIPTIONS/S/RESOURCEGROUPS/R/PROVIDERS/MICROSOFT.DATABRICKS/WORKSPACES/W/"

func TestKeysThatAreNoDelivery(t *testing.T) {
	for key, wantIgnored := range map[string]bool{
		"_databricks_dev": true,
		"workspaceId=42/date=2024-03-10/_started.json":           true,
		"workspaceId=42/date=2024-03-10/.a.json":                 true,
		"_delta_log/date=2024-03-10/a.json":                      true,
		".hidden/date=2024-03-10/a.json":                         true,
		"truth.json":                                             false,
		"":                                                       false,
		"workspaceId=42/a.json":                                  false,
		"workspaceId=42/date=2024-03-10":                         false,
		"workspaceId=42/date=2024-03-10/":                        false,
		"workspaceId=42/date=2024-03-10/a.txt":                   false,
		"workspaceId=42/date=2024-03-10/a.json.bak":              false,
		"workspaceId=42/date=2024-03-10/a.JSON":                  false,
		"workspaceId=42/date=2024-03-10/hour=1/a.json":           false,
		"workspaceId=42/date=2024-3-10/a.json":                   false,
		"workspaceId=42/date=2024-02-30/a.json":                  false,
		"workspaceId=42/date=20240310/a.json":                    false,
		"workspaceId=42/Date=2024-03-10/a.json":                  false,
		"workspaceId=-1/date=2024-03-10/a.json":                  false,
		"workspaceId=main/date=2024-03-10/a.json":                false,
		"workspaceId=/date=2024-03-10/a.json":                    false,
		"workspaceId=1e3/date=2024-03-10/a.json":                 false,
		"workspaceId=9223372036854775808/date=2024-03-10/a.json": false,

		"resourceId=/W/y=2025/m=05/d=01/h=13/m=00/_a.json":        true,
		"_x/resourceId=/W/y=2025/m=05/d=01/h=13/m=00/a.json":      true,
		"insights-logs-jobs/y=2025/m=05/d=01/h=13/m=00/PT1H.json": false,
		"y=2025/m=05/d=01/h=13/m=00/PT1H.json":                    false,
		"resourceId=/W/y=2025/m=05/d=01/h=13/PT1H.json":           false,
		"resourceId=/W/y=2025/m=02/d=29/h=13/m=00/PT1H.json":      false,
		"resourceId=/W/y=2025/m=5/d=01/h=13/m=00/PT1H.json":       false,
		"resourceId=/W/y=2025/m=13/d=01/h=13/m=00/PT1H.json":      false,
		"resourceId=/W/y=2025/m=05/d=01/h=24/m=00/PT1H.json":      false,
		"resourceId=/W/y=2025/m=05/d=01/h=13/m=60/PT1H.json":      false,
		"resourceId=/W/y=+025/m=05/d=01/h=13/m=00/PT1H.json":      false,
		"resourceId=/W/y=2025/m=05/d=01/h=13/m=00/PT1H.txt":       false,
		"resourceId=/W/y=2025/m=05/d=01/h=13/m=00/x/PT1H.json":    false,
	} {
		_, _, _, ignored, ok := landing.ParseKey(key)
		if ok || ignored != wantIgnored {
			t.Errorf("ParseKey(%q): ok %t, ignored %t, want false and %t", key, ok, ignored, wantIgnored)
		}
	}
}

// FuzzParseKey holds what is read of a key against the key itself.
func FuzzParseKey(f *testing.F) {
	for _, seed := range []string{
		"workspaceId=42/date=2024-03-10/a.json", "date=2024-02-29/a.json.gz", "a/_b/date=2024-03-10/a.json", "", "/", "date=/.json",
		azureFolder + "y=2025/m=05/d=01/h=13/m=00/PT1H.json", "resourceId=/y=2025/m=05/d=01/h=13/m=00/PT1H.json",
		"workspaceId=1/date=2024-03-10/resourceId=/y=2025/m=05/d=01/h=13/m=00/.json",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, key string) {
		parent, workspace, date, ignored, ok := landing.ParseKey(key)
		if !ok {
			if parent != "" || workspace != 0 || date != "" {
				t.Fatalf("no delivery, and (%q, %d, %q)", parent, workspace, date)
			}
			return
		}
		day, err := time.Parse(time.DateOnly, date)
		if ignored || err != nil || !strings.HasPrefix(key, parent) || workspace < -1 {
			t.Fatalf("%q: parent %q, workspace %d, date %q, ignored %t", key, parent, workspace, date, ignored)
		}
		folder := "date=" + date
		if strings.HasSuffix(parent, "y=") && strings.Contains(parent, "resourceId=/") {
			folder = day.Format("2006/m=01/d=02")
		}
		rest, found := strings.CutPrefix(key[len(parent):], folder+"/")
		if !found || rest == "" || !strings.HasSuffix(strings.TrimSuffix(rest, ".gz"), ".json") {
			t.Fatalf("%q is not %q and %q", key, parent, folder)
		}
		// The parent of one day is that of all.
		again, _, other, _, ok := landing.ParseKey(parent + strings.Replace(folder, date[:4], "2031", 1) + "/" + rest)
		if day.Month() != time.February && (!ok || again != parent || other != "2031"+date[4:]) {
			t.Fatalf("another year: parent %q, date %q, ok %t", again, other, ok)
		}
	})
}
