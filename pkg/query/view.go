package query

import (
	"slices"
	"strings"

	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/lake"
)

// View is a table under the names of another: each of its columns is an expression
// over the base table, so that a filter on it prunes that table's files.
type View struct {
	Name  string // audit
	Names string // of what it has the columns: system.access.audit
	Base  string // the table that it is over
	// Columns are what SELECT * gives, in order.
	Columns []ViewColumn
}

// ViewColumn is a column of a view. A field of a struct is one by itself.
type ViewColumn struct {
	Path []string // user_identity, email
	Type columnar.Type
	Doc  string // one line
	expr Expr
}

// Name is the path as text: user_identity.email.
func (c ViewColumn) Name() string { return strings.Join(c.Path, ".") }

// Expr is the column over the base table.
func (c ViewColumn) Expr() Expr { return c.expr }

// Views are all views, by name.
func Views() []View { return []View{auditView()} }

// FindView is the view of a name, in any letter case: audit, or with whatever stands
// in front of it, such as system.access.audit. Look-ups are no views.
func FindView(name string) (View, bool) {
	name = strings.ToLower(name)
	if IsLookup(name) {
		return View{}, false
	}
	last := name[strings.LastIndexByte(name, '.')+1:]
	i := slices.IndexFunc(Views(), func(v View) bool { return v.Name == last })
	if i < 0 {
		return View{}, false
	}
	return Views()[i], true
}

// Find is the expression over the base table at a path, in any letter case but for
// keys of a map: request_params.cluster_id. It reports false where there is none, and
// for a struct, of which only fields are values: see Fields.
func (v View) Find(path []string) (Expr, bool) {
	for _, c := range v.Columns {
		switch {
		case len(c.Path) > len(path) || !slices.EqualFunc(c.Path, path[:len(c.Path)], strings.EqualFold):
		case len(c.Path) == len(path):
			return c.expr, true
		case c.Type.Kind == columnar.Map:
			base := c.expr.(Col)
			return Column(c.Type.Elem.Kind, append(slices.Clone(base.Path), path[len(c.Path):]...)...), true
		}
	}
	return nil, false
}

// Fields are the columns below a path: those of the struct user_identity. There are
// none below what is no struct.
func (v View) Fields(path []string) []ViewColumn {
	var out []ViewColumn
	for _, c := range v.Columns {
		if len(c.Path) > len(path) && slices.EqualFunc(c.Path[:len(path)], path, strings.EqualFold) {
			out = append(out, c)
		}
	}
	return out
}

// auditView has the columns of Databricks' system.access.audit, as its reference
// lists them. workspace_id is a string there, in newer editions of that page; older
// ones say long, and a comparison with a number does as well.
func auditView() View {
	str := func(name string) Col { return Column(columnar.String, name) }
	identity := func(snake, camel string) Expr {
		of := func(key string) Expr { return Fn("get_json_object", str("identityMetadata"), Str("$."+key)) }
		return Coalesce{X: []Expr{of(camel), of(snake)}}
	}
	column := func(name string, kind columnar.Kind, e Expr, doc string) ViewColumn {
		return ViewColumn{Path: strings.Split(name, "."), Type: columnar.Of(kind), Doc: doc, expr: e}
	}
	text := func(name string, e Expr, doc string) ViewColumn { return column(name, columnar.String, e, doc) }
	return View{Name: "audit", Names: "system.access.audit", Base: lake.Silver, Columns: []ViewColumn{
		text("account_id", str("accountId"), "account"),
		text("workspace_id", Cast{X: Column(columnar.Long, WorkspaceColumn), To: columnar.String}, "workspace as text; 0 for events of the account"),
		text("version", str("version"), "version of the log's format"),
		column("event_time", columnar.Timestamp, Column(columnar.Timestamp, TimeColumn), "when it happened, UTC"),
		column("event_date", columnar.Date, Column(columnar.Date, DateColumn), "date of event_time in UTC"),
		text("source_ip_address", str("sourceIPAddress"), "where the request came from"),
		text("user_agent", str("userAgent"), "what sent the request"),
		text("session_id", str("sessionId"), "session of the request"),
		text("user_identity.email", str("email"), "who did it"),
		text("user_identity.subject_name", str("subjectName"), "who did it, where there is no e-mail address"),
		text("service_name", str("serviceName"), "service that logged it"),
		text("action_name", str("actionName"), "what was done"),
		text("request_id", str("requestId"), "id of the request"),
		{
			Path: []string{"request_params"}, Type: columnar.MapOf(columnar.Of(columnar.String), columnar.Of(columnar.String)),
			Doc: "parameters of the request: request_params.name", expr: Name("requestParams"),
		},
		column("response.status_code", columnar.Long, Column(columnar.Long, "response", "statusCode"), "HTTP status"),
		text("response.error_message", Column(columnar.String, "response", "errorMessage"), "what went wrong"),
		text("response.result", Column(columnar.String, "response", "result"), "what came back"),
		text("audit_level", str("auditLevel"), "ACCOUNT_LEVEL or WORKSPACE_LEVEL"),
		text("event_id", str("eventKey"), "the lake's own id of the event: delivered logs have none"),
		text("identity_metadata.run_by", identity("run_by", "runBy"), "who ran it"),
		text("identity_metadata.run_as", identity("run_as", "runAs"), "on whose behalf"),
		text("identity_metadata.acting_resource", identity("acting_resource", "actingResource"), "what acted"),
	}}
}
