package etl

import (
	"math"
	"math/bits"
	"time"

	"github.com/auditlake/auditlake/pkg/etl/event"
)

// Quality is what a run noticed of the deliveries, beside how much came in. All of
// it is of rows that the run committed, and of the files it read.
type Quality struct {
	// Refused counts the rows of quarantine by what is wrong with them.
	Refused Refused
	// Repeated counts events whose eventKey another event of the run had before, at
	// most some 130,000 different events earlier. They stay: each is a row.
	Repeated int64
	// NewTables are gold tables that got their first row, in order of appearance.
	NewTables []string
	// NewKeys counts the fields that requestParams got in all gold tables.
	NewKeys int64
	// Overwrites counts the files read that had been read before, in another version,
	// and OverwriteLines the lines that they brought.
	Overwrites, OverwriteLines int64
	// Lost counts lines of the files read that are not in bronze, and lines that went
	// from bronze to neither silver nor quarantine. It is 0, or something is broken.
	Lost int64
	// Lag is how long after an event the version of the file was delivered that
	// brought it, by the clocks of the store and of the event.
	Lag Lag
}

// Refused is a count of lines that are no event, by class.
type Refused struct {
	Text    int64 // not valid UTF-8
	JSON    int64 // not JSON, nested too deep, or no object
	Time    int64 // no time, or none that can be believed
	Damaged int64 // marks of broken gzip streams
}

// count adds a line of a class.
func (r *Refused) count(c event.Class) {
	switch c {
	case event.BrokenText:
		r.Text++
	case event.BadTime:
		r.Time++
	default:
		r.JSON++
	}
}

func (q *Quality) add(o Quality) {
	q.Refused.Text += o.Refused.Text
	q.Refused.JSON += o.Refused.JSON
	q.Refused.Time += o.Refused.Time
	q.Refused.Damaged += o.Refused.Damaged
	q.Repeated += o.Repeated
	q.NewTables = append(q.NewTables, o.NewTables...)
	q.NewKeys += o.NewKeys
	q.Overwrites += o.Overwrites
	q.OverwriteLines += o.OverwriteLines
	q.Lost += o.Lost
	q.Lag.add(o.Lag)
}

const (
	// lagSteps is how many steps a lag is counted in from one power of two
	// milliseconds to the next: a percentile is at most 1/16 too high.
	lagSteps   = 16
	lagBuckets = 62 * lagSteps
)

// Lag is a distribution of times in bounded memory. The zero value is empty.
type Lag struct {
	Events int64         // that were measured
	Max    time.Duration // exact; below 0 only if every event is later than its delivery
	counts *[lagBuckets]int64
}

// measure counts an event. One that is later than its delivery, which clocks that
// differ bring about, counts as 0 in the percentiles.
func (l *Lag) measure(millis int64) {
	if l.counts == nil {
		l.counts = &[lagBuckets]int64{}
	}
	if d := time.Duration(millis) * time.Millisecond; l.Events == 0 || d > l.Max {
		l.Max = d
	}
	l.Events++
	l.counts[lagBucket(millis)]++
}

// lagBucket is the millisecond itself up to lagSteps, and then by steps.
func lagBucket(millis int64) int {
	if millis < lagSteps {
		return int(max(millis, 0))
	}
	shift := bits.Len64(uint64(millis)) - bits.Len64(lagSteps)
	return min((shift+1)*lagSteps+int(millis>>shift)-lagSteps, lagBuckets-1)
}

// lagBound is the greatest lag of a bucket, in milliseconds.
func lagBound(bucket int) int64 {
	if bucket < lagSteps {
		return int64(bucket)
	}
	shift := bucket/lagSteps - 1
	return int64(bucket%lagSteps+lagSteps+1)<<shift - 1
}

func (l *Lag) add(o Lag) {
	if o.Events == 0 {
		return
	}
	if l.Events == 0 || o.Max > l.Max {
		l.Max = o.Max
	}
	l.Events += o.Events
	if l.counts == nil {
		l.counts = &[lagBuckets]int64{}
	}
	for i, n := range o.counts {
		l.counts[i] += n
	}
}

// Percentile is the time within which a share p of the events were delivered, from
// 0 to 1: up to 1/16 too high, never over Max. It is 0 if there are none.
func (l Lag) Percentile(p float64) time.Duration {
	if l.Events == 0 {
		return 0
	}
	rank := max(int64(math.Ceil(p*float64(l.Events))), 1)
	for i, n := range l.counts {
		if rank -= n; rank <= 0 {
			return max(min(time.Duration(lagBound(i))*time.Millisecond, l.Max), 0)
		}
	}
	return max(l.Max, 0)
}

// recentKeys remembers the events of a run by their key, in bounded memory: at
// least the last generationKeys different ones. Each is kept with the row it was
// seen in, so that a row which is cleansed again, after another run was faster, is
// no repeat of itself.
type recentKeys struct{ young, old keySet }

// generationKeys is how many keys make a generation. Two of them take 8 MiB.
const generationKeys = 1 << 17

// repeats reports whether another row had the key before, and remembers it.
func (r *recentKeys) repeats(key, row uint64) bool {
	if first, known := r.young.find(key); known {
		return first != row
	}
	first, known := r.old.find(key)
	if !known {
		first = row
	}
	if r.young.n == generationKeys {
		r.old, r.young = r.young, keySet{}
	}
	r.young.put(key, first)
	return first != row
}

// keySet is an open hash table that is at most half full.
type keySet struct {
	slots []struct{ key, row uint64 } // a key of 0 is a free slot
	n     int
}

// at is the slot of a key, or the free one where it belongs. Keys are hashes, so
// some of their bits will do; the lowest one is always set.
func (s *keySet) at(key uint64) int {
	mask := len(s.slots) - 1
	i := int(key>>1) & mask
	for s.slots[i].key != 0 && s.slots[i].key != key {
		i = (i + 1) & mask
	}
	return i
}

func (s *keySet) find(key uint64) (row uint64, known bool) {
	if s.n == 0 {
		return 0, false
	}
	slot := s.slots[s.at(key|1)]
	return slot.row, slot.key != 0
}

func (s *keySet) put(key, row uint64) {
	const least = 1024
	if 2*(s.n+1) > len(s.slots) {
		old := s.slots
		s.slots = make([]struct{ key, row uint64 }, max(2*len(old), least))
		for _, o := range old {
			if o.key != 0 {
				s.slots[s.at(o.key)] = o
			}
		}
	}
	i := s.at(key | 1)
	s.slots[i].key, s.slots[i].row = key|1, row
	s.n++
}
