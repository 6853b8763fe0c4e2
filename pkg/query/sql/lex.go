package sql

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

type tokenKind uint8

const (
	tokenEnd    tokenKind = iota
	tokenWord             // a name or a keyword
	tokenName             // a name in backticks
	tokenText             // 'text'
	tokenQuoted           // "text", or a name after AS
	tokenNumber
	tokenParam  // $name
	tokenSymbol // one of symbols, or one character
)

type token struct {
	kind tokenKind
	text string // without quotes and without $
	at   int    // offset in the statement
}

// symbols are those of more than one character.
var symbols = [...]string{"<=>", "<>", "!=", "<=", ">=", "||", "::", "=="}

// mostTokens is how long a statement may be. Lowering is recursive.
const mostTokens = 20_000

// lex cuts a statement into tokens; the last one is a tokenEnd.
func lex(text string) []token {
	var out []token
	for at := 0; ; {
		at = skipSpace(text, at)
		if at == len(text) {
			return append(out, token{tokenEnd, "", at})
		}
		if len(out) == mostTokens {
			fail(at, "the statement is longer than %d words", mostTokens)
		}
		t, next := lexOne(text, at)
		t.at = at
		out, at = append(out, t), next
	}
}

// skipSpace passes white space and comments.
func skipSpace(text string, at int) int {
	for at < len(text) {
		rest := text[at:]
		switch {
		case strings.HasPrefix(rest, "--"):
			end := strings.IndexByte(rest, '\n')
			if end < 0 {
				return len(text)
			}
			at += end
		case strings.HasPrefix(rest, "/*"):
			end := strings.Index(rest, "*/")
			if end < 0 {
				fail(at, "the comment has no end: write */")
			}
			at += end + 2
		default:
			r, size := utf8.DecodeRuneInString(rest)
			if !unicode.IsSpace(r) {
				return at
			}
			at += size
		}
	}
	return at
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func isWordStart(c byte) bool { return c == '_' || c|0x20 >= 'a' && c|0x20 <= 'z' }

func wordEnd(text string, at int) int {
	for at < len(text) && (isWordStart(text[at]) || isDigit(text[at])) {
		at++
	}
	return at
}

func lexOne(text string, at int) (token, int) {
	c := text[at]
	switch {
	case c|0x20 == 'r' && at+1 < len(text) && (text[at+1] == '\'' || text[at+1] == '"'): // r'text': no escapes, as ever
		t, end := lexQuoted(text, at+1, tokenText)
		return t, end
	case isWordStart(c):
		end := wordEnd(text, at)
		return token{kind: tokenWord, text: text[at:end]}, end
	case isDigit(c), c == '.' && at+1 < len(text) && isDigit(text[at+1]):
		return lexNumber(text, at)
	case c == '\'':
		return lexQuoted(text, at, tokenText)
	case c == '"':
		return lexQuoted(text, at, tokenQuoted)
	case c == '`':
		return lexQuoted(text, at, tokenName)
	case c == '$':
		end := wordEnd(text, at+1)
		if end == at+1 {
			fail(at, "a parameter is $ and a name")
		}
		return token{kind: tokenParam, text: text[at+1 : end]}, end
	}
	for _, s := range symbols {
		if strings.HasPrefix(text[at:], s) {
			return token{kind: tokenSymbol, text: s}, at + len(s)
		}
	}
	if strings.IndexByte("()[],.+-*/%=<>;:", c) < 0 {
		r, _ := utf8.DecodeRuneInString(text[at:])
		if strings.IndexByte("&|^~?!", c) >= 0 {
			refuse(at, "there is no operator %s", string(r))
		}
		fail(at, "%q is not known here", string(r))
	}
	return token{kind: tokenSymbol, text: text[at : at+1]}, at + 1
}

// lexQuoted reads to the closing quote; twice the quote is one.
func lexQuoted(text string, at int, kind tokenKind) (token, int) {
	quote := text[at : at+1]
	var b strings.Builder
	for rest := at + 1; ; {
		end := strings.Index(text[rest:], quote)
		if end < 0 {
			fail(at, "the %s has no end", quote)
		}
		b.WriteString(text[rest : rest+end])
		rest += end + 1
		if !strings.HasPrefix(text[rest:], quote) {
			return token{kind: kind, text: b.String()}, rest
		}
		b.WriteString(quote)
		rest++
	}
}

func lexNumber(text string, at int) (token, int) {
	end := at
	digits := func() {
		for end < len(text) && isDigit(text[end]) {
			end++
		}
	}
	digits()
	if end < len(text) && text[end] == '.' {
		end++
		digits()
	}
	if end < len(text) && text[end]|0x20 == 'e' {
		mark := end
		end++
		if end < len(text) && (text[end] == '+' || text[end] == '-') {
			end++
		}
		if end == len(text) || !isDigit(text[end]) {
			end = mark
		}
		digits()
	}
	if end < len(text) && isWordStart(text[end]) {
		fail(at, "%s is no number and no name: a name that begins with a digit is written in backticks", text[at:wordEnd(text, end)])
	}
	return token{kind: tokenNumber, text: text[at:end]}, end
}
