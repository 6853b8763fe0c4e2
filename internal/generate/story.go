package generate

import "time"

// stormDate is the day on which the article's admin looks for the cause of a
// jump in created clusters; it happens in the article scenario.
var stormDate = time.Date(2019, 12, 28, 0, 0, 0, 0, time.UTC)

// The numbers of that day.
const (
	stormCreates     = 714
	stormByJobs      = 709
	stormByOneJob    = 640
	stormInteractive = stormCreates - stormByJobs

	// articleCreates is the most that other days of the article have before
	// the weekday factor: 1.2 times this is less than a third of the storm.
	articleCreates = 175
	// articleShare makes small configs reach it sooner, as the day's jump is
	// only a jump beside days that have some.
	articleShare = 0.02
)

// storm makes the creates of stormDate, all of them within the date.
func (p *planner) storm() {
	moment := func() int64 { return p.start + minuteMillis + int64(p.r.below(int(dayMillis-5*minuteMillis))) }
	for i := range stormByJobs {
		job := 0
		if i >= stormByOneJob {
			job = 1 + p.r.skewed(jobCount-1)
		}
		p.jobCluster(moment(), job, stormRun)
	}
	for i := range uint32(stormInteractive) {
		p.userCluster(moment(), stormUser, i)
	}
}

// creates makes a day's ordinary clusters and what becomes of them.
func (p *planner) creates(size, busy float64) {
	n := size * createShare
	if p.w.cfg.Scenario == Article {
		n = min(size*articleShare, articleCreates*busy) * (0.75 + 0.25*p.r.float())
	}
	for range p.count(n) {
		at := p.moment()
		switch o := p.r.below(100); {
		case o < 14:
			p.mine++
			p.userCluster(at, interactive, p.mine)
		case o < 15:
			p.userCluster(at, mimic, 0)
		case o < 17:
			p.userCluster(at, warehouse, 0)
		case o < 20:
			p.userCluster(at, pipeline, 0)
		case o < 21:
			p.userCluster(at, serving, 0)
		default:
			job := p.r.skewed(jobCount)
			p.jobCluster(at, job, p.jobStyle(job))
		}
	}
}

func (p *planner) jobStyle(job int) style {
	if p.w.jobs[job].modern {
		return pick(&p.r, []style{modern, modern, modern, both, tagged})
	}
	// The job of the article is launched in one way only.
	if job == 0 {
		return classic
	}
	return pick(&p.r, []style{classic, classic, classic, classic, classic, both, bare, pathed})
}

// jobCluster makes a cluster for one run of a job and ends it with the run.
func (p *planner) jobCluster(at int64, job int, s style) {
	ref := p.clusterRef(at)
	p.runs[job]++
	ws := p.w.jobs[job].ws
	lasts := 2*minuteMillis + int64(p.r.skewed(int(3*hourMillis)))
	for _, step := range []struct {
		action string
		after  int64
	}{
		{"create", 0}, {"createResult", 90 * secondMillis}, {"delete", lasts + 2*secondMillis}, {"deleteResult", lasts + 20*secondMillis},
	} {
		e := p.event(p.w.kind("clusters", step.action), at+step.after, ws)
		e.ref, e.run, e.arg, e.style = ref, p.runs[job], int32(job), s
		p.add(e)
	}
	p.run(at-800, ws, job, lasts+800, ref)
}

// jobRun is a run on a cluster that exists.
func (p *planner) jobRun(at int64, job int) {
	p.runs[job]++
	p.run(at, p.w.jobs[job].ws, job, minuteMillis+int64(p.r.skewed(int(2*hourMillis))), 0)
}

func (p *planner) run(at int64, ws uint16, job int, lasts int64, ref uint64) {
	trigger, end := "runTriggered", "runSucceeded"
	if p.r.chance(1500) {
		trigger = "runNow"
	}
	if p.r.chance(600) {
		end = "runFailed"
	}
	for _, step := range []struct {
		action string
		after  int64
	}{{trigger, 0}, {"runStart", min(100*secondMillis, lasts/2)}, {end, lasts}} {
		e := p.event(p.w.kind("jobs", step.action), at+step.after, ws)
		e.ref, e.run, e.arg = ref, p.runs[job], int32(job)
		p.add(e)
	}
}

// userCluster makes a cluster that no job asked for. An interactive one is
// started, edited and resized before it goes, perhaps days later.
func (p *planner) userCluster(at int64, s style, number uint32) {
	ref := p.clusterRef(at)
	ws := p.anyWorkspace()
	step := func(action string, after int64) {
		e := p.event(p.w.kind("clusters", action), at+after, ws)
		e.ref, e.run, e.style = ref, number, s
		p.add(e)
	}
	step("create", 0)
	probe := event{ref: ref, run: number, arg: -1, style: s}
	if c := p.w.cluster(&probe); c.failed {
		return
	}
	step("createResult", 4*minuteMillis)
	if s != interactive && s != stormUser {
		step("delete", hourMillis)
		step("deleteResult", hourMillis+20*secondMillis)
		return
	}
	t := 5 * minuteMillis
	then := func(actions ...string) {
		t += minuteMillis + int64(p.r.skewed(int(4*hourMillis)))
		for i, a := range actions {
			step(a, t+int64(i)*2*minuteMillis)
		}
	}
	if p.r.chance(5000) {
		then("changeClusterAcl")
	}
	if p.r.chance(6000) {
		then("edit", "restart", "restartResult")
	}
	if p.r.chance(4000) {
		then("resize", "resizeResult")
	}
	then("delete", "deleteResult")
	if p.r.chance(6000) {
		then("start", "startResult")
		then("delete", "deleteResult")
	}
	if p.r.chance(3000) {
		t += int64(1+p.r.below(3)) * dayMillis
		then("permanentDelete")
	}
}

func (p *planner) clusterRef(at int64) uint64 {
	return uint64(at)<<clusterRefBits | p.r.next()>>(64-clusterRefBits)
}

// plant adds the lines of the script that fall on the day.
func (p *planner) plant() {
	for i := range p.w.script.Lines {
		l := &p.w.script.Lines[i]
		if l.At < p.start || l.At >= p.end {
			continue
		}
		ws := uint16(1)
		if l.Workspace == p.w.workspaces[0].id {
			ws = 0
		}
		e := p.event(p.w.plantKinds[i], l.At, ws)
		e.ref, e.style = uint64(i), planted
		p.add(e)
	}
}

// loginBurst tries one user's password again and again within minutes.
func (p *planner) loginBurst(longest int) {
	at, ws, ref := p.moment(), p.anyWorkspace(), p.r.next()|1
	n := p.r.between(5, longest)
	for i := range n {
		at += int64(p.r.between(300, 9000))
		e := p.event(p.burst, at, ws)
		e.ref = ref
		if i == n-1 && p.r.chance(3000) {
			e.run = 1
		}
		p.add(e)
	}
}
