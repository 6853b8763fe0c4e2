package events

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/query"
)

// Line is one event.
type Line struct {
	Time     time.Time
	ID       ID
	Severity string
	Body     string
	// Labels are the values that are not null, by the names of their columns, so that
	// each is the key of a condition: serviceName, response.statusCode,
	// requestParams.cluster_name. Values of more than 2,000 characters are cut.
	Labels map[string]string
}

// The severities, as Grafana calls them. Who was refused is a warning, because it is
// what somebody has to look at who is after intruders; what failed is an error; all
// else is information, also what has no status, of which nothing says that it failed.
const (
	Info    = "info"
	Warning = "warning" // outcome denied: status 401 or 403
	Error   = "error"   // outcome error: any other status but 200 to 399
)

func severity(outcome string) string {
	switch outcome {
	case "denied":
		return Warning
	case "error":
		return Error
	}
	return Info
}

// severityColumn is severity as an expression.
func severityColumn() query.Expr {
	outcome := query.Column(columnar.String, "outcome")
	return query.Case{
		When: []query.When{
			{If: query.Eq(outcome, query.Str("denied")), Then: query.Str(Warning)},
			{If: query.Eq(outcome, query.Str("error")), Then: query.Str(Error)},
		},
		Else: query.Str(Info),
	}
}

// labelColumns are the columns that labels are made of, besides parameters and the
// parts of the ID.
var labelColumns = [...]query.KnownColumn{
	{Name: "serviceName", Kind: columnar.String},
	{Name: "actionName", Kind: columnar.String},
	{Name: "actor", Kind: columnar.String},
	{Name: "email", Kind: columnar.String},
	{Name: "subjectName", Kind: columnar.String},
	{Name: query.WorkspaceColumn, Kind: columnar.Long},
	{Name: "sourceIPAddress", Kind: columnar.String},
	{Name: "userAgent", Kind: columnar.String},
	{Name: "sessionId", Kind: columnar.String},
	{Name: "requestId", Kind: columnar.String},
	{Name: "outcome", Kind: columnar.String},
	{Name: "response.statusCode", Kind: columnar.Long},
	{Name: "response.errorMessage", Kind: columnar.String},
}

func lineColumns() []query.Output {
	out := make([]query.Output, len(labelColumns))
	for i, c := range labelColumns {
		out[i] = query.As(c.Name, query.Column(c.Kind, strings.Split(c.Name, ".")...))
	}
	return out
}

// Lines are the rows that a Plan gives.
func Lines(b *columnar.Batch) []Line {
	out := make([]Line, b.Len)
	for row := range out {
		out[row] = lineAt(b, row)
	}
	return out
}

func lineAt(b *columnar.Batch, row int) Line {
	id := idAt(b, row)
	l := Line{Time: id.time(), ID: id, Labels: map[string]string{
		"fileId": strconv.FormatInt(id[1], 10), "lineNumber": strconv.FormatInt(id[2], 10),
	}}
	if id[3] > 0 {
		l.Labels["eventIndex"] = strconv.FormatInt(id[3], 10)
	}
	var params []param
	for c, f := range b.Schema[len(id):] {
		v := b.Columns[len(id)+c]
		switch {
		case v.Type.Kind == columnar.Map || v.Type.Kind == columnar.Struct:
			for _, p := range paramsAt(v, row) {
				l.Labels[f.Name+"."+p.key] = p.value
				params = append(params, p)
			}
		case v.IsNull(row):
		case v.Type.Kind.InInts():
			l.Labels[f.Name] = strconv.FormatInt(v.Ints[row], 10)
		default:
			l.Labels[f.Name] = string(v.ByteAt(row))
		}
	}
	l.Severity = severity(l.Labels["outcome"])
	l.Body = body(l.Labels, params)
	for name, value := range l.Labels {
		l.Labels[name] = cut(value, 2000)
	}
	return l
}

// param is one request parameter.
type param struct{ key, value string }

// paramsAt are the parameters of a row that are not null.
func paramsAt(v *columnar.Vector, row int) (out []param) {
	if v.IsNull(row) {
		return nil
	}
	if v.Type.Kind == columnar.Struct {
		for c, f := range v.Type.Fields {
			if child := v.Children[c]; !child.IsNull(row) && child.Type.Kind == columnar.String {
				out = append(out, param{f.Name, string(child.ByteAt(row))})
			}
		}
		return out
	}
	keys, values := v.Children[0], v.Children[1]
	for i := int(v.Offsets[row]); i < int(v.Offsets[row+1]); i++ {
		if !values.IsNull(i) {
			out = append(out, param{string(keys.ByteAt(i)), string(values.ByteAt(i))})
		}
	}
	return out
}

const (
	mostParams = 8  // in a body
	mostText   = 80 // characters of a value in a body
)

// body is the line that people read:
//
//	clusters.create ann@example.com succeeded cluster_name="ETL nightly" cluster_id=1227-abc num_workers=2
//	accounts.tokenLogin bob@example.com denied(401) error="Token is expired" user=bob@example.com
//	what was done, by whom, what came of it with the status unless it succeeded, what
//	the answer says of it, and the parameters that tell most
//
// Who is the actor, or else subjectName; what is not known is a dash. The parameters
// are at most eight, those first whose keys say that they are names or paths, then
// ids, then the others, then those whose values are JSON; each of these by key. Those
// that are empty, hidden, or just who it was are left out. Values are cut at 80
// characters, and quoted where they could be read differently otherwise.
func body(labels map[string]string, params []param) string {
	who := cmp.Or(labels["actor"], labels["email"], labels["subjectName"])
	outcome := cmp.Or(labels["outcome"], "unknown")
	if status := labels["response.statusCode"]; status != "" && outcome != "succeeded" {
		outcome += "(" + status + ")"
	}
	var b strings.Builder
	b.WriteString(plain(labels["serviceName"]) + "." + plain(labels["actionName"]) + " " + plain(who) + " " + outcome)
	if message := labels["response.errorMessage"]; message != "" && message != query.Redacted {
		b.WriteString(" error=" + plain(message))
	}
	params = slices.DeleteFunc(params, func(p param) bool {
		return p.value == "" || p.value == query.Redacted || p.value == who
	})
	slices.SortFunc(params, func(x, y param) int {
		return cmp.Or(cmp.Compare(x.rank(), y.rank()), strings.Compare(x.key, y.key), strings.Compare(x.value, y.value))
	})
	for _, p := range params[:min(len(params), mostParams)] {
		b.WriteString(" " + plain(p.key) + "=" + plain(p.value))
	}
	return b.String()
}

// rank is how much a parameter tells, least first.
func (p param) rank() int {
	key := strings.ToLower(p.key)
	switch {
	case p.value[0] == '{' || p.value[0] == '[':
		return 3
	case strings.HasSuffix(key, "name") || strings.HasSuffix(key, "path"):
		return 0
	case strings.HasSuffix(key, "id"):
		return 1
	}
	return 2
}

// plain is a text as a body has it, on one line.
func plain(s string) string {
	if s == "" {
		return "-"
	}
	s = cut(s, mostText)
	odd := func(r rune) bool { return r == '"' || r == '=' || unicode.IsSpace(r) || !unicode.IsPrint(r) }
	json := s[0] == '{' || s[0] == '['
	if !json && strings.ContainsFunc(s, odd) || json && strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return strconv.Quote(s)
	}
	return s
}

// cut is the first so many characters of a text, with a mark if there were more.
func cut(s string, most int) string {
	if len(s) <= most || utf8.RuneCountInString(s) <= most {
		return s
	}
	n := 0
	for i := range s {
		if n == most {
			return s[:i] + "…"
		}
		n++
	}
	return s
}
