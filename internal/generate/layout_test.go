package generate_test

import (
	"bytes"
	"context"
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/auditlake/auditlake/internal/generate"
)

func TestRedeliveryKeepsEveryLineAndInsertsNewOnes(t *testing.T) {
	cfg := generate.Config{Seed: 21, Start: december, Days: 8, EventsPerDay: 5000}
	deliveries, err := generate.Deliveries(cfg)
	if err != nil {
		t.Fatal(err)
	}
	type version struct {
		at    time.Time
		lines []string
	}
	old := map[string]version{}
	again, inserted, appended, keys := 0, 0, 0, 0
	for d := range deliveries {
		if !logKey.MatchString(d.Key) {
			continue
		}
		now := version{at: d.At}
		for _, l := range lines(t, map[string][]byte{d.Key: d.Body}) {
			now.lines = append(now.lines, string(l.raw))
		}
		before, ok := old[d.Key]
		old[d.Key] = now
		if !ok {
			keys++
			continue
		}
		again++
		if d.At.Sub(before.at) < 15*time.Minute {
			t.Errorf("%s comes again after %s", d.Key, d.At.Sub(before.at))
		}
		kept, at := 0, []int{}
		for i, l := range now.lines {
			if kept < len(before.lines) && before.lines[kept] == l {
				kept++
				continue
			}
			at = append(at, i)
		}
		if kept != len(before.lines) {
			t.Errorf("%s: of %d old lines only %d are there in order", d.Key, len(before.lines), kept)
		}
		switch {
		case len(at) == 0 || len(before.lines) == 0:
		case at[0] >= len(before.lines):
			appended++
		default:
			inserted++
		}
	}
	t.Logf("%d keys, %d deliveries again, %d with lines in the middle, %d with lines at the end", keys, again, inserted, appended)
	if share := float64(again) / float64(keys); share < 0.07 || share > 0.16 {
		t.Errorf("%.3f of the files come again, want about a tenth", share)
	}
	if inserted < again/2 || appended == 0 {
		t.Errorf("%d with lines in the middle and %d at the end", inserted, appended)
	}
}

// month is a large config, delivered once for all tests that look for rare things.
func month(t tester) map[string][]byte {
	deliveries, err := generate.Deliveries(generate.Config{Seed: 1, Start: december, Days: 30, EventsPerDay: 4_000})
	if err != nil {
		t.Fatal(err)
	}
	store := map[string][]byte{}
	for d := range deliveries {
		store[d.Key] = bytes.Clone(d.Body)
	}
	return store
}

func TestEveryOddityOccursInAMonth(t *testing.T) {
	store := month(t)
	keys := []string{
		`^workspaceId=0/date=`, `^workspaceId=[1-9]\d+/date=2019-12-0[1-7]/auditlogs_[0-9a-f-]+\.json$`, `^date=2019-12-\d\d/auditlogs_`,
		`\.json\.gz$`, `^_databricks_dev$`, `^\.hidden/x\.json$`, `/_SUCCESS$`, `/readme\.txt$`,
	}
	for _, k := range keys {
		re := regexp.MustCompile(k)
		found := false
		for key := range store {
			found = found || re.MatchString(key)
		}
		if !found {
			t.Errorf("no key matches %s", k)
		}
	}

	want := map[string]func(l line) bool{
		"duplicate key in other case": func(l line) bool {
			p := sub(l.event, "requestParams")
			return p["DashboardId"] != nil && p["dashboardId"] != nil
		},
		"event date is not the folder's": func(l line) bool { return l.event != nil && !strings.Contains(l.key, "date="+dateOf(l)) },
		"workspaceId number":             isType[json.Number]("workspaceId"),
		"workspaceId string":             isType[string]("workspaceId"),
		"response text status":           func(l line) bool { return sub(l.event, "response")["statusCode"] == "200" },
		"status 1":                       func(l line) bool { return str(sub(l.event, "response"), "statusCode") == "1" },
		"user only in requestParams": func(l line) bool {
			return loginMethod(l.event) != "" && str(sub(l.event, "userIdentity"), "email") == "" && str(sub(l.event, "requestParams"), "user") != ""
		},
		"login without any user": func(l line) bool {
			return loginMethod(l.event) == "tokenLogin" && str(sub(l.event, "userIdentity"), "email") == "" && str(sub(l.event, "requestParams"), "user") == ""
		},
		"service principal":   func(l line) bool { return len(str(sub(l.event, "userIdentity"), "email")) == 36 },
		"userIdentity absent": func(l line) bool { _, ok := l.event["userIdentity"]; return l.event != nil && !ok },
		"no workspaceId":      func(l line) bool { return l.event != nil && l.event["workspaceId"] == nil },
		"no requestParams":    func(l line) bool { _, ok := l.event["requestParams"]; return l.event != nil && !ok },
		"interactive without autotermination": func(l line) bool {
			p := sub(l.event, "requestParams")
			return str(l.event, "actionName") == "create" && str(l.event, "serviceName") == "clusters" && isInteractive(p) && str(p, "autotermination_minutes") == "0"
		},
		"line over 100 KB": func(l line) bool { return len(l.raw) > 100<<10 && bytes.Contains(l.raw, []byte(`... truncated"`)) },
		"quarantined":      func(l line) bool { return l.event == nil },
		"old layout":       func(l line) bool { return strings.HasPrefix(l.key, "date=") },
	}
	for _, text := range []string{
		`"userIdentity":null`, `"email":null`, `"email":"System-User"`, `"email":"unknown"`, `"email":"Unknown"`, `"email":"dbadmin"`,
		`"sourceIPAddress":""`, `"sourceIPAddress":null`, `"sourceIPAddress":"0.0.0.0"`, `"sourceIPAddress":"127.0.0.1"`, `:0"`, `"10.139`, `"2001:db8::17"`,
		`"response":null`, `"statusCode":null`, `"statusCode":400`, `"statusCode":401`, `"statusCode":403`, `"statusCode":404`, `"statusCode":429`, `"statusCode":500`,
		`"InnerExecutionException: null"`, `SQLSTATE: 42P01`, `"userAgent":""`, `"userAgent":null`, `databricks-tf-provider/`, `\u00a9`, `\/`, "日本", "📈", "\u2028",
		`"serviceName":null`, `"serviceName":""`, `"capsule8-alerts-dataplane"`, `"clamAVScanService-dataplane"`, `"RemoteHistoryService"`, `"remoteHistoryService"`, `"partnerhub"`, `"partnerHub"`,
		`"DataSourceId"`, `"dataSourceId"`, `"script-SHA256"`, `"changeClusterAcl"`, `"tokenExpirationTime":"-1"`, `"TRUNCATED":""`, `"requestParams":null`, `"requestParams":{}`,
		`"identityMetadata":{`, `"MAX_LOG_MESSAGE_LENGTH":16384`, `"instanceId":"i-0`, `"containerId":"`, `"message":"line one`, `"orgId":"`, `"shardName":"`, `"version":"1.0"`,
		`"cluster_creator":"JOB_LAUNCHER"`, `"cluster_creator":""`, `"cluster_source":"JOB"`, `"cluster_source":"PIPELINE"`, `"cluster_source":"SQL"`, `"cluster_source":"MODELS"`, `"cluster_source":"UI"`, `"cluster_source":""`,
		`\"JobId\"`, `"JobId":`, `\"SqlEndpointId\"`, `\"DltPipelineId\"`, `"acl_path_prefix":"/clusters/jobs/`, `"idempotency_token":"jobs/job-`, `"job-ranker-run-test"`,
		`"autotermination_minutes":0,`, `"autotermination_minutes":"0"`, `"clientRequestId":null`, `9007199254740993`, `"permanentDelete"`, `"resizeResult"`, `"samlLogin"`, `\"cluster_id\":`,
		`{"n":1,"deep":[true,null]}`, `"list": [1, 2.50, "x"]`, `1e3`, `"GENIE_AUTH"`,
	} {
		want[text] = func(l line) bool { return bytes.Contains(l.raw, []byte(text)) }
	}
	for name, broken := range map[string]func(raw []byte) bool{
		"broken JSON":   func(raw []byte) bool { return raw[0] == '{' && !json.Valid(raw) },
		"invalid UTF-8": func(raw []byte) bool { return bytes.Contains(raw, []byte("\xff\xfe")) },
		"no timestamp":  func(raw []byte) bool { return json.Valid(raw) && !bytes.Contains(raw, []byte(`"timestamp"`)) },
		"year 1970":     func(raw []byte) bool { return bytes.Contains(raw, []byte(`"timestamp":86400000,`)) },
		"year 2100":     func(raw []byte) bool { return bytes.Contains(raw, []byte(`"timestamp":4102531200000,`)) },
		"not an object": func(raw []byte) bool { return raw[0] == '[' },
	} {
		want[name] = func(l line) bool { return l.event == nil && broken(l.raw) }
	}

	services, all, size, twice, quarantined := map[string]int{}, 0, 0, 0, 0
	seen := map[string]bool{}
	for _, l := range lines(t, store) {
		all++
		size += len(l.raw) + 1
		services[str(l.event, "serviceName")]++
		if l.event == nil {
			quarantined++
		}
		if seen[string(l.raw)] {
			twice++
		}
		seen[string(l.raw)] = true
		for name, test := range want {
			if test(l) {
				delete(want, name)
			}
		}
	}
	for name := range want {
		t.Errorf("never seen: %s", name)
	}
	for s := range services {
		if !regexp.MustCompile(`^[A-Za-z0-9-]*$`).MatchString(s) {
			t.Errorf("service %q: the truth would name its table wrongly", s)
		}
	}
	if len(services) < 40 {
		t.Errorf("%d services, want at least 40", len(services))
	}
	if twice == 0 || twice > all/500 {
		t.Errorf("%d of %d lines are repeated", twice, all)
	}
	if quarantined > all/5000 {
		t.Errorf("%d of %d lines are quarantined", quarantined, all)
	}
	if mean := size / all; mean < 800 || mean > 940 {
		t.Errorf("a line has %d bytes on average, want about 870", mean)
	}
	if all < 116_000 || all > 124_000 {
		t.Errorf("%d lines for 30 days of 4,000 events", all)
	}
	t.Logf("%d lines of %d bytes in %d objects, %d repeated, %d quarantined, services %v", all, size/all, len(store), twice, quarantined, services)

	var crlf, blank, open int
	for key, body := range store {
		if !logKey.MatchString(key) {
			continue
		}
		body = plain(t, key, body)
		if bytes.Contains(body, []byte("}\r\n")) {
			crlf++
		}
		if bytes.Contains(body, []byte("\n\n")) || bytes.HasPrefix(body, []byte("\n")) {
			blank++
		}
		if !bytes.HasSuffix(body, []byte("\n")) {
			open++
		}
	}
	if crlf == 0 || blank == 0 || open == 0 {
		t.Errorf("%d files with CRLF, %d with blank lines, %d without a last newline", crlf, blank, open)
	}
}

func TestQuietWorkspacesGetFewerFiles(t *testing.T) {
	for _, events := range []int{200, 2000, 20_000} {
		cfg := generate.Config{Seed: 6, Start: december, Days: 7, EventsPerDay: events}
		truth, err := generate.Write(context.Background(), cfg, time.Time{}, func(string, []byte) error { return nil })
		if err != nil {
			t.Fatal(err)
		}
		if mean := float64(truth.Source.Lines) / float64(truth.Source.Files); mean < 15 {
			t.Errorf("%d events a day: %.1f lines a file, want about 20 or more", events, mean)
		}
	}
}

func TestChainsFollowACluster(t *testing.T) {
	store, _ := deliver(t, generate.Config{Seed: 8, Start: december, Days: 5, EventsPerDay: 2500}, time.Time{})
	created := map[string]bool{}
	all := lines(t, store)
	for _, l := range all {
		if str(l.event, "serviceName") == "clusters" && str(l.event, "actionName") == "create" {
			created[str(jsonOf(sub(l.event, "response"), "result"), "cluster_id")] = true
		}
	}
	followed, names, stray := map[string]int{}, []string{"cluster_id", "clusterId", "resourceId"}, 0
	for _, l := range all {
		action := str(l.event, "actionName")
		if str(l.event, "serviceName") != "clusters" || action == "create" {
			continue
		}
		p := sub(l.event, "requestParams")
		i := slices.IndexFunc(names, func(n string) bool { return p[n] != nil })
		if i < 0 {
			continue
		}
		if created[str(p, names[i])] {
			followed[action]++
		} else {
			stray++
		}
	}
	for _, action := range []string{"createResult", "start", "startResult", "edit", "resize", "restart", "delete", "deleteResult", "changeClusterAcl"} {
		if followed[action] == 0 {
			t.Errorf("no %s follows a create", action)
		}
	}
	if stray > 0 {
		t.Errorf("%d events are about clusters that were never created", stray)
	}
}

func dateOf(l line) string {
	ms, _ := l.event["timestamp"].(json.Number).Int64()
	return time.UnixMilli(ms).UTC().Format(time.DateOnly)
}

func isType[T any](key string) func(l line) bool {
	return func(l line) bool { _, ok := l.event[key].(T); return ok }
}
