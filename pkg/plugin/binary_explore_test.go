package plugin_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/data"

	"github.com/auditlake/auditlake/internal/host"
)

// Explore, through the real binary.

// explored is a query over all times.
func explored(refID string, fields map[string]any) backend.DataQuery {
	q := model(refID, fields)
	q.TimeRange = backend.TimeRange{From: time.Date(2019, 1, 1, 0, 0, 0, 0, time.UTC), To: time.Date(2021, 1, 1, 0, 0, 0, 0, time.UTC)}
	return q
}

func (s *started) one(fields map[string]any, opts ...host.Option) backend.DataResponse {
	s.t.Helper()
	got := s.ask([]backend.DataQuery{explored("A", fields)}, opts...)["A"]
	if got.Error != nil {
		s.t.Errorf("%v: %v", fields, got.Error)
		got.Frames = data.Frames{data.NewFrame("")}
	}
	return got
}

// texts are the values of a field.
func texts(f *data.Frame, name string) (out []string) {
	field, at := f.FieldByName(name)
	if at < 0 {
		return nil
	}
	for i := range field.Len() {
		v, _ := field.ConcreteAt(i)
		if raw, ok := v.(json.RawMessage); ok {
			v = string(raw)
		}
		out = append(out, fmt.Sprint(v))
	}
	return out
}

func (s *started) count(opts ...host.Option) int64 {
	s.t.Helper()
	got := s.one(map[string]any{"queryType": "sql", "sql": "select count(*) as n from silver"}, opts...)
	n, _ := got.Frames[0].ConcreteAt(0, 0)
	return n.(int64)
}

func TestLogLinesOverTheWire(t *testing.T) {
	w := theRealThing(t)
	h := start(t, w, allowed, w.settings(t))
	all := h.count()
	pictures := map[string]string{}
	for format, opts := range map[string][]host.Option{"arrow": nil, "json": {host.JSONFrames()}} {
		f := h.one(map[string]any{"queryType": "events", "limit": 1000}, opts...).Frames[0]
		pictures[format] = picture(data.Frames{f})
		if f.Meta.Type != data.FrameTypeLogLines || f.Meta.TypeVersion != (data.FrameTypeVersion{0, 0}) || f.Meta.PreferredVisualization != data.VisTypeLogs {
			t.Errorf("%s: meta %+v", format, f.Meta)
		}
		for name, want := range map[string]data.FieldType{
			"timestamp": data.FieldTypeTime, "body": data.FieldTypeString, "severity": data.FieldTypeString,
			"id": data.FieldTypeString, "labels": data.FieldTypeJSON,
		} {
			if field, at := f.FieldByName(name); at < 0 || field.Type() != want || int64(field.Len()) != min(all, 1000) {
				t.Errorf("%s: field %s: %+v", format, name, field)
			}
		}
		times, ids := texts(f, "timestamp"), texts(f, "id")
		if !slices.IsSortedFunc(times, func(a, b string) int { return strings.Compare(b, a) }) {
			t.Errorf("%s: lines are not the newest first", format)
		}
		if slices.Sort(ids); len(slices.Compact(ids)) != len(times) {
			t.Errorf("%s: %d lines have %d ids", format, len(times), len(ids))
		}
		for _, raw := range texts(f, "labels") {
			var labels map[string]string
			if err := json.Unmarshal([]byte(raw), &labels); err != nil || labels["fileId"] == "" || labels["lineNumber"] == "" {
				t.Fatalf("%s: labels %s: %v", format, raw, err)
			}
		}
	}
	if diff := cmp.Diff(pictures["arrow"], pictures["json"]); diff != "" {
		t.Errorf("Arrow and JSON (-arrow +json):\n%s", diff)
	}
	for _, search := range []string{"", "clusters", "create 200"} {
		var events int
		for id := ""; ; {
			f := h.one(map[string]any{"queryType": "events", "search": search, "limit": 700, "before": id}).Frames[0]
			events += f.Rows()
			if f.Rows() < 700 {
				break
			}
			id = texts(f, "id")[699]
		}
		var sum int64
		for _, f := range h.one(map[string]any{"queryType": "volume", "search": search}).Frames {
			for i := range f.Rows() {
				sum += f.Fields[1].At(i).(int64)
			}
		}
		if sum != int64(events) || sum == 0 || search == "" && sum != all {
			t.Errorf("search %q: volumes add up to %d, there are %d lines of %d", search, sum, events, all)
		}
	}
}

// TestIdsStay: an event keeps its id through maintenance, a replay and in gold, and
// one that was delivered twice has two.
func TestIdsStay(t *testing.T) {
	w := theRealThing(t)
	source, folder := plant(t), filepath.Join(t.TempDir(), "lake")
	h := start(t, w, allowed, scheduled(t, source, folder))
	h.await(idle)
	lines := func(table string) []string {
		f := h.one(map[string]any{"queryType": "events", "table": table}).Frames[0]
		var out []string
		for i, id := range texts(f, "id") {
			out = append(out, id+" "+texts(f, "body")[i])
		}
		return out
	}
	before := lines("silver")
	if int64(len(before)) != h.count() || len(before) < 9 {
		t.Fatalf("%d lines", len(before))
	}
	for _, task := range []string{"etl/optimize", "etl/replay"} {
		if code, body := h.post(task, host.As(admin)); code != http.StatusOK {
			t.Fatalf("%s: %d %s", task, code, body)
		}
		h.await(idle)
		if diff := cmp.Diff(before, lines("silver")); diff != "" {
			t.Errorf("after %s (-before +after):\n%s", task, diff)
		}
	}
	gold := slices.Concat(lines("notebook"), lines("clusters"), lines("accounts"))
	slices.Sort(gold)
	silver := slices.Sorted(slices.Values(before))
	if diff := cmp.Diff(silver, gold); diff != "" {
		t.Errorf("in gold (-silver +gold):\n%s", diff)
	}
}

// TestSearchFindsWhatIsSeen: a word of what is hidden, or of another workspace, finds
// nothing, however it is asked.
func TestSearchFindsWhatIsSeen(t *testing.T) {
	w := theRealThing(t)
	source, folder := plant(t), filepath.Join(t.TempDir(), "lake")
	h := start(t, w, allowed, scheduled(t, source, folder, map[string]any{"redactKeys": []string{"token_value"}}))
	h.await(idle)
	scope := settings(t, map[string]any{"sources": []string{source}, "lake": folder, "schedule": "off", "workspaces": []string{"77"}, "redactKeys": []string{"token_value"}})
	scope.ID, scope.UID, scope.Updated = 3, "scoped", time.Now()
	viewer := host.As(&backend.User{Login: "v", Role: "Viewer"})
	found := func(word string, opts ...host.Option) (n int) {
		for _, table := range []string{"silver", "notebook", "clusters", "accounts"} {
			n += h.one(map[string]any{"queryType": "events", "table": table, "search": strings.ToLower(word)}, opts...).Frames[0].Rows()
			for _, f := range h.one(map[string]any{"queryType": "volume", "table": table, "search": word}, opts...).Frames {
				for i := range f.Rows() {
					n += int(f.Fields[1].At(i).(int64))
				}
			}
		}
		return n
	}
	for word, want := range map[string][3]bool{ // an administrator, a viewer, within the scope
		plantedCommand:       {true, false, false},
		plantedKey:           {true, false, false},
		plantedValue:         {true, true, true},
		"OTHER-WORKSPACE":    {true, true, false},
		"ACCOUNT-LEVEL":      {true, true, false},
		"PLANTED-NOWHERE":    {},
		"commandtext":        {true, true, true},
		`"near ` + "PLANTED": {true, false, false},
	} {
		got := [3]bool{found(word, host.As(admin)) > 0, found(word, viewer) > 0, found(word, viewer, host.On(scope)) > 0}
		if got != want {
			t.Errorf("%s is found: %v, not %v", word, got, want)
		}
	}
}

func TestALineIsWhatTheEventResourceSays(t *testing.T) {
	w := theRealThing(t)
	source, folder := plant(t), filepath.Join(t.TempDir(), "lake")
	h := start(t, w, allowed, scheduled(t, source, folder))
	h.await(idle)
	seen := 0
	for file := 1; file < 6; file++ {
		for number := 1; number < 9; number++ {
			code, body := h.get(fmt.Sprintf("event?fileId=%d&lineNumber=%d", file, number))
			got := h.ask([]backend.DataQuery{explored("A", map[string]any{"queryType": "line", "fileId": fmt.Sprint(file), "lineNumber": number})})["A"]
			if code != http.StatusOK {
				if got.Status != backend.StatusNotFound {
					t.Errorf("line %d of file %d: %d as a resource, %d as a query", number, file, code, got.Status)
				}
				continue
			}
			var want []map[string]any
			if err := json.Unmarshal(body, &want); err != nil || got.Error != nil {
				t.Fatalf("%s: %v, %v", body, err, got.Error)
			}
			seen += len(want)
			var raw, reasons []string
			for _, l := range want {
				raw = append(raw, l["raw"].(string))
				reason, _ := l["reason"].(string)
				reasons = append(reasons, strings.ReplaceAll("<nil>"+reason, "<nil>", ""))
			}
			f := got.Frames[0]
			if diff := cmp.Diff(raw, texts(f, "raw")); diff != "" {
				t.Errorf("line %d of file %d (-resource +query):\n%s", number, file, diff)
			}
			for i, reason := range reasons {
				value, ok := f.Fields[slices.IndexFunc(f.Fields, func(f *data.Field) bool { return f.Name == "reason" })].ConcreteAt(i)
				if ok != (reason != "") || ok && value != reason {
					t.Errorf("line %d of file %d: reason %v, not %q", number, file, value, reason)
				}
			}
			for _, name := range []string{"sourceFile", "lineHash", "ingestedAt", "lineNumber"} {
				if _, ok := f.Fields[slices.IndexFunc(f.Fields, func(f *data.Field) bool { return f.Name == name })].ConcreteAt(0); !ok {
					t.Errorf("line %d of file %d has no %s", number, file, name)
				}
			}
		}
	}
	if seen < 15 {
		t.Errorf("only %d lines were compared", seen)
	}
}

func TestExploreWithoutALake(t *testing.T) {
	w := theRealThing(t)
	h := start(t, w, allowed, settings(t, map[string]any{"lake": filepath.Join(t.TempDir(), "later")}))
	events := h.one(map[string]any{"queryType": "events", "search": "x"}).Frames
	if diff := cmp.Diff("log-lines 0.0 logs\n  timestamp time.Time:\n  body string:\n  severity string:\n  id string:\n  labels json.RawMessage:\n", picture(events)); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
	volume := h.one(map[string]any{"queryType": "volume"}).Frames
	if diff := cmp.Diff("timeseries-multi 0.1 graph\n", picture(volume)); diff != "" {
		t.Errorf("volume (-want +got):\n%s", diff)
	}
	for _, frames := range []data.Frames{events, volume} {
		if notices := frames[0].Meta.Notices; len(notices) != 1 || !strings.Contains(notices[0].Text, "There is no lake at") {
			t.Errorf("notices %v", notices)
		}
	}
	if got := h.ask([]backend.DataQuery{explored("A", map[string]any{"queryType": "line", "fileId": 1, "lineNumber": 1})})["A"]; got.Status != backend.StatusNotFound {
		t.Errorf("a line: %d %v", got.Status, got.Error)
	}
	if got := h.ask([]backend.DataQuery{explored("A", map[string]any{"queryType": "events"})}, host.FromAlert())["A"]; got.Status != backend.StatusBadRequest ||
		!strings.Contains(got.Error.Error(), "An alert rule cannot use this query") {
		t.Errorf("for a rule: %d %v", got.Status, got.Error)
	}
}
