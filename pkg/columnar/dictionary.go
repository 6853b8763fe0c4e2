package columnar

import (
	"bytes"
	"hash/maphash"
)

// dictionary gives the strings of a row group codes, in order of appearance. It
// is an open-addressed table over strings that lie end to end: half the time of
// map[string]int32, and nothing is allocated for each string.
type dictionary struct {
	values Bytes
	hashes []uint32 // of each value: compared before its bytes, and to grow
	slots  []int32  // code+1, 0: free; a power of two
	seed   maphash.Seed

	// The codes of the input's dictionary, -1 where not looked up yet. Good for
	// one Write: a caller may fill the same dictionary anew.
	inputCodes []int32
	input      *Bytes
	inputWrite int64

	last     []byte // aliases values
	lastCode int32
}

func newDictionary() *dictionary { return &dictionary{seed: maphash.MakeSeed(), lastCode: -1} }

func (d *dictionary) reset() {
	const few = 8 // in so many slots a value is found faster than all slots are cleared
	if few*len(d.hashes) < len(d.slots) {
		mask := uint32(len(d.slots) - 1)
		for c, h := range d.hashes {
			i := h & mask
			for d.slots[i] != int32(c)+1 {
				i = (i + 1) & mask
			}
			d.slots[i] = 0
		}
	} else {
		clear(d.slots)
	}
	d.values.Data, d.values.Ends, d.hashes = d.values.Data[:0], d.values.Ends[:0], d.hashes[:0]
	d.input, d.last, d.lastCode = nil, nil, -1
}

// again is an empty dictionary in the memory of d. Who knows d's values by their
// address does not take them for those of the new one.
func (d *dictionary) again() *dictionary {
	next := *d
	next.reset()
	return &next
}

// size is the bytes of the dictionary page.
func (d *dictionary) size() int { return len(d.values.Data) + 4*d.values.Len() }

// code is the code of s, a new one if need be.
func (d *dictionary) code(s []byte) int32 {
	if d.lastCode >= 0 && bytes.Equal(s, d.last) {
		return d.lastCode
	}
	if 2*(d.values.Len()+1) > len(d.slots) {
		d.grow()
	}
	h := uint32(maphash.Bytes(d.seed, s))
	mask := uint32(len(d.slots) - 1)
	i := h & mask
	for ; d.slots[i] != 0; i = (i + 1) & mask {
		if c := d.slots[i] - 1; d.hashes[c] == h && bytes.Equal(d.values.At(int(c)), s) {
			d.last, d.lastCode = d.values.At(int(c)), c
			return c
		}
	}
	c := int32(d.values.Len())
	d.values.Append(s)
	d.hashes = append(d.hashes, h)
	d.slots[i] = c + 1
	d.last, d.lastCode = d.values.At(int(c)), c
	return c
}

// codeString is code for a string.
func (d *dictionary) codeString(s string) int32 {
	if d.lastCode >= 0 && string(d.last) == s {
		return d.lastCode
	}
	return d.code([]byte(s))
}

func (d *dictionary) grow() {
	d.slots = make([]int32, max(64, 2*len(d.slots)))
	mask := uint32(len(d.slots) - 1)
	for c, h := range d.hashes {
		i := h & mask
		for d.slots[i] != 0 {
			i = (i + 1) & mask
		}
		d.slots[i] = int32(c) + 1
	}
}

// translate makes inputCodes ready for a dictionary seen in the given Write.
func (d *dictionary) translate(input *Bytes, write int64) {
	if d.input == input && d.inputWrite == write {
		return
	}
	d.input, d.inputWrite = input, write
	d.inputCodes = d.inputCodes[:0]
	for range input.Len() {
		d.inputCodes = append(d.inputCodes, -1)
	}
}

// longest is the size of the longest string.
func longest(b *Bytes) int {
	most, from := uint32(0), uint32(0)
	for _, end := range b.Ends {
		most, from = max(most, end-from), end
	}
	return int(most)
}
