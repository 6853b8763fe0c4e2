package events

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/lake"
	"github.com/auditlake/auditlake/pkg/query"
)

// mostWords is how many words a search may have.
const mostWords = 20

// SearchWords are the words of a search: what stands between blanks, or, as one word
// with its blanks, between a quote before which there is a blank and the next one. A
// quote inside of a word is a character like any other, and \" is a quote inside of
// quotes. Quotes that are not closed go to the end. The error is an ErrQuestion.
func SearchWords(search string) (words []string, err error) {
	rest := strings.TrimSpace(search)
	for ; rest != ""; rest = strings.TrimSpace(rest) {
		var word string
		if quoted, ok := strings.CutPrefix(rest, `"`); ok {
			word, rest = cutQuoted(quoted)
		} else {
			end := strings.IndexFunc(rest, isBlank)
			if end < 0 {
				end = len(rest)
			}
			word, rest = rest[:end], rest[end:]
		}
		if word != "" && !slices.Contains(words, word) {
			words = append(words, word)
		}
	}
	if len(words) > mostWords {
		return nil, fmt.Errorf("%w: a search has at most %d words, not %d; put a phrase into quotes", ErrQuestion, mostWords, len(words))
	}
	return words, nil
}

func isBlank(r rune) bool { return strings.TrimSpace(string(r)) == "" }

// cutQuoted is the text before a closing quote, and what is behind it.
func cutQuoted(s string) (word, rest string) {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '\\' && i+1 < len(s) && s[i+1] == '"':
			i++
		case s[i] == '"':
			return b.String(), s[i+1:]
		}
		b.WriteByte(s[i])
	}
	return b.String(), ""
}

// Highlights are the words as Grafana takes them to mark them in lines: expressions.
func Highlights(words []string) []string {
	out := make([]string, len(words))
	for i, w := range words {
		out[i] = "(?i)" + regexp.QuoteMeta(w)
	}
	return out
}

// notSearched are texts that say nothing of an event but how it came, or that many
// or all events share: words would be found in them by chance.
var notSearched = [...]string{"version", "auditLevel", "eventKey", "sourceFile"}

// searched are the values that words are looked for in: all texts of an event, the
// keys and values of its parameters, and of its numbers the workspace and the status,
// as texts. Derived columns have nothing that the parameters do not.
func searched(of columnar.Schema) (out []query.Expr) {
	for _, c := range query.KnownColumns(lake.Silver) {
		col := query.Column(c.Kind, strings.Split(c.Name, ".")...)
		switch {
		case slices.Contains(notSearched[:], c.Name):
		case c.Kind == columnar.String:
			out = append(out, col)
		case c.Name == query.WorkspaceColumn, c.Name == "response.statusCode":
			out = append(out, query.Cast{X: col, To: columnar.String})
		}
	}
	for _, c := range paramColumns(of) {
		out = append(out, c.Expr)
	}
	return out
}

// paramColumns are the columns of parameters that a table has: maps or structs.
func paramColumns(of columnar.Schema) (out []query.Output) {
	for _, name := range []string{"requestParams", "requestParamsRest"} {
		if i := of.IndexFold(name); i >= 0 {
			out = append(out, query.As(name, query.Name(name)))
		}
	}
	return out
}
