package trino

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/query"
)

// maxInline is how many rows of a look-up are written into a statement.
const maxInline = 5000

// Names are where the lake's tables are registered: each under the name that it has in
// the lake.
type Names struct{ Catalog, Schema string }

// Statement is a bound plan as one statement over those tables, at the very versions that
// it is bound to, with the rows that may be seen. Look-ups, which are files, are written
// into it. It is an *UnsupportedError or query.ErrInside if the embedded engine has to
// answer.
func (n Names) Statement(ctx context.Context, b *query.Bound) (string, error) {
	return Print(b, func(scan *query.Bound) (string, error) { return n.from(ctx, scan) })
}

// from is a scan of a table as an item of FROM.
func (n Names) from(ctx context.Context, scan *query.Bound) (string, error) {
	name := scan.Node.(query.Scan).Table
	if query.IsLookup(name) {
		return inline(ctx, name, scan)
	}
	out, err := query.OutsideOf(scan)
	if err != nil {
		return "", err
	}
	table := fmt.Sprintf("%s.%s.%s FOR VERSION AS OF %d", quoteIdent(n.Catalog), quoteIdent(n.Schema), quoteIdent(name), out.Version)
	switch {
	case out.Workspaces == nil:
		return table, nil
	case len(out.Workspaces) == 0:
		return "(SELECT * FROM " + table + " WHERE false)", nil
	}
	ids := make([]string, len(out.Workspaces))
	for i, id := range out.Workspaces {
		ids[i] = fmt.Sprintf("BIGINT '%d'", id)
	}
	return "(SELECT * FROM " + table + " WHERE " + quoteIdent(out.Column) + " IN (" + strings.Join(ids, ", ") + "))", nil
}

var errLong = errors.New("enough rows")

// inline is the rows of a look-up that who asks may see.
func inline(ctx context.Context, name string, scan *query.Bound) (string, error) {
	var want columnar.Schema
	for _, f := range scan.Table.Schema() {
		for _, s := range scan.Sources {
			if len(s.Path) > 0 && s.Path[0] == f.Name && want.Index(f.Name) < 0 {
				want = append(want, f)
			}
		}
	}
	var rows []string
	var stats query.ScanStats
	for b, err := range scan.Table.Scan(ctx, want, nil, &stats) {
		if err == nil && len(rows)+b.Len > maxInline {
			err = errLong
		}
		if errors.Is(err, errLong) {
			return "", &UnsupportedError{fmt.Sprintf("look-up %s, which has more than %d rows,", name, maxInline)}
		}
		if err != nil {
			return "", err
		}
		for i := range b.Len {
			values := []string{"1"} // there may be no column
			for c, f := range want {
				text, err := cell(b.Columns[c], i)
				if err != nil {
					return "", &UnsupportedError{fmt.Sprintf("column %s of look-up %s, a %s,", f.Name, name, f.Type)}
				}
				values = append(values, text)
			}
			rows = append(rows, "("+strings.Join(values, ", ")+")")
		}
	}
	columns, names := []string{`"-"`}, []string{`"-"`}
	empty := []string{"1"}
	for _, f := range want {
		columns = append(columns, "CAST("+quoteIdent(f.Name)+" AS "+typeName(f.Type)+") AS "+quoteIdent(f.Name))
		names, empty = append(names, quoteIdent(f.Name)), append(empty, "NULL")
	}
	where := ""
	if len(rows) == 0 {
		rows, where = []string{"(" + strings.Join(empty, ", ") + ")"}, " WHERE false"
	}
	return "(SELECT " + strings.Join(columns, ", ") + " FROM (VALUES " + strings.Join(rows, ", ") + ") AS v (" + strings.Join(names, ", ") + ")" + where + ")", nil
}

// cell is a scalar as a constant.
func cell(v *columnar.Vector, i int) (string, error) {
	value := columnar.Value{Kind: v.Type.Kind}
	switch k := v.Type.Kind; {
	case k >= columnar.Struct:
		return "", errors.New("no scalar")
	case v.IsNull(i):
		return "NULL", nil
	case k.InInts():
		value.Int = v.Ints[i]
	case k.InFloats():
		value.Float = v.Floats[i]
	default:
		value.Bytes = v.ByteAt(i)
	}
	return literal(value), nil
}
