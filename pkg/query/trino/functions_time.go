package trino

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/query"
)

func timeOfMillis(c call) (string, error) {
	return let(c.args[0], func(ms string) string {
		return "IF(" + ms + " BETWEEN BIGINT '-9223372036854775' AND BIGINT '9223372036854775', " + fromMicros("(least(greatest("+ms+", BIGINT '-9223372036854775'), BIGINT '9223372036854775') * 1000)") + ", NULL)"
	}), nil
}

func timeOfSeconds(c call) (string, error) {
	return let(fill(nearest, "("+c.args[0]+" * DOUBLE '1e6')"), func(us string) string {
		return "IF(abs(" + us + ") < DOUBLE '4611686018427387904', " + fromMicros("TRY_CAST("+us+" AS bigint)") + ", NULL)"
	}), nil
}

// zoneOf is the time zone that an argument names, or UTC.
func zoneOf(c call, arg int) (*time.Location, error) {
	if arg >= len(c.args) {
		return time.UTC, nil
	}
	if name := c.text(arg); slices.Contains(otherZones, name) {
		return nil, unsupported(c.Func, fmt.Sprintf("Trino has no time zone %q, or another under that name", name))
	}
	return time.LoadLocation(c.text(arg))
}

// otherZones are the names, of some 600, that Trino 476 does not know, or for which it
// has other clocks in some year of the past. None but WET and EET is other after 1950.
var otherZones = []string{
	"Africa/Asmera", "Africa/Timbuktu", "America/Coral_Harbour", "America/Coyhaique", "America/Kralendijk", "America/Lower_Princes", "America/Marigot",
	"America/St_Barthelemy", "America/Virgin", "Antarctica/South_Pole", "Arctic/Longyearbyen", "Atlantic/Jan_Mayen", "CET", "CST6CDT", "EET", "EST", "EST5EDT",
	"Etc/Greenwich", "Etc/Zulu", "Factory", "HST", "Iceland", "Local", "MET", "MST", "MST7MDT", "PST8PDT", "Pacific/Ponape", "ROC", "WET",
}

// local is what the clock of a time zone shows at a time.
func local(x string, zone *time.Location) string {
	if zone == time.UTC {
		return x
	}
	return "CAST(with_timezone(" + x + ", 'UTC') AT TIME ZONE " + quoteString(zone.String()) + " AS timestamp(6))"
}

// clock is a part of what the clock of a time zone shows.
func clock(part string) form {
	return func(c call) (string, error) {
		zone, err := zoneOf(c, 1)
		if err != nil {
			return "", err
		}
		return fill(part, local(c.args[0], zone)), nil
	}
}

func dateFormat(c call) (string, error) { return formatted(c, c.args[0], c.text(1)) }

func fromUnixtime(c call) (string, error) {
	format := "yyyy-MM-dd HH:mm:ss"
	if len(c.args) > 1 {
		format = c.text(1)
	}
	var err error
	text := let(c.args[0], func(n string) string {
		var text string
		text, err = formatted(c, fromMicros("(least(greatest("+n+", BIGINT '-1099511627776'), BIGINT '1099511627776') * 1000000)"), format)
		return "IF(" + n + " BETWEEN BIGINT '-1099511627776' AND BIGINT '1099511627776', " + text + ", NULL)"
	})
	return text, err
}

// formatted is a time by a pattern, and in the time zone of the third argument.
func formatted(c call, at, format string) (string, error) {
	zone, err := zoneOf(c, 2)
	if err != nil {
		return "", err
	}
	parts, err := query.TimePattern(format)
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
	for _, p := range parts {
		if p.Layout == "" {
			text += p.Text
			continue
		}
		flush()
		pieces = append(pieces, layoutPart(p.Layout, zone))
	}
	flush()
	if pieces == nil {
		pieces = []string{"''"}
	}
	// $1 is the time, and $2 what the clock shows.
	return let(at, func(u string) string {
		return fill("IF($1 IS NULL, NULL, "+strings.Join(pieces, " || ")+")", u, local(u, zone))
	}), nil
}

const (
	longMonths = "ARRAY['January', 'February', 'March', 'April', 'May', 'June', 'July', 'August', 'September', 'October', 'November', 'December']"
	longDays   = "ARRAY['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday']"
)

func digits(n string) string { return "CAST(" + n + " AS varchar)" }

func padded(n string, width int) string { return fmt.Sprintf("lpad(%s, %d, '0')", digits(n), width) }

// layoutPart is one element of what Go's time writes.
func layoutPart(layout string, zone *time.Location) string {
	switch layout {
	case "2006":
		return "IF(year($2) < 0, '-', '') || IF(abs(year($2)) < 1000, lpad(CAST(abs(year($2)) AS varchar), 4, '0'), CAST(abs(year($2)) AS varchar))"
	case "06":
		return padded("mod(greatest(year($2), 0), 100)", 2)
	case "01":
		return padded("month($2)", 2)
	case "1":
		return digits("month($2)")
	case "Jan":
		return "substr(" + longMonths + "[month($2)], 1, 3)"
	case "January":
		return longMonths + "[month($2)]"
	case "02":
		return padded("day($2)", 2)
	case "2":
		return digits("day($2)")
	case "002":
		return padded("day_of_year($2)", 3)
	case "D":
		return digits("day_of_year($2)")
	case "Mon":
		return "substr(" + longDays + "[day_of_week($2)], 1, 3)"
	case "Monday":
		return longDays + "[day_of_week($2)]"
	case "15":
		return padded("hour($2)", 2)
	case "H":
		return digits("hour($2)")
	case "03":
		return padded("(mod(hour($2) + 11, 12) + 1)", 2)
	case "3":
		return digits("(mod(hour($2) + 11, 12) + 1)")
	case "04":
		return padded("minute($2)", 2)
	case "4":
		return digits("minute($2)")
	case "05":
		return padded("second($2)", 2)
	case "5":
		return digits("second($2)")
	case "15:04:05":
		return layoutPart("15", zone) + " || ':' || " + layoutPart("04", zone) + " || ':' || " + layoutPart("05", zone)
	case "PM":
		return "IF(hour($2) >= 12, 'PM', 'AM')"
	case "MST":
		return abbreviation(zone)
	}
	if layout[0] == 'S' {
		return fmt.Sprintf("substr(substr(CAST($1 AS varchar), -6) || '000', 1, %d)", len(layout))
	}
	return offset(layout)
}

const offsetSeconds = "date_diff('second', $1, $2)"

// offset is that of a time zone from UTC, in minutes that are cut off.
func offset(layout string) string {
	minutes := "abs(" + offsetSeconds + " / 60)"
	hh, mm := padded(minutes+" / 60", 2), padded("mod("+minutes+", 60)", 2)
	text := "IF(" + offsetSeconds + " <= -60, '-', '+') || " + hh
	switch layout[1:] {
	case "0700":
		text += " || " + mm
	case "07:00":
		text += " || ':' || " + mm
	}
	if layout[0] == 'Z' {
		return "IF(" + offsetSeconds + " = 0, 'Z', " + text + ")"
	}
	return text
}

// abbreviation is the name that a time zone has at a time, such as CET. It follows from
// the offset, but for some years long ago.
func abbreviation(zone *time.Location) string {
	type span struct {
		from, to time.Time // of which the first has no start and the last no end
		name     string
		offset   int
	}
	var spans []span
	last := map[int]string{} // by offset
	for at := time.Date(1700, 1, 1, 0, 0, 0, 0, time.UTC).In(zone); at.Year() < 2500; {
		name, seconds := at.Zone()
		_, end := at.ZoneBounds()
		spans = append(spans, span{at, end, name, seconds})
		last[seconds] = name
		if end.IsZero() {
			break
		}
		if at = end; !end.After(spans[len(spans)-1].from) { // Go's time has no end for the last day of some years
			at = end.Add(24 * time.Hour)
		}
	}
	if len(last) == 1 {
		return quoteString(spans[0].name)
	}
	var b strings.Builder
	b.WriteString("CASE")
	for i, s := range spans {
		if s.name == last[s.offset] {
			continue
		}
		test := "$1 < " + timeLiteral(s.to)
		if i > 0 {
			test += " AND $1 >= " + timeLiteral(s.from)
		}
		b.WriteString(" WHEN " + test + " THEN " + quoteString(s.name))
	}
	for _, seconds := range slices.Sorted(maps.Keys(last)) {
		fmt.Fprintf(&b, " WHEN %s = %d THEN %s", offsetSeconds, seconds, quoteString(last[seconds]))
	}
	return b.String() + " END"
}

func timeLiteral(t time.Time) string {
	return literal(columnar.IntValue(columnar.Timestamp, t.UnixMicro()))
}
