package growth

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"

	"github.com/auditlake/auditlake/bench/lakes"
	"github.com/auditlake/auditlake/internal/host"
)

// Crowd is so many clients who each wait for an answer before they ask again.
type Crowd struct {
	Clients   int     `json:"clients"`
	Panel     Spread  `json:"panel"`
	PerSecond float64 `json:"perSecond"`
}

// Dashboard is twelve requests at once, of one query each.
type Dashboard struct {
	Panels int    `json:"panels"`
	Cold   Spread `json:"cold"` // the first of a new process, its start not included
	Warm   Spread `json:"warm"`
}

// Backfill is panels of four clients, without and during a backfill by the same
// plugin into the same lake.
type Backfill struct {
	Idle   Spread        `json:"idle"`
	During Spread        `json:"during"`
	Took   time.Duration `json:"took"` // that panels were asked during the backfill
	Ended  bool          `json:"ended"`
	Done   float64       `json:"done"` // of the backfill, from 0 to 1
}

// backfillClients is how many ask while the backlog comes in: as many as the plugin
// answers at once.
const backfillClients = slots

func (b *bench) measurePlugin(ctx context.Context) error {
	binary := filepath.Join(b.Scratch, "gpx_auditlake")
	build := exec.CommandContext(ctx, "go", "build", "-o", binary, "./pkg")
	build.Dir, build.Env = b.Root, append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("build the plugin: %w\n%s", err, out)
	}
	if err := b.measureDashboard(ctx, binary); err != nil {
		return fmt.Errorf("dashboard: %w", err)
	}
	if err := b.measureCrowd(ctx, binary); err != nil {
		return fmt.Errorf("crowd: %w", err)
	}
	if err := b.measureBackfill(ctx, binary); err != nil {
		return fmt.Errorf("backfill: %w", err)
	}
	return nil
}

// plugin is the built plugin with one data source.
type plugin struct {
	*host.Host
	questions []backend.DataQuery
}

// startPlugin starts the plugin on a lake. Without sources it only reads.
func startPlugin(ctx context.Context, binary, lake string, sources ...string) (*plugin, error) {
	// Answers are not kept: every panel is worked out.
	settings, err := json.Marshal(map[string]any{"lake": lake, "sources": sources, "resultCacheMiB": 0})
	if err != nil {
		return nil, err
	}
	p := &plugin{}
	for i, name := range dashboard() {
		body, err := json.Marshal(map[string]any{"queryType": "named", "named": name})
		if err != nil {
			return nil, err
		}
		r := lastDays(dashboardDays)
		p.questions = append(p.questions, backend.DataQuery{
			RefID: fmt.Sprintf("Q%d", i+1), QueryType: "named", JSON: body,
			TimeRange: backend.TimeRange{From: r.From, To: r.To},
		})
	}
	p.Host, err = host.Start(ctx, host.Config{
		Binary: binary, Env: []string{"GF_PLUGIN_ALLOW_LOCAL_FOLDERS=true"},
		Settings: backend.DataSourceInstanceSettings{ID: 1, UID: "bench", Name: "bench", JSONData: settings},
	})
	return p, err
}

// panel asks one of the questions, as one panel does.
func (p *plugin) panel(ctx context.Context, i int) error {
	q := p.questions[i%len(p.questions)]
	res, err := p.Query(ctx, []backend.DataQuery{q})
	if err != nil {
		return err
	}
	return res.Responses[q.RefID].Error
}

// refresh asks all questions at once, each in a request of its own.
func (p *plugin) refresh(ctx context.Context) (time.Duration, error) {
	began := time.Now()
	var all sync.WaitGroup
	failed := make([]error, len(p.questions))
	for i := range p.questions {
		all.Go(func() { failed[i] = p.panel(ctx, i) })
	}
	all.Wait()
	return time.Since(began), errors.Join(failed...)
}

func (b *bench) measureDashboard(ctx context.Context, binary string) error {
	var cold, warm []time.Duration
	each := (b.refreshes + b.cold - 1) / b.cold
	for range b.cold {
		if err := func() (err error) {
			p, err := startPlugin(ctx, binary, b.largest().Folder())
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, p.Close()) }()
			for n := range each + 1 {
				took, err := p.refresh(ctx)
				if err != nil {
					return err
				}
				if n == 0 {
					cold = append(cold, took)
				} else {
					warm = append(warm, took)
				}
			}
			return nil
		}(); err != nil {
			return err
		}
	}
	b.out.Dashboard = Dashboard{Panels: len(dashboard()), Cold: spreadOf(cold), Warm: spreadOf(warm)}
	b.Logf("dashboard of %d panels: cold %s ms, warm %s ms", b.out.Dashboard.Panels, b.out.Dashboard.Cold, b.out.Dashboard.Warm)
	return nil
}

func (b *bench) measureCrowd(ctx context.Context, binary string) (err error) {
	p, err := startPlugin(ctx, binary, b.largest().Folder())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, p.Close()) }()
	if _, err := p.refresh(ctx); err != nil {
		return err
	}
	for _, clients := range b.clients {
		all, took, err := crowd(ctx, clients, b.crowd, p.panel)
		if err != nil {
			return err
		}
		c := Crowd{Clients: clients, Panel: spreadOf(all), PerSecond: float64(len(all)) / took.Seconds()}
		b.Logf("%d clients: panel %s ms, %.0f a second", c.Clients, c.Panel, c.PerSecond)
		b.out.Crowd = append(b.out.Crowd, c)
	}
	return nil
}

// measureBackfill has the plugin bring a backlog into a copy of the smallest lake.
func (b *bench) measureBackfill(ctx context.Context, binary string) (err error) {
	backlog, err := lakes.Make(ctx, b.Scratch, lakes.Spec{Days: b.backlog, EventsPerDay: b.eventsPerDay})
	if err != nil {
		return err
	}
	target := filepath.Join(b.Scratch, "backfilled")
	if err := errors.Join(os.RemoveAll(target), os.CopyFS(target, os.DirFS(b.lakes[0].Folder()))); err != nil {
		return fmt.Errorf("copy a lake: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(target)) }()
	out := &b.out.Backfill
	if out.Idle, err = b.panelsOf(ctx, binary, target, func(ctx context.Context, p *plugin) ([]time.Duration, error) {
		all, _, err := crowd(ctx, backfillClients, b.backfill, p.panel)
		return all, err
	}); err != nil {
		return fmt.Errorf("idle: %w", err)
	}
	out.During, err = b.panelsOf(ctx, binary, target, func(ctx context.Context, p *plugin) ([]time.Duration, error) {
		if err := p.waitForRun(ctx); err != nil {
			return nil, err
		}
		const slice = 500 * time.Millisecond // after which the run may have ended
		var during []time.Duration
		for out.Took < b.backfill {
			all, took, err := crowd(ctx, backfillClients, slice, p.panel)
			if err != nil {
				return nil, err
			}
			state, err := p.status(ctx)
			if err != nil {
				return nil, err
			}
			if state.State != "running" {
				out.Ended = true
				break // these answers may be of after the run
			}
			during, out.Took, out.Done = append(during, all...), out.Took+took, state.Progress.Done
		}
		if len(during) == 0 {
			return nil, errors.New("the backlog came in before panels were measured: make it larger with --times")
		}
		return during, nil
	}, backlog.Logs())
	if err != nil {
		return fmt.Errorf("during: %w", err)
	}
	b.Logf("panels of %d clients: idle %s ms, during a backfill %s ms, %.0f %% of it done in %s",
		backfillClients, out.Idle, out.During, 100*out.Done, out.Took.Round(time.Second))
	return nil
}

// panelsOf asks a warm plugin.
func (b *bench) panelsOf(ctx context.Context, binary, lake string, ask func(context.Context, *plugin) ([]time.Duration, error), sources ...string) (_ Spread, err error) {
	p, err := startPlugin(ctx, binary, lake, sources...)
	if err != nil {
		return Spread{}, err
	}
	defer func() { err = errors.Join(err, p.Close()) }()
	if _, err := p.refresh(ctx); err != nil {
		return Spread{}, err
	}
	all, err := ask(ctx, p)
	return spreadOf(all), err
}

// jobState is what the plugin tells of its ETL.
type jobState struct {
	State    string `json:"state"`
	Progress struct {
		BronzeRows int64   `json:"bronzeRows"`
		Done       float64 `json:"done"`
	} `json:"progress"`
}

func (p *plugin) status(ctx context.Context) (s jobState, err error) {
	code, body, err := p.Resource(ctx, "GET", "etl", nil, host.As(&backend.User{Role: "Admin"}))
	if err != nil {
		return s, err
	}
	if code != 200 {
		return s, fmt.Errorf("status of the ETL: %d %s", code, body)
	}
	return s, json.Unmarshal(body, &s)
}

// waitForRun returns once the first rows of the backlog are in.
func (p *plugin) waitForRun(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		s, err := p.status(ctx)
		if err != nil {
			return err
		}
		if s.State == "running" && s.Progress.BronzeRows > 0 {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("the backfill does not begin: the ETL is %s: %w", s.State, ctx.Err())
		case <-tick.C:
		}
	}
}
