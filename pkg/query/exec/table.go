package exec

import (
	"bytes"
	"hash/maphash"
	"math/rand/v2"

	"github.com/auditlake/auditlake/pkg/columnar"
)

// Two tables that give numbers for keys. Both are open-addressed, at most half full,
// which takes half the time of Go's maps (BenchmarkRun), and hash by a secret of their
// own, because keys come from the logs.

// intTable is numbers by 64 bits.
type intTable struct {
	keys    []uint64
	numbers []int32 // + 1; 0: free
	n       int
	factor  uint64 // odd
	shift   uint
}

func (t *intTable) size() int64 { return int64(12 * len(t.keys)) }

// slot is where a key is, or would go. There is a free one.
func (t *intTable) slot(key uint64) int {
	mask := len(t.keys) - 1
	i := int(key * t.factor >> t.shift)
	for t.numbers[i] != 0 && t.keys[i] != key {
		i = (i + 1) & mask
	}
	return i
}

// get is the number of a key; ok is false if it has none.
func (t *intTable) get(key uint64) (n int32, ok bool) {
	if t.n == 0 {
		return 0, false
	}
	n = t.numbers[t.slot(key)]
	return n - 1, n != 0
}

// put gives a number to a key that has none.
func (t *intTable) put(key uint64, number int32) {
	if 2*(t.n+1) > len(t.keys) {
		t.grow()
	}
	i := t.slot(key)
	t.keys[i], t.numbers[i] = key, number+1
	t.n++
}

func (t *intTable) grow() {
	old := *t
	if t.keys == nil {
		t.factor, t.shift = rand.Uint64()|1, 64-6+1 // #nosec G404 -- its seed is secret, and who guessed a factor could make one query slow
	}
	t.shift--
	t.keys, t.numbers = make([]uint64, 1<<(64-t.shift)), make([]int32, 1<<(64-t.shift))
	for i, n := range old.numbers {
		if n != 0 {
			at := t.slot(old.keys[i])
			t.keys[at], t.numbers[at] = old.keys[i], n
		}
	}
}

// textTable is numbers of strings, which others keep by number.
type textTable struct {
	slots  []int32  // number + 1; 0: free
	hashes []uint32 // by number: compared before the strings, and to grow
	n      int
	seed   maphash.Seed
}

func (t *textTable) size() int64 { return int64(4 * (len(t.slots) + len(t.hashes))) }

// find is the number of s among texts, or where it would go and its hash. There is
// room for it.
func (t *textTable) find(s []byte, texts *columnar.Bytes) (number int32, slot, hash uint32, ok bool) {
	if 2*(t.n+1) > len(t.slots) {
		t.grow()
	}
	hash = uint32(maphash.Bytes(t.seed, s))
	mask := uint32(len(t.slots) - 1)
	for slot = hash & mask; t.slots[slot] != 0; slot = (slot + 1) & mask {
		if number = t.slots[slot] - 1; t.hashes[number] == hash && bytes.Equal(texts.At(int(number)), s) {
			return number, slot, hash, true
		}
	}
	return 0, slot, hash, false
}

// put has find know a number, which is one that was not there before.
func (t *textTable) put(number int32, slot, hash uint32) {
	t.hashes = extend(t.hashes, int(number)+1)
	t.hashes[number] = hash
	t.slots[slot] = number + 1
	t.n++
}

func (t *textTable) grow() {
	old := t.slots
	if old == nil {
		t.seed = maphash.MakeSeed()
	}
	t.slots = make([]int32, max(64, 2*len(old)))
	mask := uint32(len(t.slots) - 1)
	for _, n := range old {
		if n == 0 {
			continue
		}
		i := t.hashes[n-1] & mask
		for t.slots[i] != 0 {
			i = (i + 1) & mask
		}
		t.slots[i] = n
	}
}
