package plant

import "fmt"

// run is an event of a job's run.
func (s *stage) run(at int64, action, job string, number int, more string) {
	params := with("jobId", job, "runId", fmt.Sprintf("%s%04d", job, number))
	if more != "" {
		params += "," + more
	}
	s.do(event{at: at, service: "jobs", action: action, who: "System-User", params: params})
}

func jobs(s *stage) {
	const runs, failing, byType, existing, changed, duration = "job_runs", "jobs_failing", "failed_runs_by_cluster_type", "jobs_on_interactive_clusters", "jobs_changed", "job_run_duration"
	t := s.at(14, "06:00")
	for i := range 60 {
		action := "runFailed"
		if i%3 == 0 {
			action = "runSucceeded"
		}
		s.run(t+int64(i)*second, action, "990001", i, with("clusterId", "planted-51"))
		s.run(t+int64(i)*second, "runStart", "990011", i, with("jobClusterType", "new", "clusterId", "planted-51"))
	}
	s.in(runs, "990001")
	s.out(runs, "990011")
	s.in(byType, "planted.8xlarge")
	s.out(byType, "planted.edited")

	end := s.at(Days-1, "23:59")
	fail := func(job string, before ...int64) {
		for i, b := range before {
			s.run(end-b, "runFailed", job, i, "")
		}
	}
	fail("990002", hour, 2*hour, 3*hour)
	s.in(failing, "990002")
	fail("990003", hour, 2*hour, 3*hour, 4*hour)
	s.run(end-150*minute, "runSucceeded", "990003", 99, "") // between its failures
	fail("990004", hour, 2*hour)
	fail("990005", hour, 2*hour, 25*hour)
	s.out(failing, "990003", "990004", "990005")

	for i := range 30 {
		s.run(t+int64(i)*second, "runStart", "990006", i, with("jobClusterType", "existing", "existing_cluster_id", fmt.Sprintf("planted-existing-%d", i%4)))
		s.run(t+int64(i)*second, "runTriggered", "990007", i, with("jobClusterType", "existing"))
	}
	s.in(existing, "990006")
	s.out(existing, "990007", "990011")

	for _, action := range []string{"create", "update", "reset", "delete", "changeJobAcl"} {
		s.do(event{at: t, service: "jobs", action: action, who: mail("job.keeper"), params: with("job_id", "99010", "name", "planted job "+action)})
		if action == "changeJobAcl" {
			s.out(changed, "planted job "+action)
		} else {
			s.in(changed, "planted job "+action)
		}
	}

	for i := range 20 {
		s.run(t+int64(i)*minute, "runStart", "990008", i, "")
		s.run(t+int64(i)*minute+5*second, "runStart", "990008", i, "") // of a second attempt
		s.run(t+5*hour+int64(i*i)*minute, "runSucceeded", "990008", i, "")
		s.run(t+4*hour, "runFailed", "990008", i, "")
	}
	s.run(t, "runStart", "990009", 1, "") // never ends
	s.run(t, "runStart", "990010", 1, "")
	s.run(t-1, "runSucceeded", "990010", 1, "") // before it starts
	s.run(t+9*hour, "runFailed", "990012", 1, "")
	s.in(duration, "990008")
	s.out(duration, "990009", "990010", "990012")
}
