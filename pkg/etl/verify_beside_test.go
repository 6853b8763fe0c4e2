package etl_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
)

func TestVerifyNeedsNoWatermark(t *testing.T) {
	w := landed(t)
	if err := w.lake.Delete(t.Context(), "_auditlake/gold/watermark.json"); err != nil {
		t.Fatal(err)
	}
	if found := problems(t, w.lake); len(found) > 0 {
		t.Errorf("a sound lake has problems: %q", found)
	}
	rewrite(t, w, "clusters", without(0))
	if found := problems(t, w.lake); len(found) == 0 || !strings.Contains(found[0], "clusters") {
		t.Errorf("a row of gold is gone: problems %q", found)
	}
}

// TestVerifyBesideRuns verifies again and again while others land and raise.
func TestVerifyBesideRuns(t *testing.T) {
	w := newWorld(t)
	w.deliver(file1, event(0, "clusters", "create", ""))
	w.run()
	done := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		defer close(done)
		for i := range 60 {
			w.deliver(fmt.Sprintf("workspaceId=1/date=2024-03-10/f%d.json", i%7),
				event(i, "clusters", "create", ""), event(i+1, "jobs", "runNow", ""), fmt.Sprintf("no event %d", i))
			w.run()
		}
	})
	rounds := 0
	for running := true; running; rounds++ {
		select {
		case <-done:
			running = false
		default:
		}
		if found := problems(t, w.lake); len(found) > 0 {
			t.Errorf("round %d: %q", rounds, found)
			running = false
		}
	}
	wg.Wait()
	t.Logf("%d rounds", rounds)
}
