package plugin

import (
	"time"

	"github.com/auditlake/auditlake/pkg/etl"
	"github.com/auditlake/auditlake/pkg/plugin/supervisor"
)

// jobStatus is what the ETL of the data source is doing.
type jobStatus struct {
	// State is off, waiting, queued, running, or refused where another data source
	// writes the lake.
	State string `json:"state"`
	// Reason says why the state is off or refused, or why the last run was put off.
	Reason   string       `json:"reason,omitempty"`
	Task     string       `json:"task,omitempty"`
	Table    string       `json:"table,omitempty"`
	Since    *time.Time   `json:"since,omitempty"`
	Next     *time.Time   `json:"next,omitempty"` // the next scheduled run
	Progress taskProgress `json:"progress"`
	Last     *taskOutcome `json:"last,omitempty"`
	// Identities is what became of asking Databricks after the last run; left out if it
	// was not asked.
	Identities *identifying `json:"identities,omitempty"`
	// Register is what became of registering tables elsewhere; left out if it was not
	// tried.
	Register *registering `json:"register,omitempty"`
}

// taskProgress is how far a task has come; zero where none is under way.
type taskProgress struct {
	Stage      string `json:"stage"`
	Table      string `json:"table,omitempty"`
	Files      int64  `json:"files"`
	TotalFiles int64  `json:"totalFiles"`
	Bytes      int64  `json:"bytes"`
	TotalBytes int64  `json:"totalBytes"`
	BronzeRows int64  `json:"bronzeRows"`
	SilverRows int64  `json:"silverRows"`
	GoldRows   int64  `json:"goldRows"`
	// Done is from 0 to 1.
	Done float64 `json:"done"`
	// SecondsLeft is an estimate, null where there is nothing to go by.
	SecondsLeft *float64 `json:"secondsLeft"`
}

// taskOutcome is how a task ended.
type taskOutcome struct {
	Task     string    `json:"task"`
	Table    string    `json:"table,omitempty"`
	Started  time.Time `json:"started"`
	Finished time.Time `json:"finished"`
	Error    string    `json:"error,omitempty"`
	Result   any       `json:"result,omitempty"` // counts, by what they count
}

// jobStatus puts a status into words for the front end.
func (d *Datasource) jobStatus(s supervisor.Status) jobStatus {
	out := jobStatus{
		State: string(s.State), Task: string(s.Task.Kind), Table: s.Task.Table,
		Identities: d.shell.identifiedOf(d.owner), Register: d.shell.registeredOf(d.owner),
		Since: timeOrNil(s.Since), Next: timeOrNil(s.Next), Progress: progressOf(s.Progress, time.Now()),
	}
	if s.State == supervisor.Off {
		out.State, out.Reason = d.whyOff()
	}
	if s.Later != nil {
		out.Reason = d.conceal(s.Later.Error())
	}
	if s.Last != nil {
		out.Last = &taskOutcome{
			Task: string(s.Last.Task.Kind), Table: s.Last.Task.Table,
			Started: s.Last.Started.UTC(), Finished: s.Last.Finished.UTC(), Result: countsOf(s.Last.Result),
		}
		if s.Last.Err != nil {
			_, _, out.Last.Error = d.explain(s.Last.Err)
		}
	}
	return out
}

func timeOrNil(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}

func progressOf(p etl.Progress, now time.Time) taskProgress {
	out := taskProgress{
		Stage: p.Stage, Table: p.Table, Files: p.Files, TotalFiles: p.TotalFiles, Bytes: p.Bytes, TotalBytes: p.TotalBytes,
		BronzeRows: p.Bronze, SilverRows: p.Silver, GoldRows: p.Gold, Done: p.Done,
	}
	if p.Done == 0 && p.TotalBytes > 0 { // maintenance counts in bytes alone
		out.Done = min(float64(p.Bytes)/float64(p.TotalBytes), 1)
	}
	if out.Done > 0 {
		left := (1 - out.Done) / out.Done * now.Sub(p.Started).Seconds()
		out.SecondsLeft = &left
	}
	return out
}

// countsOf is what a task did, in numbers; nil if it tells nothing.
func countsOf(result any) any {
	switch r := result.(type) {
	case etl.Summary:
		return map[string]int64{
			"files": r.Files, "bytes": r.Bytes, "bronzeRows": r.Bronze, "quarantineRows": r.Quarantine, "silverRows": r.Silver,
			"goldRows": r.Gold, "goldTables": int64(len(r.GoldTables)), "listedFiles": r.Listed, "supersededLines": r.Superseded,
			"unrecognisedKeys": r.Unrecognised, "damagedFiles": int64(len(r.Damaged)), "waitingFiles": r.Waiting,
		}
	case etl.OptimizeSummary:
		counts := map[string]int64{"tables": int64(len(r.Tables))}
		for _, t := range r.Tables {
			counts["filesRemoved"] += t.FilesRemoved
			counts["filesAdded"] += t.FilesAdded
			counts["bytesRemoved"] += t.BytesRemoved
			counts["bytesAdded"] += t.BytesAdded
		}
		return counts
	case etl.ReplaySummary:
		return map[string]int64{
			"silverRows": r.Silver, "quarantineRows": r.Quarantine, "goldRows": r.Gold, "goldTables": int64(len(r.GoldTables)), "keptRows": r.Kept,
		}
	}
	return nil
}
