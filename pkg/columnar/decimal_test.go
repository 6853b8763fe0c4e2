package columnar_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/big"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/parquet-go/parquet-go"
	"pgregory.net/rapid"

	"github.com/auditlake/auditlake/pkg/columnar"
)

// decimalFile is a file with a column of 38 digits in 16 bytes, by the other
// library, of which every value is twice in a row.
func decimalFile(t testing.TB, scale int, unscaled []*big.Int, options ...parquet.WriterOption) []byte {
	t.Helper()
	schema := parquet.NewSchema("decimals", parquet.Group{
		"fixed": parquet.Optional(parquet.Decimal(scale, 38, parquet.FixedLenByteArrayType(16))),
		"bytes": parquet.Decimal(scale, 38, parquet.ByteArrayType),
		"dict":  parquet.Encoded(parquet.Decimal(scale, 38, parquet.FixedLenByteArrayType(16)), &parquet.RLEDictionary),
		"int32": parquet.Decimal(min(scale, 9), 9, parquet.Int32Type),
		"int64": parquet.Encoded(parquet.Decimal(min(scale, 18), 18, parquet.Int64Type), &parquet.DeltaBinaryPacked),
	})
	var out bytes.Buffer
	w := parquet.NewWriter(&out, append(options, schema)...)
	for i, u := range unscaled {
		fixed := new(big.Int).Set(u)
		if u.Sign() < 0 {
			fixed.Add(fixed, new(big.Int).Lsh(big.NewInt(1), 128))
		}
		b := fixed.FillBytes(make([]byte, 16))
		short := b
		for len(short) > 1 && (short[0] == 0 && short[1] < 128 || short[0] == 255 && short[1] >= 128) {
			short = short[1:]
		}
		null := parquet.NullValue().Level(0, 0, 2)
		if i%3 > 0 {
			null = parquet.FixedLenByteArrayValue(b).Level(0, 1, 2)
		}
		row := parquet.Row{
			parquet.ByteArrayValue(short).Level(0, 0, 0), parquet.FixedLenByteArrayValue(b).Level(0, 0, 1), null,
			parquet.Int32Value(int32(u.Int64()%1e9)).Level(0, 0, 3), parquet.Int64Value(u.Int64()%1e18).Level(0, 0, 4),
		}
		if _, err := w.WriteRows([]parquet.Row{row, row}); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// Decimals are exact in each of the forms a file can hold them in.
func TestDecimals(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		scale := rapid.IntRange(0, 38).Draw(rt, "scale")
		var unscaled []*big.Int
		for range rapid.IntRange(1, 30).Draw(rt, "rows") {
			digits := rapid.StringMatching(`-?[0-9]{1,38}`).Draw(rt, "digits")
			u, _ := new(big.Int).SetString(digits, 10)
			unscaled = append(unscaled, u)
		}
		text := func(u *big.Int, scale int) string {
			power := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(scale)), nil)
			return new(big.Rat).SetFrac(u, power).FloatString(scale)
		}
		var want []string
		for i, u := range unscaled {
			row := map[string]any{
				"bytes": text(u, scale), "dict": text(u, scale), "fixed": nil,
				"int32": text(big.NewInt(int64(int32(u.Int64()%1e9))), min(scale, 9)),
				"int64": text(big.NewInt(u.Int64()%1e18), min(scale, 18)),
			}
			if i%3 > 0 {
				row["fixed"] = text(u, scale)
			}
			want = append(want, fmt.Sprint(row), fmt.Sprint(row))
		}
		long := columnar.DecimalOf(38, scale)
		schema := columnar.Schema{
			{Name: "fixed", Type: long},
			{Name: "bytes", Type: long},
			{Name: "dict", Type: long},
			{Name: "int32", Type: columnar.DecimalOf(10, min(scale, 9))},
			{Name: "int64", Type: columnar.DecimalOf(18, min(scale, 18))},
		}
		file := decimalFile(t, scale, unscaled, parquet.PageBufferSize(rapid.IntRange(20, 2000).Draw(rt, "page")))
		var got []string
		for b, err := range open(t, file).Read(t.Context(), schema, nil) {
			if err != nil {
				rt.Fatal(err)
			}
			check(t, b)
			for i := range b.Len {
				got = append(got, fmt.Sprint(b.Row(i)))
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			rt.Fatal(diff)
		}
	})
}

// A decimal of other digits is refused before the first row, and so is a number
// or a text as a decimal.
func TestDecimalsThatDoNotFit(t *testing.T) {
	file := decimalFile(t, 2, []*big.Int{big.NewInt(123)})
	for _, want := range []columnar.Type{
		columnar.DecimalOf(37, 2), columnar.DecimalOf(38, 3), columnar.Of(columnar.Binary), columnar.Of(columnar.Long),
	} {
		for b, err := range open(t, file).Read(t.Context(), columnar.Schema{{Name: "fixed", Type: want}}, nil) {
			if b != nil || !errors.Is(err, columnar.ErrType) {
				t.Errorf("as %s: %v, %v", want, b, err)
			}
		}
	}
	own, _ := write(t, columnar.Schema{field("v", columnar.Long)}, columnar.WriterOptions{})
	for b, err := range open(t, own).Read(t.Context(), columnar.Schema{{Name: "v", Type: columnar.DecimalOf(20, 0)}}, nil) {
		if b != nil || !errors.Is(err, columnar.ErrType) {
			t.Errorf("a long as a decimal: %v, %v", b, err)
		}
	}
}

func TestDecimalValue(t *testing.T) {
	for _, c := range []struct {
		typ        columnar.Type
		text, want string
	}{
		{columnar.DecimalOf(5, 2), "1", "1.00"},
		{columnar.DecimalOf(5, 2), "-0.5", "-0.50"},
		{columnar.DecimalOf(5, 2), "-.05", "-0.05"},
		{columnar.DecimalOf(5, 2), "1.5e1", "15.00"},
		{columnar.DecimalOf(5, 2), "1250E-2", "12.50"},
		{columnar.DecimalOf(5, 2), "1.500", "1.50"},
		{columnar.DecimalOf(5, 2), "0e-10", "0.00"},
		{columnar.DecimalOf(3, 0), "-999", "-999"},
		{columnar.DecimalOf(38, 38), "0." + strings.Repeat("9", 38), "0." + strings.Repeat("9", 38)},
		{columnar.DecimalOf(5, 2), "1.234", "more digits after the point"},
		{columnar.DecimalOf(5, 2), "1234", "more digits than"},
		{columnar.DecimalOf(5, 2), "1e9999999999", "is no"},
		{columnar.DecimalOf(5, 2), "1e100", "is no"},
		{columnar.DecimalOf(5, 2), "", "is no"},
		{columnar.DecimalOf(5, 2), "1_0", "is no"},
		{columnar.DecimalOf(5, 2), "1.-5", "is no"},
		{columnar.DecimalOf(5, 2), "NaN", "is no"},
		{columnar.DecimalOf(5, 2), strings.Repeat("0", 1<<20), "is no"},
	} {
		v, err := columnar.DecimalValue(c.typ, c.text)
		switch {
		case err != nil && strings.Contains(err.Error(), c.want) && len(err.Error()) < 300:
		case err == nil && v.Kind == columnar.Decimal && string(v.Bytes) == c.want:
		default:
			t.Errorf("%s %.20q: %s %q, %v, want %q", c.typ, c.text, v.Kind, v.Bytes, err, c.want)
		}
	}
	rapid.Check(t, func(rt *rapid.T) {
		draw := func(name string) (*big.Rat, columnar.Value) {
			text := rapid.StringMatching(`-?[0-9]{1,6}\.[0-9]{0,3}`).Draw(rt, name)
			v, err := columnar.DecimalValue(columnar.DecimalOf(9, 3), text)
			r, ok := new(big.Rat).SetString(text)
			if err != nil || !ok {
				rt.Fatalf("%s: %v", text, err)
			}
			return r, v
		}
		a, av := draw("a")
		b, bv := draw("b")
		if a.Cmp(b) != av.Compare(bv) {
			rt.Fatalf("%s and %s compare as %d", av.Bytes, bv.Bytes, av.Compare(bv))
		}
	})
}
