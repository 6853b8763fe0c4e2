package etl_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/auditlake/auditlake/pkg/etl"
	"github.com/auditlake/auditlake/pkg/lake"
	"github.com/auditlake/auditlake/pkg/store"
)

func lakeAt(s store.Store) *lake.Lake {
	return lake.New(s, lake.Options{Engine: "auditlake/test", Now: now})
}

// qualityRun is what the newest row of runs says of quality, but for what is 0.
func qualityRun(t *testing.T, s store.Store) map[string]any {
	t.Helper()
	status, err := etl.ReadStatus(t.Context(), lakeAt(s))
	if err != nil || len(status.Runs) == 0 {
		t.Fatalf("%d runs, %v", len(status.Runs), err)
	}
	out := map[string]any{}
	for _, name := range []string{
		"quarantineRows", "refusedText", "refusedJson", "refusedTime", "refusedDamaged", "repeatedEvents", "duplicateKeys", "truncatedParams",
		"newTables", "newKeys", "overwrittenFiles", "overwriteLines", "supersededLines", "lostLines", "deliveryLagP50Ms", "deliveryLagP95Ms", "deliveryLagMaxMs",
	} {
		v, ok := status.Runs[0][name]
		if !ok {
			t.Errorf("runs has no column %s", name)
		}
		out[name] = v
	}
	maps.DeleteFunc(out, func(_ string, v any) bool { return v == int64(0) })
	return out
}

// TestWhatARunNotices counts it in the summary, in runs and in the status.
func TestWhatARunNotices(t *testing.T) {
	a := event(60, "clusters", "create", `{"cluster_name":"a","x":"cut... truncated"}`)
	b := event(120, "jobs", "runNow", `{"jobId":"1","jobId":"1"}`)
	for name, tc := range map[string]struct {
		steps []func(*world)
		want  map[string]any // of the last run
	}{
		"the first delivery": {
			[]func(*world){func(w *world) { w.deliver(file1, a, b) }},
			map[string]any{
				"truncatedParams": int64(1), "duplicateKeys": int64(1), "newTables": int64(2), "newKeys": int64(3),
				"deliveryLagP50Ms": int64(61439), "deliveryLagP95Ms": int64(120000), "deliveryLagMaxMs": int64(120000),
			},
		},
		"an overwrite": {
			[]func(*world){
				func(w *world) { w.deliver(file1, a) },
				func(w *world) {
					w.deliver(file1, event(30, "clusters", "edit", `{"y":"1"}`), a, event(60, "clusters", "edit", ""))
				},
			},
			map[string]any{
				"overwrittenFiles": int64(1), "overwriteLines": int64(2), "newKeys": int64(1),
				"deliveryLagP50Ms": int64(30719), "deliveryLagP95Ms": int64(60000), "deliveryLagMaxMs": int64(60000),
			},
		},
		"lines that are none": {
			[]func(*world){func(w *world) {
				w.deliver(file1, "{", "[]", strings.Repeat("[", 400)+strings.Repeat("]", 400), "\xff", "{}", `{"timestamp":1}`, `{"timestamp":"x"}`)
			}},
			map[string]any{"quarantineRows": int64(7), "refusedText": int64(1), "refusedJson": int64(3), "refusedTime": int64(3), "deliveryLagP50Ms": nil, "deliveryLagP95Ms": nil, "deliveryLagMaxMs": nil},
		},
		"a gzip stream that breaks off": {
			[]func(*world){func(w *world) { w.putRaw(file1+".gz", "\x1f\x8b\x08") }},
			map[string]any{"quarantineRows": int64(1), "refusedDamaged": int64(1), "deliveryLagP50Ms": nil, "deliveryLagP95Ms": nil, "deliveryLagMaxMs": nil},
		},
		"repeated events": {
			[]func(*world){func(w *world) {
				w.deliver(file1, a, a, b)
				w.deliver(file2, a, `{"timestamp":1,"serviceName":"x"}`)
			}},
			map[string]any{
				"quarantineRows": int64(1), "refusedTime": int64(1), "repeatedEvents": int64(2), "truncatedParams": int64(3), "duplicateKeys": int64(1),
				"newTables": int64(2), "newKeys": int64(3), "deliveryLagP50Ms": int64(61439), "deliveryLagP95Ms": int64(120000), "deliveryLagMaxMs": int64(120000),
			},
		},
		"a line gone": {
			[]func(*world){func(w *world) { w.deliver(file1, a, b) }, func(w *world) { w.deliver(file1, a) }},
			map[string]any{"overwrittenFiles": int64(1), "supersededLines": int64(1), "deliveryLagP50Ms": nil, "deliveryLagP95Ms": nil, "deliveryLagMaxMs": nil},
		},
		"an event after its delivery": {
			[]func(*world){func(w *world) { w.deliver(file1, event(-60, "jobs", "runNow", "")) }},
			map[string]any{"newTables": int64(1), "deliveryLagMaxMs": int64(-60000)},
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			for i, step := range tc.steps {
				step(w)
				// A run of its own time, so that the newest one is the first of the status.
				at := now().Add(time.Duration(i) * time.Second)
				if _, err := runOf(t, w.lake, at, clocked{w.source, now()}); err != nil {
					t.Fatal(err)
				}
			}
			if diff := cmp.Diff(tc.want, qualityRun(t, w.lake)); diff != "" {
				t.Errorf("quality (-want +got):\n%s", diff)
			}
			sound(t, w.source, w.lake)
		})
	}
}

// TestQualityOfManyFilesIsThatOfOne: small batches and pages count what one batch does.
func TestQualityOfManyFilesIsThatOfOne(t *testing.T) {
	var lines []string
	for i := range 500 {
		lines = append(lines, event(i%350, fmt.Sprint("s", i%7), "a", fmt.Sprintf(`{"k%d":"v"}`, i%5)))
	}
	quality := func(o etl.Options, files int) string {
		w := newWorld(t)
		for i := range files {
			w.deliver(fmt.Sprintf("workspaceId=1/date=2024-03-10/%d.json", i), lines[i*500/files:(i+1)*500/files]...)
		}
		r, _ := newRunner(t, clocked{w.source, now()}, w.lake, o)
		sum, err := r.Run(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		q := sum.Quality
		slices.Sort(q.NewTables)
		return fmt.Sprintf("refused %v, repeated %d, new %v and %d keys, lost %d, lag %s %s %s of %d",
			q.Refused, q.Repeated, q.NewTables, q.NewKeys, q.Lost, q.Lag.Percentile(0.5), q.Lag.Percentile(0.95), q.Lag.Max, q.Lag.Events)
	}
	want := quality(etl.Options{}, 1)
	if !strings.Contains(want, "repeated 150, new [s0 s1 s2 s3 s4 s5 s6] and 35 keys") {
		t.Errorf("of one file: %s", want)
	}
	if got := quality(etl.Options{BatchBytes: 4096}, 50); got != want {
		t.Errorf("of one file: %s\nof many: %s", want, got)
	}
}

// TestRepeatsAreCountedWhileTheyAreRemembered holds the bounded memory of keys
// against one that forgets nothing.
func TestRepeatsAreCountedWhileTheyAreRemembered(t *testing.T) {
	const seed = 1
	r := rand.New(rand.NewPCG(seed, seed))
	t.Logf("seed %d", seed)
	var keys []uint64
	want, known := int64(0), map[uint64]bool{}
	for range 300_000 {
		key := r.Uint64()
		if len(keys) > 0 && r.IntN(3) == 0 {
			key = keys[len(keys)-1-r.IntN(min(len(keys), 100_000))]
		}
		if known[key|1] {
			want++
		}
		known[key|1] = true
		keys = append(keys, key)
	}
	if got := etl.Repeats(keys); got != want {
		t.Errorf("%d repeats, want %d", got, want)
	}
	if got := etl.RepeatsOfOneRow(keys[:1000]); got != 0 {
		t.Errorf("rows that are cleansed again are %d repeats of themselves", got)
	}
}

func TestPercentilesOfLag(t *testing.T) {
	const seed = 2
	r := rand.New(rand.NewPCG(seed, seed))
	for _, greatest := range []int64{1, 20, 5000, 3_600_000, 400 * 24 * 3_600_000} {
		var millis []int64
		for range 1 + r.IntN(2000) {
			millis = append(millis, r.Int64N(greatest))
		}
		half := len(millis) / 2
		lag := etl.LagOf(millis[:half], millis[half:])
		slices.Sort(millis)
		for _, p := range []float64{0, 0.01, 0.5, 0.95, 1} {
			exact := millis[max(int(float64(len(millis))*p+0.999999)-1, 0)]
			got := lag.Percentile(p).Milliseconds()
			if got < exact || got > exact+exact/16 || got > lag.Max.Milliseconds() {
				t.Errorf("percentile %g of %d lags up to %d is %d, exactly %d", p, len(millis), greatest, got, exact)
			}
		}
		if lag.Max.Milliseconds() != millis[len(millis)-1] || lag.Events != int64(len(millis)) {
			t.Errorf("max %s of %d", lag.Max, lag.Events)
		}
	}
	if got := (etl.Lag{}).Percentile(0.5); got != 0 {
		t.Errorf("of nothing it is %s", got)
	}
}
