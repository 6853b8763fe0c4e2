package event_test

import (
	"bufio"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/etl/event"
)

// TestSampleEvents reads 120 events that are no part of this repository;
// AUDITLAKE_FIXTURES says where they are.
func TestSampleEvents(t *testing.T) {
	f, err := os.Open(filepath.Join(os.Getenv("AUDITLAKE_FIXTURES"), "samples", "native-synthetic.jsonl"))
	if err != nil {
		t.Skip("the sample events are not at hand: AUDITLAKE_FIXTURES names no folder that has samples")
	}
	defer f.Close()
	rows, reasons := 0, map[event.Reason]int{}
	for s := bufio.NewScanner(f); s.Scan(); {
		if row, reason := cleanse(s.Text()); reason == "" {
			rows++
			checkSample(t, s.Text(), row)
		} else if reasons[reason]++; reason != "no timestamp" && !strings.HasPrefix(string(reason), "event time") {
			t.Errorf("%s: %s", s.Text(), reason)
		}
	}
	t.Logf("%d rows, refused: %v", rows, reasons)
	if refused := 120 - rows; rows < 20 || refused != sum(reasons) {
		t.Errorf("%d rows and %d refused of 120 lines", rows, sum(reasons))
	}
}

func sum(m map[event.Reason]int) (n int) {
	for _, v := range m {
		n += v
	}
	return n
}

// checkSample compares a row with what encoding/json reads in the line.
func checkSample(t *testing.T, line string, row map[string]any) {
	t.Helper()
	var e struct {
		ServiceName, ActionName *string
		UserIdentity            *struct{ Email *string }
		RequestParams           map[string]any
	}
	if err := json.Unmarshal([]byte(line), &e); err != nil {
		t.Fatal(err)
	}
	same := func(column string, want *string) {
		if got, _ := row[column].(string); want != nil && got != *want {
			t.Errorf("%s = %q in %s", column, got, line)
		}
	}
	same("serviceName", e.ServiceName)
	same("actionName", e.ActionName)
	if e.UserIdentity != nil {
		same("email", e.UserIdentity.Email)
	}
	params, _ := row["requestParams"].(map[string]any)
	for k, v := range e.RequestParams {
		switch got, ok := params[k]; {
		case ok != (v != nil):
			t.Errorf("parameter %s: %v in the row, in %s", k, got, line)
		case ok:
			if text, isText := v.(string); isText && text != got {
				t.Errorf("parameter %s = %q in %s", k, got, line)
			}
		}
	}
}

func FuzzCleanse(f *testing.F) {
	for _, seed := range []string{
		"", "{}", `{"timestamp":1709985600000}`, `{"timestamp":"1709985600000","a":"\ud83d\u0041"}`,
		`{"timestamp":1709985600000,"requestParams":{"a":[1,{"b":null}],"a":1.5e3},"x":{"y":1,"y":2},"response":{"statusCode":"1","z":0}}`,
		"{\"timestamp\":1709985600000,\"a\":\"\x01\\n\"}", `{"timestamp":1709985600000,"userIdentity":[],"workspaceId":-0}`,
		"{\"timestamp\":1709985600000,\"\xff\":1}", strings.Repeat("[", 301) + strings.Repeat("]", 301), "\ufeff{}", `{"timestamp":01}`, `{"timestamp":nan}`,
		azure(`"identity":"{\"email\":\"a\"}","Host":"adb-1.1.azuredatabricks.net"`, `"requestParams":"{\"a\":1}","response":"{\"statusCode\":1}"`),
		azure(`"identity":{"email":[]},"category":"jobs"`, `"category":1,"requestParams":{"orgId":-1},"response":"null","timestamp":{},"logId":"\ud800"`),
		azure(`"time":"2024-03-09T12:00:00.5+14:00"`, `"requestParams":"[]","response":""`),
	} {
		f.Add([]byte(seed))
	}
	used := event.NewCleanser()
	f.Fuzz(func(t *testing.T, line []byte) {
		b := event.NewBatch()
		reason := used.Append(b, line, origin())
		if again := event.NewCleanser().Append(b, line, origin()); again != reason {
			t.Fatalf("reason %q, by a new cleanser %q", reason, again)
		}
		for i, c := range b.Columns {
			if c.Len != b.Len {
				t.Fatalf("column %s has %d rows of %d", b.Schema[i].Name, c.Len, b.Len)
			}
			checkStrings(t, b.Schema[i].Name, c)
		}
		if !utf8.ValidString(string(reason)) {
			t.Fatalf("reason %q", reason)
		}
		if reason != "" {
			if b.Len != 0 {
				t.Fatalf("refused (%s), and %d rows", reason, b.Len)
			}
			if strings.HasPrefix(string(reason), "nested") && depth(line) <= 300 {
				t.Fatalf("%s: %q", reason, line)
			}
			return
		}
		if b.Len != 2 || !json.Valid(line) || !utf8.Valid(line) {
			t.Fatalf("%d rows, strict JSON %t", b.Len, json.Valid(line))
		}
		if b.Row(0)["eventKey"] != b.Row(1)["eventKey"] {
			t.Fatal("one line, two event keys")
		}
		if extra, ok := b.Row(0)["extra"].(string); ok && !json.Valid([]byte(extra)) {
			t.Fatalf("extra is no JSON: %q", extra)
		}
	})
}

func depth(line []byte) (deepest int) {
	d := 0
	for _, b := range line {
		switch b {
		case '[', '{':
			d++
		case ']', '}':
			d--
		}
		deepest = max(deepest, d)
	}
	return deepest
}

func checkStrings(t *testing.T, name string, v *columnar.Vector) {
	if v.Type.Kind == columnar.String {
		for i := range v.Len {
			if !utf8.Valid(v.ByteAt(i)) {
				t.Fatalf("%s: %q", name, v.ByteAt(i))
			}
		}
	}
	for _, c := range v.Children {
		checkStrings(t, name, c)
	}
}

// FuzzWrapped holds the records of a line against what encoding/json reads in it.
func FuzzWrapped(f *testing.F) {
	for _, seed := range []string{
		`{"records":[{"a":1},"]",[[],{}],-1.5e3,null]}`, ` { "records" : [ ] } `, `{"records":[1],"x":1}`, `{"records":[1]}x`, `{"records":[1`,
		`{"records":["\\\"",{"\"":"}"}]}`, `{"records":{}}`, `{"records":[1]}{`, "{\"records\":[\"\xff\"]}", `{"Records":[1]}`, `{"records":[1],"records":[2]}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		records, n, ok := event.Wrapped(line)
		var members map[string]json.RawMessage
		var want []json.RawMessage
		valid := utf8.Valid(line) && json.Unmarshal(line, &members) == nil && len(members) == 1 && json.Unmarshal(members["records"], &want) == nil
		if !ok {
			// Other spellings of the name, and a name given twice, are not read.
			if valid && len(want) > 0 && strings.Count(string(line), `"records"`) == 1 && strings.HasPrefix(strings.TrimLeft(string(line), " \t\r\n{"), `"records"`) {
				t.Fatalf("%q wraps %d records", line, len(want))
			}
			return
		}
		if !valid || int(n) != len(want) {
			t.Fatalf("%d records, want %d (%t)", n, len(want), valid)
		}
		i := 0
		for r := range records {
			if string(r) != string(want[i]) {
				t.Fatalf("record %d is %q, want %q", i, r, want[i])
			}
			i++
		}
		if i != len(want) {
			t.Fatalf("%d records came, want %d", i, len(want))
		}
	})
}
