package dashboards

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/auditlake/auditlake/pkg/lake"
	"github.com/auditlake/auditlake/pkg/query"
	"github.com/auditlake/auditlake/pkg/query/named"
	"github.com/auditlake/auditlake/pkg/query/sql"
)

// panel is one question and how its answer is drawn.
type panel struct {
	id   int
	w, h int // of 24 columns, and of rows of 30 pixels

	// named is a query of the catalog, which brings title, description and
	// visualisation. Otherwise there is sql, or, of log lines,
	// a search.
	named  string
	params map[string]string
	sql    string
	search string

	title string
	what  string  // what the answer means; empty is the catalog's description
	todo  string  // what to do about it
	draw  drawing // empty is the catalog's, or a table

	// Of a stat: how the rows become one number, and of which columns; none is
	// that of all rows and the one number they have.
	calc string
	of   []string
	// Of a stat: what the number is colored by.
	steps []step
	// none is shown where there is no row.
	none string
	// Of a table: columns that are not shown, though links and an export have them.
	hidden []string
	// color is that of the only series, or colors are those of some, by column or label.
	color  string
	colors map[string]string
	// shown is a value in the place of another: 0 as none.
	shown map[string]mapped
	link  *link // of a stat, as a whole
}

// drawing is a visualisation.
type drawing string

const (
	stat     drawing = "stat"
	bars     drawing = "bars"  // of a time series, stacked
	lines    drawing = "lines" // of a time series
	barchart drawing = "barchart"
	table    drawing = "table"
	logs     drawing = "logs"
)

// step is a color from a value on; the first has no value.
type step struct {
	color string
	from  float64
}

// question is a panel with what it has from the catalog.
type question struct {
	panel
	tables  []string
	columns []string
	order   []query.SortKey // of the rows
}

// question looks a panel up in the catalog. It panics where a panel names a query
// that is not there: that is our own mistake, and every test finds it.
func (p panel) question() question {
	q := question{panel: p}
	if p.search == "" {
		plan := p.plan()
		q.tables, q.columns, q.order = plan.Tables(), plan.Columns(), orderOf(plan.Root)
	}
	switch {
	case p.named != "":
		n, err := named.Lookup(p.named)
		if err != nil {
			panic(fmt.Sprintf("panel %d: %v", p.id, err))
		}
		q.title, q.what = cmp.Or(p.title, n.Title), cmp.Or(p.what, n.Description)
		q.draw = cmp.Or(p.draw, map[string]drawing{"timeseries": bars, "barchart": barchart, "stat": stat}[n.Visualization], table)
	case p.search != "":
		q.tables, q.draw = []string{lake.Silver}, logs
	default:
		q.draw = cmp.Or(p.draw, table)
	}
	return q
}

// plan is that of the question, over any time.
func (p panel) plan() query.Plan {
	end := time.Date(2024, 3, 5, 0, 0, 0, 0, time.UTC)
	sometime := query.TimeRange{From: end.AddDate(0, 0, -1), To: end}
	plan, err := named.Build(p.named, p.params, sometime)
	if p.named == "" {
		var statement *sql.Statement
		if statement, err = sql.Parse(p.sql); err == nil {
			plan, err = statement.Plan(sql.Binding{Range: sometime})
		}
	}
	if err != nil {
		panic(fmt.Sprintf("panel %d: %v", p.id, err))
	}
	return plan
}

// orderOf is the order of the rows of a plan.
func orderOf(n query.Node) []query.SortKey {
	switch n := n.(type) {
	case query.Sort:
		return n.Keys
	case query.Limit:
		return orderOf(n.Input)
	}
	return nil
}

// numbers are the columns with quantities.
func (q question) numbers() []string { return q.having(isQuantity) }

// labels are the columns that tell series apart.
func (q question) labels() []string {
	return q.having(func(unit string) bool { return unit == "" })
}

func (q question) having(kind func(unit string) bool) (names []string) {
	for _, name := range q.columns {
		if kind(columns()[name].unit) {
			names = append(names, name)
		}
	}
	return names
}

func isQuantity(unit string) bool {
	return !slices.Contains([]string{"", timeUnit, minuteUnit, dateUnit}, unit)
}

// room is how many pixels a table of so many of the 24 columns has for its own on a
// screen of 1280.
func room(w int) int { return w*157/3 - 36 }

// leastName is the width that a name beside an id needs.
const leastName = 90

// needs is the width without which a table's columns say too little.
func (q question) needs() int {
	sum := leastName * len(q.ids())
	for _, name := range q.columns {
		if !slices.Contains(q.hidden, name) {
			sum += columns()[name].needs()
		}
	}
	return sum
}

// widening is the column that takes what is left where all others have a width: the
// first.
func (q question) widening() string {
	if len(q.ids()) > 0 || slices.ContainsFunc(q.columns, func(name string) bool { return columns()[name].width == 0 }) {
		return ""
	}
	return q.columns[0]
}

// share is what each column without a width gets of the room: Grafana divides it
// evenly, and scrolls sideways where a column wants more.
func (q question) share() int {
	left, sharing, widening := room(q.w), len(q.ids()), q.widening()
	for _, name := range q.columns {
		switch c := columns()[name]; {
		case slices.Contains(q.hidden, name):
		case c.width > 0 && name != widening:
			left -= c.width
		default:
			sharing++
		}
	}
	return left / max(sharing, 1)
}

// ids are the columns of ids that get a column of names behind them, with the title
// of that. Clusters mostly have one already.
func (q question) ids() map[string]string {
	out := map[string]string{}
	if q.draw != table {
		return out
	}
	for id, title := range map[string]string{"jobId": "Job name", "userId": "User", "clusterId": "Cluster"} {
		if slices.Contains(q.columns, id) && !slices.Contains(q.columns, strings.Replace(id, "Id", "Name", 1)) {
			out[id] = title
		}
	}
	return out
}

// description is what Grafana shows at the panel's title.
func (q question) description() string {
	if q.todo == "" {
		return q.what
	}
	return q.what + " " + q.todo
}
