package columnar_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/auditlake/auditlake/pkg/columnar"
)

// scalars are the kinds that are written.
func scalars() []columnar.Kind {
	var out []columnar.Kind
	for k := columnar.Boolean; k < columnar.Struct; k++ {
		if k.Writable() {
			out = append(out, k)
		}
	}
	return out
}

func drawType(t *rapid.T, depth int) columnar.Type {
	nested := []columnar.Kind{columnar.Struct, columnar.Map, columnar.List}
	if depth == 0 {
		nested = nil
	}
	switch k := rapid.SampledFrom(append(scalars(), nested...)).Draw(t, "kind"); k {
	case columnar.Struct:
		return columnar.Type{Kind: k, Fields: drawSchema(t, depth-1)}
	case columnar.Map:
		key := rapid.SampledFrom(scalars()).Draw(t, "key")
		return columnar.MapOf(columnar.Of(key), drawType(t, depth-1))
	case columnar.List:
		return columnar.ListOf(drawType(t, depth-1))
	default:
		return columnar.Of(k)
	}
}

func drawSchema(t *rapid.T, depth int) columnar.Schema {
	var s columnar.Schema
	for i := range rapid.IntRange(1, 4).Draw(t, "fields") {
		s = append(s, columnar.Field{Name: fmt.Sprintf("f%d", i), Type: drawType(t, depth)})
	}
	return s
}

type nullness int

const (
	maybeNull nullness = iota
	neverNull
)

func drawValue(t *rapid.T, v *columnar.Vector, nulls nullness) {
	if nulls == maybeNull && rapid.IntRange(0, 3).Draw(t, "null") == 0 {
		v.AppendNull()
		return
	}
	switch k := v.Type.Kind; {
	case k == columnar.Boolean:
		v.AppendInt(rapid.Int64Range(0, 1).Draw(t, "bool"))
	case k == columnar.Byte:
		v.AppendInt(int64(rapid.Int8().Draw(t, "byte")))
	case k == columnar.Short:
		v.AppendInt(int64(rapid.Int16().Draw(t, "short")))
	case k == columnar.Integer || k == columnar.Date:
		v.AppendInt(int64(rapid.Int32().Draw(t, "integer")))
	case k.InInts():
		v.AppendInt(rapid.Int64().Draw(t, "long"))
	case k == columnar.Float:
		v.AppendFloat(float64(rapid.Float32().Draw(t, "float")))
	case k.InFloats():
		v.AppendFloat(rapid.Float64().Draw(t, "double"))
	case k.InBytes():
		v.AppendString(rapid.SampledFrom([]string{"", "a", "b", "login", "é", strings.Repeat("x", 300)}).Draw(t, "string"))
	case k == columnar.Struct:
		for _, c := range v.Children {
			drawValue(t, c, maybeNull)
		}
		v.AppendNested()
	default:
		for range rapid.IntRange(0, 3).Draw(t, "elements") {
			for i, c := range v.Children {
				drawValue(t, c, nullness(map[bool]int{true: 1}[k == columnar.Map && i == 0]))
			}
		}
		v.AppendNested()
	}
}

func drawBatch(t *rapid.T, s columnar.Schema) *columnar.Batch {
	b := columnar.NewBatch(s)
	b.Len = rapid.IntRange(0, 30).Draw(t, "rows")
	for _, c := range b.Columns {
		for range b.Len {
			drawValue(t, c, maybeNull)
		}
	}
	return b
}

func drawOptions(t *rapid.T) columnar.WriterOptions {
	return columnar.WriterOptions{
		Compression:     columnar.Compression(rapid.IntRange(0, 4).Draw(t, "compression")),
		RowGroupRows:    rapid.IntRange(1, 40).Draw(t, "rowGroupRows"),
		PageRows:        rapid.IntRange(1, 20).Draw(t, "pageRows"),
		DictionaryBytes: rapid.SampledFrom([]int{1, 20, 1000}).Draw(t, "dictionaryBytes"),
	}
}

// evolve draws a schema that a reader may want of a file of schema s: fewer
// fields, more fields, in another order.
func evolve(t *rapid.T, s columnar.Schema) columnar.Schema {
	var out columnar.Schema
	for _, f := range rapid.Permutation(s).Draw(t, "order") {
		if rapid.Bool().Draw(t, "keep") {
			out = append(out, columnar.Field{Name: f.Name, Type: evolveType(t, f.Type)})
		}
		if rapid.IntRange(0, 3).Draw(t, "add") == 0 {
			out = append(out, columnar.Field{Name: fmt.Sprintf("new%d", len(out)), Type: drawType(t, 1)})
		}
	}
	if len(out) == 0 {
		out = columnar.Schema{{Name: "new", Type: columnar.Of(columnar.String)}}
	}
	return out
}

func evolveType(t *rapid.T, u columnar.Type) columnar.Type {
	switch u.Kind {
	case columnar.Struct:
		return columnar.Type{Kind: columnar.Struct, Fields: evolve(t, u.Fields)}
	case columnar.Map:
		return columnar.MapOf(*u.Key, evolveType(t, *u.Elem))
	case columnar.List:
		return columnar.ListOf(evolveType(t, *u.Elem))
	case columnar.Byte, columnar.Short, columnar.Integer:
		return columnar.Of(columnar.Kind(rapid.IntRange(int(u.Kind), int(columnar.Long)).Draw(t, "wider")))
	case columnar.Float:
		return columnar.Of(columnar.Double)
	}
	return u
}

// project is what reading v as the type want must give, built value by value.
func project(dst, src *columnar.Vector, i int) {
	if src == nil || src.IsNull(i) {
		dst.AppendNull()
		return
	}
	switch k := dst.Type.Kind; {
	case k.InInts():
		dst.AppendInt(src.Ints[i])
	case k.InFloats():
		dst.AppendFloat(src.Floats[i])
	case k.InBytes():
		dst.AppendBytes(src.ByteAt(i))
	case k == columnar.Struct:
		for c, f := range dst.Type.Fields {
			project(dst.Children[c], src.Field(f.Name), i)
		}
		dst.AppendNested()
	default:
		for j := src.Offsets[i]; j < src.Offsets[i+1]; j++ {
			for c := range dst.Children {
				project(dst.Children[c], src.Children[c], int(j))
			}
		}
		dst.AppendNested()
	}
}

func TestRoundTrip(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		schema := drawSchema(rt, 3)
		wanted := evolve(rt, schema)
		var batches []*columnar.Batch
		var same, evolved []string
		for range rapid.IntRange(0, 3).Draw(rt, "batches") {
			b := drawBatch(rt, schema)
			batches = append(batches, b)
			same = append(same, text(b)...)
			p := columnar.NewBatch(wanted)
			p.Len = b.Len
			for c, f := range wanted {
				for i := range b.Len {
					project(p.Columns[c], b.Column(f.Name), i)
				}
			}
			evolved = append(evolved, text(p)...)
		}
		file, _ := write(t, schema, drawOptions(rt), batches...)
		if got := open(t, file).Schema(); !got.Equal(schema) {
			rt.Fatalf("schema %s, want %s", columnar.StructOf(got...), columnar.StructOf(schema...))
		}
		if diff := cmp.Diff(same, rows(t, file, schema, nil)); diff != "" {
			rt.Fatalf("%s (-written +read):\n%s", columnar.StructOf(schema...), diff)
		}
		if diff := cmp.Diff(evolved, rows(t, file, wanted, nil)); diff != "" {
			rt.Fatalf("%s as %s (-projected +read):\n%s", columnar.StructOf(schema...), columnar.StructOf(wanted...), diff)
		}
	})
}
