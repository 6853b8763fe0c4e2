package truth

import (
	"encoding/json"
	"regexp"
	"slices"
	"strconv"
)

func clusterQueries() []query {
	return []query{
		{name: "clusters_by_user", params: options{"limit": "100"}, other: options{"limit": "5"}, rows: clustersByUser},
		{name: "clusters_without_autotermination_now", span: endedSpan, rows: endlessNow},
		{name: "autotermination_removed", params: options{"limit": "100"}, other: options{"limit": "1000"}, rows: autoterminationRemoved},
		{name: "clusters_deleted", params: options{"limit": "100"}, other: options{"limit": "1000"}, rows: func(k *look) *Answer {
			return k.list(k.in("clusters", action("delete", "permanentDelete")), func(e *Event) []any {
				return []any{e.actor, e.action, e.clusterID, e.workspace, e.outcome}
			}, "user", "action", "clusterId", "workspaceId", "outcome")
		}},
		{name: "cluster_storms", params: options{"ratio": "3", "floor": "20"}, other: options{"ratio": "1.5", "floor": "1"}, rows: clusterStorms},
		{name: "cluster_churn", params: options{"limit": "100"}, other: options{"limit": "3"}, rows: clusterChurn},
		{name: "cluster_failures", params: options{"limit": "100"}, other: options{"limit": "2"}, rows: clusterFailures},
		{name: "spark_versions", params: options{"limit": "100", "end_of_life": `^([0-9]|10)\.`}, other: options{"end_of_life": `^(7|13)\.`}, rows: sparkVersions},
		{name: "node_types", params: options{"limit": "100"}, other: options{"limit": "3"}, rows: nodeTypes},
		{name: "large_clusters", params: options{"limit": "100", "workers": "50"}, other: options{"limit": "1000", "workers": "40"}, rows: largeClusters},
		{name: "clusters_without_tag", params: options{"limit": "100", "tag": "team"}, other: options{"limit": "1000", "tag": "cost-center"}, rows: clustersWithoutTag},
		{name: "notebooks_per_cluster", params: options{"limit": "100"}, other: options{"limit": "7"}, rows: notebooksPerCluster},
		{name: "warehouses_changed", params: options{"limit": "100"}, other: options{"limit": "1000"}, rows: warehousesChanged},
		{name: "pools_with_idle_instances", rows: poolsWithIdleInstances},
	}
}

func interactive(e *Event) bool { return e.interactive }

func clusterName(e *Event) any { return e.column("cluster_name") }

// workers is how many a cluster has, or has at most.
func workers(e *Event) any {
	scale, _ := e.column("autoscale").(string)
	most, found := memberText(scale, "max_workers")
	return either(whole(e.column("num_workers")), whole(nullable(most, found)))
}

func clustersByUser(k *look) *Answer {
	a := columns("user", "num_clusters")
	for who, g := range groups(k.in("clusters", action("create"), interactive, ok), byActor) {
		a.add(who[0], len(g))
	}
	return a.order("-num_clusters", "user").limit(k.int("limit"))
}

// settled are the accepted creates and edits of each cluster before the end of
// the range, in order.
func (k *look) settled() map[labels]group {
	found := groups(k.history("clusters", action("create", "edit"), ok), func(e *Event) labels { return labels{e.clusterID} })
	delete(found, labels{nil})
	for _, g := range found {
		slices.SortStableFunc(g, byTimeAndRequest)
	}
	return found
}

func endlessNow(k *look) *Answer {
	gone := map[any]Time{}
	for _, e := range k.history("clusters", action("permanentDelete"), ok) {
		gone[e.clusterID] = e.at
	}
	a := columns("since", "user", "clusterName", "clusterId", "workspaceId", "age_hours")
	for id, g := range k.settled() {
		e := g[len(g)-1]
		at, deleted := gone[id[0]]
		if e.interactive && e.autotermination == int64(0) && !(deleted && at >= e.at) {
			a.add(e.at, e.actor, clusterName(e), e.clusterID, e.workspace, float64(k.to-e.at)/float64(hour))
		}
	}
	return a.order("since", "clusterId")
}

func autoterminationRemoved(k *look) *Answer {
	before := map[*Event]int64{}
	var removed []*Event
	for _, g := range k.settled() {
		for i := 1; i < len(g); i++ {
			minutes, _ := g[i-1].autotermination.(int64)
			if e := g[i]; e.is("edit") && e.at >= k.from && e.interactive && e.autotermination == int64(0) && minutes > 0 {
				before[e] = minutes
				removed = append(removed, e)
			}
		}
	}
	return k.list(removed, func(e *Event) []any {
		return []any{e.actor, clusterName(e), e.clusterID, e.workspace, before[e]}
	}, "user", "clusterName", "clusterId", "workspaceId", "before")
}

func clusterChurn(k *look) *Answer {
	a := columns("clusterId", "starts", "restarts", "resizes", "num_changes")
	for id, g := range groups(k.in("clusters", action("start", "restart", "resize")), func(e *Event) labels { return labels{e.clusterID} }) {
		a.add(id[0], g.count(action("start")), g.count(action("restart")), g.count(action("resize")), len(g))
	}
	return a.order("-num_changes", "clusterId").limit(k.int("limit"))
}

var resultAction = regexp.MustCompile(`Result$`)

func clusterFailures(k *look) *Answer {
	failed := k.in("clusters", func(e *Event) bool {
		name, _ := e.action.(string)
		return (name == "create" || resultAction.MatchString(name)) && (e.outcome == "denied" || e.outcome == "error")
	})
	a := columns("action", "status", "message", "num_failures")
	for l, g := range groups(failed, func(e *Event) labels { return labels{e.action, numberText(e.status), e.message} }) {
		a.add(l[0], l[1], l[2], len(g))
	}
	return a.order("-num_failures", "action", "status", "message").limit(k.int("limit"))
}

// numberText is a number as text, or nil.
func numberText(n any) any {
	if n == nil {
		return nil
	}
	text, err := json.Marshal(n)
	if err != nil {
		panic("truth: " + err.Error())
	}
	return string(text)
}

func sparkVersions(k *look) *Answer {
	old := regexp.MustCompile(k.params["end_of_life"])
	a := columns("sparkVersion", "num_clusters", "num_events", "endOfLife")
	for v, g := range groups(k.in("clusters", action("create", "edit"), ok), func(e *Event) labels { return labels{e.column("spark_version")} }) {
		if version, found := v[0].(string); found {
			a.add(version, g.distinct(func(e *Event) any { return e.clusterID }), len(g), old.MatchString(version))
		}
	}
	return a.order("-num_clusters", "sparkVersion").limit(k.int("limit"))
}

func nodeTypes(k *look) *Answer {
	a := columns("nodeType", "num_clusters", "most_workers")
	for n, g := range groups(k.in("clusters", action("create"), ok), func(e *Event) labels { return labels{e.column("node_type_id")} }) {
		var most any
		for _, e := range g {
			if w := workers(e); compare(w, most) > 0 {
				most = w
			}
		}
		a.add(n[0], len(g), most)
	}
	return a.order("-num_clusters", "nodeType").limit(k.int("limit"))
}

func largeClusters(k *look) *Answer {
	large := func(e *Event) bool {
		n, known := workers(e).(int64)
		return known && n > int64(k.int("workers"))
	}
	return k.list(k.in("clusters", action("create", "edit"), ok, large), func(e *Event) []any {
		return []any{e.actor, clusterName(e), e.column("node_type_id"), workers(e), e.workspace}
	}, "user", "clusterName", "nodeType", "workers", "workspaceId")
}

func clustersWithoutTag(k *look) *Answer {
	untagged := func(e *Event) bool {
		tags, _ := e.column("custom_tags").(string)
		_, found := memberText(tags, k.params["tag"])
		return !found
	}
	return k.list(k.in("clusters", action("create"), interactive, ok, untagged), func(e *Event) []any {
		return []any{e.actor, clusterName(e), e.clusterID, e.workspace}
	}, "user", "clusterName", "clusterId", "workspaceId")
}

func notebooksPerCluster(k *look) *Answer {
	named := groups(k.history("clusters", action("create", "edit"), func(e *Event) bool { return clusterName(e) != nil }),
		func(e *Event) labels { return labels{e.clusterID} })
	a := columns("clusterId", "clusterName", "num_notebooks", "num_attached")
	for id, g := range groups(k.in("notebook", action("attachNotebook")), func(e *Event) labels { return labels{e.column("clusterId")} }) {
		var name any
		if made := named[id]; id[0] != nil && made != nil {
			name = clusterName(made.newest())
		}
		a.add(id[0], name, g.distinct(func(e *Event) any { return e.column("notebookId") }), len(g))
	}
	return a.order("-num_attached", "clusterId").limit(k.int("limit"))
}

func warehousesChanged(k *look) *Answer {
	changed := action("createEndpoint", "createWarehouse", "editEndpoint", "editWarehouse", "deleteEndpoint", "deleteWarehouse")
	return k.list(k.in("databrickssql", changed), func(e *Event) []any {
		stop := whole(e.column("auto_stop_mins"))
		var never any
		if stop != nil {
			never = stop == int64(0)
		}
		return []any{e.actor, e.action, e.column("name"), stop, never, e.workspace, e.outcome}
	}, "user", "action", "name", "autoStopMinutes", "neverStops", "workspaceId", "outcome")
}

func poolsWithIdleInstances(k *look) *Answer {
	a := columns("since", "user", "poolName", "poolId", "minIdle")
	for id, g := range groups(k.history("instancepools", action("create", "edit"), ok), func(e *Event) labels { return labels{e.poolID} }) {
		e := g.newest()
		if idle, _ := whole(e.column("min_idle_instances")).(int64); id[0] != nil && idle > 0 {
			a.add(e.at, e.actor, e.column("instance_pool_name"), e.poolID, idle)
		}
	}
	return a.order("-minIdle", "poolId")
}

func clusterStorms(k *look) *Answer {
	created := groups(k.in("clusters", action("create")), func(e *Event) labels { return labels{e.at - e.at%hour} })
	var counts []Time
	for _, g := range created {
		counts = append(counts, Time(len(g)))
	}
	slices.Sort(counts)
	ratio, err := strconv.ParseFloat(k.params["ratio"], 64)
	if err != nil {
		panic("truth: " + err.Error())
	}
	a := columns("time", "num_clusters", "median")
	for at, g := range created {
		usual := nearestRank(counts, 50)
		if len(g) > k.int("floor") && float64(len(g)) > float64(usual)*ratio {
			a.add(at[0], len(g), int64(usual))
		}
	}
	return a.order("time")
}
