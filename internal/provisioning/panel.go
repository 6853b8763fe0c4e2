package provisioning

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/auditlake/auditlake/pkg/lake"
	"github.com/auditlake/auditlake/pkg/query"
	"github.com/auditlake/auditlake/pkg/query/events"
	"github.com/auditlake/auditlake/pkg/query/named"
	"github.com/auditlake/auditlake/pkg/query/sql"
)

// Panel is a panel or a row of a dashboard.
type Panel struct {
	ID          int             `json:"id"`
	Type        string          `json:"type"`
	Title       string          `json:"title"`
	Description string          `json:"description"`
	GridPos     gridPos         `json:"gridPos"`
	Datasource  *reference      `json:"datasource"`
	Targets     []Target        `json:"targets"`
	FieldConfig fieldConfig     `json:"fieldConfig"`
	Options     json.RawMessage `json:"options"`

	// Of a row.
	Collapsed bool       `json:"collapsed"`
	Panels    []struct{} `json:"panels"`
}

type gridPos struct {
	X int `json:"x"`
	Y int `json:"y"`
	W int `json:"w"`
	H int `json:"h"`
}

type reference struct {
	Type string `json:"type" yaml:"type"`
	UID  string `json:"uid" yaml:"uid"`
}

// Target is a query of our data source, as AuditlakeQuery in src/types.ts.
type Target struct {
	RefID      string            `json:"refId" yaml:"refId"`
	Datasource *reference        `json:"datasource,omitempty" yaml:"datasource"`
	QueryType  string            `json:"queryType" yaml:"queryType"`
	Named      string            `json:"named,omitempty" yaml:"named"`
	Params     map[string]string `json:"params,omitempty" yaml:"params"`
	SQL        string            `json:"sql,omitempty" yaml:"sql"`
	Format     string            `json:"format,omitempty" yaml:"format"`
	Search     string            `json:"search,omitempty" yaml:"search"`
	Limit      int               `json:"limit,omitempty" yaml:"limit"`
	Display    string            `json:"display,omitempty" yaml:"display"`
	// AdhocFilters are conditions on the events, of the dashboard's variables.
	AdhocFilters []query.Condition `json:"adhocFilters,omitempty" yaml:"-"`
}

type fieldConfig struct {
	Defaults  fieldDefaults `json:"defaults"`
	Overrides []struct {
		Matcher struct {
			ID      string `json:"id"`
			Options string `json:"options"`
		} `json:"matcher"`
		Properties []struct {
			ID    string          `json:"id"`
			Value json.RawMessage `json:"value"`
		} `json:"properties"`
	} `json:"overrides"`
}

type fieldDefaults struct {
	Unit        string          `json:"unit"`
	Decimals    *int            `json:"decimals"`
	Min         *float64        `json:"min"`
	Max         *float64        `json:"max"`
	DisplayName string          `json:"displayName"`
	NoValue     string          `json:"noValue"`
	Color       json.RawMessage `json:"color"`
	Mappings    json.RawMessage `json:"mappings"`
	Links       []fieldLink     `json:"links"`
	Thresholds  struct {
		Mode  string `json:"mode"`
		Steps []struct {
			Color string   `json:"color"`
			Value *float64 `json:"value"`
		} `json:"steps"`
	} `json:"thresholds"`
	Custom json.RawMessage `json:"custom"`
}

// The options of the visualisations, as far as they are used.
type (
	legendOptions struct {
		ShowLegend  bool     `json:"showLegend"`
		SortBy      string   `json:"sortBy"` // the heading of one of calcs
		SortDesc    bool     `json:"sortDesc"`
		DisplayMode string   `json:"displayMode"`
		Placement   string   `json:"placement"`
		Calcs       []string `json:"calcs"`
	}
	tooltipOptions struct {
		Mode string `json:"mode"`
		Sort string `json:"sort"`
	}
	timeseriesOptions struct {
		Legend  legendOptions  `json:"legend"`
		Tooltip tooltipOptions `json:"tooltip"`
	}
	barchartOptions struct {
		timeseriesOptions
		Orientation string  `json:"orientation"`
		XField      string  `json:"xField"`
		ShowValue   string  `json:"showValue"`
		Stacking    string  `json:"stacking"`
		GroupWidth  float64 `json:"groupWidth"`
		BarWidth    float64 `json:"barWidth"`
	}
	statOptions struct {
		ReduceOptions struct {
			Calcs  []string `json:"calcs"`
			Fields string   `json:"fields"`
			Values bool     `json:"values"`
		} `json:"reduceOptions"`
		Orientation string `json:"orientation"`
		TextMode    string `json:"textMode"`
		ColorMode   string `json:"colorMode"`
		GraphMode   string `json:"graphMode"`
		JustifyMode string `json:"justifyMode"`
	}
	logsOptions struct {
		ShowTime           bool   `json:"showTime"`
		WrapLogMessage     bool   `json:"wrapLogMessage"`
		EnableLogDetails   bool   `json:"enableLogDetails"`
		PrettifyLogMessage bool   `json:"prettifyLogMessage"`
		ShowLabels         bool   `json:"showLabels"`
		ShowCommonLabels   bool   `json:"showCommonLabels"`
		DedupStrategy      string `json:"dedupStrategy"`
		SortOrder          string `json:"sortOrder"`
	}
	tableOptions struct {
		ShowHeader bool   `json:"showHeader"`
		CellHeight string `json:"cellHeight"`
		SortBy     []struct {
			DisplayName string `json:"displayName"`
			Desc        bool   `json:"desc"`
		} `json:"sortBy"`
	}
)

// visualisation is a kind of panel: its options, and the types of frames that it
// draws well.
type visualisation struct {
	options func() any
	frames  []string
}

func visualisations() map[string]visualisation {
	return map[string]visualisation{
		"timeseries": {func() any { return new(timeseriesOptions) }, []string{"timeseries-multi"}},
		"barchart":   {func() any { return new(barchartOptions) }, []string{"numeric-long", "table"}},
		"stat":       {func() any { return new(statOptions) }, []string{"numeric-long", "timeseries-multi", "table"}},
		"logs":       {func() any { return new(logsOptions) }, []string{"log-lines"}},
		"table":      {func() any { return new(tableOptions) }, []string{"table", "numeric-long"}},
	}
}

// Suits says whether the panel draws frames of this type well.
func (p Panel) Suits(frameType string) bool {
	return slices.Contains(visualisations()[p.Type].frames, frameType)
}

// Fields are the names of the fields that the panel's overrides and options
// expect the answer to have.
func (p Panel) Fields() []string {
	var names []string
	for _, o := range p.FieldConfig.Overrides {
		names = append(names, o.Matcher.Options)
	}
	if p.Type == "barchart" {
		var o barchartOptions
		if json.Unmarshal(p.Options, &o) == nil {
			names = append(names, o.XField)
		}
	}
	return names
}

// datasourceVariable is the only way in which a dashboard names a data source.
const datasourceVariable = "${datasource}"

func (d Dashboard) checkPanels(n *notes) {
	var ids, titles []string
	taken, below := map[[2]int]string{}, 0
	for _, p := range d.Panels {
		where := fmt.Sprintf("%s panel %d (%s)", d.File, p.ID, p.Title)
		if p.ID < 1 {
			n.add(where, "the id is not positive")
		}
		n.unique(&ids, where, "id", fmt.Sprint(p.ID))
		n.unique(&titles, where, "title", p.Title)
		if _, unknown := Interpolate(p.Title, d.Defaults("1")); len(unknown) > 0 {
			n.add(where, "there is no variable %s", strings.Join(unknown, ", "))
		}
		p.GridPos.check(n, where, taken)
		below = max(below, p.GridPos.Y+p.GridPos.H)
		if p.Type == "row" {
			if p.Collapsed || len(p.Panels)+len(p.Targets) > 0 {
				n.add(where, "a row that holds panels or queries is not checked")
			}
			continue
		}
		if p.Description == "" {
			n.add(where, "the description is missing")
		}
		if p.FieldConfig.Defaults.NoValue == "" {
			n.add(where, "nothing is said where there is no value")
		}
		p.checkDrawing(n, where)
		d.checkTargets(n, where, p)
	}
	for y := range below {
		for x := range 24 {
			if _, ok := taken[[2]int{x, y}]; !ok {
				n.add(d.File, "there is a hole in line %d from column %d on: the panels of a line are 24 wide together and of one height", y, x)
				return
			}
		}
	}
}

func (g gridPos) check(n *notes, where string, taken map[[2]int]string) {
	if g.X < 0 || g.Y < 0 || g.W < 1 || g.H < 1 || g.X+g.W > 24 {
		n.add(where, "the place %+v is not within 24 columns", g)
	}
	for x := g.X; x < g.X+g.W; x++ {
		for y := g.Y; y < g.Y+g.H; y++ {
			if other, ok := taken[[2]int{x, y}]; ok {
				n.add(where, "it lies over %s", other)
				return
			}
			taken[[2]int{x, y}] = where
		}
	}
}

func (p Panel) checkDrawing(n *notes, where string) {
	v, known := visualisations()[p.Type]
	if !known {
		n.add(where, "the visualisation %q is none that is used here", p.Type)
		return
	}
	options := v.options()
	if err := strictJSON(p.Options, options); err != nil {
		n.add(where, "options: %v", err)
	}
	if o, ok := options.(*timeseriesOptions); ok && o.Legend.ShowLegend && o.Legend.SortBy == "" {
		n.add(where, "the legend is in no order")
	}
	for _, o := range p.FieldConfig.Overrides {
		n.oneOf(where, "the matcher", o.Matcher.ID, "byName")
		if len(o.Properties) == 0 {
			n.add(where, "the override of %s changes nothing", o.Matcher.Options)
		}
	}
	if p.Type != "table" && p.Type != "logs" && p.FieldConfig.Defaults.Unit == "" {
		n.add(where, "its numbers have no unit")
	}
	steps := p.FieldConfig.Defaults.Thresholds.Steps
	if len(steps) == 0 || steps[0].Value != nil {
		n.add(where, "the thresholds need a first step without a value")
	}
	for i := 2; i < len(steps); i++ {
		if *steps[i].Value <= *steps[i-1].Value {
			n.add(where, "the thresholds do not ascend")
		}
	}
}

func checkReference(n *notes, where, what string, r *reference) {
	switch {
	case r == nil:
		n.add(where, "%s is missing", what)
	case r.UID != datasourceVariable || r.Type != PluginID:
		n.add(where, "%s is %s of type %s, want %s of type %s", what, r.UID, r.Type, datasourceVariable, PluginID)
	}
}

var refIDRE = regexp.MustCompile(`^[A-Z]$`)

func (d Dashboard) checkTargets(n *notes, where string, p Panel) {
	var refIDs []string
	if len(p.Targets) == 0 {
		n.add(where, "it asks nothing")
	}
	checkReference(n, where, "the data source", p.Datasource)
	for _, t := range p.Targets {
		n.unique(&refIDs, where, "refId", t.RefID)
		checkReference(n, where, "the data source of query "+t.RefID, t.Datasource)
		t, unknown := d.Resolve(t, d.Defaults("1"))
		if len(unknown) > 0 {
			n.add(where, "there is no variable %s", strings.Join(unknown, ", "))
		}
		t.check(n, where)
	}
}

// sometime is any time range that has both ends: some queries look back from the
// end.
func sometime() query.TimeRange {
	end := time.Date(2019, 12, 29, 0, 0, 0, 0, time.UTC)
	return query.TimeRange{From: end.AddDate(0, 0, -1), To: end}
}

// check looks a query without variables up in the catalog.
func (t Target) check(n *notes, where string) {
	if !refIDRE.MatchString(t.RefID) {
		n.add(where, "refId %q is no capital letter", t.RefID)
	}
	n.oneOf(where, "queryType", t.QueryType, "named", "sql", "events")
	n.oneOf(where, "display", t.Display, "", "names")
	plan, err := t.plan()
	if err == nil {
		_, err = query.Narrow(plan, t.AdhocFilters)
	}
	if err != nil {
		n.add(where, "query %s: %v", t.RefID, err)
	}
}

func (t Target) plan() (query.Plan, error) {
	switch t.QueryType {
	case "events":
		words, err := events.SearchWords(t.Search)
		if err != nil {
			return query.Plan{}, err
		}
		asked := events.Question{Table: lake.Silver, Range: sometime(), Words: words, Direction: events.Backward, Limit: int64(t.Limit)}
		if err := asked.Check(); err != nil {
			return query.Plan{}, err
		}
		return asked.Plan(nil)
	case "named":
		return named.Build(t.Named, t.Params, sometime())
	}
	statement, err := sql.Parse(t.SQL)
	if err != nil {
		return query.Plan{}, err
	}
	return statement.Plan(sql.Binding{Range: sometime()})
}
