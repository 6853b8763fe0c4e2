package plant

import "fmt"

// terms are what a create or an edit of a cluster says.
type terms struct {
	name            string
	autotermination int // minutes; negative: not said
	more            string
}

func (t terms) params() string {
	p := with("cluster_name", t.name)
	if t.autotermination >= 0 {
		p += "," + with("autotermination_minutes", fmt.Sprint(t.autotermination))
	}
	if t.more != "" {
		p += "," + t.more
	}
	return p
}

// create makes a cluster of a person. A refused one gets no id.
func (s *stage) create(at int64, who, id string, t terms, status int) {
	e := event{at: at, service: "clusters", action: "create", who: who, params: t.params(), status: status}
	if status == 200 {
		e.result = fmt.Sprintf(`{"cluster_id":%q}`, id)
	} else {
		id = ""
	}
	e.cluster = &Cluster{ID: id, Name: t.name, Autotermination: t.autotermination}
	s.do(e)
}

func (s *stage) edit(at int64, who, id string, t terms, status int) {
	s.do(event{at: at, service: "clusters", action: "edit", who: who, params: with("cluster_id", id) + "," + t.params(), status: status})
}

// change is a step that names the cluster and nothing else.
func (s *stage) change(at int64, who, action, id string, status int) {
	s.do(event{at: at, service: "clusters", action: action, who: who, params: with("cluster_id", id), status: status})
}

func clusters(s *stage) {
	const now, removed, deleted = "clusters_without_autotermination_now", "autotermination_removed", "clusters_deleted"
	t := s.at(12, "07:00")
	endless, tame := terms{name: "planted", autotermination: 0}, terms{name: "planted", autotermination: 60}
	who := mail("cluster.keeper")

	s.create(t, who, "planted-endless", endless, 200)
	s.create(t, who, "planted-terminated", endless, 200) // terminated, and could be started again
	s.change(t+hour, who, "delete", "planted-terminated", 200)
	s.create(t, who, "planted-not-removed", endless, 200)
	s.change(t+hour, who, "permanentDelete", "planted-not-removed", 403)
	s.create(t, who, "planted-not-tamed", endless, 200)
	s.edit(t+hour, who, "planted-not-tamed", tame, 403)
	s.create(t, who, "planted-back", tame, 200)
	s.change(t+hour, who, "permanentDelete", "planted-back", 200)
	s.edit(t+2*hour, who, "planted-back", endless, 200)
	s.create(t, who, "planted-made-endless", tame, 200)
	s.edit(t+hour, who, "planted-made-endless", endless, 200)
	s.in(now, "planted-endless", "planted-terminated", "planted-not-removed", "planted-not-tamed", "planted-back", "planted-made-endless")

	s.create(t, who, "planted-tamed", endless, 200)
	s.edit(t+hour, who, "planted-tamed", tame, 200)
	s.create(t, who, "planted-removed", endless, 200)
	s.change(t+hour, who, "permanentDelete", "planted-removed", 200)
	s.create(t, who, "planted-removed-at-once", endless, 200)
	s.change(t, who, "permanentDelete", "planted-removed-at-once", 200)
	s.create(t, who, "planted-edited-back", tame, 200)
	s.edit(t+hour, who, "planted-edited-back", endless, 200)
	s.edit(t+2*hour, who, "planted-edited-back", tame, 200)
	s.create(t, who, "planted-silent", terms{name: "planted", autotermination: -1}, 200)
	s.job(t, "planted-of-a-job", 0)
	s.out(now, "planted-tamed", "planted-removed", "planted-removed-at-once", "planted-edited-back", "planted-silent", "planted-of-a-job")

	s.in(removed, "planted-made-endless", "planted-edited-back", "planted-back")
	s.edit(t+3*hour, who, "planted-endless", endless, 200)
	s.edit(t+3*hour, who, "planted-silent", endless, 200)
	s.edit(t+4*hour, who, "planted-silent", terms{name: "planted", autotermination: -1}, 200)
	s.create(t, who, "planted-edit-refused", tame, 200)
	s.edit(t+hour, who, "planted-edit-refused", endless, 403)
	s.out(removed, "planted-endless", "planted-silent", "planted-edit-refused", "planted-of-a-job")

	s.in(deleted, "planted-terminated", "planted-removed")
	s.do(event{at: t, service: "clusters", action: "deleteResult", who: "System-User", params: with("clusterId", "planted-deletion-over")})
	s.out(deleted, "planted-deletion-over")
}

// job makes a cluster of the job launcher.
func (s *stage) job(at int64, id string, autotermination int) {
	t := terms{name: "planted launch", autotermination: autotermination, more: with("cluster_creator", "JOB_LAUNCHER")}
	s.do(event{
		at: at, service: "clusters", action: "create", who: mail("launcher"), params: t.params(), result: fmt.Sprintf(`{"cluster_id":%q}`, id),
		cluster: &Cluster{ID: id, Name: t.name, Creator: "JOB_LAUNCHER", Autotermination: autotermination},
	})
}

func moreClusters(s *stage) {
	t := s.at(13, "07:00")
	const byUser, churn, failures = "clusters_by_user", "cluster_churn", "cluster_failures"
	tame := terms{name: "planted", autotermination: 60}
	s.create(t, mail("cluster.maker"), "planted-made", tame, 200)
	s.create(t, mail("cluster.maker.refused"), "", tame, 403)
	s.in(byUser, mail("cluster.maker"))
	s.out(byUser, mail("cluster.maker.refused"), mail("launcher"))

	for i, action := range []string{"start", "restart", "resize", "restart", "restart", "start"} {
		s.change(t+int64(i)*minute, mail("restless"), action, "planted-restless", 200)
	}
	for range 20 {
		s.change(t, mail("restless"), "pin", "planted-pinned", 200)
	}
	s.in(churn, "planted-restless")
	s.out(churn, "planted-pinned")

	fail := func(action, message string, status, n int) {
		s.times(n, second, event{at: t, service: "clusters", action: action, who: "System-User", params: with("clusterId", "planted-failing"), status: status, message: message})
	}
	fail("startResult", "planted: no capacity", 500, 30)
	fail("resizeResult", "planted: not allowed", 403, 30)
	fail("start", "planted: start refused", 400, 30)
	fail("restartResult", "planted: fine", 200, 30)
	s.in(failures, "planted: no capacity", "planted: not allowed")
	s.out(failures, "planted: start refused", "planted: fine")

	const versions, nodes, large, tags = "spark_versions", "node_types", "large_clusters", "clusters_without_tag"
	sized := func(who, id, more string, status int) {
		s.create(t+hour, mail(who), id, terms{name: "planted size", autotermination: 60, more: more}, status)
	}
	sized("big.spender", "planted-51", with("num_workers", "51", "node_type_id", "planted.8xlarge", "spark_version", "9.9.planted"), 200)
	sized("big.scaler", "planted-99", with("node_type_id", "planted.8xlarge", "autoscale", `{"min_workers":1,"max_workers":99}`, "spark_version", "16.9.planted"), 200)
	sized("big.object", "planted-77", with("node_type_id", "planted.object", "spark_version", "10.9.planted")+`,"autoscale":{"min_workers":1,"max_workers":77}`, 200)
	sized("big.enough", "planted-50", with("num_workers", "50", "node_type_id", "planted.8xlarge"), 200)
	sized("big.refused", "", with("num_workers", "60", "node_type_id", "planted.refused", "spark_version", "11.9.refused"), 400)
	s.edit(t+2*hour, mail("big.editor"), "planted-50", terms{name: "planted size", autotermination: 60, more: with("num_workers", "64", "node_type_id", "planted.edited")}, 200)
	s.in(large, mail("big.spender"), mail("big.scaler"), mail("big.object"), mail("big.editor"))
	s.out(large, mail("big.enough"), mail("big.refused"))
	s.in(versions, "9.9.planted", "16.9.planted", "10.9.planted")
	s.out(versions, "11.9.refused")
	s.in(nodes, "planted.8xlarge", "planted.object")
	s.out(nodes, "planted.edited", "planted.refused")

	tagged := func(who, more string) {
		s.create(t+3*hour, mail(who), "planted-"+who, terms{name: "planted tags", autotermination: 60, more: more}, 200)
	}
	tagged("tags.none", `"custom_tags":null`)
	tagged("tags.null", with("custom_tags", `{"team":null}`))
	tagged("tags.case", with("custom_tags", `{"Team":"data"}`))
	tagged("tags.other", `"custom_tags":{"owner":"team"}`)
	tagged("tags.good", with("custom_tags", `{"team":"data"}`))
	tagged("tags.object", `"custom_tags":{"team":""}`)
	s.in(tags, mail("tags.none"), mail("tags.null"), mail("tags.case"), mail("tags.other"))
	s.out(tags, mail("tags.good"), mail("tags.object"), mail("launcher"))

	const notebooks, warehouses, pools = "notebooks_per_cluster", "warehouses_changed", "pools_with_idle_instances"
	s.create(t+4*hour, mail("cluster.namer"), "planted-named", terms{name: "planted first name", autotermination: 60}, 200)
	s.edit(t+5*hour, mail("cluster.namer"), "planted-named", terms{name: "planted second name", autotermination: 60}, 200)
	for i := range 60 {
		s.do(event{at: t + 6*hour + int64(i)*second, service: "notebook", action: "attachNotebook", who: mail("attacher"), params: with("clusterId", "planted-named", "notebookId", fmt.Sprint(500+i%7))})
		s.do(event{at: t + 6*hour + int64(i)*second, service: "notebook", action: "detachNotebook", who: mail("attacher"), params: with("clusterId", "planted-detached", "notebookId", "500")})
	}
	s.in(notebooks, "planted-named", "planted second name")
	s.out(notebooks, "planted first name", "planted-detached")

	warehouse := func(action, name, minutes string) {
		s.do(event{at: t, service: "databrickssql", action: action, who: mail("warehouse.keeper"), params: with("name", name, "auto_stop_mins", minutes)})
	}
	warehouse("createWarehouse", "planted endless warehouse", "0")
	warehouse("editEndpoint", "planted warehouse", "15")
	warehouse("deleteWarehouse", "planted warehouse gone", "x")
	warehouse("startWarehouse", "planted warehouse started", "0")
	s.in(warehouses, "planted endless warehouse", "planted warehouse", "planted warehouse gone")
	s.out(warehouses, "planted warehouse started")

	pool := func(at int64, action, id, idle, result string, status int) {
		params := with("instance_pool_name", "planted pool", "min_idle_instances", idle)
		if id != "" {
			params += "," + with("instance_pool_id", id)
		}
		s.do(event{at: at, service: "instancePools", action: action, who: mail("pool.keeper"), params: params, result: result, status: status})
	}
	pool(t, "create", "", "2", `{"instance_pool_id":"planted-pool-made"}`, 200)
	pool(t, "create", "planted-pool-kept", "3", "", 200)
	pool(t+hour, "edit", "planted-pool-kept", "0", "", 400)
	pool(t, "create", "planted-pool-filled", "0", "", 200)
	pool(t+hour, "edit", "planted-pool-filled", "4", "", 200)
	s.in(pools, "planted-pool-made", "planted-pool-kept", "planted-pool-filled")
	pool(t, "create", "planted-pool-emptied", "5", "", 200)
	pool(t+hour, "edit", "planted-pool-emptied", "0", "", 200)
	pool(t, "create", "planted-pool-refused", "6", "", 403)
	s.out(pools, "planted-pool-emptied", "planted-pool-refused")
}
