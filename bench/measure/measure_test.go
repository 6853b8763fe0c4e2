package measure_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/auditlake/auditlake/bench/measure"
)

func TestSummarize(t *testing.T) {
	tests := map[string]struct {
		values []float64
		want   measure.Summary
	}{
		"odd":       {[]float64{9, 1, 5}, measure.Summary{Median: 5, Min: 1, Max: 9, Rounds: 3}},
		"even":      {[]float64{4, 1, 3, 2}, measure.Summary{Median: 2.5, Min: 1, Max: 4, Rounds: 4}},
		"one":       {[]float64{7}, measure.Summary{Median: 7, Min: 7, Max: 7, Rounds: 1}},
		"no rounds": {nil, measure.Summary{}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			before := append([]float64(nil), test.values...)
			if diff := cmp.Diff(test.want, measure.Summarize(test.values)); diff != "" {
				t.Errorf("summary (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(before, test.values); diff != "" {
				t.Errorf("the values were changed:\n%s", diff)
			}
		})
	}
}

func TestSidesTakeTurns(t *testing.T) {
	var order []string
	side := func(name string) measure.Side[int] {
		return measure.Side[int]{Name: name, Run: func(_ context.Context, round int) (int, error) {
			order = append(order, name)
			return round, nil
		}}
	}
	got, err := measure.InTurn(t.Context(), 4, []measure.Side[int]{side("A"), side("B"), side("C")})
	if err != nil {
		t.Fatal(err)
	}
	if want := "ABC BCA CAB ABC"; strings.Join(order, "") != strings.ReplaceAll(want, " ", "") {
		t.Errorf("order %v, want %s", order, want)
	}
	all := []int{0, 1, 2, 3}
	if diff := cmp.Diff(map[string][]int{"A": all, "B": all, "C": all}, got); diff != "" {
		t.Errorf("figures (-want +got):\n%s", diff)
	}
}

func TestAFailingSideEndsTheComparison(t *testing.T) {
	broken := errors.New("broken")
	_, err := measure.InTurn(t.Context(), 2, []measure.Side[int]{{Name: "A", Run: func(context.Context, int) (int, error) { return 0, broken }}})
	if !errors.Is(err, broken) || !strings.Contains(err.Error(), "A, round 1") {
		t.Errorf("error is %v", err)
	}
}

// burn makes the test binary a process that uses processor time and memory.
const burn = "AUDITLAKE_BENCH_BURN"

func TestMain(m *testing.M) {
	if os.Getenv(burn) != "" {
		memory := make([]byte, 96<<20)
		for began := time.Now(); time.Since(began) < 200*time.Millisecond; {
			for i := range memory {
				memory[i]++
			}
		}
		runtime.KeepAlive(memory)
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func TestProcess(t *testing.T) {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), burn+"=1")
	got, err := measure.Process(cmd)
	if err != nil {
		t.Fatal(err)
	}
	if got.Wall < 200*time.Millisecond || got.CPU < 20*time.Millisecond {
		t.Errorf("it took %s and %s of a processor, want at least 200ms and 20ms", got.Wall, got.CPU)
	}
	if runtime.GOOS != "windows" && (got.PeakBytes < 96<<20 || got.PeakBytes > 192<<20) {
		t.Errorf("its peak was %d MiB, want 96 and what Go needs", got.PeakBytes>>20)
	}
}

func TestAProgramThatIsNotThere(t *testing.T) {
	if _, err := measure.Process(exec.Command("no-such-program")); !errors.Is(err, exec.ErrNotFound) {
		t.Errorf("error is %v", err)
	}
}

func TestFiguresOfASmallScaleAreNotKept(t *testing.T) {
	o := measure.Options{Root: t.TempDir(), Scratch: t.TempDir(), Scale: measure.Small, Log: t.Output()}
	if err := measure.Save(o, "etl", 1); err != nil {
		t.Fatal(err)
	}
	var got int
	if err := measure.Load(o.Root, "etl", &got); !errors.Is(err, measure.ErrNoResult) {
		t.Errorf("small: error is %v", err)
	}
	o.Scale = measure.Full
	if err := measure.Save(o, "etl", 2); err != nil {
		t.Fatal(err)
	}
	if err := measure.Load(o.Root, "etl", &got); err != nil || got != 2 {
		t.Errorf("full: got %d, error %v", got, err)
	}
}

func TestDescribe(t *testing.T) {
	m := measure.Describe(t.Context(), map[string]string{"DuckDB": "1.2.3"})
	if m.Cores < 1 || m.OS == "" || m.Versions["DuckDB"] != "1.2.3" || m.Versions["Go"] == "" {
		t.Errorf("machine is %+v", m)
	}
	if s := m.String(); !strings.Contains(s, "DuckDB 1.2.3, Go ") {
		t.Errorf("sentence is %q", s)
	}
}
