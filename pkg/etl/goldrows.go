package etl

import (
	"context"
	"slices"
	"strings"

	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/etl/event"
	"github.com/auditlake/auditlake/pkg/lake"
)

const (
	paramsColumn = "requestParams"
	restColumn   = "requestParamsRest"
	// placeholder is the one field of requestParams in a service without
	// parameters: a struct needs a field.
	placeholder = "placeholder"
	// maxParams bounds the fields of requestParams; further keys go to the rest.
	maxParams = 400
	maxKey    = 128
)

// goldRows collects the rows of one gold table: silver's columns as they are,
// requestParams as a struct of the keys this service has, the derived columns.
//
// Keys that differ only in case are one field, under the spelling seen first. A
// key goes to requestParamsRest, spelled as delivered, where it cannot have a
// field: over maxParams, not a name that every engine takes, or the second
// spelling in one event.
type goldRows struct {
	table   string
	service string // as first delivered

	parts   []goldPart         // silver's columns
	own     []*columnar.Vector // the other columns, in order of schema; requestParams' fields apart
	schema  columnar.Schema    // without requestParams' fields
	silver  []int              // event column of each column, or -1
	derived []derived
	made    []int // position of each derived column
	params  int   // position of requestParams
	rest    int   // position of requestParamsRest

	keys   columnar.Schema // fields of requestParams
	known  int             // of keys: that the table has already
	byKey  map[string]int  // spelling -> field, -1 for the rest
	byFold map[string]int  // lower case -> field

	dict   *columnar.Bytes // of the map's keys in the last batch
	byCode []int

	facts facts
}

// goldPart is rows of a batch of silver.
type goldPart struct {
	batch *columnar.Batch
	rows  []int32
	// params are, by field of requestParams, where in the values of the batch's
	// parameters each row has its value; -1: nowhere. nil, or missing at the end, for a
	// field that no row has.
	params [][]int32
}

// goldSchema is the columns of a new gold table. Later ones are appended.
func goldSchema(table string) columnar.Schema {
	var s columnar.Schema
	for _, f := range event.Schema() {
		s = append(s, f)
		if f.Name == paramsColumn {
			s[len(s)-1].Type = columnar.StructOf()
			s = append(s, columnar.Field{Name: restColumn, Type: columnar.MapOf(text, text)})
		}
	}
	for _, d := range derivedColumns(table) {
		s = append(s, columnar.Field{Name: d.name, Type: d.typ})
	}
	return s
}

func newGoldRows(t *goldTarget, service string) *goldRows {
	g := &goldRows{
		table: t.name, service: service, derived: derivedColumns(t.name),
		byKey: map[string]int{}, byFold: map[string]int{},
	}
	if t.base != nil {
		g.schema = slices.Clone(t.base.Schema())
	}
	for _, f := range goldSchema(t.name) {
		if g.schema.Index(f.Name) < 0 {
			g.schema = append(g.schema, f)
		}
	}
	g.params, g.rest = g.schema.Index(paramsColumn), g.schema.Index(restColumn)
	for _, f := range g.schema[g.params].Type.Fields {
		g.field(f.Name)
	}
	g.known = len(g.keys)
	g.schema[g.params].Type = columnar.StructOf()
	silver := event.Schema()
	for _, f := range g.schema {
		at := silver.Index(f.Name)
		if f.Name == paramsColumn {
			at = -1
		}
		if at >= 0 {
			g.own = append(g.own, nil)
		} else {
			g.own = append(g.own, columnar.NewVector(f.Type))
		}
		g.silver = append(g.silver, at)
	}
	for _, d := range g.derived {
		g.made = append(g.made, g.schema.Index(d.name))
	}
	return g
}

// successor has no rows and the fields that g has come to.
func (g *goldRows) successor(t *goldTarget) *goldRows {
	next := newGoldRows(t, g.service)
	for _, f := range g.keys[len(next.keys):] {
		next.field(f.Name)
	}
	return next
}

// field appends a field to requestParams.
func (g *goldRows) field(name string) int {
	at := len(g.keys)
	g.keys = append(g.keys, columnar.Field{Name: name, Type: text})
	g.byKey[name] = at
	g.byFold[strings.ToLower(name)] = at
	return at
}

// newKeys is how many fields the table gets.
func (g *goldRows) newKeys() int {
	n := len(g.keys) - g.known
	if at, ok := g.byKey[placeholder]; ok && at >= g.known {
		n--
	}
	return n
}

// fieldOf is the field of a key, a new one if need be, or -1 for the rest.
func (g *goldRows) fieldOf(key []byte) int {
	if at, ok := g.byKey[string(key)]; ok {
		return at
	}
	name := string(key)
	at, ok := g.byFold[strings.ToLower(name)]
	switch {
	case ok:
	case len(g.keys) >= maxParams || !plainKey(name):
		at = -1
	default:
		at = g.field(name)
	}
	g.byKey[name] = at
	return at
}

// plainKey says that every engine takes the key as a column name: Spark refuses
// some characters, a dot reads as a path, and beyond ASCII engines disagree on
// which names differ only in case.
func plainKey(key string) bool {
	if key == "" || len(key) > maxKey {
		return false
	}
	for _, r := range key {
		if r <= ' ' || r >= 0x7f || strings.ContainsRune(",;{}()=.`\"", r) {
			return false
		}
	}
	return true
}

func (g *goldRows) len() int { return g.own[g.rest].Len }

// add appends the given rows of a silver batch, and holds on to both.
func (g *goldRows) add(b *columnar.Batch, rows []int32) {
	g.parts = append(g.parts, goldPart{batch: b, rows: rows})
	params := b.Columns[event.ColRequestParams]
	keys := params.Children[0]
	if keys.Codes != nil && keys.Dict != g.dict {
		g.dict = keys.Dict
		g.byCode = g.byCode[:0]
		for range keys.Dict.Len() {
			g.byCode = append(g.byCode, unresolved)
		}
	}
	for k, row := range rows {
		g.addParams(params, k, int(row))
		if len(g.derived) > 0 {
			g.derive(b, int(row))
		}
	}
}

// unresolved marks a dictionary code whose field was not looked up yet.
const unresolved = -2

// addParams adds the parameters of a row, which is the k-th of the last part.
func (g *goldRows) addParams(params *columnar.Vector, k, row int) {
	rest, st := g.own[g.rest], g.own[g.params]
	if params.IsNull(row) {
		rest.AppendNull()
		st.AppendNull()
		return
	}
	part := &g.parts[len(g.parts)-1]
	spilled := false
	keys, values := params.Children[0], params.Children[1]
	for j := params.Offsets[row]; j < params.Offsets[row+1]; j++ {
		if at := g.resolve(keys, int(j)); at >= 0 && part.take(at, k, j) {
			continue
		}
		rest.Children[0].AppendBytes(keys.ByteAt(int(j)))
		rest.Children[1].AppendBytes(values.ByteAt(int(j)))
		spilled = true
	}
	st.AppendNested()
	if spilled {
		rest.AppendNested()
	} else {
		rest.AppendNull()
	}
}

// take notes value j as that of a field in the k-th row, unless it has one.
func (p *goldPart) take(field, k int, j int32) bool {
	for len(p.params) <= field {
		p.params = append(p.params, nil)
	}
	if p.params[field] == nil {
		p.params[field] = nowhere(len(p.rows))
	}
	if p.params[field][k] >= 0 {
		return false
	}
	p.params[field][k] = j
	return true
}

func nowhere(rows int) []int32 {
	out := make([]int32, rows)
	for i := range out {
		out[i] = -1
	}
	return out
}

func (g *goldRows) resolve(keys *columnar.Vector, j int) int {
	if keys.Codes == nil {
		return g.fieldOf(keys.Bytes.At(j))
	}
	code := keys.Codes[j]
	if at := g.byCode[code]; at != unresolved {
		return at
	}
	at := g.fieldOf(keys.Dict.At(int(code)))
	g.byCode[code] = at
	return at
}

func (g *goldRows) derive(b *columnar.Batch, row int) {
	params, result := b.Columns[event.ColRequestParams], b.Columns[event.ColResponse].Field("result")
	from, to := 0, 0
	if !params.IsNull(row) {
		from, to = int(params.Offsets[row]), int(params.Offsets[row+1])
	}
	keys, values := params.Children[0], params.Children[1]
	g.facts.param = func(key string) ([]byte, bool) {
		for j := from; j < to; j++ {
			if string(keys.ByteAt(j)) == key {
				return values.ByteAt(j), true
			}
		}
		return nil, false
	}
	g.facts.result = result.ByteAt(row)
	g.facts.action = b.Columns[event.ColActionName].ByteAt(row)
	for i, d := range g.derived {
		g.own[g.made[i]].AppendValue(d.of(&g.facts))
	}
}

// tableSchema is the columns of the table once it has the rows.
func (g *goldRows) tableSchema() columnar.Schema {
	if len(g.keys) == 0 {
		g.field(placeholder)
	}
	schema := slices.Clone(g.schema)
	schema[g.params].Type = columnar.StructOf(g.keys...)
	return schema
}

// fileSchema is the table's schema as far as this binary knows it: silver's columns
// and requestParams may have fields there that it does not know.
func (g *goldRows) fileSchema() columnar.Schema {
	schema, silver := g.tableSchema(), event.Schema()
	for i, at := range g.silver {
		if at >= 0 {
			schema[i].Type = silver[at].Type
		}
	}
	return schema
}

// write encodes all rows.
func (g *goldRows) write(ctx context.Context, w *lake.Writer, schema columnar.Schema) error {
	n := g.len()
	columns := make([]columnar.Piece, len(schema))
	for i, v := range g.own {
		if v != nil && i != g.params {
			v.AppendNulls(n - v.Len) // columns that this binary does not know
			columns[i].Column = v
		}
	}
	params := &columns[g.params]
	params.Fields = make([]columnar.Piece, len(g.keys))
	var none []int32
	for from, p := 0, 0; p < len(g.parts); p++ {
		part := g.parts[p]
		to := from + len(part.rows)
		for i, at := range g.silver {
			if at >= 0 {
				columns[i].Column, columns[i].Rows = part.batch.Columns[at], part.rows
			} else {
				columns[i].From = from
			}
		}
		if null := g.own[g.params].Null; null != nil {
			params.Null = null[from:to]
		}
		for len(none) < len(part.rows) {
			none = append(none, -1)
		}
		for i := range params.Fields {
			f := &params.Fields[i]
			f.Column, f.Rows = part.batch.Columns[event.ColRequestParams].Children[1], none[:len(part.rows)]
			if i < len(part.params) && part.params[i] != nil {
				f.Rows = part.params[i]
			}
		}
		if err := w.WriteFrom(ctx, columns, len(part.rows)); err != nil {
			return err
		}
		from = to
	}
	return nil
}
