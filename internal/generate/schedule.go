package generate

import (
	"container/heap"
	"iter"
)

// scheduled is one version of a file, due at a moment.
type scheduled struct {
	file    *file
	version int
	at      int64 // epoch ms
	next    int64 // when the next version is due; 0 if this is the newest
	order   int   // of equal moments
}

// schedule yields all versions of all files in order of time. It plans a day
// when the day before is through, so it holds little more than that.
func schedule(w *world) iter.Seq[scheduled] {
	return func(yield func(scheduled) bool) {
		plan := newPlanner(w)
		cut := filer{w: w}
		var due queue
		order := 0
		for day := range w.cfg.Days {
			events, late := plan.day(day)
			cut.r = stream(w.cfg.Seed, streamFiles, uint64(day))
			for _, f := range cut.files(day, events, late) {
				due = append(due, scheduled{file: f, at: f.at[0], next: at(f, 1), order: order})
				order++
			}
			heap.Init(&due)
			nextDay := w.cfg.Start.AddDate(0, 0, day+1).UnixMilli()
			for len(due) > 0 && (due[0].at < nextDay || day == w.cfg.Days-1) {
				s := due[0]
				if s.next == 0 {
					heap.Pop(&due)
				} else {
					v := s.version + 1
					due[0] = scheduled{file: s.file, version: v, at: s.next, next: at(s.file, v+1), order: s.order}
					heap.Fix(&due, 0)
				}
				if !yield(s) {
					return
				}
			}
		}
	}
}

// at is when a version of f is due, 0 if there is no such version.
func at(f *file, version int) int64 {
	if version < len(f.at) {
		return f.at[version]
	}
	return 0
}

// queue is a heap, earliest first.
type queue []scheduled

func (q queue) Len() int { return len(q) }
func (q queue) Less(i, j int) bool {
	return q[i].at < q[j].at || q[i].at == q[j].at && q[i].order < q[j].order
}
func (q queue) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q *queue) Push(x any)   { *q = append(*q, x.(scheduled)) }
func (q *queue) Pop() any {
	old := *q
	s := old[len(old)-1]
	old[len(old)-1] = scheduled{}
	*q = old[:len(old)-1]
	return s
}
