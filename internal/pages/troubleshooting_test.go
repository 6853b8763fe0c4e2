package pages_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// TestTroubleshootingQuotesTheCode: what docs/troubleshooting.md says Auditlake says,
// which is the first code in a row of a table, stands in a text of the code, with … for
// what differs.
func TestTroubleshootingQuotesTheCode(t *testing.T) {
	root := os.DirFS(filepath.Join("..", ".."))
	page, err := prose(root, "docs/troubleshooting.md")
	if err != nil {
		t.Fatal(err)
	}
	texts, err := textsOf(root, "pkg")
	if err != nil {
		t.Fatal(err)
	}
	quotes := quotesOf(page)
	if len(quotes) < 50 {
		t.Errorf("only %d texts are quoted", len(quotes))
	}
	for _, quote := range quotes {
		if !slices.ContainsFunc(texts, func(text string) bool { return hasQuote(text, quote) }) {
			t.Errorf("nothing says %q", quote)
		}
	}
}

func TestQuotesAreTold(t *testing.T) {
	const page = "| it says | why |\n|---|---|\n| `a … b` | `c` |\n| *by Grafana* | d |\n"
	if got := quotesOf(page); !slices.Equal(got, []string{"a … b"}) {
		t.Errorf("%q", got)
	}
	for _, test := range []struct {
		text, quote string
		want        bool
	}{
		{"x a … b y", "a … b", true},
		{"a 1 b", "a … b", true},
		{"b … a", "a … b", false},
		{"a …", "a … b", false},
	} {
		if got := hasQuote(test.text, test.quote); got != test.want {
			t.Errorf("%q in %q: %t", test.quote, test.text, got)
		}
	}
}

var firstCode = regexp.MustCompile("(?m)^\\| `([^`]+)` \\|")

func quotesOf(page string) (quotes []string) {
	for _, m := range firstCode.FindAllStringSubmatch(page, -1) {
		quotes = append(quotes, m[1])
	}
	return quotes
}

// hasQuote reports whether the parts of a quote stand in a text, one after the other.
func hasQuote(text, quote string) bool {
	for part := range strings.SplitSeq(quote, "…") {
		at := strings.Index(text, strings.TrimSpace(part))
		if at < 0 {
			return false
		}
		text = text[at+len(strings.TrimSpace(part)):]
	}
	return true
}

var verb = regexp.MustCompile(`%[+#]?[a-zA-Z]`)

// textsOf are the texts of the code below a folder, without its tests: verbs of formats
// and what is added to a text that is no text are ….
func textsOf(root fs.FS, dir string) (texts []string, err error) {
	err = fs.WalkDir(root, dir, func(name string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return err
		}
		code, err := fs.ReadFile(root, name)
		if err != nil {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, code, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(n ast.Node) bool {
			x, ok := n.(ast.Expr)
			if !ok {
				return true
			}
			text, ok := textOf(x)
			if ok {
				texts = append(texts, verb.ReplaceAllString(text, "…"))
			}
			return !ok
		})
		return nil
	})
	return texts, err
}

// textOf is a literal text, or a sum of which at least one is.
func textOf(x ast.Expr) (text string, ok bool) {
	switch x := x.(type) {
	case *ast.BasicLit:
		if x.Kind != token.STRING {
			return "", false
		}
		text, err := strconv.Unquote(x.Value)
		return text, err == nil
	case *ast.BinaryExpr:
		left, isLeft := textOf(x.X)
		right, isRight := textOf(x.Y)
		if x.Op != token.ADD || !isLeft && !isRight {
			return "", false
		}
		if !isLeft {
			left = "…"
		}
		if !isRight {
			right = "…"
		}
		return left + right, true
	}
	return "", false
}
