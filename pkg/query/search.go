package query

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/auditlake/auditlake/pkg/columnar"
)

// Search is true where Text occurs in a value of one of X, in any letter case, as a
// Finder finds it; a blank in it is a blank. Each of X is a string, or a map or struct of strings, of
// which keys count as well as values: a key whose value is null is not there. It is
// never null, and the empty text occurs in any value that is not null.
type Search struct {
	X    []Expr
	Text string
}

func (e Search) operands() []Expr { return e.X }
func (e Search) String() string {
	return "search(" + quoteString(e.Text) + ", " + join(e.X, ", ", plain) + ")"
}

// searched checks that Search can look into a type.
func searched(e Expr, t columnar.Type) error {
	text := func(t columnar.Type) bool { return t.Kind == columnar.String || t.Kind == columnar.Invalid }
	ok := text(t)
	switch t.Kind {
	case columnar.Map:
		ok = text(*t.Key) && text(*t.Elem)
	case columnar.Struct:
		ok = true
		for _, f := range t.Fields {
			ok = ok && text(f.Type)
		}
	}
	if !ok {
		return fmt.Errorf("%s is %s, which cannot be searched: cast it to string", e, t)
	}
	return nil
}

// Finder looks for a text in others, in any letter case. A text of ASCII is found
// where its letters are, in either case; any other where lower gives the same of both.
// It is for one goroutine.
type Finder struct {
	lower  []byte
	ascii  bool
	buffer []byte
}

// NewFinder is the Finder of a text.
func NewFinder(text string) *Finder {
	isASCII := !strings.ContainsFunc(text, func(r rune) bool { return r >= utf8.RuneSelf })
	return &Finder{lower: bytes.ToLower([]byte(text)), ascii: isASCII}
}

// In reports whether the text occurs in s.
func (f *Finder) In(s []byte) bool {
	if len(s) < len(f.lower) && f.ascii {
		return false
	}
	if !f.ascii {
		return bytes.Contains(bytes.ToLower(s), f.lower)
	}
	if cap(f.buffer) < len(s) {
		f.buffer = make([]byte, len(s)+len(s)/2)
	}
	out := f.buffer[:len(s)]
	for i, c := range s {
		if c-'A' < 26 {
			c += 'a' - 'A'
		}
		out[i] = c
	}
	return bytes.Contains(out, f.lower)
}
