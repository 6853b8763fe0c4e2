package generate

import (
	"cmp"
	"slices"
	"time"
)

// tally counts what the writer decided, line by line.
type tally struct {
	w                               *world
	files, lines, bytes, quarantine int64
	byKind                          []int64

	createdOn    map[int64]int // by day since 1970
	byCreator    map[string]int
	byJob        map[string]int
	owners       map[jobOwner]*ownerCount
	logins       map[login]int
	failedOn     map[int64]int
	failedBy     map[string]*failures // "" is no actor
	endless      []WithoutAutotermination
	stormJobs    map[string]int
	stormCreator map[string]int
}

type (
	jobOwner   struct{ job, user string }
	ownerCount struct {
		n     int
		first int64
	}
	login struct {
		day    int64
		method string
	}
	failures struct {
		n    int
		last int64
	}
)

func newTally(w *world) *tally {
	return &tally{
		w: w, byKind: make([]int64, len(w.kinds)),
		createdOn: map[int64]int{}, byCreator: map[string]int{}, byJob: map[string]int{},
		owners: map[jobOwner]*ownerCount{}, logins: map[login]int{},
		failedOn: map[int64]int{}, failedBy: map[string]*failures{},
		stormJobs: map[string]int{}, stormCreator: map[string]int{},
	}
}

// add counts one line.
func (t *tally) add(d *decided) {
	t.lines++
	if d.damage != intact {
		t.quarantine++
		return
	}
	t.byKind[d.kind]++
	switch {
	case d.k.method != "":
		t.login(d)
	case d.k.reply == clusterResult:
		t.create(d)
	}
}

func (t *tally) login(d *decided) {
	day := d.at / dayMillis
	t.logins[login{day, d.k.method}]++
	actor := cmp.Or(d.actor, d.user)
	if d.status < 400 || actor == "System-User" || actor == "unknown" || actor == "Unknown" {
		return
	}
	t.failedOn[day]++
	f := t.failedBy[actor]
	if f == nil {
		f = &failures{}
		t.failedBy[actor] = f
	}
	f.n++
	f.last = max(f.last, d.at)
}

func (t *tally) create(d *decided) {
	c := &d.cluster
	day := d.at / dayMillis
	t.createdOn[day]++
	creator := cmp.Or(c.creator, c.source)
	switch {
	case c.creator == "" && c.interactive():
		creator = "user"
	case creator == "" && c.job != nil:
		creator = "JOB"
	case creator == "":
		creator = "SYSTEM"
	}
	t.byCreator[creator]++

	onStormDate := day == stormDate.UnixMilli()/dayMillis
	if onStormDate {
		t.stormCreator[creator]++
	}
	if c.job != nil {
		t.byJob[c.job.id]++
		if onStormDate {
			t.stormJobs[c.job.id]++
		}
	}
	if c.job != nil && c.userID != "" {
		key := jobOwner{c.job.id, c.userID}
		o := t.owners[key]
		if o == nil {
			o = &ownerCount{first: d.at}
			t.owners[key] = o
		}
		o.n++
		o.first = min(o.first, d.at)
	}
	if c.interactive() && c.autotermination == 0 {
		row := WithoutAutotermination{Time: stamp(d.at), Email: Nullable(d.actor), ClusterName: c.name, WorkspaceID: t.w.workspaces[d.ws].id}
		if c.id != "" {
			row.ClusterID = Nullable(c.id)
		} else if d.status == 200 && d.style != planted {
			row.ClusterID = Nullable(appendClusterID(nil, c.ref))
		}
		row.at = d.at
		t.endless = append(t.endless, row)
	}
}

// endlessRows are the interactive creates without autotermination, in order.
func (t *tally) endlessRows() []WithoutAutotermination {
	rows := slices.Clone(t.endless)
	slices.SortFunc(rows, func(a, b WithoutAutotermination) int {
		return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.ClusterID, b.ClusterID), cmp.Compare(a.Email, b.Email))
	})
	return rows
}

func stamp(millis int64) string { return time.UnixMilli(millis).UTC().Format(stampLayout) }

const stampLayout = "2006-01-02T15:04:05.000Z"
