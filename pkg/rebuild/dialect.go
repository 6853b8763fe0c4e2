package rebuild

import (
	"fmt"
	"strings"

	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/etl"
	"github.com/auditlake/auditlake/pkg/register"
)

// dialect is what engines say differently.
type dialect struct {
	names register.Dialect
	words etl.Words
	// at is a table as it was at a version, row a struct, and element that of an array
	// at an index from 1, null where the index is.
	at      func(table string, version int64) string
	row     func(fields []columnar.Field, values []string) string
	element func(array, index string) string
}

func dialectOf(target string, names register.Dialect) (dialect, bool) {
	switch target {
	case "trino":
		return trino(names), true
	case "spark":
		return spark(names), true
	}
	return dialect{}, false
}

func trino(names register.Dialect) dialect {
	return dialect{
		names: names,
		words: etl.Words{
			Param: func(key string) string {
				return fmt.Sprintf("nullif(element_at(requestParams, %s), '')", names.Text(key))
			},
			Member: func(object, key string) string {
				path := names.Text("$." + key)
				// A scalar keeps its text. What is not one is printed anew, and null says "null".
				return fmt.Sprintf("CASE WHEN %s AND TRY(json_parse(%s)) IS NOT NULL THEN nullif(coalesce(json_extract_scalar(%s, %s), nullif(json_format(json_extract(%s, %s)), 'null')), '') END",
					mayHave(names, "strpos", object, key), object, object, path, object, path)
			},
			Group: func(text, pattern string) string {
				return fmt.Sprintf("regexp_extract(%s, %s, 1)", text, names.Text(pattern))
			},
			Matches: func(text, pattern string) string {
				return fmt.Sprintf("regexp_like(%s, %s)", text, names.Text(pattern))
			},
		},
		at: func(table string, version int64) string {
			return fmt.Sprintf("%s FOR VERSION AS OF %d %s", table, version, alias)
		},
		row: func(fields []columnar.Field, values []string) string {
			var types []string
			for _, f := range fields {
				types = append(types, names.Ident(f.Name)+" varchar")
			}
			return fmt.Sprintf("CAST(ROW(%s) AS ROW(%s))", strings.Join(values, ", "), strings.Join(types, ", "))
		},
		element: func(array, index string) string { return fmt.Sprintf("element_at(%s, %s)", array, index) },
	}
}

// Spark's try_ functions are the same in both of its modes, strict and not.
func spark(names register.Dialect) dialect {
	return dialect{
		names: names,
		words: etl.Words{
			Param: func(key string) string {
				return fmt.Sprintf("nullif(try_element_at(requestParams, %s), '')", names.Text(key))
			},
			Member: func(object, key string) string {
				return fmt.Sprintf("CASE WHEN %s THEN nullif(get_json_object(%s, %s), '') END",
					mayHave(names, "instr", object, key), object, names.Text("$."+key))
			},
			Group: func(text, pattern string) string {
				return fmt.Sprintf("nullif(regexp_extract(%s, %s, 1), '')", text, names.Text(pattern))
			},
			Matches: func(text, pattern string) string {
				return fmt.Sprintf("(%s RLIKE %s)", text, names.Text(pattern))
			},
		},
		at: func(table string, version int64) string {
			return fmt.Sprintf("%s VERSION AS OF %d %s", table, version, alias)
		},
		row: func(fields []columnar.Field, values []string) string {
			var pairs []string
			for i, f := range fields {
				pairs = append(pairs, names.Text(f.Name)+", "+values[i])
			}
			return "named_struct(" + strings.Join(pairs, ", ") + ")"
		},
		element: func(array, index string) string {
			return fmt.Sprintf("try_element_at(%s, CAST(%s AS INT))", array, index)
		},
	}
}

// mayHave says that a text could be an object with a member.
func mayHave(names register.Dialect, find, object, key string) string {
	return fmt.Sprintf("substr(%s, 1, 1) = '{' AND %s(%s, %s) > 0", object, find, object, names.Text(key))
}
