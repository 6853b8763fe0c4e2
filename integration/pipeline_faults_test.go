package integration

import (
	"context"
	"flag"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/auditlake/auditlake/integration/s3server"
	"github.com/auditlake/auditlake/pkg/etl"
	"github.com/auditlake/auditlake/pkg/lake"
	"github.com/auditlake/auditlake/pkg/store"
	"github.com/auditlake/auditlake/pkg/store/storetest"
)

var everyFault = flag.Bool("every-fault", false, "spoil every kind of object in every way, also by hanging, which takes minutes, instead of all kinds at once")

// kind is what a request is about.
type kind struct {
	name string
	of   func(*http.Request) bool
}

func kinds() []kind {
	about := func(part string) func(*http.Request) bool {
		return func(r *http.Request) bool { return strings.Contains(r.URL.Path, part) }
	}
	return []kind{
		{"everything", func(*http.Request) bool { return true }},
		{"the log", about("/_delta_log/")},
		{"landing state", about("/_auditlake/landing/")},
		{"data files", about(".parquet")},
		{"delivered files", about("/logs/")},
		{"listings", func(r *http.Request) bool { return r.URL.Query().Has("list-type") }},
	}
}

// spoiling is a way in which requests go wrong; nil for those it is not about.
type spoiling struct {
	name string
	of   func(*http.Request) fault
}

func spoilings() []spoiling {
	each := func(f fault) func(*http.Request) fault { return func(*http.Request) fault { return f } }
	only := func(method string, f fault) func(*http.Request) fault {
		return func(r *http.Request) fault {
			if r.Method == method {
				return f
			}
			return nil
		}
	}
	return []spoiling{
		{"lost answers", each(dropAnswer)},
		{"lost requests", each(dropRequest)},
		{"500 after the effect", each(answer500After)},
		{"slow down", each(answerBefore(http.StatusServiceUnavailable, "SlowDown"))},
		{"truncated bodies", only(http.MethodGet, truncate(20))},
		{"conflicts", func(r *http.Request) fault {
			if r.Header.Get("If-None-Match") == "" {
				return nil
			}
			return answerBefore(http.StatusConflict, "ConditionalRequestConflict")
		}},
	}
}

// rhythm says which of the requests that could be spoilt are, by number from 1.
type rhythm struct {
	name string
	hits func(n int) bool
}

func rhythms() []rhythm {
	return []rhythm{
		{"every seventh", func(n int) bool { return n%7 == 0 }},
		// More in a row than the client sends a request: the call fails.
		{"five of seventy", func(n int) bool { return n%70 >= 65 }},
	}
}

// TestPipelineBehindAFaultyProxy has runs and maintenance go through a proxy that
// spoils requests before a real S3 server. What fails is tried again. Then a run
// without faults has to leave every line once.
func TestPipelineBehindAFaultyProxy(t *testing.T) {
	tally := storetest.NewTally(t, "pipeline behind a faulty proxy")
	endpoint, cfg := s3server.Start(t)
	p := newFaultProxy(t, endpoint)
	for i, s := range spoilings() {
		for j, k := range kinds() {
			for h, rh := range rhythms() {
				if !*everyFault && (j > 0 || h != i%2) {
					continue
				}
				tally.Run(t, fmt.Sprintf("%s of %s, %s", s.name, k.name, rh.name), func(t *testing.T) {
					cfg.Prefix = fmt.Sprintf("%d-%d-%d", i, j, h)
					spoilt := 0
					throughProxy(t, p, cfg, func(r *http.Request) fault {
						f := s.of(r)
						if f == nil || !k.of(r) {
							return nil
						}
						if spoilt++; !rh.hits(spoilt) {
							return nil
						}
						return f
					})
				})
			}
		}
	}
	if !*everyFault {
		t.Log("-every-fault also spoils each kind of object by itself, and lets requests hang")
		return
	}
	for _, hanging := range []spoiling{
		{"no answer", hang},
		{"no more of the body", func(r *http.Request) fault {
			if r.Method != http.MethodGet {
				return nil
			}
			return stall(r, 20)
		}},
	} {
		tally.Run(t, hanging.name, func(t *testing.T) {
			cfg.Prefix = strings.ReplaceAll(hanging.name, " ", "-")
			n := 0
			throughProxy(t, p, cfg, func(r *http.Request) fault {
				f := hanging.of(r)
				if f == nil {
					return nil
				}
				if n++; n%150 != 40 { // each costs the client's time-out of 30 s
					return nil
				}
				return f
			})
		})
	}
}

// throughProxy does one thing after another through the spoiling proxy, and the
// last run past it.
func throughProxy(t *testing.T, p *faultProxy, cfg store.S3Config, choose func(*http.Request) fault) {
	prefix := cfg.Prefix
	open := func(endpoint, folder string) store.Store {
		c := cfg
		c.Endpoint, c.Prefix = endpoint, prefix+"/"+folder
		return openS3(t, c)
	}
	d := newTraffic(open(cfg.Endpoint, "logs"), 1)
	logs, tables, straight := open(p.url, "logs"), open(p.url, "lake"), open(cfg.Endpoint, "lake")
	run := func(ctx context.Context, l *lake.Lake) error {
		r, err := etl.NewRunner(l, etl.Options{Sources: []etl.Source{etl.SourceOf(logs)}})
		if err == nil {
			_, err = r.Run(ctx)
		}
		return err
	}
	p.spoilBy(choose)
	defer p.spoilBy(nil)
	failed := 0
	for step, do := range []func(context.Context, *lake.Lake) error{
		run,
		run,
		func(ctx context.Context, l *lake.Lake) error {
			_, err := etl.Optimize(ctx, l, etl.OptimizeOptions{MinFiles: 2})
			return err
		},
		func(ctx context.Context, l *lake.Lake) error {
			_, err := etl.Replay(ctx, l, etl.ReplayOptions{})
			return err
		},
		run,
		func(ctx context.Context, l *lake.Lake) error {
			_, err := etl.Replay(ctx, l, etl.ReplayOptions{Table: "clusters"})
			return err
		},
		func(ctx context.Context, l *lake.Lake) error {
			_, err := etl.Maintain(ctx, l, etl.MaintainOptions{})
			return err
		},
	} {
		d.deliver(t, 3)
		for attempt := 1; attempt <= 3; attempt++ {
			err := do(t.Context(), lake.New(tables, lake.Options{}))
			if err == nil {
				break
			}
			failed++
			t.Logf("step %d, attempt %d: %.200v", step, attempt, err)
		}
	}
	p.spoilBy(nil)
	if err := run(t.Context(), lake.New(straight, lake.Options{})); err != nil {
		t.Fatal(err)
	}
	t.Logf("%d attempts failed", failed)
	d.check(t, straight)
}
