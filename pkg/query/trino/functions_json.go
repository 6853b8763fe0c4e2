package trino

import (
	"strconv"
	"strings"

	"github.com/auditlake/auditlake/pkg/query"
)

// Trino gives the text of a scalar of JSON as it was, but of what has parts it writes
// the numbers and texts anew: 1.50 becomes 1.5. So that they stay what they were, all of
// them are texts for a while, N and a number or S and what was between the quotes.

const (
	jsonText  = `"([^"\\]*(?:\\.[^"\\]*)*)"`
	jsonDepth = "300" // deeper JSON is null
)

func jsonObject(c call) (string, error) {
	steps, err := query.ParseJSONPath(c.text(1))
	if err != nil {
		return "", err
	}
	path, marked := "$", "$"
	checks := []string{"$1 IS NOT NULL"}
	for _, s := range steps {
		// Trino takes a number for an index of an array and for a name in an object.
		_, err := strconv.ParseInt(s.Key, 10, 64)
		switch length := "json_array_length(json_extract($1, " + quoteString(path) + "))"; {
		case s.Element:
			checks = append(checks, length+" IS NOT NULL")
		case err == nil:
			checks = append(checks, length+" IS NULL")
		}
		key := strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s.Key)
		path += `["` + key + `"]`
		if s.Element {
			marked += "[" + s.Key + "]"
			continue
		}
		marked += `["S` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(key) + `"]`
	}
	mark := "regexp_replace($1, " + quoteString(jsonText+`|(-?[0-9][-+.0-9Ee]*)`) + `, x -> IF(x[2] IS NULL, '"S' || replace(replace(x[1], '\', '\\'), '"', '\"') || '"', '"N' || x[2] || '"'))`
	// Trino escapes quotes, backslashes, and what is more than two bytes in UTF-16.
	unescaped := "regexp_replace(x[1], " + quoteString(`\\(?:(["\\])|u([0-9A-Fa-f]{4})\\u([0-9A-Fa-f]{4}))`) +
		", y -> IF(y[2] IS NULL, y[1], chr((from_base(y[2], 16) - 55296) * 1024 + from_base(y[3], 16) - 56320 + 65536)))"
	parts := "regexp_replace(json_format(json_extract(" + mark + ", " + quoteString(marked) + ")), " + quoteString(`"(?:S([^"\\]*(?:\\.[^"\\]*)*)|N([^"]*))"`) +
		`, x -> IF(x[2] IS NULL, '"' || ` + unescaped + ` || '"', x[2]))`
	notNull := func(json string) string { // JSON's null is a text, too
		return let(json, func(j string) string { return "IF(" + j + " = 'null', NULL, " + j + ")" })
	}
	text := "IF(" + strings.Join(checks, " AND ") + ", coalesce(json_extract_scalar($1, " + quoteString(path) + "), " + notNull(parts) +
		", " + notNull("json_format(json_extract($1, "+quoteString(path)+"))") + "), NULL)" // where a name has an escape that it could do without
	shallow := fill("IF("+isShallow+", $1, NULL)", c.args[0])
	return let(shallow, func(x string) string {
		return fill(text, fill("IF(TRY(json_parse($1)) IS NOT NULL, $1, NULL)", x))
	}), nil
}

// isShallow: most JSON has fewer brackets than it might have levels.
var isShallow = "(length($1) - length(replace(replace($1, '[', ''), '{', '')) <= " + jsonDepth +
	" OR reduce(regexp_extract_all(regexp_replace($1, " + quoteString(jsonText) + ", ''), '[\\[\\]{}]'), CAST(ROW(0, 0) AS ROW(d bigint, m bigint))" +
	", (a, b) -> CAST(IF(b IN ('[', '{'), ROW(a.d + 1, greatest(a.m, a.d + 1)), ROW(a.d - 1, a.m)) AS ROW(d bigint, m bigint)), a -> a.m) <= " + jsonDepth + ")"
