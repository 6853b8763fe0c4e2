package truthtest_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/auditlake/auditlake/internal/generate"
	"github.com/auditlake/auditlake/internal/truthtest"
	"github.com/auditlake/auditlake/pkg/identity"
	"github.com/auditlake/auditlake/pkg/lake"
	"github.com/auditlake/auditlake/pkg/store"
)

// naming are the parameters with ids, and the name beside each where the event is one
// of accounts that is about a principal.
var naming = map[string]string{
	"targetUserId": "targetUserName", "targetGroupId": "targetGroupName",
	"userId": "", "user_id": "", "clusterOwnerUserId": "", "tokenCreatedBy": "",
}

// person is what delivered lines say of an id, worked out the long way.
type person struct {
	names       []nameAt
	first, last string // days
	workspaces  map[int64]bool
}

type nameAt struct {
	rank int
	at   int64
	name string
}

// best is the name that counts.
func (p *person) best() string {
	var best nameAt
	for _, n := range p.names {
		if n.rank > best.rank || n.rank == best.rank && (n.at > best.at || n.at == best.at && n.name > best.name) {
			best = n
		}
	}
	return best.name
}

var (
	folderOf = regexp.MustCompile(`workspaceId=(\d+)`)
	idOf     = regexp.MustCompile(`^[0-9]{1,20}$`)
	appOf    = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)
)

func textOf(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) == nil {
		return s
	}
	return string(raw)
}

// people reads all delivered files of a folder.
func people(t *testing.T, dir string) map[string]*person {
	t.Helper()
	out := map[string]*person{}
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(strings.TrimSuffix(path, ".gz"), ".json") || strings.HasPrefix(entry.Name(), "_") {
			return err
		}
		body, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if bytes.HasPrefix(body, []byte{0x1f, 0x8b}) {
			packed, err := gzip.NewReader(bytes.NewReader(body))
			if err != nil {
				return err
			}
			if body, err = io.ReadAll(packed); err != nil {
				return err
			}
		}
		folder := ""
		if m := folderOf.FindStringSubmatch(path); m != nil {
			folder = m[1]
		}
		for line := range bytes.SplitSeq(body, []byte("\n")) {
			tell(out, folder, line)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func tell(out map[string]*person, folder string, line []byte) {
	var e struct {
		Timestamp     json.RawMessage            `json:"timestamp"`
		WorkspaceID   json.RawMessage            `json:"workspaceId"`
		ServiceName   string                     `json:"serviceName"`
		ActionName    string                     `json:"actionName"`
		UserIdentity  struct{ Email string }     `json:"userIdentity"`
		RequestParams map[string]json.RawMessage `json:"requestParams"`
		Response      struct {
			StatusCode json.RawMessage `json:"statusCode"`
		} `json:"response"`
	}
	if !utf8.Valid(line) || json.Unmarshal(line, &e) != nil {
		return
	}
	at, err := strconv.ParseInt(textOf(e.Timestamp), 10, 64)
	day := time.UnixMilli(at).UTC()
	if err != nil || day.Year() < 2013 || day.Year() > 2090 {
		return
	}
	workspace, err := strconv.ParseInt(textOf(e.WorkspaceID), 10, 64)
	if err != nil {
		if workspace, err = strconv.ParseInt(folder, 10, 64); err != nil {
			workspace = -1
		}
	}
	params := map[string]string{}
	for key, raw := range e.RequestParams {
		if string(raw) != "null" {
			params[key] = textOf(raw)
		}
	}
	status, err := strconv.Atoi(textOf(e.Response.StatusCode))
	refused := err == nil && (status < 200 || status > 399)
	made := e.ServiceName == "clusters" && e.ActionName == "create" && params["cluster_creator"] == "" &&
		!regexp.MustCompile(`^job-.*-run-`).MatchString(params["cluster_name"]) && !strings.Contains(params["custom_tags"], `Id"`) &&
		slices.Contains([]string{"", "UI", "API"}, params["cluster_source"])
	for key, beside := range naming {
		id := params[key]
		if !idOf.MatchString(id) || id == "0" {
			continue
		}
		p := out[id]
		if p == nil {
			p = &person{first: "9999", workspaces: map[int64]bool{}}
			out[id] = p
		}
		date := day.Format(time.DateOnly)
		p.first, p.last = min(p.first, date), max(p.last, date)
		if workspace >= 0 {
			p.workspaces[workspace] = true
		}
		n := nameAt{at: at}
		accounts := e.ServiceName == "accounts"
		switch {
		case accounts && beside != "" && !refused:
			n.rank, n.name = 3, params[beside]
		case accounts && key == "userId" && e.ActionName == "IpAccessDenied":
			n.rank, n.name = 2, params["user"]
		case accounts && !refused && (key == "userId" && strings.HasSuffix(e.ActionName, "IpAccessList") || key == "tokenCreatedBy" && e.ActionName == "generateDbToken"), made && !refused && key == "user_id":
			n.rank, n.name = 1, e.UserIdentity.Email
		}
		if key == "targetGroupId" && n.name != "" || strings.Contains(n.name, "@") || appOf.MatchString(n.name) {
			p.names = append(p.names, n)
		}
	}
}

// TestIdentitiesAreThoseOfTheLines compares the table with what the lines say, after
// each of several runs on a source that changes in between.
func TestIdentitiesAreThoseOfTheLines(t *testing.T) {
	logs, folder := t.TempDir(), t.TempDir()
	start := time.Date(2024, 2, 26, 0, 0, 0, 0, time.UTC)
	cfg := generate.Config{Seed: 11, Start: start, Days: 4, EventsPerDay: 5 * *eventsPerDay}
	last := 0
	for stop := start.Add(13 * time.Hour); stop.Before(start.AddDate(0, 0, 6)); stop = stop.Add(43 * time.Hour) {
		deliver(t, logs, cfg, stop)
		truthtest.MustRun(t, "etl", "--quiet", "--source", logs, "--lake", folder)
		want, named := []string{}, 0
		for id, p := range people(t, logs) {
			name := p.best()
			if name != "" {
				named++
			}
			want = append(want, fmt.Sprintf("%s %q %s %s %v", id, name, p.first, p.last, slices.Sorted(maps.Keys(p.workspaces))))
		}
		slices.Sort(want)
		if diff := cmp.Diff(want, identities(t, folder)); diff != "" {
			t.Fatalf("at %s (-lines +table):\n%s", stop, diff)
		}
		last = named
	}
	if last < min(40, *eventsPerDay/25) {
		t.Errorf("the lines name %d principals: too few to prove anything", last)
	}
	before := identities(t, folder)
	truthtest.MustRun(t, "replay", "--lake", folder)
	if diff := cmp.Diff(before, identities(t, folder)); diff != "" {
		t.Errorf("after a replay (-before +after):\n%s", diff)
	}
}

func identities(t *testing.T, folder string) (out []string) {
	t.Helper()
	root, err := store.OpenLocal(folder)
	if err != nil {
		t.Fatal(err)
	}
	table := lake.New(root, lake.Options{}).Table(lake.Identities)
	snap, err := table.Snapshot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	known, err := identity.Read(t.Context(), table, snap)
	if err != nil {
		t.Fatal(err)
	}
	for id, p := range known {
		day := func(n int64) string { return time.Unix(n*24*60*60, 0).UTC().Format(time.DateOnly) }
		out = append(out, fmt.Sprintf("%s %q %s %s %v", id, p.Name(), day(p.FirstSeen), day(p.LastSeen), p.Workspaces))
	}
	slices.Sort(out)
	return out
}
