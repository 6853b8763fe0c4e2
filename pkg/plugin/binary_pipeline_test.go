package plugin_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/data"

	"github.com/auditlake/auditlake/internal/host"
)

// Queries about the pipeline, through the real binary, against what the resource status
// says.

func TestThePipelineIsATable(t *testing.T) {
	w := theRealThing(t)
	h := start(t, w, allowed, w.settings(t))
	var status struct {
		Tables []struct {
			Name                        string
			Version, Rows, Files, Bytes int64
			LastEvent                   *time.Time
		}
		Runs []struct {
			StartedAt, Outcome string
			BronzeRows         int64
		}
	}
	code, body := h.get("status")
	if err := json.Unmarshal(body, &status); code != http.StatusOK || err != nil || len(status.Tables) < 4 || len(status.Runs) != 1 {
		t.Fatalf("%d %v %s", code, err, body)
	}
	want := []string{}
	for _, s := range status.Tables {
		last := "null"
		if s.LastEvent != nil {
			last = s.LastEvent.Format("2006-01-02T15:04:05.000")
		}
		want = append(want, fmt.Sprintln(s.Name, s.Version, s.Rows, s.Files, s.Bytes, last))
	}
	for format, opts := range map[string][]host.Option{"arrow": nil, "json": {host.JSONFrames()}} {
		for _, view := range []string{"", "tables"} {
			frame := h.one(map[string]any{"queryType": "pipeline", "view": view}, opts...).Frames[0]
			got := []string{}
			for i := range frame.Rows() {
				row := []any{}
				for _, field := range frame.Fields {
					row = append(row, value(field, i))
				}
				got = append(got, strings.NewReplacer("<nil>", "null", " UTC", "", "Z", "").Replace(fmt.Sprintln(row...)))
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s: tables (-status +frame):\n%s", format, diff)
			}
			if frame.Meta.Type != data.FrameTypeTable || frame.Meta.ExecutedQueryString != "" {
				t.Errorf("%s: meta %+v", format, frame.Meta)
			}
			checkWire(t, data.Frames{frame})
		}
		runs := h.one(map[string]any{"queryType": "pipeline", "view": "runs"}, opts...).Frames[0]
		rows, _ := runs.FieldByName("bronzeRows")
		outcome, _ := runs.FieldByName("outcome")
		if n, ok := rows.ConcreteAt(0); runs.Rows() != 1 || !ok || n != status.Runs[0].BronzeRows {
			t.Errorf("%s: %d runs, with %v lines and not %d", format, runs.Rows(), n, status.Runs[0].BronzeRows)
		}
		if text, _ := outcome.ConcreteAt(0); text != "succeeded" {
			t.Errorf("%s: outcome %v", format, text)
		}
		checkWire(t, data.Frames{runs})
	}
}

func TestThePipelineIsRefused(t *testing.T) {
	w := theRealThing(t)
	h := start(t, w, allowed, w.settings(t))
	scoped := settings(t, map[string]any{"lake": w.folder, "schedule": "off", "workspaces": []any{77}})
	scoped.UID = "scoped"
	for name, tt := range map[string]struct {
		view  string
		opts  []host.Option
		code  backend.Status
		words string // of the error; empty: an answer
	}{
		"an alert rule":                  {"", []host.Option{host.FromAlert(), host.As(nil)}, backend.StatusBadRequest, "data_freshness"},
		"a view that there is none of":   {"files", nil, backend.StatusBadRequest, `view "files" is not known; there are tables and runs`},
		"a viewer of some workspaces":    {"", []host.Option{host.On(scoped)}, backend.StatusForbidden, "for administrators"},
		"their runs, too":                {"runs", []host.Option{host.On(scoped)}, backend.StatusForbidden, "for administrators"},
		"but no administrator of theirs": {"runs", []host.Option{host.On(scoped), host.As(admin)}, backend.StatusOK, ""},
	} {
		t.Run(name, func(t *testing.T) {
			got := h.ask([]backend.DataQuery{model("A", map[string]any{"queryType": "pipeline", "view": tt.view})}, tt.opts...)["A"]
			text := ""
			if got.Error != nil {
				text = got.Error.Error()
			}
			if got.Status != tt.code || !strings.Contains(text, tt.words) || (tt.words == "") != (text == "") {
				t.Errorf("status %d, error %q", got.Status, text)
			}
		})
	}
}

func TestThePipelineOfNoLake(t *testing.T) {
	w := theRealThing(t)
	h := start(t, w, allowed, settings(t, map[string]any{"lake": t.TempDir(), "schedule": "off"}))
	for _, view := range []string{"tables", "runs"} {
		got := h.one(map[string]any{"queryType": "pipeline", "view": view})
		frame := got.Frames[0]
		if frame.Rows() != 0 || len(frame.Fields) == 0 || len(frame.Meta.Notices) != 1 || !strings.Contains(frame.Meta.Notices[0].Text, "There is no lake at") {
			t.Errorf("%s: %s, notices %v", view, picture(got.Frames), frame.Meta.Notices)
		}
	}
}
