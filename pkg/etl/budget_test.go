package etl_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/auditlake/auditlake/internal/generate"
	"github.com/auditlake/auditlake/pkg/etl"
	"github.com/auditlake/auditlake/pkg/store"
)

// The budget of the plugin.
const (
	budgetBytes   = 192 << 20
	budgetWorkers = 1
)

// A run in a process of its own is told by the environment what to do.
const (
	envSource = "AUDITLAKE_TEST_BUDGET_SOURCE" // a folder, or archive:<days>[+1]
	envLake   = "AUDITLAKE_TEST_BUDGET_LAKE"
	envMemory = "AUDITLAKE_TEST_BUDGET_MEMORY"
)

// usage is what a run in a process of its own took.
type usage struct {
	IdleBytes, PeakBytes int64 // resident, before the run and at most
	Wall, CPU            time.Duration
	Files, Listed, Gold  int64
}

// TestBudgetChild is the process that measureRun starts.
func TestBudgetChild(t *testing.T) {
	if os.Getenv(envSource) == "" {
		t.Skip("it is started by the tests of the budget")
	}
	lakeStore, err := store.OpenLocal(os.Getenv(envLake))
	if err != nil {
		t.Fatal(err)
	}
	var source store.Store
	if days, ok := strings.CutPrefix(os.Getenv(envSource), "archive:"); ok {
		n, err := strconv.Atoi(strings.TrimSuffix(days, "+1"))
		if err != nil {
			t.Fatal(err)
		}
		a := newArchive(n)
		a.extra = strings.HasSuffix(days, "+1")
		source = a
	} else if source, err = store.OpenLocal(os.Getenv(envSource)); err != nil {
		t.Fatal(err)
	}
	memory, err := strconv.ParseInt(os.Getenv(envMemory), 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	r, _ := newRunner(t, source, lakeStore, etl.Options{MemoryBytes: memory, Workers: budgetWorkers, Sweep: true})
	u := usage{IdleBytes: resident(t, "VmRSS")}
	begin := time.Now()
	sum, err := r.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	u.Wall, u.PeakBytes = time.Since(begin), resident(t, "VmHWM")
	u.Files, u.Listed, u.Gold = sum.Files, sum.Listed, sum.Gold
	if err := json.NewEncoder(os.Stdout).Encode(u); err != nil {
		t.Fatal(err)
	}
}

// resident is a line of the process's status, in bytes.
func resident(t testing.TB, name string) int64 {
	t.Helper()
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(status)) {
		if value, ok := strings.CutPrefix(line, name+":"); ok {
			kib, err := strconv.ParseInt(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(value), "kB")), 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			return kib << 10
		}
	}
	t.Fatalf("no %s in /proc/self/status", name)
	return 0
}

// measureRun runs in a process of its own within memory bytes, 0 for the limits of
// the command line, and checks nothing.
func measureRun(t testing.TB, source, lakeFolder string, memory int64) usage {
	t.Helper()
	if _, err := os.Stat("/proc/self/status"); err != nil {
		t.Skip("resident memory is read from /proc, which this system lacks")
	}
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestBudgetChild$")
	cmd.Env = append(os.Environ(), envSource+"="+source, envLake+"="+lakeFolder, fmt.Sprintf("%s=%d", envMemory, memory))
	cmd.Cancel = func() error { return cmd.Process.Kill() }
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("run in a process of its own: %v\n%s", err, out)
	}
	var u usage
	line, _, _ := bytes.Cut(out, []byte("\n"))
	if err := json.Unmarshal(line, &u); err != nil {
		t.Fatalf("%v in %s", err, out)
	}
	u.CPU = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	t.Logf("%d files, %d rows of gold: %d MiB resident at most, %d before; %s, %s of processor time",
		u.Files, u.Gold, u.PeakBytes>>20, u.IdleBytes>>20, u.Wall.Round(time.Millisecond), u.CPU.Round(time.Millisecond))
	return u
}

// withinBudget runs with the plugin's limits and holds the run to them.
func withinBudget(t *testing.T, source, lakeFolder string) usage {
	t.Helper()
	u := measureRun(t, source, lakeFolder, budgetBytes)
	if u.PeakBytes > u.IdleBytes+budgetBytes {
		t.Errorf("%d MiB resident, %d before the run: more than the %d MiB of the budget", u.PeakBytes>>20, u.IdleBytes>>20, budgetBytes>>20)
	}
	return u
}

// backlog delivers generated days, of some 870 bytes an event.
func backlog(t testing.TB, days, eventsPerDay int, sink func(key string, body []byte) error) {
	t.Helper()
	if _, err := generate.Write(t.Context(), generate.Config{
		Seed: 1, Start: time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC), Days: days, EventsPerDay: eventsPerDay,
	}, time.Time{}, sink); err != nil {
		t.Fatal(err)
	}
}

// TestBudget runs over 250 MB and more of each shape in a process of its own, and
// without -whole over a sixth of it: enough for each to come near the level it stays at.
func TestBudget(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: runs over 1 GB")
	}
	many, huge := t.TempDir(), t.TempDir()
	month(t, inPart(5, 30), many, huge)
	t.Run("a month of many files", func(t *testing.T) { withinBudget(t, many, t.TempDir()) })
	t.Run("one huge file", func(t *testing.T) { withinBudget(t, huge, t.TempDir()) })
	t.Run("long lines", func(t *testing.T) {
		source, noise := t.TempDir(), uint64(1)
		s, err := store.OpenLocal(source)
		if err != nil {
			t.Fatal(err)
		}
		for file := range inPart(7, 40) {
			var body bytes.Buffer
			for i := range 64 {
				var text []byte
				for len(text) < 100_000 { // it hardly compresses
					noise = noise*6364136223846793005 + 1442695040888963407
					text = fmt.Appendf(text, "%016x", noise)
				}
				body.WriteString(event(i, "notebook", "runCommand", fmt.Sprintf(`{"commandText":"%s"}`, text)) + "\n")
			}
			if _, err := s.Put(t.Context(), fmt.Sprintf("date=2024-03-%02d/%d.json", 1+file%9, file), body.Bytes()); err != nil {
				t.Fatal(err)
			}
		}
		withinBudget(t, source, t.TempDir())
	})
}

// month delivers days, 30 of them for a month, to two folders: as Databricks does, and all lines in one file.
func month(t *testing.T, days int, many, huge string) {
	t.Helper()
	name := filepath.Join(huge, "date=2024-01-30", "all.json")
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	all, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	folder := generate.Folder(many)
	backlog(t, days, 10_000, func(key string, body []byte) error {
		if strings.HasSuffix(key, ".json") && strings.Contains(key, "date=") {
			if _, err := all.Write(body); err != nil {
				return err
			}
		}
		return folder(key, body)
	})
	if err := all.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestBudgetOfManyFiles sweeps 700,000 known files, and plans 100,000 new ones; a tenth
// and a fifth of them without -whole.
func TestBudgetOfManyFiles(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: makes a lake of 700,000 files")
	}
	known, fresh := inPart(70, 700), inPart(20, 100) // days
	t.Run("known files and a new one", func(t *testing.T) {
		_, lakeStore := grown(t, known)
		folder := t.TempDir()
		copyTo(t, folder, lakeStore)
		u := withinBudget(t, fmt.Sprintf("archive:%d+1", known), folder)
		if u.Listed != int64(known*filesPerDay+1) || u.Files != 1 {
			t.Errorf("%d files listed, %d read", u.Listed, u.Files)
		}
	})
	t.Run("new files", func(t *testing.T) {
		if u := withinBudget(t, fmt.Sprint("archive:", fresh), t.TempDir()); u.Files != int64(fresh*filesPerDay) {
			t.Errorf("%d files read", u.Files)
		}
	})
}

func copyTo(t testing.TB, folder string, from store.Store) {
	t.Helper()
	to, err := store.OpenLocal(folder)
	if err != nil {
		t.Fatal(err)
	}
	for o, err := range from.List(context.Background(), "", "") {
		if err != nil {
			t.Fatal(err)
		}
		body, _, err := store.ReadAll(t.Context(), from, o.Key)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := to.Put(t.Context(), o.Key, body); err != nil {
			t.Fatal(err)
		}
	}
}

// BenchmarkBudget prints what a month of 261 MB takes at several bounds of memory;
// with -short, which only sees that it works, what a day takes.
func BenchmarkBudget(b *testing.B) {
	source, days := b.TempDir(), 30
	if testing.Short() {
		days = 1
	}
	backlog(b, days, 10_000, generate.Folder(source))
	for _, mib := range []int64{0, 256, 192, 128, 64} {
		b.Run(fmt.Sprintf("MiB=%d", mib), func(b *testing.B) {
			for b.Loop() {
				u := measureRun(b, source, b.TempDir(), mib<<20)
				b.ReportMetric(float64((u.PeakBytes-u.IdleBytes)>>20), "MiB")
				b.ReportMetric(u.CPU.Seconds(), "cpu-s")
			}
		})
	}
}
