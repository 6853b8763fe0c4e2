// Package report puts figures into docs/benchmarks.md. Each part of the
// benchmarks owns one section of the page, between two marks, and only a new
// measurement of that part changes it:
//
//	<!-- bench etl: begin -->
//	...
//	<!-- bench etl: end -->
//
// What stands outside of marks is written by hand and stays.
package report

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/auditlake/auditlake/bench/measure"
)

// ErrNoMarks is returned for a part that has no section in the page.
var ErrNoMarks = errors.New("the page has no section")

// Put writes a part's section into the page.
func Put(page, part, section string) error {
	text, err := os.ReadFile(page)
	if err != nil {
		return fmt.Errorf("write section %s: %w", part, err)
	}
	changed, err := Replace(string(text), part, section)
	if err != nil {
		return fmt.Errorf("write section %s into %s: %w", part, page, err)
	}
	return os.WriteFile(page, []byte(changed), 0o644)
}

// Replace is the page with another section of a part.
func Replace(page, part, section string) (string, error) {
	begin, end := fmt.Sprintf("<!-- bench %s: begin -->", part), fmt.Sprintf("<!-- bench %s: end -->", part)
	before, rest, ok := strings.Cut(page, begin)
	if !ok {
		return "", fmt.Errorf("%w: no line %s", ErrNoMarks, begin)
	}
	_, after, ok := strings.Cut(rest, end)
	if !ok {
		return "", fmt.Errorf("%w: no line %s", ErrNoMarks, end)
	}
	return before + begin + "\n\n" + strings.TrimSpace(section) + "\n\n" + end + after, nil
}

// Table is a table of Markdown; all columns but the first are numbers, on the right.
func Table(header []string, rows [][]string) string {
	var text strings.Builder
	line := func(cells []string) { fmt.Fprintf(&text, "| %s |\n", strings.Join(cells, " | ")) }
	line(header)
	rule := make([]string, len(header))
	for i := range rule {
		rule[i] = "--:"
	}
	rule[0] = ":--"
	line(rule)
	for _, row := range rows {
		line(row)
	}
	return text.String()
}

// Spread is a summary as "median (lowest to highest)", with so many decimals.
func Spread(s measure.Summary, decimals int) string {
	if s.Rounds == 0 {
		return "-"
	}
	if s.Rounds == 1 {
		return fmt.Sprintf("%.*f", decimals, s.Median)
	}
	return fmt.Sprintf("%.*f (%.*f to %.*f)", decimals, s.Median, decimals, s.Min, decimals, s.Max)
}

// Circumstances is the sentence about when and where figures were taken.
func Circumstances(t measure.Taken) string {
	size := string(t.Scale) + " scale"
	if t.Times > 1 {
		size = fmt.Sprintf("%s, %d times", size, t.Times)
	}
	return fmt.Sprintf("Taken %s at commit %s; %d rounds, %s. %s.",
		t.At.Format("2006-01-02"), t.Commit, t.Rounds, size, t.Machine)
}
