package plugin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/backend/log"
	"github.com/grafana/grafana-plugin-sdk-go/backend/resource/httpadapter"

	"github.com/auditlake/auditlake/pkg/etl"
	"github.com/auditlake/auditlake/pkg/lake"
	"github.com/auditlake/auditlake/pkg/query/named"
)

// request is a call of a resource and who makes it.
type request struct {
	*http.Request
	user *backend.User // nil for requests that nobody makes
}

// route is one resource. What it answers is sent as JSON.
type route struct {
	pattern string // of http.ServeMux
	may     func(*Datasource, *backend.User) error
	answer  func(*Datasource, context.Context, request) (any, error)
}

func everybody(*Datasource, *backend.User) error             { return nil }
func whoSeesLake(d *Datasource, user *backend.User) error    { return d.lakeOnly(user) }
func administrators(_ *Datasource, user *backend.User) error { return adminOnly(user) }

// routes is the table of resources, as docs/resources.md describes them. Answers to everybody keep to the scope and
// the redaction of who asks; see view.
func routes() []route {
	return []route{
		{"GET /named-queries", everybody, (*Datasource).namedQueries},
		{"GET /tables", everybody, (*Datasource).tableList},
		{"GET /columns", everybody, (*Datasource).columns},            // ?table=
		{"GET /values", everybody, (*Datasource).values},              // ?table=&column=&prefix=&from=&to=&limit=
		{"GET /filter-keys", everybody, (*Datasource).filterKeys},     // ?table=
		{"GET /filter-values", everybody, (*Datasource).filterValues}, // ?key=&table=&from=&to=&prefix=&filters=&limit=
		{"GET /sql-metadata", everybody, (*Datasource).sqlMetadata},
		{"GET /event", everybody, (*Datasource).event},     // ?fileId=&lineNumber=
		{"GET /status", whoSeesLake, (*Datasource).status}, // of the lake
		{"GET /etl", whoSeesLake, (*Datasource).etlStatus}, // of this data source
		{"GET /sources", administrators, (*Datasource).lookAtSources},
		{"POST /etl/run", administrators, (*Datasource).runNow},
		{"POST /etl/optimize", administrators, (*Datasource).optimize}, // ?table=
		{"POST /etl/replay", administrators, (*Datasource).replay},     // ?table=
		{"GET /etl/vacuum", administrators, (*Datasource).vacuumDryRun},
	}
}

// handler serves the routes. Errors are {"message": …}, which Grafana's front
// end shows.
func (d *Datasource) handler() backend.CallResourceHandler {
	mux := http.NewServeMux()
	var known []string
	for _, r := range routes() {
		known = append(known, strings.Replace(r.pattern, " /", " ", 1))
		mux.HandleFunc(r.pattern, func(w http.ResponseWriter, hr *http.Request) { d.serve(w, hr, r) })
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, hr *http.Request) {
		d.serve(w, hr, route{may: everybody, answer: func(_ *Datasource, _ context.Context, r request) (any, error) {
			return nil, fmt.Errorf("%w: %s %s; there are %s", errResource, r.Method, strings.TrimPrefix(r.URL.Path, "/"), strings.Join(known, ", "))
		}})
	})
	return httpadapter.New(mux)
}

// serve answers with JSON.
func (d *Datasource) serve(w http.ResponseWriter, hr *http.Request, r route) {
	ctx, done := d.under(hr.Context())
	defer done()
	status, body := http.StatusOK, []byte(nil)
	value, err := d.reply(ctx, hr, r)
	if err == nil {
		body, err = json.Marshal(value)
	}
	if err != nil {
		s, text := d.fail(ctx, cause(ctx, err))
		status = int(s)
		body, _ = json.Marshal(map[string]string{"message": text})
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	if _, err := w.Write(body); err != nil {
		log.DefaultLogger.FromContext(ctx).Debug("An answer did not arrive", "error", err)
	}
}

func (d *Datasource) reply(ctx context.Context, hr *http.Request, r route) (_ any, err error) {
	defer guard(ctx, &err)
	user := backend.UserFromContext(ctx)
	if err := r.may(d, user); err != nil {
		return nil, err
	}
	return r.answer(d, ctx, request{hr, user})
}

// namedQuery is NamedQuery of src/types.ts.
type namedQuery struct {
	Name          string       `json:"name"`
	Title         string       `json:"title"`
	Description   string       `json:"description"`
	Group         string       `json:"group"`
	Severity      string       `json:"severity"` // of an alert; empty if not alertable
	Visualization string       `json:"visualization"`
	Alertable     bool         `json:"alertable"`
	Own           bool         `json:"own"` // of the user, not shipped
	Params        []namedParam `json:"params"`
}

type namedParam struct {
	Name        string `json:"name"`
	Description string `json:"description"`
	Type        string `json:"type"`
	Default     string `json:"default"`
	Required    bool   `json:"required"`
}

// namedQueries is the catalog. The picker shows groups, and wants their queries
// together.
func (d *Datasource) namedQueries(context.Context, request) (any, error) {
	out := []namedQuery{}
	all := d.catalog().All()
	slices.SortStableFunc(all, func(a, b *named.Query) int {
		return slices.Index(named.Groups(), a.Group) - slices.Index(named.Groups(), b.Group)
	})
	for _, n := range all {
		_, err := named.Lookup(n.Name)
		q := namedQuery{
			Name: n.Name, Title: n.Title, Description: n.Description, Group: n.Group, Severity: string(n.Severity),
			Visualization: n.Visualization, Alertable: n.Alertable(), Own: err != nil, Params: []namedParam{},
		}
		for _, p := range n.Params {
			q.Params = append(q.Params, namedParam{Name: p.Name, Description: p.Description, Type: string(p.Type), Default: p.Default, Required: p.Required})
		}
		out = append(out, q)
	}
	return out, nil
}

// lakeStatus is the lake and what the ETL of the data source does with it.
type lakeStatus struct {
	*etl.Status
	ETL jobStatus `json:"etl"`
}

// status is that of a lake without tables where there is none yet.
func (d *Datasource) status(ctx context.Context, _ request) (any, error) {
	if d.settingsErr != nil {
		return nil, d.settingsErr
	}
	s, err := etl.ReadStatus(ctx, d.lake)
	if errors.Is(err, lake.ErrNoTable) {
		s, err = &etl.Status{Tables: []etl.TableStatus{}, Runs: []map[string]any{}}, nil
	}
	return lakeStatus{s, d.jobStatus(d.shell.supervisor.Status(d.owner))}, err
}
