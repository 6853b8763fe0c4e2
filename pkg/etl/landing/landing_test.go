package landing_test

import (
	"testing"

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
	} {
		parent, workspace, date, ignored, ok := landing.ParseKey(key)
		if got := (parts{parent, workspace, date}); !ok || ignored || got != want {
			t.Errorf("ParseKey(%q) = %+v, ignored %t, ok %t; want %+v", key, got, ignored, ok, want)
		}
	}
}

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
	} {
		_, _, _, ignored, ok := landing.ParseKey(key)
		if ok || ignored != wantIgnored {
			t.Errorf("ParseKey(%q): ok %t, ignored %t, want false and %t", key, ok, ignored, wantIgnored)
		}
	}
}
