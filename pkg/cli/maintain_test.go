package cli_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// worn is a lake as some runs leave it.
func worn(t testing.TB, runs int) (source, lake string) {
	t.Helper()
	source, lake = folders(t)
	for i := range runs {
		deliver(t, source, fmt.Sprintf("date=2019-12-28/auditlogs_%d.json", i), cluster(fmt.Sprint(i)), cluster("x"), fmt.Sprint("no event ", i))
		succeed(t, "etl", "--source", source, "--lake", lake, "--quiet")
	}
	return source, lake
}

func expect(t testing.TB, out string, parts ...string) {
	t.Helper()
	for _, want := range parts {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in:\n%s", want, out)
		}
	}
}

func TestUpkeepFromTheCommandLine(t *testing.T) {
	source, lake := worn(t, 9)
	verify := func() {
		expect(t, succeed(t, "verify", "--lake", lake, "--source", source), "Every delivered line is accounted for.")
	}
	expect(t, succeed(t, "optimize", "--lake", lake), "Files before", "clusters", "bronze", "runs")
	expect(t, succeed(t, "optimize", "--lake", lake), "No table has small files")
	verify()
	expect(t, succeed(t, "vacuum", "--lake", lake), "Nothing to delete from before")
	tmp := filepath.Join(lake, "silver", ".tmp-killed")
	if err := os.WriteFile(tmp, []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	if old := time.Now().Add(-time.Hour); os.Chtimes(tmp, old, old) != nil {
		t.Fatal("the file cannot be dated")
	}
	short := []string{"vacuum", "--lake", lake, "--retention", "1ms", "--force"}
	expect(t, succeed(t, append(short, "--dry-run")...), "bronze/date=2019-12-28/part-", "silver/.tmp-killed\t4", "Would delete")
	if _, err := os.Stat(tmp); err != nil {
		t.Errorf("the dry run deleted: %v", err)
	}
	expect(t, succeed(t, short...), "Deleted", "clusters", "landing", "unfinished")
	if _, err := os.Stat(tmp); !os.IsNotExist(err) {
		t.Errorf("what a killed writer left is there still: %v", err)
	}
	verify()
	expect(t, succeed(t, "replay", "--lake", lake), "silver", "quarantine", "Rebuilt in")
	verify()
	expect(t, succeed(t, "replay", "--lake", lake, "--table", "clusters"), "events, in clusters")
	verify()
	expect(t, succeed(t, "retain", "--lake", lake, "--gold-days", "30", "--bronze-days", "60"), "clusters", "bronze", "Removed before")
	expect(t, succeed(t, "retain", "--lake", lake, "--gold-days", "30"), "No rows are older")
	verify()
	expect(t, succeed(t, "etl", "--source", source, "--lake", lake), "Nothing new")
	if _, err := os.Stat(filepath.Join(lake, "_auditlake", "lease.json")); !os.IsNotExist(err) {
		t.Errorf("the lease was not given back: %v", err)
	}
}

func TestETLMaintains(t *testing.T) {
	source, lake := worn(t, 8)
	deliver(t, source, "date=2019-12-28/auditlogs_99.json", cluster("z"))
	out := succeed(t, "etl", "--source", source, "--lake", lake, "--maintain", "--silver-days", "30")
	expect(t, out, "Files before", "clusters", "Removed before", "silver")
	out = succeed(t, "etl", "--source", source, "--lake", lake, "--maintain", "--silver-days", "30")
	if !strings.HasPrefix(out, "Nothing new in") || strings.Count(out, "\n") != 1 {
		t.Errorf("an idle run prints:\n%s", out)
	}
	expect(t, succeed(t, "verify", "--lake", lake, "--source", source), "Every delivered line is accounted for.", "expired")
}

func TestUpkeepBesideAnotherProcess(t *testing.T) {
	_, lake := worn(t, 1)
	until := time.Now().Add(time.Hour).UTC().Format(time.RFC3339)
	if err := os.WriteFile(filepath.Join(lake, "_auditlake", "lease.json"), []byte(`{"holder":"other","expires":"`+until+`"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	code, _, errOut := run(t, "replay", "--lake", lake)
	if code != 0 || !strings.Contains(errOut, "other until "+until) {
		t.Errorf("exit code %d: %s", code, errOut)
	}
}
