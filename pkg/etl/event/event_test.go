package event_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/auditlake/auditlake/pkg/etl/event"
)

func ingested() time.Time { return time.Date(2024, 3, 10, 12, 0, 0, 0, time.UTC) }

func origin() event.Origin {
	return event.Origin{SourceFile: []byte("f.json"), FileID: 7, LineNumber: 3, IngestedAt: ingested().UnixMicro(), WorkspaceID: -1}
}

// cleanse is the row of one line, or the reason why it is none.
func cleanse(line string) (map[string]any, event.Reason) {
	b := event.NewBatch()
	if reason := event.NewCleanser().Append(b, []byte(line), origin()); reason != "" {
		return nil, reason
	}
	return b.Row(0), ""
}

// with is the row of an event that has these members and a time.
func with(t testing.TB, members string) map[string]any {
	t.Helper()
	row, reason := cleanse(`{"timestamp":1709985600000,` + members + `}`)
	if reason != "" {
		t.Fatalf("%s: %s", members, reason)
	}
	return row
}

// differ compares the columns that are named in want.
func differ(want, row map[string]any) string {
	got := map[string]any{}
	for k := range want {
		got[k] = row[k]
	}
	return cmp.Diff(want, got)
}

func TestADeliveredEventBecomesARow(t *testing.T) {
	row, reason := cleanse(`{"version":"2.0","auditLevel":"WORKSPACE_LEVEL","timestamp":1709985600123,"orgId":"9","shardName":"s","accountId":"a-1",` +
		`"workspaceId":1234567890123456,"sourceIPAddress":"18.193.11.166:0","userAgent":"curl","sessionId":"x","userIdentity":{"email":"u@example.com","subjectName":null},` +
		`"serviceName":"clusters","actionName":"create","requestId":"r","requestParams":{"cluster_name":"c","n":9007199254740993},` +
		`"response":{"statusCode":200,"errorMessage":null,"result":"{\"cluster_id\":\"1\"}"},"identityMetadata":{"runBy":"u"}}`)
	if reason != "" {
		t.Fatal(reason)
	}
	key, _ := row["eventKey"].(string)
	if len(key) != 32 {
		t.Errorf("eventKey = %q", key)
	}
	delete(row, "eventKey")
	want := map[string]any{
		"version": "2.0", "auditLevel": "WORKSPACE_LEVEL", "timestamp": int64(1709985600123), "orgId": "9", "shardName": "s", "accountId": "a-1",
		"workspaceId": int64(1234567890123456), "sourceIPAddress": "18.193.11.166:0", "userAgent": "curl", "sessionId": "x",
		"serviceName": "clusters", "actionName": "create", "requestId": "r",
		"email": "u@example.com", "subjectName": nil, "actor": "u@example.com",
		"date_time": time.Date(2024, 3, 9, 12, 0, 0, 123_000_000, time.UTC), "date": time.Date(2024, 3, 9, 0, 0, 0, 0, time.UTC),
		"requestParams": map[string]any{"cluster_name": "c", "n": "9007199254740993"},
		"response":      map[string]any{"statusCode": int64(200), "errorMessage": nil, "result": `{"cluster_id":"1"}`},
		"outcome":       "succeeded", "identityMetadata": `{"runBy":"u"}`, "extra": nil,
		"sourceFile": "f.json", "fileId": int64(7), "lineNumber": int64(3), "ingestedAt": ingested(),
		"eventIndex": nil, "eventCount": nil,
	}
	if diff := cmp.Diff(want, row); diff != "" {
		t.Errorf("row (-want +got):\n%s", diff)
	}
}

func TestAnEventWithOnlyATimeIsARowOfNulls(t *testing.T) {
	row := with(t, `"x":null`)
	for _, c := range []string{"version", "workspaceId", "email", "actor", "requestParams", "response", "identityMetadata", "serviceName"} {
		if row[c] != nil {
			t.Errorf("%s = %v, want null", c, row[c])
		}
	}
	if row["outcome"] != "unknown" || row["extra"] != `{"x":null}` {
		t.Errorf("outcome %v, extra %v", row["outcome"], row["extra"])
	}
}

func TestLinesThatAreRefused(t *testing.T) {
	at := func(text string) string { return `{"timestamp":` + text + `}` }
	for name, tc := range map[string]struct{ line, reason string }{
		"nothing":                         {"", "not JSON: unexpected end"},
		"half an object":                  {`{"timestamp":1709985600000`, "not JSON: unexpected end"},
		"two objects":                     {at("1709985600000") + at("1709985600000"), "not JSON: invalid character '{' after"},
		"a byte order mark inside":        {"\ufeff" + at("1709985600000"), "not JSON: invalid character"},
		"an array":                        {"[1]", "not a JSON object but array"},
		"a string":                        {`"x"`, "not a JSON object but string"},
		"null":                            {`null`, "not a JSON object but null"},
		"bad UTF-8 in a string":           {"{\"timestamp\":1709985600000,\"a\":\"\xff\"}", "not valid UTF-8"},
		"a surrogate in UTF-8":            {"{\"a\":\"\xed\xa0\x80\"}", "not valid UTF-8"},
		"nan":                             {at("nan"), "not JSON: invalid character"},
		"NaN as a parameter":              {`{"timestamp":1709985600000,"requestParams":{"x":NaN}}`, "not JSON: invalid character 'N'"},
		"Infinity":                        {at("inf"), "not JSON"},
		"a number with a leading zero":    {at("01"), "not JSON: invalid character '1'"},
		"a number with a plus":            {at("+1709985600000"), "not JSON: invalid character '+'"},
		"single quotes":                   {`{'timestamp':1709985600000}`, "not JSON"},
		"a comma too many":                {`{"timestamp":1709985600000,}`, "not JSON"},
		"a comment":                       {`{"timestamp":1709985600000}//x`, "not JSON"},
		"a raw NUL in a string":           {"{\"timestamp\":1709985600000,\"a\":\"\x00\"}", `not JSON: invalid character '\x00' in string literal`},
		"a control character and escapes": {"{\"timestamp\":1709985600000,\"a\":\"x\x01y\\n\"}", `not JSON: invalid character '\x01' in string literal`},
		"a control character in a key":    {"{\"timestamp\":1709985600000,\"a\x01\\n\":1}", `not JSON: invalid character '\x01' in string literal`},
		"a bad escape":                    {`{"timestamp":1709985600000,"a":"\x"}`, `not JSON: invalid character 'x' in string escape code`},
		"an escape cut by a letter":       {`{"timestamp":1709985600000,"a":"\u123é"}`, `not JSON: invalid character 'Ã' in \u hexadecimal`},
		"no timestamp":                    {`{"serviceName":"x"}`, "no timestamp"},
		"a null timestamp":                {at("null"), "no timestamp"},
		"a timestamp repeated as null":    {`{"timestamp":1709985600000,"timestamp":null}`, "no timestamp"},
		"a fraction of a millisecond":     {at("1709985600000.5"), "timestamp is not a whole number"},
		"an exponent":                     {at("1.7e12"), "timestamp is not a whole number"},
		"a timestamp as text":             {at(`"2024-03-09T12:00:00Z"`), "timestamp is not a whole number"},
		"a timestamp that overflows":      {at("99999999999999999999"), "timestamp is not a whole number"},
		"a timestamp in seconds":          {at("1709985600"), "event time 1970-01-20T18:59:45Z is before 2013"},
		"a timestamp in microseconds":     {at("1709985600000000"), "event time 1709985600000000 ms is before 2013 or more than 2 days ahead"},
		"the last moment of 2012":         {at("1356998399999"), "event time 2012-12-31T23:59:59Z is before 2013"},
		"2 days and 1 ms ahead":           {at("1710244800001"), "or more than 2 days ahead"},
		"nested too deeply":               {`{"timestamp":1709985600000,"a":` + strings.Repeat("[", 400) + strings.Repeat("]", 400) + "}", "nested more than 300 levels deep"},
		"100,000 levels":                  {strings.Repeat("[", 100_000), "not JSON"},
	} {
		t.Run(name, func(t *testing.T) {
			row, reason := cleanse(tc.line)
			if row != nil || !strings.Contains(string(reason), tc.reason) {
				t.Errorf("row %v, reason %q, want %q", row, reason, tc.reason)
			}
		})
	}
}

func TestReasonsCarryNoLongTextAndNoBrokenCharacter(t *testing.T) {
	long := `{"timestamp":"` + strings.Repeat("é", 1000) + `"}`
	for cut := range 4 { // the clip falls inside and between characters
		_, reason := cleanse(strings.Replace(long, "é", strings.Repeat("x", cut), 1))
		if len(reason) > 300 || strings.ToValidUTF8(string(reason), "?") != string(reason) {
			t.Errorf("reason %q", reason)
		}
	}
	secret := `{"commandText":"` + strings.Repeat("hunter2 ", 100) + `}`
	if _, reason := cleanse(secret); strings.Contains(string(reason), "hunter2") {
		t.Errorf("the reason %q has the event's content", reason)
	}
}

func TestTimesAtTheEdgeAreAccepted(t *testing.T) {
	for _, at := range []string{"1356998400000", "1710244800000", `"1709985600000"`, "0001709985600000"} {
		_, reason := cleanse(`{"timestamp":` + at + `}`)
		if accepted := reason == ""; accepted != !strings.HasPrefix(at, "000") {
			t.Errorf("timestamp %s: %q", at, reason)
		}
	}
}

// A line that came up to quarantine must go there again when the pass that
// brought it is repeated, or both it and silver have it.
func TestTheFutureIsJudgedByTheTimeOfIngestion(t *testing.T) {
	b := event.NewBatch()
	c := event.NewCleanser()
	line := []byte(`{"timestamp":1710244800001}`)
	if reason := c.Append(b, line, origin()); reason == "" {
		t.Error("an event more than 2 days ahead was accepted")
	}
	later := origin()
	later.IngestedAt += 1000
	if reason := c.Append(b, line, later); reason != "" {
		t.Errorf("ingested a millisecond later: %s", reason)
	}
}

func TestOutcome(t *testing.T) {
	for _, tc := range []struct {
		status int64
		known  bool
		want   string
	}{
		{0, false, "unknown"},
		{200, false, "unknown"},
		{199, true, "error"},
		{200, true, "succeeded"},
		{302, true, "succeeded"},
		{399, true, "succeeded"},
		{400, true, "error"},
		{401, true, "denied"},
		{402, true, "error"},
		{403, true, "denied"},
		{404, true, "error"},
		{500, true, "error"},
		{1, true, "error"},
		{0, true, "error"},
		{-1, true, "error"},
	} {
		if got := event.Outcome(tc.status, tc.known); got != tc.want {
			t.Errorf("Outcome(%d, %t) = %q, want %q", tc.status, tc.known, got, tc.want)
		}
	}
}
