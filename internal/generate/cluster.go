package generate

import (
	"strconv"
	"time"
)

// style is how a cluster shows where it comes from. The delivered logs know
// many ways, old and new.
type style uint8

const (
	noStyle     style = iota
	interactive       // made by a user
	mimic             // made by a user, but named like a job cluster
	classic           // cluster_creator JOB_LAUNCHER, the job in the name
	both              // classic, with cluster_source JOB
	modern            // cluster_source JOB without cluster_creator
	bare              // nothing but the name
	tagged            // only custom_tags say so
	pathed            // only acl_path_prefix or idempotency_token name the job
	warehouse         // custom_tags.SqlEndpointId
	pipeline          // custom_tags.DltPipelineId
	serving           // cluster_source MODELS
	stormRun          // classic, and counted exactly: nothing odd about it
	stormUser         // interactive, and counted exactly
	planted           // no cluster but a line of the script, whose number is the ref
)

// clusterRefBits of a cluster's ref are random, the rest is its time in ms.
const clusterRefBits = 20

// cluster is one cluster; a pure function of the event's ref, run, arg and style.
type cluster struct {
	ref             uint64
	style           style
	job             *job // nil if it is not a job's
	run             jobRun
	user            *user  // who made it, or who made the job
	creator, source string // as delivered; empty is null or ""
	userID          string // requestParams.user_id; empty is absent
	name            string // empty: appendName makes the name of a job cluster
	// autotermination is in minutes; negative is absent.
	autotermination int
	failed          bool
	id              string // of a planted one; else the ref says it
}

func (s style) storm() bool { return s == stormRun || s == stormUser }

// exact tells that the event is counted exactly and must not come twice.
func (s style) exact() bool { return s.storm() || s == planted }

func (c *cluster) interactive() bool { return c.style == interactive || c.style == stormUser }

func (w *world) cluster(e *event) cluster {
	r := stream(w.cfg.Seed, streamCluster, e.ref)
	c := cluster{ref: e.ref, style: e.style}
	switch e.style {
	case interactive, stormUser, mimic:
		c.user = &w.users[r.skewed(humanUsers)]
		c.name = clusterNames[int(e.run)%len(clusterNames)]
		if e.style == mimic {
			c.name = "job-ranker-run-test"
		}
		if e.style == stormUser {
			return c
		}
		c.source = pick(&r, []string{"", "", "", "UI", "UI", "API"})
		c.autotermination = pick(&r, []int{0, 10, 20, 30, 60, 60, 90, 120, 120, -1})
		c.failed = r.chance(300)
		return c
	case warehouse, pipeline, serving:
		c.user = &w.users[r.below(len(w.users))]
		switch e.style {
		case warehouse:
			c.source, c.name = pick(&r, []string{"SQL", ""}), "sql-endpoint"
		case pipeline:
			c.source, c.name = pick(&r, []string{"PIPELINE", "PIPELINE_MAINTENANCE", ""}), "dlt-execution"
		case serving:
			c.source, c.name = "MODELS", "model-serving"
		}
		c.autotermination = pick(&r, []int{-1, 0})
		return c
	}
	c.job = &w.jobs[e.arg]
	c.run = w.jobRun(e)
	c.user = &w.users[c.job.owner]
	if e.arg == 0 || !r.chance(500) {
		c.userID = c.user.id
	}
	switch e.style {
	case classic, stormRun:
		c.creator = "JOB_LAUNCHER"
	case both:
		c.creator, c.source = "JOB_LAUNCHER", "JOB"
	case modern:
		c.source = "JOB"
		c.autotermination = pick(&r, []int{0, 0, -1})
	case tagged:
		c.name = "nightly etl"
	case pathed:
		// Without a source it would pass for interactive.
		c.source, c.name = "JOB", "team etl"
	}
	return c
}

// appendName appends the cluster's name, which needs no escaping.
func (c *cluster) appendName(b []byte) []byte {
	if c.name != "" {
		return append(b, c.name...)
	}
	b = append(b, "job-"...)
	b = append(b, c.job.id...)
	b = append(b, "-run-"...)
	b = strconv.AppendUint(b, c.run.inJob, 10)
	if c.style == modern {
		b = append(b, "-main_cluster"...)
	}
	return b
}

// appendClusterID appends an id like 1228-070102-boast1407.
func appendClusterID(b []byte, ref uint64) []byte {
	t := time.UnixMilli(int64(ref >> clusterRefBits)).UTC()
	bits := int(ref & (1<<clusterRefBits - 1))
	_, month, day := t.Date()
	hour, minute, second := t.Clock()
	b = appendTwo(b, int(month))
	b = appendTwo(b, day)
	b = append(b, '-')
	b = appendTwo(b, hour)
	b = appendTwo(b, minute)
	b = appendTwo(b, second)
	b = append(b, '-')
	b = append(b, clusterWords[bits%len(clusterWords)]...)
	return strconv.AppendInt(b, int64(bits/len(clusterWords)), 10)
}

// clusterParams writes the parameters of create and edit.
func clusterParams(w *writer) {
	c, r := &w.d.cluster, &w.rng
	if c.style != pathed || r.chance(5000) {
		w.comma()
		w.raw(`"cluster_name":"`)
		w.b = c.appendName(w.b)
		w.raw(`"`)
	}
	w.clusterOrigin(c)
	w.comma()
	w.raw(`"spark_version":"`)
	w.raw(pick(r, sparkVersions))
	w.raw(`","node_type_id":"`)
	node := pick(r, nodeTypes)
	w.raw(node)
	w.raw(`","driver_node_type_id":"`)
	w.raw(node)
	w.raw(`"`)
	if r.chance(5000) {
		flexible(number(1, 64)).as(w, `,"num_workers":`)
	} else if r.chance(9000) {
		w.raw(`,"autoscale":"{\"min_workers\":2,\"max_workers\":`)
		w.b = strconv.AppendInt(w.b, int64(r.between(3, 60)), 10)
		w.raw(`}"`)
	} else {
		w.raw(`,"autoscale":{"min_workers":1,"max_workers":8}`)
	}
	switch {
	case c.autotermination >= 0 && r.chance(8000):
		w.raw(`,"autotermination_minutes":"`)
		w.b = strconv.AppendInt(w.b, int64(c.autotermination), 10)
		w.raw(`"`)
	case c.autotermination >= 0:
		w.raw(`,"autotermination_minutes":`)
		w.b = strconv.AppendInt(w.b, int64(c.autotermination), 10)
	case r.chance(3000):
		w.raw(`,"autotermination_minutes":null`)
	}
	w.clusterTags(c)
	if c.userID != "" {
		w.raw(`,"user_id":"`)
		w.raw(c.userID)
		w.raw(`"`)
	}
	w.raw(clusterBulk)
	flexible(boolean).as(w, `,"enable_elastic_disk":`)
	flexible(boolean).as(w, `,"start_cluster":`)
}

// clusterOrigin writes who launched the cluster. An empty text means the same
// as a missing one, and both are delivered.
func (w *writer) clusterOrigin(c *cluster) {
	r := &w.rng
	for _, o := range [...]struct{ key, val string }{{`"cluster_creator":"`, c.creator}, {`"cluster_source":"`, c.source}} {
		if o.val == "" && (c.style.storm() || !r.chance(500)) {
			continue
		}
		w.comma()
		w.raw(o.key)
		w.raw(o.val)
		w.raw(`"`)
	}
	if c.style == pathed {
		if r.chance(5000) {
			w.comma()
			w.raw(`"acl_path_prefix":"/clusters/jobs/`)
			w.raw(c.job.id)
			w.raw(`"`)
		} else {
			w.comma()
			w.raw(`"idempotency_token":"jobs/job-`)
			w.raw(c.job.id)
			w.raw(`-run-`)
			w.b = strconv.AppendUint(w.b, c.run.inJob, 10)
			w.raw(`-attempt-1"`)
		}
	}
}

// clusterTags writes custom_tags, as JSON text or as an object.
func (w *writer) clusterTags(c *cluster) {
	start := len(w.tmp)
	t := append(w.tmp, '{')
	switch c.style {
	case modern, tagged:
		t = append(t, `"JobId":"`...)
		t = append(t, c.job.id...)
		t = append(t, `","RunName":"`...)
		t = append(t, c.job.name...)
		t = append(t, '"')
	case warehouse:
		t = append(t, `"SqlEndpointId":"`...)
		t = appendHex(t, &w.rng, 16)
		t = append(t, '"')
	case pipeline:
		t = append(t, `"DltPipelineId":"`...)
		t = appendUUID(t, &w.rng)
		t = append(t, '"')
	default:
		switch w.rng.below(4) {
		case 0:
			w.raw(`,"custom_tags":null`)
			return
		case 1:
			t = append(t, `"team":"data \"platform\"","cost-center":"4711"`...)
		}
	}
	t = append(t, '}')
	w.raw(`,"custom_tags":`)
	if w.rng.chance(1000) {
		w.b = append(w.b, t[start:]...)
	} else {
		w.b = appendQuoted(w.b, t[start:])
	}
	w.tmp = t[:start]
}

var (
	clusterNames  = []string{"my-test", "adhoc", "ml-dev-gpu", "Shared Autoscaling", "bi-exploration", "job-analysis", "etl-2", "ada's cluster", "fraud_model-3", "onboarding"}
	clusterWords  = []string{"boast", "tired", "wreck", "fives", "lilac", "rosin", "spell", "tweed", "whisk", "yeast", "aback", "cubed", "gaffe", "haste", "jests", "knots"}
	sparkVersions = []string{"6.2.x-scala2.11", "5.5.x-scala2.11", "7.3.x-scala2.12", "13.3.x-scala2.12", "15.4.x-photon-scala2.12"}
	nodeTypes     = []string{"i3.xlarge", "i3.2xlarge", "m5.2xlarge", "r5.4xlarge", "c5.9xlarge"}
)

// clusterBulk is the part of a create that differs little and weighs most.
const clusterBulk = `,"aws_attributes":"{\"zone_id\":\"us-west-2a\",\"first_on_demand\":1,\"availability\":\"SPOT_WITH_FALLBACK\",\"instance_profile_arn\":\"arn:aws:iam::123456789012:instance-profile/etl\",\"spot_bid_price_percent\":100,\"ebs_volume_count\":0}"` +
	`,"spark_conf":"{\"spark.databricks.delta.preview.enabled\":\"true\",\"spark.sql.shuffle.partitions\":\"200\",\"spark.speculation\":\"true\"}"` +
	`,"spark_env_vars":"{\"PYSPARK_PYTHON\":\"/databricks/python3/bin/python3\",\"ENV\":\"prod\"}"` +
	`,"init_scripts":"[{\"dbfs\":{\"destination\":\"dbfs:/databricks/init/install-agent.sh\"}}]"` +
	`,"cluster_log_conf":"{\"dbfs\":{\"destination\":\"dbfs:/cluster-logs\"}}"` +
	`,"ssh_public_keys":"[]","organization_id":"0","data_security_mode":"NONE","runtime_engine":"STANDARD"`
