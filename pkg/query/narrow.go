package query

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/lake"
)

// ErrCondition is what a condition is that no event could be held against: a column
// that no table has, an operator that there is not, a value of another type.
var ErrCondition = errors.New("filter is not valid")

// Condition is a filter as dashboards and Explore have it: a column of events, an
// operator, and values as text.
//
//	=  !=  <  <=  >  >=   one value; strings are compared by bytes
//	=~  !~                one expression of RE2, for the whole text of the value,
//	                      as Prometheus and Loki have it: write .*x.* for part of it
//	=|  !=|               any of the values, none of them
//
// Where the column is null, !=, !~ and !=| hold and nothing else does, as in
// Prometheus for a label that is not there. Only =~ with AnyValue holds for every
// event, and costs nothing.
type Condition struct {
	// Key is the name of a column, of a field with its path: response.statusCode,
	// requestParams.cluster_name. Names are found in any letter case, and columns
	// also by the names that system.access.audit has: user_identity.email.
	Key      string
	Operator string
	Values   []string
}

// AnyValue is the expression that no event is left out by. Dashboards have it for
// All, so it keeps nulls too.
const AnyValue = ".*"

// UnmarshalJSON reads Grafana's form, which has the values of =| and !=| in values
// and any other in value:
//
//	{"key": "email", "operator": "=", "value": "ann@example.com"}
//	{"key": "actionName", "operator": "=|", "value": "create", "values": ["create", "delete"]}
func (c *Condition) UnmarshalJSON(raw []byte) error {
	var form struct {
		Key, Operator string
		Value         *string
		Values        []string
	}
	if err := json.Unmarshal(raw, &form); err != nil {
		return fmt.Errorf(`%w: it is JSON like {"key":"email","operator":"=","value":"ann@example.com"}: %w`, ErrCondition, err)
	}
	*c = Condition{Key: form.Key, Operator: form.Operator, Values: form.Values}
	if form.Value != nil && (len(form.Values) == 0 || !c.takesList()) {
		c.Values = []string{*form.Value}
	}
	return nil
}

// MarshalJSON writes the same form.
func (c Condition) MarshalJSON() ([]byte, error) {
	form := struct {
		Key      string   `json:"key"`
		Operator string   `json:"operator"`
		Value    string   `json:"value"`
		Values   []string `json:"values,omitempty"`
	}{Key: c.Key, Operator: c.Operator}
	if len(c.Values) > 0 {
		form.Value = c.Values[0]
	}
	if c.takesList() {
		form.Values = c.Values
	}
	return json.Marshal(form)
}

// mostConditions is more than anybody sets. Each may have an expression that takes
// time for every event.
const mostConditions = 100

func (c Condition) takesList() bool { return c.Operator == "=|" || c.Operator == "!=|" }

func (c Condition) isAny() bool {
	return c.Operator == "=~" && len(c.Values) == 1 && c.Values[0] == AnyValue
}

func (c Condition) String() string {
	return c.Key + " " + c.Operator + " " + strings.Join(c.Values, ", ")
}

// Narrow is the plan over only those events for which all conditions hold. Each scan
// of a table of events has a filter right above it, so that aggregates, joins and
// windows never see another event, and scans leave out what the filter would. A
// column that a table does not have is null there. Tables of other rows are as they
// were; see NotNarrowed.
//
// Conditions are no protection: what may be seen is up to Scoped and Redact, below
// which no plan reaches.
func Narrow(p Plan, conditions []Condition) (Plan, error) {
	if len(conditions) == 0 {
		return p, nil
	}
	if len(conditions) > mostConditions {
		return Plan{}, fmt.Errorf("%w: there are %d, and %d is the most", ErrCondition, len(conditions), mostConditions)
	}
	var predicates []Expr
	for _, c := range conditions {
		predicate, err := c.predicate()
		if err != nil {
			if !errors.Is(err, ErrCondition) {
				err = fmt.Errorf("%w: %q: %w", ErrCondition, c.String(), err)
			}
			return Plan{}, err
		}
		if !c.isAny() {
			predicates = append(predicates, predicate)
		}
	}
	if len(predicates) == 0 {
		return p, nil
	}
	return Plan{Transform(p.Root, func(n Node) Node {
		if s, ok := n.(Scan); ok && HasEvents(s.Table) {
			return Plan{s}.Filter(predicates...).Root
		}
		return n
	})}, nil
}

// NotNarrowed are the tables that Narrow leaves as they are.
func NotNarrowed(tables []string) []string {
	return slices.DeleteFunc(slices.Clone(tables), HasEvents)
}

// predicate is true for the events for which the condition holds.
func (c Condition) predicate() (Expr, error) {
	col, _, err := FilterColumn(c.Key)
	if err != nil {
		return nil, err
	}
	if len(c.Values) == 0 || !c.takesList() && len(c.Values) > 1 {
		return nil, fmt.Errorf("%d values for %q", len(c.Values), c.Operator)
	}
	switch c.Operator {
	case "=~", "!~":
		match, err := wholeMatch(col, c.Values[0])
		if err != nil || c.Operator == "=~" {
			return match, err
		}
		return Or{[]Expr{IsNull{col}, Not{match}}}, nil
	}
	values := make([]columnar.Value, len(c.Values))
	for i, text := range c.Values {
		if values[i], err = readValue(col.Kind, text); err != nil {
			return nil, err
		}
	}
	switch c.Operator {
	case "=|":
		return In{col, values}, nil
	case "!=|":
		return DistinctFromAll{col, values}, nil
	case "!=":
		return Distinct{col, Const{values[0]}}, nil
	}
	if op := slices.Index(opText[:], c.Operator); op >= 0 {
		return Compare{Op(op), col, Const{values[0]}}, nil
	}
	return nil, fmt.Errorf("operator %q is not known: there are = != =~ !~ =| !=| < <= > >=", c.Operator)
}

// wholeMatch is true where all of a column's text is in the language of the
// expression, in which a dot is any character.
func wholeMatch(col Col, pattern string) (Expr, error) {
	// By itself first: what closes a bracket that it did not open would get out.
	if _, err := CompileRegexp(pattern, nil); err != nil {
		return nil, fmt.Errorf("regular expression: %w", err)
	}
	whole := "^(?s:" + pattern + ")$"
	if _, err := CompileRegexp(whole, nil); err != nil {
		return nil, fmt.Errorf("regular expression: %w", err)
	}
	if col.Kind == columnar.String {
		return Match{col, whole}, nil
	}
	return Match{Cast{col, columnar.String}, whole}, nil
}

// readValue is the value of a kind that a text is.
func readValue(kind columnar.Kind, text string) (columnar.Value, error) {
	switch kind {
	case columnar.Long:
		if n, err := strconv.ParseInt(text, 10, 64); err == nil {
			return columnar.IntValue(kind, n), nil
		}
		return columnar.Value{}, fmt.Errorf("%q is no whole number", text)
	case columnar.Boolean:
		switch text {
		case "true":
			return Bool(true).Value, nil
		case "false":
			return Bool(false).Value, nil
		}
		return columnar.Value{}, fmt.Errorf("%q is neither true nor false", text)
	case columnar.Date:
		if t, err := time.Parse(time.DateOnly, text); err == nil {
			return columnar.IntValue(kind, t.Unix()/(24*60*60)), nil
		}
		return columnar.Value{}, fmt.Errorf("%q is no date like 2024-01-31", text)
	case columnar.Timestamp:
		for _, form := range []string{time.RFC3339Nano, time.DateOnly} {
			if t, err := time.Parse(form, text); err == nil {
				return Time(t).Value, nil
			}
		}
		return columnar.Value{}, fmt.Errorf("%q is no time like 2024-01-31T10:00:00Z", text)
	}
	return columnar.StringValue(text), nil
}

// FilterColumn is the column of events that the key of a condition names, and which
// tables have it: silver, which has all events, or those with such a derived column.
// The error is an ErrCondition.
func FilterColumn(key string) (col Col, tables []string, err error) {
	path := strings.Split(auditName(key), ".")
	if c, ok := FindKnown(lake.Silver, path); ok {
		return c, []string{lake.Silver}, nil
	}
	for _, table := range derivedTables() {
		if c, ok := FindKnown(table, path); ok {
			col, tables = c, append(tables, table)
		}
	}
	if len(tables) == 0 {
		err = fmt.Errorf("%w: no column %s%s", ErrCondition, Name(path...), DidYouMean(key, FilterColumns()))
	}
	return col, tables, err
}

// FilterColumns are the keys that conditions can have besides request parameters.
func FilterColumns() (keys []string) {
	for _, table := range append([]string{lake.Silver}, derivedTables()...) {
		for _, c := range KnownColumns(table) {
			if !slices.Contains(keys, c.Name) {
				keys = append(keys, c.Name)
			}
		}
	}
	return keys
}

// auditName is the name here of a column of system.access.audit, or the name itself.
func auditName(key string) string {
	top, rest, inside := strings.Cut(key, ".")
	if inside && strings.EqualFold(top, "request_params") {
		return "requestParams." + rest
	}
	switch strings.ToLower(key) {
	case "event_time":
		return TimeColumn
	case "event_date":
		return DateColumn
	case "user_identity.email":
		return "email"
	case "user_identity.subject_name":
		return "subjectName"
	case "workspace_id", "source_ip_address", "session_id", "user_agent", "service_name", "action_name", "request_id",
		"account_id", "audit_level", "identity_metadata", "response.status_code", "response.error_message", "response.result":
		return strings.ReplaceAll(key, "_", "") // the letter case does not count
	}
	return key
}
