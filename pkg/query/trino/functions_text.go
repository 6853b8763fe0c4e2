package trino

// blank are the characters of a class that are white space, as unicode.IsSpace has it.
const blank = `\x09-\x0D\x20` + "\u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"

// Letters that begin a word otherwise than upper has them, and how: titled, in the same
// order.
const (
	titles = "ǄǅǆǇǈǉǊǋǌǱǲǳ" + georgian
	titled = "ǅǅǅǈǈǈǋǋǋǲǲǲ" + georgian

	georgian = "აბგდევზთიკლმნოპჟრსტუფქღყშჩცძწჭხჯჰჱჲჳჴჵჶჷჸჹჺჽჾჿ"
)

// initcap: Trino has none, and of each letter the same small and large one as Go.
func initcap(c call) (string, error) {
	first := "IF(strpos('" + titles + "', x[1]) > 0, translate(x[1], '" + titles + "', '" + titled + "'), upper(x[1]))"
	return "regexp_replace(" + c.args[0] + ", " + quoteString("([^"+blank+"])([^"+blank+"]*)") + ", x -> " + first + " || lower(x[2]))", nil
}
