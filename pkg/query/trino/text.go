package trino

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"
)

// ErrNotReading is a statement that is no question.
var ErrNotReading = errors.New("only statements that read are run")

// CheckReads is ErrNotReading for a statement that may change something, by its first
// word. What a user may do at all is up to Trino.
func CheckReads(statement string) error {
	words := strings.Fields(strings.ToUpper(strings.TrimLeftFunc(skipComments(statement), func(r rune) bool { return r == '(' || unicode.IsSpace(r) })))
	if len(words) == 0 {
		return fmt.Errorf("%w: there is none", ErrNotReading)
	}
	first := strings.TrimFunc(words[0], func(r rune) bool { return !unicode.IsLetter(r) })
	if !slices.Contains([]string{"SELECT", "WITH", "VALUES", "TABLE", "SHOW", "DESCRIBE", "DESC", "EXPLAIN"}, first) {
		return fmt.Errorf("%w: begin with SELECT or WITH", ErrNotReading)
	}
	if first == "EXPLAIN" && slices.Contains(words, "ANALYZE") {
		return fmt.Errorf("%w: EXPLAIN ANALYZE runs what it explains", ErrNotReading)
	}
	return nil
}

// skipComments is a text from its first word on.
func skipComments(text string) string {
	for {
		text = strings.TrimLeftFunc(text, unicode.IsSpace)
		var found bool
		switch {
		case strings.HasPrefix(text, "--"):
			_, text, found = strings.Cut(text, "\n")
		case strings.HasPrefix(text, "/*"):
			_, text, found = strings.Cut(text, "*/")
		default:
			return text
		}
		if !found {
			return ""
		}
	}
}
