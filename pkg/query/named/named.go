// Package named is the catalog of named queries: questions in SQL with parameters,
// one YAML file each, in queries/<group>/<name>.yaml. docs/queries.md lists them
// and docs/query-files.md describes the form, which users' own files have too.
//
//	file ──Parse──► Query ──Plan(params, range)──► query.Plan
//	                      └─AlertPlan            ► the same as labels and one number
//
// A Query is checked when it is parsed: its SQL is lowered with the defaults of its
// parameters, and what its alert names are columns of it. It is immutable.
package named

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"sync"

	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/query"
	"github.com/auditlake/auditlake/pkg/query/sql"
)

// ErrUnknown is what Lookup answers for a name that is not in the catalog.
var ErrUnknown = errors.New("no such query")

// ErrParam is a parameter, or a time range, that is unknown, missing or malformed.
var ErrParam = errors.New("bad parameter")

// ErrNoSeries is a rule that asks for a time series of a query that is none.
var ErrNoSeries = errors.New("no time series")

// Query is a question of the catalog.
type Query struct {
	Name        string
	Title       string
	Description string
	// Group is the heading under which a list of queries has it.
	Group string
	// Visualization is the panel that suits the answer: timeseries, barchart,
	// stat (a single number) or table.
	Visualization string
	// Alert is how a rule can be set on the answer; nil if none can.
	Alert *Alert
	// Severity is that of a rule on it, as far as nobody says otherwise; empty if
	// there is no Alert.
	Severity Severity
	// Lookback is how far before the time range its scans reach.
	Lookback Lookback
	Params   []Param
	// Tables are the tables it reads.
	Tables []string
	// Columns are those of the answer, as far as the tables do not decide their kinds.
	Columns []string
	SQL     string
	// Examples are events and the rows that the answer has over them.
	Examples []Example
	// File is where it was read from.
	File string

	statement *sql.Statement
}

// Alert is the answer as labels and one number: the greatest Value of the rows with
// the same Labels, or, where Value is empty, how many rows those are.
type Alert struct {
	Labels []string
	Value  string
	// NoData says that a rule must not take no rows for the number 0: the value is an
	// age or the like, and not how much of something there is.
	NoData bool
}

// String says what a rule looks at.
func (a *Alert) String() string {
	number := "number of rows"
	if a.Value != "" {
		number = "greatest " + a.Value
	}
	if len(a.Labels) > 0 {
		number += " by " + strings.Join(a.Labels, ", ")
	}
	return number
}

// CountColumn is the number of an Alert that counts rows.
const CountColumn = "num_events"

// Severity is how much what a rule has found matters.
type Severity string

// The severities.
const (
	SeverityInfo     Severity = "info"
	SeverityWarning  Severity = "warning"
	SeverityCritical Severity = "critical"
)

// Alertable reports whether a rule can be set on the query.
func (q *Query) Alertable() bool { return q.Alert != nil }

// Plan is the plan of the query with these parameters over this time. It is pure.
func (q *Query) Plan(params map[string]string, r query.TimeRange) (query.Plan, error) {
	a, err := q.args(params, r)
	if err != nil {
		return query.Plan{}, fmt.Errorf("query %s: %w", q.Name, err)
	}
	p, err := q.statement.Plan(sql.Binding{Range: r, Scans: q.Lookback.scans(r, a), Params: a})
	if errors.Is(err, sql.ErrNoEnd) {
		return query.Plan{}, fmt.Errorf("query %s: %w: %w", q.Name, ErrParam, sql.ErrNoEnd)
	}
	if err != nil {
		return query.Plan{}, fmt.Errorf("query %s: %w", q.Name, err)
	}
	return p, nil
}

// AlertPlan is the plan of what a rule looks at: the labels of the query's Alert and
// one number. Where the query has no row, neither has this. A label that is null is
// the empty text, as rules have it.
func (q *Query) AlertPlan(params map[string]string, r query.TimeRange) (query.Plan, error) {
	p, err := q.Plan(params, r)
	if err != nil || q.Alert == nil {
		return p, err
	}
	number, some := q.Alert.number()
	by := q.Alert.labels()
	keys := []query.SortKey{query.Desc(number.Name)}
	for _, label := range by {
		keys = append(keys, query.Asc(label.Name))
	}
	return query.Plan{Root: unlimited(p.Root)}.Aggregate(by, number).Filter(some).Sort(keys...), nil
}

// AlertSeries is AlertPlan over time: for each time that the query's answer has, which
// is its first column, the labels and the number. Only a query that is shown as a time
// series has one.
func (q *Query) AlertSeries(params map[string]string, r query.TimeRange) (query.Plan, error) {
	p, err := q.Plan(params, r)
	if err != nil {
		return p, err
	}
	if q.Alert == nil || q.Visualization != "timeseries" {
		return p, fmt.Errorf("%w: %s is no time series: leave format away, for one number per label set", ErrNoSeries, q.Name)
	}
	number, some := q.Alert.number()
	by := append([]query.Output{query.As(q.Columns[0], query.Name(q.Columns[0]))}, q.Alert.labels()...)
	keys := make([]query.SortKey, len(by))
	for i := range by {
		keys[i] = query.Asc(by[i].Name)
	}
	return query.Plan{Root: unlimited(p.Root)}.Aggregate(by, number).Filter(some).Sort(keys...), nil
}

// number is the aggregate, and which rows have one.
func (a *Alert) number() (query.Agg, query.Expr) {
	if a.Value == "" {
		return query.CountRows(CountColumn), query.Compare{Op: query.Greater, L: query.Name(CountColumn), R: query.Int(0)}
	}
	return query.Agg{Name: a.Value, Func: query.Max, Arg: query.Name(a.Value)}, query.NotNull(query.Name(a.Value))
}

func (a *Alert) labels() (by []query.Output) {
	for _, label := range a.Labels {
		text := query.Cast{X: query.Name(label), To: columnar.String}
		by = append(by, query.As(label, query.Coalesce{X: []query.Expr{text, query.Str("")}}))
	}
	return by
}

// unlimited is a plan without its last limit, if that is of rows in order: it is for
// those who read a table, and what it cuts off, a rule must not miss. A limit of rows
// in no order says which are looked at.
func unlimited(n query.Node) query.Node {
	switch n := n.(type) {
	case query.Project: // takes the columns away that rows were ordered by
		if _, ok := n.Input.(query.Limit); ok {
			n.Input = unlimited(n.Input)
		}
		return n
	case query.Limit:
		if sort, ok := n.Input.(query.Sort); ok {
			return sort.Input
		}
	}
	return n
}

//go:embed queries
var files embed.FS

// Shipped is the catalog of this binary.
var Shipped = sync.OnceValue(func() *Catalog {
	c := &Catalog{}
	err := walk(files, "queries", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := files.ReadFile(path)
		if err != nil {
			return err
		}
		return c.add(path, text)
	})
	if err != nil {
		panic(fmt.Sprintf("shipped query %v", err)) // a test parses them all
	}
	return c
})

// All are the queries of this binary, by name.
func All() []*Query { return Shipped().All() }

// Lookup finds a query of this binary; see Catalog.Lookup.
func Lookup(name string) (*Query, error) { return Shipped().Lookup(name) }

// Build is the plan of a query of this binary.
func Build(name string, params map[string]string, r query.TimeRange) (query.Plan, error) {
	q, err := Lookup(name)
	if err != nil {
		return query.Plan{}, err
	}
	return q.Plan(params, r)
}

// Catalog is queries by name. The zero value is empty.
type Catalog struct{ queries []*Query }

// All are the queries, by name.
func (c *Catalog) All() []*Query { return slices.Clone(c.queries) }

// Lookup finds a query by name. The error is an ErrUnknown with names that look
// alike.
func (c *Catalog) Lookup(name string) (*Query, error) {
	names := make([]string, len(c.queries))
	for i, q := range c.queries {
		if q.Name == name {
			return q, nil
		}
		names[i] = q.Name
	}
	return nil, fmt.Errorf("%w: %q%s", ErrUnknown, name, query.DidYouMean(name, names))
}

func (c *Catalog) add(file string, text []byte) error {
	q, err := Parse(file, text)
	if err != nil {
		return err
	}
	return c.insert(q)
}

func (c *Catalog) insert(q *Query) error {
	at, taken := slices.BinarySearchFunc(c.queries, q.Name, func(q *Query, name string) int { return strings.Compare(q.Name, name) })
	if taken {
		return &FileError{File: q.File, Why: fmt.Errorf("there is a query %s already, in %s: choose another name", q.Name, c.queries[at].File)}
	}
	c.queries = slices.Insert(c.queries, at, q)
	return nil
}

// lists are parameters that every query has: what many of them need the same of.
func lists() map[string]sql.Param {
	texts := func(s ...string) sql.Param { return sql.List(query.Strs(s...)...) }
	return map[string]sql.Param{
		// The actions of the service accounts that log somebody in.
		"login_actions": texts(
			"login", "aadBrowserLogin", "aadTokenLogin", "certLogin", "jwtLogin", "mfaLogin", "oidcBrowserLogin",
			"oidcTokenAuthorization", "samlLogin", "tokenLogin", "passwordVerifyAuthentication",
		),
	}
}
