package sqlite_test

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/auditlake/auditlake/pkg/query/exec"
	"github.com/auditlake/auditlake/pkg/query/sqlite"
)

// series is n numbers, in no order.
func series(n int) string {
	return fmt.Sprintf("with recursive n(i) as (select 1 union all select i + 1 from n where i < %d) ", n)
}

const shuffled = "(i * 7919) % 1000003"

// What a statement may not take is refused at its limit, which the error names.
func TestLimits(t *testing.T) {
	memory := "raise maxQueryMemoryMiB"
	for name, c := range map[string]struct {
		text, want string
		o          sqlite.Options
	}{
		"rows": {series(11) + "select i from n", "more than 10 rows", sqlite.Options{MaxRows: 10}},
		"the answer": {
			series(10_000_000) + "select concat('a long text that repeats and repeats, ', i) x from n", memory, sqlite.Options{MaxMemory: 1 << 20, MaxRows: 1e6},
		},
		"a sort":   {series(2_000_000) + "select i, concat('text ', i, ' and more of it') x from n order by " + shuffled + " desc limit 5 offset 1999990", memory, sqlite.Options{MaxMemory: 8 << 20}},
		"groups":   {series(5_000_000) + "select count(*) c from (select i, count(*) c from n group by i) where c > 1", memory, sqlite.Options{MaxMemory: 1 << 20}},
		"distinct": {series(5_000_000) + "select count(distinct i) c from n", memory, sqlite.Options{MaxMemory: 1 << 20}},
		"union":    {series(5_000_000) + "select count(*) c from (select i from n union select -i from n)", memory, sqlite.Options{MaxMemory: 1 << 20}},
		"a list":   {series(5_000_000) + "select length(collect_list(i)) c from n", memory, sqlite.Options{MaxMemory: 1 << 20}},
		"a median": {series(5_000_000) + "select median(i) c from n", memory, sqlite.Options{MaxMemory: 1 << 20}},
		"a window": {series(5_000_000) + "select max(s) c from (select sum(i) over (order by " + shuffled + ") s from n)", memory, sqlite.Options{MaxMemory: 1 << 20}},
		"a text":   {"with recursive n(i, x) as (select 1, 'x' union all select i + 1, concat(x, x, x, x) from n where i < 40) select max(length(x)) c from n", "longer than 16 MiB", sqlite.Options{}},
		"words":    {"select " + strings.Repeat("1 + ", 30_000) + "1 c", "longer than 20000 words", sqlite.Options{}},
		"nesting":  {"select " + strings.Repeat("(", 500) + "1" + strings.Repeat(")", 500) + " c", "nested more than 200 deep", sqlite.Options{}},
		"columns":  {"select " + strings.Repeat("1, ", 130) + "1 from jobs", "131 columns", sqlite.Options{}},
		"sum":      {series(3) + "select sum(9223372036854775807 - i) c from n", "beyond the range of a long", sqlite.Options{}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := ask(t.Context(), small(t), c.text, c.o)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%.200v, want %s", err, c.want)
			}
			if _, is := errors.AsType[*exec.LimitError](err); is != (c.want == memory || c.o.MaxRows > 0) {
				t.Errorf("%T", err)
			}
		})
	}
}

// A sort is done within the memory that it has, in pieces that SQLite puts aside there.
func TestLargeSort(t *testing.T) {
	r, err := ask(t.Context(), small(t), series(200_000)+"select i from n order by "+shuffled+" limit 3", sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var want []int64
	for i := range int64(200_000) {
		want = append(want, i+1)
	}
	slices.SortFunc(want, func(a, b int64) int { return cmp.Compare(a*7919%1_000_003, b*7919%1_000_003) })
	if diff := gocmp.Diff(want[:3], r.Batch.Columns[0].Ints); diff != "" {
		t.Error(diff)
	}
}

// late has TestCancel wait for what statements are at only after a second.
var late = flag.Bool("late", false, "cancel statements after a second, too")

// Whatever a statement is at, it ends within a tenth of a second.
func TestCancel(t *testing.T) {
	moments := []time.Duration{30 * time.Millisecond, 300 * time.Millisecond}
	if *late {
		moments = append(moments, time.Second)
	}
	for name, text := range map[string]string{
		"recursion":  series(1<<40) + "select count(*) c from n",
		"first row":  "select 0 c from jobs union all select * from (" + series(1<<40) + "select count(*) c from n)",
		"cross join": series(1<<15) + "select count(*) c from n a, n b, n c where a.i + b.i + c.i = -1",
		"sort":       series(3_000_000) + "select i from n order by " + shuffled + " desc limit 1",
		"groups":     series(1<<40) + "select i % 1000 g, count(*) c from n group by 1",
		"regexp":     "with recursive n(i, x) as (select 1, 'aaaa' union all select i + 1, concat(x, x) from n where i < 22) select max(x rlike '(a|aa|aaa|aaaa){1,200}b') c from n",
		"table join": "select count(*) c from jobs a, jobs b, jobs c, jobs d, jobs e, jobs f, jobs g, jobs h, jobs i, jobs j, jobs k, jobs l, jobs m, jobs n, jobs o, jobs p, jobs q, jobs r",
	} {
		t.Run(name, func(t *testing.T) {
			for _, after := range moments {
				best := time.Hour // of some: what else the machine does is not meant
				for try := 0; try < 5 && best > 100*time.Millisecond; try++ {
					best = min(best, cancelled(t, text, after))
				}
				t.Log("ended after", best)
				if best > 100*time.Millisecond {
					t.Errorf("ended %v after it was cancelled", best)
				}
			}
		})
	}
}

// cancelled is how long a statement goes on when it is cancelled after a time.
func cancelled(t *testing.T, text string, after time.Duration) time.Duration {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	at := make(chan time.Time, 1)
	timer := time.AfterFunc(after, func() { at <- time.Now(); cancel() })
	_, err := ask(ctx, small(t), text, sqlite.Options{MaxMemory: 1 << 30})
	if timer.Stop() {
		t.Fatalf("%v before it was cancelled", err)
	}
	if !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	return time.Since(<-at)
}
