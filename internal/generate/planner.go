package generate

import (
	"slices"
	"time"
)

const (
	secondMillis = int64(time.Second / time.Millisecond)
	minuteMillis = 60 * secondMillis
	hourMillis   = 60 * minuteMillis
	dayMillis    = 24 * hourMillis
)

// Shares of a day's events, or one in so many of them.
const (
	createShare  = 0.004
	runShare     = 0.012 // runs on clusters that exist
	lateShare    = 0.003
	oneDamagedIn = 20_000
	oneTwiceIn   = 2_000
	oneBurstIn   = 12_000
)

// planner lists the events of one day after the other.
type planner struct {
	w *world
	r rng
	// carry holds events planned on one day for files of a later one: of
	// clusters that live past midnight, and delivered just after it.
	carry []event
	runs  []uint32 // next run number of each job
	mine  uint32   // next number of an interactive cluster

	bulk       []uint16 // kinds with a weight
	cumulative []int    // their weights, summed
	burst      uint16
	start, end int64 // of the day, epoch ms
	events     []event
}

func newPlanner(w *world) *planner {
	p := &planner{w: w, runs: make([]uint32, len(w.jobs))}
	for i := range w.jobs {
		p.runs[i] = w.jobs[i].firstRun
	}
	total := 0
	for i := range w.kinds {
		if k := &w.kinds[i]; k.who == attacked {
			p.burst = uint16(i)
		} else if k.weight > 0 {
			total += k.weight
			p.bulk = append(p.bulk, uint16(i))
			p.cumulative = append(p.cumulative, total)
		}
	}
	return p
}

// day plans one day. The events are for files of that day's slots, late ones
// for files of earlier dates; both are valid until the next call.
func (p *planner) day(day int) (events, late []event) {
	cfg := &p.w.cfg
	p.r = stream(cfg.Seed, streamDay, uint64(day))
	date := cfg.Start.AddDate(0, 0, day)
	p.start = date.UnixMilli()
	p.end = p.start + dayMillis

	p.events = p.events[:0]
	carry := p.carry[:0]
	for _, e := range p.carry {
		if e.placed < p.end {
			p.events = append(p.events, e)
		} else {
			carry = append(carry, e)
		}
	}
	p.carry = carry

	// Five days of 1.2 and two of 0.5 make a mean of one.
	busy := 1.2
	if wd := date.Weekday(); wd == time.Saturday || wd == time.Sunday {
		busy = 0.5
	}
	size := float64(cfg.EventsPerDay) * busy * (0.97 + 0.06*p.r.float())

	if cfg.Scenario == Article && date.Equal(stormDate) {
		p.storm()
	} else {
		p.creates(size, busy)
	}
	for range p.count(size * runShare) {
		p.jobRun(p.moment(), p.r.skewed(jobCount))
	}
	for range p.count(0.7 + size/oneBurstIn) {
		p.loginBurst(min(40, 6+int(size)/50))
	}
	if day == 0 {
		p.introduce()
	}
	p.plant()
	for n := int(size) - len(p.events); n > 0; n-- {
		p.add(p.bulkEvent(p.moment()))
	}
	p.midnight()
	p.repeat(p.count(size / oneTwiceIn))
	return p.events, p.late(day, p.count(size*lateShare))
}

// count rounds at random, so that small shares still occur.
func (p *planner) count(expected float64) int { return int(expected + p.r.float()) }

// moment is a time of the day; most of the work is done during office hours.
func (p *planner) moment() int64 {
	if p.r.chance(3500) {
		return p.start + int64(p.r.below(int(dayMillis)))
	}
	return p.start + 5*hourMillis + int64((p.r.float()+p.r.float())*8.5*float64(hourMillis))
}

// add files e under the time it is placed at.
func (p *planner) add(e event) {
	e.placed = max(e.placed, p.start)
	if e.placed >= p.end {
		p.carry = append(p.carry, e)
		return
	}
	p.events = append(p.events, e)
}

func (p *planner) event(kind uint16, at int64, ws uint16) event {
	return event{at: at, placed: at, seed: p.r.next(), arg: -1, kind: kind, ws: ws}
}

func (p *planner) bulkEvent(at int64) event {
	n := p.r.below(p.cumulative[len(p.cumulative)-1])
	i, found := slices.BinarySearch(p.cumulative, n)
	if found {
		i++
	}
	kind := p.bulk[i]
	e := p.event(kind, at, p.anyWorkspace())
	if p.w.kinds[kind].level == accountLevel {
		e.ws = 0
	}
	if p.r.below(oneDamagedIn) == 0 {
		e.damage = brokenJSON + damage(p.r.below(int(damageEnd-brokenJSON)))
	}
	return e
}

func (p *planner) anyWorkspace() uint16 { return uint16(1 + p.r.skewed(len(p.w.workspaces)-1)) }

// introduce makes sure that every kind of damage occurs however small the
// config, and that the owner of the busiest job can be told by name.
func (p *planner) introduce() {
	for d := brokenJSON; d < damageEnd; d++ {
		e := p.bulkEvent(p.moment())
		e.damage = d
		p.add(e)
	}
	e := p.event(p.w.kind("accounts", "add"), p.start+hourMillis, p.w.jobs[0].ws)
	e.arg = int32(p.w.jobs[0].owner + 1)
	p.add(e)
}

// midnight puts events of the last minutes into the next day's first file and
// events of the next day's first minutes into this day's last file.
func (p *planner) midnight() {
	const edge = 10 * minuteMillis
	for i := range p.events {
		e := &p.events[i]
		if e.at >= p.end-edge && p.w.kinds[e.kind].weight > 0 && p.r.chance(3000) {
			e.placed = p.end + (e.at - (p.end - edge))
			p.carry = append(p.carry, *e)
			e.damage = damageEnd // marks it as moved
		}
	}
	p.events = slices.DeleteFunc(p.events, func(e event) bool { return e.damage == damageEnd })
	for range p.count(1 + float64(len(p.events))/20_000) {
		e := p.bulkEvent(p.end + int64(p.r.below(int(2*minuteMillis))))
		e.placed = p.end - 1
		p.add(e)
	}
}

// repeat delivers n lines twice, half of them in another file. What is exactly
// counted is left alone.
func (p *planner) repeat(n int) {
	for range n {
		if len(p.events) == 0 {
			return
		}
		e := pick(&p.r, p.events)
		if e.style.exact() {
			continue
		}
		if p.r.chance(5000) {
			e.placed += 15 * minuteMillis
		}
		p.add(e)
	}
}

// late returns n events of the one to three days before.
func (p *planner) late(day, n int) []event {
	if day == 0 {
		return nil
	}
	var late []event
	for group := range 1 + n/60 {
		back := 1 + p.r.below(min(3, day))
		ws := p.anyWorkspace()
		if group%5 == 4 {
			ws = 0
		}
		for range min(max(n, 5), 60) {
			e := p.bulkEvent(p.moment() - int64(back)*dayMillis)
			e.ws = ws
			e.placed = e.at
			late = append(late, e)
		}
	}
	return late
}
