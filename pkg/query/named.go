package query

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// ErrUnknownQuery is what Lookup answers for a name that is not in the catalog.
var ErrUnknownQuery = errors.New("no such query")

// ErrParam is a parameter that is unknown, missing or malformed.
var ErrParam = errors.New("bad parameter")

// Named is a question of the catalog.
type Named struct {
	Name        string
	Title       string
	Description string
	// Group is the heading under which a list of queries has it.
	Group  string
	Params []Param
	// Visualization is the panel that suits the answer: timeseries, barchart,
	// stat (a single number) or table.
	Visualization string
	// Alertable: the answer is numbers over time or per label, so that a rule can
	// be set on it.
	Alertable bool
	// Severity is that of a rule on it, as far as nobody says otherwise; empty if
	// it is not alertable.
	Severity Severity
	// Tables are the tables it reads.
	Tables []string
	// Build makes the plan. It is pure.
	Build func(Args) (Plan, error)
}

// The groups of the catalog.
const (
	groupClusters = "Clusters"
	groupLogins   = "Logins"
	groupPipeline = "Pipeline"
)

// Severity is how much what a rule has found matters.
type Severity string

// The severities.
const (
	SeverityInfo     Severity = "info"
	SeverityWarning  Severity = "warning"
	SeverityCritical Severity = "critical"
)

// ParamType is how the text of a parameter is read.
type ParamType string

// The parameter types.
const (
	ParamString  ParamType = "string"
	ParamInteger ParamType = "integer"
	ParamNumber  ParamType = "number"
)

// Param is a parameter of a named query.
type Param struct {
	Name        string
	Description string
	Type        ParamType
	Default     string
	Required    bool
	Min, Max    int64 // of an integer or number, if not both 0
}

// Args are the checked arguments of one call, each parameter having one.
type Args struct {
	Range TimeRange
	text  map[string]string
	ints  map[string]int64
	nums  map[string]float64
}

// String is the argument as text.
func (a Args) String(param string) string { return a.text[param] }

// Int is the argument of an integer parameter.
func (a Args) Int(param string) int64 { return a.ints[param] }

// Float is the argument of a number parameter.
func (a Args) Float(param string) float64 { return a.nums[param] }

// end is the end of the time range, which the query takes for now.
func (a Args) end() (time.Time, error) {
	if a.Range.To.IsZero() {
		return time.Time{}, fmt.Errorf("%w: the time range has no end, and the query looks back from there", ErrParam)
	}
	return a.Range.To, nil
}

// All is the catalog, sorted by name.
func All() []Named {
	all := slices.Concat(clusterQueries(), loginQueries(), spikeQueries(), pipelineQueries())
	slices.SortFunc(all, func(a, b Named) int { return strings.Compare(a.Name, b.Name) })
	return all
}

// Lookup finds a query by name. The error is an ErrUnknownQuery that lists names
// that look alike.
func Lookup(name string) (Named, error) {
	var names []string
	for _, n := range All() {
		if n.Name == name {
			return n, nil
		}
		names = append(names, n.Name)
	}
	return Named{}, fmt.Errorf("%w: %q%s", ErrUnknownQuery, name, DidYouMean(name, names))
}

// BuildNamed is the plan of a named query with these parameters over this time.
func BuildNamed(name string, params map[string]string, r TimeRange) (Plan, error) {
	n, err := Lookup(name)
	if err != nil {
		return Plan{}, err
	}
	args, err := n.args(params, r)
	if err != nil {
		return Plan{}, fmt.Errorf("query %s: %w", name, err)
	}
	plan, err := n.Build(args)
	if err != nil {
		return Plan{}, fmt.Errorf("query %s: %w", name, err)
	}
	return plan, nil
}

func (n Named) args(params map[string]string, r TimeRange) (Args, error) {
	a := Args{Range: r, text: map[string]string{}, ints: map[string]int64{}, nums: map[string]float64{}}
	if !r.From.IsZero() && !r.To.IsZero() && r.To.Before(r.From) {
		return a, fmt.Errorf("%w: time range ends before it starts: %s", ErrParam, r)
	}
	known := make([]string, len(n.Params))
	for i, p := range n.Params {
		known[i] = p.Name
	}
	for name := range params {
		if !slices.Contains(known, name) {
			return a, fmt.Errorf("%w: there is no %q%s", ErrParam, name, DidYouMean(name, known))
		}
	}
	for _, p := range n.Params {
		text, given := params[p.Name]
		if text == "" {
			if p.Required {
				return a, fmt.Errorf("%w: %s is required", ErrParam, p.Name)
			}
			if !given || p.Type != ParamString {
				text = p.Default
			}
		}
		a.text[p.Name] = text
		if err := a.number(p, text); err != nil {
			return a, err
		}
	}
	return a, nil
}

// number reads the text of a parameter that is a number.
func (a Args) number(p Param, text string) error {
	var inside bool
	switch p.Type {
	case ParamInteger:
		i, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return fmt.Errorf("%w: %s is %q, not a whole number", ErrParam, p.Name, text)
		}
		a.ints[p.Name] = i
		inside = i >= p.Min && i <= p.Max
	case ParamNumber:
		f, err := strconv.ParseFloat(text, 64)
		if err != nil || math.IsNaN(f) || math.IsInf(f, 0) {
			return fmt.Errorf("%w: %s is %q, not a number", ErrParam, p.Name, text)
		}
		a.nums[p.Name] = f
		inside = f >= float64(p.Min) && f <= float64(p.Max)
	default:
		return nil
	}
	if (p.Min != 0 || p.Max != 0) && !inside {
		return fmt.Errorf("%w: %s is %s, not from %d to %d", ErrParam, p.Name, text, p.Min, p.Max)
	}
	return nil
}

func limitParam() Param {
	return Param{
		Name: "limit", Type: ParamInteger, Default: "100", Min: 1, Max: 10_000,
		Description: "How many rows to show, the largest first",
	}
}
