package etl

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/delta"
	"github.com/auditlake/auditlake/pkg/etl/event"
	"github.com/auditlake/auditlake/pkg/lake"
)

// propBuiltFrom marks a gold table whose rows another engine makes, and says of
// which version of silver. Runs do not write to it: it has no transaction that
// tells them what it has.
const propBuiltFrom = "auditlake.builtFrom"

// ErrBuiltElsewhere says that a gold table was made for another engine to fill.
var ErrBuiltElsewhere = errors.New("the gold table was built by another engine and is only read")

// Recipe is how another engine makes one gold table of silver.
type Recipe struct {
	Table      string
	Schema     columnar.Schema // as the lake has it
	Properties map[string]string
	// Rows is how many there are to be.
	Rows int64
	// Services are those whose events the table has, and Null says that it has those
	// without one. With Others it has all events but these.
	Services []string
	Null     bool
	Others   bool
	// From is the first date, yyyy-mm-dd; "" for all. Retention removed what is before.
	From string
}

// Recipes are those of all gold tables of a lake, by one version of silver.
type Recipes struct {
	Silver  int64  // version
	Horizon string // first date that silver has; "" for all
	Tables  []Recipe
	schema  columnar.Schema // silver's
}

// PlanRecipes finds out which services each gold table has the events of. It reads
// of silver the columns with service and date.
func PlanRecipes(ctx context.Context, l *lake.Lake) (Recipes, error) {
	silver, err := l.Table(lake.Silver).Snapshot(ctx)
	if err != nil {
		return Recipes{}, err
	}
	out := Recipes{Silver: silver.Version(), Horizon: horizonOf(silver), schema: silver.Schema()}
	names, err := l.Gold(ctx)
	if err != nil {
		return out, err
	}
	from := map[string]int64{}
	at := map[string]int{}
	for i, name := range names {
		snap, err := l.Table(name).Snapshot(ctx)
		if err != nil {
			return out, err
		}
		r, err := newRecipe(name, snap)
		if err != nil {
			return out, err
		}
		if from[name], err = dayOf(r.From); err != nil {
			return out, err
		}
		r.Properties[propBuiltFrom] = strconv.FormatInt(out.Silver, 10)
		out.Tables = append(out.Tables, r)
		at[name] = i
	}
	return out, out.deal(ctx, l.Table(lake.Silver), silver, at, from)
}

func newRecipe(name string, snap *delta.Snapshot) (Recipe, error) {
	had := snap.Metadata().Configuration
	r := Recipe{Table: name, Schema: snap.Schema(), From: horizonOf(snap), Others: name == otherTable}
	own := map[string]string{}
	for _, key := range []string{propService, propHorizon} {
		if v, ok := had[key]; ok {
			own[key] = v
		}
	}
	r.Properties = properties(goldLayout(name).Stats, own)
	for _, c := range goldSchema(name) {
		t, ok := r.Schema.Lookup(c.Name)
		if ok && c.Name != paramsColumn && !t.Equal(c.Type) {
			return r, fmt.Errorf("table %s: column %s is %s and not %s", name, c.Name, t, c.Type)
		}
	}
	if i := r.Schema.Index(paramsColumn); i < 0 || r.Schema[i].Type.Kind != columnar.Struct {
		return r, fmt.Errorf("table %s: %s is no struct", name, paramsColumn)
	}
	return r, nil
}

// deal counts the rows of silver that each table is to have.
func (out *Recipes) deal(ctx context.Context, t *lake.Table, silver *delta.Snapshot, at map[string]int, from map[string]int64) error {
	other, hasOther := at[otherTable]
	services := map[string]int{} // those that have a table by themselves
	null := -1
	want := columnar.Schema{{Name: "serviceName", Type: text}, {Name: "date", Type: date}}
	for b, err := range t.ScanFiles(ctx, silver, silver.Files(), want, nil, nil) {
		if err != nil {
			return err
		}
		names, dates := b.Columns[0], b.Columns[1]
		for i := range b.Len {
			service, isNull := names.ByteAt(i), names.IsNull(i)
			to, known := services[string(service)]
			if isNull {
				to, known = null, null >= 0
			}
			if !known {
				own := GoldName(service, isNull)
				var ok bool
				switch to, ok = at[own]; {
				case ok && isNull:
					null = to
				case ok:
					services[string(service)] = to
				case hasOther:
					to = other
				default:
					return fmt.Errorf("silver has events of service %q and there is no gold table %s: run auditlake etl first", service, own)
				}
			}
			if r := &out.Tables[to]; dates.Ints[i] >= from[r.Table] {
				r.Rows++
			}
		}
	}
	for _, service := range slices.Sorted(maps.Keys(services)) {
		r := &out.Tables[services[service]]
		r.Services = append(r.Services, service)
	}
	if null >= 0 {
		out.Tables[null].Null = true
	}
	if hasOther {
		out.Tables[other].Services = slices.Sorted(maps.Keys(services))
		out.Tables[other].Null = null >= 0
	}
	return nil
}

// Making is how a column of gold comes from silver.
type Making int

const (
	Copied  Making = iota // silver's column of the same name
	Params                // the struct of requestParams
	Rest                  // the parameters that have no field there
	Derived               // by SQL
	Lacking               // null: silver has no such column
)

// RecipeColumn is a column of gold and how it is made.
type RecipeColumn struct {
	columnar.Field
	Making Making
	SQL    func(Words) string // of what is Derived
}

// Columns are those of a gold table in their order.
func (out Recipes) Columns(r Recipe) []RecipeColumn {
	var all []RecipeColumn
	derived := derivedColumns(r.Table)
	for _, f := range r.Schema {
		c := RecipeColumn{Field: f, Making: Lacking}
		switch {
		case f.Name == paramsColumn:
			c.Making = Params
		case f.Name == restColumn:
			c.Making = Rest
		case event.Schema().Index(f.Name) >= 0:
			if out.schema.Index(f.Name) >= 0 {
				c.Making = Copied
			}
		default:
			for _, d := range derived {
				if d.name == f.Name {
					c.Making, c.SQL = Derived, d.sql
				}
			}
		}
		all = append(all, c)
	}
	return all
}

// MakeTables makes the gold tables, without rows, in another lake. Those that it
// made before for the same recipe are left as they are; any other of the name is an
// error.
func (out Recipes) MakeTables(ctx context.Context, into *lake.Lake) error {
	for _, r := range out.Tables {
		t := into.Table(r.Table)
		snap, err := t.Snapshot(ctx)
		switch {
		case err == nil:
			if snap.Metadata().Configuration[propBuiltFrom] != r.Properties[propBuiltFrom] || !snap.Schema().Equal(r.Schema) {
				return fmt.Errorf("there is a table %s already, not made for this version of silver: name a fresh place", r.Table)
			}
			continue
		case !errors.Is(err, lake.ErrNoTable):
			return err
		}
		if _, err := t.Commit(ctx, delta.Tx{
			Operation:  "CREATE TABLE",
			Parameters: map[string]any{"isManaged": "false", "partitionBy": "[]"},
			Metadata:   &delta.Metadata{Schema: r.Schema, Configuration: r.Properties},
		}); err != nil {
			return err
		}
	}
	return nil
}
