package delta

import (
	"bytes"
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/valyala/fastjson"

	"github.com/auditlake/auditlake/pkg/columnar"
)

// statsChars is where Spark cuts strings in statistics
// (delta.dataSkippingStringPrefixLength).
const statsChars = 32

const (
	statsTimeFormat = "2006-01-02T15:04:05.000Z"
	dateFormat      = "2006-01-02"
	microsPerMilli  = 1000
	secondsPerDay   = 24 * 60 * 60
)

// StatsJSON is what a Writer learned of a file as the text of Add.Stats
// (PROTOCOL.md, "Per-file Statistics"). Strings are cut at 32 characters and
// timestamps at milliseconds, so that the bounds still hold.
func StatsJSON(fs *columnar.FileStats) string {
	type object = map[string]any
	mins, maxs, nulls := object{}, object{}, object{}
	for _, c := range fs.Columns {
		if v, ok := statsValue(c.Bound.Min, lower); ok {
			setAt(mins, c.Path, v)
		}
		if v, ok := statsValue(c.Bound.Max, upper); ok {
			setAt(maxs, c.Path, v)
		}
		if c.Bound.Nulls >= 0 {
			setAt(nulls, c.Path, c.Bound.Nulls)
		}
	}
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	err := enc.Encode(struct {
		NumRecords int64  `json:"numRecords"`
		MinValues  object `json:"minValues"`
		MaxValues  object `json:"maxValues"`
		NullCount  object `json:"nullCount"`
	}{fs.NumRows, mins, maxs, nulls})
	if err != nil {
		panic(err) // strings, finite numbers and maps of them
	}
	return strings.TrimSpace(buf.String())
}

// setAt puts v into nested objects.
func setAt(m map[string]any, path []string, v any) {
	for _, name := range path[:len(path)-1] {
		inner, ok := m[name].(map[string]any)
		if !ok {
			inner = map[string]any{}
			m[name] = inner
		}
		m = inner
	}
	m[path[len(path)-1]] = v
}

// side is the end of a range.
type side int8

const (
	lower side = iota
	upper
)

// statsValue is a bound as JSON; ok is false if it has no form there.
func statsValue(v columnar.Value, s side) (any, bool) {
	switch v.Kind {
	case columnar.Byte, columnar.Short, columnar.Integer, columnar.Long:
		return v.Int, true
	case columnar.Date:
		return timeText(time.Unix(v.Int*secondsPerDay, 0), dateFormat)
	case columnar.Timestamp:
		ms := floorDiv(v.Int, microsPerMilli)
		if s == upper && ms*microsPerMilli < v.Int {
			ms++
		}
		return timeText(time.UnixMilli(ms), statsTimeFormat)
	case columnar.Float:
		return float32(v.Float), isFinite(v.Float)
	case columnar.Double:
		return v.Float, isFinite(v.Float)
	case columnar.String:
		if s == lower {
			return string(columnar.TruncateMin(v.Bytes, statsChars)), true
		}
		b, ok := columnar.TruncateMax(v.Bytes, statsChars)
		return string(b), ok
	}
	return nil, false // Spark has none for booleans and binaries
}

// timeText refuses years that readers do not parse.
func timeText(t time.Time, layout string) (any, bool) {
	t = t.UTC()
	return t.Format(layout), t.Year() >= 1 && t.Year() <= 9999
}

func isFinite(f float64) bool { return !math.IsNaN(f) && !math.IsInf(f, 0) }

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

// count reads a number that is not negative; -1 if it is not one.
func count(v *fastjson.Value) int64 {
	if n, ok := integer(v); ok && n >= 0 {
		return n
	}
	return -1
}

func integer(v *fastjson.Value) (int64, bool) {
	if v == nil || v.Type() != fastjson.TypeNumber {
		return 0, false
	}
	n, err := v.Int64() // exact: fastjson parses integers as integers
	return n, err == nil
}

// readStats is a bound from the statistics; its Kind is Invalid if it has none
// that can be relied on.
func readStats(v *fastjson.Value, kind columnar.Kind, s side) columnar.Value {
	var none columnar.Value
	if v == nil {
		return none
	}
	switch kind {
	case columnar.Boolean:
		switch v.Type() {
		case fastjson.TypeTrue:
			return columnar.IntValue(kind, 1)
		case fastjson.TypeFalse:
			return columnar.IntValue(kind, 0)
		}
		return none
	case columnar.Byte, columnar.Short, columnar.Integer, columnar.Long:
		if n, ok := integer(v); ok {
			return columnar.IntValue(kind, n)
		}
		return none
	case columnar.Float, columnar.Double:
		if v.Type() != fastjson.TypeNumber {
			return none
		}
		bits := 64
		if kind == columnar.Float {
			bits = 32 // the text is the shortest of a float32
		}
		// Not v.Float64: it is not always the nearest value to the text.
		f, err := strconv.ParseFloat(string(v.MarshalTo(nil)), bits)
		if err != nil || !isFinite(f) {
			return none
		}
		return columnar.Value{Kind: kind, Float: f}
	}
	text, err := v.StringBytes()
	if err != nil {
		return none
	}
	switch kind {
	case columnar.String:
		// fastjson leaves an escape that is not a character as it stands.
		if utf8.Valid(text) && !bytes.Contains(text, []byte(`\u`)) {
			return columnar.Value{Kind: kind, Bytes: bytes.Clone(text)}
		}
	case columnar.Date:
		if t, err := time.Parse(dateFormat, string(text)); err == nil {
			return columnar.IntValue(kind, floorDiv(t.Unix(), secondsPerDay))
		}
	case columnar.Timestamp:
		return readStatsTime(string(text), s)
	}
	return none
}

// readStatsTime widens a bound by what writers are known to have cut off: the
// microseconds of a maximum, and the seconds of an offset from UTC
// (delta-io/delta #5249, #5568).
func readStatsTime(text string, s side) columnar.Value {
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return columnar.Value{}
	}
	var slack time.Duration
	if !strings.HasSuffix(text, "Z") {
		slack = time.Minute
	}
	if s == lower {
		t = t.Add(-slack)
	} else {
		t = t.Add(slack + time.Millisecond)
	}
	return columnar.IntValue(columnar.Timestamp, t.UnixMicro())
}
