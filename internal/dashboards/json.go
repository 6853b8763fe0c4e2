package dashboards

import (
	"bytes"
	"cmp"
	"encoding/json"
	"strings"
)

// The JSON of a dashboard in the classic form, as far as it is used.
type (
	dashboardJSON struct {
		UID           string          `json:"uid"`
		Title         string          `json:"title"`
		Description   string          `json:"description"`
		Tags          []string        `json:"tags"`
		SchemaVersion int             `json:"schemaVersion"`
		Version       int             `json:"version"`
		Editable      bool            `json:"editable"`
		GraphTooltip  int             `json:"graphTooltip"`
		Timezone      string          `json:"timezone"`
		Refresh       string          `json:"refresh"`
		Time          span            `json:"time"`
		Timepicker    struct{}        `json:"timepicker"`
		Links         []dashboardLink `json:"links"`
		Annotations   annotations     `json:"annotations"`
		Templating    templating      `json:"templating"`
		Panels        []panelJSON     `json:"panels"`
	}
	span struct {
		From string `json:"from"`
		To   string `json:"to"`
	}
	dashboardLink struct {
		Title       string   `json:"title"`
		Type        string   `json:"type"`
		URL         string   `json:"url"`
		Icon        string   `json:"icon"`
		Tooltip     string   `json:"tooltip"`
		TargetBlank bool     `json:"targetBlank"`
		AsDropdown  bool     `json:"asDropdown"`
		IncludeVars bool     `json:"includeVars"`
		KeepTime    bool     `json:"keepTime"`
		Tags        []string `json:"tags"`
	}
	templating struct {
		List []variableJSON `json:"list"`
	}
	variableJSON struct {
		Name        string     `json:"name"`
		Label       string     `json:"label"`
		Description string     `json:"description"`
		Type        string     `json:"type"`
		Datasource  *reference `json:"datasource,omitempty"`
		Query       any        `json:"query,omitempty"` // a text, or of a variable of type query a target
		Definition  string     `json:"definition,omitempty"`
		Regex       string     `json:"regex"`
		Current     *choice    `json:"current,omitempty"`
		Hide        int        `json:"hide"`
		IncludeAll  bool       `json:"includeAll"`
		Multi       bool       `json:"multi"`
		AllValue    string     `json:"allValue,omitempty"`
		Options     []choice   `json:"options,omitempty"`
		Refresh     int        `json:"refresh,omitempty"`
		Filters     *[]filter  `json:"filters,omitempty"`
	}
	choice struct {
		Selected bool   `json:"selected,omitempty"`
		Text     string `json:"text"`
		Value    string `json:"value"`
	}
	reference struct {
		Type string `json:"type"`
		UID  string `json:"uid"`
	}
	filter struct {
		Key      string `json:"key"`
		Operator string `json:"operator"`
		Value    string `json:"value"`
	}
	gridPos struct {
		X int `json:"x"`
		Y int `json:"y"`
		W int `json:"w"`
		H int `json:"h"`
	}
)

// schemaVersion is the newest of the classic form.
const schemaVersion = 42

// tag finds the other dashboards.
const tag = "auditlake"

const docs = "https://github.com/auditlake/auditlake/blob/main/docs/"

// JSON is the dashboard's file.
func (d Dashboard) JSON() ([]byte, error) {
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	err := enc.Encode(dashboardJSON{
		UID: d.UID(), Title: d.title, Description: d.description, Tags: []string{tag, "databricks"},
		SchemaVersion: schemaVersion, Version: 1, Editable: true, GraphTooltip: 1, Timezone: "utc",
		Refresh: cmp.Or(d.refresh, "5m"), Time: span{d.from, "now"},
		Links: append([]dashboardLink{
			{
				Title: "Auditlake", Type: "dashboards", Icon: "external link", Tooltip: "The other dashboards, with this time range and these variables",
				AsDropdown: true, IncludeVars: true, KeepTime: true, Tags: []string{tag},
			},
			{Title: "About", Type: "link", URL: docs + "dashboards.md#" + d.chapter(), Icon: "doc", Tooltip: "What this dashboard is for", TargetBlank: true, Tags: []string{}},
		}, d.links...),
		Annotations: d.annotations(),
		Templating:  d.templating(),
		Panels:      d.panels(),
	})
	return out.Bytes(), err
}

// chapter is that of the documentation about it.
func (d Dashboard) chapter() string {
	_, subject, _ := strings.Cut(d.title, ": ")
	return strings.ReplaceAll(strings.ToLower(subject), " ", "-")
}

// panels lays the panels in lines from left to right; a line is as high as its
// highest panel.
func (d Dashboard) panels() []panelJSON {
	var out []panelJSON
	x, y, high := 0, 0, 0
	place := func(w, h int) gridPos {
		if x+w > 24 {
			x, y, high = 0, y+high, 0
		}
		at := gridPos{x, y, w, h}
		x, high = x+w, max(high, h)
		return at
	}
	for _, s := range d.sections {
		if s.title != "" {
			x, y, high = 0, y+high, 0
			out = append(out, panelJSON{ID: s.id, Type: "row", Title: s.title, GridPos: place(24, 1), Panels: &[]struct{}{}})
		}
		for _, p := range s.panels {
			q := p.question()
			drawn := q.json(place(p.w, p.h))
			drawn.Targets[0].AdhocFilters = d.filters(q.tables)
			out = append(out, drawn)
		}
	}
	return out
}

func ourSource() *reference { return &reference{pluginID, "${datasource}"} }
