package trino

import (
	"fmt"
	"regexp/syntax"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/auditlake/auditlake/pkg/query"
)

// printRegexp is a regular expression of RE2 in words that mean the same to JONI, which
// is what Trino has unless it is told otherwise, and in most cases to RE2/J:
//
//	classes       written out as ranges, as \d, \w and [[:alpha:]] have letters of all
//	              languages in JONI; so are letters whose case does not count
//	^ $           \A and \z, as JONI's $ is also before a last newline
//	(?m)^ (?m)$   what is before and behind
//	\b            the same, of ASCII alone
//
// Groups keep their numbers and lose their names. JONI tries one way after the other
// and prefers the one that RE2 prefers.
func printRegexp(pattern string) (string, error) {
	if _, err := query.CompileRegexp(pattern, nil); err != nil {
		return "", err
	}
	re, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	writeRegexp(&b, re)
	return b.String(), nil
}

const (
	wordBehind = `(?<=[0-9A-Z_a-z])`
	noneBehind = `(?<![0-9A-Z_a-z])`
	wordAhead  = `(?=[0-9A-Z_a-z])`
	noneAhead  = `(?![0-9A-Z_a-z])`
)

func writeRegexp(b *strings.Builder, re *syntax.Regexp) {
	switch re.Op {
	case syntax.OpNoMatch:
		b.WriteString(`(?!)`)
	case syntax.OpEmptyMatch:
		b.WriteString(`(?:)`)
	case syntax.OpLiteral:
		for _, r := range re.Rune {
			if re.Flags&syntax.FoldCase != 0 {
				writeFolded(b, r)
			} else {
				writeRune(b, r)
			}
		}
	case syntax.OpCharClass:
		writeClass(b, re.Rune)
	case syntax.OpAnyCharNotNL:
		b.WriteString(`[^\n]`)
	case syntax.OpAnyChar:
		b.WriteString(`(?:[^\n]|\n)`)
	case syntax.OpBeginLine:
		b.WriteString(`(?:\A|(?<=\n))`)
	case syntax.OpEndLine:
		b.WriteString(`(?=\n|\z)`)
	case syntax.OpBeginText:
		b.WriteString(`\A`)
	case syntax.OpEndText:
		b.WriteString(`\z`)
	case syntax.OpWordBoundary:
		b.WriteString("(?:" + wordBehind + noneAhead + "|" + noneBehind + wordAhead + ")")
	case syntax.OpNoWordBoundary:
		b.WriteString("(?:" + wordBehind + wordAhead + "|" + noneBehind + noneAhead + ")")
	case syntax.OpCapture:
		b.WriteByte('(')
		writeRegexp(b, re.Sub[0])
		b.WriteByte(')')
	case syntax.OpStar, syntax.OpPlus, syntax.OpQuest, syntax.OpRepeat:
		b.WriteString("(?:")
		writeRegexp(b, re.Sub[0])
		b.WriteString(")" + repetition(re))
		if re.Flags&syntax.NonGreedy != 0 {
			b.WriteByte('?')
		}
	case syntax.OpConcat:
		for _, sub := range re.Sub {
			writeRegexp(b, sub)
		}
	case syntax.OpAlternate:
		b.WriteString("(?:")
		for i, sub := range re.Sub {
			if i > 0 {
				b.WriteByte('|')
			}
			writeRegexp(b, sub)
		}
		b.WriteByte(')')
	}
}

func repetition(re *syntax.Regexp) string {
	switch {
	case re.Op == syntax.OpStar:
		return "*"
	case re.Op == syntax.OpPlus:
		return "+"
	case re.Op == syntax.OpQuest:
		return "?"
	case re.Max < 0:
		return fmt.Sprintf("{%d,}", re.Min)
	case re.Max == re.Min && re.Flags&syntax.NonGreedy == 0:
		return fmt.Sprintf("{%d}", re.Min)
	}
	return fmt.Sprintf("{%d,%d}", re.Min, re.Max)
}

func writeRune(b *strings.Builder, r rune) {
	switch {
	case r >= utf8.RuneSelf, '0' <= r && r <= '9', 'A' <= r && r <= 'Z', 'a' <= r && r <= 'z':
		b.WriteRune(r)
	case r <= ' ' || r == 0x7f:
		fmt.Fprintf(b, `\x%02X`, r)
	default:
		b.WriteByte('\\')
		b.WriteRune(r)
	}
}

// writeFolded is a letter whose case does not count.
func writeFolded(b *strings.Builder, r rune) {
	b.WriteByte('[')
	writeRune(b, r)
	for f := unicode.SimpleFold(r); f != r; f = unicode.SimpleFold(f) {
		writeRune(b, f)
	}
	b.WriteByte(']')
}

// writeClass is a class of pairs of first and last characters. What is no character is
// left out: no text has it.
func writeClass(b *strings.Builder, pairs []rune) {
	const firstSurrogate, lastSurrogate = 0xd800, 0xdfff
	var inside strings.Builder
	write := func(from, to rune) {
		if from > to {
			return
		}
		writeRune(&inside, from)
		if from < to {
			inside.WriteByte('-')
			writeRune(&inside, to)
		}
	}
	for i := 0; i < len(pairs); i += 2 {
		from, to := pairs[i], pairs[i+1]
		if to < firstSurrogate || from > lastSurrogate {
			write(from, to)
			continue
		}
		write(from, firstSurrogate-1)
		write(lastSurrogate+1, to)
	}
	if inside.Len() == 0 {
		b.WriteString(`(?!)`)
		return
	}
	b.WriteString("[" + inside.String() + "]")
}
