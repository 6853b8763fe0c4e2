package sqlite

import (
	"database/sql/driver"
	"iter"
	"slices"

	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/query"
	"github.com/auditlake/auditlake/pkg/query/exec"
)

// cursor reads a table: the first time for an access as the rows come from the files,
// again from memory; see repeated.
type cursor struct {
	table *table
	rows  exec.Rows
	at    int   // in rows.Sel
	place []int // of a column of the input in rows, -1 where it is not read
	done  bool
	rowid int64

	next  func() (exec.Rows, error, bool)
	stop  func()
	texts []texts // by column in rows
}

// texts are the entries of a dictionary as they go to SQLite.
type texts struct {
	dict *columnar.Bytes
	of   []driver.Value
}

// mostTexts is up to how many entries of a dictionary are kept as texts.
const mostTexts = 1 << 12

// Filter begins to read.
func (c *cursor) Filter(_ int, idx string, vals []driver.Value) (err error) {
	r := c.table.run
	defer r.guard(&err)
	c.end()
	if err := r.ctx.Err(); err != nil {
		return err
	}
	a, err := c.table.access(idx)
	if err != nil {
		return err
	}
	c.place = make([]int, len(c.table.input.Columns))
	for i := range c.place {
		c.place[i] = -1
	}
	for n, i := range a.columns {
		c.place[i] = n + 1 // the first is the constant
	}
	c.texts = make([]texts, len(a.columns)+1)
	c.rows, c.at, c.done, c.rowid = exec.Rows{}, -1, false, 0
	if c.table.whole {
		c.rows, err = c.table.wholly(&a, idx, vals)
		for i := range c.place {
			c.place[i] = i + 1
		}
		c.texts = make([]texts, len(c.place)+1)
		if err == nil {
			c.advance()
		}
		return err
	}
	again, ok := c.table.again[idx]
	if ok {
		c.rows, err = again.rows(c.table, a, vals)
		if err != nil {
			return err
		}
		c.advance()
		return nil
	}
	c.table.again[idx] = &repeated{first: slices.Clone(vals), varies: make([]bool, len(vals))}
	conditions, none := c.table.conditions(a.constraints, vals)
	if none {
		c.done = true
		return nil
	}
	bound, err := query.Bind(r.ctx, r.query.tables, c.table.input.Plan(a.columns, conditions))
	if err != nil {
		return err
	}
	o := exec.Options{MaxMemory: max(r.max-r.held, 1), MaxJoinRows: r.o.MaxJoinRows, Between: r.o.Between}
	c.next, c.stop = iter.Pull2(exec.Stream(r.ctx, bound, o, &r.stats))
	return c.step()
}

// advance goes to the next row of those at hand.
func (c *cursor) advance() {
	c.at++
	c.rowid++
	c.done = c.at >= len(c.rows.Sel)
}

// step goes to the next row.
func (c *cursor) step() error {
	for {
		if c.advance(); !c.done || c.next == nil {
			return nil
		}
		rows, err, ok := c.next()
		switch {
		case !ok:
			c.end()
			return nil
		case err != nil:
			return err
		}
		c.rows, c.at, c.done = rows, -1, false
	}
}

// Next goes to the next row.
func (c *cursor) Next() (err error) {
	defer c.table.run.guard(&err)
	if c.rowid&0xff == 0 {
		if err := c.table.run.ctx.Err(); err != nil {
			return err
		}
	}
	return c.step()
}

// Eof reports that there is no row.
func (c *cursor) Eof() bool { return c.done }

// Column is a value of the row.
func (c *cursor) Column(i int) (v driver.Value, err error) {
	defer c.table.run.guard(&err)
	if i < 0 || i >= len(c.place) || c.place[i] < 0 {
		return nil, nil
	}
	n := c.place[i]
	vector, row := c.rows.Columns[n], int(c.rows.Sel[c.at])
	if vector.Codes == nil || vector.Dict.Len() > mostTexts || vector.IsNull(row) || vector.Codes[row] < 0 {
		return cell(vector, row)
	}
	t := &c.texts[n]
	if t.dict != vector.Dict {
		t.dict, t.of = vector.Dict, make([]driver.Value, vector.Dict.Len())
	}
	code := vector.Codes[row]
	if int(code) >= len(t.of) {
		return cell(vector, row)
	}
	if t.of[code] == nil {
		t.of[code] = string(vector.Dict.At(int(code)))
	}
	return t.of[code], nil
}

// Rowid is the number of the row.
func (c *cursor) Rowid() (int64, error) {
	if c.table.whole {
		return int64(c.rows.Sel[c.at]), nil
	}
	return c.rowid, nil
}

// Close stops reading.
func (c *cursor) Close() error {
	c.end()
	return nil
}

func (c *cursor) end() {
	if c.stop != nil {
		c.stop()
	}
	c.next, c.stop = nil, nil
}

// repeated is an access that SQLite makes again and again, as on the inner side of a
// join: what it reads is then held in memory. Constraints that were always the same are
// conditions of what is read; by those with = among the others the rows are found.
type repeated struct {
	first  []driver.Value // of the constraints
	varies []bool

	batch *columnar.Batch // nil before the second time
	every []int32
	index map[string][]int32 // nil if no = varies
	size  int64
}

// wholly are the rows of an input that is read at once, for the values of the constraints,
// and maybe more. The number of a row is its place. Inputs that are the same, as those of a
// query of WITH, are read once.
func (t *table) wholly(a *access, idx string, vals []driver.Value) (exec.Rows, error) {
	a.columns = everyColumn(t.input)
	if t.all == nil {
		key := t.input.Plan(a.columns, nil).String()
		if t.all = t.run.whole[key]; t.all == nil {
			p := &repeated{}
			if err := p.read(t, access{columns: a.columns}); err != nil {
				return exec.Rows{}, err
			}
			t.all = p.batch
			t.run.whole[key] = t.all
		}
	}
	p, ok := t.again[idx]
	if !ok {
		p = &repeated{first: vals, varies: slices.Repeat([]bool{true}, len(vals)), batch: t.all}
		p.number()
		if slices.ContainsFunc(a.constraints, func(c constraint) bool { return c.op == '=' }) {
			if err := p.build(t, *a); err != nil {
				return exec.Rows{}, err
			}
		}
		if err := t.run.hold(p.size); err != nil {
			return exec.Rows{}, err
		}
		t.again[idx] = p
	}
	return p.rows(t, *a, vals)
}

// number counts the rows.
func (p *repeated) number() {
	p.every = make([]int32, p.batch.Len)
	for i := range p.every {
		p.every[i] = int32(i)
	}
	p.size += int64(len(p.every)) * 4
}

// rows are those for the values of the constraints, and maybe more.
func (p *repeated) rows(t *table, a access, vals []driver.Value) (exec.Rows, error) {
	more := false
	for i, v := range vals {
		if !p.varies[i] && v != p.first[i] {
			p.varies[i], more = true, true
		}
	}
	if p.batch == nil || more {
		if err := p.read(t, a); err != nil {
			return exec.Rows{}, err
		}
	}
	out := exec.Rows{Columns: p.batch.Columns, Sel: p.every}
	if p.index == nil {
		return out, nil
	}
	var key []byte
	for i, c := range a.constraints {
		if p.varies[i] && c.op == '=' {
			if vals[i] == nil {
				return exec.Rows{Columns: p.batch.Columns}, nil
			}
			key = appendKey(key, vals[i])
		}
	}
	out.Sel = p.index[string(key)]
	return out, nil
}

// read reads the rows that meet the constraints that do not vary.
func (p *repeated) read(t *table, a access) error {
	r := t.run
	if err := r.hold(-p.size); err != nil {
		return err
	}
	p.size, p.batch, p.index, p.every = 0, nil, nil, nil
	var fixed []constraint
	var values []driver.Value
	keyed := false
	for i, c := range a.constraints {
		if p.varies[i] {
			keyed = keyed || c.op == '='
			continue
		}
		fixed, values = append(fixed, c), append(values, p.first[i])
	}
	conditions, none := t.conditions(fixed, values)
	if none {
		conditions = []query.Expr{query.Bool(false)}
	}
	bound, err := query.Bind(r.ctx, r.query.tables, t.input.Plan(a.columns, conditions))
	if err != nil {
		return err
	}
	out, err := exec.RunBound(r.ctx, bound, exec.Options{MaxMemory: max(r.max-r.held, 1), MaxRows: 1 << 31, MaxJoinRows: r.o.MaxJoinRows, Between: r.o.Between})
	if err != nil {
		if limit, ok := err.(*exec.LimitError); ok { //nolint:errorlint // as exec gives it
			limit.Max = r.o.MaxMemory
		}
		return err
	}
	r.stats.Scan.Add(out.Stats.Scan)
	r.stats.Memory = max(r.stats.Memory, r.held+out.Stats.Memory)
	r.estimated = r.estimated || slices.Contains(out.Estimated, true)
	p.batch, p.size = out.Batch, out.Size()
	p.number()
	if keyed {
		if err := p.build(t, a); err != nil {
			return err
		}
	}
	return r.hold(p.size)
}

// build indexes the rows by the columns with = whose values vary.
func (p *repeated) build(t *table, a access) error {
	p.index = map[string][]int32{}
	var key []byte
next:
	for row := range p.batch.Len {
		if row&0xfff == 0 && t.run.ctx.Err() != nil {
			return t.run.ctx.Err()
		}
		key = key[:0]
		for i, c := range a.constraints {
			if !p.varies[i] || c.op != '=' {
				continue
			}
			v, err := cell(p.batch.Columns[1+slices.Index(a.columns, c.column)], row)
			if err != nil {
				return err
			}
			if v == nil {
				continue next
			}
			key = appendKey(key, v)
		}
		at, ok := p.index[string(key)]
		if !ok {
			p.size += int64(len(key)) + 64
		}
		p.index[string(key)] = append(at, int32(row))
	}
	return nil
}
