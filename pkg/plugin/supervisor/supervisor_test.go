package supervisor_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/auditlake/auditlake/pkg/etl"
	"github.com/auditlake/auditlake/pkg/plugin/supervisor"
)

var (
	ada   = supervisor.Owner{Org: 1, UID: "ada"}
	grace = supervisor.Owner{Org: 1, UID: "grace"}
)

// diary notes what pipelines do, with the minutes since its start.
type diary struct {
	mu      sync.Mutex
	start   time.Time
	entries []string // guarded by mu
}

func newDiary() *diary { return &diary{start: time.Now()} }

func (d *diary) note(format string, args ...any) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.entries = append(d.entries, fmt.Sprintf("%.0f ", time.Since(d.start).Minutes())+fmt.Sprintf(format, args...))
}

// read gives the notes since the last reading, once all is quiet.
func (d *diary) read() []string {
	synctest.Wait()
	d.mu.Lock()
	defer d.mu.Unlock()
	out := d.entries
	d.entries = nil
	return out
}

// pipeline takes a while for each task.
type pipeline struct {
	diary *diary
	name  string
	takes time.Duration
	fails error
	panic any
}

func (p *pipeline) Do(ctx context.Context, task supervisor.Task, report func(etl.Progress)) (any, error) {
	p.diary.note("%s begins %s", p.name, task.Kind)
	report(etl.Progress{Stage: "listing"})
	if p.panic != nil {
		panic(p.panic)
	}
	select {
	case <-ctx.Done():
		p.diary.note("%s is cut off", p.name)
		return nil, ctx.Err()
	case <-time.After(p.takes):
	}
	p.diary.note("%s ends %s", p.name, task.Kind)
	return p.name, p.fails
}

// spec is a data source that runs every 15 minutes, a minute long.
func spec(d *diary, owner supervisor.Owner, change ...func(*supervisor.Spec, *pipeline)) supervisor.Spec {
	p := &pipeline{diary: d, name: owner.UID, takes: time.Minute}
	s := supervisor.Spec{
		Owner: owner, Lake: "lake of " + owner.UID, Fingerprint: "1", Every: 15 * time.Minute,
		Open: func(context.Context) (supervisor.Pipeline, error) { return p, nil },
	}
	for _, c := range change {
		c(&s, p)
	}
	return s
}

// supervised runs a test under a clock of its own, and ends with nothing running.
func supervised(t *testing.T, o supervisor.Options, test func(*testing.T, *supervisor.Supervisor, *diary)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s := supervisor.New(o)
		test(t, s, newDiary())
		if err := s.Close(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

func expect(t *testing.T, d *diary, want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, d.read()); diff != "" {
		t.Errorf("wrong entries (-want +got)\n%s", diff)
	}
}

func use(t *testing.T, s *supervisor.Supervisor, spec supervisor.Spec) {
	t.Helper()
	if by, refused := s.Use(spec); refused {
		t.Fatalf("%s is refused in favour of %s", spec.Owner, by)
	}
}

func TestTheFirstRequestStartsTheSchedule(t *testing.T) {
	supervised(t, supervisor.Options{}, func(t *testing.T, s *supervisor.Supervisor, d *diary) {
		use(t, s, spec(d, ada))
		time.Sleep(20 * time.Minute)
		expect(t, d, "0 ada begins run", "1 ada ends run", "15 ada begins run", "16 ada ends run")
		got := s.Status(ada)
		if got.State != supervisor.Waiting || !got.Next.Equal(time.Now().Add(10*time.Minute)) {
			t.Errorf("status is %s until %s", got.State, got.Next)
		}
	})
}

func TestARunThatTakesLongerThanTheIntervalIsFollowedAtOnce(t *testing.T) {
	supervised(t, supervisor.Options{}, func(t *testing.T, s *supervisor.Supervisor, d *diary) {
		use(t, s, spec(d, ada, func(_ *supervisor.Spec, p *pipeline) { p.takes = 20 * time.Minute }))
		time.Sleep(21 * time.Minute)
		expect(t, d, "0 ada begins run", "20 ada ends run", "20 ada begins run")
	})
}

func TestItStopsWhenNobodyAsksAndComesBackWithTheNextRequest(t *testing.T) {
	supervised(t, supervisor.Options{IdleAfter: 20 * time.Minute}, func(t *testing.T, s *supervisor.Supervisor, d *diary) {
		use(t, s, spec(d, ada))
		time.Sleep(18 * time.Minute)
		use(t, s, spec(d, ada)) // keeps it alive until minute 38
		time.Sleep(100 * time.Minute)
		expect(t, d, "0 ada begins run", "1 ada ends run", "15 ada begins run", "16 ada ends run", "30 ada begins run", "31 ada ends run")
		if got := s.Status(ada).State; got != supervisor.Off {
			t.Errorf("the job is %s", got)
		}
		use(t, s, spec(d, ada))
		expect(t, d, "118 ada begins run")
	})
}

func TestAPermanentJobNeedsNoRequests(t *testing.T) {
	supervised(t, supervisor.Options{IdleAfter: 20 * time.Minute}, func(t *testing.T, s *supervisor.Supervisor, d *diary) {
		use(t, s, spec(d, supervisor.Ini, func(s *supervisor.Spec, _ *pipeline) { s.Permanent, s.Every = true, 24*time.Hour }))
		time.Sleep(25 * time.Hour)
		expect(t, d, "0 grafana.ini begins run", "1 grafana.ini ends run", "1440 grafana.ini begins run", "1441 grafana.ini ends run")
	})
}

func TestALakeHasOneWriter(t *testing.T) {
	supervised(t, supervisor.Options{}, func(t *testing.T, s *supervisor.Supervisor, d *diary) {
		shared := func(s *supervisor.Spec, _ *pipeline) { s.Lake = "the lake" }
		use(t, s, spec(d, ada, shared))
		by, refused := s.Use(spec(d, grace, shared))
		if !refused || by != ada {
			t.Errorf("refused %v by %v", refused, by)
		}
		if err := s.Ask(grace, supervisor.Task{Kind: supervisor.Run}); !errors.Is(err, supervisor.ErrNoJob) {
			t.Errorf("who is refused can ask for a run: %v", err)
		}
		expect(t, d, "0 ada begins run")

		s.Withdraw(ada, 0)
		use(t, s, spec(d, grace, shared))
		expect(t, d, "0 ada is cut off", "0 grace begins run")
	})
}

func TestTheLakeOfAStoppedJobIsFree(t *testing.T) {
	supervised(t, supervisor.Options{IdleAfter: time.Hour}, func(t *testing.T, s *supervisor.Supervisor, d *diary) {
		shared := func(s *supervisor.Spec, _ *pipeline) { s.Lake = "the lake" }
		use(t, s, spec(d, ada, shared))
		time.Sleep(time.Hour)
		synctest.Wait()
		use(t, s, spec(d, grace, shared))
	})
}

func TestAnOldInstanceDoesNotUndoTheNewOne(t *testing.T) {
	supervised(t, supervisor.Options{}, func(t *testing.T, s *supervisor.Supervisor, d *diary) {
		old := spec(d, ada, func(s *supervisor.Spec, p *pipeline) { s.Serial, p.name = 1, "old" })
		young := spec(d, ada, func(s *supervisor.Spec, p *pipeline) {
			s.Serial, s.Fingerprint, s.Lake, p.name = 2, "2", "other", "new"
		})
		use(t, s, old)
		expect(t, d, "0 old begins run")
		use(t, s, young)
		expect(t, d, "0 old is cut off", "0 new begins run")
		use(t, s, old)     // a request that was under way
		s.Withdraw(ada, 1) // and its disposal
		time.Sleep(2 * time.Minute)
		expect(t, d, "1 new ends run")
	})
}

func TestAnOldInstanceDoesNotStartWhatTheNewOneEnded(t *testing.T) {
	serial := func(n int64, fingerprint, lake string) func(*supervisor.Spec, *pipeline) {
		return func(s *supervisor.Spec, _ *pipeline) { s.Serial, s.Fingerprint, s.Lake = n, fingerprint, lake }
	}
	for name, end := range map[string]func(*testing.T, *supervisor.Supervisor, *diary){
		"withdrawn": func(_ *testing.T, s *supervisor.Supervisor, _ *diary) { s.Withdraw(ada, 2) },
		"refused": func(t *testing.T, s *supervisor.Supervisor, d *diary) {
			if _, refused := s.Use(spec(d, ada, serial(2, "two", "lake of grace"))); !refused {
				t.Error("two write one lake")
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			supervised(t, supervisor.Options{}, func(t *testing.T, s *supervisor.Supervisor, d *diary) {
				use(t, s, spec(d, grace))
				use(t, s, spec(d, ada, serial(1, "one", "lake of ada")))
				end(t, s, d)
				use(t, s, spec(d, ada, serial(1, "one", "lake of ada"))) // its stream, or a request that was late
				if got := s.Status(ada); got.State != supervisor.Off {
					t.Errorf("the old instance has started a job: %s", got.State)
				}
				use(t, s, spec(d, ada, serial(3, "three", "lake of ada")))
				if got := s.Status(ada); got.State == supervisor.Off {
					t.Error("a newer instance starts nothing")
				}
			})
		})
	}
}

func TestTheSameSettingsInANewInstanceDisturbNothing(t *testing.T) {
	supervised(t, supervisor.Options{}, func(t *testing.T, s *supervisor.Supervisor, d *diary) {
		use(t, s, spec(d, ada))
		expect(t, d, "0 ada begins run")
		use(t, s, spec(d, ada, func(s *supervisor.Spec, p *pipeline) { s.Serial, p.name = 7, "another" }))
		time.Sleep(2 * time.Minute)
		expect(t, d, "1 ada ends run")
	})
}

func TestOneTaskAtATimeInTheProcess(t *testing.T) {
	supervised(t, supervisor.Options{}, func(t *testing.T, s *supervisor.Supervisor, d *diary) {
		use(t, s, spec(d, ada))
		expect(t, d, "0 ada begins run")
		use(t, s, spec(d, grace))
		synctest.Wait()
		if got := s.Status(grace).State; got != supervisor.Queued {
			t.Errorf("grace is %s", got)
		}
		time.Sleep(5 * time.Minute)
		expect(t, d, "1 ada ends run", "1 grace begins run", "2 grace ends run")
	})
}

func TestAskedForTasksRunBetweenTheScheduledOnes(t *testing.T) {
	supervised(t, supervisor.Options{}, func(t *testing.T, s *supervisor.Supervisor, d *diary) {
		use(t, s, spec(d, ada))
		synctest.Wait()
		if err := s.Ask(ada, supervisor.Task{Kind: supervisor.Optimize}); !errors.Is(err, supervisor.ErrBusy) {
			t.Errorf("a second task at once: %v", err)
		}
		time.Sleep(5 * time.Minute)
		if err := s.Ask(ada, supervisor.Task{Kind: supervisor.Optimize}); err != nil {
			t.Error(err)
		}
		time.Sleep(11 * time.Minute)
		expect(t, d, "0 ada begins run", "1 ada ends run", "5 ada begins optimize", "6 ada ends optimize", "15 ada begins run", "16 ada ends run")
	})
}

// hearing is a pipeline that hears something at some minutes.
type hearing struct {
	*pipeline
	at []time.Duration
}

func (p hearing) Listen(ctx context.Context, news func()) {
	begun := time.Now()
	for _, at := range p.at {
		select {
		case <-ctx.Done():
			p.diary.note("%s hears no more", p.name)
			return
		case <-time.After(time.Until(begun.Add(at))):
			news()
		}
	}
	<-ctx.Done()
	p.diary.note("%s hears no more", p.name)
}

func TestNewsIsBroughtInBetweenTheRuns(t *testing.T) {
	supervised(t, supervisor.Options{IdleAfter: 30 * time.Minute}, func(t *testing.T, s *supervisor.Supervisor, d *diary) {
		use(t, s, spec(d, ada, func(s *supervisor.Spec, p *pipeline) {
			// The third is heard while the second is brought in; the last one, during a run.
			h := hearing{p, []time.Duration{4 * time.Minute, 6 * time.Minute, 6*time.Minute + time.Second, 15*time.Minute + time.Second}}
			s.Open = func(context.Context) (supervisor.Pipeline, error) { return h, nil }
		}))
		time.Sleep(40 * time.Minute)
		expect(t, d, "0 ada begins run", "1 ada ends run", "4 ada begins news", "5 ada ends news",
			"6 ada begins news", "7 ada ends news", "7 ada begins news", "8 ada ends news",
			"15 ada begins run", "16 ada ends run", "16 ada begins news", "17 ada ends news", "30 ada hears no more")
	})
}

func TestAFailureOrAPanicDoesNotEndTheSchedule(t *testing.T) {
	supervised(t, supervisor.Options{}, func(t *testing.T, s *supervisor.Supervisor, d *diary) {
		broken := errors.New("broken")
		use(t, s, spec(d, ada, func(_ *supervisor.Spec, p *pipeline) { p.fails = broken }))
		time.Sleep(2 * time.Minute)
		if last := s.Status(ada).Last; last == nil || !errors.Is(last.Err, broken) || last.Result != "ada" {
			t.Errorf("last outcome is %+v", last)
		}
		use(t, s, spec(d, grace, func(_ *supervisor.Spec, p *pipeline) { p.panic = "the secret" }))
		time.Sleep(20 * time.Minute)
		last := s.Status(grace).Last
		if p := (*supervisor.PanicError)(nil); last == nil || !errors.As(last.Err, &p) || last.Err.Error() != "panic of type string" {
			t.Errorf("last outcome is %+v", last)
		}
		expect(t, d, "0 ada begins run", "1 ada ends run", "2 grace begins run", "15 ada begins run", "16 ada ends run", "17 grace begins run")
	})
}

func TestAPipelineThatCannotBeOpenedIsTriedAgain(t *testing.T) {
	supervised(t, supervisor.Options{}, func(t *testing.T, s *supervisor.Supervisor, d *diary) {
		down := errors.New("no credentials yet")
		tries := 0
		sp := spec(d, ada)
		open := sp.Open
		sp.Open = func(ctx context.Context) (supervisor.Pipeline, error) {
			if tries++; tries == 1 {
				return nil, down
			}
			return open(ctx)
		}
		use(t, s, sp)
		synctest.Wait()
		if last := s.Status(ada).Last; last == nil || !errors.Is(last.Err, down) {
			t.Errorf("last outcome is %+v", last)
		}
		time.Sleep(20 * time.Minute)
		expect(t, d, "15 ada begins run", "16 ada ends run")
	})
}

func TestCloseCutsOffAndRefusesAfterwards(t *testing.T) {
	supervised(t, supervisor.Options{}, func(t *testing.T, s *supervisor.Supervisor, d *diary) {
		use(t, s, spec(d, ada, func(_ *supervisor.Spec, p *pipeline) { p.takes = time.Hour }))
		expect(t, d, "0 ada begins run")
		for range 2 {
			if err := s.Close(t.Context()); err != nil {
				t.Error(err)
			}
		}
		expect(t, d, "0 ada is cut off")
		use(t, s, spec(d, ada))
		expect(t, d)
	})
}

func TestCloseDoesNotWaitForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := supervisor.New(supervisor.Options{})
		release := make(chan struct{})
		s.Use(supervisor.Spec{Owner: ada, Lake: "x", Every: time.Hour, Open: func(context.Context) (supervisor.Pipeline, error) {
			<-release
			return nil, errors.New("too late")
		}})
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := s.Close(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		close(release)
	})
}

func TestWatchersSeeEveryStandstill(t *testing.T) {
	supervised(t, supervisor.Options{}, func(t *testing.T, s *supervisor.Supervisor, d *diary) {
		enough := errors.New("enough")
		var seen []string
		var watching sync.WaitGroup
		watching.Go(func() {
			err := s.Watch(t.Context(), ada, time.Second, func(st supervisor.Status) error {
				seen = append(seen, string(st.State)+" "+st.Progress.Stage)
				if st.Last != nil {
					return enough
				}
				return nil
			})
			if !errors.Is(err, enough) {
				t.Error(err)
			}
		})
		synctest.Wait()
		use(t, s, spec(d, ada))
		watching.Wait()
		if diff := cmp.Diff([]string{"off ", "running listing", "waiting "}, seen); diff != "" {
			t.Error(diff)
		}
	})
}

func TestAroundSeesEveryTask(t *testing.T) {
	type key struct{}
	var seen []string
	around := func(ctx context.Context, o supervisor.Owner, task supervisor.Task) (context.Context, func(any, error)) {
		return context.WithValue(ctx, key{}, true), func(result any, err error) {
			seen = append(seen, fmt.Sprint(o.UID, " ", task.Kind, " ", result, " ", err))
		}
	}
	supervised(t, supervisor.Options{Around: around}, func(t *testing.T, s *supervisor.Supervisor, d *diary) {
		use(t, s, spec(d, ada))
		time.Sleep(2 * time.Minute)
	})
	if diff := cmp.Diff([]string{"ada run ada <nil>"}, seen); diff != "" {
		t.Error(diff)
	}
}

func TestATaskThatCouldNotBeDoneNowHasFailed(t *testing.T) {
	supervised(t, supervisor.Options{}, func(t *testing.T, s *supervisor.Supervisor, d *diary) {
		var p *pipeline
		use(t, s, spec(d, ada, func(_ *supervisor.Spec, made *pipeline) { p = made }))
		time.Sleep(2 * time.Minute)
		p.fails = &supervisor.Later{At: time.Now().Add(4 * time.Minute), Why: errors.New("another is at work")}
		if err := s.Ask(ada, supervisor.Task{Kind: supervisor.Optimize}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * time.Minute)
		if got := s.Status(ada); got.Later != nil || got.Last == nil || got.Last.Task.Kind != supervisor.Optimize || got.Last.Err == nil {
			t.Errorf("status %+v", got)
		}
	})
}

func TestARunThatIsPutOffIsTriedWhenItMay(t *testing.T) {
	supervised(t, supervisor.Options{}, func(t *testing.T, s *supervisor.Supervisor, d *diary) {
		use(t, s, spec(d, ada, func(_ *supervisor.Spec, p *pipeline) {
			p.fails = &supervisor.Later{At: time.Now().Add(4 * time.Minute), Why: errors.New("another is at work")}
		}))
		time.Sleep(2 * time.Minute)
		if got := s.Status(ada); got.Last != nil || got.Later == nil || !got.Next.Equal(d.start.Add(4*time.Minute)) {
			t.Errorf("status %+v", got)
		}
		expect(t, d, "0 ada begins run", "1 ada ends run")
		time.Sleep(2*time.Minute + time.Second)
		expect(t, d, "4 ada begins run")
	})
}
