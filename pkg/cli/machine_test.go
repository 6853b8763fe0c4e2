package cli

import (
	"runtime"
	"testing"
)

func TestFillProcessors(t *testing.T) {
	before := runtime.GOMAXPROCS(0)
	defer runtime.GOMAXPROCS(before)
	t.Setenv("GOMAXPROCS", "2")
	fillProcessors()
	if got := runtime.GOMAXPROCS(0); got != before {
		t.Errorf("%d places of %d, where somebody has said how many", got, before)
	}
	t.Setenv("GOMAXPROCS", "")
	fillProcessors()
	if got := runtime.GOMAXPROCS(0); got != before+1 {
		t.Errorf("%d places, one more than %d wanted", got, before)
	}
}
