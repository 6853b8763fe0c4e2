package truth_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/auditlake/auditlake/internal/truth"
)

var midnight = time.Date(2024, 3, 10, 0, 0, 0, 0, time.UTC)

// minutes after midnight, as a line and as an answer has it.
func at(minutes float64) int64 {
	return midnight.UnixMilli() + int64(minutes*60_000)
}

func stamp(minutes float64) string {
	return time.UnixMilli(at(minutes)).UTC().Format("2006-01-02T15:04:05.000Z")
}

// line is an event of service.action, with more members behind.
func line(minutes float64, event, who, more string) string {
	service, action, _ := strings.Cut(event, ".")
	return fmt.Sprintf(`{"timestamp":%d,"workspaceId":7,"serviceName":%q,"actionName":%q,"userIdentity":{"email":%q},%s}`, at(minutes), service, action, who, more)
}

const fine = `"response":{"statusCode":200}`

func login(minutes float64, who, address string, status int) string {
	return line(minutes, "accounts.login", who, fmt.Sprintf(`"sourceIPAddress":%q,"response":{"statusCode":%d}`, address, status))
}

// ask answers a query about lines, between two moments in minutes.
func ask(t *testing.T, name string, params map[string]string, from, to float64, lines ...string) string {
	t.Helper()
	log := truth.NewLog()
	log.Add("date=2024-03-10/auditlogs_1.json", []byte(strings.Join(lines, "\n")))
	c, err := log.Ask(name, params, time.UnixMilli(at(from)), time.UnixMilli(at(to)))
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(c.Rows)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func expect(t *testing.T, got, want string) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
}

func TestBurstWindowHasBothEnds(t *testing.T) {
	var lines []string
	for _, m := range []float64{0, 30, 60, 60, 61, 200} {
		lines = append(lines, login(m, "ada", "", 401))
	}
	lines = append(lines, login(10, "ada", "", 400), login(1, "ben", "", 403), login(62, "ben", "", 403), login(5, "System-User", "", 403))
	params := map[string]string{"threshold": "2"}
	expect(t, ask(t, "failed_logins_repeated", params, -10, 1000, lines...),
		`[{"user":"ada","most":4,"num_events":6,"first":"`+stamp(0)+`","last":"`+stamp(200)+`"}]`)
	// What was before the range does not count, nor what is at its end.
	expect(t, ask(t, "failed_logins_repeated", params, 30, 61, lines...),
		`[{"user":"ada","most":3,"num_events":3,"first":"`+stamp(30)+`","last":"`+stamp(60)+`"}]`)
	expect(t, ask(t, "failed_logins_repeated", map[string]string{"threshold": "1", "window_minutes": "1", "ignored_users": "ada"}, 0, 20, lines...),
		`[{"user":"System-User","most":1,"num_events":1,"first":"`+stamp(5)+`","last":"`+stamp(5)+`"},{"user":"ben","most":1,"num_events":1,"first":"`+stamp(1)+`","last":"`+stamp(1)+`"}]`)
}

func TestSuccessAfterFailures(t *testing.T) {
	lines := []string{
		login(0, "ada", "", 401), login(10, "ada", "", 403), login(30, "ada", "", 200), login(30.0001, "ada", "", 200),
		login(0, "ben", "", 401), login(1, "ben", "", 401), login(2, "ben", "", 400),
		login(0, "cy", "", 200), login(1, "cy", "", 401), login(2, "cy", "", 401),
	}
	// The second success is six milliseconds too late for the first failure.
	expect(t, ask(t, "login_after_failures", map[string]string{"threshold": "2"}, -10, 100, lines...),
		`[{"user":"ada","failures":2,"first":"`+stamp(30)+`","num_logins":1}]`)
}

func TestNewNetworks(t *testing.T) {
	const days = 1440
	lines := []string{
		login(-2*days, "ada", "198.51.100.1", 200), login(10, "ada", "198.51.100.200", 200), login(11, "ada", "198.51.101.1:80", 200), login(12, "ada", "198.51.101.9", 200),
		login(-8*days, "ben", "198.51.100.1", 200), login(10, "ben", "192.0.2.1", 200), // known no more
		login(-2*days, "cy", "2001:db8:1::1", 200), login(10, "cy", "[2001:db8:2:3::1]:443", 200), login(11, "cy", "127.0.0.1", 200), login(12, "cy", "", 200),
		login(-2*days, "dee", "192.0.2.1", 401), login(10, "dee", "192.0.2.9", 200), // was never in
		login(10, "ada", "192.0.2.1", 403),
	}
	expect(t, ask(t, "new_networks", map[string]string{"days": "7"}, 0, 100, lines...),
		`[{"user":"cy","network":"2001:db8:2::/48","first":"`+stamp(10)+`","num_logins":1},{"user":"ada","network":"198.51.101.0/24","first":"`+stamp(11)+`","num_logins":2}]`)
}

func TestStateOfClusters(t *testing.T) {
	cluster := func(minutes float64, action, id, minutesIdle string, status int, request string) string {
		return line(minutes, "clusters."+action, "ada", fmt.Sprintf(`"requestId":%q,"requestParams":{"cluster_id":%q,"cluster_name":"n","autotermination_minutes":%s},"response":{"statusCode":%d}`, request, id, minutesIdle, status))
	}
	lines := []string{
		cluster(0, "edit", "a", `"60"`, 200, "1"), cluster(5, "edit", "a", "0", 200, "2"),
		cluster(0, "edit", "b", "0", 200, "1"), cluster(5, "edit", "b", "30", 200, "2"),
		cluster(0, "edit", "c", "0", 200, "1"), cluster(5, "edit", "c", "30", 403, "2"),
		cluster(0, "edit", "d", "0", 200, "1"), cluster(0, "permanentDelete", "d", "null", 200, "2"),
		cluster(0, "edit", "e", "0", 200, "1"), cluster(9, "permanentDelete", "e", "null", 403, "2"),
		cluster(0, "edit", "f", "0", 200, "1"), cluster(0, "edit", "f", "60", 200, "0"), // the greater request id is the later
		cluster(0, "edit", "g", "0", 200, "1"), cluster(90, "edit", "g", "60", 200, "2"), // after the end
	}
	row := func(minutes float64, id string, age string) string {
		return `{"since":"` + stamp(minutes) + `","user":"ada","clusterName":"n","clusterId":"` + id + `","workspaceId":"7","age_hours":` + age + `}`
	}
	expect(t, ask(t, "clusters_without_autotermination_now", nil, 50, 60, lines...),
		"["+strings.Join([]string{row(0, "c", "1"), row(0, "e", "1"), row(0, "f", "1"), row(0, "g", "1"), row(5, "a", fmt.Sprint(55.0/60))}, ",")+"]")
	// The one before may be before the range.
	removed := func(minutes float64, id, before string) string {
		return `{"time":"` + stamp(minutes) + `","user":"ada","clusterName":"n","clusterId":"` + id + `","workspaceId":"7","before":` + before + `}`
	}
	expect(t, ask(t, "autotermination_removed", nil, 3, 60, lines...), "["+removed(5, "a", "60")+"]")
	expect(t, ask(t, "autotermination_removed", nil, -1, 3, lines...), "["+removed(0, "f", "60")+"]")
}

func TestRunDurations(t *testing.T) {
	run := func(minutes float64, action, job, id string) string {
		return line(minutes, "jobs."+action, "System-User", fmt.Sprintf(`"requestParams":{"jobId":%q,"runId":%q},`, job, id)+fine)
	}
	lines := []string{
		run(0, "runStart", "1", "a"), run(2, "runStart", "1", "a"), run(10, "runFailed", "1", "a"), run(20, "runSucceeded", "1", "a"),
		run(0, "runStart", "1", "b"), run(1, "runSucceeded", "1", "b"),
		run(0, "runStart", "1", "c"),                                // never ends
		run(5, "runStart", "1", "d"), run(4, "runFailed", "1", "d"), // ends before it starts
		run(5, "runSucceeded", "2", "e"), // starts before the range
		run(-5, "runStart", "2", "e"),
		run(7, "runStart", "3", "f"), run(7, "runSucceeded", "3", "f"),
	}
	expect(t, ask(t, "job_run_duration", nil, 0, 60, lines...),
		`[{"jobId":"1","num_runs":2,"p50":60,"p95":1200,"longest":1200},{"jobId":"3","num_runs":1,"p50":0,"p95":0,"longest":0}]`)
}

func TestJobsFailing(t *testing.T) {
	run := func(hours float64, action, job string) string {
		return line(hours*60, "jobs."+action, "System-User", fmt.Sprintf(`"requestParams":{"jobId":%q},`, job)+fine)
	}
	lines := []string{
		run(0, "runFailed", "1"), run(1, "runFailed", "1"), run(23.9, "runFailed", "1"),
		run(1, "runFailed", "2"), run(2, "runFailed", "2"), run(3, "runFailed", "2"), run(4, "runSucceeded", "2"),
		run(-1, "runFailed", "3"), run(2, "runFailed", "3"), run(3, "runFailed", "3"), run(24, "runFailed", "3"),
		run(-1, "runSucceeded", "1"),
	}
	// However short the range, it looks back from its end.
	expect(t, ask(t, "jobs_failing", nil, 23*60, 24*60, lines...), `[{"jobId":"1","num_failed":3,"last":"`+stamp(23.9*60)+`"}]`)
}

func TestParametersAreColumnsInGoldAndEntriesInSilver(t *testing.T) {
	staff := func(key string) string {
		return line(0, "accounts.login", "ada", fmt.Sprintf(`"requestParams":{%q:"GENIE_AUTH"},`, key)+fine)
	}
	const row = `{"time":"2024-03-10T00:00:00.000Z","user":"ada","method":"login","address":null,"workspaceId":"7"}`
	expect(t, ask(t, "databricks_staff_logins", nil, 0, 1, staff("authentication_METHOD"), staff("authentication_method"), staff("authenticationMethod")), "["+row+","+row+"]")
	download := func(key string) string {
		return line(0, "databrickssql.downloadQueryResult", "ada", fmt.Sprintf(`"requestParams":{%q:"arrows"},`, key)+fine)
	}
	expect(t, ask(t, "downloads", nil, 0, 1, download("fileType"), download("FileType"), download("x")),
		`[{"user":"ada","service":"databrickssql","action":"downloadQueryResult","num_downloads":2,"last":"2024-03-10T00:00:00.000Z"}]`)
}

func TestRepeatedEvents(t *testing.T) {
	expect(t, ask(t, "repeated_events", nil, 0, 1,
		`{"timestamp":1710028800000,"serviceName":"a","actionName":"b","requestParams":{"x":"\u0041","y":[1, 2]}}`,
		`{"actionName":"b", "serviceName":"a","requestParams":{"y":[1,2],"x":"A"},"timestamp":1710028800000}`,
		`{"timestamp":1710028800000,"serviceName":"a","actionName":"b","requestParams":{"x":"A","y":[2,1]}}`),
		`[{"service":"a","action":"b","num_keys":1,"num_extra":1}]`)
}

func TestWhatIsNoEvent(t *testing.T) {
	log := truth.NewLog()
	log.Add("workspaceId=1/date=2024-03-10/a.json", []byte("\r\n\n{}\n[]\n{\"timestamp\":1}\n{\"timestamp\":\"1710028800000\"}\r\n{\"timestamp\":1710028800000,\"serviceName\":\"\xff\"}\nnot"))
	c, err := log.Ask("layer_counts", nil, time.Time{}, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := json.NewEncoder(&b).Encode(c.Rows); err != nil {
		t.Fatal(err)
	}
	expect(t, b.String(), `[{"layer":"bronze","num_rows":6},{"layer":"quarantine","num_rows":5},{"layer":"silver","num_rows":1}]`+"\n")
	if _, err := log.Ask("jobs_failing", nil, time.Time{}, time.Time{}); err == nil {
		t.Error("a query that looks back from the end needs one")
	}
	if _, err := log.Ask("job_runs", map[string]string{"x": "1"}, time.Time{}, time.Time{}); err == nil {
		t.Error("there is no parameter x")
	}
}
