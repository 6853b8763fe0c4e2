package truth

import "cmp"

// articleQueries are those of the article and what grew from them.
func articleQueries() []query {
	listed := options{"limit": "100"}
	return []query{
		{name: "clusters_created", rows: func(k *look) *Answer {
			a := columns("num_clusters")
			a.add(len(k.in("clusters", action("create"))))
			return a
		}},
		{name: "clusters_created_per_day", rows: func(k *look) *Answer {
			return perDay(k.in("clusters", action("create")), "num_clusters")
		}},
		{name: "clusters_by_creator", rows: func(k *look) *Answer {
			a := columns("creator", "num_clusters")
			for c, g := range groups(k.in("clusters", action("create")), func(e *Event) labels { return labels{creator(e)} }) {
				a.add(c[0], len(g))
			}
			return a.order("-num_clusters", "creator")
		}},
		{name: "clusters_by_job", params: listed, other: options{"limit": "3"}, rows: func(k *look) *Answer {
			ofJob := func(e *Event) bool { return e.jobID != nil }
			a := columns("jobId", "num_clusters")
			for id, g := range groups(k.in("clusters", action("create"), ofJob), byJob) {
				a.add(id[0], len(g))
			}
			return a.order("-num_clusters", "jobId").limit(k.int("limit"))
		}},
		{name: "clusters_without_autotermination", rows: func(k *look) *Answer {
			a := columns("time", "email", "clusterName", "clusterId", "workspaceId")
			for _, e := range k.in("clusters", action("create"), interactive, endless) {
				a.add(e.at, e.actor, clusterName(e), e.clusterID, e.workspace)
			}
			return a.order("time", "clusterId", "email")
		}},
		{name: "clusters_without_autotermination_per_day", rows: func(k *look) *Answer {
			return perDay(k.in("clusters", action("create"), interactive, endless), "num_clusters")
		}},
		{name: "autotermination_off", rows: func(k *look) *Answer {
			a := columns("email", "num_clusters")
			for who, g := range groups(k.in("clusters", action("create"), interactive, endless), byActor) {
				a.add(who[0], len(g))
			}
			return a.order("-num_clusters", "email")
		}},
		{name: "logins_by_method", rows: func(k *look) *Answer {
			a := columns("date", "method", "num_logins")
			for l, g := range groups(k.logins(), func(e *Event) labels { return labels{e.date(), method(e)} }) {
				a.add(l[0], l[1], len(g))
			}
			return a.order("date", "method")
		}},
		{name: "failed_logins", rows: func(k *look) *Answer {
			return perDay(k.failedLogins(), "num_failed")
		}},
		{name: "failed_logins_by_user", params: listed, other: options{"limit": "7"}, rows: func(k *look) *Answer {
			a := columns("user", "num_failed", "last")
			for who, g := range groups(k.failedLogins(), byActor) {
				a.add(who[0], len(g), g.last())
			}
			return a.order("-num_failed", "user").limit(k.int("limit"))
		}},
		{name: "data_freshness", span: endedSpan, rows: func(k *look) *Answer {
			a := columns("age_seconds")
			if past := within(k.log.events, -1<<62, k.to); len(past) > 0 {
				a.add((k.to - group(past).last()).seconds())
			}
			return a
		}},
	}
}

func endless(e *Event) bool { return e.autotermination == int64(0) }

func perDay(events []*Event, count string) *Answer {
	a := columns("date", count)
	for d, g := range groups(events, func(e *Event) labels { return labels{e.date()} }) {
		a.add(d[0], len(g))
	}
	return a.order("date")
}

// creator is what made a cluster.
func creator(e *Event) string {
	launcher, _ := e.entry("cluster_creator").(string)
	source, _ := e.entry("cluster_source").(string)
	if launcher == "" && e.interactive {
		return "user"
	}
	if launcher == "" && source == "" && e.jobID != nil {
		return "JOB"
	}
	return cmp.Or(launcher, source, "SYSTEM")
}

// method is what a login is called.
func method(e *Event) any {
	if e.table == "ssh" {
		return "ssh.login"
	}
	return e.action
}

// failedLogins are those of anybody, with any status that is an error.
func (k *look) failedLogins() []*Event {
	everybody := look{params: options{"ignored_users": notPeople}}
	return pick(k.logins(), []test{everybody.people(), func(e *Event) bool {
		status, known := e.status.(int64)
		return known && status >= 400
	}})
}
