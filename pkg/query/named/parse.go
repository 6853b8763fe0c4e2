package named

import (
	"bytes"
	"errors"
	"fmt"
	"path"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/auditlake/auditlake/pkg/query"
	"github.com/auditlake/auditlake/pkg/query/sql"
)

// FileError is what is wrong with a file, and where.
type FileError struct {
	File   string
	Line   int // 0 of a query that is in no file
	Column int // 0 if just the line is known
	Why    error
}

func (e *FileError) Error() string {
	where := e.File
	if e.Line > 0 {
		where += ":" + strconv.Itoa(e.Line)
	}
	if e.Column > 0 {
		where += ":" + strconv.Itoa(e.Column)
	}
	return where + ": " + e.Why.Error()
}

// Unwrap gives the reason without the place.
func (e *FileError) Unwrap() error { return e.Why }

// file is a query as its file has it.
type file struct {
	Name          string
	Title         string
	Description   string
	Group         string
	Visualization string
	Severity      Severity
	Alert         *struct {
		Labels []string
		Value  string
		Count  bool
		Empty  string
	}
	Lookback string
	Params   []struct {
		Name        string
		Type        ParamType
		Default     string
		Required    bool
		Min, Max    int64
		Description string
	}
	SQL      yaml.Node
	Examples []Example
}

// Groups are the headings that queries have, in the order of a list.
func Groups() []string {
	return []string{"Clusters", "Jobs", "Logins and identity", "Admin and configuration", "Data access", "Overview", "Pipeline"}
}

var (
	visualizations = []string{"table", "timeseries", "barchart", "stat"}
	severities     = []Severity{SeverityInfo, SeverityWarning, SeverityCritical}
	paramTypes     = []ParamType{ParamString, ParamInteger, ParamNumber, ParamList}
	snakeCase      = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)
)

// mostBytes is how large a file may be.
const mostBytes = 1 << 20

// Parse reads a query from a file; the name of the file is that of the query with
// .yaml. All that is wrong is in the error, which joins *FileErrors.
func Parse(name string, text []byte) (*Query, error) {
	p := fileParser{name: name, text: text}
	q := p.query()
	if len(p.problems) > 0 {
		return nil, errors.Join(p.problems...)
	}
	return q, nil
}

// ParseValue is Parse of a query that stands in other settings, as JSON. Its errors
// have no lines but those of the SQL.
func ParseValue(name string, value []byte) (*Query, error) {
	p := fileParser{name: name, text: value, inline: true}
	q := p.query()
	if len(p.problems) > 0 {
		return nil, errors.Join(p.problems...)
	}
	return q, nil
}

// fileParser gathers what is wrong with one file.
type fileParser struct {
	name     string
	inline   bool // in other settings
	text     []byte
	root     yaml.Node
	problems []error
}

func (p *fileParser) bad(line int, format string, args ...any) {
	e := &FileError{File: p.name, Line: max(line, 1), Why: fmt.Errorf(format, args...)}
	if p.inline {
		e.Line = 0
	}
	p.problems = append(p.problems, e)
}

func (p *fileParser) query() *Query {
	if len(p.text) > mostBytes {
		p.bad(1, "the file has %d bytes, more than %d", len(p.text), mostBytes)
		return nil
	}
	var f file
	d := yaml.NewDecoder(bytes.NewReader(p.text))
	d.KnownFields(true)
	if err := d.Decode(&f); err != nil {
		p.yaml(err)
		return nil
	}
	if err := d.Decode(&yaml.Node{}); err == nil {
		p.bad(1, "the file has more than one document: a query is one file")
		return nil
	}
	_ = yaml.Unmarshal(p.text, &p.root) // it was decoded before
	q := &Query{
		Name: f.Name, Title: f.Title, Description: strings.Join(strings.Fields(f.Description), " "), Group: f.Group,
		Visualization: f.Visualization, Severity: f.Severity, SQL: f.SQL.Value, Examples: f.Examples, File: p.name,
	}
	p.head(q)
	for i, fp := range f.Params {
		param := Param{Name: fp.Name, Description: fp.Description, Type: fp.Type, Default: fp.Default, Required: fp.Required, Min: fp.Min, Max: fp.Max}
		p.param(q, param, i)
		q.Params = append(q.Params, param)
	}
	var err error
	if q.Lookback, err = parseLookback(f.Lookback, q.Params); err != nil {
		p.bad(p.line("lookback"), "%w", err)
	}
	if f.Alert != nil {
		q.Alert = &Alert{Labels: f.Alert.Labels, Value: f.Alert.Value, NoData: f.Alert.Empty == "no data"}
		if !slices.Contains([]string{"", "zero", "no data"}, f.Alert.Empty) {
			p.bad(p.line("alert"), "empty says what no rows are: zero, which they are if it is left away, or no data")
		}
		if (f.Alert.Value != "") == f.Alert.Count {
			p.bad(p.line("alert"), "an alert has either value: a column, or count: true")
		}
	}
	for i := range q.Examples {
		p.example(q, i)
	}
	if len(p.problems) == 0 {
		p.sql(q, &f.SQL)
	}
	return q
}

var yamlLine = regexp.MustCompile(`line (\d+): (.*)`)

var unknownField = regexp.MustCompile(`^field (\S+) not found in type named\.(\w+)`)

// fields are the keys of the parts of a file, by the names of their types.
var fields = map[string][]string{
	"file":    keys(reflect.TypeFor[file]()),
	"Example": keys(reflect.TypeFor[Example]()),
	"Event":   keys(reflect.TypeFor[Event]()),
}

// keys are what a struct's fields are called in YAML.
func keys(of reflect.Type) []string {
	var names []string
	for _, f := range reflect.VisibleFields(of) {
		name := f.Tag.Get("yaml")
		if name == "" {
			name = strings.ToLower(f.Name)
		}
		if f.IsExported() {
			names = append(names, name)
		}
	}
	return names
}

// yaml takes apart what the parser of YAML says.
func (p *fileParser) yaml(err error) {
	for _, m := range yamlLine.FindAllStringSubmatch(err.Error(), -1) {
		line, _ := strconv.Atoi(m[1])
		why := strings.NewReplacer(" not found in type named.file", " is not known", " not found in type named.Example", " is not known in an example",
			" not found in type named.Event", " is not known in an event", "into named.", "into ").Replace(m[2])
		if i := strings.Index(why, " not found in type struct"); i >= 0 {
			why = why[:i] + " is not known here"
		}
		if u := unknownField.FindStringSubmatch(m[2]); u != nil {
			why += query.DidYouMean(u[1], fields[u[2]])
		}
		p.bad(line, "%s", why)
	}
	if len(p.problems) == 0 {
		p.bad(1, "%w", err)
	}
}

// head checks the texts at the beginning.
func (p *fileParser) head(q *Query) {
	base := strings.TrimSuffix(strings.TrimSuffix(path.Base(strings.ReplaceAll(p.name, `\`, "/")), ".yaml"), ".yml")
	switch {
	case !snakeCase.MatchString(q.Name) || len(q.Name) > 64:
		p.bad(p.line("name"), "name %q is not like failed_logins: small letters, digits and _, at most 64", q.Name)
	case strings.HasSuffix(p.name, ".yaml") && q.Name != base:
		p.bad(p.line("name"), "name is %s and the file is called %s: they are the same", q.Name, path.Base(p.name))
	}
	if q.Title == "" || q.Description == "" {
		p.bad(p.line("name"), "title and description are missing")
	}
	if !slices.Contains(Groups(), q.Group) {
		p.bad(p.line("group"), "group %q is none of %s%s", q.Group, strings.Join(Groups(), ", "), query.DidYouMean(q.Group, Groups()))
	}
	if !slices.Contains(visualizations, q.Visualization) {
		p.bad(p.line("visualization"), "visualization %q is none of %s", q.Visualization, strings.Join(visualizations, ", "))
	}
	if alert := p.line("alert") > 0; alert != (q.Severity != "") || alert && !slices.Contains(severities, q.Severity) {
		p.bad(max(p.line("severity"), p.line("alert")), "severity is info, warning or critical where there is an alert, and missing where there is none")
	}
}

func (p *fileParser) param(q *Query, param Param, i int) {
	line := p.line("params", strconv.Itoa(i))
	reserved := lists()
	switch {
	case !snakeCase.MatchString(param.Name):
		p.bad(line, "the name of a parameter is small letters, digits and _, not %q", param.Name)
	case slices.ContainsFunc(q.Params, func(o Param) bool { return o.Name == param.Name }):
		p.bad(line, "there are two parameters %s", param.Name)
	case reserved[param.Name].List:
		p.bad(line, "$%s is a list that every query has: choose another name", param.Name)
	case !slices.Contains(paramTypes, param.Type):
		p.bad(line, "type %q of %s is none of string, integer, number, list", param.Type, param.Name)
	case param.Min > param.Max:
		p.bad(line, "min of %s is greater than max", param.Name)
	case param.Required && param.Default != "":
		p.bad(line, "%s is required, so it has no default", param.Name)
	case !param.Required:
		if _, err := param.read(param.Default); err != nil {
			p.bad(line, "default: %w", err)
		}
	}
}

// probe is the time range under which a query is checked.
var probe = query.TimeRange{From: exampleDay, To: exampleDay.Add(24 * time.Hour)}

// sql parses the statement, lowers it and compares its columns with the alert.
func (p *fileParser) sql(q *Query, node *yaml.Node) {
	if strings.TrimSpace(q.SQL) == "" {
		p.bad(p.line("name"), "sql is missing")
		return
	}
	var err error
	if q.statement, err = sql.Parse(q.SQL); err != nil {
		p.sqlError(node, err)
		return
	}
	plan, err := q.Plan(q.anyParams(), probe)
	if err != nil {
		p.sqlError(node, err)
		return
	}
	used := q.statement.Params()
	for i, param := range q.Params {
		if !slices.Contains(used, param.Name) && q.Lookback.Param != param.Name {
			p.bad(p.line("params", strconv.Itoa(i)), "parameter %s is not used", param.Name)
		}
	}
	q.Tables = plan.Tables()
	q.Columns = plan.Columns()
	p.alert(q)
}

func (p *fileParser) alert(q *Query) {
	if q.Alert == nil {
		return
	}
	columns := slices.Clone(q.Alert.Labels)
	if q.Alert.Value != "" {
		columns = append(columns, q.Alert.Value)
	}
	for _, c := range columns {
		if !slices.Contains(q.Columns, c) {
			p.bad(p.line("alert"), "the answer has no column %s%s", c, query.DidYouMean(c, q.Columns))
		}
	}
}

// anyParams are values for the parameters that have to be given.
func (q *Query) anyParams() map[string]string {
	out := map[string]string{}
	for _, p := range q.Params {
		if p.Required {
			out[p.Name] = "1"
			if p.Min > 1 {
				out[p.Name] = strconv.FormatInt(p.Min, 10)
			}
		}
	}
	return out
}

// sqlError says where in the file an error of the statement is.
func (p *fileParser) sqlError(node *yaml.Node, err error) {
	var at *sql.Error
	if !errors.As(err, &at) {
		p.bad(node.Line, "sql: %w", err)
		return
	}
	if p.inline {
		p.bad(0, "sql, line %d, column %d: %w", at.Line, at.Column, at.Why)
		return
	}
	e := &FileError{File: p.name, Line: node.Line, Why: at.Why}
	if node.Style&yaml.LiteralStyle != 0 { // the text begins on the line after |
		lines := strings.Split(string(p.text), "\n")
		e.Line = node.Line + at.Line
		first, _, _ := strings.Cut(node.Value, "\n")
		indent := len(lines[min(node.Line, len(lines)-1)]) - len(strings.TrimLeft(lines[min(node.Line, len(lines)-1)], " "))
		e.Column = at.Column + indent - (len(first) - len(strings.TrimLeft(first, " ")))
	}
	p.problems = append(p.problems, e)
}

// line is where a key of the file is, or what it is in as far as it is there.
func (p *fileParser) line(keys ...string) int {
	line, _ := p.find(keys...)
	return line
}

// find is the line of a key, or of an entry of a list by its number.
func (p *fileParser) find(keys ...string) (line int, found bool) {
	if len(p.root.Content) == 0 {
		return 0, false
	}
	n := p.root.Content[0]
	for _, key := range keys {
		var next *yaml.Node
		for i, c := range n.Content {
			switch {
			case n.Kind == yaml.MappingNode && i%2 == 0 && c.Value == key:
				next, line = n.Content[i+1], c.Line
			case n.Kind == yaml.SequenceNode && strconv.Itoa(i) == key:
				next, line = c, c.Line
			}
		}
		if next == nil {
			return line, false
		}
		n = next
	}
	return line, true
}
