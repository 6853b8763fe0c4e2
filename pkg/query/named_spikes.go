package query

import (
	"fmt"
	"time"

	"github.com/auditlake/auditlake/pkg/columnar"
)

const oneDay = 24 * time.Hour

func spikeQueries() []Named {
	clusters := []string{"clusters"}
	ratio := Param{
		Name: "ratio", Type: ParamNumber, Default: "3", Min: 1, Max: 1000,
		Description: "How many times as many as usual are a spike",
	}
	floor := func(n string) Param {
		return Param{
			Name: "floor", Type: ParamInteger, Default: n, Min: 0, Max: 1_000_000,
			Description: "Up to how many are never a spike",
		}
	}
	return []Named{
		{
			Name:  "cluster_spike",
			Title: "Spike of clusters created",
			Description: "How many clusters were created in the 24 hours before the end of the time range if that is a spike, else 0. " +
				"A spike is more than the floor, and more than ratio times the median of the same 24 hours one, two, three and four weeks before.",
			Group:         groupClusters,
			Params:        []Param{ratio, floor("50")},
			Visualization: "stat",
			Alertable:     true,
			Severity:      SeverityWarning,
			Tables:        clusters,
			Build: func(a Args) (Plan, error) {
				spike, err := clusterSpike(a)
				return spike.Project(
					As("num_clusters", Case{When: []When{{Name("spike"), Name("count")}}, Else: Int(0)}),
				), err
			},
		},
		{
			Name:          "cluster_spike_details",
			Title:         "Spike of clusters created, in detail",
			Description:   "What cluster_spike compares: the count, the median of so many earlier weeks, and the threshold that the count has to be over.",
			Group:         groupClusters,
			Params:        []Param{ratio, floor("50")},
			Visualization: "table",
			Tables:        clusters,
			Build:         clusterSpike,
		},
		{
			Name:  "job_spike",
			Title: "Spikes of clusters created by job",
			Description: "The jobs that created more clusters in the 24 hours before the end of the time range than the floor, " +
				"and more than ratio times the median of the 28 days before.",
			Group:         groupClusters,
			Params:        []Param{ratio, floor("20")},
			Visualization: "barchart",
			Alertable:     true,
			Severity:      SeverityWarning,
			Tables:        clusters,
			Build: func(a Args) (Plan, error) {
				spikes, err := jobSpikes(a)
				return spikes.
					Project(As("jobId", Name("jobId")), As("num_clusters", Name("num_clusters"))).
					Sort(Desc("num_clusters"), Asc("jobId")), err
			},
		},
		{
			Name:          "job_spike_details",
			Title:         "Spikes of clusters created by job, in detail",
			Description:   "What job_spike compares: the count of each such job, its median of 28 days, and on how many of these it created any.",
			Group:         groupClusters,
			Params:        []Param{ratio, floor("20")},
			Visualization: "table",
			Tables:        clusters,
			Build: func(a Args) (Plan, error) {
				spikes, err := jobSpikes(a)
				return spikes.Sort(Desc("num_clusters"), Asc("jobId")), err
			},
		},
	}
}

// clusterSpike is one row: count, baseline, samples, threshold, spike. A week
// before the first event of the table is no sample. With less than two samples
// the floor alone counts.
func clusterSpike(a Args) (Plan, error) {
	end, err := a.end()
	if err != nil {
		return Plan{}, err
	}
	const samples = 4
	weeks := make([]Plan, samples+1)
	for k := range weeks {
		to := end.Add(-7 * oneDay * time.Duration(k))
		counted := From("clusters", TimeRange{From: to.Add(-oneDay), To: to}).
			Filter(Eq(colAction, Str("create"))).
			Aggregate(nil, CountRows("n")).
			Project(As("n", Name("n")), As("known", Int(0)))
		// The first row that is found says that there was an event by then.
		before := From("clusters", TimeRange{To: to}).
			Project(As("one", Int(1))).Limit(1).
			Aggregate(nil, CountRows("known")).
			Project(As("n", Int(0)), As("known", Name("known")))
		weeks[k] = UnionOf(counted, before).
			Aggregate(nil, Agg{Name: "n", Func: Sum, Arg: Name("n")}, Agg{Name: "known", Func: Sum, Arg: Name("known")}).
			Project(As("week", Int(int64(k))), As("n", Name("n")), As("known", Name("known")))
	}
	sample := Every(Compare{Greater, Name("week"), Int(0)}, Compare{Greater, Name("known"), Int(0)})
	floor := Float(float64(a.Int("floor")))
	usual := Arith{Mul, Name("baseline"), Float(a.Float("ratio"))}
	columns := []Output{As("count", Name("count")), As("baseline", Name("baseline")), As("samples", Name("samples"))}
	return UnionOf(weeks...).
		Aggregate(nil,
			Agg{Name: "count", Func: Sum, Arg: Name("n"), Where: Eq(Name("week"), Int(0))},
			Agg{Name: "baseline", Func: Percentile, P: 0.5, Arg: Name("n"), Where: sample},
			Agg{Name: "samples", Func: Count, Where: sample},
		).
		Project(append(columns, As("threshold", Case{
			When: []When{{Every(Compare{GreaterEqual, Name("samples"), Int(2)}, Compare{Greater, usual, floor}), usual}},
			Else: floor,
		}))...).
		Project(append(columns, As("threshold", Name("threshold")),
			As("spike", Compare{Greater, Cast{Name("count"), columnar.Double}, Name("threshold")}))...), nil
}

// jobSpikes is a row for each job with a spike: jobId, num_clusters, baseline,
// threshold, days.
//
// The baseline is the value at rank 14 of 28 days. Days without a cluster have no
// row to be ranked; they count as 0 and come first. So of a job that has rows of m
// days it is the value at rank m-14 of these, or 0 if there is none: one
// percentile for each m.
func jobSpikes(a Args) (Plan, error) {
	end, err := a.end()
	if err != nil {
		return Plan{}, err
	}
	const days, rank = 28, 14
	r := TimeRange{From: end.Add(-(days + 1) * oneDay), To: end}
	_, _, to, _ := r.Micros()
	// Day 0 is the last one: what is less than 24 h before the last microsecond.
	ago := Arith{Sub, Time(time.UnixMicro(to - 1)), colTime}
	day := Cast{Arith{Div, ago, Float(oneDay.Seconds())}, columnar.Long}
	earlier := Compare{Greater, Name("day"), Int(0)}
	aggs := []Agg{
		{Name: "num_clusters", Func: Sum, Arg: Name("n"), Where: Eq(Name("day"), Int(0))},
		{Name: "days", Func: Count, Where: earlier},
	}
	baseline := Case{Else: Int(0)}
	for m := rank + 1; m <= days; m++ {
		name := fmt.Sprintf("median%d", m)
		aggs = append(aggs, Agg{Name: name, Func: Percentile, P: float64(m-rank) / float64(m), Arg: Name("n"), Where: earlier})
		baseline.When = append(baseline.When, When{Eq(Name("days"), Int(int64(m))), Name(name)})
	}
	floor := Float(float64(a.Int("floor")))
	usual := Arith{Mul, Name("baseline"), Float(a.Float("ratio"))}
	columns := []Output{As("jobId", Name("jobId")), As("num_clusters", Name("num_clusters"))}
	return From("clusters", r).
		Filter(Eq(colAction, Str("create")), NotNull(colJobID)).
		Project(As("jobId", colJobID), As("day", day)).
		Aggregate([]Output{As("jobId", Name("jobId")), As("day", Name("day"))}, CountRows("n")).
		Aggregate([]Output{As("jobId", Name("jobId"))}, aggs...).
		Project(append(columns, As("baseline", baseline), As("days", Name("days")))...).
		Project(append(columns,
			As("baseline", Name("baseline")),
			As("threshold", Case{When: []When{{Compare{Greater, usual, floor}, usual}}, Else: floor}),
			As("days", Name("days")),
		)...).
		Filter(Compare{Greater, Cast{Name("num_clusters"), columnar.Double}, Name("threshold")}), nil
}
