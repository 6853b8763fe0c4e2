package generate

import "strconv"

// jobRun is one run of a job. In older data the number within the job and the
// global id differ; in newer data all ids of a run are one number.
type jobRun struct {
	inJob  uint64
	global uint64
}

func (w *world) jobRun(e *event) jobRun {
	r := stream(w.cfg.Seed, streamRun, uint64(e.arg), uint64(e.run))
	if w.jobs[e.arg].modern {
		id := 100_000_000_000_000 + r.next()%899_999_999_999_999
		return jobRun{inJob: id, global: id}
	}
	return jobRun{inJob: uint64(e.run), global: 1_000_000 + r.next()%90_000_000}
}

// runParams writes the parameters of a run's events.
func runParams(w *writer) {
	e, r := &w.d.event, &w.rng
	j := &w.world.jobs[e.arg]
	run := w.world.jobRun(e)
	w.comma()
	w.raw(`"jobId":`)
	w.flexibleText(j.id)
	w.raw(`,"runId":`)
	w.flexibleUint(run.global)
	w.raw(`,"idInJob":`)
	w.flexibleUint(run.inJob)
	if j.modern {
		w.raw(`,"jobRunId":`)
		w.flexibleUint(run.global)
		w.raw(`,"multitaskParentRunId":`)
		w.flexibleUint(run.global)
		w.raw(`,"taskKey":"main","taskDependencies":[],"parentRunId":null`)
	}
	w.raw(`,"orgId":"`)
	w.raw(w.world.workspaces[e.ws].id)
	w.raw(`","jobTaskType":"notebook","jobTriggerType":"`)
	w.raw([...]string{"cron", "manual", "periodic"}[e.arg%3])
	w.raw(`","runCreatorUserName":"`)
	w.raw(w.world.users[j.owner].email)
	if e.ref != 0 {
		w.raw(`","jobClusterType":"new","clusterId":"`)
		w.b = appendClusterID(w.b, e.ref)
	} else {
		w.raw(`","jobClusterType":"existing","clusterId":"`)
		w.raw(w.world.clusters[int(e.arg)%len(w.world.clusters)])
	}
	w.raw(`"`)
	switch w.d.k.action {
	case "runSucceeded":
		w.raw(`,"jobTerminalState":"Succeeded"`)
	case "runFailed":
		w.raw(`,"jobTerminalState":"`)
		w.raw(pick(r, []string{"Failed", "Canceled", "Timedout"}))
		w.raw(`"`)
	}
}

// jobParams writes the parameters of jobs create.
func jobParams(w *writer) {
	w.comma()
	w.raw(`"name":`)
	anyJobName(w)
	newCluster.as(w, `,"new_cluster":`)
	w.raw(`,"schedule":"{\"quartz_cron_expression\":\"0 15 22 * * ?\",\"timezone_id\":\"UTC\"}","notebook_task":"{\"notebook_path\":\"/Production/etl\"}","job_type":"NORMAL"`)
	flexible(number(0, 86400)).as(w, `,"timeout_seconds":`)
	w.raw(`,"email_notifications":{"on_failure":["oncall@northwind.example"],"no_alert_for_skipped_runs":false}`)
}

func (w *writer) flexibleText(digits string) {
	if w.rng.chance(800) {
		w.raw(digits)
		return
	}
	w.raw(`"`)
	w.raw(digits)
	w.raw(`"`)
}

func (w *writer) flexibleUint(n uint64) {
	if w.rng.chance(800) {
		w.b = strconv.AppendUint(w.b, n, 10)
		return
	}
	w.raw(`"`)
	w.b = strconv.AppendUint(w.b, n, 10)
	w.raw(`"`)
}
