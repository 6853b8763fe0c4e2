//go:build interop

package interop_test

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/query"
	"github.com/auditlake/auditlake/pkg/query/exec"
	"github.com/auditlake/auditlake/pkg/query/querytest"
	"github.com/auditlake/auditlake/pkg/query/trino"
)

// theme is calls over one table of random arguments.
type theme struct {
	name   string
	schema columnar.Schema
	draw   func(r *rand.Rand) []columnar.Value
	calls  []query.Expr
}

// TestFunctionsAgreeWithTrino computes functions of random arguments, among them those
// at the edges, here and on Trino: many calls of many rows in a statement.
func TestFunctionsAgreeWithTrino(t *testing.T) {
	url := trinoServer(t)
	const rows = 1500
	compared, wrong := 0, 0
	for _, th := range themes(t) {
		t.Run(th.name, func(t *testing.T) {
			r := rand.New(rand.NewPCG(uint64(*firstSeed), 9))
			batch := columnar.NewBatch(append(columnar.Schema{{Name: "k", Type: columnar.Of(columnar.Long)}}, th.schema...))
			for i := range rows {
				batch.Columns[0].AppendInt(int64(i))
				for c, v := range th.draw(r) {
					appendValue(batch.Columns[c+1], v)
				}
				batch.Len++
			}
			for some := range slices.Chunk(th.calls, 20) {
				n, bad := compareCalls(t, url, batch, some)
				compared, wrong = compared+n, wrong+bad
			}
		})
	}
	t.Logf("%d values from seed %d, %d calls wrong", compared, *firstSeed, wrong)
}

// TestEveryFunctionIsCompared: a new function is one that TestFunctionsAgreeWithTrino calls.
func TestEveryFunctionIsCompared(t *testing.T) {
	var called strings.Builder
	for _, th := range themes(t) {
		for _, c := range th.calls {
			called.WriteString(" " + c.String())
		}
	}
	text := strings.NewReplacer("(", " (", ")", " )").Replace(called.String())
	for _, f := range query.Functions() {
		if !strings.Contains(text, " "+f.Name+" (") {
			t.Errorf("nothing calls %s: give it to themes in trino_themes_test.go", f.Name)
		}
	}
}

func appendValue(v *columnar.Vector, x columnar.Value) {
	switch {
	case x.Kind == columnar.Invalid:
		v.AppendNull()
	case x.Kind.InInts():
		v.AppendInt(x.Int)
	case x.Kind.InFloats():
		v.AppendFloat(x.Float)
	default:
		v.AppendBytes(x.Bytes)
	}
}

// compareCalls tells of the first wrong values of each call. Where Trino ends in an
// error, it is asked for half of the calls, so that one tells which.
func compareCalls(t *testing.T, url string, batch *columnar.Batch, calls []query.Expr) (compared, wrong int) {
	t.Helper()
	lake := &querytest.Lake{}
	lake.Add("t", batch)
	values := inValues(map[string][]*columnar.Batch{"t": {batch}})
	from := func(scan *query.Bound) (string, error) {
		text, err := values(scan) // of constants Trino would compute each alone before it begins
		return "(SELECT * FROM " + text + " WHERE random() >= 0)", err
	}
	outputs := []query.Output{query.As("k", query.Name("k"))}
	var said []query.Expr
	for _, e := range calls {
		plan := query.From("t", query.TimeRange{}).Project(query.As("x", e))
		bound, err := query.Bind(t.Context(), lake, plan)
		if err != nil {
			t.Fatalf("%s: %v", e, err)
		}
		var unsupported *trino.UnsupportedError
		if _, err := trino.Print(bound, from); errors.As(err, &unsupported) {
			t.Logf("%s: %v", e, err)
			continue
		} else if err != nil {
			t.Errorf("%s: %v", e, err)
			continue
		}
		outputs = append(outputs, query.As(fmt.Sprint("x", len(said)), e))
		said = append(said, e)
	}
	if len(said) == 0 {
		return 0, 0
	}
	plan := query.From("t", query.TimeRange{}).Project(outputs...).Sort(query.Asc("k"))
	bound, err := query.Bind(t.Context(), lake, plan)
	if err != nil {
		t.Fatal(err)
	}
	statement, err := trino.Print(bound, from)
	if err != nil {
		t.Fatal(err)
	}
	theirs, err := askTrino(t.Context(), url, statement)
	if err != nil {
		if len(said) == 1 {
			t.Errorf("%s: %.600v", said[0], err)
			return 0, 1
		}
		for _, half := range [][]query.Expr{said[:len(said)/2], said[len(said)/2:]} {
			n, bad := compareCalls(t, url, batch, half)
			compared, wrong = compared+n, wrong+bad
		}
		return compared, wrong
	}
	ours, err := exec.Run(t.Context(), lake, plan, exec.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if len(theirs) != ours.Batch.Len {
		t.Fatalf("%d rows, Trino has %d", ours.Batch.Len, len(theirs))
	}
	for c := 1; c < len(ours.Batch.Columns); c++ {
		differ := 0
		for i, row := range theirs {
			compared++
			kind := ours.Batch.Schema[c].Type.Kind
			have := trinoText(ours.Batch.Columns[c], i)
			if row[c] != nil && (kind == columnar.Date || kind == columnar.Timestamp) { // beyond the year 9999
				row[c] = new(strings.TrimPrefix(*row[c], "+"))
			}
			if sameCell(kind, row[c], have) || kind.InFloats() && sameOddDouble(row[c], have) {
				continue
			}
			if differ++; differ <= 3 {
				t.Errorf("%s of %s: %s, Trino has %s", said[c-1], rowText(batch, i), quoted(have), quoted(row[c]))
			}
		}
		if differ > 0 {
			wrong++
			t.Errorf("%s: %d of %d wrong", said[c-1], differ, len(theirs))
		}
	}
	return compared, wrong
}

// sameOddDouble is about those that are no numbers.
func sameOddDouble(theirs, ours *string) bool {
	if theirs == nil || ours == nil {
		return false
	}
	odd, there := map[string]string{"NaN": "NaN", "Infinity": "+Inf", "-Infinity": "-Inf"}[*theirs]
	return there && odd == *ours
}

func quoted(s *string) string {
	if s == nil {
		return "null"
	}
	return fmt.Sprintf("%+.300q", *s)
}

// rowText is the arguments of a row.
func rowText(b *columnar.Batch, i int) string {
	var out []string
	for c, f := range b.Schema[1:] {
		out = append(out, f.Name+"="+quoted(trinoText(b.Columns[c+1], i)))
	}
	return strings.Join(out, " ")
}

func pick[T any](r *rand.Rand, of []T) T { return of[r.IntN(len(of))] }

var str, long, double = columnar.StringValue, func(i int64) columnar.Value { return columnar.IntValue(columnar.Long, i) }, columnar.FloatValue

// orNull is null now and then.
func orNull(r *rand.Rand, v columnar.Value) columnar.Value {
	if r.IntN(20) == 0 {
		return columnar.Value{}
	}
	return v
}

var pieces = []string{
	"a", "b", "A", "Z", "ab", "aa", "-", "--", ".", " ", "  ", "\t", "\n", "0", "1", "42", "é", "É", "ü", "ß", "ſ", "İ", "ı", "ǆ", "ǅ", "ა", "ﬀ", "K", "Σ", "ς", "e\u0301", "日本", "💩", "𝒜", "👩\u200d💻",
	"\u00a0", "\u2003", "\x00", "\x7f", "'", `"`, `\`, "$1", "%", "_", "@x.com", "/", "\u2028", "\ufeff", "Job", "RUN", "_x",
}

func drawText(r *rand.Rand) columnar.Value {
	if r.IntN(60) == 0 { // any characters
		var b strings.Builder
		for range r.IntN(5) {
			if c := rune(r.IntN(0x3000)); c < 0xd800 {
				b.WriteRune(c)
			}
		}
		return str(b.String())
	}
	var b strings.Builder
	for range r.IntN(7) {
		b.WriteString(pick(r, pieces))
	}
	return str(b.String())
}

var longs = []int64{0, 1, -1, 2, -2, 3, 5, -5, 7, 10, 60, 1000, -1000, 1048576, 1048577, math.MaxInt32, math.MinInt32, math.MaxInt64, math.MinInt64, math.MaxInt64 - 1, math.MinInt64 + 1}

func drawLong(r *rand.Rand) columnar.Value {
	if r.IntN(3) == 0 {
		return long(int64(r.Uint64()) >> r.IntN(64))
	}
	return long(pick(r, longs))
}

func drawSmall(r *rand.Rand) columnar.Value {
	if r.IntN(8) == 0 {
		return drawLong(r)
	}
	return long(int64(r.IntN(17) - 8))
}

var doubles = []float64{
	0, math.Copysign(0, -1), 1, -1, 0.5, -0.5, 1.5, 2.5, -2.5, 0.49999999999999994, 1e15, 4503599627370497.5, 9007199254740993, 1e16, 123.456, 1234.5, -1234.567, 1e300, -1e300, 1e-300, 0x1p-1022, math.MaxFloat64,
	math.NaN(), math.Inf(1), math.Inf(-1), 2, 3, 10, 0.1, 2.675, 1.005,
}

func drawDouble(r *rand.Rand) columnar.Value {
	switch r.IntN(4) {
	case 0:
		return double(r.NormFloat64() * math.Pow(10, float64(r.IntN(20)-5)))
	case 1:
		return double(float64(r.IntN(2000)-1000) / 8)
	}
	return double(pick(r, doubles))
}

const year = 365.2425 * 24 * 3600 * 1e6

func drawTime(r *rand.Rand) columnar.Value {
	var at int64
	switch r.IntN(5) {
	case 0: // years 1 to 9999
		at = time.Date(1+r.IntN(9999), 1, 1, 0, 0, 0, 0, time.UTC).UnixMicro() + r.Int64N(year)
	case 1: // around the hours at which clocks are set
		day := time.Date(1970+r.IntN(70), time.Month(1+r.IntN(12)), 1+r.IntN(31), r.IntN(5), 0, 0, 0, time.UTC)
		at = day.UnixMicro() + int64(r.IntN(3)-1)
	case 2:
		at = int64(r.IntN(2_000_001) - 1_000_000)
	default:
		at = time.Date(1970+r.IntN(70), 1, 1, 0, 0, 0, 0, time.UTC).UnixMicro() + r.Int64N(year)
	}
	return columnar.IntValue(columnar.Timestamp, at)
}

func drawDate(r *rand.Rand) columnar.Value {
	if r.IntN(3) == 0 {
		return columnar.IntValue(columnar.Date, int64(r.IntN(20000)))
	}
	return columnar.IntValue(columnar.Date, time.Date(r.IntN(10000), time.Month(1+r.IntN(12)), 28+r.IntN(4), 0, 0, 0, 0, time.UTC).Unix()/86400)
}

func columns(kinds ...any) (out columnar.Schema) {
	for i := 0; i < len(kinds); i += 2 {
		out = append(out, columnar.Field{Name: kinds[i].(string), Type: columnar.Of(kinds[i+1].(columnar.Kind))})
	}
	return out
}

// calls reads calls as plans have them, one a line.
func calls(t *testing.T, text string) (out []query.Expr) {
	t.Helper()
	for _, line := range strings.Split(strings.TrimSpace(text), "\n") {
		p, err := querytest.ParsePlan("project " + strings.TrimSpace(line) + " as x\n  scan t")
		if err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		out = append(out, p.Root.(query.Project).Cols[0].Expr)
	}
	return out
}
