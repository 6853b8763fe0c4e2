package query

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/auditlake/auditlake/pkg/columnar"
)

// micros is a timestamp, or null beyond the range of one.
func micros(of, unit int64) columnar.Value {
	if of > math.MaxInt64/unit || of < math.MinInt64/unit {
		return columnar.Value{}
	}
	return columnar.IntValue(columnar.Timestamp, of*unit)
}

func timestampMicros(a []columnar.Value) columnar.Value { return micros(a[0].Int, 1) }
func timestampMillis(a []columnar.Value) columnar.Value { return micros(a[0].Int, 1000) }

func timestampSeconds(a []columnar.Value) columnar.Value {
	us := math.Round(a[0].Float * 1e6)
	if !(us > -1<<62 && us < 1<<62) {
		return columnar.Value{}
	}
	return columnar.IntValue(columnar.Timestamp, int64(us))
}

// down is a time in a unit of so many microseconds, rounded down.
func down(t, unit int64) columnar.Value {
	return columnar.IntValue(columnar.Long, (t-mod(t, unit))/unit)
}

func unixMicros(a []columnar.Value) columnar.Value  { return down(a[0].Int, 1) }
func unixMillis(a []columnar.Value) columnar.Value  { return down(a[0].Int, 1000) }
func unixSeconds(a []columnar.Value) columnar.Value { return down(a[0].Int, secondMicros) }

// lastDay is about how far dates are computed with: some five million years.
const lastDay = math.MaxInt32

func dateValue(day int64) columnar.Value {
	if day > lastDay || day < -lastDay {
		return columnar.Value{}
	}
	return columnar.IntValue(columnar.Date, day)
}

func dateAdd(a []columnar.Value) columnar.Value {
	return dateValue(a[0].Int + min(max(a[1].Int, -2*lastDay), 2*lastDay))
}

func dateSub(a []columnar.Value) columnar.Value {
	return dateValue(a[0].Int - min(max(a[1].Int, -2*lastDay), 2*lastDay))
}

func dateDiff(a []columnar.Value) columnar.Value {
	return columnar.IntValue(columnar.Long, a[0].Int-a[1].Int)
}

func addMonthsDate(a []columnar.Value) columnar.Value {
	t, ok := laterMonth(time.Unix(a[0].Int*86400, 0).UTC(), a[1].Int)
	if !ok {
		return columnar.Value{}
	}
	return dateValue(t.Unix() / 86400)
}

func addMonths(a []columnar.Value) columnar.Value {
	t, ok := laterMonth(time.UnixMicro(a[0].Int).UTC(), a[1].Int)
	if !ok {
		return columnar.Value{}
	}
	return columnar.IntValue(columnar.Timestamp, t.UnixMicro())
}

// laterMonth keeps the day, or takes the last of a month that does not have it.
func laterMonth(t time.Time, months int64) (time.Time, bool) {
	if months > 12*10_000 || months < -12*10_000 {
		return t, false
	}
	first := t.AddDate(0, 0, 1-t.Day()).AddDate(0, int(months), 0)
	last := first.AddDate(0, 1, -1).Day()
	return first.AddDate(0, 0, min(t.Day(), last)-1), true
}

func hour(t time.Time) int    { return t.Hour() }
func month(t time.Time) int   { return int(t.Month()) }
func quarter(t time.Time) int { return (int(t.Month()) + 2) / 3 }

// dayOfWeek is 1 for Monday to 7 for Sunday.
func dayOfWeek(t time.Time) int   { return mondayFirst(t) + 1 }
func mondayFirst(t time.Time) int { return (int(t.Weekday()) + 6) % 7 }
func sundayFirst(t time.Time) int { return int(t.Weekday()) + 1 }

func isoWeek(t time.Time) int {
	_, week := t.ISOWeek()
	return week
}

// clock is a function of what the clock of a time zone shows, UTC if none is given.
func clock(f func(time.Time) int) func(call) (Eval, error) {
	return func(c call) (Eval, error) {
		loc, err := zoneOf(c, 1)
		return func(a []columnar.Value) columnar.Value { return longValue(f(time.UnixMicro(a[0].Int).In(loc))) }, err
	}
}

func zoneOf(c call, arg int) (*time.Location, error) {
	if arg >= len(c.args) {
		return time.UTC, nil
	}
	zone := string(c.args[arg].Bytes)
	loc, err := time.LoadLocation(zone)
	if err != nil {
		return nil, fmt.Errorf("time zone %q is not known", zone)
	}
	return loc, nil
}

func dateFormat(c call) (Eval, error) {
	write, err := timeWriter(c, 1, "")
	if err != nil {
		return nil, err
	}
	return func(a []columnar.Value) columnar.Value { return write(time.UnixMicro(a[0].Int)) }, nil
}

func fromUnixtime(c call) (Eval, error) {
	write, err := timeWriter(c, 1, "yyyy-MM-dd HH:mm:ss")
	if err != nil {
		return nil, err
	}
	return func(a []columnar.Value) columnar.Value {
		if s := a[0].Int; s < -1<<40 || s > 1<<40 {
			return columnar.Value{}
		}
		return write(time.Unix(a[0].Int, 0))
	}, nil
}

// TimePart is a part of a pattern that writes times.
type TimePart struct {
	Text string // as it is, where there is no Layout
	// Layout is one element as Go's time has it, or one that it does not have: D is the
	// day of the year and H the hour without zeros before them, SSS are decimals of the second.
	Layout string
}

func (p TimePart) append(buf []byte, t time.Time) []byte {
	switch {
	case p.Layout == "":
		return append(buf, p.Text...)
	case p.Layout == "D":
		return strconv.AppendInt(buf, int64(t.YearDay()), 10)
	case p.Layout == "H":
		return strconv.AppendInt(buf, int64(t.Hour()), 10)
	case p.Layout[0] == 'S':
		return append(buf, fmt.Sprintf("%09d", t.Nanosecond())[:len(p.Layout)]...)
	}
	return t.AppendFormat(buf, p.Layout)
}

// TimePattern reads a pattern that writes times: of letters, or with a % in it of those.
func TimePattern(format string) ([]TimePart, error) {
	if strings.Contains(format, "%") {
		return percentParts(format)
	}
	return letterParts(format)
}

// timeWriter writes times by the pattern that is an argument, and in the time zone
// after it.
func timeWriter(c call, arg int, format string) (func(time.Time) columnar.Value, error) {
	loc, err := zoneOf(c, arg+1)
	if err != nil {
		return nil, err
	}
	if arg < len(c.args) {
		format = string(c.args[arg].Bytes)
	}
	parts, err := TimePattern(format)
	if err != nil {
		return nil, err
	}
	var buf []byte
	return func(t time.Time) columnar.Value {
		t, buf = t.In(loc), buf[:0]
		for _, p := range parts {
			buf = p.append(buf, t)
		}
		return bytesValue(buf)
	}, nil
}

// percentLayouts are the letters after %, as Go's time has it.
var percentLayouts = map[byte]string{
	'Y': "2006", 'y': "06", 'm': "01", 'd': "02", 'H': "15", 'i': "04", 's': "05", 'S': "05",
	'T': "15:04:05", 'f': "SSSSSS", 'M': "January", 'b': "Jan", 'W': "Monday", 'a': "Mon", 'j': "002",
}

// percentParts reads a pattern such as %Y-%m-%d.
func percentParts(format string) ([]TimePart, error) {
	var parts []TimePart
	for rest := format; rest != ""; {
		literal, after, found := strings.Cut(rest, "%")
		parts = append(parts, TimePart{Text: literal})
		if rest = after; !found {
			break
		}
		if rest == "" {
			return nil, fmt.Errorf("format %q ends in %%", format)
		}
		letter := rest[0]
		rest = rest[1:]
		layout, known := percentLayouts[letter]
		switch {
		case letter == '%':
			parts = append(parts, TimePart{Text: "%"})
		case known:
			parts = append(parts, TimePart{Layout: layout})
		default:
			return nil, fmt.Errorf("format %q: %%%c is not known; there are %%Y %%y %%m %%d %%H %%i %%s %%f %%T %%M %%b %%W %%a %%j %%%%", format, letter)
		}
	}
	return parts, nil
}

// letterLayouts are the letters of Spark's patterns, as Go's time has them.
var letterLayouts = map[string]string{
	"yyyy": "2006", "y": "2006", "yy": "06", "uuuu": "2006", "M": "1", "MM": "01", "MMM": "Jan", "MMMM": "January", "LLLL": "January",
	"d": "2", "dd": "02", "D": "__2", "DDD": "002", "H": "15", "HH": "15", "h": "3", "hh": "03", "m": "4", "mm": "04", "s": "5", "ss": "05",
	"a": "PM", "E": "Mon", "EE": "Mon", "EEE": "Mon", "EEEE": "Monday",
	"z": "MST", "X": "Z07", "XX": "Z0700", "XXX": "Z07:00", "Z": "-0700", "xxx": "-07:00",
}

// letterToken is a run of one letter of a pattern, or a text between them.
type letterToken struct {
	text   string
	letter bool
}

// letterTokens cuts a pattern such as yyyy-MM-dd'T'HH:mm; a text is in single quotes,
// and two of them are one.
func letterTokens(format string) ([]letterToken, error) {
	var out []letterToken
	for i := 0; i < len(format); {
		c := format[i]
		switch {
		case c == '\'':
			end := strings.IndexByte(format[i+1:], '\'')
			if end < 0 {
				return nil, fmt.Errorf("format %q: the ' has no end", format)
			}
			text := format[i+1 : i+1+end]
			if end == 0 {
				text = "'"
			}
			out = append(out, letterToken{text, false})
			i += end + 2
		case c|0x20 >= 'a' && c|0x20 <= 'z':
			end := i
			for end < len(format) && format[end] == c {
				end++
			}
			out = append(out, letterToken{format[i:end], true})
			i = end
		default:
			out = append(out, letterToken{format[i : i+1], false})
			i++
		}
	}
	return out, nil
}

func letterParts(format string) ([]TimePart, error) {
	tokens, err := letterTokens(format)
	if err != nil {
		return nil, err
	}
	var parts []TimePart
	for _, t := range tokens {
		layout, known := letterLayouts[t.text]
		switch {
		case !t.letter:
			parts = append(parts, TimePart{Text: t.text})
		case t.text[0] == 'S' && len(t.text) <= 9, t.text == "D", t.text == "H":
			parts = append(parts, TimePart{Layout: t.text})
		case known:
			parts = append(parts, TimePart{Layout: layout})
		default:
			return nil, unknownLetter(format, t.text)
		}
	}
	return parts, nil
}

func unknownLetter(format, letter string) error {
	return fmt.Errorf("format %q: %s is not known; there are yyyy MM dd HH hh mm ss SSS a E EEEE MMM MMMM D z XXX, and text in single quotes", format, letter)
}

// TimeLayouts are how a text may say a time where no pattern is given, in UTC where
// it names no zone.
var TimeLayouts = [...]string{time.RFC3339Nano, "2006-01-02 15:04:05.999999999", "2006-01-02T15:04:05.999999999", "2006-01-02 15:04", time.DateOnly}

// toTimestamp reads texts, to null where they do not say a time.
func toTimestamp(c call) (Eval, error) {
	loc, err := zoneOf(c, 2)
	if err != nil {
		return nil, err
	}
	layouts := TimeLayouts[:]
	if len(c.args) > 1 {
		layout, err := ParseLayout(string(c.args[1].Bytes))
		if err != nil {
			return nil, err
		}
		layouts = []string{layout}
	}
	return func(a []columnar.Value) columnar.Value {
		for _, layout := range layouts {
			if t, err := time.ParseInLocation(layout, string(a[0].Bytes), loc); err == nil {
				return columnar.IntValue(columnar.Timestamp, t.UnixMicro())
			}
		}
		return columnar.Value{}
	}, nil
}

// ParseLayout is a pattern of letters that reads times, as Go's time has it.
func ParseLayout(format string) (string, error) {
	tokens, err := letterTokens(format)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	for i, t := range tokens {
		layout, known := letterLayouts[t.text]
		switch {
		case !t.letter:
			b.WriteString(t.text)
		case t.text[0] == 'S' && i > 0 && tokens[i-1].text == ".":
			b.WriteString(strings.Repeat("0", len(t.text)))
		case known:
			b.WriteString(layout)
		default:
			return "", unknownLetter(format, t.text)
		}
	}
	return b.String(), nil
}
