package plugin

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// fields reads settings by key and remembers what is wrong with them. A value may
// be a text where it means a number, a truth or a list: provisioning makes texts
// of variables, and grafana.ini knows nothing else. No message repeats a value,
// which may be a secret in the wrong place.
type fields struct {
	values   map[string]json.RawMessage
	secure   map[string]string
	name     func(key string) string // what who configures knows the key as
	problems []string
}

// note adds a problem once.
func (f *fields) note(format string, args ...any) {
	if p := fmt.Sprintf(format, args...); !slices.Contains(f.problems, p) {
		f.problems = append(f.problems, p)
	}
}

// say is note about one key.
func (f *fields) say(key, format string, args ...any) {
	f.note("%s: %s", f.name(key), fmt.Sprintf(format, args...))
}

// set gives a key a text.
func (f *fields) set(key, text string) {
	raw, err := json.Marshal(text)
	if err != nil {
		panic(err) // any text can be written
	}
	f.values[key] = raw
}

// given is a key's value; false if there is none, which null is too.
func (f *fields) given(key string) (json.RawMessage, bool) {
	raw := f.values[key]
	return raw, len(raw) > 0 && string(raw) != "null"
}

// scalarText is a text or a number as text.
func scalarText(raw json.RawMessage) (string, bool) {
	var text string
	if json.Unmarshal(raw, &text) == nil {
		return strings.TrimSpace(text), true
	}
	var number json.Number
	if json.Unmarshal(raw, &number) == nil {
		return number.String(), true
	}
	return "", false
}

// text is "" for a key that is not there.
func (f *fields) text(key string) string {
	raw, given := f.given(key)
	if !given {
		return ""
	}
	text, ok := scalarText(raw)
	if !ok {
		f.say(key, "write a text")
	}
	return text
}

func (f *fields) secret(key string) string { return strings.TrimSpace(f.secure[key]) }

// whole is fallback for a key that is not there or is empty.
func (f *fields) whole(key string, fallback, least, most int64) int64 {
	raw, given := f.given(key)
	if !given {
		return fallback
	}
	text, ok := scalarText(raw)
	if ok && text == "" {
		return fallback
	}
	n, whole := wholeNumber(text)
	if !ok || !whole || n < least || n > most {
		f.say(key, "write a whole number from %d to %d", least, most)
		return fallback
	}
	return n
}

// wholeNumber also takes the forms that other writers of JSON give whole numbers,
// such as 1e5 and 3.0, as far as they are exact.
func wholeNumber(text string) (int64, bool) {
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		return n, true
	}
	x, err := strconv.ParseFloat(text, 64)
	n := int64(x)
	if err != nil || float64(n) != x || n <= -1<<53 || n >= 1<<53 {
		return 0, false
	}
	return n, true
}

// flag is false, false for a key that is not there or is empty.
func (f *fields) flag(key string) (value, given bool) {
	raw, given := f.given(key)
	if !given {
		return false, false
	}
	if json.Unmarshal(raw, &value) == nil {
		return value, true
	}
	text, ok := scalarText(raw)
	if ok && text == "" {
		return false, false
	}
	value, err := strconv.ParseBool(text)
	if !ok || err != nil {
		f.say(key, "write true or false")
	}
	return value, true
}

// duration is fallback for a key that is not there or is empty.
func (f *fields) duration(key string, fallback, least, most time.Duration) time.Duration {
	text := f.text(key)
	if text == "" {
		return fallback
	}
	d, err := parseDuration(text)
	if err != nil || d < least || d > most {
		f.say(key, "write a duration from %s to %s, such as 90s, 15m, 1h or 1d", shortly(least), shortly(most))
		return fallback
	}
	return d
}

// Four digits cannot overflow.
var daysRE = regexp.MustCompile(`^([0-9]{1,4})([dw])$`)

// parseDuration takes Go's form, and days and weeks as Grafana writes them.
func parseDuration(text string) (time.Duration, error) {
	m := daysRE.FindStringSubmatch(text)
	if m == nil {
		return time.ParseDuration(text)
	}
	n, err := strconv.Atoi(m[1])
	unit := 24 * time.Hour
	if m[2] == "w" {
		unit *= 7
	}
	return time.Duration(n) * unit, err
}

// shortly is d without units that are zero, in days from two days on.
func shortly(d time.Duration) string {
	const day = 24 * time.Hour
	if d >= 2*day && d%day == 0 {
		return fmt.Sprintf("%dd", d/day)
	}
	text := d.String()
	for _, zero := range []string{"m0s", "h0m"} {
		if strings.HasSuffix(text, zero) {
			text = text[:len(text)-2]
		}
	}
	return text
}

// list is the entries of an array, or of a text with commas or blanks between
// them. An entry that is empty is a problem: it is a variable without a value.
func (f *fields) list(key string) (entries []string, given bool) {
	raw, given := f.given(key)
	if !given {
		return nil, false
	}
	var array []json.RawMessage
	if json.Unmarshal(raw, &array) != nil {
		text, ok := scalarText(raw)
		entries = strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ' ' || r == '\t' || r == '\n' })
		if !ok || len(entries) == 0 {
			f.say(key, "write a list, which may be empty, or leave it away")
		}
		return entries, true
	}
	for i, raw := range array {
		text, ok := scalarText(raw)
		if !ok || text == "" {
			f.say(key, "entry %d is empty or no text: correct it or take it away", i+1)
			continue
		}
		entries = append(entries, text)
	}
	return entries, true
}
