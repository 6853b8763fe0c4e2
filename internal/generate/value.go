package generate

import "strconv"

// value writes one JSON value, param one or more members of requestParams.
type (
	value func(w *writer)
	param func(w *writer)
)

// p is the parameter key with the given value. The key needs no escaping.
func p(key string, v value) param {
	prefix := `"` + key + `":`
	return func(w *writer) {
		w.comma()
		w.raw(prefix)
		v(w)
	}
}

// as writes v behind prefix.
func (v value) as(w *writer, prefix string) {
	w.raw(prefix)
	v(w)
}

// text is one of choices, which are already escaped for JSON.
func text(choices ...string) value {
	quoted := make([]string, len(choices))
	for i, c := range choices {
		quoted[i] = `"` + c + `"`
	}
	return func(w *writer) { w.raw(pick(&w.rng, quoted)) }
}

// jsonText is JSON within a string, as most nested parameters are delivered.
func jsonText(raw string) value {
	quoted := string(appendQuoted(nil, []byte(raw)))
	return func(w *writer) { w.raw(quoted) }
}

// flexible delivers now and then a bare number or boolean where v writes a string.
func flexible(v value) value {
	return func(w *writer) {
		start := len(w.b)
		v(w)
		if w.rng.chance(800) {
			copy(w.b[start:], w.b[start+1:len(w.b)-1])
			w.b = w.b[:len(w.b)-2]
		}
	}
}

// quoted puts what appendTo appends between quotes.
func quoted(appendTo func(b []byte, w *writer) []byte) value {
	return func(w *writer) {
		w.b = append(w.b, '"')
		w.b = appendTo(w.b, w)
		w.b = append(w.b, '"')
	}
}

func number(lo, hi int) value {
	return quoted(func(b []byte, w *writer) []byte { return strconv.AppendInt(b, int64(w.rng.between(lo, hi)), 10) })
}

func hexOf(digits int) value {
	return quoted(func(b []byte, w *writer) []byte { return appendHex(b, &w.rng, digits) })
}

var (
	hex16, hex32, hex64 = hexOf(16), hexOf(32), hexOf(64)

	uuid    = quoted(func(b []byte, w *writer) []byte { return appendUUID(b, &w.rng) })
	id      = number(1_000_000_000_000_000, 4_999_999_999_999_999)
	boolean = text("true", "false")
	float   = quoted(func(b []byte, w *writer) []byte { return strconv.AppendFloat(b, w.rng.float()*300, 'f', 6, 64) })
	word    = text("orders", "customers", "churn model", "db-password", "clickstream_v2", "größe", `tab\tseparated`, `caf\u00e9`, "日本", "sensor-data")

	nothing   = value(func(w *writer) { w.raw("null") })
	rawBool   = value(func(w *writer) { w.raw(pick(&w.rng, []string{"true", "false"})) })
	rawNumber = value(func(w *writer) { w.raw(pick(&w.rng, []string{"0", "-1", "0.25", "1e3", "4294967296", "17"})) })
	// rawID is beyond 2^53, where a float64 would lie.
	rawID     = value(func(w *writer) { w.b = strconv.AppendInt(w.b, int64(w.rng.between(1<<53+1, 1<<62)), 10) })
	rawArray  = value(func(w *writer) { w.raw(`["a, b",{"n":1,"deep":[true,null]},9007199254740993]`) })
	rawObject = value(func(w *writer) { w.raw(`{"owner": "data", "empty": {}, "list": [1, 2.50, "x"], "none": null}`) })

	shardName  = value(func(w *writer) { w.raw(`"`); w.raw(w.world.workspaces[w.d.ws].shard); w.raw(`"`) })
	userMail   = value(func(w *writer) { w.raw(`"`); w.raw(w.world.users[w.rng.skewed(humanUsers)].email); w.raw(`"`) })
	userID     = value(func(w *writer) { w.raw(`"`); w.raw(w.world.users[w.rng.skewed(humanUsers)].id); w.raw(`"`) })
	actorID    = value(func(w *writer) { w.raw(`"`); w.raw(w.d.by.id); w.raw(`"`) })
	actorMail  = value(func(w *writer) { w.raw(`"`); w.raw(w.d.by.email); w.raw(`"`) })
	ownerID    = value(func(w *writer) { w.raw(`"`); w.raw(w.d.cluster.user.id); w.raw(`"`) })
	wsParam    = value(func(w *writer) { w.raw(`"`); w.raw(w.world.anyWorkspace(&w.rng).id); w.raw(`"`) })
	anyCluster = value(func(w *writer) { w.raw(`"`); w.raw(pick(&w.rng, w.world.clusters)); w.raw(`"`) })
	anyJob     = value(func(w *writer) { w.raw(`"`); w.raw(w.world.jobs[w.rng.skewed(jobCount)].id); w.raw(`"`) })
	thisJob    = value(func(w *writer) { w.raw(`"`); w.raw(w.world.jobs[w.d.arg].id); w.raw(`"`) })
	anyJobName = value(func(w *writer) { w.raw(`"`); w.raw(w.world.jobs[w.rng.skewed(jobCount)].name); w.raw(`"`) })

	thisCluster     = quoted(func(b []byte, w *writer) []byte { return appendClusterID(b, w.d.ref) })
	thisClusterName = quoted(func(b []byte, w *writer) []byte { return w.d.cluster.appendName(b) })

	instance  = quoted(func(b []byte, w *writer) []byte { return appendHex(append(b, "i-0"...), &w.rng, 16) })
	publicKey = quoted(func(b []byte, w *writer) []byte {
		return append(appendHex(append(b, "ssh-rsa AAAAB3NzaC1yc2E"...), &w.rng, 320), " ops@bastion"...)
	})
	ipAddress = quoted(func(b []byte, w *writer) []byte { return appendIP(b, &w.rng) })
	// expiry is epoch ms as text; a token may have none.
	expiry = quoted(func(b []byte, w *writer) []byte {
		if w.rng.chance(1500) {
			return append(b, "-1"...)
		}
		return strconv.AppendInt(b, w.d.at+int64(w.rng.between(1, 365))*dayMillis, 10)
	})

	notebookPath = text("/Users/ada/etl/Load orders", `/Repos/platform/jobs/clean \"raw\" zone`, "/Production/etl/orders", "/Shared/Größen/übersicht", "/Workspace/Users/lena/scratch 2")
	dbfsPath     = text("dbfs:/FileStore/tables/orders.csv", "/mnt/raw/clickstream/part-0001.json", "/databricks/mlflow/artifacts/model.pkl", "dbfs:/mnt/lake/silver/events")
	s3URL        = text("s3://northwind-lake/silver/orders", "s3://northwind-lake/gold/ledger/part=1", "s3://northwind-raw/landing")
	tableName    = text("main.silver.orders", "main.gold.ledger", "dev.scratch.`odd name`", "main.silver.click_stream", "system.access.audit")

	newCluster  = jsonText(`{"cluster_name":"","spark_version":"6.2.x-scala2.11","num_workers":8,"node_type_id":"i3.xlarge","aws_attributes":{"zone_id":"us-west-2a","first_on_demand":1,"availability":"SPOT_WITH_FALLBACK"},"cluster_creator":"JOB_LAUNCHER","enable_elastic_disk":false,"spark_conf":{"spark.sql.shuffle.partitions":"200"}}`)
	newSettings = jsonText(`{"name":"nightly","max_concurrent_runs":1,"schedule":{"quartz_cron_expression":"0 15 22 * * ?","timezone_id":"UTC"},"tasks":[{"task_key":"main","notebook_task":{"notebook_path":"/Production/etl"},"timeout_seconds":3600}]}`)
)

// loginUser is the user of a login, which the truth knows.
func loginUser(w *writer) {
	if w.d.user == "" {
		return
	}
	w.comma()
	w.raw(`"user":"`)
	w.raw(w.d.user)
	w.raw(`"`)
}

// targetUser is id and name of one user, from which identities are learned.
func targetUser(w *writer) {
	u := &w.world.users[w.rng.below(humanUsers)]
	if w.d.arg > 0 {
		u = &w.world.users[w.d.arg-1]
	}
	w.comma()
	w.raw(`"targetUserName":"`)
	w.raw(u.email)
	w.raw(`","targetUserId":"`)
	w.raw(u.id)
	w.raw(`"`)
}

func (w *world) anyWorkspace(r *rng) *workspace {
	return &w.workspaces[1+r.skewed(len(w.workspaces)-1)]
}
