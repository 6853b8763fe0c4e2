package sqlite_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

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
			series(10_000_000) + "select concat('a long text that repeats and repeats, ', i) x from n", memory, sqlite.Options{MaxMemory: 16 << 20, MaxRows: 1e6},
		},
		"a sort":   {series(2_000_000) + "select i, concat('text ', i, ' and more of it') x from n order by " + shuffled + " desc limit 5 offset 1999990", memory, sqlite.Options{MaxMemory: 32 << 20}},
		"groups":   {series(5_000_000) + "select count(*) c from (select i, count(*) c from n group by i) where c > 1", memory, sqlite.Options{MaxMemory: 16 << 20}},
		"distinct": {series(5_000_000) + "select count(distinct i) c from n", memory, sqlite.Options{MaxMemory: 16 << 20}},
		"union":    {series(5_000_000) + "select count(*) c from (select i from n union select -i from n)", memory, sqlite.Options{MaxMemory: 16 << 20}},
		"a list":   {series(5_000_000) + "select length(collect_list(i)) c from n", memory, sqlite.Options{MaxMemory: 16 << 20}},
		"a median": {series(5_000_000) + "select median(i) c from n", memory, sqlite.Options{MaxMemory: 16 << 20}},
		"a window": {series(5_000_000) + "select max(s) c from (select sum(i) over (order by " + shuffled + ") s from n)", memory, sqlite.Options{MaxMemory: 16 << 20}},
		"a text":   {"with recursive n(i, x) as (select 1, 'x' union all select i + 1, concat(x, x, x, x) from n where i < 40) select max(length(x)) c from n", "longer than 16 MiB", sqlite.Options{}},
		"words":    {"select " + strings.Repeat("1 + ", 30_000) + "1 c", "longer than 20000 words", sqlite.Options{}},
		"nesting":  {"select " + strings.Repeat("(", 500) + "1" + strings.Repeat(")", 500) + " c", "nested more than 200 deep", sqlite.Options{}},
		"columns":  {"select " + strings.Repeat("1, ", 130) + "1 from jobs", "131 columns", sqlite.Options{}},
		"sum":      {series(3) + "select sum(9223372036854775807 - i) c from n", "beyond the range of a long", sqlite.Options{}},
	} {
		t.Run(name, func(t *testing.T) {
			began := time.Now()
			_, err := ask(t.Context(), small(t), c.text, c.o)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%.200v, want %s", err, c.want)
			}
			if _, is := errors.AsType[*exec.LimitError](err); is != (c.want == memory || name == "rows") {
				t.Errorf("%T", err)
			}
			t.Log(time.Since(began))
		})
	}
}

// A sort of two million rows is done within the memory that it has, on files in it.
func TestLargeSort(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	began := time.Now()
	r, err := ask(t.Context(), small(t), series(2_000_000)+"select i from n order by "+shuffled+" limit 3", sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Log(time.Since(began), r.Batch.Columns[0].Ints)
}

// Whatever a statement is at, it ends within a tenth of a second.
func TestCancel(t *testing.T) {
	for name, text := range map[string]string{
		"recursion":  series(1<<40) + "select count(*) c from n",
		"first row":  "select 0 c from jobs union all select * from (" + series(1<<40) + "select count(*) c from n)",
		"cross join": series(1<<15) + "select count(*) c from n a, n b, n c where a.i + b.i + c.i = -1",
		"sort":       series(3_000_000) + "select i from n order by " + shuffled + " desc limit 1",
		"groups":     series(1<<40) + "select i % 1000 g, count(*) c from n group by 1",
		"regexp":     "select regexp_like(rpad('a', 4000000, 'a'), '(a+)+b') c",
		"table join": "select count(*) c from jobs a, jobs b, jobs c, jobs d, jobs e, jobs f, jobs g, jobs h, jobs i, jobs j, jobs k, jobs l, jobs m, jobs n, jobs o, jobs p, jobs q, jobs r",
	} {
		t.Run(name, func(t *testing.T) {
			worst := time.Duration(0)
			for _, after := range []time.Duration{30 * time.Millisecond, 300 * time.Millisecond, time.Second} {
				ctx, cancel := context.WithCancel(t.Context())
				at := make(chan time.Time, 1)
				timer := time.AfterFunc(after, func() { at <- time.Now(); cancel() })
				_, err := ask(ctx, small(t), text, sqlite.Options{MaxMemory: 1 << 30})
				if timer.Stop() {
					t.Fatalf("%v before it was cancelled", err)
				}
				if !errors.Is(err, context.Canceled) {
					t.Errorf("%v", err)
				}
				worst = max(worst, time.Since(<-at))
			}
			t.Log("ended after", worst)
			if worst > 100*time.Millisecond*time.Duration(slowness()) {
				t.Errorf("ended after %v", worst)
			}
		})
	}
}

// slowness is what a machine that is shared takes longer.
func slowness() int { return 1 + 4/runtime.NumCPU() }
