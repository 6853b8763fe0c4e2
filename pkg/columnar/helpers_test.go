package columnar_test

import (
	"bytes"
	"context"
	"fmt"
	"testing"

	"github.com/auditlake/auditlake/pkg/columnar"
)

// memory is a Source over bytes that counts its reads.
type memory struct {
	b     []byte
	reads int
	bytes int64
}

func (m *memory) ReadRange(_ context.Context, offset, length int64) ([]byte, error) {
	if offset < 0 || length < 0 || offset+length > int64(len(m.b)) {
		return nil, fmt.Errorf("range %d+%d of %d", offset, length, len(m.b))
	}
	m.reads++
	m.bytes += length
	return m.b[offset : offset+length : offset+length], nil
}

func write(t testing.TB, schema columnar.Schema, o columnar.WriterOptions, batches ...*columnar.Batch) ([]byte, *columnar.FileStats) {
	t.Helper()
	var out bytes.Buffer
	w, err := columnar.NewWriter(&out, schema, o)
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range batches {
		if err := w.Write(b); err != nil {
			t.Fatal(err)
		}
	}
	stats, err := w.Close()
	if err != nil {
		t.Fatal(err)
	}
	return out.Bytes(), stats
}

func open(t testing.TB, file []byte) *columnar.File {
	t.Helper()
	f, err := columnar.OpenFile(context.Background(), &memory{b: file}, int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// rows reads a file as the text of its rows.
func rows(t testing.TB, file []byte, want columnar.Schema, keep columnar.Keep) []string {
	t.Helper()
	var out []string
	for b, err := range open(t, file).Read(context.Background(), want, keep) {
		if err != nil {
			t.Fatal(err)
		}
		check(t, b)
		out = append(out, text(b)...)
	}
	return out
}

// text is each row of b, with its columns in order and the entries of maps in
// order too.
func text(b *columnar.Batch) []string {
	out := make([]string, b.Len)
	for i := range out {
		var line []byte
		for _, c := range b.Columns {
			line = appendText(append(line, '|'), c, i)
		}
		out[i] = string(line)
	}
	return out
}

func appendText(dst []byte, v *columnar.Vector, i int) []byte {
	switch k := v.Type.Kind; {
	case v.IsNull(i):
		return append(dst, "null"...)
	case k == columnar.Struct:
		dst = append(dst, '(')
		for _, c := range v.Children {
			dst = append(appendText(dst, c, i), ' ')
		}
		return append(dst, ')')
	case k == columnar.Map || k == columnar.List:
		dst = append(dst, '[')
		for j := v.Offsets[i]; j < v.Offsets[i+1]; j++ {
			for _, c := range v.Children {
				dst = append(appendText(dst, c, int(j)), ' ')
			}
			dst = append(dst, ',')
		}
		return append(dst, ']')
	}
	return fmt.Appendf(dst, "%q", fmt.Sprint(v.Any(i)))
}

// check holds a batch against what Vector and Batch promise.
func check(t testing.TB, b *columnar.Batch) {
	t.Helper()
	for i, c := range b.Columns {
		if c.Len != b.Len || !c.Type.Equal(b.Schema[i].Type) {
			t.Fatalf("column %s: %d rows of %s, batch has %d of %s", b.Schema[i].Name, c.Len, c.Type, b.Len, b.Schema[i].Type)
		}
		checkVector(t, b.Schema[i].Name, c)
	}
}

func checkVector(t testing.TB, name string, v *columnar.Vector) {
	t.Helper()
	length := func(what string, got, want int) {
		if got != want {
			t.Fatalf("%s: %d %s for %d values", name, got, what, want)
		}
	}
	if v.Null != nil {
		length("nulls", len(v.Null), v.Len)
	}
	switch k := v.Type.Kind; {
	case k.InInts():
		length("ints", len(v.Ints), v.Len)
	case k.InFloats():
		length("floats", len(v.Floats), v.Len)
	case k.InBytes() && v.Codes != nil:
		length("codes", len(v.Codes), v.Len)
	case k.InBytes():
		length("strings", v.Bytes.Len(), v.Len)
	case k == columnar.Struct:
		for i, c := range v.Children {
			length("children of "+v.Type.Fields[i].Name, c.Len, v.Len)
			for r := range v.Len {
				if v.IsNull(r) && !c.IsNull(r) {
					t.Fatalf("%s: a null struct's field %s is not null", name, v.Type.Fields[i].Name)
				}
			}
			checkVector(t, name+"."+v.Type.Fields[i].Name, c)
		}
		return
	default:
		length("offsets", len(v.Offsets), v.Len+1)
		for _, c := range v.Children {
			length("elements", c.Len, int(v.Offsets[v.Len]))
			checkVector(t, name+".*", c)
		}
		return
	}
	for i := range v.Len {
		if !v.IsNull(i) {
			if v.Codes != nil && v.Codes[i] < 0 {
				t.Fatalf("%s: value %d has code %d", name, i, v.Codes[i])
			}
			continue
		}
		switch {
		case v.Codes != nil && v.Codes[i] != -1:
			t.Fatalf("%s: null %d has code %d", name, i, v.Codes[i])
		case v.Codes == nil && v.Type.Kind.InBytes() && len(v.Bytes.At(i)) > 0:
			t.Fatalf("%s: null %d is %q", name, i, v.Bytes.At(i))
		case v.Type.Kind.InInts() && v.Ints[i] != 0:
			t.Fatalf("%s: null %d is %d", name, i, v.Ints[i])
		}
	}
}
