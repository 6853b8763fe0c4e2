package dashboards

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/auditlake/auditlake/pkg/query"
)

// The JSON of a panel, as far as it is used.
type (
	panelJSON struct {
		ID          int          `json:"id"`
		Type        string       `json:"type"`
		Title       string       `json:"title"`
		Description string       `json:"description,omitempty"`
		GridPos     gridPos      `json:"gridPos"`
		Datasource  *reference   `json:"datasource,omitempty"`
		Targets     []target     `json:"targets,omitempty"`
		FieldConfig *fieldConfig `json:"fieldConfig,omitempty"`
		Options     any          `json:"options,omitempty"`

		// Of a row.
		Collapsed bool        `json:"collapsed,omitempty"`
		Panels    *[]struct{} `json:"panels,omitempty"`
	}
	target struct {
		RefID        string            `json:"refId"`
		Datasource   *reference        `json:"datasource,omitempty"`
		QueryType    string            `json:"queryType"`
		Named        string            `json:"named,omitempty"`
		Params       map[string]string `json:"params,omitempty"`
		SQL          string            `json:"sql,omitempty"`
		Format       string            `json:"format,omitempty"`
		Search       string            `json:"search,omitempty"`
		Limit        int               `json:"limit,omitempty"`
		Display      string            `json:"display,omitempty"`
		AdhocFilters []filter          `json:"adhocFilters,omitempty"`
	}
	fieldConfig struct {
		Defaults  fieldDefaults `json:"defaults"`
		Overrides []override    `json:"overrides"`
	}
	fieldDefaults struct {
		Unit        string         `json:"unit,omitempty"`
		Decimals    *int           `json:"decimals,omitempty"`
		Min         *int           `json:"min,omitempty"`
		DisplayName string         `json:"displayName,omitempty"`
		NoValue     string         `json:"noValue"`
		Color       color          `json:"color"`
		Mappings    []mapping      `json:"mappings,omitempty"`
		Thresholds  thresholds     `json:"thresholds"`
		Links       []fieldLink    `json:"links,omitempty"`
		Custom      map[string]any `json:"custom,omitempty"`
	}
	color struct {
		Mode  string `json:"mode"`
		Fixed string `json:"fixedColor,omitempty"`
	}
	mapping struct {
		Type    string            `json:"type"`
		Options map[string]mapped `json:"options"`
	}
	mapped struct {
		Text  string `json:"text"`
		Color string `json:"color,omitempty"`
		Index int    `json:"index"`
	}
	thresholds struct {
		Mode  string     `json:"mode"`
		Steps []stepJSON `json:"steps"`
	}
	stepJSON struct {
		Color string   `json:"color"`
		Value *float64 `json:"value"`
	}
	fieldLink struct {
		Title string `json:"title"`
		URL   string `json:"url"`
	}
	override struct {
		Matcher    matcher    `json:"matcher"`
		Properties []property `json:"properties"`
	}
	matcher struct {
		ID      string `json:"id"`
		Options string `json:"options"`
	}
	property struct {
		ID    string `json:"id"`
		Value any    `json:"value"`
	}
	object map[string]any
)

// json is the panel at a place.
func (q question) json(at gridPos) panelJSON {
	out := panelJSON{
		ID: q.id, Type: q.draw.plugin(), Title: q.title, Description: q.description(), GridPos: at, Datasource: ourSource(),
		Targets: []target{q.asked()},
		FieldConfig: &fieldConfig{
			Defaults: fieldDefaults{
				NoValue: cmp.Or(q.none, "none"), Thresholds: q.thresholds(), Color: color{Mode: "thresholds"},
			},
			Overrides: []override{},
		},
	}
	switch q.draw {
	case stat:
		q.drawStat(&out)
	case bars, lines:
		q.drawSeries(&out)
	case barchart:
		q.drawBarchart(&out)
	case logs:
		out.Options = object{
			"showTime": true, "wrapLogMessage": true, "enableLogDetails": true, "prettifyLogMessage": false, "showLabels": false,
			"showCommonLabels": false, "dedupStrategy": "none", "sortOrder": "Descending",
		}
	default:
		q.drawTable(&out)
	}
	return out
}

// plugin is what Grafana calls the visualisation.
func (d drawing) plugin() string {
	if d == bars || d == lines {
		return "timeseries"
	}
	return string(d)
}

// asked is the query, with names beside ids.
func (q question) asked() target {
	t := q.target()
	if len(q.ids()) > 0 {
		t.Display = "names"
	}
	return t
}

func (q question) target() target {
	if q.named != "" {
		return target{RefID: "A", Datasource: ourSource(), QueryType: "named", Named: q.named, Params: q.params}
	}
	if q.search != "" {
		return target{RefID: "A", Datasource: ourSource(), QueryType: "events", Search: q.search, Limit: mostLines}
	}
	format := map[drawing]string{bars: "time_series", lines: "time_series", stat: "numeric", barchart: "numeric"}[q.draw]
	return target{RefID: "A", Datasource: ourSource(), QueryType: "sql", SQL: q.sql, Format: cmp.Or(format, "table")}
}

func (q question) thresholds() thresholds {
	out := thresholds{Mode: "absolute"}
	for i, s := range q.steps {
		out.Steps = append(out.Steps, stepJSON{Color: s.color})
		if i > 0 {
			out.Steps[i].Value = &q.steps[i].from
		}
	}
	if len(out.Steps) == 0 {
		out.Steps = []stepJSON{{Color: "green"}}
	}
	return out
}

// mostLines is how many log lines a panel shows: more are for Explore.
const mostLines = 500

func (q question) drawStat(out *panelJSON) {
	d := &out.FieldConfig.Defaults
	d.Unit, d.Decimals, d.Color = columns()[q.numbersShown()[0]].unit, whole(), color{Mode: "fixed", Fixed: cmp.Or(q.color, "blue")}
	colorMode, graph, textMode := "value", "none", "value"
	if len(q.steps) > 0 {
		d.Color, colorMode = color{Mode: "thresholds"}, "background"
	}
	if q.shown != nil {
		d.Mappings = []mapping{{Type: "value", Options: q.shown}}
	}
	if q.link != nil {
		d.Links = []fieldLink{{q.link.title, q.link.url}}
	}
	fields := ""
	if len(q.of) == 1 {
		fields = "/^" + q.of[0] + "$/"
	}
	if len(q.of) == 0 && len(q.numbers()) > 1 {
		textMode = "value_and_name"
		for _, name := range q.numbers() {
			out.FieldConfig.Overrides = append(out.FieldConfig.Overrides, overrideOf(name, property{"displayName", columns()[name].title}))
		}
	}
	if q.calc == "sum" && len(q.steps) == 0 {
		graph = "area"
	}
	out.Options = object{
		"reduceOptions": object{"calcs": []string{cmp.Or(q.calc, "lastNotNull")}, "fields": fields, "values": false},
		"orientation":   "auto", "textMode": textMode, "colorMode": colorMode, "graphMode": graph, "justifyMode": "center",
	}
}

// numbersShown are the columns that a stat is about. How many rows there are is a
// count, whatever the column.
func (q question) numbersShown() []string {
	switch {
	case q.calc == "countAll":
		return []string{"count"}
	case len(q.of) > 0:
		return q.of
	}
	return q.numbers()
}

func (q question) drawSeries(out *panelJSON) {
	d, numbers, labels := &out.FieldConfig.Defaults, q.numbers(), q.labels()
	d.Unit, d.Min = columns()[numbers[0]].unit, new(int)
	d.Color = color{Mode: "palette-classic"}
	if d.Unit == countUnit {
		d.Decimals = whole()
	}
	several := len(numbers) > 1 || len(labels) > 0
	if !several {
		d.DisplayName, d.Color = columns()[numbers[0]].title, color{Mode: "fixed", Fixed: cmp.Or(q.color, "blue")}
	}
	if len(numbers) > 1 {
		for _, name := range numbers {
			properties := []property{{"displayName", columns()[name].title}}
			if c := q.colors[name]; c != "" {
				properties = append(properties, property{"color", color{Mode: "fixed", Fixed: c}})
			}
			out.FieldConfig.Overrides = append(out.FieldConfig.Overrides, overrideOf(name, properties...))
		}
	}
	if len(labels) == 1 {
		for _, value := range slices.Sorted(maps.Keys(q.colors)) {
			out.FieldConfig.Overrides = append(out.FieldConfig.Overrides, overrideOf(value, property{"color", color{Mode: "fixed", Fixed: q.colors[value]}}))
		}
	}
	if len(labels) == 1 && columns()[labels[0]].outcome {
		for _, o := range outcomes() {
			out.FieldConfig.Overrides = append(out.FieldConfig.Overrides, overrideOf(o.value, property{"color", color{Mode: "fixed", Fixed: o.color}}))
		}
	}
	stacking := "none"
	if several && q.draw == bars {
		stacking = "normal"
	}
	d.Custom = map[string]any{"drawStyle": "bars", "barAlignment": 0, "fillOpacity": 70, "lineWidth": 1, "stacking": object{"mode": stacking, "group": "A"}}
	if q.draw == lines {
		d.Custom = map[string]any{"drawStyle": "line", "lineInterpolation": "linear", "lineWidth": 2, "fillOpacity": 0, "showPoints": "auto", "spanNulls": true, "stacking": object{"mode": stacking, "group": "A"}}
	}
	legend := object{"showLegend": false, "displayMode": "list", "placement": "bottom", "calcs": []string{}}
	tooltip := object{"mode": "single", "sort": "none"}
	if several {
		calc, heading := "sum", "Total"
		if q.draw == lines {
			calc, heading = "max", "Max"
		}
		display, place := "table", "right"
		if q.w < 12 { // a table below leaves nothing of a small chart
			display, place = "list", "bottom"
		}
		legend = object{"showLegend": true, "displayMode": display, "placement": place, "calcs": []string{calc}, "sortBy": heading, "sortDesc": true}
		tooltip = object{"mode": "multi", "sort": "desc"}
	}
	out.Options = object{"legend": legend, "tooltip": tooltip}
}

func (q question) drawBarchart(out *panelJSON) {
	d, number := &out.FieldConfig.Defaults, q.numbers()[0]
	d.Unit, d.Min, d.Color = columns()[number].unit, new(int), color{Mode: "fixed", Fixed: cmp.Or(q.color, "blue")}
	d.Custom = map[string]any{"fillOpacity": 80, "lineWidth": 0}
	if d.Unit == countUnit {
		d.Decimals = whole()
	}
	x := q.labels()[0]
	for _, name := range q.columns {
		c := columns()[name]
		properties := []property{{"displayName", c.title}}
		if name == x {
			properties = append(properties, property{"noValue", "–"})
		}
		if links := columns()[x].links; name == number && len(links) > 0 { // a click is on a bar, not on its name
			properties = append(properties, property{"links", linksOf(links, x)})
		}
		if name != number && isQuantity(c.unit) { // one scale does not suit two quantities
			properties = append(properties, property{"custom.hideFrom", object{"viz": true, "legend": true, "tooltip": false}})
		}
		out.FieldConfig.Overrides = append(out.FieldConfig.Overrides, overrideOf(name, properties...))
	}
	out.Options = object{
		"orientation": "horizontal", "xField": x, "showValue": "auto", "stacking": "none", "groupWidth": 0.7, "barWidth": 0.9,
		"legend":  object{"showLegend": false, "displayMode": "list", "placement": "bottom", "calcs": []string{}},
		"tooltip": object{"mode": "single", "sort": "none"},
	}
}

func (q question) drawTable(out *panelJSON) {
	out.FieldConfig.Defaults.Custom = map[string]any{"align": "auto", "cellOptions": object{"type": "auto"}, "filterable": false}
	numbers, ids, share, widening := q.numbers(), q.ids(), q.share(), q.widening()
	for _, name := range q.columns {
		c := columns()[name]
		properties := []property{{"displayName", c.title}}
		if c.isText() {
			properties = append(properties, property{"custom.filterable", true})
		} else {
			properties = append(properties, property{"unit", c.unit})
		}
		properties = append(properties, property{"noValue", "–"}) // of a cell; that of the panel is for no rows
		if c.unit == countUnit {
			properties = append(properties, property{"decimals", 0})
		}
		switch {
		case slices.Contains(q.hidden, name):
			properties = append(properties, property{"custom.hideFrom", object{"viz": true, "legend": true, "tooltip": true}})
		case c.width > 0 && name != widening:
			properties = append(properties, property{"custom.width", c.width})
		default:
			properties = append(properties, property{"custom.minWidth", min(c.needs(), share)})
		}
		if c.wrap {
			properties = append(properties, property{"custom.wrapText", true})
		}
		if len(c.links) > 0 {
			properties = append(properties, property{"links", linksOf(c.links, "")})
		}
		switch {
		case c.outcome:
			properties = append(properties, property{"mappings", outcomeMappings()}, property{"custom.cellOptions", object{"type": "color-text"}})
		case len(numbers) > 0 && name == numbers[0] && len(q.steps) > 0:
			properties = append(properties, property{"custom.cellOptions", object{"type": "color-text"}})
		}
		out.FieldConfig.Overrides = append(out.FieldConfig.Overrides, overrideOf(name, properties...))
		if title, ok := ids[name]; ok {
			out.FieldConfig.Overrides = append(out.FieldConfig.Overrides, overrideOf(name+"Name",
				property{"displayName", title}, property{"custom.filterable", true}, property{"noValue", "–"}, property{"custom.minWidth", min(leastName, share)}))
		}
	}
	out.Options = object{"showHeader": true, "cellHeight": "sm", "sortBy": q.sortBy()}
}

// sortBy is the order that an answer has, which the table shows at its head.
func (q question) sortBy() []object {
	if len(q.order) > 0 {
		key := q.order[0]
		if c, ok := key.By.(query.Col); ok && len(c.Path) == 1 {
			return []object{{"displayName": columns()[c.Path[0]].title, "desc": key.Desc}}
		}
	}
	return []object{}
}

func overrideOf(name string, properties ...property) override {
	return override{matcher{"byName", name}, properties}
}

// linksOf are links about the value that was clicked on, or, with a field, about
// that field of its row.
func linksOf(links []link, field string) []fieldLink {
	var out []fieldLink
	for _, l := range links {
		if field != "" {
			of := strings.NewReplacer("${__value.raw", "${__data.fields."+field, "${__value.text", "${__data.fields."+field)
			l.title, l.url = of.Replace(l.title), of.Replace(l.url)
		}
		out = append(out, fieldLink{l.title, l.url})
	}
	return out
}

func whole() *int { return new(int) }
