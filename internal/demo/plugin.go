package demo

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/data"

	"github.com/auditlake/auditlake/internal/host"
)

// askPlugin starts the plugin's executable with a data source on the lake, asks
// every question in one request and compares the frames with the command line.
func (d *demo) askPlugin(ctx context.Context) (err error) {
	settings, err := d.settings()
	if err != nil {
		return err
	}
	h, err := host.Start(ctx, host.Config{
		Binary: d.Binary, Settings: settings,
		Env: []string{"GF_PLUGIN_ALLOW_LOCAL_FOLDERS=true"},
	})
	if err != nil {
		return err
	}
	defer func() {
		if cerr := h.Close(); err == nil {
			err = cerr
		}
	}()
	health, err := h.Health(ctx)
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintf(d.Out, "health: %s: %s\n", health.Status, health.Message); err != nil {
		return err
	}
	asked := questions()
	var queries []backend.DataQuery
	for i, q := range asked {
		dq, err := q.forPlugin(fmt.Sprintf("Q%d", i+1))
		if err != nil {
			return err
		}
		queries = append(queries, dq)
	}
	answers, err := h.Query(ctx, queries)
	if err != nil {
		return err
	}
	for i, q := range asked {
		res := answers.Responses[queries[i].RefID]
		if res.Error != nil {
			return fmt.Errorf("plugin, %s: %w", q.named, res.Error)
		}
		rows, err := d.rows(ctx, q)
		if err != nil {
			return err
		}
		got, want := ofFrames(res.Frames), ofRows(rows)
		if got != want {
			return fmt.Errorf("%s: the plugin's frames have %v, the command line has %v", q.named, got, want)
		}
		if _, err := fmt.Fprintf(d.Out, "%-42s %-18s %2d frames, %v: equal\n", q.named, res.Frames[0].Meta.Type, len(res.Frames), got); err != nil {
			return err
		}
	}
	return nil
}

func (d *demo) settings() (backend.DataSourceInstanceSettings, error) {
	logs, err := filepath.Abs(d.logs)
	if err != nil {
		return backend.DataSourceInstanceSettings{}, err
	}
	lake, err := filepath.Abs(d.lake)
	if err != nil {
		return backend.DataSourceInstanceSettings{}, err
	}
	body, err := json.Marshal(map[string]any{"sources": []string{logs}, "lake": lake})
	return backend.DataSourceInstanceSettings{ID: 1, UID: "auditlake", Name: "Auditlake", JSONData: body}, err
}

// forPlugin is the question as a panel asks it.
func (q question) forPlugin(refID string) (backend.DataQuery, error) {
	params := map[string]string{}
	var r backend.TimeRange
	for i := 0; i+1 < len(q.args); i += 2 {
		value := q.args[i+1]
		var err error
		switch q.args[i] {
		case "--param":
			name, v, _ := strings.Cut(value, "=")
			params[name] = v
		case "--from":
			r.From, err = time.Parse(time.DateOnly, value)
		case "--to":
			r.To, err = time.Parse(time.DateOnly, value)
		}
		if err != nil {
			return backend.DataQuery{}, err
		}
	}
	body, err := json.Marshal(map[string]any{"refId": refID, "queryType": "named", "named": q.named, "params": params})
	return backend.DataQuery{RefID: refID, QueryType: "named", TimeRange: r, JSON: body}, err
}

// figures sum an answer up: how many rows, and what all their numbers add to.
type figures struct {
	rows int
	sum  float64
}

func (f figures) String() string { return fmt.Sprintf("%d rows, sum %.0f", f.rows, f.sum) }

func ofFrames(frames data.Frames) figures {
	var f figures
	for _, frame := range frames {
		f.rows += frame.Rows()
		for _, field := range frame.Fields {
			if !field.Type().Numeric() {
				continue
			}
			for i := range field.Len() {
				if x, err := field.NullableFloatAt(i); err == nil && x != nil {
					f.sum += *x
				}
			}
		}
	}
	return f
}

func ofRows(rows []map[string]any) figures {
	f := figures{rows: len(rows)}
	for _, row := range rows {
		for _, v := range row {
			if x, ok := v.(float64); ok {
				f.sum += x
			}
		}
	}
	return f
}
