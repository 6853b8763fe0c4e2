package columnar_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/auditlake/auditlake/pkg/columnar"
)

// Take and Append do in bulk what AppendFrom does value by value, on vectors of
// plain strings and of codes.
func TestBulkCopies(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		schema := drawSchema(rt, 3)
		b := drawBatch(rt, schema)
		sources := []*columnar.Batch{b}
		if b.Len > 0 {
			file, _ := write(t, schema, columnar.WriterOptions{}, b)
			for read, err := range open(t, file).Read(t.Context(), schema, nil) {
				if err != nil {
					rt.Fatal(err)
				}
				sources = append(sources, read)
			}
		}
		rows := rapid.SliceOfN(rapid.Int32Range(-1, int32(b.Len-1)), 0, 20).Draw(rt, "rows")
		slow := columnar.NewBatch(schema)
		for _, r := range rows {
			if r < 0 {
				for _, c := range slow.Columns {
					c.AppendNull()
				}
				slow.Len++
				continue
			}
			slow.AppendRow(b, int(r))
		}
		for i, src := range sources {
			got := src.Take(rows)
			check(t, got)
			if diff := cmp.Diff(text(slow), text(got)); diff != "" {
				rt.Fatalf("source %d, take (-slow +fast):\n%s", i, diff)
			}
			got = columnar.NewBatch(schema)
			got.Append(slow)
			got.Append(src)
			got.Append(src)
			check(t, got)
			want := append(text(slow), text(src)...)
			if diff := cmp.Diff(append(want, text(src)...), text(got)); diff != "" {
				rt.Fatalf("source %d, append (-slow +fast):\n%s", i, diff)
			}
		}
	})
}

// A vector that makes codes holds what one of plain strings holds, when it is filled
// for the first time and again, and becomes the same file.
func TestCode(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		schema := drawSchema(rt, 3)
		b := drawBatch(rt, schema)
		want, _ := write(t, schema, columnar.WriterOptions{}, b)
		coded := columnar.NewBatch(schema)
		for _, v := range coded.Columns {
			code(v)
		}
		for _, fill := range []func(){
			func() { coded.Append(b) },
			func() {
				coded.Reset()
				for i := range b.Len {
					coded.AppendRow(b, i)
				}
			},
			func() {
				coded = coded.Fresh()
				coded.Append(b)
			},
		} {
			fill()
			check(t, coded)
			if diff := cmp.Diff(text(b), text(coded)); diff != "" {
				rt.Fatalf("(-plain +coded):\n%s", diff)
			}
			if b.TextBytes() != coded.TextBytes() {
				rt.Fatalf("%d bytes of text, coded %d", b.TextBytes(), coded.TextBytes())
			}
			if got, _ := write(t, schema, columnar.WriterOptions{}, coded); !bytes.Equal(got, want) {
				rt.Fatal("another file")
			}
		}
	})
}

// code has all strings of an empty vector become codes.
func code(v *columnar.Vector) {
	if v.Type.Kind.InBytes() {
		v.Code()
	}
	for _, c := range v.Children {
		code(c)
	}
}

// Somebody who keeps what he found of a vector's dictionary sees that the vector, filled
// again, has another one.
func TestCodeAgain(t *testing.T) {
	v := columnar.NewVector(columnar.Of(columnar.String))
	v.Code()
	v.AppendString("a")
	v.AppendString("a")
	first := v.Dict
	v.Reset()
	v.AppendString("b")
	if v.Dict == first || v.Dict.Len() != 1 || string(v.ByteAt(0)) != "b" {
		t.Errorf("the dictionary of before, or %d values, or %q", v.Dict.Len(), v.ByteAt(0))
	}
}

func TestAny(t *testing.T) {
	str := columnar.Of(columnar.String)
	schema := columnar.Schema{
		field("bool", columnar.Boolean), field("long", columnar.Long), field("date", columnar.Date), field("time", columnar.Timestamp),
		field("double", columnar.Double), field("string", columnar.String), field("binary", columnar.Binary), field("null", columnar.Long),
		{Name: "struct", Type: columnar.StructOf(field("a", columnar.Long))},
		{Name: "map", Type: columnar.MapOf(str, str)},
		{Name: "list", Type: columnar.ListOf(columnar.Of(columnar.Long))},
		{Name: "numbers", Type: columnar.MapOf(columnar.Of(columnar.Long), str)},
	}
	b := columnar.NewBatch(schema)
	at := time.Date(2024, 2, 29, 1, 2, 3, 4000, time.UTC)
	b.Column("bool").AppendInt(1)
	b.Column("long").AppendInt(7)
	b.Column("date").AppendInt(at.Unix() / 86400)
	b.Column("time").AppendInt(at.UnixMicro())
	b.Column("double").AppendFloat(1.5)
	b.Column("string").AppendString("s")
	b.Column("binary").AppendBytes([]byte{1})
	b.Column("null").AppendNull()
	b.Column("struct").Field("a").AppendInt(1)
	b.Column("map").Children[0].AppendString("k")
	b.Column("map").Children[1].AppendNull()
	b.Column("list").Children[0].AppendInt(1)
	b.Column("numbers").Children[0].AppendInt(2)
	b.Column("numbers").Children[1].AppendString("two")
	for _, name := range []string{"struct", "map", "list", "numbers"} {
		b.Column(name).AppendNested()
	}
	b.Len = 1
	want := map[string]any{
		"bool": true, "long": int64(7), "date": at.Truncate(24 * time.Hour), "time": at, "double": 1.5, "string": "s",
		"binary": []byte{1}, "null": nil, "struct": map[string]any{"a": int64(1)}, "map": map[string]any{"k": nil},
		"list": []any{int64(1)}, "numbers": []any{[2]any{int64(2), "two"}},
	}
	if diff := cmp.Diff(want, b.Row(0)); diff != "" {
		t.Error(diff)
	}
}

func TestAppendValue(t *testing.T) {
	for _, v := range []columnar.Value{
		columnar.IntValue(columnar.Boolean, 1), columnar.IntValue(columnar.Timestamp, -7),
		{Kind: columnar.Double, Float: 1.5},
		columnar.StringValue("s"),
		{Kind: columnar.Binary, Bytes: []byte{0}},
	} {
		vector := columnar.NewVector(columnar.Of(v.Kind))
		vector.AppendValue(v)
		vector.AppendValue(columnar.Value{})
		want := columnar.NewVector(columnar.Of(v.Kind))
		switch {
		case v.Kind.InInts():
			want.AppendInt(v.Int)
		case v.Kind.InFloats():
			want.AppendFloat(v.Float)
		default:
			want.AppendBytes(v.Bytes)
		}
		if vector.Len != 2 || vector.IsNull(0) || !vector.IsNull(1) || !cmp.Equal(vector.Any(0), want.Any(0)) {
			t.Errorf("%v: %v, %v", v, vector.Any(0), vector.Any(1))
		}
	}
}
