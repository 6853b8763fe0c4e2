//go:build interop

package interop_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/auditlake/auditlake/internal/trinoserver"
	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/query"
	"github.com/auditlake/auditlake/pkg/query/exec"
	"github.com/auditlake/auditlake/pkg/query/querytest"
	"github.com/auditlake/auditlake/pkg/query/trino"
)

// trinoServer is the address of a Trino that reads folders of this machine: that of
// AUDITLAKE_TRINO, or of one for all tests, which ends with them.
func trinoServer(t *testing.T) string {
	t.Helper()
	if url := os.Getenv("AUDITLAKE_TRINO"); url != "" {
		return strings.TrimSuffix(url, "/")
	}
	sharedTrino.once.Do(func() {
		began := time.Now()
		sharedTrino.server, sharedTrino.err = trinoserver.Run(t.Context(), trinoserver.Config{HeapMiB: 1500}, filepath.Join(scratch, "trino"), t.Logf)
		t.Logf("Trino: %s", time.Since(began).Round(100*time.Millisecond))
	})
	had(t, sharedTrino.err)
	return sharedTrino.server.URL
}

var sharedTrino struct {
	once   sync.Once
	server *trinoserver.Server
	err    error
}

func stopTrino() {
	if sharedTrino.server != nil {
		sharedTrino.server.Stop()
	}
}

// page is one answer of Trino's to a statement, or to the question for more of it.
type page struct {
	NextURI string   `json:"nextUri"`
	Data    [][]any  `json:"data"`
	Error   *problem `json:"error"`
}

type problem struct {
	Name    string `json:"errorName"`
	Message string `json:"message"`
}

// askTrino is the rows of a statement, as texts.
func askTrino(ctx context.Context, url, statement string) ([][]*string, error) {
	method, at, body := http.MethodPost, url+"/v1/statement", []byte(statement)
	var rows [][]*string
	for at != "" {
		r, err := http.NewRequestWithContext(ctx, method, at, bytes.NewReader(body))
		if err != nil {
			return nil, err
		}
		r.Header.Set("X-Trino-User", "interop")
		r.Header.Set("X-Trino-Time-Zone", "Asia/Kathmandu") // that no statement asks for it
		r.Header.Set("X-Trino-Client-Capabilities", "PARAMETRIC_DATETIME")
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			return nil, err
		}
		var p page
		d := json.NewDecoder(resp.Body)
		d.UseNumber()
		err = d.Decode(&p)
		_ = resp.Body.Close()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", resp.Status, err)
		}
		if p.Error != nil {
			return nil, fmt.Errorf("%s: %s", p.Error.Name, p.Error.Message)
		}
		for _, cells := range p.Data {
			row := make([]*string, len(cells))
			for i, cell := range cells {
				row[i] = trinoCell(cell)
			}
			rows = append(rows, row)
		}
		method, at, body = http.MethodGet, p.NextURI, nil
	}
	return rows, nil
}

func trinoCell(cell any) *string {
	if cell == nil {
		return nil
	}
	s := fmt.Sprint(cell)
	return &s
}

// compared is a plan and what becomes of it here and on Trino.
type compared struct {
	name string
	plan query.Plan
	lake query.Catalog
	from func(*query.Bound) (string, error)

	ours        *exec.Result
	statement   string
	unsupported error
	diff        string
	rows        int
}

// compare runs the plan here and there.
func (c *compared) compare(ctx context.Context, url string) {
	c.diff = func() string {
		bound, err := query.Bind(ctx, c.lake, c.plan)
		if err != nil {
			return err.Error()
		}
		if c.statement, err = trino.Print(bound, c.from); err != nil {
			c.unsupported = err
			return ""
		}
		var ourErr error
		c.ours, ourErr = exec.Run(ctx, c.lake, c.plan, exec.Options{})
		theirs, err := askTrino(ctx, url, c.statement)
		switch {
		case ourErr != nil && err != nil:
			return ""
		case ourErr != nil:
			return fmt.Sprintf("%v, but Trino has %d rows", ourErr, len(theirs))
		case err != nil:
			return err.Error()
		}
		c.rows = len(theirs)
		return trinoDifference(theirs, c.ours.Batch)
	}()
}

// compareAll compares several plans at a time, and fails for those that differ.
func compareAll(t *testing.T, url string, all []*compared) {
	t.Helper()
	todo := make(chan *compared)
	var wait sync.WaitGroup
	var wrong atomic.Int64
	for range 4 {
		wait.Go(func() {
			for c := range todo {
				if c.compare(t.Context(), url); c.diff != "" && wrong.Add(1) <= 8 {
					t.Errorf("%s: %s\n%s\n%s", c.name, c.diff, c.plan, c.statement)
				}
			}
		})
	}
	for _, c := range all {
		todo <- c
	}
	close(todo)
	wait.Wait()
	rows, empty := 0, 0
	unsupported := map[string]int{}
	for _, c := range all {
		rows += c.rows
		switch {
		case c.unsupported != nil:
			unsupported[c.unsupported.Error()]++
		case c.rows == 0:
			empty++
		}
	}
	t.Logf("%d plans, %d wrong; %d rows, %d plans without; not supported: %v", len(all), wrong.Load(), rows, empty, unsupported)
	if empty > len(all)*3/4 {
		t.Error("most plans have no rows: that proves little")
	}
}

// trinoDifference is the first row that is not the same, or "".
func trinoDifference(want [][]*string, got *columnar.Batch) string {
	if len(want) != got.Len {
		return fmt.Sprintf("%d rows, Trino has %d", got.Len, len(want))
	}
	for i, row := range want {
		for c, cell := range row {
			have := trinoText(got.Columns[c], i)
			nan := cell != nil && have != nil && *cell == "NaN" && *have == *cell
			if !nan && !sameCell(got.Schema[c].Type.Kind, cell, have) {
				return fmt.Sprintf("row %d, %s: %s, Trino has %s", i, got.Schema[c].Name, shown(have), shown(cell))
			}
		}
	}
	return ""
}

// trinoText is a value as trinoCell has it.
func trinoText(v *columnar.Vector, i int) *string { return trinoCell(trinoAny(v, i)) }

func trinoAny(v *columnar.Vector, i int) any {
	switch k := v.Type.Kind; {
	case v.IsNull(i):
		return nil
	case k == columnar.Timestamp, k == columnar.TimestampNTZ:
		return time.UnixMicro(v.Ints[i]).UTC().Format("2006-01-02 15:04:05.000000")
	case k == columnar.Date:
		return time.Unix(v.Ints[i]*86400, 0).UTC().Format(time.DateOnly)
	case k == columnar.Binary:
		return base64.StdEncoding.EncodeToString(v.ByteAt(i))
	case k == columnar.Struct:
		fields := make([]any, len(v.Children))
		for c, child := range v.Children {
			fields[c] = trinoAny(child, i)
		}
		return fields
	case k == columnar.Map:
		entries := map[string]any{}
		for j := int(v.Offsets[i]); j < int(v.Offsets[i+1]); j++ {
			entries[*cellText(v.Children[0], j)] = trinoAny(v.Children[1], j)
		}
		return entries
	}
	return *cellText(v, i)
}

// inValues writes tables as VALUES.
func inValues(tables map[string][]*columnar.Batch) func(*query.Bound) (string, error) {
	return func(scan *query.Bound) (string, error) {
		name := scan.Node.(query.Scan).Table
		files := tables[name]
		schema := files[len(files)-1].Schema
		var names, rows []string
		for _, f := range schema {
			names = append(names, nameSQL(f.Name))
		}
		row := func(cell func(f columnar.Field) string) {
			cells := make([]string, len(schema))
			for i, f := range schema {
				cells[i] = cell(f)
			}
			rows = append(rows, "ROW("+strings.Join(cells, ", ")+")")
		}
		for _, file := range files {
			for i := range file.Len {
				row(func(f columnar.Field) string { return trinoValue(file.Column(f.Name), f.Type, i) })
			}
		}
		where := ""
		if len(rows) == 0 {
			row(func(f columnar.Field) string { return trinoValue(nil, f.Type, 0) })
			where = " WHERE false"
		}
		return "(SELECT * FROM (VALUES " + strings.Join(rows, ", ") + ") AS v(" + strings.Join(names, ", ") + ")" + where + ")", nil
	}
}

// trinoType is the type that a Delta table's column has in Trino.
func trinoType(t columnar.Type) string {
	switch t.Kind {
	case columnar.Boolean:
		return "boolean"
	case columnar.Byte:
		return "tinyint"
	case columnar.Short:
		return "smallint"
	case columnar.Integer:
		return "integer"
	case columnar.Date:
		return "date"
	case columnar.Timestamp:
		return "timestamp(6) with time zone"
	case columnar.TimestampNTZ:
		return "timestamp(6)"
	case columnar.Float:
		return "real"
	case columnar.Double:
		return "double"
	case columnar.String:
		return "varchar"
	case columnar.Binary:
		return "varbinary"
	case columnar.Decimal:
		return fmt.Sprintf("decimal(%d, %d)", t.Precision, t.Scale)
	case columnar.Struct:
		fields := make([]string, len(t.Fields))
		for i, f := range t.Fields {
			fields[i] = nameSQL(f.Name) + " " + trinoType(f.Type)
		}
		return "row(" + strings.Join(fields, ", ") + ")"
	case columnar.Map:
		return "map(" + trinoType(*t.Key) + ", " + trinoType(*t.Elem) + ")"
	}
	return "bigint"
}

func trinoValue(v *columnar.Vector, t columnar.Type, i int) string {
	return "CAST(" + trinoBare(v, t, i) + " AS " + trinoType(t) + ")"
}

func trinoBare(v *columnar.Vector, t columnar.Type, i int) string {
	if v == nil || v.IsNull(i) {
		return "NULL"
	}
	switch k := t.Kind; {
	case k == columnar.Boolean:
		return strconv.FormatBool(v.Ints[i] != 0)
	case k == columnar.Date:
		return stringSQL(time.Unix(v.Ints[i]*86400, 0).UTC().Format(time.DateOnly))
	case k == columnar.Timestamp:
		return stringSQL(time.UnixMicro(v.Ints[i]).UTC().Format("2006-01-02 15:04:05.000000 UTC"))
	case k == columnar.TimestampNTZ:
		return stringSQL(time.UnixMicro(v.Ints[i]).UTC().Format("2006-01-02 15:04:05.000000"))
	case k.InFloats():
		return stringSQL(strings.NewReplacer("+Inf", "Infinity", "-Inf", "-Infinity").Replace(strconv.FormatFloat(v.Floats[i], 'e', -1, 64)))
	case k == columnar.Binary:
		return fmt.Sprintf("X'%x'", v.ByteAt(i))
	case k.InBytes():
		return stringSQL(string(v.ByteAt(i)))
	case k == columnar.Struct:
		fields := make([]string, len(t.Fields))
		for c, f := range t.Fields {
			fields[c] = trinoValue(v.Field(f.Name), f.Type, i)
		}
		return "ROW(" + strings.Join(fields, ", ") + ")"
	case k == columnar.Map:
		var keys, values []string
		for j := int(v.Offsets[i]); j < int(v.Offsets[i+1]); j++ {
			keys = append(keys, trinoValue(v.Children[0], *t.Key, j))
			values = append(values, trinoValue(v.Children[1], *t.Elem, j))
		}
		return "MAP(ARRAY[" + strings.Join(keys, ", ") + "], ARRAY[" + strings.Join(values, ", ") + "])"
	}
	return strconv.FormatInt(v.Ints[i], 10)
}

// TestPlansAgreeWithTrino runs random plans here, and as SQL on Trino over the same
// rows.
func TestPlansAgreeWithTrino(t *testing.T) {
	url := trinoServer(t)
	draw := rapid.Custom(func(t *rapid.T) scenario {
		return scenario{files: drawTables(t), plan: querytest.DrawPlan(t)}
	})
	var all []*compared
	for seed := *firstSeed; seed < *firstSeed+*seeds; seed++ {
		s := draw.Example(seed)
		lake := &querytest.Lake{}
		for name, files := range s.files {
			lake.Add(name, files...)
		}
		all = append(all, &compared{name: fmt.Sprintf("seed %d", seed), plan: s.plan, lake: lake, from: inValues(s.files)})
	}
	compareAll(t, url, all)
}

// TestCasesAgreeWithTrino runs the plans of pkg/query/exec/testdata, which have the edges
// that random plans seldom meet.
func TestCasesAgreeWithTrino(t *testing.T) {
	url := trinoServer(t)
	dir := "../pkg/query/exec/testdata"
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var all []*compared
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), ".test") {
			continue
		}
		text, err := os.ReadFile(dir + "/" + e.Name())
		if err != nil {
			t.Fatal(err)
		}
		tables := map[string][]*columnar.Batch{}
		for _, b := range querytest.Blocks(string(text)) {
			verb, rest, _ := strings.Cut(b.Head, " ")
			switch verb {
			case "clear":
				tables = map[string][]*columnar.Batch{}
			case "table":
				batch, err := querytest.ParseTable(b.Body)
				if err != nil {
					t.Fatalf("%s:%d: %v", e.Name(), b.Line, err)
				}
				tables[rest] = append(slices.Clone(tables[rest]), batch)
			case "query":
				plan, err := querytest.ParsePlan(b.Body)
				if err != nil {
					continue // what is expected there
				}
				lake, held := &querytest.Lake{}, map[string][]*columnar.Batch{}
				for name, files := range tables {
					lake.Add(name, files...)
					held[name] = files
				}
				if _, err := query.Bind(t.Context(), lake, plan); err != nil {
					continue
				}
				all = append(all, &compared{name: fmt.Sprintf("%s:%d %s", e.Name(), b.Line, rest), plan: plan, lake: lake, from: inValues(held)})
			}
		}
	}
	compareAll(t, url, all)
}

// TestBucketsAgreeWithTrino compares buckets by the clocks of time zones, around the days
// on which those were set.
func TestBucketsAgreeWithTrino(t *testing.T) {
	url := trinoServer(t)
	b := columnar.NewBatch(columnar.Schema{{Name: "at", Type: columnar.Of(columnar.Timestamp)}})
	for _, day := range []string{"2017-10-14", "2018-02-17", "2024-03-09", "2024-03-30", "2024-04-06", "2024-10-05", "2024-10-26", "2024-11-02", "1969-12-31", "2024-12-31"} {
		from, err := time.Parse(time.DateOnly, day)
		if err != nil {
			t.Fatal(err)
		}
		for at := from; at.Before(from.AddDate(0, 0, 2)); at = at.Add(97*time.Minute + time.Microsecond) {
			b.Columns[0].AppendInt(at.UnixMicro())
			b.Len++
		}
	}
	lake := &querytest.Lake{}
	lake.Add("t", b)
	from := inValues(map[string][]*columnar.Batch{"t": {b}})
	var all []*compared
	for _, zone := range []string{"", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Asia/Kathmandu", "America/Sao_Paulo", "America/Havana"} {
		at := query.Column(columnar.Timestamp, "at")
		cols := []query.Output{query.As("at", at)}
		for _, unit := range []string{"second", "minute", "hour", "day", "week", "month", "quarter", "year", "250ms", "7s", "15m", "45m", "1h", "6h", "24h", "100h"} {
			if slices.Contains([]string{"250ms", "7s", "45m"}, unit) && zone != "" {
				continue // refused
			}
			cols = append(cols, query.As("b"+unit, query.Bucket{X: at, Unit: unit, Zone: zone}))
		}
		plan := query.From("t", query.TimeRange{}).Project(cols...).Sort(query.Asc("at"))
		all = append(all, &compared{name: "zone " + zone, plan: plan, lake: lake, from: from})
	}
	compareAll(t, url, all)
}
