package lookup_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/lake/lookup"
)

// text is a batch with its types, a row a line.
func text(b *columnar.Batch) string {
	var out strings.Builder
	for i, f := range b.Schema {
		if i > 0 {
			out.WriteString("|")
		}
		fmt.Fprintf(&out, "%s %s", f.Name, f.Type)
	}
	out.WriteString("\n")
	for row := range b.Len {
		for i, v := range b.Columns {
			if i > 0 {
				out.WriteString("|")
			}
			switch x := v.Any(row).(type) {
			case nil:
				out.WriteString("null")
			case time.Time:
				out.WriteString(x.Format(time.RFC3339))
			case string:
				fmt.Fprintf(&out, "%q", x)
			default:
				fmt.Fprint(&out, x)
			}
		}
		out.WriteString("\n")
	}
	return out.String()
}

func TestRead(t *testing.T) {
	for name, tt := range map[string]struct{ file, want string }{
		"texts": {
			"id,name\nA1,\"Sales, EMEA\"\nA2,\"say \"\"hi\"\"\"\n",
			"id string|name string\n\"A1\"|\"Sales, EMEA\"\n\"A2\"|\"say \\\"hi\\\"\"\n",
		},
		"a byte order mark, and lines as Windows ends them": {
			"\xef\xbb\xbfid,name\r\n1,x\r\n2,\"a\r\nb\"\r\n",
			"id string|name string\n\"1\"|\"x\"\n\"2\"|\"a\\nb\"\n",
		},
		"no line end at the end, empty lines, and space that is text": {
			"id , name\n\n 1 , x\n\n", "id string|name string\n\" 1 \"|\" x\"\n",
		},
		"no value is null in every type": {
			"a,b:long,c:double,d:boolean,e:date,f:timestamp,g:network\n,,,,,, \n\"\",,,,,,\nx,,,,,,\n",
			"a string|b long|c double|d boolean|e date|f timestamp|g string\n" +
				"null|null|null|null|null|null|null\nnull|null|null|null|null|null|null\n\"x\"|null|null|null|null|null|null\n",
		},
		"types": {
			"b:long,c : double,d:boolean,e:date,f:timestamp\n -7 ,1.5e3,TRUE,2024-02-29,2024-03-05T10:00:00+02:00\n" +
				"9223372036854775807,0,false,1969-12-31,2024-03-05 10:00:00\n",
			"b long|c double|d boolean|e date|f timestamp\n-7|1500|true|2024-02-29T00:00:00Z|2024-03-05T08:00:00Z\n" +
				"9223372036854775807|0|false|1969-12-31T00:00:00Z|2024-03-05T10:00:00Z\n",
		},
		"networks are written one way": {
			"n:network\n10.1.2.3/8\n2001:DB8::1/32\n192.0.2.1\n::ffff:10.0.0.0/104\n",
			"n string\n\"10.0.0.0/8\"\n\"2001:db8::/32\"\n\"192.0.2.1/32\"\n\"10.0.0.0/8\"\n",
		},
		"the workspace is a long, and a star is null": {
			"WorkspaceID,name\n2868190100000001,prod\n*,all\n", "WorkspaceID long|name string\n2868190100000001|\"prod\"\nnull|\"all\"\n",
		},
		"a header alone": {"id,name:string", "id string|name string\n"},
		"one column":     {"id\n1\n\"\"\n", "id string\n\"1\"\nnull\n"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := lookup.Read("lookups/x.csv", []byte(tt.file))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, text(got)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestReadRefuses(t *testing.T) {
	for name, tt := range map[string]struct{ file, want string }{
		"nothing":                        {"", "lookups/x.csv, line 1: there is no header: put the names of the columns into the first line"},
		"a byte order mark alone":        {"\xef\xbb\xbf\n\n", "lookups/x.csv, line 1: there is no header: put the names of the columns into the first line"},
		"a line with more":               {"a,b\n1,2\n1,2,3\n", "lookups/x.csv, line 3: there are 3 values for 2 columns: put a text with a comma into double quotes, and nothing between two commas for no value"},
		"a line with less":               {"a,b\n\n\"x\ny\",2\n1\n", "lookups/x.csv, line 5: there are 1 values for 2 columns: put a text with a comma into double quotes, and nothing between two commas for no value"},
		"a name twice":                   {"a,b,A\n", "lookups/x.csv, line 1, column 3: there is a column A before it, and letter case makes no difference: give one another name"},
		"no name":                        {"a,:long\n", "lookups/x.csv, line 1, column 2: it has no name: put one into the first line"},
		"a type that is none":            {"a,b:int\n", `lookups/x.csv, line 1, column 2: b: there is no type "int", only string, long, double, boolean, date, timestamp, network`},
		"a control character":            {"a\tb,c\x00\n", `lookups/x.csv, line 1, column 1: "a\tb" has a control character in its name`},
		"a carriage return for a line":   {"a,b\r1,2\r3,4", `lookups/x.csv, line 1, column 2: "b\r1" has a control character in its name`},
		"semicolons":                     {"a;b\n1;2\n", "lookups/x.csv, line 1, column 1: the values of a line are separated by commas here, not by semicolons or tabs: save the file as CSV with commas"},
		"not UTF-8":                      {"a\nx\nM\xfcller\n", "lookups/x.csv, line 3: this is not UTF-8: save the file as CSV UTF-8"},
		"UTF-16":                         {"\xff\xfea\x00", "lookups/x.csv, line 1: this is not UTF-8: save the file as CSV UTF-8"},
		"a quote in the middle":          {"a\nx\ny\"z\n", "lookups/x.csv, line 3: a double quote in the middle of a value: put the value into double quotes and double those in it"},
		"a quote that does not end":      {"a,b\n1,\"x\n2,y\n", "lookups/x.csv, line 2: a value in double quotes does not end where it should: double the quotes in it, and close it"},
		"text behind quotes":             {"a,b\n1,\"x\"y\n", "lookups/x.csv, line 2: a value in double quotes does not end where it should: double the quotes in it, and close it"},
		"a text for a long":              {"a,n:long\nx,1\ny,1.0\n", `lookups/x.csv, line 3, column n: the value is none of its kind: write a whole number such as 1200, or take :long from the header`},
		"a long that is too long":        {"n:long\n9223372036854775808\n", `lookups/x.csv, line 2, column n: the value is none of its kind: write a whole number such as 1200, or take :long from the header`},
		"no number":                      {"n:double\nNaN\n", `lookups/x.csv, line 2, column n: the value is none of its kind: write a number such as 1.5, or take :double from the header`},
		"neither true nor false":         {"n:boolean\nyes\n", `lookups/x.csv, line 2, column n: the value is none of its kind: write true or false, or take :boolean from the header`},
		"a day that is none":             {"n:date\n2023-02-29\n", `lookups/x.csv, line 2, column n: the value is none of its kind: write a date such as 2024-01-31, or take :date from the header`},
		"a time of another land":         {"n:timestamp\n05/03/2024\n", `lookups/x.csv, line 2, column n: the value is none of its kind: write a time such as 2024-01-31T10:00:00Z, or take :timestamp from the header`},
		"a network without end":          {"n:network\n10.0.0.0/33\n", `lookups/x.csv, line 2, column n: the value is none of its kind: write a network such as 10.0.0.0/8 or 2001:db8::/32, or take :network from the header`},
		"a workspace that is none":       {"workspaceId\nprod\n", `lookups/x.csv, line 2, column workspaceId: the value is none of its kind: write the id of the workspace whose row this is, or * for a row of every workspace`},
		"no workspace":                   {"workspaceId,a\n,x\n", `lookups/x.csv, line 2, column workspaceId: the value is none of its kind: write the id of the workspace whose row this is, or * for a row of every workspace`},
		"the workspace as a text":        {"workspaceId:string\n1\n", "lookups/x.csv, line 1, column 1: workspaceId is a long, as in the events: leave out :string"},
		"more columns than there may be": {strings.Repeat("a,", 1000) + "a\n", "lookups/x.csv, line 1, column 1001: there are 1001 columns and there may be 1000"},
		"more values than there may be": {
			"a,b,c,d\n" + strings.Repeat(",,,\n", 1<<20+1),
			"lookups/x.csv, line 1048578: up to here the file has more than 4194304 values: leave out what is not needed, or write it as a Delta table",
		},
		"a long text": {"n:long\n" + strings.Repeat("x", 100), `lookups/x.csv, line 2, column n: the value is none of its kind: write a whole number such as 1200, or take :long from the header`},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := lookup.Read("lookups/x.csv", []byte(tt.file))
			var where *lookup.Error
			if !errors.As(err, &where) || err.Error() != tt.want || got != nil {
				t.Errorf("got %v\nand not %s", err, tt.want)
			}
		})
	}
}

// FuzzRead: whatever is in a file, it is rows of as many values as the header has or
// an *Error.
func FuzzRead(f *testing.F) {
	f.Add("a,b:long\nx,1\n")
	f.Add("\xef\xbb\xbfworkspaceId,n:network\n*,::/0\n")
	f.Add("a\n\"\n")
	f.Fuzz(func(t *testing.T, file string) {
		b, err := lookup.Read("f", []byte(file))
		var where *lookup.Error
		if err != nil {
			if !errors.As(err, &where) || b != nil {
				t.Fatalf("%T %v", err, err)
			}
			return
		}
		for i, v := range b.Columns {
			if v.Len != b.Len || v.Null != nil && len(v.Null) != b.Len {
				t.Fatalf("column %d has %d values, %d of them known to be null or not, and there are %d rows", i, v.Len, len(v.Null), b.Len)
			}
			for row := range b.Len {
				v.Any(row)
			}
		}
	})
}
