package query

import (
	"fmt"
	"io"
	"iter"
	"regexp"
	"regexp/syntax"
	"slices"
	"unicode/utf8"
)

// Regexp is a regular expression of RE2, whose time grows with the length of the
// text and the size of the expression and no faster. It can be stopped in between.
// It is for one goroutine.
type Regexp struct {
	re      *regexp.Regexp
	behind  *regexp.Regexp // a character, and re from somewhere behind it on, as a group
	size    int            // instructions
	stop    func() bool
	steps   int // since stop was last asked
	stopped bool
}

// maxRegexp bounds an expression. Repetition makes large ones of short texts:
// (x{100}){100} has ten thousand instructions.
const maxRegexp = 5000

// CompileRegexp reads an expression. When stop says so, what Match and Find still
// answer has no meaning; it may be nil.
func CompileRegexp(pattern string, stop func() bool) (*Regexp, error) {
	parsed, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return nil, err
	}
	prog, err := syntax.Compile(parsed.Simplify())
	if err != nil {
		return nil, err
	}
	if len(prog.Inst) > maxRegexp {
		return nil, fmt.Errorf("it is too large: repeat less")
	}
	if stop == nil {
		stop = func() bool { return false }
	}
	re, err := regexp.Compile(pattern)
	if err != nil {
		return nil, err
	}
	behind, err := regexp.Compile(`\A(?s:.)(?s:.*?)(` + pattern + `)`)
	return &Regexp{re: re, behind: behind, size: len(prog.Inst), stop: stop}, err
}

// Groups is the number of groups.
func (r *Regexp) Groups() int { return r.re.NumSubexp() }

// atOnce is the steps that are done without asking whether to stop: some tens of
// milliseconds at most.
const atOnce = 1 << 18

// squaredAtOnce is the same for a search for all matches, which seldom needs as many.
const squaredAtOnce = 1 << 24

// Match reports whether the expression matches anywhere in s.
func (r *Regexp) Match(s []byte) bool {
	switch {
	case r.ended(len(s)):
		return false
	case len(s)*r.size > atOnce:
		return r.re.MatchReader(&stoppable{r, s})
	}
	return r.re.Match(s)
}

// Find is where the leftmost match and its groups are, as regexp has it, or nil.
func (r *Regexp) Find(s []byte) []int {
	switch {
	case r.ended(len(s)):
		return nil
	case len(s)*r.size > atOnce:
		return r.re.FindReaderSubmatchIndex(&stoppable{r, s})
	}
	return r.re.FindSubmatchIndex(s)
}

// replace puts the pieces in the place of every match, from the left. A match of
// nothing right behind another does not count. It ends when there are more than
// LongestText bytes.
func (r *Regexp) replace(s []byte, parts []Replacing) []byte {
	out := make([]byte, 0, len(s))
	from := 0
	for at := range r.all(s) {
		out = append(out, s[from:at[0]]...)
		for _, p := range parts {
			if p.Group < 0 {
				out = append(out, p.Text...)
			} else if at[2*p.Group] >= 0 {
				out = append(out, s[at[2*p.Group]:at[2*p.Group+1]]...)
			}
			if len(out) > LongestText {
				return out
			}
		}
		from = at[1]
	}
	return append(out, s[from:]...)
}

// all are the matches, as regexp's FindAllSubmatchIndex has them. That one takes the
// square of the length for some expressions, such as x*y|x, and asks nobody.
func (r *Regexp) all(s []byte) iter.Seq[[]int] {
	if r.ended(len(s)) {
		return func(func([]int) bool) {}
	}
	if len(s)*len(s)*r.size <= squaredAtOnce {
		return slices.Values(r.re.FindAllSubmatchIndex(s, -1))
	}
	return func(yield func([]int) bool) {
		last := -1 // where the match before ended
		for at := 0; at <= len(s); {
			m := r.from(s, at)
			if m == nil || r.stopped {
				return
			}
			empty, again := m[1] == at, m[0] == m[1] && m[0] == last
			if at, last = m[1], m[1]; empty {
				_, size := utf8.DecodeRune(s[at:])
				at += max(size, 1)
			}
			if !again && !yield(m) {
				return
			}
		}
	}
}

// from is the first match from a place on, which ^ and \b know is behind something.
func (r *Regexp) from(s []byte, at int) []int {
	if at == 0 {
		return r.re.FindReaderSubmatchIndex(&stoppable{r, s})
	}
	_, before := utf8.DecodeLastRune(s[:at])
	start := at - before
	m := r.behind.FindReaderSubmatchIndex(&stoppable{r, s[start:]})
	if m == nil {
		return nil
	}
	m = m[2:] // the group that is the expression
	for i := range m {
		if m[i] >= 0 {
			m[i] += start
		}
	}
	return m
}

// ended counts a search in so many bytes, each of which may take as many steps as
// the expression has instructions.
func (r *Regexp) ended(bytes int) bool {
	if r.steps += (bytes + 1) * r.size; r.steps > atOnce && !r.stopped {
		r.steps, r.stopped = 0, r.stop()
	}
	return r.stopped
}

// stoppable is a text that ends early when its expression is to stop.
type stoppable struct {
	r *Regexp
	s []byte
}

func (t *stoppable) ReadRune() (rune, int, error) {
	if len(t.s) == 0 || t.r.ended(1) {
		return 0, 0, io.EOF
	}
	c, size := utf8.DecodeRune(t.s)
	t.s = t.s[size:]
	return c, size, nil
}
