// Package pages_test holds the documentation together: what one page says of another
// has to be there.
package pages_test

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
	"unicode"
)

// TestLinksLeadSomewhere: every relative link of a page is to a file or folder that
// is there, and every anchor is a heading of the page it is on.
func TestLinksLeadSomewhere(t *testing.T) {
	root := os.DirFS(filepath.Join("..", ".."))
	names, err := pages(root)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"README.md", "CONTRIBUTING.md", "CHANGELOG.md", "docs/sql.md", "docs/adr/0001-own-delta-log.md"} {
		if !slices.Contains(names, want) {
			t.Errorf("%s is not looked at", want)
		}
	}
	for _, name := range names {
		dead, err := deadLinks(root, name)
		if err != nil {
			t.Fatal(err)
		}
		for _, link := range dead {
			t.Errorf("%s: %s leads nowhere", name, link)
		}
	}
}

func TestDeadLinksAreFound(t *testing.T) {
	root := fstest.MapFS{
		"README.md": {Data: []byte("# Top\n" +
			"[a](docs/a.md) [b](docs/b.md) [folder](docs) [save](docs/a.md#save--test) [ini](docs/a.md#grafanaini)\n" +
			"[own](#top) [second](docs/a.md#twice-1) [not](docs/a.md#twice-2) [code](docs/a.md#not-a-heading)\n" +
			"[web](https://example.com/x.md#y) `[code](nowhere.md)` ![image](docs/none.png)\n" +
			"```\n[code](nowhere.md)\n```\n")},
		"docs/a.md": {Data: []byte("# A\n## Save & test\n### grafana.ini\n## Twice\n## Twice\n```\n# not a heading\n```\n[up](../README.md#top) [out](../../x)\n")},
	}
	for name, want := range map[string][]string{
		"README.md": {"docs/b.md", "docs/a.md#twice-2", "docs/a.md#not-a-heading", "docs/none.png"},
		"docs/a.md": {"../../x"},
	} {
		if got, err := deadLinks(root, name); err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: %q (%v), want %q", name, got, err, want)
		}
	}
}

// pages are the Markdown files of the project, and none of those that are built.
func pages(root fs.FS) (names []string, err error) {
	for _, pattern := range []string{"*.md", "docs/*.md", "docs/*/*.md", "interop/*.md", "src/*.md"} {
		found, err := fs.Glob(root, pattern)
		if err != nil {
			return nil, err
		}
		names = append(names, found...)
	}
	return names, nil
}

var (
	link   = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	inCode = regexp.MustCompile("`[^`\n]*`")
)

func deadLinks(root fs.FS, page string) (dead []string, err error) {
	text, err := prose(root, page)
	if err != nil {
		return nil, err
	}
	for _, m := range link.FindAllStringSubmatch(inCode.ReplaceAllString(text, ""), -1) {
		to, anchor, hasAnchor := strings.Cut(m[1], "#")
		if strings.Contains(to, ":") {
			continue // another site
		}
		target := page
		if to != "" {
			target = path.Join(path.Dir(page), to)
		}
		_, err := fs.Stat(root, target)
		switch {
		case errors.Is(err, fs.ErrNotExist), errors.Is(err, fs.ErrInvalid):
			dead = append(dead, m[1])
		case err != nil:
			return nil, err
		case hasAnchor:
			text, err := prose(root, target)
			if err != nil {
				return nil, err
			}
			if !slices.Contains(anchors(text), anchor) {
				dead = append(dead, m[1])
			}
		}
	}
	return dead, nil
}

// prose is a page without its blocks of code.
func prose(root fs.FS, page string) (string, error) {
	text, err := fs.ReadFile(root, page)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	code := false
	for line := range strings.Lines(string(text)) {
		if strings.HasPrefix(strings.TrimSpace(line), "```") {
			code = !code
		} else if !code {
			b.WriteString(line)
		}
	}
	return b.String(), nil
}

// anchors are those that GitHub gives the headings of a page: small letters, digits,
// - and _, blanks become -, and the second of a name has -1 behind it.
func anchors(text string) (out []string) {
	seen := map[string]int{}
	for line := range strings.Lines(text) {
		title := strings.TrimLeft(line, "#")
		if n := len(line) - len(title); n == 0 || n > 6 || !strings.HasPrefix(title, " ") {
			continue
		}
		anchor := strings.Map(func(r rune) rune {
			switch {
			case r == ' ':
				return '-'
			case r == '-' || r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r):
				return unicode.ToLower(r)
			}
			return -1
		}, strings.TrimSpace(title))
		if n := seen[anchor]; n > 0 {
			out = append(out, anchor+"-"+strconv.Itoa(n))
		} else {
			out = append(out, anchor)
		}
		seen[anchor]++
	}
	return out
}
