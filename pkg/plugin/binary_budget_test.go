package plugin_test

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"testing"
	"time"

	"github.com/auditlake/auditlake/internal/generate"
	"github.com/auditlake/auditlake/internal/host"
)

// peakKiB is the most resident memory that a process has had.
func peakKiB(t *testing.T, pid int) int64 {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	m := regexp.MustCompile(`VmHWM:\s+(\d+) kB`).FindSubmatch(status)
	if m == nil {
		t.Fatalf("no VmHWM in %s", status)
	}
	n, err := strconv.ParseInt(string(m[1]), 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// TestTheBudgetOfThePlugin has the real binary bring a backlog in, merge files
// and rebuild all layers: its memory stays within the MiB of the settings above what
// it had at rest. They are the 192 of the defaults with -whole, else half of that with
// a third of the backlog.
func TestTheBudgetOfThePlugin(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("only Linux tells the peak of a process's memory")
	}
	w := theRealThing(t)
	source, folder := filepath.Join(t.TempDir(), "delivery"), filepath.Join(t.TempDir(), "lake")
	truth, err := generate.Write(t.Context(), generate.Config{
		Seed: 4, EventsPerDay: 10_000, Days: inPart(4, 12), Start: time.Date(2024, 3, 1, 0, 0, 0, 0, time.UTC),
	}, time.Time{}, generate.Folder(source))
	if err != nil {
		t.Fatal(err)
	}
	budget := inPart(96, 192)
	h := start(t, w, allowed, scheduled(t, source, folder, map[string]any{"etlMemoryMiB": budget}))
	if code, _ := h.get("named-queries"); code != http.StatusOK {
		t.Fatalf("the catalog: %d", code)
	}
	rest := peakKiB(t, h.PID())
	h.await(idle)
	for _, path := range []string{"etl/optimize", "etl/replay"} {
		if code, body := h.post(path, host.As(admin)); code != http.StatusOK {
			t.Fatalf("%s: %d %s", path, code, body)
		}
		if p := h.await(idle); p.lastError != "" {
			t.Fatalf("%s: %s", path, p.lastError)
		}
	}
	peak := peakKiB(t, h.PID())
	t.Logf("%d MiB at rest, %d MiB at the peak, for %d MB delivered", rest>>10, peak>>10, truth.Source.Bytes/1e6)
	if peak-rest > int64(budget)<<10 {
		t.Errorf("%d MiB over rest", (peak-rest)>>10)
	}
	proven(t, source, folder, truth.Layers.Bronze)
}
