package event_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/auditlake/auditlake/pkg/etl/event"
)

func keyOf(t testing.TB, members string) string {
	t.Helper()
	key, _ := with(t, members)["eventKey"].(string)
	return key
}

func TestEventKeyOfEventsThatSayTheSame(t *testing.T) {
	const same = `"serviceName":"s","requestParams":{"a":1,"b":{"c":[1,{"x":1,"y":2}],"d":"é"}},"u":1`
	want := keyOf(t, same)
	for name, members := range map[string]string{
		"members in another order": `"u":1,"requestParams":{"b":{"d":"é","c":[1,{"y":2,"x":1}]},"a":1},"serviceName":"s"`,
		"blanks":                   ` "serviceName" : "s" , "requestParams": {"a": 1, "b": {"c": [ 1, {"x":1,"y":2} ], "d":"é"} }, "u":1 `,
		"escapes":                  `"service\u004eame":"\u0073","requestParams":{"a":1,"b":{"c":[1,{"x":1,"y":2}],"d":"\u00e9"}},"u":1`,
		"an overruled value":       `"serviceName":"old","u":2,"serviceName":"s","requestParams":{"a":1,"b":{"c":[1,{"x":0,"x":1,"y":2}],"d":"é"}},"u":1`,
	} {
		if keyOf(t, members) != want {
			t.Errorf("%s: another key", name)
		}
	}
}

func TestEventKeyOfEventsThatDiffer(t *testing.T) {
	seen := map[string]string{}
	for _, members := range []string{
		`"a":1`, `"a":2`, `"a":"1"`, `"a":1.0`, `"a":null`, `"a":[1]`, `"a":{"1":1}`, `"b":1`, `"a":1,"b":1`,
		`"a":[1,2]`, `"a":[2,1]`, `"a":"x\ny"`, `"a":"x\\ny"`, `"a":"\u0000"`, `"a":""`, `"a":{}`, `"a":[]`,
		`"a":"1","b":"2"`, `"a":"1\",\"b\":\"2"`, `"a":"\ud83d"`, `"a":"\ud83dA"`, `"a":"\ud83e"`, `"a":"\ufffd"`, `"A":1`,
	} {
		key := keyOf(t, members)
		if other, ok := seen[key]; ok {
			t.Errorf("%s and %s have one key", members, other)
		}
		seen[key] = members
	}
}

func TestWhatTheCleanserCounts(t *testing.T) {
	for name, tc := range map[string]struct {
		members string
		want    event.Counts
	}{
		"nothing odd":                  {`"requestParams":{"a":"truncated ..."}`, event.Counts{}},
		"a known member repeated":      {`"serviceName":"a","serviceName":"b"`, event.Counts{DuplicateKeys: 1}},
		"an unknown member repeated":   {`"x":1,"x":2,"x":3`, event.Counts{DuplicateKeys: 2}},
		"a parameter repeated":         {`"requestParams":{"a":1,"a":2}`, event.Counts{DuplicateKeys: 1}},
		"a value cut short":            {`"requestParams":{"a":"SELECT ... truncated","b":"y... truncated"}`, event.Counts{TruncatedParams: 1}},
		"a nested value cut short":     {`"requestParams":{"a":["x... truncated"]}`, event.Counts{}},
		"parameters that are no JSON":  {`"requestParams":"{\"a\":\"SELECT ... truncated"`, event.Counts{TruncatedParams: 1}},
		"the parameters were too long": {`"requestParams":{"TRUNCATED":""}`, event.Counts{TruncatedParams: 1}},
	} {
		t.Run(name, func(t *testing.T) {
			c := event.NewCleanser()
			b := event.NewBatch()
			if reason := c.Append(b, []byte(`{"timestamp":1709985600000,`+tc.members+`}`), origin()); reason != "" {
				t.Fatal(reason)
			}
			if diff := cmp.Diff(tc.want, c.Counts); diff != "" {
				t.Errorf("counts (-want +got):\n%s", diff)
			}
		})
	}
}

// TestOneCleanserForAllLines proves that no line leaves a trace in the next.
func TestOneCleanserForAllLines(t *testing.T) {
	many := manyKeys(3000)
	lines := []string{
		`{"timestamp":1709985600000,"requestParams":{"user":"u","a":[1,2]},"x":1,"response":{"statusCode":200}}`,
		`{"timestamp":1709985600000}`,
		`{"timestamp":1709985600000,"requestParams":` + many + `}`,
		`{"broken`,
		`{"timestamp":1709985600000,"requestParams":` + manyKeys(40) + `,"a":"\ud800\u0041"}`,
		`{"timestamp":1709985600000,"userIdentity":{"email":"e"},"workspaceId":"x"}`,
		`{"timestamp":1709985600000,` + strings.Trim(many, "{}") + `}`,
		`{"timestamp":1709985600000,"key000001":1}`,
	}
	c := event.NewCleanser()
	b := event.NewBatch()
	var want []map[string]any
	for range 2 {
		for _, line := range lines {
			before := b.Len
			reason := c.Append(b, []byte(line), origin())
			row, fresh := cleanse(line)
			if reason != fresh {
				t.Errorf("reason %q, by a new cleanser %q", reason, fresh)
			}
			if row != nil {
				want = append(want, row)
			} else if b.Len != before {
				t.Errorf("a refused line appended a row")
			}
		}
	}
	var got []map[string]any
	for i := range b.Len {
		got = append(got, b.Row(i))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("rows (-by new cleansers +by one):\n%s", diff)
	}
}

func manyKeys(n int) string {
	var sb strings.Builder
	for i := range n {
		fmt.Fprintf(&sb, `,"key%06d":%d`, i, i)
	}
	return "{" + sb.String()[1:] + "}"
}

// TestHostileLinesCostNoMoreThanTheirLength gives each line a time that a cost
// linear in it keeps by far and a quadratic one misses by far.
func TestHostileLinesCostNoMoreThanTheirLength(t *testing.T) {
	const n = 200_000
	head := `{"timestamp":1709985600000,`
	for name, line := range map[string]string{
		"many parameters":          head + `"requestParams":` + manyKeys(n) + `}`,
		"many members":             head + strings.Trim(manyKeys(n), "{}") + `}`,
		"one parameter repeated":   head + `"requestParams":{` + strings.Repeat(`"a":1,`, n) + `"a":1}}`,
		"one member repeated":      head + strings.Repeat(`"a":1,`, n) + `"a":1}`,
		"many nested members":      head + `"x":` + manyKeys(n) + `}`,
		"many backslashes":         head + `"a":"` + strings.Repeat(`\\`, n) + `"}`,
		"many halves of pairs":     head + `"a":"` + strings.Repeat(`\ud800`, n) + `"}`,
		"an unclosed string":       head + `"a":"` + strings.Repeat(`\"`, n),
		"open brackets":            strings.Repeat("[", 10*n),
		"a fault far down":         strings.Repeat("[", 299) + "n" + strings.Repeat("x", 20*n),
		"objects in objects":       head + `"a":` + strings.Repeat(`{"a":`, 280) + manyKeys(n/10) + strings.Repeat("}", 281),
		"a long string of letters": head + `"a":"` + strings.Repeat("é", 10*n) + `"}`,
	} {
		t.Run(name, func(t *testing.T) {
			start := time.Now()
			cleanse(line)
			if took := time.Since(start); took > 4*time.Second {
				t.Errorf("%d bytes took %s", len(line), took)
			}
		})
	}
}

// TestHostileLinesTakeNoMoreMemory: of a line that compresses to a few KB each value would
// take a hundred times its length.
func TestHostileLinesTakeNoMoreMemory(t *testing.T) {
	const n = 3_000_000
	head := `{"timestamp":1709985600000,`
	for name, line := range map[string]string{
		"values":  head + `"requestParams":{"a":[` + strings.Repeat("1,", n) + `1]}}`,
		"members": head + `"requestParams":{` + strings.Repeat(`"a":1,`, n) + `"b":1}}`,
		"unknown": head + `"a":[` + strings.Repeat(`[],`, n) + `[]]}`,
		"records": `{"records":[` + strings.Repeat("1,", n) + `1]}`,
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, reason := cleanse(line)
		runtime.ReadMemStats(&after)
		if reason != "more than 262144 values" {
			t.Errorf("%s: %q", name, reason)
		}
		if took := after.TotalAlloc - before.TotalAlloc; took > 64<<20 {
			t.Errorf("%s: %d bytes took %d", name, len(line), took)
		}
		if _, n, ok := event.Wrapped([]byte(line)); ok {
			t.Errorf("%s: it wraps %d events", name, n)
		}
	}
	_, reason := cleanse(head + `"requestParams":{"commandText":"` + strings.Repeat(`,[{\"`, n) + `"}}`)
	if reason != "" {
		t.Errorf("a text of commas and brackets: %q", reason)
	}
	_, reason = cleanse(head + `"a":[` + strings.Repeat("1,", n) + `1`)
	if !strings.HasPrefix(string(reason), "not JSON") {
		t.Errorf("one that breaks off: %q", reason)
	}
}

func TestManyParametersOnceDoNotSlowDownTheRest(t *testing.T) {
	c := event.NewCleanser()
	b := event.NewBatch()
	huge := []byte(`{"timestamp":1709985600000,"requestParams":` + manyKeys(100_000) + `}`)
	usual := []byte(`{"timestamp":1709985600000,"requestParams":` + manyKeys(40) + `}`)
	c.Append(b, huge, origin())
	b.Reset()
	start := time.Now()
	for range 5000 {
		if reason := c.Append(b, usual, origin()); reason != "" {
			t.Fatal(reason)
		}
	}
	if took := time.Since(start); took > 3*time.Second {
		t.Errorf("5000 lines of 40 parameters took %s", took)
	}
}
