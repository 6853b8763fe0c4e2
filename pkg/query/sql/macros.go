package sql

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/query"
)

// Macros are what the macros of a statement become.
type Macros struct {
	Range    query.TimeRange
	Interval time.Duration // $__interval; 0 is a minute
	Zone     string        // IANA name, by whose clock $__timeGroup has its buckets; "" is UTC
	Dialect  Dialect       // of what the macros become
}

// Dialect is whose SQL a statement is.
type Dialect string

// The dialects.
const (
	Embedded Dialect = ""
	Trino    Dialect = "trino" // which has no $__timeGroup by the clock of a zone
)

// Macro is one macro, for who writes a statement.
type Macro struct {
	Name string // $__timeFilter
	Args string // column; empty for none
	Doc  string // one line

	least, most int  // arguments
	plain       bool // has no brackets
	expand      func(m Macros, at int, args []string) string
}

// Signature is the macro as it is written.
func (m Macro) Signature() string {
	if m.plain {
		return m.Name
	}
	return m.Name + "(" + m.Args + ")"
}

// KnownMacros are all macros, by name.
func KnownMacros() []Macro {
	column := func(name, doc string, expand func(Macros, int, []string) string) Macro {
		return Macro{Name: name, Args: "column", Doc: doc, least: 1, most: 1, expand: expand}
	}
	number := func(name, doc string, expand func(Macros, int, []string) string) Macro {
		return Macro{Name: name, Doc: doc, plain: true, expand: expand}
	}
	end := func(name, doc string, bound func(Macros, int) (string, bool), op string) Macro {
		return Macro{Name: name, Args: "[column]", Doc: doc, most: 1, expand: func(m Macros, at int, args []string) string {
			text, bounded := bound(m, at)
			switch {
			case len(args) == 0:
				return text
			case !bounded:
				return "true"
			}
			return args[0] + op + text
		}}
	}
	epoch := func(bound func(Macros, int) (int64, bool)) func(Macros, int, []string) string {
		return func(m Macros, at int, _ []string) string {
			us, _ := bound(m, at)
			return strconv.FormatInt(ceilDiv(us, 1e6), 10)
		}
	}
	return []Macro{
		column("$__dateFilter", "whether a date is one that the time range touches, in UTC", Macros.dateFilter),
		number("$__from", "start of the time range in milliseconds since 1970", func(m Macros, at int, _ []string) string {
			us, _ := m.from(at)
			return strconv.FormatInt(ceilDiv(us, 1000), 10)
		}),
		number("$__interval", "time between two points of the panel, as an INTERVAL", func(m Macros, _ int, _ []string) string { return m.intervalText(m.interval()) }),
		number("$__interval_ms", "time between two points of the panel in milliseconds", func(m Macros, _ int, _ []string) string {
			return strconv.FormatInt(m.interval().Milliseconds(), 10)
		}),
		column("$__timeFilter", "whether a time is in the time range", Macros.timeFilter),
		end("$__timeFrom", "start of the time range, or whether a time is not before it", Macros.fromText, " >= "),
		{Name: "$__timeGroup", Args: "column, interval", Doc: "start of the interval, such as 5m, 1h, 1d or $__interval, that a time is in", least: 2, most: 3, expand: Macros.timeGroup},
		end("$__timeTo", "end of the time range, or whether a time is before it", Macros.toText, " < "),
		number("$__to", "end of the time range in milliseconds since 1970", func(m Macros, at int, _ []string) string {
			us, _ := m.to(at)
			return strconv.FormatInt(ceilDiv(us, 1000), 10)
		}),
		column("$__unixEpochFilter", "whether a time in seconds since 1970 is in the time range", Macros.epochFilter),
		{Name: "$__unixEpochFrom", Doc: "start of the time range in seconds since 1970", expand: epoch(Macros.from)},
		{Name: "$__unixEpochTo", Doc: "end of the time range in seconds since 1970", expand: epoch(Macros.to)},
	}
}

func ceilDiv(a, b int64) int64 {
	if a%b > 0 {
		return a/b + 1
	}
	return a / b
}

func (m Macros) interval() time.Duration {
	if m.Interval <= 0 {
		return time.Minute
	}
	return max(m.Interval, time.Millisecond)
}

// from is the start in microseconds: a range without one starts before all events.
func (m Macros) from(int) (int64, bool) {
	from, bounded, _, _ := m.Range.Micros()
	if !bounded {
		return earliest.UnixMicro(), false
	}
	return from, true
}

// to is the end in microseconds, which has to be there.
func (m Macros) to(at int) (int64, bool) {
	_, _, to, bounded := m.Range.Micros()
	if !bounded {
		panic(fault{at, ErrNoEnd})
	}
	return to, true
}

func (m Macros) timestampText(us int64) string {
	if m.Dialect == Trino {
		return trinoTime(us)
	}
	return "TIMESTAMP '" + time.UnixMicro(us).UTC().Format(time.RFC3339Nano) + "'"
}

func (m Macros) fromText(at int) (string, bool) {
	us, bounded := m.from(at)
	return m.timestampText(us), bounded
}

func (m Macros) toText(at int) (string, bool) {
	us, bounded := m.to(at)
	return m.timestampText(us), bounded
}

// between is a condition on a value that is to be from <= x < to, of bounds that are
// written in some way.
func (m Macros) between(x string, text func(us int64) string) string {
	from, hasFrom, to, hasTo := m.Range.Micros()
	switch {
	case hasFrom && hasTo:
		return fmt.Sprintf("(%s >= %s AND %s < %s)", x, text(from), x, text(to))
	case hasFrom:
		return fmt.Sprintf("(%s >= %s)", x, text(from))
	case hasTo:
		return fmt.Sprintf("(%s < %s)", x, text(to))
	}
	return "true"
}

func (m Macros) timeFilter(_ int, args []string) string { return m.between(args[0], m.timestampText) }

func (m Macros) epochFilter(_ int, args []string) string {
	return m.between(args[0], func(us int64) string { return strconv.FormatInt(ceilDiv(us, 1e6), 10) })
}

// dateFilter: the last date is that of the last microsecond.
func (m Macros) dateFilter(_ int, args []string) string {
	from, hasFrom, to, hasTo := m.Range.Micros()
	var parts []string
	add := func(op string, us int64) {
		parts = append(parts, args[0]+op+"DATE '"+time.UnixMicro(us).UTC().Format(time.DateOnly)+"'")
	}
	if hasFrom {
		add(" >= ", from)
	}
	if hasTo {
		add(" <= ", to-1)
	}
	if parts == nil {
		return "true"
	}
	return "(" + strings.Join(parts, " AND ") + ")"
}

func (m Macros) timeGroup(at int, args []string) string {
	if len(args) > 2 {
		fail(at, "$__timeGroup does not fill what is missing: write $__timeGroup(%s, %s), and let the panel connect null values, or an alert rule take no data for zero", args[0], args[1])
	}
	unit := m.bucket(at, args[1])
	if m.Dialect == Trino {
		return trinoBucket(unit, args[0])
	}
	zone := ""
	if m.Zone != "" && m.Zone != "UTC" {
		zone = ", '" + strings.ReplaceAll(m.Zone, "'", "''") + "'"
	}
	return "time_bucket('" + unit + "', " + args[0] + zone + ")"
}

// bucket is the unit of a Bucket that an interval is, as it is written: 5m, '5m', hour,
// or $__interval.
func (m Macros) bucket(at int, text string) string {
	if strings.EqualFold(text, "$__interval") {
		return unitOf(m.interval())
	}
	if len(text) > 1 && (text[0] == '\'' || text[0] == '"') && text[len(text)-1] == text[0] {
		text = text[1 : len(text)-1]
	}
	digits := 0
	for digits < len(text) && isDigit(text[digits]) {
		digits++
	}
	if digits == 0 {
		unit := strings.ToLower(text)
		if other, ok := spelledUnits[unit]; ok {
			unit = other
		}
		if _, err := query.NewBucketing(unit, ""); err == nil {
			return unit
		}
	}
	n, err := strconv.ParseInt(text[:digits], 10, 32)
	suffix := strings.TrimSpace(text[digits:])
	if months, ok := map[string]int64{"M": 1, "y": 12}[suffix]; ok && err == nil {
		if unit, ok := map[int64]string{1: "month", 3: "quarter", 12: "year"}[n*months]; ok {
			return unit
		}
	}
	size, ok := suffixes[suffix]
	if !ok || err != nil || n == 0 || time.Duration(n) > time.Duration(1<<62)/size {
		fail(at, "%q is no interval of $__timeGroup: write one such as 30s, 5m, 1h, 1d, 1w, 1M, or $__interval", text)
	}
	return unitOf(time.Duration(n) * size)
}

// suffixes are the units of intervals as Grafana writes them.
var suffixes = map[string]time.Duration{
	"ms": time.Millisecond, "s": time.Second, "m": time.Minute, "h": time.Hour, "d": 24 * time.Hour, "w": 7 * 24 * time.Hour,
}

// unitOf is a duration as the unit of a Bucket: by its name where it has one, so that
// weeks begin on Mondays.
func unitOf(d time.Duration) string {
	for name, size := range map[string]time.Duration{
		"second": time.Second, "minute": time.Minute, "hour": time.Hour, "day": 24 * time.Hour, "week": 7 * 24 * time.Hour,
	} {
		if d == size {
			return name
		}
	}
	d = d.Truncate(time.Millisecond)
	switch {
	case d%time.Hour == 0:
		return fmt.Sprintf("%dh", d/time.Hour)
	case d%time.Minute == 0:
		return fmt.Sprintf("%dm", d/time.Minute)
	case d%time.Second == 0:
		return fmt.Sprintf("%ds", d/time.Second)
	}
	return fmt.Sprintf("%dms", d.Milliseconds())
}

// intervalText is a duration as an INTERVAL, in the largest unit that it is whole in.
func (m Macros) intervalText(d time.Duration) string {
	for _, unit := range []struct {
		name string
		size time.Duration
	}{{"DAY", 24 * time.Hour}, {"HOUR", time.Hour}, {"MINUTE", time.Minute}, {"SECOND", time.Second}} {
		if d%unit.size == 0 {
			return fmt.Sprintf("INTERVAL '%d' %s", d/unit.size, unit.name)
		}
	}
	if m.Dialect == Trino {
		return fmt.Sprintf("INTERVAL '%d.%03d' SECOND", d/time.Second, (d % time.Second).Milliseconds())
	}
	return fmt.Sprintf("INTERVAL '%d' MILLISECOND", d.Milliseconds())
}

// Expand is a statement with SQL in the place of its macros: what is answered, and
// shown as such. Texts, names in quotes and comments stay as they are, and so do
// parameters, which have one underscore less. A bare interval such as 5m, which is
// what Grafana's front end makes of $__interval, becomes an INTERVAL. The error is an
// *Error.
func Expand(text string, m Macros) (string, error) {
	e := expansion{macros: m}
	return e.run(text)
}

// ParseExpanded is Parse of what Expand gives. Places in errors, those of Plan too, are
// in the text as it was written.
func ParseExpanded(text string, m Macros) (_ *Statement, expanded string, err error) {
	e := expansion{macros: m}
	if expanded, err = e.run(text); err != nil {
		return nil, "", err
	}
	s, err := parse(text, expanded, e.places)
	return s, expanded, err
}

func (e *expansion) run(text string) (_ string, err error) {
	defer recoverAt(text, nil, &err)
	return e.all(text, 0), nil
}

// expansion is a text on its way to one without macros.
type expansion struct {
	macros Macros
	out    strings.Builder
	places places
}

// places are the pieces of an expanded text, by where they end.
type places []place

// place is a piece that was written at an offset; one of a macro is all there.
type place struct {
	end, at int
	macro   bool
}

// original is the offset in the text as it was written.
func (p places) original(at int) int {
	start := 0
	for i, piece := range p {
		if at >= piece.end && i < len(p)-1 {
			start = piece.end
			continue
		}
		if piece.macro {
			return piece.at
		}
		return piece.at + at - start
	}
	return at
}

func (e *expansion) write(text string, piece place) {
	e.out.WriteString(text)
	piece.end = e.out.Len()
	e.places = append(e.places, piece)
}

// all expands a text that was written at an offset.
func (e *expansion) all(text string, offset int) string {
	done := 0
	for at := 0; at < len(text); {
		next, macro := e.piece(text, at, offset)
		if macro != nil {
			e.write(text[done:at], place{at: offset + done})
			e.write(*macro, place{at: offset + at, macro: true})
			done = next
		}
		at = next
	}
	e.write(text[done:], place{at: offset + done})
	return e.out.String()
}

// piece passes one token, and gives what it becomes if that is something else.
func (e *expansion) piece(text string, at, offset int) (next int, becomes *string) {
	if end := skipSpace(text, at); end > at {
		return end, nil
	}
	c := text[at]
	switch {
	case c == '\'' || c == '"' || c == '`':
		_, end := lexQuoted(text, at, tokenText)
		return end, nil
	case isWordStart(c):
		return wordEnd(text, at), nil
	case isDigit(c):
		return e.macros.bareInterval(text, at)
	case strings.HasPrefix(text[at:], "$__"):
		end, made := e.macro(text, at, offset)
		return end, &made
	case c == '$':
		return max(wordEnd(text, at+1), at+1), nil
	}
	return at + 1, nil
}

func (m Macros) bareInterval(text string, at int) (int, *string) {
	end := wordEnd(text, at)
	digits := at
	for digits < end && isDigit(text[digits]) {
		digits++
	}
	n, err := strconv.ParseInt(text[at:digits], 10, 32)
	size, ok := suffixes[text[digits:end]]
	if !ok || err != nil || at > 0 && text[at-1] == '.' || end < len(text) && text[end] == '.' {
		return end, nil
	}
	made := m.intervalText(time.Duration(n) * size)
	return end, &made
}

func (e *expansion) macro(text string, at, offset int) (int, string) {
	end := wordEnd(text, at+1)
	name := text[at:end]
	all := KnownMacros()
	i := slices.IndexFunc(all, func(m Macro) bool { return m.Name == name })
	if i < 0 {
		var names []string
		for _, m := range all {
			names = append(names, m.Name)
		}
		fail(offset+at, "there is no macro %s%s", name, query.DidYouMean(name, names))
	}
	m := all[i]
	if m.plain {
		return end, m.expand(e.macros, offset+at, nil)
	}
	open := skipSpace(text, end)
	if open == len(text) || text[open] != '(' {
		fail(offset+at, "%s has brackets: write %s", name, m.Signature())
	}
	args, end := arguments(text, open, offset)
	if len(args) < m.least || len(args) > m.most {
		fail(offset+at, "%s takes other arguments: write %s", name, m.Signature())
	}
	if len(args) > 0 { // the column, which may be an expression; an interval is left as it is
		inner := expansion{macros: e.macros}
		args[0] = inner.all(args[0], offset+skipSpace(text, open+1))
	}
	return end, m.expand(e.macros, offset+at, args)
}

// arguments are the texts between brackets and commas, and where they end.
func arguments(text string, open, offset int) (args []string, end int) {
	depth, start := 0, open+1
	for at := open; at < len(text); {
		if next := skipSpace(text, at); next > at {
			at = next
			continue
		}
		switch c := text[at]; {
		case c == '\'' || c == '"' || c == '`':
			_, at = lexQuoted(text, at, tokenText)
			continue
		case c == '(' || c == '[':
			depth++
		case c == ')' || c == ']':
			if depth--; depth == 0 {
				last := strings.TrimSpace(text[start:at])
				if last != "" || args != nil {
					args = append(args, last)
				}
				return args, at + 1
			}
		case c == ',' && depth == 1:
			args = append(args, strings.TrimSpace(text[start:at]))
			start = at + 1
		}
		at++
	}
	fail(offset+open, "the ( has no end")
	return nil, 0
}

// macro is a macro of a statement that is lowered for each time range: $__timeFrom()
// and $__timeTo(). The others are there after Expand.
func (x *exprs) macro(c *call) query.Expr {
	if !strings.HasPrefix(c.name, "$") {
		return nil
	}
	from, hasFrom, to, hasTo := x.binding.Range.Micros()
	switch {
	case c.name == "$__timeFrom" && !hasFrom:
		return query.Time(earliest)
	case c.name == "$__timeFrom":
		return query.Const{Value: columnar.IntValue(columnar.Timestamp, from)}
	case c.name == "$__timeTo" && !hasTo:
		panic(fault{c.pos(), ErrNoEnd})
	case c.name == "$__timeTo":
		return query.Const{Value: columnar.IntValue(columnar.Timestamp, to)}
	}
	fail(c.pos(), "there is no macro %s() in a named query: there are $__timeFrom() and $__timeTo(), and scans are within the time range by themselves", c.name)
	return nil
}

// earliest stands for the start of a time range that has none: before all events.
var earliest = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)
