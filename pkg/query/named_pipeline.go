package query

import (
	"time"

	"github.com/auditlake/auditlake/pkg/columnar"
)

// freshnessSteps are how far back the newest event is looked for, one step after
// the other.
func freshnessSteps() []time.Duration {
	return []time.Duration{time.Hour, oneDay, 7 * oneDay, 30 * oneDay, 365 * oneDay}
}

func pipelineQueries() []Named {
	return []Named{
		{
			Name:          "data_freshness",
			Title:         "Age of the newest event",
			Description:   "How many seconds before the end of the time range the newest event is, also if that is before the range starts. No row if there is none.",
			Group:         groupPipeline,
			Visualization: "stat",
			Alertable:     true,
			Severity:      SeverityCritical,
			Tables:        []string{"silver"},
			Build:         dataFreshness,
		},
		{
			Name:          "lines_quarantined",
			Title:         "Lines in quarantine by reason",
			Description:   "How many delivered lines could not become an event, by the kind of reason, of the delivery dates (UTC) that the time range touches.",
			Group:         groupPipeline,
			Visualization: "barchart",
			Alertable:     true,
			Severity:      SeverityWarning,
			Tables:        []string{"quarantine"},
			Build: func(a Args) (Plan, error) {
				return From("quarantine", TimeRange{}).
					Filter(deliveredWithin(a.Range)...).
					Aggregate([]Output{As("reason", reasonKind())}, CountRows("num_lines")).
					Sort(Desc("num_lines"), Asc("reason")), nil
			},
		},
	}
}

// dataFreshness finds the newest event in the newest step that has one; those
// before are not read.
func dataFreshness(a Args) (Plan, error) {
	end, err := a.end()
	if err != nil {
		return Plan{}, err
	}
	to := end
	var steps []Plan
	step := func(from time.Time) {
		steps = append(steps, From("silver", TimeRange{From: from, To: to}).
			Aggregate(nil, Agg{Name: "newest", Func: Max, Arg: colTime}).
			Filter(NotNull(Name("newest"))))
		to = from
	}
	for _, back := range freshnessSteps() {
		step(end.Add(-back))
	}
	step(time.Time{})
	return UnionOf(steps...).Limit(1).Project(As("age_seconds", Arith{Sub, Time(end), Name("newest")})), nil
}

// deliveredWithin is the delivery dates of a time range. Lines that are no event
// have no other time.
func deliveredWithin(r TimeRange) []Expr {
	day := func(micros int64) Const {
		return Const{columnar.IntValue(columnar.Date, (micros-mod(micros, dayMicros))/dayMicros)}
	}
	from, hasFrom, to, hasTo := r.Micros()
	var out []Expr
	if hasFrom {
		out = append(out, Compare{GreaterEqual, colDate, day(from)})
	}
	if hasTo {
		out = append(out, Compare{LessEqual, colDate, day(to - 1)})
	}
	return out
}

// reasonKind is the reason of a quarantined line without what it quotes of it; see
// the table in docs/format.md.
func reasonKind() Expr {
	reason := Column(columnar.String, "reason")
	kind := Case{Else: reason}
	for _, k := range []struct{ pattern, name string }{
		{"not JSON: %", "not JSON"},
		{"not a JSON object but %", "not a JSON object"},
		{"timestamp is not a whole number%", "timestamp is not a whole number"},
		{"event time %", "event time is out of range"},
		{"the delivered file breaks off here%", "the delivered file breaks off"},
	} {
		kind.When = append(kind.When, When{Like{reason, k.pattern}, Str(k.name)})
	}
	return kind
}
