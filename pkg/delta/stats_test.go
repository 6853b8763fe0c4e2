package delta_test

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/delta"
	"github.com/auditlake/auditlake/pkg/store"
)

func column(path string, lo, hi columnar.Value, nulls int64) columnar.ColumnStats {
	return columnar.ColumnStats{Path: strings.Split(path, "."), Bound: columnar.Bound{Min: lo, Max: hi, Nulls: nulls}}
}

func micros(text string) columnar.Value {
	return columnar.IntValue(columnar.Timestamp, must(time.Parse(time.RFC3339Nano, text)).UnixMicro())
}

func TestStatsAsWritten(t *testing.T) {
	t.Parallel()
	var none columnar.Value
	text := columnar.StringValue
	got := delta.StatsJSON(&columnar.FileStats{NumRows: 9, Columns: []columnar.ColumnStats{
		column("id", columnar.IntValue(columnar.Long, math.MinInt64), columnar.IntValue(columnar.Long, math.MaxInt64), 0),
		column("date", columnar.IntValue(columnar.Date, -1), columnar.IntValue(columnar.Date, 20513), 1),
		column("at", micros("1969-12-31T23:59:59.9999Z"), micros("2026-03-01T00:00:00.000001Z"), 0),
		column("exact", micros("2026-03-01T00:00:00.5Z"), micros("2026-03-01T00:00:00.5Z"), 0),
		column("ok", columnar.IntValue(columnar.Boolean, 0), columnar.IntValue(columnar.Boolean, 1), 2),
		column("ratio", columnar.FloatValue(math.Inf(-1)), columnar.FloatValue(0.1), 0),
		column("half", columnar.Value{Kind: columnar.Float, Float: float64(float32(0.1))}, columnar.Value{Kind: columnar.Float, Float: 2}, 0),
		column("p.name", text("<&>"), text(strings.Repeat("ä", 40)), 0),
		column("p.long", text(strings.Repeat("a", 40)), text(strings.Repeat("b", 40)), 0),
		column("p.void", none, none, 9),
		column("p.unknown", none, none, -1),
	}})
	want := `{"numRecords":9,` +
		`"minValues":{"at":"1969-12-31T23:59:59.999Z","date":"1969-12-31","exact":"2026-03-01T00:00:00.500Z","half":0.1,"id":-9223372036854775808,"p":{"long":"` + strings.Repeat("a", 32) + `","name":"<&>"}},` +
		`"maxValues":{"at":"2026-03-01T00:00:00.001Z","date":"2026-03-01","exact":"2026-03-01T00:00:00.500Z","half":2,"id":9223372036854775807,"p":{"long":"` + strings.Repeat("b", 32) + "\x7f" + `","name":"` + strings.Repeat("ä", 32) + "\U0010ffff" + `"},"ratio":0.1},` +
		`"nullCount":{"at":0,"date":1,"exact":0,"half":0,"id":0,"ok":2,"p":{"long":0,"name":0,"void":9},"ratio":0}}`
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// statsTable is a table of one file with these statistics, partitioned by date.
func statsTable(t testing.TB, stats string, date *string) columnar.Bounds {
	l := open(t, store.NewMemory(t.Name()))
	of := columnar.Of
	must(l.Commit(t.Context(), delta.Tx{
		Metadata: &delta.Metadata{PartitionColumns: []string{"date"}, Schema: columnar.Schema{
			{Name: "id", Type: of(columnar.Long)},
			{Name: "at", Type: of(columnar.Timestamp)},
			{Name: "day", Type: of(columnar.Date)},
			{Name: "name", Type: of(columnar.String)},
			{Name: "ratio", Type: of(columnar.Double)},
			{Name: "half", Type: of(columnar.Float)},
			{Name: "ok", Type: of(columnar.Boolean)},
			{Name: "p", Type: columnar.StructOf(columnar.Field{Name: "name", Type: of(columnar.String)})},
			{Name: "m", Type: columnar.MapOf(of(columnar.String), of(columnar.String))},
			{Name: "date", Type: of(columnar.Date)},
		}},
		Adds: []delta.Add{{Path: "a", PartitionValues: map[string]*string{"date": date}, Stats: stats}},
	}))
	s := must(l.Snapshot(t.Context()))
	for a := range s.Files() {
		return s.Bounds(a)
	}
	panic("no file")
}

func TestStatsAsRead(t *testing.T) {
	t.Parallel()
	var none columnar.Value
	long := func(i int64) columnar.Value { return columnar.IntValue(columnar.Long, i) }
	for _, c := range []struct {
		path, lo, hi string
		min, max     columnar.Value
	}{
		{"id", "1", "9223372036854775807", long(1), long(math.MaxInt64)},
		{"id", "1.5", "9223372036854775808", none, none},
		{"id", `"1"`, "null", none, none},
		{"at", `"2026-03-01T00:00:00.000Z"`, `"2026-03-01T00:00:00.500Z"`, micros("2026-03-01T00:00:00Z"), micros("2026-03-01T00:00:00.501Z")},
		{"at", `"2026-03-01T00:00:00.123456Z"`, `"2026-03-01T00:00:00Z"`, micros("2026-03-01T00:00:00.123456Z"), micros("2026-03-01T00:00:00.001Z")},
		{"at", `"2026-03-01T01:00:00.000+01:00"`, `"2026-03-01T01:00:00.000+01:00"`, micros("2026-02-28T23:59:00Z"), micros("2026-03-01T00:01:00.001Z")},
		{"at", `"yesterday"`, `7`, none, none},
		{"day", `"1969-12-31"`, `"2026-03-01"`, columnar.IntValue(columnar.Date, -1), columnar.IntValue(columnar.Date, 20513)},
		{"day", `"2026-13-01"`, `"2026-3-1"`, none, none},
		{"name", `"a"`, "\"b\x7f\"", columnar.StringValue("a"), columnar.StringValue("b\x7f")},
		{"name", `"\ud800"`, "7", none, none},
		{"ratio", "0.1", "1e300", columnar.FloatValue(0.1), columnar.FloatValue(1e300)},
		{"ratio", `"NaN"`, "1e999", none, none},
		{"half", "0.1", "0.3", columnar.Value{Kind: columnar.Float, Float: float64(float32(0.1))}, columnar.Value{Kind: columnar.Float, Float: float64(float32(0.3))}},
		{"ok", "false", "true", columnar.IntValue(columnar.Boolean, 0), columnar.IntValue(columnar.Boolean, 1)},
		{"m", "1", "2", none, none},
		{"nope", "1", "2", none, none},
	} {
		b := statsTable(t, `{"numRecords":3,"minValues":{"`+c.path+`":`+c.lo+`},"maxValues":{"`+c.path+`":`+c.hi+`}}`, str("2026-03-01"))
		got, ok := b.Bound(c.path)
		if ok != (c.min.Kind != columnar.Invalid || c.max.Kind != columnar.Invalid) {
			t.Errorf("%s from %s to %s: known is %t", c.path, c.lo, c.hi, ok)
		}
		if !ok {
			continue
		}
		if diff := cmp.Diff(columnar.Bound{Min: c.min, Max: c.max, Nulls: -1}, got); diff != "" {
			t.Errorf("%s from %s to %s\n%s", c.path, c.lo, c.hi, diff)
		}
	}

	nested := statsTable(t, `{"numRecords":3,"minValues":{"p":{"name":"a"}},"nullCount":{"p":{"name":2},"id":3}}`, nil)
	got, _ := nested.Bound("p.name")
	if diff := cmp.Diff(columnar.Bound{Min: columnar.StringValue("a"), Nulls: 2}, got); diff != "" {
		t.Error(diff)
	}
	got, _ = nested.Bound("id")
	if diff := cmp.Diff(columnar.Bound{Nulls: 3}, got); diff != "" {
		t.Error(diff)
	}
	got, _ = nested.Bound("date")
	if diff := cmp.Diff(columnar.Bound{Nulls: 3}, got); diff != "" {
		t.Errorf("null partition\n%s", diff)
	}
	if nested.Rows() != 3 {
		t.Errorf("Rows = %d", nested.Rows())
	}
	for _, broken := range []string{"", "{", "[]", "7", `{"numRecords":-1}`, `{"numRecords":"1","minValues":[]}`, `{"minValues":{"id":nan}}`} {
		b := statsTable(t, broken, str("2026-03-01"))
		if b.Rows() != -1 {
			t.Errorf("stats %s: Rows = %d", broken, b.Rows())
		}
		if _, ok := b.Bound("id"); ok {
			t.Errorf("stats %s: id is known", broken)
		}
		day := columnar.IntValue(columnar.Date, 20513)
		if got, ok := b.Bound("date"); !ok || got.Min.Compare(day) != 0 || got.Max.Compare(day) != 0 || got.Nulls != 0 {
			t.Errorf("stats %s: partition is %v, %t", broken, got, ok)
		}
	}
}

// Whatever is written encloses the values when it is read back.
func TestStatsEnclose(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		first := time.Date(1, 1, 2, 0, 0, 0, 0, time.UTC).UnixMicro()
		last := time.Date(9999, 12, 30, 0, 0, 0, 0, time.UTC).UnixMicro()
		at := rapid.Int64Range(first, last).Draw(rt, "at")
		name := rapid.String().Draw(rt, "name")
		half := float64(rapid.Float32().Draw(rt, "half"))
		ratio := rapid.Float64().Draw(rt, "ratio")
		values := map[string]columnar.Value{
			"at": columnar.IntValue(columnar.Timestamp, at), "name": columnar.StringValue(name),
			"half": {Kind: columnar.Float, Float: half}, "ratio": columnar.FloatValue(ratio),
		}
		fs := &columnar.FileStats{NumRows: 1}
		for path, v := range values {
			fs.Columns = append(fs.Columns, column(path, v, v, 0))
		}
		b := statsTable(t, delta.StatsJSON(fs), nil)
		for path, v := range values {
			got, ok := b.Bound(path)
			if !ok {
				rt.Fatalf("%s %v: not known", path, v)
			}
			if got.Min.Kind != columnar.Invalid && got.Min.Compare(v) > 0 || got.Max.Kind != columnar.Invalid && got.Max.Compare(v) < 0 {
				rt.Fatalf("%s: %v is not in %v .. %v", path, v, got.Min, got.Max)
			}
		}
	})
}

func TestPartitionValues(t *testing.T) {
	t.Parallel()
	decimal := columnar.DecimalOf(7, 2)
	for _, c := range []struct {
		kind any // a columnar.Kind or a columnar.Type
		text string
		want columnar.Value // Invalid: an error
	}{
		{decimal, "-12.5", columnar.Value{Kind: columnar.Decimal, Bytes: []byte("-12.50")}},
		{decimal, "123456", columnar.Value{}},
		{columnar.TimestampNTZ, "2026-03-01 00:00:00.000001", columnar.IntValue(columnar.TimestampNTZ, micros("2026-03-01T00:00:00.000001Z").Int)},
		{columnar.TimestampNTZ, "2026-03-01T00:00:00Z", columnar.Value{}},
		{columnar.Boolean, "true", columnar.IntValue(columnar.Boolean, 1)},
		{columnar.Byte, "-128", columnar.IntValue(columnar.Byte, -128)},
		{columnar.Byte, "128", columnar.Value{}},
		{columnar.Long, "9223372036854775807", columnar.IntValue(columnar.Long, math.MaxInt64)},
		{columnar.Date, "1969-12-31", columnar.IntValue(columnar.Date, -1)},
		{columnar.Date, "1969-12-32", columnar.Value{}},
		{columnar.Timestamp, "2026-03-01 00:00:00", micros("2026-03-01T00:00:00Z")},
		{columnar.Timestamp, "2026-03-01 00:00:00.000001", micros("2026-03-01T00:00:00.000001Z")},
		{columnar.Timestamp, "2026-03-01T00:00:00.5Z", micros("2026-03-01T00:00:00.5Z")},
		{columnar.Double, "0.1", columnar.FloatValue(0.1)},
		{columnar.String, "a/b c:%d", columnar.StringValue("a/b c:%d")},
	} {
		s := store.NewMemory(t.Name())
		put(t, s, json(0), strings.Replace(gateLog([]string{"1/2", fmt.Sprint("type=", c.kind)}), `"partitionColumns":[]`, `"partitionColumns":["id"]`, 1)+
			`{"add":{"path":"a","partitionValues":{"id":"`+c.text+`"}}}`)
		snap := must(open(t, s).Snapshot(t.Context()))
		for a := range snap.Files() {
			v, ok, err := snap.PartitionValue(a, "id")
			if c.want.Kind == columnar.Invalid {
				if err == nil {
					t.Errorf("%s %q: %v, want an error", c.kind, c.text, v)
				}
				continue
			}
			if diff := cmp.Diff(c.want, v); diff != "" || !ok || err != nil {
				t.Errorf("%s %q: %t, %v\n%s", c.kind, c.text, ok, err, diff)
			}
		}
	}
}
