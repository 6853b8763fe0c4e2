package growth

import (
	"context"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/auditlake/auditlake/bench/lakes"
	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/lake"
	"github.com/auditlake/auditlake/pkg/query"
	"github.com/auditlake/auditlake/pkg/query/exec"
	"github.com/auditlake/auditlake/pkg/query/named"
	"github.com/auditlake/auditlake/pkg/store"
)

// dashboard is twelve queries of the catalog, as twelve panels ask them.
func dashboard() []string {
	return []string{
		"clusters_created", "clusters_created_per_day", "clusters_by_creator", "clusters_by_job",
		"autotermination_off", "clusters_without_autotermination", "clusters_without_autotermination_per_day",
		"failed_logins", "failed_logins_by_user", "logins_by_method",
		"data_freshness", "lines_quarantined",
	}
}

// lastDays is the time range of the panels: up to the end of every lake.
func lastDays(n int) query.TimeRange {
	return query.TimeRange{From: lakes.End().AddDate(0, 0, -n), To: lakes.End()}
}

// dashboardDays is the time range of the dashboard.
const dashboardDays = 30

func dashboardPlans() ([]query.Plan, error) {
	var out []query.Plan
	for _, name := range dashboard() {
		p, err := named.Build(name, nil, lastDays(dashboardDays))
		if err != nil {
			return nil, err
		}
		out = append(out, p)
	}
	return out, nil
}

// panel is one question and what it is called.
type panel struct {
	name string
	plan query.Plan
}

// weekPanels are of the last seven days: one over silver, two over gold.
func weekPanels() ([]panel, error) {
	week := lastDays(7)
	hourly := query.From("silver", week).
		Aggregate([]query.Output{query.As("hour", query.Bucket{X: query.Column(columnar.Timestamp, query.TimeColumn), Unit: "hour"})},
			query.CountRows("events")).
		Sort(query.Asc("hour"))
	out := []panel{{"events per hour (silver)", hourly}}
	for _, p := range []panel{{name: "clusters_created_per_day"}, {name: "failed_logins"}} {
		var err error
		if p.plan, err = named.Build(p.name, nil, week); err != nil {
			return nil, err
		}
		out = append(out, p)
	}
	return out, nil
}

// open is a lake that nothing is known of, with its requests counted; delay is that
// of a first byte.
func open(ctx context.Context, m *lakes.Made, delay time.Duration) (*lake.Lake, *store.Metered, error) {
	var metered *store.Metered
	l, err := m.Open(ctx, func(s store.Store) store.Store {
		if delay > 0 {
			s = lakes.Slow(s, delay)
		}
		metered = store.NewMetered(s)
		return metered
	}, lake.Options{})
	return l, metered, err
}

// answer runs one plan and tells how long it took and what it read.
func answer(ctx context.Context, l *lake.Lake, p query.Plan) (time.Duration, query.ScanStats, error) {
	began := time.Now()
	r, err := exec.Run(ctx, query.OfLake(l), p, exec.Options{})
	took := time.Since(began)
	if err != nil {
		return 0, query.ScanStats{}, err
	}
	return took, r.Stats.Scan, nil
}

// slots is how many queries a data source runs at once by default.
const slots = 4

// refresh answers all plans, side by side as a data source does, and tells how long
// the last of them took.
func refresh(ctx context.Context, l *lake.Lake, plans []query.Plan) (time.Duration, error) {
	began := time.Now()
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(slots)
	for _, p := range plans {
		g.Go(func() error {
			_, _, err := answer(ctx, l, p)
			return err
		})
	}
	err := g.Wait()
	return time.Since(began), err
}

// crowd has clients ask one after the other for a while, each beginning elsewhere in
// the list of things to ask, and gives what each answer took.
func crowd(ctx context.Context, clients int, during time.Duration, ask func(ctx context.Context, i int) error) ([]time.Duration, time.Duration, error) {
	began := time.Now()
	var mu sync.Mutex
	var all []time.Duration
	g, ctx := errgroup.WithContext(ctx)
	for c := range clients {
		g.Go(func() error {
			for i := c; time.Since(began) < during; i++ {
				asked := time.Now()
				if err := ask(ctx, i); err != nil {
					return fmt.Errorf("client %d: %w", c, err)
				}
				took := time.Since(asked)
				mu.Lock()
				all = append(all, took)
				mu.Unlock()
			}
			return nil
		})
	}
	err := g.Wait()
	return all, time.Since(began), err
}
