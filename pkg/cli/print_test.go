package cli

import (
	"encoding/csv"
	"encoding/json"
	"io"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/etl"
	"github.com/auditlake/auditlake/pkg/query/events"
)

func TestNumber(t *testing.T) {
	for n, want := range map[int64]string{
		0: "0", 7: "7", -7: "-7", 999: "999", 1000: "1,000", -999: "-999", -1000: "-1,000", 100000: "100,000", -100000: "-100,000",
		1234567: "1,234,567", math.MaxInt64: "9,223,372,036,854,775,807", math.MinInt64: "-9,223,372,036,854,775,808",
	} {
		if got := number(n); got != want {
			t.Errorf("number(%d) = %s, want %s", n, got, want)
		}
	}
}

func TestSize(t *testing.T) {
	for n, want := range map[int64]string{
		0: "0 B", 999: "999 B", 1000: "1.0 kB", 1049: "1.0 kB", 1050: "1.1 kB", 999_949: "999.9 kB", 999_950: "1.0 MB", 5_000_000: "5.0 MB",
		64 << 20: "67.1 MB", 3_200_000_000: "3.2 GB", math.MaxInt64: "9223372.0 TB",
	} {
		if got := size(n); got != want {
			t.Errorf("size(%d) = %s, want %s", n, got, want)
		}
	}
}

func everyKind() *columnar.Batch {
	str := columnar.Of(columnar.String)
	b := columnar.NewBatch(columnar.Schema{
		{Name: "text", Type: str},
		{Name: "n", Type: columnar.Of(columnar.Long)},
		{Name: "x", Type: columnar.Of(columnar.Double)},
		{Name: "ok", Type: columnar.Of(columnar.Boolean)},
		{Name: "day", Type: columnar.Of(columnar.Date)},
		{Name: "at", Type: columnar.Of(columnar.Timestamp)},
		{Name: "tags", Type: columnar.MapOf(str, str)},
	})
	c := b.Columns
	c[0].AppendString("a, \"b\"\n<ü>")
	c[1].AppendInt(9007199254740993)
	c[2].AppendFloat(0.5)
	c[3].AppendInt(1)
	c[4].AppendInt(18258)
	c[5].AppendInt(1577520000123456)
	c[6].Children[0].AppendString("k")
	c[6].Children[1].AppendString("v")
	c[6].AppendNested()
	for _, v := range c {
		v.AppendNull()
	}
	b.Len = 2
	return b
}

func TestJSONKeepsWhatItIsGiven(t *testing.T) {
	var out strings.Builder
	if err := printBatch(&out, everyKind(), "json"); err != nil {
		t.Fatal(err)
	}
	d := json.NewDecoder(strings.NewReader(out.String()))
	d.UseNumber()
	var got []map[string]any
	if err := d.Decode(&got); err != nil {
		t.Fatal(err)
	}
	want := []map[string]any{
		{"text": "a, \"b\"\n<ü>", "n": json.Number("9007199254740993"), "x": json.Number("0.5"), "ok": true, "day": "2019-12-28", "at": "2019-12-28T08:00:00.123Z", "tags": map[string]any{"k": "v"}},
		{"text": nil, "n": nil, "x": nil, "ok": nil, "day": nil, "at": nil, "tags": nil},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
}

func TestCSVQuotes(t *testing.T) {
	var out strings.Builder
	if err := printBatch(&out, everyKind(), "csv"); err != nil {
		t.Fatal(err)
	}
	got, err := csv.NewReader(strings.NewReader(out.String())).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	want := [][]string{
		{"text", "n", "x", "ok", "day", "at", "tags"},
		{"a, \"b\"\n<ü>", "9007199254740993", "0.5", "true", "2019-12-28", "2019-12-28T08:00:00.123Z", `{"k":"v"}`},
		{"", "", "", "", "", "", ""},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("records (-want +got):\n%s", diff)
	}
}

func TestTimesAreUnderstood(t *testing.T) {
	for text, want := range map[string]string{
		"2019-12-28": "2019-12-28T00:00:00Z", "2019-12-28T07:00:00Z": "2019-12-28T07:00:00Z", "2019-12-28T07:00:00.5+02:00": "2019-12-28T05:00:00.5Z",
		"2019-12-28T07:00:00": "2019-12-28T07:00:00Z", "2019-12-28 07:00:00": "2019-12-28T07:00:00Z",
	} {
		if got, err := parseTime(text); err != nil || got.Format(time.RFC3339Nano) != want {
			t.Errorf("parseTime(%q) = %s, %v, want %s", text, got, err, want)
		}
	}
}

// TestABarIsDrawnWhileItMoves is for the race detector.
func TestABarIsDrawnWhileItMoves(t *testing.T) {
	p := newProgress(io.Discard)
	p.terminal = true
	for i := range int64(1000) {
		p.show(etl.Progress{Stage: strings.Repeat("x", int(i%7)), Bytes: i, TotalBytes: 1000, Started: time.Now()})
	}
	p.clear()
}

// Who can write into an event can write to the terminal of whoever reads it.
func TestNothingControlsTheTerminal(t *testing.T) {
	b := columnar.NewBatch(columnar.Schema{{Name: "userAgent", Type: columnar.Of(columnar.String)}})
	for _, text := range []string{"\x1b]0;title\x07\x1b[2J", "a\rb", "\u009b31mred", "\u202egnp.exe", "\x9b31m", "\x7f", "kept\tü ✓"} {
		b.Columns[0].AppendString(text)
		b.Len++
	}
	var out strings.Builder
	if err := printBatch(&out, b, "table"); err != nil {
		t.Fatal(err)
	}
	for _, r := range out.String() {
		if r != '\n' && (r < ' ' && r != '\t' || r >= 0x7f && r < 0xa0 || r == 0x202e) {
			t.Errorf("%q is written to the terminal:\n%q", r, out.String())
		}
	}
	for _, want := range []string{`\u001b]0;title\u0007\u001b[2J`, `a\u000db`, `\u009b31mred`, `\u202egnp.exe`, "\ufffd31m", "ü ✓"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%s is not in\n%s", want, out.String())
		}
	}
	out.Reset()
	if err := printEvent(&out, events.Line{Severity: "info", Body: "a\nb\x1b[2J"}, "text"); err != nil || strings.Count(out.String(), "\n") != 1 || strings.Contains(out.String(), "\x1b") {
		t.Errorf("%q, %v", out.String(), err)
	}
}
