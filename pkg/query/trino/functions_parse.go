package trino

import (
	"fmt"
	"strings"
	"time"

	"github.com/auditlake/auditlake/pkg/query"
)

// A text is read as Go's time reads it by a layout. The layout becomes a regular
// expression for the whole text, its groups the text of a timestamp, and the cast of
// that is null where it is none, as on the thirtieth of February.

func toTimestamp(c call) (string, error) {
	zone, err := zoneOf(c, 2)
	if err != nil {
		return "", err
	}
	layouts := query.TimeLayouts[:]
	if len(c.args) > 1 {
		layout, err := query.ParseLayout(c.text(1))
		if err != nil {
			return "", err
		}
		layouts = []string{layout}
	}
	readings := make([]*reading, len(layouts))
	for i, l := range layouts {
		if readings[i], err = readLayout(c.Func, l); err != nil {
			return "", err
		}
	}
	return let(c.args[0], func(x string) string {
		ways := make([]string, len(readings), len(readings)+1)
		for i, r := range readings {
			ways[i] = r.time(x, zone)
		}
		if len(ways) == 1 {
			return ways[0]
		}
		return "coalesce(" + strings.Join(ways, ", ") + ")"
	}), nil
}

// reading is a layout as a regular expression whose groups are fields.
type reading struct {
	pattern strings.Builder
	groups  int
	fields  map[string]int // the group of each
	twice   bool
	hours   bool // the offset has no minutes
}

// field adds a group.
func (r *reading) field(name, pattern string) {
	r.groups++
	if _, there := r.fields[name]; there {
		r.twice = true
	}
	r.fields[name] = r.groups
	r.pattern.WriteString("(" + pattern + ")")
}

// group is the text of a field, or another where the layout does not have it.
func (r *reading) group(name, otherwise string) string {
	if g, there := r.fields[name]; there {
		return fmt.Sprintf("x[%d]", g)
	}
	return quoteString(otherwise)
}

const (
	oneOrTwo = `[0-9]{2}|[0-9](?![0-9])`
	decimals = `(?:[.,]([0-9]+)(?![0-9])|(?![.,][0-9]))` // what follows seconds is always theirs
)

// layoutFields are the elements of layouts that are read, in the order in which they
// are looked for.
var layoutFields = []struct{ layout, name, pattern string }{
	{"January", "name", anyOf(time.January, time.December, time.Month.String)},
	{"Jan", "name", anyOf(time.January, time.December, func(m time.Month) string { return m.String()[:3] })},
	{"Monday", "weekday", anyOf(time.Sunday, time.Saturday, time.Weekday.String)},
	{"Mon", "weekday", anyOf(time.Sunday, time.Saturday, func(d time.Weekday) string { return d.String()[:3] })},
	{"MST", "", ""},
	{"002", "", ""},
	{"01", "month", "[0-9]{2}"},
	{"02", "day", "[0-9]{2}"},
	{"03", "hour12", "[0-9]{2}"},
	{"04", "minute", "[0-9]{2}"},
	{"05", "second", "[0-9]{2}"},
	{"06", "year2", "[-+0-9][0-9]"},
	{"15", "hour", oneOrTwo},
	{"1", "month", oneOrTwo},
	{"2006", "year", "[0-9]{4}"},
	{"2", "day", oneOrTwo},
	{"__2", "", ""},
	{"_2", "", ""},
	{"3", "hour12", oneOrTwo},
	{"4", "minute", oneOrTwo},
	{"5", "second", oneOrTwo},
	{"PM", "half", "AM|PM"},
	{"pm", "", ""},
	{"-07:00", "offset", "[-+][0-9]{2}:[0-9]{2}"},
	{"-0700", "offset", "[-+][0-9]{4}"},
	{"-07", "offset", "[-+][0-9]{2}"},
	{"Z07:00", "offset", "Z|[-+][0-9]{2}:[0-9]{2}"},
	{"Z0700", "offset", "Z|[-+][0-9]{4}"},
	{"Z07", "offset", "Z|[-+][0-9]{2}"},
}

// anyOf are names in any letter case, of ASCII alone.
func anyOf[T ~int](first, last T, name func(T) string) string {
	var out []string
	for i := first; i <= last; i++ {
		var b strings.Builder
		for _, c := range name(i) {
			b.WriteString("[" + strings.ToUpper(string(c)) + strings.ToLower(string(c)) + "]")
		}
		out = append(out, b.String())
	}
	return strings.Join(out, "|")
}

// readLayout fails for what is not said in Trino.
func readLayout(name, layout string) (*reading, error) {
	r := &reading{fields: map[string]int{}}
	r.pattern.WriteString(`\A`)
next:
	for rest := layout; rest != ""; {
		if n := decimalsOf(rest); n > 0 {
			if _, there := r.fields["decimals"]; !there { // those behind seconds are there
				if rest[1] == '9' {
					r.groups++
					r.fields["decimals"] = r.groups
					r.pattern.WriteString(decimals)
				} else {
					r.pattern.WriteString("[.,]")
					r.field("decimals", fmt.Sprintf(`[0-9]{%d}|\+[0-9]{%d}|-0{%d}`, n-1, n-2, n-2)) // Go takes a sign here
				}
			}
			rest = rest[n:]
			continue
		}
		for _, f := range layoutFields {
			after, found := strings.CutPrefix(rest, f.layout)
			if !found || (f.layout == "Jan" || f.layout == "Mon") && after != "" && after[0] >= 'a' && after[0] <= 'z' {
				continue
			}
			if f.name == "" {
				return nil, unsupported(name, fmt.Sprintf("its pattern has an element, %s, that is not said in Trino's SQL", f.layout))
			}
			r.field(f.name, f.pattern)
			r.hours = r.hours || strings.HasSuffix(f.layout, "07")
			if rest = after; f.name == "second" && decimalsOf(rest) == 0 && !laterDecimals(rest) {
				r.groups++
				r.fields["decimals"] = r.groups
				r.pattern.WriteString(decimals)
			}
			continue next
		}
		if rest[0] == ' ' {
			r.pattern.WriteString(`(?: +|\z)`)
			rest = strings.TrimLeft(rest, " ")
			continue
		}
		c := []rune(rest)[0]
		writeRune(&r.pattern, c)
		rest = rest[len(string(c)):]
	}
	r.pattern.WriteString(`\z`)
	if r.twice {
		return nil, unsupported(name, "its pattern says something twice")
	}
	return r, nil
}

// decimalsOf is the length of the decimals of a second that a layout begins with.
func decimalsOf(layout string) int {
	if len(layout) < 2 || layout[0] != '.' && layout[0] != ',' || layout[1] != '0' && layout[1] != '9' {
		return 0
	}
	digits := strings.TrimLeft(layout[1:], layout[1:2])
	if digits != "" && digits[0] >= '0' && digits[0] <= '9' {
		return 0
	}
	return len(layout) - len(digits)
}

// laterDecimals reports whether the next element of a layout is decimals of a second.
func laterDecimals(layout string) bool {
	for i := range layout {
		if decimalsOf(layout[i:]) > 0 {
			return true
		}
		for _, f := range layoutFields {
			if strings.HasPrefix(layout[i:], f.layout) {
				return false
			}
		}
	}
	return false
}

// time is the time that a text says by the layout, or null.
func (r *reading) time(x string, zone *time.Location) string {
	p := quoteString(r.pattern.String())
	year := r.group("year", "0000")
	if _, there := r.fields["year2"]; there {
		n := "CAST(" + r.group("year2", "") + " AS bigint)"
		year = "CAST(" + n + " + IF(" + n + " >= 69, 1900, 2000) AS varchar)"
	}
	month := "lpad(" + r.group("month", "1") + ", 2, '0')"
	if _, there := r.fields["name"]; there {
		month = "lpad(CAST(array_position(ARRAY['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'], lower(substr(" + r.group("name", "") + ", 1, 3))) AS varchar), 2, '0')"
	}
	hour := "CAST(" + r.group("hour", "0") + " AS bigint)"
	if _, there := r.fields["hour12"]; there {
		hour = "CAST(" + r.group("hour12", "") + " AS bigint)"
		hour = "IF(" + hour + " > 12, 99, " + hour + ")"
	}
	if _, there := r.fields["half"]; there {
		half := r.group("half", "")
		hour = "(" + hour + " + CASE WHEN " + half + " = 'PM' AND " + hour + " < 12 THEN 12 WHEN " + half + " = 'AM' AND " + hour + " = 12 THEN -12 ELSE 0 END)"
	}
	text := year + " || '-' || " + month + " || '-' || lpad(" + r.group("day", "1") + ", 2, '0') || ' ' || lpad(CAST(" + hour + " AS varchar), 2, '0')" +
		" || ':' || lpad(" + r.group("minute", "0") + ", 2, '0') || ':' || lpad(" + r.group("second", "0") + ", 2, '0')" +
		" || '.' || substr(rpad(translate(coalesce(" + r.group("decimals", "") + ", ''), '+-', '00'), 6, '0'), 1, 6)"
	shown := "TRY_CAST(regexp_replace(" + x + ", " + p + ", x -> CAST(" + text + " AS varchar)) AS timestamp(6))"
	_, hasOffset := r.fields["offset"]
	switch {
	case hasOffset:
		shown = let(fmt.Sprintf("regexp_extract(%s, %s, %d)", x, p, r.fields["offset"]), func(o string) string {
			hours, minutes := "TRY_CAST(substr("+o+", 2, 2) AS bigint)", "TRY_CAST(substr('0' || replace("+o+", ':', ''), 5) AS bigint)"
			if r.hours {
				minutes = "BIGINT '0'"
			}
			seconds := "(" + hours + " * 3600 + " + minutes + " * 60) * IF(substr(" + o + ", 1, 1) = '-', 1, -1)"
			return "CASE WHEN " + o + " = 'Z' THEN " + shown + " WHEN " + hours + " > 24 OR " + minutes + " > 60 THEN NULL ELSE date_add('second', " + seconds + ", " + shown + ") END"
		})
	case zone != time.UTC:
		shown = let(shown, func(t string) string { return fromLocal(t, zone) })
	}
	return "IF(regexp_like(" + x + ", " + p + "), " + shown + ", NULL)"
}

// fromLocal is when the clock of a time zone shows a time: where it shows it twice or
// not at all, what Go's time takes.
func fromLocal(t string, zone *time.Location) string {
	behind := func(u string) string {
		return let(u, func(u string) string { return "date_diff('second', " + u + ", " + local(u, zone) + ")" })
	}
	return let(behind(t), func(first string) string {
		second := behind("date_add('second', -" + first + ", " + t + ")")
		return "IF(" + first + " = 0, " + t + ", date_add('second', -" + second + ", " + t + "))"
	})
}
