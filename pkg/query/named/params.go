package named

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/query"
	"github.com/auditlake/auditlake/pkg/query/sql"
)

// ParamType is how the text of a parameter is read.
type ParamType string

// The parameter types.
const (
	ParamString  ParamType = "string"
	ParamInteger ParamType = "integer"
	ParamNumber  ParamType = "number"
	ParamList    ParamType = "list" // texts, separated by commas; see readList
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

// Bounds say what may be given, and what counts if nothing is.
func (p Param) Bounds() string {
	text := string(p.Type)
	if p.Min != 0 || p.Max != 0 {
		text += fmt.Sprintf(" from %d to %d", p.Min, p.Max)
	}
	switch {
	case p.Required:
		return text + ", required"
	case p.Default == "":
		return text + ", empty by default"
	}
	return text + ", " + p.Default + " by default"
}

// args are the checked arguments of one call, each parameter having one.
func (q *Query) args(params map[string]string, r query.TimeRange) (map[string]sql.Param, error) {
	if !r.From.IsZero() && !r.To.IsZero() && r.To.Before(r.From) {
		return nil, fmt.Errorf("%w: time range ends before it starts: %s", ErrParam, r)
	}
	known := make([]string, len(q.Params))
	for i, p := range q.Params {
		known[i] = p.Name
	}
	for name := range params {
		if !slices.Contains(known, name) {
			return nil, fmt.Errorf("%w: there is no %q%s", ErrParam, name, query.DidYouMean(name, known))
		}
	}
	out := lists()
	for _, p := range q.Params {
		text, given := params[p.Name]
		if text == "" {
			if p.Required {
				return nil, fmt.Errorf("%w: %s is required", ErrParam, p.Name)
			}
			if !given || p.Type != ParamString && p.Type != ParamList {
				text = p.Default
			}
		}
		value, err := p.read(text)
		if err != nil {
			return nil, err
		}
		out[p.Name] = value
	}
	return out, nil
}

// read is the value that a text is.
func (p Param) read(text string) (sql.Param, error) {
	inside := true
	var v columnar.Value
	switch p.Type {
	case ParamInteger:
		i, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return sql.Param{}, fmt.Errorf("%w: %s is %q, not a whole number", ErrParam, p.Name, text)
		}
		v, inside = columnar.IntValue(columnar.Long, i), i >= p.Min && i <= p.Max
	case ParamNumber:
		f, err := strconv.ParseFloat(text, 64)
		if err != nil || math.IsNaN(f) || math.IsInf(f, 0) {
			return sql.Param{}, fmt.Errorf("%w: %s is %q, not a number", ErrParam, p.Name, text)
		}
		v, inside = columnar.FloatValue(f), f >= float64(p.Min) && f <= float64(p.Max)
	case ParamList:
		values, err := readList(text)
		if err != nil {
			return sql.Param{}, fmt.Errorf("%w: %s: %w", ErrParam, p.Name, err)
		}
		return sql.List(query.Strs(values...)...), nil
	default:
		v = columnar.StringValue(text)
	}
	if (p.Min != 0 || p.Max != 0) && !inside {
		return sql.Param{}, fmt.Errorf("%w: %s is %s, not from %d to %d", ErrParam, p.Name, text, p.Min, p.Max)
	}
	return sql.Scalar(v), nil
}

// readList is the texts of a list: what is between commas, without the spaces around
// it. A text with a comma, or with spaces around it, is in double quotes, and a quote
// in it is doubled, as in CSV: a,"b, c","say ""d""". Nothing between two commas is no
// text, and "" is the empty one.
func readList(text string) (out []string, err error) {
	for rest := text; ; {
		rest = strings.TrimSpace(rest)
		if !strings.HasPrefix(rest, `"`) {
			part, after, more := strings.Cut(rest, ",")
			if part = strings.TrimSpace(part); part != "" {
				out = append(out, part)
			}
			if rest = after; !more {
				return out, nil
			}
			continue
		}
		var part strings.Builder
		for {
			inside, after, closed := strings.Cut(rest[1:], `"`)
			if !closed {
				return nil, fmt.Errorf("a quote is not closed in %s", text)
			}
			part.WriteString(inside)
			if rest = after; !strings.HasPrefix(rest, `"`) {
				break
			}
			part.WriteByte('"')
		}
		out = append(out, part.String())
		if rest = strings.TrimSpace(rest); rest == "" {
			return out, nil
		}
		if rest[0] != ',' {
			return nil, fmt.Errorf("no comma after a quoted text in %s", text)
		}
		rest = rest[1:]
	}
}

// Lookback is how far before the start of the time range scans reach: not at all, to
// the first event, or so long, which a parameter may say.
type Lookback struct {
	All   bool
	Unit  time.Duration
	Count int64  // of Units; or
	Param string // the integer parameter that says how many
}

func (b Lookback) String() string {
	unit := map[time.Duration]string{time.Hour: "hours", 24 * time.Hour: "days"}[b.Unit]
	switch {
	case b.All:
		return "all"
	case b.Param != "":
		return "$" + b.Param + " " + unit
	case b.Count == 0:
		return ""
	}
	return fmt.Sprintf("%d %s", b.Count, unit)
}

// mostBack is how far a lookback may reach: more than any audit log does, and no
// duration overflows by it.
const mostBack = 100 * 365 * 24 * time.Hour

// parseLookback reads all, 90 days or $days days.
func parseLookback(text string, params []Param) (Lookback, error) {
	if text == "" {
		return Lookback{}, nil
	}
	if text == "all" {
		return Lookback{All: true}, nil
	}
	number, unit, _ := strings.Cut(text, " ")
	b := Lookback{Unit: map[string]time.Duration{
		"hour": time.Hour, "hours": time.Hour, "day": 24 * time.Hour, "days": 24 * time.Hour,
	}[unit]}
	n, err := strconv.ParseInt(number, 10, 64)
	name, isParam := strings.CutPrefix(number, "$")
	switch {
	case b.Unit == 0 || !isParam && (err != nil || n < 1 || n > int64(mostBack/b.Unit)):
		return b, fmt.Errorf("lookback %q is not like 90 days, $days days, 12 hours or all", text)
	case !isParam:
		b.Count = n
	case !slices.ContainsFunc(params, func(p Param) bool { return p.Name == name && p.Type == ParamInteger }):
		return b, fmt.Errorf("lookback %q: %s is no integer parameter of the query", text, name)
	default:
		b.Param = name
	}
	return b, nil
}

// scans is the time range and what lies before it.
func (b Lookback) scans(r query.TimeRange, args map[string]sql.Param) query.TimeRange {
	n := b.Count
	if b.Param != "" {
		n = min(max(args[b.Param].Values[0].Int, 0), int64(mostBack/b.Unit))
	}
	switch {
	case b.All:
		r.From = time.Time{}
	case !r.From.IsZero():
		r.From = r.From.Add(-time.Duration(n) * b.Unit)
	}
	return r
}
