// Package measure takes the figures of the benchmarks: what a process costs, the
// sides of a comparison in turn, and the middle of what several rounds gave.
//
//	round 1   A B C
//	round 2   B C A      every side is as often the first as any other,
//	round 3   C A B      and as often the last
//
// A figure is the median of the rounds, with the lowest and the highest beside it.
// Nothing is left out, and nothing is run before the first round to warm it up,
// unless the part that measures says so in its section of the report.
package measure

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// Scale is how much data a part works on.
type Scale string

// The two scales. Small is for tests of the harness: its figures mean nothing.
const (
	Small Scale = "small"
	Full  Scale = "full"
)

// Options are what every part of the benchmarks is told.
type Options struct {
	Root    string   // of the repository
	Scratch string   // an existing folder for data; the part removes what it makes
	Rounds  int      // at least 1
	Scale   Scale    //
	Times   int      // multiplies the data of the scale; at least 1
	Sides   []string // to take; none is all
	Log     io.Writer
}

// Takes says whether a side is to be measured.
func (o Options) Takes(side string) bool {
	return len(o.Sides) == 0 || slices.Contains(o.Sides, side)
}

// Logf writes a line of progress.
func (o Options) Logf(format string, args ...any) {
	_, _ = fmt.Fprintf(o.Log, format+"\n", args...)
}

// Side is one of those compared. Run does the whole work once, from round 0 on.
type Side[T any] struct {
	Name string
	Run  func(ctx context.Context, round int) (T, error)
}

// InTurn has every side run once a round, and gives what they returned, by name,
// in the order of the rounds. It ends at the first error.
func InTurn[T any](ctx context.Context, rounds int, sides []Side[T]) (map[string][]T, error) {
	all := map[string][]T{}
	for round := range rounds {
		for _, i := range Order(len(sides), round) {
			got, err := sides[i].Run(ctx, round)
			if err != nil {
				return nil, fmt.Errorf("%s, round %d: %w", sides[i].Name, round+1, err)
			}
			all[sides[i].Name] = append(all[sides[i].Name], got)
		}
	}
	return all, nil
}

// Order is the order in which n sides take their turn in a round.
func Order(n, round int) []int {
	order := make([]int, n)
	for i := range order {
		order[i] = (i + round) % n
	}
	return order
}

// Summary is what rounds gave, in the unit of what it was made of.
type Summary struct {
	Median float64 `json:"median"`
	Min    float64 `json:"min"`
	Max    float64 `json:"max"`
	Rounds int     `json:"rounds"`
}

// Summarize gives the zero summary for no values.
func Summarize(values []float64) Summary {
	return SummarizeBy(values, func(v float64) float64 { return v })
}

// SummarizeBy summarizes one number of each value.
func SummarizeBy[T any](values []T, number func(T) float64) Summary {
	if len(values) == 0 {
		return Summary{}
	}
	sorted := make([]float64, 0, len(values))
	for _, v := range values {
		sorted = append(sorted, number(v))
	}
	slices.Sort(sorted)
	middle := sorted[len(sorted)/2]
	if len(sorted)%2 == 0 {
		middle = (sorted[len(sorted)/2-1] + middle) / 2
	}
	return Summary{Median: middle, Min: sorted[0], Max: sorted[len(sorted)-1], Rounds: len(sorted)}
}

// Taken says under which circumstances the figures of a part were taken.
type Taken struct {
	At      time.Time `json:"at"`
	Commit  string    `json:"commit"`
	Rounds  int       `json:"rounds"`
	Scale   Scale     `json:"scale"`
	Times   int       `json:"times"`
	Machine Machine   `json:"machine"`
}

// ErrNoResult is returned by Load for a part that was never measured.
var ErrNoResult = errors.New("not measured yet")

// Save keeps a part's figures in bench/results/<part>.json. Only figures of the
// full scale belong there: those of a smaller one go to o.Scratch.
func Save(o Options, part string, figures any) error {
	text, err := json.MarshalIndent(figures, "", "  ")
	if err != nil {
		return fmt.Errorf("write figures of %s: %w", part, err)
	}
	file := file(o.Root, part)
	if o.Scale != Full {
		file = filepath.Join(o.Scratch, part+".json")
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return fmt.Errorf("write figures of %s: %w", part, err)
	}
	return os.WriteFile(file, append(text, '\n'), 0o644)
}

// Load reads into figures what Save has kept of the full scale.
func Load(root, part string, figures any) error {
	text, err := os.ReadFile(file(root, part))
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s: %w", part, ErrNoResult)
	}
	if err != nil {
		return fmt.Errorf("read figures of %s: %w", part, err)
	}
	if err := json.Unmarshal(text, figures); err != nil {
		return fmt.Errorf("read figures of %s: %w", part, err)
	}
	return nil
}

func file(root, part string) string {
	return filepath.Join(root, "bench", "results", part+".json")
}
