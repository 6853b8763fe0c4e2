package generate

import "strconv"

func (w *writer) response() {
	d := &w.d
	switch d.reply {
	case nullReply:
		w.raw(`,"response":null`)
		return
	case nullStatus:
		w.raw(`,"response":{"statusCode":null,"errorMessage":null,"result":null}`)
		return
	case textStatus:
		w.raw(`,"response":{"statusCode":"`)
		w.b = strconv.AppendInt(w.b, int64(d.status), 10)
		w.raw(`"}`)
		return
	}
	w.raw(`,"response":{"statusCode":`)
	w.b = strconv.AppendInt(w.b, int64(d.status), 10)
	if d.status == 200 && d.reply == shortReply && d.k.reply == statusOnly {
		w.raw("}")
		return
	}
	w.raw(`,"errorMessage":`)
	if d.status == 200 {
		w.raw("null")
	} else {
		w.raw(pick(&w.rng, errorMessages))
	}
	w.raw(`,"result":`)
	w.result()
	w.raw("}")
}

func (w *writer) result() {
	d, r := &w.d, &w.rng
	if d.status != 200 {
		w.raw("null")
		return
	}
	switch d.k.reply {
	case clusterResult:
		w.raw(`"{\"cluster_id\":\"`)
		w.b = appendClusterID(w.b, d.ref)
		w.raw(`\"}"`)
	case jobResult:
		w.raw(`"{\"job_id\":`)
		w.b = strconv.AppendInt(w.b, int64(r.between(40, 90_000)), 10)
		w.raw(`}"`)
	case runResult:
		w.raw(`"{\"run_id\":`)
		inJob := uint64(r.between(1, 9000))
		run := jobRun{inJob: inJob, global: inJob + 1_000_000}
		if d.arg >= 0 && d.run > 0 {
			run = w.world.jobRun(&d.event)
		}
		w.b = strconv.AppendUint(w.b, run.global, 10)
		w.raw(`,\"number_in_job\":`)
		w.b = strconv.AppendUint(w.b, run.inJob, 10)
		w.raw(`}"`)
	case scanResult:
		w.raw(pick(r, []string{`"Infected files: 0"`, `"Infected files: 1"`, `"/local_disk0/tmp/x.jar: Win.Test.EICAR_HDB-1 FOUND"`}))
	default:
		w.raw("null")
	}
}

// The lists below are JSON values, written as they are.
var (
	errorMessages = []string{
		`null`,
		`"Invalid access token."`,
		`"PERMISSION_DENIED: User does not have USE CATALOG on Catalog 'main'."`,
		`"InnerExecutionException: null"`,
		`"[TABLE_OR_VIEW_NOT_FOUND] The table or view cannot be found.\nVerify the spelling. SQLSTATE: 42P01;\n'UnresolvedRelation [silver, ordres]\n"`,
		`"RESOURCE_DOES_NOT_EXIST: Cluster 1228-070102-boast7 does not exist"`,
	}
	oddAddresses = []string{
		`""`, `null`, `"0.0.0.0"`, `"127.0.0.1"`, `"18.193.11.166:0"`, `"10.139.64.12"`, `"2001:db8::17"`, `"[2001:db8::17]:443"`,
	}
	userAgents = []string{
		`"Apache-HttpClient/4.5.14 (Java/17.0.13) Databricks-Service/driver DBHttpClient/v2RawClient"`,
		`"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/137.0.0.0 Safari/537.36"`,
		`"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/79.0.3945.88 Safari/537.36"`,
		`"databricks-tf-provider/1.29.0 databricks-sdk-go/0.23.0 go/1.21.3 os/linux terraform/1.6.2 resource/job"`,
		`"python-requests/2.22.0"`,
		`"databricks-cli-0.9.1-"`,
		`"Databricks JDBC\/2.6.36 PowerBI \u00a9"`,
		`"Databricks-Runtime/7.3 spark/3.0.1 a-very-long-agent lakehouse-federation/unified-connector-framework-0.18.44-rc2+build.20240117.9c1e4b7 (Linux; x86_64; JVM 1.8.0_392-b08; region=us-west-2; pool=shared-job-pool-i3-xlarge-az-a; tenant=northwind)"`,
	}
)
