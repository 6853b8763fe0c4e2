//go:build interop

package interop_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"unicode"

	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/query"
)

var zones = []string{"", "UTC", "Europe/Zurich", "America/New_York", "America/St_Johns", "Asia/Kolkata", "Asia/Kathmandu", "Australia/Lord_Howe", "Pacific/Apia", "Africa/Monrovia", "Europe/Dublin", "Africa/Casablanca", "America/Sao_Paulo", "Etc/GMT+5", "Asia/Pyongyang", "America/Caracas"}

func themes(t *testing.T) []theme {
	texts := calls(t, `
		lower(s)
		upper(s)
		trim(s)
		ltrim(s)
		rtrim(s)
		length(s)
		concat(s)
		concat(s, u, '!', s)
		contains(s, u)
		contains(s, '')
		starts_with(s, u)
		ends_with(s, u)
		ends_with(s, '')
		replace(s, u, v)
		replace(s, '-', v)
		replace(s, u, '')
		split_part(s, u, n)
		split_part(s, 'a', n)
		split_part(s, '-', -1)
		split_part(s, 'aa', -2)
		split_part(s, '', n)
		split_part(s, '-', 2)
		substring(s, n)
		substring(s, n, m)
		substring(s, 2, 3)
		substring(s, -3, m)
		substring_index(s, u, n)
		substring_index(s, 'a', n)
		substring_index(s, 'aa', -1)
		substring_index(s, '-', 1)
		strpos(s, u)
		strpos(s, u, n)
		strpos(s, 'a', 2)
		left(s, n)
		right(s, n)
		right(s, 3)
		lpad(s, n, u)
		rpad(s, n, u)
		lpad(s, 9, 'xy')
		rpad(s, 9, '')
		repeat(s, n)
		repeat('', n)
		repeat(s, 3)
		reverse(s)
		initcap(s)
		md5(s)
		sha1(s)
		sha2(s, 0)
		sha2(s, 256)
		sha2(s, 512)
		greatest(s, u, v)
		least(s, u, v)
		greatest(s)
		greatest(s, 'a', u)
		right(lower(split_part(concat(s, u), u, n)), m)
		lower(null)
		replace(s, null, v)`)
	for _, pattern := range []string{
		"a", "(a)(b)?", "[0-9]+", `\d+`, `\w+`, `\s`, `[[:alpha:]]+`, `(?i)k`, `(?i)straße`, `(?i)σ`, "^a", "a$", "(?m)^.", "(?m).$", `\bJob\b`, `\Ba`, "(?s).", ".", "[^a-z]", `\pL+`, `\p{Lu}`, `a{2}`, "a{1,2}?", "(a|ab)(-|b)?", "x*", "", "^",
		`\.`, `\\`, `"`, `'`, `(.+)@(.+)`, "(?P<n>a)b", `[\]\-^]`, `\x{1F4A9}`, "日", `[é-ü]`, "(a)|(b)", "(?U)a+", `\Q$1\E`, `\z`, `\A-`, `a*$`, `^\s*`, `\s+$`, `[^\x00-\x{10FFFF}]`,
	} {
		p := strings.ReplaceAll(pattern, "'", "''")
		groups := strings.Count(pattern, "(") - strings.Count(pattern, "(?") + strings.Count(pattern, "(?P")
		texts = append(texts, calls(t, fmt.Sprintf("regexp_extract(s, '%s')\nregexp_replace(s, '%s', '<$0>')\nregexp_replace(s, '%s', '')\nregexp_replace(s, '%s', '$0')", p, p, p, p))...)
		if groups > 0 {
			texts = append(texts, calls(t, fmt.Sprintf("regexp_extract(s, '%s', %d)\nregexp_replace(s, '%s', '$%d1\\$2')", p, groups, p, groups))...)
		}
	}
	numbers := calls(t, `
		abs(n)
		abs(f)
		ceil(f)
		floor(f)
		exp(f)
		pow(f, g)
		ln(f)
		log10(f)
		sqrt(f)
		sign(f)
		mod(n, m)
		mod(n, -1)
		mod(n, 0)
		mod(f, g)
		round(f)
		round(f, 1)
		round(f, 2)
		round(f, -2)
		round(f, 15)
		round(f, 16)
		round(f, -308)
		round(f, -309)
		round(f, 0)
		round(f, d)
		greatest(n, m, 3)
		least(n, m)
		greatest(f, g)
		least(f, g)
		greatest(f, g, 1.5)
		least(f, g, 1.5, f)
		timestamp_millis(d)
		timestamp_seconds(f / 1e6)
		timestamp_micros(mod(n, 200000000000000000))
		timestamp_millis(mod(n, 200000000000000))
		unix_micros(timestamp_micros(mod(n, 2000000000000000000)))
		unix_millis(timestamp_micros(mod(n, 2000000000000000000)))
		unix_timestamp(timestamp_micros(mod(n, 2000000000000000000)))
		unix_micros(timestamp_millis(n))
		unix_micros(timestamp_seconds(f))
		from_unixtime(n)
		from_unixtime(mod(n, 10000000000), 'yyyy-MM-dd HH:mm', 'Asia/Kolkata')
		from_unixtime(d, '%Y%%')
		from_unixtime(d, '$1')`)
	times := calls(t, `
		unix_micros(at)
		unix_millis(at)
		unix_timestamp(at)
		add_months(at, n)
		add_months(at, mod(n, 2000))
		add_months(day, mod(n, 2000))
		date_add(day, mod(n, 100000))
		date_sub(day, mod(n, 100000))
		datediff(day, date '2024-02-29')
		datediff(add_months(day, n), day)
		datediff(date_add(day, n), day)
		datediff(date_sub(day, n), day)
		greatest(at, timestamp '2000-01-01T00:00:00Z')
		least(at, timestamp '2000-01-01T00:00:00Z')
		greatest(day, date '2000-01-01')
		date_format(at, '%Y-%m-%d %T.%f %W %b %y %j%%')
		date_format(at, '%M %a %H:%i:%s %S')
		date_format(at, '')
		date_format(at, '$1 ''$2''')
		date_format(at, 'yyyy yy y M MM MMM MMMM d dd D DDD H HH h hh m mm s ss a E EEEE')
		date_format(at, 'S SS SSS SSSS SSSSS SSSSSS SSSSSSS SSSSSSSSS')
		date_format(at, 'yyyy-MM-dd''T''HH:mm:ss.SSSXXX z Z xxx X XX')`)
	for _, zone := range zones {
		for _, f := range []string{"year", "quarter", "month", "day", "hour", "minute", "second", "dayofyear", "weekofyear", "weekday", "dayofweek", "day_of_week"} {
			times = append(times, query.Fn(f, query.Name("at"), query.Str(zone)))
		}
		times = append(times, query.Fn("date_format", query.Name("at"), query.Str("yyyy-MM-dd HH:mm:ss.SSSSSS XXX XX X Z xxx z"), query.Str(zone)))
	}
	for _, f := range []string{"year", "quarter", "month", "day", "hour", "minute", "second", "dayofyear", "weekofyear", "weekday", "dayofweek", "day_of_week"} {
		times = append(times, query.Fn(f, query.Name("at")))
	}
	reads := calls(t, "to_timestamp(s)")
	for _, pattern := range readPatterns {
		for _, zone := range []string{"", "Europe/Zurich", "America/New_York", "Australia/Lord_Howe"} {
			reads = append(reads, query.Fn("to_timestamp", query.Name("s"), query.Str(pattern), query.Str(zone)))
		}
	}
	addresses := calls(t, `
		in_network(s, '10.0.0.0/8')
		in_network(s, '10.0.0.0/8', '2001:db8::/32', '192.168.1.7')
		in_network(s, '::ffff:10.0.0.0/104')
		in_network(s, '0.0.0.0/0')
		in_network(s, '::/0')
		in_network(s, '::1')
		in_network(s, '::/90')
		in_network(s, 'fe80::/10')`)
	for bits := range int64(33) {
		addresses = append(addresses, query.Fn("network", query.Name("s"), query.Int(bits), query.Int(bits*4)), query.Fn("network", query.Name("s"), query.Int(32-bits), query.Int(bits*3+1)))
	}
	var objects []query.Expr
	for _, path := range []string{"$", "$.a", "$.a.b", "$.a[0]", "$[0]", "$[1]", "$['a b']", "$.a['0']", "$.0", "$['']", `$['q"q']`, `$['b\s']`, "$['$1']", "$.ü", "$.a.b[1]", "$.n", "$['a']['a']", "$.s"} {
		objects = append(objects, query.Fn("get_json_object", query.Name("s"), query.Str(path)))
	}
	text := columns("s", columnar.String)
	letter := rune(0)
	return []theme{
		{"letters", text, func(*rand.Rand) []columnar.Value { // every one that a case may have
			var b strings.Builder
			for range 0x20000/1500 + 1 {
				// Java may know a later Unicode, in which ƛ and ɤ have got capitals.
				if letter++; (unicode.IsGraphic(letter) || letter < ' ') && letter != 'ƛ' && letter != 'ɤ' {
					b.WriteRune(letter)
				}
			}
			return []columnar.Value{str(b.String())}
		}, calls(t, "lower(s)\nupper(s)\ninitcap(s)\nreverse(s)\nlength(s)")},
		{"texts", columns("s", columnar.String, "u", columnar.String, "v", columnar.String, "n", columnar.Long, "m", columnar.Long), func(r *rand.Rand) []columnar.Value {
			u := drawText(r)
			if r.IntN(2) == 0 {
				u = str(pick(r, pieces))
			}
			return []columnar.Value{orNull(r, drawText(r)), orNull(r, u), orNull(r, str(pick(r, pieces))), orNull(r, drawSmall(r)), orNull(r, drawSmall(r))}
		}, texts},
		{"numbers", columns("n", columnar.Long, "m", columnar.Long, "f", columnar.Double, "g", columnar.Double, "d", columnar.Long), func(r *rand.Rand) []columnar.Value {
			return []columnar.Value{orNull(r, drawLong(r)), orNull(r, drawSmall(r)), orNull(r, drawDouble(r)), orNull(r, drawDouble(r)), orNull(r, long(int64(r.IntN(700)-350)>>r.IntN(7)))}
		}, numbers},
		{"times", columns("at", columnar.Timestamp, "day", columnar.Date, "n", columnar.Long), func(r *rand.Rand) []columnar.Value {
			return []columnar.Value{orNull(r, drawTime(r)), orNull(r, drawDate(r)), orNull(r, drawLong(r))}
		}, times},
		{"texts of times", text, func(r *rand.Rand) []columnar.Value { return []columnar.Value{orNull(r, str(drawTimeText(r)))} }, reads},
		{"addresses", text, func(r *rand.Rand) []columnar.Value { return []columnar.Value{orNull(r, str(drawAddress(r)))} }, addresses},
		{"JSON", text, func(r *rand.Rand) []columnar.Value { return []columnar.Value{orNull(r, str(drawJSON(r, 3)))} }, objects},
	}
}

var readPatterns = []string{
	"yyyy-MM-dd HH:mm:ss", "yyyy-MM-dd HH:mm", "dd.MM.yyyy HH:mm", "yyyy-MM-dd'T'HH:mm:ss.SSSXXX", "yyyy-MM-dd HH:mm:ss.SSS", "yyyyMMdd", "d/M/yy h:mm a", "MMM d, yyyy", "EEEE, MMMM d yyyy", "EEE MMM dd HH:mm:ss Z yyyy",
	"yyyy-MM-dd'T'HH:mm:ssX", "yyyy-MM-dd HH:mm:ss xxx", "yyyy-MM-dd HH:mm:ss.S", "HH:mm", "yyyy", "yyyy-MM-dd hh:mm:ss a", "ss.MM", "dd HH",
}

// drawTimeText writes a time by one of the patterns, or by something like it.
func drawTimeText(r *rand.Rand) string {
	year, month, day := pick(r, []int{2024, 2023, 2000, 1999, 1970, 69, 24, 0, 9999, 1847}), r.IntN(14), r.IntN(33)
	hour, minute, second := r.IntN(26), r.IntN(62), r.IntN(61)
	d := func(n int) string { return fmt.Sprintf(pick(r, []string{"%02d", "%02d", "%02d", "%d"}), n) }
	months := []string{"Jan", "feb", "MAR", "April", "may", "June", "July", "August", "Sept", "October", "nov", "December", "Okt", "Mon"}
	y := fmt.Sprintf("%04d", year)
	if r.IntN(8) == 0 {
		y = d(year % 100)
	}
	fraction := pick(r, []string{"", "", ".5", ".123", ".123456789", ",25", ".1234567890123", ".", ".+05", ".-00", ".-05", ".+"})
	zone := pick(r, []string{"", "Z", "+01:00", "-0530", "+05", "+24:00", "+25:00", "-00:61", "z", " +0100", " -07:00"})
	date := pick(r, []string{y + "-" + d(month) + "-" + d(day), d(day) + "." + d(month) + "." + y, y + d(month) + d(day), d(day) + "/" + d(month) + "/" + d(year%100)})
	clock := d(hour) + ":" + d(minute)
	seconds := clock + ":" + d(second)
	switch r.IntN(9) {
	case 0:
		return months[month] + pick(r, []string{" ", "  "}) + d(day) + ", " + y
	case 1:
		return pick(r, []string{"Monday", "tuesday", "Wed"}) + ", " + months[month] + " " + d(day) + " " + y
	case 2:
		return pick(r, []string{"Mon", "TUE", "Xxx"}) + " " + months[month] + " " + d(day) + " " + seconds + zone + " " + y
	case 3:
		return date + " " + d(r.IntN(14)) + ":" + d(minute) + pick(r, []string{"", ":" + d(second)}) + " " + pick(r, []string{"AM", "PM", "am"})
	case 4:
		return pick(r, []string{clock, y, d(second) + "." + d(month), d(day) + " " + d(hour), date, "", " " + date, date + " ", "2024-02-29T10:00:00Z", "2024-03-31 02:30", "2024-10-27 02:30", "2024-11-03 01:30", "2024-03-10 02:30:00"})
	case 5:
		return date + "T" + seconds + fraction + zone
	}
	return date + pick(r, []string{" ", "  ", "T"}) + pick(r, []string{clock, seconds, seconds + fraction, seconds + zone, seconds + fraction + zone})
}

// drawAddress writes an address as logs have it, or something like it.
func drawAddress(r *rand.Rand) string {
	octet := func() string { return pick(r, []string{"0", "1", "10", "192", "255", "256", "168", "01", "7", "99"}) }
	v4 := octet() + "." + octet() + "." + octet() + "." + octet()
	var parts []string
	for range 1 + r.IntN(8) {
		parts = append(parts, pick(r, []string{"0", "0", "2001", "db8", "DB8", "ffff", "1", "fe80", "00ab", "12345", "g", ""}))
	}
	v6 := strings.Join(parts, ":")
	if r.IntN(2) == 0 {
		v6 = pick(r, []string{"2001:db8", "fe80", "", "::ffff", "1:2:3:4:5:6:7", "::1", "1:2:3:4:5:6", ":"}) + pick(r, []string{"::", "::1", ":", "::" + v4, ":" + v4, "", ":8", "::5:6"})
	}
	at := pick(r, []string{v4, v4, v6, v6, "::ffff:" + v4, "unknown", "", "10.1.2.3.4", "10.1.2", "1.2.3.4:", "::"})
	at = pick(r, []string{at, at, at, "[" + at + "]", "[" + at, at + "]", "[[" + at + "]]"})
	at += pick(r, []string{"", "", "", "", "%eth0", "%", "%]", ":443", ":0", ":65535", ":65536", ":00080", "]:80", ":x", ":+1", "%a]:80", "/24"})
	return pick(r, []string{"", "", "", " ", "\t", "\u00a0"}) + at + pick(r, []string{"", "", "", " ", "\n", "\u2003", "x"})
}

// drawJSON writes JSON, or something like it.
func drawJSON(r *rand.Rand, depth int) string {
	space := func() string { return pick(r, []string{"", "", "", " ", "\n", "\t"}) }
	text := func() string {
		return `"` + pick(r, []string{"", "x", "a b", `\"`, `\\`, `\n`, `\u003c`, `\/`, "ü", `\u00fc`, "日", "💩", `\ud83d\udca9`, `S\"`, "N1", "$1", `\\\"`, "null", `\u0001`}) + `"`
	}
	var out string
	switch n := r.IntN(12); {
	case n < 3 && depth > 0:
		var members []string
		for range r.IntN(4) {
			key := pick(r, []string{"a", "a", "b", "n", "s", "0", "a b", "", `q\"q`, `b\\s`, "$1", "ü"})
			members = append(members, space()+`"`+key+`"`+space()+":"+space()+drawJSON(r, depth-1)+space())
		}
		out = "{" + strings.Join(members, ",") + "}"
	case n < 5 && depth > 0:
		var elements []string
		for range r.IntN(4) {
			elements = append(elements, space()+drawJSON(r, depth-1)+space())
		}
		out = "[" + strings.Join(elements, ",") + "]"
	case n < 8:
		out = text()
	case n < 10:
		out = pick(r, []string{"0", "1", "-1", "1.50", "1e2", "-0", "-0.0", "12345678901234567890", "1E+400", "0.1e-7", "01", "1.", ".5", "+1", "-"})
	default:
		out = pick(r, []string{"true", "false", "null", "nul", "NaN", ""})
	}
	if depth == 3 && r.IntN(15) == 0 {
		out += pick(r, []string{"}", ",", " x", "  ", "\x00", "{}"})
	}
	if depth == 3 && r.IntN(40) == 0 {
		n := pick(r, []int{150, 299, 300, 301, 400, 999, 1001})
		out = strings.Repeat("[", n) + strings.Repeat("]", n)
	}
	return out
}
