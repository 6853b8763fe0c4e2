package dashboards

import (
	"slices"
	"strings"

	"github.com/auditlake/auditlake/pkg/query"
)

// pluginID is the type of our data sources.
const pluginID = "auditlake-databricks-datasource"

// all is the value of All where a variable is a regular expression: a filter of it
// keeps every event.
const all = ".*"

// variable is what is chosen at the top of a dashboard.
type variable struct {
	name, label, description string
	// sql gives the options; a text is typed in where it is empty.
	sql string
	// column is that of the events which the chosen values, or All, are looked for in.
	column string
	// one value has to be chosen, the first at the beginning.
	single bool
}

func workspaceVariable() variable {
	return variable{
		name: "workspace", label: "Workspace", description: "Workspaces whose events count. 0 is the account level.",
		sql:    "select cast(workspaceId as string) as workspace from silver where workspaceId is not null group by workspaceId order by workspace limit 1000",
		column: "workspaceId",
	}
}

func userVariable() variable {
	return variable{
		name: "user", label: "User", description: "Users whose events count; the thousand most active are listed, others can be typed in.",
		sql:    "select actor as user, count(*) as num_events from silver where actor is not null group by actor order by num_events desc, user limit 1000",
		column: "actor",
	}
}

func serviceVariable() variable {
	return variable{
		name: "service", label: "Service", description: "Services of Databricks whose events count.",
		sql:    "select distinct serviceName as service from silver where serviceName is not null order by service",
		column: "serviceName",
	}
}

// jobVariable is one job; table is where its id is looked for.
func jobVariable(table string) variable {
	return variable{
		name: "job", label: "Job", description: "Job that the panels about one job show. Click a job in a table to choose it.",
		sql:    "select jobId as job, count(*) as num_events from " + table + " where jobId is not null group by jobId order by num_events desc, job limit 1000",
		single: true,
	}
}

// filters are the conditions of the dashboard's variables for a query of these
// tables. They are about events, and queries of other rows have none.
func (d Dashboard) filters(tables []string) []filter {
	if !slices.ContainsFunc(tables, query.HasEvents) {
		return nil
	}
	var out []filter
	for _, v := range d.variables {
		if v.column != "" {
			out = append(out, filter{Key: v.column, Operator: "=~", Value: "${" + v.name + "}"})
		}
	}
	return out
}

// filtersEvents reports whether the dashboard has filters besides its variables.
func (d Dashboard) filtersEvents() bool {
	return slices.ContainsFunc(d.variables, func(v variable) bool { return v.column != "" })
}

func (d Dashboard) templating() templating {
	list := []variableJSON{{
		Name: "datasource", Label: "Data source", Description: "Auditlake data source that the panels ask.",
		Type: "datasource", Query: pluginID, Current: &choice{}, Options: []choice{}, Refresh: 1,
	}}
	for _, v := range d.variables {
		list = append(list, v.json())
	}
	if d.filtersEvents() {
		list = append(list, variableJSON{
			Name: "filters", Label: "Filters", Description: "Conditions on any column of the events or any request parameter. They hold for every panel about events.",
			Type: "adhoc", Datasource: ourSource(), Filters: &[]filter{},
		})
	}
	return templating{list}
}

func (v variable) json() variableJSON {
	out := variableJSON{Name: v.name, Label: v.label, Description: v.description, Current: &choice{}, Options: []choice{}}
	if v.sql == "" {
		out.Type, out.Query, out.Options = "textbox", "", []choice{{Selected: true}}
		return out
	}
	out.Type, out.Datasource, out.Definition = "query", ourSource(), strings.ToLower(v.label)+"s in the time range"
	out.Query = target{RefID: "variable", QueryType: "sql", SQL: v.sql, Format: "table"}
	out.Refresh = 2 // when the time range changes
	if !v.single {
		out.Multi, out.IncludeAll, out.AllValue = true, true, all
		out.Current = &choice{Selected: true, Text: "All", Value: "$__all"}
	}
	return out
}
