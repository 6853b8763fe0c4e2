package provisioning_test

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/data"

	"github.com/auditlake/auditlake/internal/generate"
	"github.com/auditlake/auditlake/internal/provisioning"
	"github.com/auditlake/auditlake/pkg/plugin"
	"github.com/auditlake/auditlake/pkg/query"
	"github.com/auditlake/auditlake/pkg/query/named"
)

// look is a lake and the time range in which a dashboard looks at it.
type look struct {
	story string
	d     *plugin.Datasource
	at    query.TimeRange
}

// admin sees command texts, which some panels are about.
var admin = asker{user: &backend.User{Login: "admin", Role: "Admin"}}

// dashboardsShow asks all there is in dashboards of the stories of all named
// queries, and of the article's month.
func dashboardsShow(t *testing.T, article *plugin.Datasource) {
	start := time.Date(2024, 2, 1, 0, 0, 0, 0, time.UTC)
	end := start.AddDate(0, 0, 30)
	d := dataSource(t, generate.Config{Seed: 2, Start: start, Days: 30, EventsPerDay: 1_000, Scenario: generate.Detections})
	looks := []look{
		{"all of the stories", d, query.TimeRange{From: start, To: end}},
		{"the last of the stories, known from those before", d, query.TimeRange{From: end.AddDate(0, 0, -10), To: end}},
		{"the article", article, query.TimeRange{From: evening.AddDate(0, 0, -30), To: evening}},
	}
	t.Run("every panel has something to show", func(t *testing.T) { panelsHaveRows(t, looks) })
	t.Run("variables narrow what is about events", func(t *testing.T) { variablesNarrow(t, looks[0]) })
	t.Run("an investigation is about what was clicked on", func(t *testing.T) { investigationsNarrow(t, looks[0]) })
}

// panelsHaveRows asks every query as it is when the dashboard is opened.
func panelsHaveRows(t *testing.T, looks []look) {
	for _, dashboard := range shipped(t).Dashboards {
		var values []map[string]string
		for _, l := range looks {
			values = append(values, opened(t, l, dashboard))
		}
		for _, mark := range dashboard.Annotations.List {
			t.Run(dashboard.Title+"/"+mark.Name, func(t *testing.T) {
				for i, l := range looks {
					resolved, _ := dashboard.Resolve(mark.Target, values[i])
					if rows(ask(t, l.d, resolved, l.at, admin)) > 0 {
						return
					}
				}
				t.Error("nothing is marked, and the stories have something to mark")
			})
		}
		for _, panel := range dashboard.Panels {
			for _, target := range panel.Targets {
				t.Run(dashboard.Title+"/"+panel.Title, func(t *testing.T) {
					for i, l := range looks {
						resolved, _ := dashboard.Resolve(target, values[i])
						frames := ask(t, l.d, resolved, l.at, admin)
						if frameType := string(frames[0].Meta.Type); !panel.Suits(frameType) {
							t.Errorf("a %s is asked to draw %s", panel.Type, frameType)
						}
						if rows(frames) > 0 {
							checkFields(t, panel, frames)
							return
						}
					}
					t.Error("it is empty, and the stories have something to show")
				})
			}
		}
	}
}

// opened are the values of the variables when the dashboard is opened: where one
// has to be chosen, the first there is.
func opened(t *testing.T, l look, d provisioning.Dashboard) map[string]string {
	t.Helper()
	out := d.Defaults("")
	for _, v := range d.Templating.List {
		target, asks, err := v.Asks()
		if err != nil {
			t.Fatal(err)
		}
		if !asks {
			continue
		}
		options := texts(t, ask(t, l.d, target, l.at, admin))
		if len(options) == 0 {
			t.Fatalf("%s: variable %s has no options in %s", d.File, v.Name, l.story)
		}
		if out[v.Name] == "" {
			out[v.Name] = options[0]
		}
	}
	return out
}

// texts are the values of the first field.
func texts(t *testing.T, frames data.Frames) (out []string) {
	t.Helper()
	for _, f := range frames {
		for i := range f.Rows() {
			value, ok := f.Fields[0].ConcreteAt(i)
			if text, isText := value.(string); ok && isText {
				out = append(out, text)
			} else {
				t.Fatalf("row %d of %s is %v, no text", i, f.Fields[0].Name, value)
			}
		}
	}
	return out
}

// outcomes are labels of series that have colors, whether or not there are such events.
var outcomes = []string{"succeeded", "denied", "error", "failed", "unknown"}

// checkFields looks for the fields that the panel renames, links and formats.
func checkFields(t *testing.T, panel provisioning.Panel, frames data.Frames) {
	t.Helper()
	var have []string
	for _, f := range frames {
		for _, field := range f.Fields {
			have = append(have, field.Name)
			if panel.Type == "timeseries" { // a series has the name of its label
				have = slices.AppendSeq(have, maps.Values(field.Labels))
			}
		}
	}
	for _, name := range panel.Fields() {
		if id, named := strings.CutSuffix(name, "IdName"); named && panel.Targets[0].Display == "names" {
			name = id + "Id" // names are behind ids where the data source knows any
		}
		if panel.Type == "timeseries" && slices.Contains(outcomes, name) {
			continue // of a series that there may be
		}
		if !slices.Contains(have, name) {
			t.Errorf("it is about a field %q; there are %q", name, have)
		}
	}
	for _, notice := range frames[0].Meta.Notices {
		t.Errorf("notice: %s", notice.Text)
	}
}

// variablesNarrow chooses a workspace that there is not: panels about events have
// nothing to show then.
func variablesNarrow(t *testing.T, l look) {
	for _, dashboard := range shipped(t).Dashboards {
		values := opened(t, l, dashboard)
		if _, has := values["workspace"]; !has {
			continue
		}
		values["workspace"] = "17"
		for _, panel := range dashboard.Panels {
			for _, target := range panel.Targets {
				if target.Named != "" && !aboutEvents(t, target.Named) {
					continue
				}
				t.Run(dashboard.Title+"/"+panel.Title, func(t *testing.T) {
					resolved, _ := dashboard.Resolve(target, values)
					for _, f := range ask(t, l.d, resolved, l.at, admin) {
						for i := range f.Rows() {
							if n := quantities(t, f, i); len(n) == 0 || slices.Max(n) > 0 {
								t.Fatalf("row %d of an unknown workspace: %v", i, n)
							}
						}
					}
				})
			}
		}
	}
}

// investigationsNarrow fills in each text box with a value that some event has:
// every panel has rows then, and those that show what was asked for show no other.
func investigationsNarrow(t *testing.T, l look) {
	var investigation provisioning.Dashboard
	for _, d := range shipped(t).Dashboards {
		if d.UID == "auditlake-investigation" {
			investigation = d
		}
	}
	column := map[string]string{"actor": "user", "address": "address", "token": "tokenId", "object": "object"}
	for variable, field := range column {
		values := opened(t, l, investigation)
		values[variable] = mostFrequent(t, l, investigation, field)
		for _, panel := range investigation.Panels {
			for _, target := range panel.Targets {
				t.Run(variable+"/"+panel.Title, func(t *testing.T) {
					resolved, _ := investigation.Resolve(target, values)
					frames := ask(t, l.d, resolved, l.at, admin)
					some := rows(frames) > 0
					if !some && !(panel.Title == "Tokens" || panel.Title == "What it was done to") { // which not every request names
						t.Fatalf("nothing is about %s", values[variable])
					}
					if shown := fieldOf(frames[0], field); some && shown != nil && variable != "object" { // one request may name several
						for i := range shown.Len() {
							if got, _ := shown.ConcreteAt(i); got != values[variable] {
								t.Fatalf("row %d is about %v, asked for %s", i, got, values[variable])
							}
						}
					}
				})
			}
		}
	}
}

// mostFrequent is the first value of a field in a panel that has it.
func mostFrequent(t *testing.T, l look, d provisioning.Dashboard, field string) string {
	t.Helper()
	for _, panel := range d.Panels {
		if !slices.Contains(panel.Fields(), field) {
			continue
		}
		resolved, _ := d.Resolve(panel.Targets[0], opened(t, l, d))
		f := fieldOf(ask(t, l.d, resolved, l.at, admin)[0], field)
		for i := range f.Len() {
			if value, ok := f.ConcreteAt(i); ok {
				return value.(string)
			}
		}
	}
	t.Fatalf("no panel has a value of %s", field)
	return ""
}

func fieldOf(f *data.Frame, name string) *data.Field {
	field, _ := f.FieldByName(name)
	return field
}

func aboutEvents(t *testing.T, name string) bool {
	t.Helper()
	q, err := named.Lookup(name)
	if err != nil {
		t.Fatal(err)
	}
	return slices.ContainsFunc(q.Tables, query.HasEvents)
}

func quantities(t *testing.T, f *data.Frame, row int) (out []float64) {
	t.Helper()
	for _, field := range f.Fields {
		if field.Type().Numeric() && field.Name != "threshold" && !strings.HasSuffix(field.Name, "Minutes") {
			v, err := field.NullableFloatAt(row)
			if err != nil {
				t.Fatal(err)
			}
			if v != nil {
				out = append(out, *v)
			}
		}
	}
	return out
}
