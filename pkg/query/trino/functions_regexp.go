package trino

import (
	"fmt"
	"regexp/syntax"
	"strings"

	"github.com/auditlake/auditlake/pkg/query"
)

// pattern is an expression as Trino has it.
func pattern(name, expr string) (string, *syntax.Regexp, error) {
	p, err := printRegexp(expr)
	if err != nil {
		return "", nil, fmt.Errorf("regular expression: %w", err)
	}
	re, err := syntax.Parse(expr, syntax.Perl)
	if err != nil {
		return "", nil, fmt.Errorf("regular expression: %w", err)
	}
	if part := repeatsNothing(re); part != nil {
		return "", nil, unsupported(name, fmt.Sprintf("its expression repeats %s, which may be empty", part))
	}
	return p, re, nil
}

// repeatsNothing is a part of an expression that may be empty and is repeated, or nil.
// Libraries differ in when they have enough of it.
func repeatsNothing(re *syntax.Regexp) *syntax.Regexp {
	switch re.Op {
	case syntax.OpStar, syntax.OpPlus, syntax.OpRepeat:
		if mayBeEmpty(re.Sub[0]) {
			return re.Sub[0]
		}
	}
	for _, s := range re.Sub {
		if part := repeatsNothing(s); part != nil {
			return part
		}
	}
	return nil
}

// mayBeEmpty reports whether an expression may match the empty text.
func mayBeEmpty(re *syntax.Regexp) bool {
	switch re.Op {
	case syntax.OpNoMatch, syntax.OpCharClass, syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		return false
	case syntax.OpLiteral:
		return len(re.Rune) == 0
	case syntax.OpCapture, syntax.OpPlus:
		return mayBeEmpty(re.Sub[0])
	case syntax.OpRepeat:
		return re.Min == 0 || mayBeEmpty(re.Sub[0])
	case syntax.OpConcat:
		for _, s := range re.Sub {
			if !mayBeEmpty(s) {
				return false
			}
		}
		return true
	case syntax.OpAlternate:
		for _, s := range re.Sub {
			if mayBeEmpty(s) {
				return true
			}
		}
		return false
	}
	return true
}

func regexpExtract(c call) (string, error) {
	p, _, err := pattern(c.Func, c.text(1))
	if err != nil {
		return "", err
	}
	group := int64(0)
	if len(c.args) > 2 {
		group = c.constant(2).Int
	}
	return fmt.Sprintf("regexp_extract(%s, %s, %d)", c.args[0], quoteString(p), group), nil
}

// regexpReplace: a match of nothing right behind another counts in Trino. It makes no
// difference where its place is taken by nothing.
func regexpReplace(c call) (string, error) {
	p, re, err := pattern(c.Func, c.text(1))
	if err != nil {
		return "", err
	}
	parts, err := query.ParseReplacement(c.text(2), re.MaxCap())
	if err != nil {
		return "", err
	}
	var pieces []string
	text := ""
	flush := func() {
		if text != "" {
			pieces, text = append(pieces, quoteString(text)), ""
		}
	}
	literal := false
	for _, part := range parts {
		if part.Group < 0 {
			text, literal = text+part.Text, true
			continue
		}
		flush()
		pieces = append(pieces, fmt.Sprintf("coalesce(x[%d], '')", part.Group+1))
	}
	flush()
	if literal && mayBeEmpty(re) && !onlyEmpty(re) {
		return "", unsupported(c.Func, "its expression matches the empty text and others")
	}
	if pieces == nil {
		pieces = []string{"''"}
	}
	return fmt.Sprintf("regexp_replace(%s, %s, x -> CAST(%s AS varchar))", c.args[0], quoteString("("+p+")"), strings.Join(pieces, " || ")), nil
}

// onlyEmpty reports whether an expression matches no text but the empty one, or only
// once, at the start.
func onlyEmpty(re *syntax.Regexp) bool {
	switch re.Op {
	case syntax.OpLiteral, syntax.OpCharClass, syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		return false
	case syntax.OpConcat:
		if re.Sub[0].Op == syntax.OpBeginText {
			return true
		}
	}
	for _, s := range re.Sub {
		if !onlyEmpty(s) {
			return false
		}
	}
	return true
}
