package plugin

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/query"
	"github.com/auditlake/auditlake/pkg/query/sql"
)

// sqlMetadata is what an editor completes a statement with.
type sqlMetadata struct {
	Tables    []sqlTable    `json:"tables"`
	Functions []sqlFunction `json:"functions"`
	Macros    []sqlMacro    `json:"macros"`
}

// sqlTable is a table or a view. Columns have no request parameters: these are Keys,
// below the column of Params.
type sqlTable struct {
	tableInfo
	Description string      `json:"description,omitempty"`
	Columns     []sqlColumn `json:"columns"`
	Params      string      `json:"params,omitempty"` // requestParams; request_params of the view
	Keys        []string    `json:"keys"`
}

type sqlColumn struct {
	columnInfo
	Description string `json:"description,omitempty"`
}

type sqlFunction struct {
	Name        string `json:"name"`
	Signature   string `json:"signature"` // a line for each that there is
	Description string `json:"description"`
	Kind        string `json:"kind"` // function, aggregate or window
}

type sqlMacro struct {
	Name        string `json:"name"`
	Signature   string `json:"signature"`
	Description string `json:"description"`
}

// openTables is how many tables are looked up side by side: each that was not looked at
// before is a few requests to the store.
const openTables = 8

// mostKeys is how many request parameters of all services together are offered for
// tables that have those of each.
const mostKeys = 5000

// sqlMetadata is what who asks may see.
func (d *Datasource) sqlMetadata(ctx context.Context, r request) (any, error) {
	listed, err := d.tableList(ctx, r)
	if err != nil {
		return nil, err
	}
	infos := listed.([]tableInfo)
	schemas, err := d.schemas(ctx, r, infos)
	if err != nil {
		return nil, err
	}
	out := sqlMetadata{Tables: []sqlTable{}, Functions: []sqlFunction{}, Macros: []sqlMacro{}}
	all := map[string]bool{}
	for i, info := range infos {
		t := sqlTable{tableInfo: info, Columns: []sqlColumn{}, Keys: []string{}}
		for _, f := range schemas[i] {
			if f.Name == "requestParams" {
				t.Params = f.Name
				for _, key := range f.Type.Fields {
					t.Keys = append(t.Keys, key.Name)
					all[key.Name] = true
				}
			}
		}
		for _, c := range columnList(schemas[i], "") {
			if t.Params == "" || !strings.HasPrefix(c.Name, t.Params+".") {
				t.Columns = append(t.Columns, sqlColumn{columnInfo: c})
			}
		}
		out.Tables = append(out.Tables, t)
	}
	keys := slices.Sorted(maps.Keys(all))
	keys = keys[:min(len(keys), mostKeys)]
	for i := range out.Tables {
		t := &out.Tables[i]
		if v, ok := query.FindView(t.Name); ok && t.Layer == layerView {
			t.describe(v)
		}
		if t.Params != "" && len(t.Keys) == 0 {
			t.Keys = append(t.Keys, keys...)
		}
	}
	for _, f := range sql.Functions() {
		out.Functions = append(out.Functions, sqlFunction{f.Name, f.Signature, f.Doc, string(f.Kind)})
	}
	for _, m := range sql.KnownMacros() {
		out.Macros = append(out.Macros, sqlMacro{m.Name, m.Signature(), m.Doc})
	}
	return out, nil
}

// describe makes a table that of a view.
func (t *sqlTable) describe(v query.View) {
	t.Description = "the columns of " + v.Names + ", over " + v.Base
	for _, c := range v.Columns {
		t.Columns = append(t.Columns, sqlColumn{columnInfo{c.Name(), c.Type.String()}, c.Doc})
		if c.Type.Kind == columnar.Map {
			t.Params = c.Name()
		}
	}
}

// schemas are those of the tables, none for a view and for a table that was there just
// before.
func (d *Datasource) schemas(ctx context.Context, r request, infos []tableInfo) ([]columnar.Schema, error) {
	tables := d.view(r.user)
	out := make([]columnar.Schema, len(infos))
	open, ctx := errgroup.WithContext(ctx)
	open.SetLimit(openTables)
	for i, info := range infos {
		if info.Layer == layerView {
			continue
		}
		open.Go(func() error {
			t, err := tables.Table(ctx, info.Name)
			if errors.Is(err, query.ErrNoTable) {
				return nil
			}
			if err != nil {
				return err
			}
			out[i] = t.Schema()
			return nil
		})
	}
	return out, open.Wait()
}

// layerView is the layer of views, as tableInfo has it.
const layerView = "view"

// views are those over the tables that there are.
func views(tables []string) []tableInfo {
	var out []tableInfo
	for _, v := range query.Views() {
		if slices.Contains(tables, v.Base) && !slices.Contains(tables, v.Name) {
			out = append(out, tableInfo{Name: v.Name, Layer: layerView})
		}
	}
	return out
}

// viewColumns are the columns of a view, if that is what a name means: a gold table of
// the same name comes first.
func (d *Datasource) viewColumns(ctx context.Context, r request, name string) ([]columnInfo, bool) {
	v, ok := query.FindView(name)
	if !ok || name != v.Name {
		return nil, false
	}
	if _, err := d.view(r.user).Table(ctx, v.Base); err != nil {
		return nil, false
	}
	out := []columnInfo{}
	for _, c := range v.Columns {
		out = append(out, columnInfo{c.Name(), c.Type.String()})
	}
	return out, true
}
