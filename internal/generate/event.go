package generate

// event is one line as the planner leaves it: enough to write the line again
// at any time. Everything else in the line is drawn from seed.
type event struct {
	at     int64  // event time, epoch ms
	placed int64  // the moment that decides its file, epoch ms
	seed   uint64 // of what no other line shares
	ref    uint64 // of what it shares with others: a cluster, a burst; 0 if nothing
	run    uint32 // number of the job's run, or of the interactive cluster
	arg    int32  // job, or user plus one; -1 if none
	kind   uint16 // into world.kinds
	ws     uint16 // into world.workspaces
	style  style
	damage damage
	since  uint8 // first version of the file that has it
}

// damage makes a line that cannot become an event.
type damage uint8

const (
	intact damage = iota
	brokenJSON
	invalidUTF8
	noTimestamp
	year1970
	year2100
	notAnObject
	damageEnd

	// blankLine is no line at all and counts nowhere.
	blankLine
)

// decided is an event with all that panels look at.
type decided struct {
	event
	k *kind
	// actor is who did it, as far as it shows in userIdentity.email; empty is
	// null. user is requestParams.user of a login; empty is absent.
	actor, user string
	identity    identity
	by          *user // whose address and agent the line carries
	status      int   // response.statusCode; 0 is null or no response
	reply       replyShape
	params      paramsShape
	cluster     cluster // of kinds about a cluster
}

type identity uint8

const (
	named identity = iota
	noEmail
	nullIdentity
	absentIdentity
)

type replyShape uint8

const (
	fullReply replyShape = iota
	shortReply
	nullReply
	nullStatus
	textStatus
)

type paramsShape uint8

const (
	givenParams paramsShape = iota
	nullParams
	absentParams
	truncatedParams
)

// decide draws what the truth is about. It consumes w.rng before anything
// else of the line does.
func (w *writer) decide(e event) {
	r := &w.rng
	*r = rng(e.seed)
	d := &w.d
	*d = decided{event: e, k: &w.world.kinds[e.kind]}
	if e.style == planted {
		w.decidePlanted()
		return
	}
	d.status = 200
	if d.k.fail > 0 && r.chance(d.k.fail) {
		d.status = w.failure()
	}
	switch d.k.who {
	case system:
		d.actor = "System-User"
		d.by = &w.world.users[humanUsers+r.below(servicePrincipals)]
	case human:
		d.by = &w.world.users[r.skewed(humanUsers)]
		d.actor = d.by.email
	case principal:
		d.by = &w.world.users[humanUsers+r.below(servicePrincipals)]
		d.actor = d.by.email
	case anyone:
		d.by = &w.world.users[r.skewed(len(w.world.users))]
		d.actor = d.by.email
	case logsIn:
		d.by = &w.world.users[r.skewed(len(w.world.users))]
		d.actor, d.user = d.by.email, d.by.email
	case attacked:
		w.decideBurst()
	case owner:
		w.decideOwner()
	}
	if d.k.service == "clusters" && d.k.who != owner {
		d.cluster = w.world.cluster(&d.event)
	}
	if e.style.storm() || d.k.who == attacked {
		return
	}

	switch o := r.below(10_000); {
	case o < 60:
		d.actor, d.identity = "", noEmail
	case o < 75:
		d.actor, d.identity = "", nullIdentity
	case o < 85:
		d.actor, d.identity = "", absentIdentity
	case o < 95:
		d.actor, d.identity, d.user = "", noEmail, ""
	case o < 125:
		d.actor = pick(r, pseudoIdentities)
	}

	switch o := r.below(10_000); {
	case d.k.reply == noReply:
		d.reply, d.status = nullReply, 0
	case d.k.reply == clusterResult: // the id of the cluster has to be there
	case o < 30:
		d.reply, d.status = nullReply, 0
	case o < 40:
		d.reply, d.status = nullStatus, 0
	case o < 50 && d.k.method == "":
		d.reply = textStatus
	case o < 3000:
		d.reply = shortReply
	}

	if d.k.who == owner || d.k.who == logsIn {
		return
	}
	switch o := r.below(10_000); {
	case o < 6:
		d.params = nullParams
	case o < 12:
		d.params = absentParams
	case o < 18:
		d.params = truncatedParams
	}
}

// pseudoIdentities stand where an e-mail is expected.
var pseudoIdentities = []string{"System-User", "unknown", "Unknown", "dbadmin"}

// decideBurst makes all logins of a burst go for one user.
func (w *writer) decideBurst() {
	d := &w.d
	shared := stream(w.world.cfg.Seed, streamBurst, d.ref)
	d.by = &w.world.users[shared.below(humanUsers)]
	d.user = d.by.email
	d.actor = d.by.email
	if shared.chance(5000) {
		d.actor, d.identity = "", noEmail
	}
	// The last of some bursts gets in.
	if d.run == 0 {
		d.status = w.failure()
	}
}

// decideOwner is for events done by whoever the cluster or the job belongs to.
func (w *writer) decideOwner() {
	d := &w.d
	if d.k.service != "clusters" {
		d.by = &w.world.users[w.world.jobs[d.arg].owner]
		d.actor = d.by.email
		return
	}
	d.cluster = w.world.cluster(&d.event)
	d.by = d.cluster.user
	d.actor = d.by.email
	if d.cluster.failed && d.k.reply == clusterResult {
		d.status = 400
	}
	// Clusters that the job launcher made were logged under many names.
	if d.cluster.job != nil {
		switch o := w.rng.below(100); {
		case o < 15:
			d.actor = "System-User"
		case o < 35:
			d.actor = "unknown"
		case o < 40:
			d.actor = "Unknown"
		}
	}
}

// decidePlanted takes what the script says.
func (w *writer) decidePlanted() {
	d := &w.d
	l := &w.world.script.Lines[d.ref]
	d.actor, d.user, d.status = l.Actor, l.User, l.Status
	if c := l.Cluster; c != nil {
		d.cluster = cluster{style: interactive, name: c.Name, creator: c.Creator, autotermination: c.Autotermination, id: c.ID}
		if c.Creator != "" {
			d.cluster.style = classic
		}
	}
}

// failure draws a status that is not 200 and fits the kind.
func (w *writer) failure() int {
	if w.d.k.reply == commandResult {
		return 1
	}
	if w.d.k.method != "" {
		return pick(&w.rng, []int{401, 401, 401, 403, 403, 400})
	}
	return pick(&w.rng, []int{400, 400, 400, 403, 403, 404, 429, 500})
}
