package truth

import (
	"cmp"
	"slices"
)

// labels are up to four cells that events are grouped by.
type labels [4]any

// group is events with equal labels, by time.
type group []*Event

func groups(events []*Event, by func(*Event) labels) map[labels]group {
	out := map[labels]group{}
	for _, e := range events {
		out[by(e)] = append(out[by(e)], e)
	}
	return out
}

func (g group) first() Time { return g[0].at }
func (g group) last() Time  { return g[len(g)-1].at }

// count is how many meet the test.
func (g group) count(t test) int { return len(pick(g, []test{t})) }

// distinct is how many values there are, nulls left out.
func (g group) distinct(value func(*Event) any) int {
	seen := map[any]bool{}
	for _, e := range g {
		if v := value(e); v != nil {
			seen[v] = true
		}
	}
	return len(seen)
}

// greatest is the largest text, or nil.
func (g group) greatest(value func(*Event) any) any {
	var top any
	for _, e := range g {
		if v := value(e); compare(v, top) > 0 {
			top = v
		}
	}
	return top
}

func byActor(e *Event) labels { return labels{e.actor} }

// list is one row an event: the newest first, then by the other columns.
func (k *look) list(events []*Event, row func(*Event) []any, names ...string) *Answer {
	a := columns(append([]string{"time"}, names...)...)
	for _, e := range events {
		a.add(append([]any{e.at}, row(e)...)...)
	}
	return a.order(append([]string{"-time"}, names...)...).limit(k.int("limit"))
}

// burst finds users with many of the events in a short time.
func (k *look) burst(events []*Event) *Answer {
	a := columns("user", "most", "num_events", "first", "last")
	for who, g := range groups(pick(events, []test{k.people()}), byActor) {
		if most := densest(g, k.span("window_minutes", minute)); most >= k.int("threshold") {
			a.add(who[0], most, len(g), g.first(), g.last())
		}
	}
	return a.order("-most", "user")
}

// densest is the largest number of events in a window that ends at one of them,
// both ends included.
func densest(g group, window Time) int {
	most := 0
	for _, end := range g {
		most = max(most, len(within(g, end.at-window, end.at+1)))
	}
	return most
}

// byTimeAndRequest sorts by time and, at equal times, by request id.
func byTimeAndRequest(a, b *Event) int {
	return cmp.Or(cmp.Compare(a.at, b.at), compare(a.requestID, b.requestID))
}

// newest is the last of the events by time and request id.
func (g group) newest() *Event { return slices.MaxFunc(g, byTimeAndRequest) }
