package answers_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/auditlake/auditlake/pkg/plugin/answers"
)

func sizeOf(s string) int64 { return int64(len(s)) }

// give is a run that answers at once.
func give(answer string) func(context.Context) (string, error) {
	return func(context.Context) (string, error) { return answer, nil }
}

func get(t *testing.T, c *answers.Cache[string], key, want string, wantHow answers.How, run func(context.Context) (string, error)) {
	t.Helper()
	if got, how, err := c.Get(t.Context(), key, run); got != want || how != wantHow || err != nil {
		t.Errorf("%s is %q by %s with %v, not %q by %s", key, got, how, err, want, wantHow)
	}
}

func TestAnswersAreKeptUntilThereIsNoRoom(t *testing.T) {
	c := answers.New(40, sizeOf) // four of ten bytes, keys included
	for _, key := range []string{"a", "b", "c", "d"} {
		get(t, c, key, "123456789", answers.Run, give("123456789"))
	}
	get(t, c, "a", "123456789", answers.Kept, give("other"))
	get(t, c, "e", "123456789", answers.Run, give("123456789"))
	get(t, c, "b", "new", answers.Run, give("new")) // asked for longest ago
	get(t, c, "a", "123456789", answers.Kept, give("other"))
	if got, want := c.Stats(), (answers.Stats{Hits: 2, Misses: 6, Bytes: 34}); got != want {
		t.Errorf("%+v, not %+v", got, want)
	}
	c.Close()
	c.Close()
	get(t, c, "a", "again", answers.Run, give("again"))
	get(t, c, "a", "and again", answers.Run, give("and again"))
	if got := c.Stats().Bytes; got != 0 {
		t.Errorf("%d bytes after the end", got)
	}
}

func TestALargeAnswerDrivesNoneOut(t *testing.T) {
	c := answers.New(40, sizeOf)
	get(t, c, "a", "1", answers.Run, give("1"))
	get(t, c, "b", "1234567890", answers.Run, give("1234567890"))
	get(t, c, "b", "x", answers.Run, give("x"))
	get(t, c, "a", "1", answers.Kept, give("2"))
}

func TestWithoutABudgetNothingIsKept(t *testing.T) {
	c := answers.New(0, sizeOf)
	get(t, c, "", "", answers.Run, give(""))
	get(t, c, "a", "1", answers.Run, give("1"))
	get(t, c, "a", "2", answers.Run, give("2"))
}

func TestErrorsAreNotKept(t *testing.T) {
	c := answers.New(40, sizeOf)
	wrong := errors.New("wrong")
	if _, how, err := c.Get(t.Context(), "a", func(context.Context) (string, error) { return "", wrong }); !errors.Is(err, wrong) || how != answers.Run {
		t.Errorf("%s, %v", how, err)
	}
	get(t, c, "a", "right", answers.Run, give("right"))
}

// crowd has n callers ask for one key; answer ends the run.
type crowd struct {
	cache   *answers.Cache[string]
	runs    int
	ended   error // of the run's context
	answer  chan error
	callers sync.WaitGroup
	cancel  []context.CancelFunc
	got     []string // how and with what each ended
}

func crowdOf(t *testing.T, n int) *crowd {
	c := &crowd{cache: answers.New(1000, sizeOf), answer: make(chan error, 1), got: make([]string, n)}
	for i := range n {
		ctx, cancel := context.WithCancel(t.Context())
		c.cancel = append(c.cancel, cancel)
		c.callers.Go(func() {
			value, how, err := c.cache.Get(ctx, "key", c.run)
			c.got[i] = fmt.Sprintf("%s %q %v", how, value, err)
		})
		synctest.Wait()
	}
	return c
}

func (c *crowd) run(ctx context.Context) (string, error) {
	c.runs++
	select {
	case err := <-c.answer:
		return "answer", err
	case <-ctx.Done():
		c.ended = ctx.Err()
		return "", ctx.Err()
	}
}

func (c *crowd) want(t *testing.T, got ...string) {
	t.Helper()
	c.callers.Wait()
	if fmt.Sprint(c.got) != fmt.Sprint(got) {
		t.Errorf("they got %q, not %q", c.got, got)
	}
}

func TestEqualQuestionsAtOnceRunOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := crowdOf(t, 3)
		c.answer <- nil
		c.want(t, `miss "answer" <nil>`, `shared "answer" <nil>`, `shared "answer" <nil>`)
		if s := c.cache.Stats(); c.runs != 1 || s.Misses != 1 || s.Shared != 2 {
			t.Errorf("%d runs, %+v", c.runs, s)
		}
	})
}

func TestAnErrorIsShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := crowdOf(t, 2)
		c.answer <- errors.New("too much")
		c.want(t, `miss "answer" too much`, `shared "answer" too much`)
	})
}

func TestWhoStopsTakesNothingFromTheOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := crowdOf(t, 3)
		c.cancel[0]()
		c.cancel[2]()
		synctest.Wait()
		c.answer <- nil
		c.want(t, `miss "" context canceled`, `shared "answer" <nil>`, `shared "" context canceled`)
		if c.runs != 1 || c.ended != nil {
			t.Errorf("%d runs, ended with %v", c.runs, c.ended)
		}
	})
}

func TestTheLastToStopEndsTheRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := crowdOf(t, 2)
		for _, cancel := range c.cancel {
			cancel()
		}
		c.want(t, `miss "" context canceled`, `shared "" context canceled`)
		synctest.Wait()
		if !errors.Is(c.ended, context.Canceled) {
			t.Errorf("the run ended with %v", c.ended)
		}
		get(t, c.cache, "key", "anew", answers.Run, give("anew"))
	})
}
