package generate_test

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// This file reads deliveries as the pipeline does, sharing nothing with the
// generator, and answers the panels from what it parsed.

var logKey = regexp.MustCompile(`^(?:workspaceId=(\d+)/)?date=(\d{4}-\d\d-\d\d)/[^/_.][^/]*\.json(\.gz)?$`)

type object = map[string]any

type line struct {
	key   string
	raw   []byte
	event object // nil: quarantine
}

// lines returns the non-blank lines of all recognised files.
func lines(t tester, store map[string][]byte) []line {
	t.Helper()
	var out []line
	for _, key := range slices.Sorted(maps.Keys(store)) {
		if !logKey.MatchString(key) {
			continue
		}
		for _, raw := range bytes.Split(plain(t, key, store[key]), []byte("\n")) {
			raw = bytes.TrimSuffix(raw, []byte("\r"))
			if len(raw) > 0 {
				out = append(out, line{key: key, raw: raw, event: parse(raw)})
			}
		}
	}
	return out
}

func plain(t tester, key string, body []byte) []byte {
	t.Helper()
	if !strings.HasSuffix(key, ".gz") {
		return body
	}
	zr, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil {
		t.Fatalf("%s: %v", key, err)
	}
	body, err = io.ReadAll(zr)
	if err != nil {
		t.Fatalf("%s: %v", key, err)
	}
	return body
}

func parse(raw []byte) object {
	if !utf8.Valid(raw) {
		return nil
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	var event object
	if dec.Decode(&event) != nil || dec.Decode(new(any)) != io.EOF {
		return nil
	}
	n, ok := event["timestamp"].(json.Number)
	if !ok {
		return nil
	}
	ms, err := n.Int64()
	if err != nil || ms < time.Date(2013, 1, 1, 0, 0, 0, 0, time.UTC).UnixMilli() || ms > time.Date(2095, 1, 1, 0, 0, 0, 0, time.UTC).UnixMilli() {
		return nil
	}
	return event
}

// str is a value as text, empty for null and absent ones.
func str(o object, key string) string {
	switch v := o[key].(type) {
	case string:
		return v
	case json.Number:
		return v.String()
	case nil:
		return ""
	default:
		return fmt.Sprint(v)
	}
}

func sub(o object, key string) object {
	s, _ := o[key].(object)
	return s
}

// jsonOf is a nested object, or one in a string.
func jsonOf(o object, key string) object {
	if s, ok := o[key].(string); ok {
		var out object
		if json.Unmarshal([]byte(s), &out) == nil {
			return out
		}
		return nil
	}
	return sub(o, key)
}

var (
	jobName    = regexp.MustCompile(`^job-(\d+)-run-(\d+)`)
	jobLike    = regexp.MustCompile(`^job-.*-run-`)
	aclPath    = regexp.MustCompile(`^/clusters/jobs/(\d+)`)
	jobToken   = regexp.MustCompile(`^jobs/job-(\d+)-`)
	notUsers   = []string{"JOB", "PIPELINE", "PIPELINE_MAINTENANCE", "SQL", "MODELS"}
	loginNames = []string{"login", "aadBrowserLogin", "aadTokenLogin", "certLogin", "jwtLogin", "mfaLogin", "oidcBrowserLogin", "oidcTokenAuthorization", "samlLogin", "tokenLogin", "passwordVerifyAuthentication"}
)

func isInteractive(p object) bool {
	tags := jsonOf(p, "custom_tags")
	return str(p, "cluster_creator") == "" && !jobLike.MatchString(str(p, "cluster_name")) &&
		!slices.Contains(notUsers, str(p, "cluster_source")) &&
		tags["JobId"] == nil && tags["SqlEndpointId"] == nil && tags["DltPipelineId"] == nil
}

func jobOf(p object) string {
	if id := str(jsonOf(p, "custom_tags"), "JobId"); id != "" {
		return id
	}
	for _, try := range []struct {
		re  *regexp.Regexp
		key string
	}{{aclPath, "acl_path_prefix"}, {jobToken, "idempotency_token"}, {jobName, "cluster_name"}} {
		if m := try.re.FindStringSubmatch(str(p, try.key)); m != nil {
			return m[1]
		}
	}
	return ""
}

func loginMethod(e object) string {
	action := str(e, "actionName")
	switch {
	case str(e, "serviceName") == "accounts" && slices.Contains(loginNames, action):
		return action
	case str(e, "serviceName") == "ssh" && action == "login":
		return "ssh.login"
	}
	return ""
}

func null(s string) any {
	if s == "" {
		return nil
	}
	return s
}

type ownerRow struct {
	n     int
	first string
}

// panels answers every named query, as objects.
func panels(all []line) object {
	const stamp = "2006-01-02T15:04:05.000Z"
	created, creators, jobs, endlessOn, failed := map[string]int{}, map[string]int{}, map[string]int{}, map[string]int{}, map[string]int{}
	owners, logins, failedBy := map[[2]string]*ownerRow{}, map[[2]string]int{}, map[string]*ownerRow{}
	endless := []any{}
	for _, l := range all {
		e := l.event
		if e == nil {
			continue
		}
		ms, _ := e["timestamp"].(json.Number).Int64()
		at := time.UnixMilli(ms).UTC()
		date, when := at.Format(time.DateOnly), at.Format(stamp)
		p := sub(e, "requestParams")
		actor := cmp.Or(str(sub(e, "userIdentity"), "email"), str(p, "user"))
		if method := loginMethod(e); method != "" {
			logins[[2]string{date, method}]++
			status, err := strconv.Atoi(str(sub(e, "response"), "statusCode"))
			if err == nil && status >= 400 && !slices.Contains([]string{"System-User", "unknown", "Unknown"}, actor) {
				failed[date]++
				if failedBy[actor] == nil {
					failedBy[actor] = &ownerRow{}
				}
				failedBy[actor].n++
				failedBy[actor].first = max(failedBy[actor].first, when)
			}
		}
		if str(e, "serviceName") != "clusters" || str(e, "actionName") != "create" {
			continue
		}
		created[date]++
		job := jobOf(p)
		creator := "SYSTEM"
		switch {
		case str(p, "cluster_creator") != "":
			creator = str(p, "cluster_creator")
		case isInteractive(p):
			creator = "user"
		case str(p, "cluster_source") != "":
			creator = str(p, "cluster_source")
		case job != "":
			creator = "JOB"
		}
		creators[creator]++
		if job != "" {
			jobs[job]++
			if user := str(p, "user_id"); user != "" {
				o := owners[[2]string{job, user}]
				if o == nil {
					o = &ownerRow{first: when}
					owners[[2]string{job, user}] = o
				}
				o.n++
				o.first = min(o.first, when)
			}
		}
		minutes, err := strconv.ParseFloat(str(p, "autotermination_minutes"), 64)
		if isInteractive(p) && err == nil && minutes == 0 {
			endlessOn[date]++
			ws := str(e, "workspaceId")
			if ws == "" {
				ws = logKey.FindStringSubmatch(l.key)[1]
			}
			cluster := cmp.Or(str(p, "cluster_id"), str(p, "clusterId"), str(p, "resourceId"), str(jsonOf(sub(e, "response"), "result"), "cluster_id"))
			endless = append(endless, object{"time": when, "email": null(actor), "clusterName": str(p, "cluster_name"), "clusterId": null(cluster), "workspaceId": ws})
		}
	}

	slices.SortStableFunc(endless, func(a, b any) int {
		x, y := a.(object), b.(object)
		return cmp.Or(cmp.Compare(str(x, "time"), str(y, "time")), cmp.Compare(str(x, "clusterId"), str(y, "clusterId")))
	})
	top, ownerRows := "", []any{}
	if ranked := ranked(jobs); len(ranked) > 0 {
		top = ranked[0]
	}
	for _, k := range slices.SortedFunc(maps.Keys(owners), func(a, b [2]string) int {
		return cmp.Or(cmp.Compare(owners[a].first, owners[b].first), cmp.Compare(a[1], b[1]))
	}) {
		if k[0] == top {
			ownerRows = append(ownerRows, object{"jobId": top, "userId": k[1], "numClusters": owners[k].n, "firstCreated": owners[k].first})
		}
	}
	loginRows := []any{}
	for _, k := range slices.SortedFunc(maps.Keys(logins), func(a, b [2]string) int { return slices.Compare(a[:], b[:]) }) {
		loginRows = append(loginRows, object{"date": k[0], "method": k[1], "num_logins": logins[k]})
	}
	userCounts := map[string]int{}
	for user, f := range failedBy {
		userCounts[user] = f.n
	}
	return object{
		"clusters_created_per_day":                 rows(slices.Sorted(maps.Keys(created)), "date", "num_clusters", created),
		"clusters_by_creator":                      rows(ranked(creators), "creator", "num_clusters", creators),
		"clusters_by_job":                          rows(head(ranked(jobs)), "jobId", "num_clusters", jobs),
		"job_owner":                                object{"job_id": null(top), "rows": ownerRows},
		"clusters_without_autotermination_per_day": rows(slices.Sorted(maps.Keys(endlessOn)), "date", "num_clusters", endlessOn),
		"clusters_without_autotermination":         endless,
		"logins_by_method":                         loginRows,
		"failed_logins":                            rows(slices.Sorted(maps.Keys(failed)), "date", "num_failed", failed),
		"failed_logins_by_user": func() []any {
			out := rows(head(ranked(userCounts)), "user", "num_failed", userCounts)
			for _, r := range out {
				user := r.(object)["user"].(string)
				r.(object)["user"], r.(object)["last"] = null(user), failedBy[user].first
			}
			return out
		}(),
	}
}

// ranked returns the keys by falling count.
func ranked(counts map[string]int) []string {
	return slices.SortedFunc(maps.Keys(counts), func(a, b string) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a, b))
	})
}

func rows(keys []string, name, count string, counts map[string]int) []any {
	out := []any{}
	for _, k := range keys {
		out = append(out, object{name: k, count: counts[k]})
	}
	return out
}

func head(s []string) []string { return s[:min(100, len(s))] }
