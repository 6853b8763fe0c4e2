package event_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/auditlake/auditlake/pkg/etl/event"
)

func TestMembersOfOddTypes(t *testing.T) {
	type row = map[string]any
	for name, tc := range map[string]struct {
		members string
		want    row
	}{
		"text columns take any type": {
			`"version":2.0,"auditLevel":true,"sessionId":{"b" : [1, null]},"userAgent":"","requestId":[ ]`,
			row{"version": "2.0", "auditLevel": "true", "sessionId": `{"b":[1,null]}`, "userAgent": "", "requestId": "[]", "extra": nil},
		},
		"workspace as a string": {`"workspaceId":"9007199254740993"`, row{"workspaceId": int64(9007199254740993), "extra": nil}},
		"workspace 0":           {`"workspaceId":0`, row{"workspaceId": int64(0), "extra": nil}},
		"workspace that is no number": {
			`"workspaceId":"main"`, row{"workspaceId": nil, "extra": `{"workspaceId":"main"}`},
		},
		"workspace as a fraction": {`"workspaceId":1.5`, row{"workspaceId": nil, "extra": `{"workspaceId":1.5}`}},
		"workspace empty":         {`"workspaceId":""`, row{"workspaceId": nil, "extra": `{"workspaceId":""}`}},
		"identity null":           {`"userIdentity":null`, row{"email": nil, "subjectName": nil, "actor": nil, "extra": nil}},
		"identity empty":          {`"userIdentity":{}`, row{"email": nil, "subjectName": nil, "actor": nil, "extra": nil}},
		"identity as text": {
			`"userIdentity":"u@example.com"`, row{"email": nil, "actor": nil, "extra": `{"userIdentity":"u@example.com"}`},
		},
		"identity as a list":         {`"userIdentity":[1]`, row{"email": nil, "extra": `{"userIdentity":[1]}`}},
		"identity with more members": {`"userIdentity":{"email":"e","id":5}`, row{"email": "e", "actor": "e", "extra": `{"userIdentity":{"email":"e","id":5}}`}},
		"e-mail as a number":         {`"userIdentity":{"email":5,"subjectName":{"a":1}}`, row{"email": "5", "subjectName": `{"a":1}`, "actor": "5"}},
		"e-mail repeated":            {`"userIdentity":{"email":"a","email":"b"}`, row{"email": "b", "actor": "b"}},
		"e-mail null, user in the parameters": {
			`"userIdentity":{"email":null},"requestParams":{"user":"p"}`, row{"email": nil, "actor": "p"},
		},
		"e-mail empty, user in the parameters": {
			`"userIdentity":{"email":""},"requestParams":{"user":"p"}`, row{"email": "", "actor": "p"},
		},
		"e-mail and user":   {`"userIdentity":{"email":"e"},"requestParams":{"user":"p"}`, row{"email": "e", "actor": "e"}},
		"user empty":        {`"requestParams":{"user":""}`, row{"actor": nil}},
		"user null":         {`"requestParams":{"user":null}`, row{"actor": nil, "requestParams": row{}}},
		"response null":     {`"response":null`, row{"response": nil, "outcome": "unknown", "extra": nil}},
		"response empty":    {`"response":{}`, row{"response": row{"statusCode": nil, "errorMessage": nil, "result": nil}, "outcome": "unknown", "extra": nil}},
		"response as text":  {`"response":"{}"`, row{"response": nil, "outcome": "unknown", "extra": `{"response":"{}"}`}},
		"status as text":    {`"response":{"statusCode":"403"}`, row{"response": row{"statusCode": int64(403), "errorMessage": nil, "result": nil}, "outcome": "denied", "extra": nil}},
		"status 1":          {`"response":{"statusCode":1}`, row{"outcome": "error"}},
		"status no number":  {`"response":{"statusCode":"OK"}`, row{"response": row{"statusCode": nil, "errorMessage": nil, "result": nil}, "outcome": "unknown", "extra": `{"response":{"statusCode":"OK"}}`}},
		"status a fraction": {`"response":{"statusCode":200.5}`, row{"outcome": "unknown", "extra": `{"response":{"statusCode":200.5}}`}},
		"result an object":  {`"response":{"statusCode":200,"result":{"id" :1},"errorMessage":7}`, row{"response": row{"statusCode": int64(200), "errorMessage": "7", "result": `{"id":1}`}, "extra": nil}},
		"response with more members": {
			`"response":{"statusCode":200,"x":1}`, row{"outcome": "succeeded", "extra": `{"response":{"statusCode":200,"x":1}}`},
		},
		"metadata as text": {`"identityMetadata":"m"`, row{"identityMetadata": "m"}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := differ(tc.want, with(t, tc.members)); diff != "" {
				t.Errorf("row (-want +got):\n%s", diff)
			}
		})
	}
}

func TestTheFolderNamesTheWorkspaceWhereTheEventDoesNot(t *testing.T) {
	for name, tc := range map[string]struct {
		member string
		folder int64
		want   any
	}{
		"event and folder":     {`,"workspaceId":1`, 2, int64(1)},
		"account events":       {`,"workspaceId":0`, 2, int64(0)},
		"folder alone":         {``, 2, int64(2)},
		"null":                 {`,"workspaceId":null`, 2, int64(2)},
		"not a number":         {`,"workspaceId":"x"`, 2, int64(2)},
		"the account's folder": {``, 0, int64(0)},
		"neither":              {``, -1, nil},
	} {
		t.Run(name, func(t *testing.T) {
			b := event.NewBatch()
			from := origin()
			from.WorkspaceID = tc.folder
			if reason := event.NewCleanser().Append(b, []byte(`{"timestamp":1709985600000`+tc.member+`}`), from); reason != "" {
				t.Fatal(reason)
			}
			if got := b.Row(0)["workspaceId"]; got != tc.want {
				t.Errorf("workspaceId = %v, want %v", got, tc.want)
			}
		})
	}
}

func TestRequestParams(t *testing.T) {
	type params = map[string]any
	for name, tc := range map[string]struct {
		json string
		want any
	}{
		"null":                        {`null`, nil},
		"empty":                       {`{}`, params{}},
		"text":                        {`{"a":"x","b":""}`, params{"a": "x", "b": ""}},
		"nulls are dropped":           {`{"a":null,"b":"x","c":null}`, params{"b": "x"}},
		"numbers are literal text":    {`{"big":9007199254740993,"huge":123456789012345678901234567890,"e":1.50E+2,"neg":-0}`, params{"big": "9007199254740993", "huge": "123456789012345678901234567890", "e": "1.50E+2", "neg": "-0"}},
		"booleans":                    {`{"a":true,"b":false}`, params{"a": "true", "b": "false"}},
		"objects are compact":         {`{"a": { "x" : [ 1 , { "y" : null } ] , "z" : "s" } }`, params{"a": `{"x":[1,{"y":null}],"z":"s"}`}},
		"empty object and list":       {`{"a":{},"b":[]}`, params{"a": "{}", "b": "[]"}},
		"nested numbers are literal":  {`{"a":[9007199254740993,1.0e5]}`, params{"a": "[9007199254740993,1.0e5]"}},
		"nested repeats are kept":     {`{"a":{"x":1,"x":2}}`, params{"a": `{"x":1,"x":2}`}},
		"JSON as text stays text":     {`{"a":"{\"x\" : \"\\u00e9\\n\"}"}`, params{"a": `{"x" : "\u00e9\n"}`}},
		"nested text keeps escapes":   {`{"a":["\"\\\n\t\r\u0000\u001f"]}`, params{"a": `["\"\\\n\t\r\u0000\u001f"]`}},
		"nested text without need":    {`{"a":["\/\u0041\u00e9"]}`, params{"a": `["/Aé"]`}},
		"NUL":                         {`{"a":"x\u0000y"}`, params{"a": "x\x00y"}},
		"a byte order mark":           {"{\"a\":\"\ufeffx\"}", params{"a": "\ufeffx"}},
		"a pair of surrogates":        {`{"a":"\ud83d\ude00!","b":"😀"}`, params{"a": "😀!", "b": "😀"}},
		"half a pair":                 {`{"a":"\ud83d"}`, params{"a": `\ud83d`}},
		"half a pair and a letter":    {`{"a":"\ud83d\u0041B"}`, params{"a": `\ud83dAB`}},
		"the other half alone":        {`{"a":"x\udE00y"}`, params{"a": `x\udE00y`}},
		"a half, then a pair":         {`{"a":"\ud83d\ud83d\ude00"}`, params{"a": `\ud83d😀`}},
		"an escaped backslash, ud":    {`{"a":"\\ud83d\\\ud83d"}`, params{"a": `\ud83d\\ud83d`}},
		"half a pair in a key":        {`{"\ud83d\u0041":1}`, params{`\ud83dA`: "1"}},
		"the last of a repeated key":  {`{"a":1,"b":2,"a":3}`, params{"a": "3", "b": "2"}},
		"a repeated key, last null":   {`{"a":1,"a":null}`, params{}},
		"keys equal but for escapes":  {`{"a":1,"\u0061":2}`, params{"a": "2"}},
		"keys that differ in case":    {`{"id":1,"Id":2}`, params{"id": "1", "Id": "2"}},
		"keys that are no identifier": {`{"script-SHA256":1,"a.b":2,"":3,"x y":4}`, params{"script-SHA256": "1", "a.b": "2", "": "3", "x y": "4"}},
	} {
		t.Run(name, func(t *testing.T) {
			row := with(t, `"requestParams":`+tc.json)
			if diff := cmp.Diff(tc.want, row["requestParams"]); diff != "" {
				t.Errorf("requestParams (-want +got):\n%s", diff)
			}
			if row["extra"] != nil {
				t.Errorf("extra = %v", row["extra"])
			}
		})
	}
}

func TestRequestParamsThatAreNoObjectAreKept(t *testing.T) {
	for _, json := range []string{`"{\"a\":1}"`, `[1]`, `5`, `true`} {
		row := with(t, `"requestParams":`+json)
		if row["requestParams"] != nil || row["extra"] != `{"requestParams":`+json+`}` {
			t.Errorf("requestParams %s: %v, extra %v", json, row["requestParams"], row["extra"])
		}
	}
}

func TestUnknownMembersGoToExtra(t *testing.T) {
	for name, tc := range map[string]struct{ members, want string }{
		"in the order delivered":      {`"instanceId":"i","MAX_LOG_MESSAGE_LENGTH":16384,"a":null`, `{"instanceId":"i","MAX_LOG_MESSAGE_LENGTH":16384,"a":null}`},
		"known names in another case": {`"ServiceName":"x"`, `{"ServiceName":"x"}`},
		"the last of a repeated one":  {`"containerId":1,"x":true,"containerId":2`, `{"containerId":2,"x":true}`},
		"quotes in the name":          {`"a\"b\\":"\u0001"`, `{"a\"b\\":"\u0001"}`},
	} {
		t.Run(name, func(t *testing.T) {
			if got := with(t, tc.members)["extra"]; got != tc.want {
				t.Errorf("extra = %v, want %s", got, tc.want)
			}
		})
	}
}
