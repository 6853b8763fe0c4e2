package plugin

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/lake"
	"github.com/auditlake/auditlake/pkg/query"
)

// option is what a list to choose from has; Grafana calls it MetricFindValue.
type option struct {
	Text  string `json:"text"`
	Value string `json:"value"`
}

const (
	// mostParams is how many request parameters are listed. A table has 400 fields
	// at most, a lake of 30 services some 1,500.
	mostParams = 5_000
	// schemasAtOnce is how many tables are opened side by side.
	schemasAtOnce = 8

	defaultOptions = 1_000
)

// filterKeys are the columns that a filter on events can be about: those of all
// events, the derived ones, and after them the request parameters. Without a table
// they are those of all tables together.
func (d *Datasource) filterKeys(ctx context.Context, r request) (any, error) {
	if d.settingsErr != nil {
		return nil, d.settingsErr
	}
	table, err := eventTable(r.URL.Query())
	if err != nil {
		return nil, err
	}
	keys, tables := query.FilterColumns(), []string{table}
	if table == lake.Silver {
		if tables, err = d.tableNames(ctx, r); err != nil {
			return nil, err
		}
	} else {
		keys = slices.DeleteFunc(keys, func(key string) bool {
			_, known := query.FindKnown(table, strings.Split(key, "."))
			return !known
		})
	}
	out := []option{}
	for _, key := range keys {
		out = append(out, option{key, key})
	}
	params, err := d.requestParams(ctx, r, tables)
	for _, name := range params[:min(len(params), mostParams)] {
		out = append(out, option{name, name})
	}
	return out, err
}

// requestParams are the parameters that have a field in one of the tables, by name.
func (d *Datasource) requestParams(ctx context.Context, r request, tables []string) ([]string, error) {
	view := d.view(r.user)
	var mu sync.Mutex
	found := map[string]bool{} // guarded by mu
	opening, ctx := errgroup.WithContext(ctx)
	opening.SetLimit(schemasAtOnce)
	for _, name := range tables {
		if !query.HasEvents(name) {
			continue
		}
		opening.Go(func() error {
			table, err := view.Table(ctx, name)
			if errors.Is(err, query.ErrNoTable) {
				return nil // not yet, or not any more
			}
			if err != nil {
				return err
			}
			mu.Lock()
			defer mu.Unlock()
			for _, f := range table.Schema() {
				if f.Name == "requestParams" && f.Type.Kind == columnar.Struct {
					for _, param := range f.Type.Fields {
						found["requestParams."+param.Name] = true
					}
				}
			}
			return nil
		})
	}
	if err := opening.Wait(); err != nil {
		return nil, err
	}
	return slices.SortedFunc(maps.Keys(found), func(a, b string) int {
		return cmp.Or(strings.Compare(strings.ToLower(a), strings.ToLower(b)), strings.Compare(a, b))
	}), nil
}

// filterValues are the values that a key of a filter has in a time range, the most
// frequent first, among the events for which the other filters hold.
func (d *Datasource) filterValues(ctx context.Context, r request) (any, error) {
	if d.settingsErr != nil {
		return nil, d.settingsErr
	}
	q := r.URL.Query()
	key, err := required(q, "key")
	if err != nil {
		return nil, err
	}
	table, err := eventTable(q)
	if err != nil {
		return nil, err
	}
	limit, err := numberParam(q, "limit", defaultOptions, 1, maxValues)
	if err != nil {
		return nil, err
	}
	span, err := timeRange(q)
	if err != nil {
		return nil, err
	}
	column, tables, err := query.FilterColumn(key)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errRequest, err)
	}
	if table != lake.Silver {
		tables = []string{table}
	}
	plan, err := narrowedBy(query.ColumnValues(tables, column, span, q.Get("prefix"), limit), q.Get("filters"))
	if err != nil {
		return nil, err
	}
	result, err := d.run(ctx, d.view(r.user), plan)
	if a[*query.PlanError](err) {
		return nil, fmt.Errorf("%w: %w", errRequest, err)
	}
	if err != nil {
		return nil, err
	}
	out := make([]option, result.Batch.Len)
	for i := range out {
		text := textAt(result.Batch.Columns[0], i)
		out[i] = option{text, text}
	}
	return out, nil
}

// narrowedBy is the plan with the filters that a parameter has as JSON.
func narrowedBy(p query.Plan, filters string) (query.Plan, error) {
	if filters == "" {
		return p, nil
	}
	var conditions []query.Condition
	if err := json.Unmarshal([]byte(filters), &conditions); err != nil {
		return p, fmt.Errorf(`%w: filters is JSON like [{"key":"email","operator":"=","value":"ann@example.com"}]: %w`, errRequest, err)
	}
	return query.Narrow(p, conditions)
}

// eventTable is the parameter table: one of events, silver if there is none.
func eventTable(q url.Values) (string, error) {
	switch table := q.Get("table"); {
	case table == "":
		return lake.Silver, nil
	case !query.HasEvents(table):
		return "", fmt.Errorf("%w: filters are about events, and the rows of %s are none: choose %s or a gold table", errRequest, table, lake.Silver)
	default:
		return table, nil
	}
}
