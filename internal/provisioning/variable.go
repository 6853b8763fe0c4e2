package provisioning

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"

	"github.com/auditlake/auditlake/pkg/query"
)

// Variable is a template variable.
type Variable struct {
	Name        string          `json:"name"`
	Label       string          `json:"label"`
	Description string          `json:"description"`
	Type        string          `json:"type"`
	Datasource  *reference      `json:"datasource"`
	Query       json.RawMessage `json:"query"` // a text, or a Target where the type is query
	Definition  string          `json:"definition"`
	Regex       string          `json:"regex"`
	Current     choice          `json:"current"`
	Hide        int             `json:"hide"`
	IncludeAll  bool            `json:"includeAll"`
	Multi       bool            `json:"multi"`
	AllValue    string          `json:"allValue"`
	Options     []choice        `json:"options"`
	Refresh     int             `json:"refresh"`
	Filters     []struct{}      `json:"filters"`
}

type choice struct {
	Selected bool   `json:"selected"`
	Text     string `json:"text"`
	Value    string `json:"value"`
}

// allValue is what is chosen where All is.
const allValue = "$__all"

// text is the query as a text; empty if it is none.
func (v Variable) text() (out string) {
	if json.Unmarshal(v.Query, &out) != nil {
		return ""
	}
	return out
}

// Asks is the query of a variable whose options are the rows of an answer.
func (v Variable) Asks() (t Target, asks bool, err error) {
	if v.Type != "query" {
		return t, false, nil
	}
	return t, true, strictJSON(v.Query, &t)
}

// variableRE is a variable in a text, in the only form used here: a bare $name
// would swallow what follows it. The macros of SQL, $__name(), are none.
var variableRE = regexp.MustCompile(`\$(?:\{(\w+)(?::\w+)?\}|([a-zA-Z]\w*))`)

// Defaults are the values of the variables when the dashboard is opened; first is
// that of those which begin with the first option there is.
func (d Dashboard) Defaults(first string) map[string]string {
	out := map[string]string{}
	for _, v := range d.Templating.List {
		switch {
		case v.Current.Value == allValue:
			out[v.Name] = v.AllValue
		case v.Type == "query" && v.Current.Value == "":
			out[v.Name] = first
		default:
			out[v.Name] = v.Current.Value
		}
	}
	return out
}

// Interpolate puts values in the place of variables, as Grafana does before a
// query. The unknown are names that have no value.
func Interpolate(text string, values map[string]string) (out string, unknown []string) {
	out = variableRE.ReplaceAllStringFunc(text, func(match string) string {
		name := strings.Join(variableRE.FindStringSubmatch(match)[1:], "")
		if value, ok := values[name]; ok {
			return value
		}
		unknown = append(unknown, name)
		return match
	})
	return out, unknown
}

// Resolve is the query with values for the variables. In SQL they stand between
// quotes, so theirs are doubled.
func (d Dashboard) Resolve(t Target, values map[string]string) (resolved Target, unknown []string) {
	replace := func(text string, values map[string]string) string {
		out, missing := Interpolate(text, values)
		unknown = append(unknown, missing...)
		return out
	}
	params := map[string]string{}
	for name, text := range t.Params {
		params[name] = replace(text, values)
	}
	quoted := map[string]string{}
	for name, value := range values {
		quoted[name] = strings.ReplaceAll(value, "'", "''")
	}
	t.Params, t.SQL, t.Search = params, replace(t.SQL, quoted), replace(t.Search, values)
	t.AdhocFilters = slices.Clone(t.AdhocFilters)
	for i, c := range t.AdhocFilters {
		c.Values = slices.Clone(c.Values)
		for j, value := range c.Values {
			c.Values[j] = replace(value, values)
		}
		t.AdhocFilters[i] = c
	}
	return t, unknown
}

func (d Dashboard) checkVariables(n *notes) {
	var names []string
	chooser := false
	for _, v := range d.Templating.List {
		where := d.File + " variable " + v.Name
		n.unique(&names, where, "name", v.Name)
		if v.Label == "" || v.Description == "" {
			n.add(where, "label and description are both needed")
		}
		if v.Type != "datasource" && v.Type != "adhoc" && !d.uses(v.Name) {
			n.add(where, "no panel uses it")
		}
		switch v.Type {
		case "datasource":
			chooser = chooser || v.Name == "datasource" && v.text() == PluginID
			if v.Current.Value != "" {
				n.add(where, "it names a data source, which is another one elsewhere")
			}
		case "textbox":
			if v.text() != v.Current.Value {
				n.add(where, "the default is %q and the current value is %q", v.text(), v.Current.Value)
			}
		case "query":
			v.checkQuery(n, where)
		case "adhoc":
			checkReference(n, where, "the data source", v.Datasource)
		default:
			n.add(where, "the type %q is none that is used here", v.Type)
		}
	}
	if !chooser {
		n.add(d.File, "no variable ${datasource} offers the data sources of type %s", PluginID)
	}
}

// refreshOnTime has options asked for again when the time range changes.
const refreshOnTime = 2

func (v Variable) checkQuery(n *notes, where string) {
	checkReference(n, where, "the data source", v.Datasource)
	t, _, err := v.Asks()
	if err != nil {
		n.add(where, "query: %v", err)
		return
	}
	n.oneOf(where, "queryType", t.QueryType, "named", "sql")
	if _, err := t.plan(); err != nil {
		n.add(where, "query: %v", err)
	}
	if v.Refresh != refreshOnTime {
		n.add(where, "its options are not asked for when the time range changes")
	}
	if v.IncludeAll != (v.Current.Value == allValue) {
		n.add(where, "All is offered: %v, and it begins with %q", v.IncludeAll, v.Current.Value)
	}
	if v.IncludeAll && v.AllValue != query.AnyValue {
		n.add(where, "All is %q, and %s is what keeps every event", v.AllValue, query.AnyValue)
	}
}

// uses reports whether a panel has the variable in its query.
func (d Dashboard) uses(name string) bool {
	others := d.Defaults("1")
	delete(others, name)
	return slices.ContainsFunc(d.Panels, func(p Panel) bool {
		return slices.ContainsFunc(p.Targets, func(t Target) bool {
			_, unknown := d.Resolve(t, others)
			return slices.Contains(unknown, name)
		})
	})
}
