package queries

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"time"

	"github.com/auditlake/auditlake/bench/lakes"
	"github.com/auditlake/auditlake/bench/measure"
	"github.com/auditlake/auditlake/bench/peers"
	"github.com/auditlake/auditlake/internal/engines"
	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/lake"
	"github.com/auditlake/auditlake/pkg/query"
)

// Part is the name under which the figures are kept.
const Part = "queries"

// The sides, by the names that measure.Options.Sides knows.
const (
	Auditlake    = "auditlake"
	Unkept       = "auditlake-unkept" // Auditlake that keeps no pages; warm only
	DuckDBFiles  = "duckdb-files"
	DuckDBTables = "duckdb-tables"
)

// Figures are what a measurement found.
type Figures struct {
	Taken     measure.Taken `json:"taken"`
	Lake      lakes.Spec    `json:"lake"`
	Events    int64         `json:"events"`
	LoadTime  time.Duration `json:"loadTime"` // of DuckDB's own tables; part of no other figure
	Questions []Asked       `json:"questions"`
}

// Asked is one question and what it took each side.
type Asked struct {
	Name  string `json:"name"`
	Title string `json:"title"`
	Rows  int    `json:"rows"` // of the answer
	// Engine is who answered on our side: sqlite.Plan or sqlite.SQLite.
	Engine string          `json:"engine,omitempty"`
	Cold   map[string]Took `json:"cold"`
	Warm   map[string]Took `json:"warm"`
}

// Took is what one side took for a question.
type Took struct {
	Millis    measure.Summary `json:"millis"`
	CPUMillis measure.Summary `json:"cpuMillis"`
	Bytes     measure.Summary `json:"bytes"` // read from files
}

// spec is the lake of a scale. A full one takes some four minutes to make.
func spec(o measure.Options) lakes.Spec {
	if o.Scale == measure.Small {
		return lakes.Spec{Days: 20, EventsPerDay: 2000 * o.Times}
	}
	return lakes.Spec{Days: 730, EventsPerDay: 4000 * o.Times}
}

// bench is one measurement under way.
type bench struct {
	measure.Options
	questions func(Subject) ([]Question, error)
	node      string // runs DuckDB; "" if there is none
	made      *lakes.Made
	asked     []Question
	files     map[string][]string      // live data files by table
	sides     map[string]*peers.DuckDB // DuckDB's, by side
	ours      *embedded                // the warm one
	unkept    *embedded                // the same without pages
	figures   *Figures
}

// Run measures and keeps the figures. It fails if two sides give different answers.
// The lake stays in the scratch folder, for the part that may ask it next. DuckDB is left out, and the log says so, where it cannot be had.
func Run(ctx context.Context, o measure.Options) error {
	f, err := Measure(ctx, o, Questions)
	if err != nil {
		return err
	}
	return measure.Save(o, Part, f)
}

// Measure asks questions without keeping anything.
func Measure(ctx context.Context, o measure.Options, questions func(Subject) ([]Question, error)) (_ *Figures, err error) {
	b := &bench{Options: o, questions: questions, sides: map[string]*peers.DuckDB{}}
	defer func() {
		for _, s := range b.sides {
			_, closing := s.Close()
			err = errors.Join(err, closing)
		}
		err = errors.Join(err, os.RemoveAll(b.database()))
	}()
	other := engines.New(o.Root, o.Logf)
	versions, err := other.Versions()
	if err != nil {
		return nil, err
	}
	if b.Takes(DuckDBFiles) || b.Takes(DuckDBTables) {
		b.node, err = other.Node(ctx)
		if errors.Is(err, engines.ErrLacking) {
			b.Logf("without DuckDB: %v", err)
		} else if err != nil {
			return nil, err
		}
	}
	if err := b.setUp(ctx); err != nil {
		return nil, err
	}
	b.figures = &Figures{
		Taken: measure.Taken{
			At: time.Now().UTC(), Commit: measure.Commit(ctx, o.Root), Rounds: b.rounds(), Scale: o.Scale, Times: o.Times,
			Machine: measure.Describe(ctx, map[string]string{"DuckDB": versions["DuckDB"]}),
		},
		Lake: b.made.Spec, Events: b.made.Events,
	}
	if err := b.startDuckDB(ctx); err != nil {
		return nil, err
	}
	for _, q := range b.asked {
		a, err := b.measure(ctx, q)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", q.Name, err)
		}
		b.Logf("%-36s %s", q.Name, a)
		b.figures.Questions = append(b.figures.Questions, a)
	}
	return b.figures, nil
}

// rounds is how often each side answers a question warm.
func (b *bench) rounds() int {
	if b.Scale == measure.Small {
		return 2
	}
	return max(5, b.Rounds)
}

// coldRounds is how often each side answers a question cold: it costs a process.
func (b *bench) coldRounds() int {
	if b.Scale == measure.Small {
		return 1
	}
	return 3
}

func (b *bench) setUp(ctx context.Context) (err error) {
	s := spec(b.Options)
	b.Logf("lake: %s", s)
	if b.made, err = lakes.Make(ctx, b.Scratch, s); err != nil {
		return err
	}
	b.Logf("lake: %d events, made in %s", b.made.Events, b.made.Took.Round(time.Second))
	if b.ours, err = openEmbedded(ctx, b.made, lake.Options{}); err != nil {
		return err
	}
	if b.unkept, err = openEmbedded(ctx, b.made, lake.Options{PageBytes: -1}); err != nil {
		return err
	}
	subject, err := b.subject(ctx)
	if err != nil {
		return err
	}
	if b.asked, err = b.questions(subject); err != nil {
		return err
	}
	b.files = map[string][]string{}
	for _, table := range Tables() {
		if b.files[table], err = b.made.Files(ctx, b.ours.lake, table); err != nil {
			return err
		}
	}
	return nil
}

// subject looks for events in the middle of the lake, which nothing favours.
func (b *bench) subject(ctx context.Context) (Subject, error) {
	all := b.made.Spec.Range()
	middle := all.From.AddDate(0, 0, b.made.Spec.Days/2)
	s := Subject{Window: query.TimeRange{From: middle, To: middle.AddDate(0, 0, 7)}}
	_, r, err := b.ours.ask(ctx, query.From("silver", s.Window).
		Aggregate(nil, query.Agg{Name: "needle", Func: query.Min, Arg: requestID}))
	if err != nil {
		return s, fmt.Errorf("find a needle: %w", err)
	}
	if r.Batch.Len != 1 || r.Batch.Schema[0].Type.Kind != columnar.String || r.Batch.Columns[0].IsNull(0) {
		return s, errors.New("find a needle: the lake has no request ids in its middle")
	}
	s.Needle = string(r.Batch.Columns[0].ByteAt(0))
	return s, nil
}

// database is the file of DuckDB's own tables.
func (b *bench) database() string { return filepath.Join(b.Scratch, "tables.duckdb") }

// startDuckDB starts the two warm processes, and loads the rows into one of them.
func (b *bench) startDuckDB(ctx context.Context) error {
	start := func(side, database string, statements []string) error {
		if b.node == "" || !b.Takes(side) {
			return nil
		}
		s, err := startDuckDB(ctx, b.Root, b.node, database)
		if err != nil {
			return err
		}
		b.sides[side] = s
		for _, sql := range statements {
			if _, err := s.Run(sql); err != nil {
				return fmt.Errorf("%s: %w", side, err)
			}
		}
		return nil
	}
	if err := start(DuckDBFiles, "", overFiles(b.files, Tables())); err != nil {
		return err
	}
	began := time.Now()
	if err := start(DuckDBTables, b.database(), intoTables(b.files)); err != nil {
		return err
	}
	b.figures.LoadTime = time.Since(began)
	b.Logf("DuckDB's own tables: loaded in %s", b.figures.LoadTime.Round(time.Millisecond))
	return nil
}

func (b *bench) measure(ctx context.Context, q Question) (Asked, error) {
	a := Asked{Name: q.Name, Title: q.Title}
	_, result, engine, err := b.ours.answer(ctx, q)
	if err != nil {
		return a, err
	}
	a.Engine = engine
	want, err := answerOf(result.Batch)
	if err != nil {
		return a, err
	}
	if len(want) == 0 {
		return a, errors.New("the answer has no rows, so it says nothing")
	}
	a.Rows = len(want)
	for side, s := range b.sides {
		var rows []map[string]any
		if _, err := s.Query(q.SQL, &rows); err != nil {
			return a, fmt.Errorf("%s: %w", side, err)
		}
		got, err := duckText(rows, result.Schema)
		if err != nil {
			return a, fmt.Errorf("%s: %w", side, err)
		}
		if err := Same(want, got); err != nil {
			return a, fmt.Errorf("%s gives another answer: %w", side, err)
		}
	}
	cold, err := measure.InTurn(ctx, b.coldRounds(), b.coldSides(q))
	if err != nil {
		return a, err
	}
	a.Cold = took(cold)
	warm, err := measure.InTurn(ctx, b.rounds()+1, b.warmSides(q))
	if err != nil {
		return a, err
	}
	for side := range warm {
		warm[side] = warm[side][1:] // the first warms up
	}
	a.Warm = took(warm)
	return a, nil
}

func (b *bench) warmSides(q Question) []measure.Side[Cost] {
	var out []measure.Side[Cost]
	ours := func(side string, e *embedded) {
		if b.Takes(side) {
			out = append(out, measure.Side[Cost]{Name: side, Run: func(ctx context.Context, _ int) (Cost, error) {
				cost, _, _, err := e.answer(ctx, q)
				return cost, err
			}})
		}
	}
	ours(Auditlake, b.ours)
	if q.Text == "" {
		ours(Unkept, b.unkept)
	}
	for _, side := range []string{DuckDBFiles, DuckDBTables} {
		if s := b.sides[side]; s != nil {
			out = append(out, measure.Side[Cost]{Name: side, Run: func(context.Context, int) (Cost, error) {
				answer, err := s.Run(q.SQL)
				return costOf(answer), err
			}})
		}
	}
	return out
}

// coldSides begin with a lake that nothing is known of, and with a process of DuckDB
// in which the views, of just the tables of the question, are part of the cost.
func (b *bench) coldSides(q Question) []measure.Side[Cost] {
	var out []measure.Side[Cost]
	if b.Takes(Auditlake) {
		out = append(out, measure.Side[Cost]{Name: Auditlake, Run: func(ctx context.Context, _ int) (Cost, error) {
			fresh, err := openEmbedded(ctx, b.made, lake.Options{})
			if err != nil {
				return Cost{}, err
			}
			cost, _, _, err := fresh.answer(ctx, q)
			return cost, err
		}})
	}
	if b.sides[DuckDBFiles] != nil {
		out = append(out, measure.Side[Cost]{Name: DuckDBFiles, Run: func(ctx context.Context, _ int) (cost Cost, err error) {
			s, err := startDuckDB(ctx, b.Root, b.node, "")
			if err != nil {
				return Cost{}, err
			}
			defer func() {
				_, closing := s.Close()
				err = errors.Join(err, closing)
			}()
			for _, sql := range append(overFiles(b.files, q.Tables), q.SQL) {
				answer, err := s.Run(sql)
				if err != nil {
					return Cost{}, err
				}
				c := costOf(answer)
				cost = Cost{Wall: cost.Wall + c.Wall, CPU: cost.CPU + c.CPU, Bytes: cost.Bytes + c.Bytes}
			}
			return cost, nil
		}})
	}
	return out
}

func took(costs map[string][]Cost) map[string]Took {
	out := map[string]Took{}
	for side, all := range costs {
		out[side] = Took{
			Millis:    measure.SummarizeBy(all, func(c Cost) float64 { return millis(c.Wall) }),
			CPUMillis: measure.SummarizeBy(all, func(c Cost) float64 { return millis(c.CPU) }),
			Bytes:     measure.SummarizeBy(all, func(c Cost) float64 { return float64(c.Bytes) }),
		}
	}
	return out
}

func millis(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// String is one line of progress.
func (a Asked) String() string {
	text := ""
	for _, side := range []string{Auditlake, Unkept, DuckDBFiles, DuckDBTables} {
		if w, ok := a.Warm[side]; ok {
			text += fmt.Sprintf("  %s %.1f ms", side, w.Millis.Median)
		}
	}
	return text
}

// Ratios are how many times as long as Auditlake a side took for each question, by
// medians, and their geometric mean. They are empty if one of the two was not taken.
func (f *Figures) Ratios(of func(Asked) map[string]Took, side string) (ratios []float64, mean float64) {
	var logs float64
	for _, q := range f.Questions {
		ours, ok := of(q)[Auditlake]
		other, also := of(q)[side]
		if !ok || !also || ours.Millis.Median <= 0 {
			return nil, 0
		}
		ratios = append(ratios, other.Millis.Median/ours.Millis.Median)
		logs += math.Log(ratios[len(ratios)-1])
	}
	return ratios, math.Exp(logs / float64(len(ratios)))
}
