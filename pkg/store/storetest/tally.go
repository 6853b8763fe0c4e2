package storetest

import (
	"sync/atomic"
	"testing"
)

// Tally counts the cases of a proof, each of which is a subtest. When the test
// and all its subtests are over it logs one line, which go tool mage faults adds
// up:
//
//	proof: NAME: 12 cases, 0 wrong
type Tally struct{ cases, wrong atomic.Int64 }

// NewTally begins to count for t.
func NewTally(t *testing.T, name string) *Tally {
	n := &Tally{}
	t.Cleanup(func() { t.Logf("proof: %s: %d cases, %d wrong", name, n.Cases(), n.wrong.Load()) })
	return n
}

// Run is t.Run of one case, which is wrong if it fails. Cases may be parallel.
func (n *Tally) Run(t *testing.T, name string, f func(t *testing.T)) {
	t.Run(name, func(t *testing.T) {
		n.cases.Add(1)
		t.Cleanup(func() {
			if t.Failed() {
				n.wrong.Add(1)
			}
		})
		f(t)
	})
}

// Cases is how many there were so far.
func (n *Tally) Cases() int64 { return n.cases.Load() }
