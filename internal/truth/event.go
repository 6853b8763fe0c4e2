package truth

import (
	"bytes"
	"cmp"
	"encoding/json"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Event is what queries look at of one line. Texts that can be null are nil or
// a string.
type Event struct {
	at                                                 Time
	table                                              string // the gold table
	service, action, level                             any
	workspace                                          any // digits
	actor, address, agent, session, requestID, message any
	result                                             string // empty: none
	status                                             any    // int64 or nil
	outcome                                            string
	params                                             []param // in delivered order
	key                                                [16]byte

	clusterID, jobID, runID, poolID any
	interactive                     bool // of clusters create and edit
	autotermination                 any  // int64 or nil

	printing, leaking, truncated bool
}

// param is a parameter that is not null, spelled as delivered.
type param struct{ key, value string }

// Times of events outside of these are not believed.
var earliest, latest = time.Date(2013, 1, 1, 0, 0, 0, 0, time.UTC).UnixMilli(), time.Date(2095, 1, 1, 0, 0, 0, 0, time.UTC).UnixMilli()

// parse reads a line delivered in the folder of a workspace, or nil if the line
// is no event.
func (l *Log) parse(folder string, line []byte) *Event {
	if !utf8.Valid(line) || !json.Valid(line) {
		return nil
	}
	line = bytes.TrimSpace(line)
	if line[0] != '{' {
		return nil
	}
	e := &Event{outcome: "unknown", key: keyOf(line)}
	var timed bool
	var user any
	var workspace, email string
	for _, m := range membersOf(line) {
		switch m.key {
		case "requestParams":
			user = l.parseParams(e, m.value)
			continue
		case "response":
			l.parseResponse(e, m.value)
			continue
		case "userIdentity":
			email, _ = memberText(string(m.value), "email")
			continue
		case "identityMetadata":
			continue
		}
		text, found := textOf(m.value)
		switch m.key {
		case "timestamp":
			n, err := strconv.ParseInt(text, 10, 64)
			e.at, timed = Time(n), found && err == nil && n >= earliest && n <= latest
		case "workspaceId":
			if _, err := strconv.ParseInt(text, 10, 64); err == nil {
				workspace = text
			}
		case "serviceName":
			e.service = l.share(text, found)
		case "actionName":
			e.action = l.share(text, found)
		case "auditLevel":
			e.level = l.share(text, found)
		case "sourceIPAddress":
			e.address = l.share(text, found)
		case "userAgent":
			e.agent = l.share(text, found)
		case "sessionId":
			e.session = nullable(text, found)
		case "requestId":
			e.requestID = nullable(text, found)
		}
	}
	if !timed {
		return nil
	}
	if workspace = cmp.Or(workspace, folder); workspace != "" {
		e.workspace = l.share(workspace, true)
	}
	if email != "" {
		e.actor = l.share(email, true)
	} else if user != nil && user != "" {
		e.actor = user
	}
	e.table = "_unknown"
	if s, _ := e.service.(string); s != "" {
		e.table = strings.ReplaceAll(strings.ToLower(s), "-", "_")
	}
	e.derive()
	return e
}

// share makes equal texts one, as events repeat most of theirs.
func (l *Log) share(text string, found bool) any {
	if !found {
		return nil
	}
	shared, known := l.shared[text]
	if !known {
		shared = text
		l.shared[text] = shared
	}
	return shared
}

func nullable(text string, found bool) any {
	if !found {
		return nil
	}
	return text
}

var (
	printCall  = regexp.MustCompile(`\bprint\s*\(`)
	copyInto   = regexp.MustCompile(`(?is)\bCOPY\s+INTO\b.*\bCREDENTIALS?\b`)
	tokenInUse = regexp.MustCompile(`(?i)\bdapi[0-9a-f]{32}\b`)
)

// parseParams takes what queries ask for and returns the parameter user.
func (l *Log) parseParams(e *Event, object []byte) (user any) {
	for _, m := range membersOf(object) {
		value, found := textOf(m.value)
		if !found {
			continue
		}
		switch m.key {
		case "user":
			user = l.share(value, true)
		case "commandText":
			// Looking for a word first saves most of the time.
			lower := strings.ToLower(value)
			e.printing = strings.Contains(value, "print") && printCall.MatchString(value)
			e.leaking = strings.Contains(lower, "copy") && copyInto.MatchString(value) || strings.Contains(lower, "dapi") && tokenInUse.MatchString(value)
			e.truncated = e.truncated || strings.HasSuffix(value, "... truncated")
			continue
		case "TRUNCATED":
			e.truncated = true
		}
		if !l.kept[strings.ToLower(m.key)] {
			continue
		}
		if i := slices.IndexFunc(e.params, func(p param) bool { return p.key == m.key }); i >= 0 {
			e.params[i].value = value
			continue
		}
		e.params = append(e.params, param{m.key, value})
	}
	return user
}

func (l *Log) parseResponse(e *Event, object []byte) {
	for _, m := range membersOf(object) {
		text, found := textOf(m.value)
		switch m.key {
		case "statusCode":
			n, err := strconv.ParseInt(text, 10, 64)
			if !found || err != nil {
				continue
			}
			e.status = n
			switch {
			case n >= 200 && n <= 399:
				e.outcome = "succeeded"
			case n == 401 || n == 403:
				e.outcome = "denied"
			default:
				e.outcome = "error"
			}
		case "errorMessage":
			e.message = l.share(text, found)
		case "result":
			e.result = text
		}
	}
}

// column is a parameter as a gold table has it: keys that differ only in case
// are one.
func (e *Event) column(key string) any {
	for _, p := range e.params {
		if strings.EqualFold(p.key, key) {
			return p.value
		}
	}
	return nil
}

// entry is a parameter as silver has it.
func (e *Event) entry(key string) any {
	for _, p := range e.params {
		if p.key == key {
			return p.value
		}
	}
	return nil
}

// either is the first of the values that is not null.
func either(values ...any) any {
	for _, v := range values {
		if v != nil {
			return v
		}
	}
	return nil
}

// whole is a text as a whole number, or nil.
func whole(text any) any {
	s, _ := text.(string)
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return nil
	}
	return n
}

// is tells whether the action is one of these.
func (e *Event) is(actions ...string) bool {
	a, ok := e.action.(string)
	return ok && slices.Contains(actions, a)
}

func (e *Event) ok() bool { return e.outcome == "succeeded" }

// refused tells 401 and 403.
func (e *Event) refused() bool { return e.status == int64(401) || e.status == int64(403) }

func (e *Event) date() string { return e.at.date() }

var (
	numberInName  = regexp.MustCompile(`^job-(\d+)-run-\d+`)
	nameOfJob     = regexp.MustCompile(`^job-.*-run-`)
	numberInPath  = regexp.MustCompile(`^/clusters/jobs/(\d+)`)
	numberInToken = regexp.MustCompile(`^jobs/job-(\d+)-`)
)

// derive fills the columns that gold tables add.
func (e *Event) derive() {
	first := func(keys ...string) any {
		for _, k := range keys {
			if v := e.entry(k); v != nil && v != "" {
				return v
			}
		}
		return nil
	}
	inResult := func(key string) any {
		if text, _ := memberText(e.result, key); text != "" {
			return text
		}
		return nil
	}
	switch e.table {
	case "clusters":
		e.clusterID = either(first("cluster_id", "clusterId", "resourceId"), inResult("cluster_id"))
		e.autotermination = whole(e.entry("autotermination_minutes"))
		e.jobID = e.jobOfCluster()
		if e.is("create", "edit") {
			e.interactive = e.isInteractive()
		}
	case "jobs":
		e.jobID = either(first("jobId", "job_id", "resourceId"), inResult("job_id"))
		e.runID = first("runId", "run_id", "jobRunId")
		e.clusterID = first("clusterId", "cluster_id", "existing_cluster_id")
	case "instancepools":
		e.poolID = either(e.entry("instance_pool_id"), inResult("instance_pool_id"))
	}
	if e.table != "clamavscanservice_dataplane" {
		e.result = ""
	}
}

// jobOfCluster is the job that a cluster is for.
func (e *Event) jobOfCluster() any {
	tags, _ := e.entry("custom_tags").(string)
	if id, _ := memberText(tags, "JobId"); id != "" {
		return id
	}
	for _, try := range []struct {
		key     string
		pattern *regexp.Regexp
	}{{"acl_path_prefix", numberInPath}, {"idempotency_token", numberInToken}, {"cluster_name", numberInName}} {
		text, _ := e.entry(try.key).(string)
		if m := try.pattern.FindStringSubmatch(text); m != nil {
			return m[1]
		}
	}
	return nil
}

func (e *Event) isInteractive() bool {
	name, _ := e.entry("cluster_name").(string)
	source, _ := e.entry("cluster_source").(string)
	tags, _ := e.entry("custom_tags").(string)
	if creator := e.entry("cluster_creator"); creator != nil && creator != "" || nameOfJob.MatchString(name) ||
		slices.Contains([]string{"JOB", "PIPELINE", "PIPELINE_MAINTENANCE", "SQL", "MODELS"}, source) {
		return false
	}
	for _, tag := range []string{"JobId", "SqlEndpointId", "DltPipelineId"} {
		if v, _ := memberText(tags, tag); v != "" {
			return false
		}
	}
	return true
}
