package cli_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestEventsAsLines(t *testing.T) {
	source, lake := folders(t)
	deliver(t, source, "date=2019-12-28/auditlogs_2.json",
		`{"timestamp":1577520000001,"serviceName":"accounts","actionName":"login","userIdentity":{"email":"ann@example.com"},"response":{"statusCode":403,"errorMessage":"no"}}`)
	succeed(t, "etl", "--source", source, "--lake", lake)
	const (
		login = "2019-12-28T08:00:00.001Z warning accounts.login ann@example.com denied(403) error=no\n"
		d     = "2019-12-28T08:00:00.000Z info    clusters.create u@example.com succeeded cluster_name=d autotermination_minutes=0\n"
		ab    = "2019-12-28T08:00:00.000Z info    clusters.create u@example.com succeeded cluster_name=\"a, \\\"b\\\"\\nc\" autotermination_minutes=0\n"
	)
	for name, tt := range map[string]struct {
		args []string
		want string
	}{
		"all":                      {nil, login + d + ab},
		"the newest":               {[]string{"--limit", "1"}, login},
		"the oldest first":         {[]string{"--forward"}, ab + d + login},
		"of a time":                {[]string{"--from", "2019-12-28T08:00:00.001Z", "--to", "2019-12-29"}, login},
		"of a gold table":          {[]string{"--table", "clusters", "--limit", "1"}, d},
		"with words":               {[]string{"--search", `"A, " CLUSTERS`}, ab},
		"with conditions":          {[]string{"--filter", "response.statusCode>=400", "--filter", "email=|ann@example.com,bob"}, login},
		"with another operator":    {[]string{"--filter", "requestParams.cluster_name=~d|e"}, d},
		"without what has a value": {[]string{"--filter", "serviceName!=accounts", "--limit", "1"}, d},
		"none":                     {[]string{"--filter", "email="}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, succeed(t, append([]string{"events", "--lake", lake}, tt.args...)...)); diff != "" {
				t.Errorf("lines (-want +got):\n%s", diff)
			}
		})
	}
	if _, out, errOut := run(t, "events", "--lake", lake, "--search", "nowhere"); out != "" || errOut != "no events\n" {
		t.Errorf("nothing is found: %q, %q", out, errOut)
	}
	var got []string
	for after := ""; ; {
		out := succeed(t, "events", "--lake", lake, "--forward", "--limit", "1", "--format", "json", "--after", after)
		if out == "" {
			break
		}
		var line struct {
			ID, Severity string
			Labels       map[string]string
		}
		if err := json.Unmarshal([]byte(out), &line); err != nil {
			t.Fatal(err)
		}
		after = line.ID
		got = append(got, line.Severity+" "+line.Labels["serviceName"]+" "+line.Labels["requestParams.cluster_name"])
	}
	if diff := cmp.Diff([]string{"info clusters a, \"b\"\nc", "info clusters d", "warning accounts "}, got); diff != "" {
		t.Errorf("one after the other (-want +got):\n%s", diff)
	}
}

// TestEveryEventHasItsId: repeats, and lines that got the number of another in a file
// that was overwritten.
func TestEveryEventHasItsId(t *testing.T) {
	source, lake := folders(t)
	deliver(t, source, "date=2019-12-28/auditlogs_1.json", cluster("a"), cluster("a"))
	succeed(t, "etl", "--source", source, "--lake", lake)
	ids := func() map[string]string {
		out := map[string]string{}
		for line := range strings.Lines(succeed(t, "events", "--lake", lake, "--format", "json")) {
			var l struct {
				ID, Body string
			}
			if err := json.Unmarshal([]byte(line), &l); err != nil {
				t.Fatal(err)
			}
			if _, double := out[l.ID]; double {
				t.Errorf("%s is the id of two events", l.ID)
			}
			out[l.ID] = l.Body
		}
		return out
	}
	before := ids()
	if len(before) != 2 {
		t.Fatalf("%v", before)
	}
	deliver(t, source, "date=2019-12-28/auditlogs_1.json", cluster("b"), cluster("a"), cluster("a"))
	succeed(t, "etl", "--source", source, "--lake", lake)
	after := ids()
	if len(after) != 3 {
		t.Errorf("%v", after)
	}
	for id, body := range before {
		if after[id] != body {
			t.Errorf("%s was %s, and is %s", id, body, after[id])
		}
	}
}

func TestEventsThatCannotBePrinted(t *testing.T) {
	source, lake := folders(t)
	succeed(t, "etl", "--source", source, "--lake", lake)
	for want, args := range map[string][]string{
		"write one like email=ann@example.com": {"--filter", "email"},
		"did you mean email":                   {"--filter", "emial=x"},
		"is not the id of an event":            {"--after", "7"},
		"from 1 to 5000, not 0":                {"--limit", "0"},
		"table bronze does not have events":    {"--table", "bronze"},
		"table clusterz: table does not exist": {"--table", "clusterz"},
		"understood are text, json":            {"--format", "csv"},
		"is not a time":                        {"--from", "yesterday"},
	} {
		if code, _, errOut := run(t, append([]string{"events", "--lake", lake}, args...)...); code == 0 || !strings.Contains(errOut, want) {
			t.Errorf("%q: exit code %d, %q does not say %q", args, code, errOut, want)
		}
	}
}
