package trino

import (
	"strings"
	"unicode"
)

// letterCase: by character, as Trino does it.
func letterCase(name string) form { return as(name + "($1)") }

// blank are the characters of a class that are white space.
var blank = func() string {
	var b strings.Builder
	for r := rune(0); r <= unicode.MaxRune; r++ {
		if unicode.IsSpace(r) {
			writeRune(&b, r)
		}
	}
	return b.String()
}()

// titles are the letters that begin a word otherwise than upper has them, and how.
var titles = func() [2]string {
	var from, to strings.Builder
	for r := rune(0); r <= unicode.MaxRune; r++ {
		if unicode.ToTitle(r) != unicode.ToUpper(r) {
			from.WriteRune(r)
			to.WriteRune(unicode.ToTitle(r))
		}
	}
	return [2]string{from.String(), to.String()}
}()

func initcap(c call) (string, error) {
	first := "IF(strpos(" + quoteString(titles[0]) + ", x[1]) > 0, translate(x[1], " + quoteString(titles[0]) + ", " + quoteString(titles[1]) + "), upper(x[1]))"
	return fill("regexp_replace($1, "+quoteString("([^"+blank+"])([^"+blank+"]*)")+", x -> "+first+" || lower(x[2]))", c.args...), nil
}
