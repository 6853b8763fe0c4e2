package plugin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/backend/log"
	"github.com/grafana/grafana-plugin-sdk-go/backend/resource/httpadapter"

	"github.com/auditlake/auditlake/pkg/etl"
	"github.com/auditlake/auditlake/pkg/lake"
	"github.com/auditlake/auditlake/pkg/query"
)

// resources are:
//
//	GET named-queries  the catalog, as []NamedQuery of src/types.ts
//	GET status         tables and recent runs, as etl.Status
//
// Errors are {"message": …}, which Grafana's front end shows.
func (d *Datasource) resources() backend.CallResourceHandler {
	mux := http.NewServeMux()
	get := func(path string, answer func(context.Context) (any, error)) {
		mux.HandleFunc("GET /"+path, func(w http.ResponseWriter, r *http.Request) { d.serve(w, r, answer) })
	}
	get("named-queries", func(context.Context) (any, error) { return catalog(), nil })
	get("status", d.status)
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		d.serve(w, r, func(context.Context) (any, error) {
			return nil, fmt.Errorf("%w: %s %s; there are GET named-queries and GET status", errResource, r.Method, strings.TrimPrefix(r.URL.Path, "/"))
		})
	})
	return httpadapter.New(mux)
}

// serve answers with JSON.
func (d *Datasource) serve(w http.ResponseWriter, r *http.Request, answer func(context.Context) (any, error)) {
	ctx, done := d.under(r.Context())
	defer done()
	status, body := http.StatusOK, []byte(nil)
	value, err := ask(ctx, answer)
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

func ask(ctx context.Context, answer func(context.Context) (any, error)) (_ any, err error) {
	defer guard(ctx, &err)
	return answer(ctx)
}

// namedQuery is NamedQuery of src/types.ts.
type namedQuery struct {
	Name          string       `json:"name"`
	Title         string       `json:"title"`
	Description   string       `json:"description"`
	Visualization string       `json:"visualization"`
	Alertable     bool         `json:"alertable"`
	Params        []namedParam `json:"params"`
}

type namedParam struct {
	Name        string `json:"name"`
	Description string `json:"description"`
	Default     string `json:"default"`
	Required    bool   `json:"required"`
}

func catalog() []namedQuery {
	out := []namedQuery{}
	for _, n := range query.All() {
		q := namedQuery{
			Name: n.Name, Title: n.Title, Description: n.Description,
			Visualization: n.Visualization, Alertable: n.Alertable, Params: []namedParam{},
		}
		for _, p := range n.Params {
			q.Params = append(q.Params, namedParam{Name: p.Name, Description: p.Description, Default: p.Default, Required: p.Required})
		}
		out = append(out, q)
	}
	return out
}

// status is that of a lake without tables where there is none yet.
func (d *Datasource) status(ctx context.Context) (any, error) {
	if d.settingsErr != nil {
		return nil, d.settingsErr
	}
	s, err := etl.ReadStatus(ctx, d.lake)
	if errors.Is(err, lake.ErrNoTable) {
		return etl.Status{Tables: []etl.TableStatus{}, Runs: []map[string]any{}}, nil
	}
	return s, err
}
