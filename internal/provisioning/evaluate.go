package provisioning

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
)

// valueRE finds the refIds whose values an annotation shows.
var valueRE = regexp.MustCompile(`\$values\.([A-Z])`)

// Values are the numbers of a query's answer by their labels, as text, each series
// with the oldest first.
type Values map[string][]float64

// Verdict is the outcome of one evaluation of a rule.
type Verdict struct {
	// Firing are the labels for which the condition holds.
	Firing []string
	// NoData: the condition had nothing to look at, so the rule's noDataState decides.
	NoData bool
}

// Fires says whether anything fires, pending periods left aside.
func (r Rule) Fires(v Verdict) bool {
	return len(v.Firing) > 0 || v.NoData && r.NoDataState == "Alerting"
}

// Evaluate computes the rule's expressions over the answers of its queries, by
// refId, as Grafana does.
func (r Rule) Evaluate(answers map[string]Values) (Verdict, error) {
	values := maps.Clone(answers)
	for _, step := range r.Data {
		e := step.Expression
		if e == nil {
			if _, ok := answers[step.RefID]; !ok {
				return Verdict{}, fmt.Errorf("rule %s: query %s has no answer", r.Title, step.RefID)
			}
			continue
		}
		in, ok := values[e.Expression]
		if !ok {
			return Verdict{}, fmt.Errorf("rule %s: %s refers to %s, which is not computed", r.Title, step.RefID, e.Expression)
		}
		out, err := e.apply(in)
		if err != nil {
			return Verdict{}, fmt.Errorf("rule %s: %s: %w", r.Title, step.RefID, err)
		}
		values[step.RefID] = out
	}
	var v Verdict
	condition := values[r.Condition]
	v.NoData = len(condition) == 0
	for _, labels := range slices.Sorted(maps.Keys(condition)) {
		if condition[labels][0] != 0 {
			v.Firing = append(v.Firing, labels)
		}
	}
	return v, nil
}

// apply gives one number for each series that has any.
func (e Expression) apply(in Values) (Values, error) {
	out := Values{}
	for labels, series := range in {
		if len(series) == 0 {
			continue
		}
		switch e.Type {
		case "reduce":
			reduce, ok := reducers()[e.Reducer]
			if !ok {
				return nil, fmt.Errorf("no reducer %q", e.Reducer)
			}
			out[labels] = []float64{reduce(series)}
		case "threshold":
			if len(series) != 1 {
				return nil, fmt.Errorf("a threshold needs one number, %s is a series of %d: reduce it first", e.Expression, len(series))
			}
			limit := e.Conditions[0].Evaluator
			holds := series[0] > limit.Params[0]
			if limit.Type == "lt" {
				holds = series[0] < limit.Params[0]
			}
			out[labels] = []float64{0}
			if holds {
				out[labels][0] = 1
			}
		default:
			return nil, fmt.Errorf("no expression of type %q", e.Type)
		}
	}
	return out, nil
}

// reducers make one number of a series that is not empty.
func reducers() map[string]func([]float64) float64 {
	return map[string]func([]float64) float64{
		"last": func(s []float64) float64 { return s[len(s)-1] },
		"max":  func(s []float64) float64 { return slices.Max(s) },
		"min":  func(s []float64) float64 { return slices.Min(s) },
		"sum": func(s []float64) (sum float64) {
			for _, v := range s {
				sum += v
			}
			return sum
		},
	}
}

func reducerNames() []string { return slices.Sorted(maps.Keys(reducers())) }
