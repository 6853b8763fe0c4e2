package columnar_test

import (
	"bytes"
	"math"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/auditlake/auditlake/pkg/columnar"
)

func TestTruncate(t *testing.T) {
	const top = "\U0010FFFF"
	for _, c := range []struct{ name, in, lower, upper string }{
		{"short", "abc", "abc", "abc"},
		{"as long as the limit", "abcd", "abcd", "abcd"},
		{"ascii goes on", "abcde", "abcd", "abcd\x7f"},
		{"DEL goes on", "abcd\x7f", "abcd", "abcd" + top},
		{"two bytes go on", "abcdé", "abcd", "abcd" + top},
		{"characters, not bytes", "ééééé", "éééé", "éééé" + top},
		{"beyond the basic plane", "😀😀😀😀😀", "😀😀😀😀", "😀😀😀😀" + top},
		{"the last character goes on", "abcd" + top + "x", "abcd", "abcd" + top + "\x7f"},
		{"the last character ends it", "abcd" + top, "abcd", "abcd" + top},
		{"only last characters", strings.Repeat(top, 20), strings.Repeat(top, 4), ""},
		{"not UTF-8", "abcd\xff", "abcd", ""},
		{"empty", "", "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := columnar.TruncateMin([]byte(c.in), 4); string(got) != c.lower {
				t.Errorf("min %q, want %q", got, c.lower)
			}
			got, ok := columnar.TruncateMax([]byte(c.in), 4)
			if string(got) != c.upper || ok != (c.upper != "" || c.in == "") {
				t.Errorf("max %q %v, want %q", got, ok, c.upper)
			}
		})
	}
	rapid.Check(t, func(rt *rapid.T) {
		s := []byte(rapid.OneOf(rapid.String(), rapid.StringMatching("[\U0010FFFEa\x7f\U0010FFFF]*")).Draw(rt, "s"))
		n := rapid.IntRange(1, 6).Draw(rt, "n")
		lower := columnar.TruncateMin(s, n)
		if bytes.Compare(lower, s) > 0 || utf8.RuneCount(lower) > n {
			rt.Fatalf("min %q of %q", lower, s)
		}
		if upper, ok := columnar.TruncateMax(s, n); ok && (bytes.Compare(upper, s) < 0 || utf8.RuneCount(upper) > 2*n+1) {
			rt.Fatalf("max %q of %q", upper, s)
		}
	})
}

func TestFileStats(t *testing.T) {
	str := columnar.Of(columnar.String)
	schema := columnar.Schema{
		field("n", columnar.Long), field("s", columnar.String), field("f", columnar.Double), field("nan", columnar.Double),
		field("nothing", columnar.String),
		{Name: "m", Type: columnar.MapOf(str, str)},
		{Name: "r", Type: columnar.StructOf(field("code", columnar.Integer))},
	}
	b := columnar.NewBatch(schema)
	for i := range 100 {
		b.Column("n").AppendInt(int64(50 - i))
		b.Column("f").AppendFloat(float64(i) / 2)
		b.Column("nan").AppendFloat([]float64{1, math.NaN()}[i%2])
		b.Column("nothing").AppendNull()
		b.Column("m").AppendNested()
		if i%10 == 0 {
			b.Column("s").AppendNull()
			b.Column("r").AppendNull()
			continue
		}
		b.Column("s").AppendString(strings.Repeat("x", i))
		b.Column("r").Children[0].AppendInt(int64(i))
		b.Column("r").AppendNested()
	}
	b.Len = 100
	bound := func(lo, hi columnar.Value, nulls int64) columnar.Bound {
		return columnar.Bound{Min: lo, Max: hi, Nulls: nulls}
	}
	integer := func(k columnar.Kind, i int64) columnar.Value { return columnar.IntValue(k, i) }
	want := map[string]columnar.Bound{
		"n":       bound(integer(columnar.Long, -49), integer(columnar.Long, 50), 0),
		"s":       bound(columnar.StringValue("x"), columnar.StringValue(strings.Repeat("x", 99)), 10),
		"f":       bound(columnar.FloatValue(0), columnar.FloatValue(49.5), 0),
		"nan":     {},
		"nothing": {Nulls: 100},
		"r.code":  bound(integer(columnar.Integer, 1), integer(columnar.Integer, 99), 10),
	}
	file, stats := write(t, schema, columnar.WriterOptions{RowGroupRows: 1000, PageRows: 7}, b)
	got := map[string]columnar.Bound{}
	for _, c := range stats.Columns {
		got[strings.Join(c.Path, ".")] = c.Bound
	}
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("of the writer (-want +got):\n%s", diff)
	}
	// The one row group has the same bounds.
	keep := func(group columnar.Bounds) bool {
		for path, w := range want {
			g, ok := group.Bound(path)
			if s, _ := stats.Bound(path); !ok || cmp.Diff(w, g, cmpopts.EquateEmpty()) != "" || cmp.Diff(w, s, cmpopts.EquateEmpty()) != "" {
				t.Errorf("%s: row group %v, file %v, want %v", path, g, s, w)
			}
		}
		for _, path := range []string{"m", "m.key", "r"} {
			if g, ok := group.Bound(path); ok {
				t.Errorf("%s: %v", path, g)
			}
		}
		if g, ok := group.Bound("r.later"); !ok || g.Nulls != 100 || group.Rows() != 100 {
			t.Errorf("a field the file lacks: %v %v", g, ok)
		}
		return false
	}
	if got := rows(t, file, schema, keep); len(got) != 0 {
		t.Errorf("%d rows of a row group that was ruled out", len(got))
	}
}

func TestStatsColumns(t *testing.T) {
	b := events(10, 1)
	_, stats := write(t, b.Schema, columnar.WriterOptions{StatsColumns: []string{"date", "response"}}, b)
	var got []string
	for _, c := range stats.Columns {
		got = append(got, strings.Join(c.Path, "."))
	}
	if diff := cmp.Diff([]string{"date", "response.statusCode", "response.errorMessage", "response.result"}, got); diff != "" {
		t.Error(diff)
	}
}

// A row group is only ruled out if it has no row that is wanted, for every kind
// of value and bound.
func TestSkippingLosesNothing(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		kind := rapid.SampledFrom(scalars()).Draw(rt, "kind")
		schema := columnar.Schema{field("v", kind)}
		b := columnar.NewBatch(schema)
		b.Len = rapid.IntRange(1, 60).Draw(rt, "rows")
		for range b.Len {
			drawValue(rt, b.Columns[0], maybeNull)
		}
		probe := columnar.NewVector(columnar.Of(kind))
		drawValue(rt, probe, neverNull)
		v := value(probe, 0)
		file, _ := write(t, schema, drawOptions(rt), b)

		keep := func(g columnar.Bounds) bool {
			bound, ok := g.Bound("v")
			return !ok || (bound.Min.Kind == columnar.Invalid || bound.Min.Compare(v) <= 0) &&
				(bound.Max.Kind == columnar.Invalid || bound.Max.Compare(v) >= 0) && bound.Nulls != g.Rows()
		}
		count := func(rows []string) (n int) {
			for _, r := range rows {
				if r == "|"+string(appendText(nil, probe, 0)) {
					n++
				}
			}
			return n
		}
		if want, got := count(text(b)), count(rows(t, file, schema, keep)); got != want {
			rt.Fatalf("%s: %d rows equal %v, want %d", kind, got, probe.Any(0), want)
		}
		nulls := func(g columnar.Bounds) bool { bound, ok := g.Bound("v"); return !ok || bound.Nulls != 0 }
		want, got := 0, 0
		for i := range b.Len {
			if b.Columns[0].IsNull(i) {
				want++
			}
		}
		for _, r := range rows(t, file, schema, nulls) {
			if r == "|null" {
				got++
			}
		}
		if got != want {
			rt.Fatalf("%s: %d nulls, want %d", kind, got, want)
		}
	})
}

func value(v *columnar.Vector, i int) columnar.Value {
	out := columnar.Value{Kind: v.Type.Kind}
	switch k := v.Type.Kind; {
	case k.InInts():
		out.Int = v.Ints[i]
	case k.InFloats():
		out.Float = v.Floats[i]
	default:
		out.Bytes = v.ByteAt(i)
	}
	return out
}
