package exec

import (
	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/query"
)

// search looks into one value after the other, of rows in which nothing has been
// found yet.
func (s scope) search(e query.Search) (predicate, error) {
	values := make([]value, len(e.X))
	texts := make([]*texts, len(e.X))
	for i, x := range e.X {
		var err error
		if values[i], err = s.value(x, columnar.String); err != nil {
			return nil, err
		}
		texts[i] = newTexts(query.NewFinder(e.Text), &pace{stop: s.stop})
	}
	var open []int32
	return func(c *chunk, sel []int32, out []truth) {
		for _, i := range sel {
			out[i] = no
		}
		open = append(open[:0], sel...)
		for x, v := range values {
			if len(open) == 0 {
				return
			}
			found := texts[x].rows(v(c, open))
			k := 0
			for _, i := range open {
				if found(int(i)) {
					out[i] = yes
					continue
				}
				open[k] = i
				k++
			}
			open = open[:k]
		}
	}, nil
}

// texts says in which values of a vector a text occurs. What it found out of an
// entry of a dictionary it knows until another dictionary comes.
type texts struct {
	finder *query.Finder
	pace   *pace
	dict   *columnar.Bytes
	known  []truth // by code
	inside []*texts
}

func newTexts(f *query.Finder, p *pace) *texts { return &texts{finder: f, pace: p} }

// in reports whether the text occurs in s. Once the query is to end, nothing does.
func (t *texts) in(s []byte) bool {
	if t.pace.stopped() {
		return false
	}
	t.pace.bytes += len(s)
	return t.finder.In(s)
}

// child is the texts of a vector inside of the vector.
func (t *texts) child(i int) *texts {
	for len(t.inside) <= i {
		t.inside = append(t.inside, newTexts(t.finder, t.pace))
	}
	return t.inside[i]
}

// rows is whether the text occurs in row i of v.
func (t *texts) rows(v *columnar.Vector) func(i int) bool {
	switch v.Type.Kind {
	case columnar.Map:
		return t.inMap(v)
	case columnar.Struct:
		return t.inStruct(v)
	}
	if v.Codes == nil {
		return func(i int) bool { return !v.IsNull(i) && t.in(v.Bytes.At(i)) }
	}
	if v.Dict != t.dict {
		t.dict = v.Dict
		t.known = resize(t.known, v.Dict.Len())
		for i := range t.known {
			t.known[i] = unknown
		}
	}
	return func(i int) bool {
		code := v.Codes[i]
		if code < 0 {
			return false
		}
		if t.known[code] == unknown {
			t.known[code] = no
			if t.in(t.dict.At(int(code))) {
				t.known[code] = yes
			}
		}
		return t.known[code] == yes
	}
}

func (t *texts) inMap(v *columnar.Vector) func(i int) bool {
	key, value := t.child(0).rows(v.Children[0]), t.child(1).rows(v.Children[1])
	return func(i int) bool {
		if v.IsNull(i) {
			return false
		}
		for j := int(v.Offsets[i]); j < int(v.Offsets[i+1]); j++ {
			if !v.Children[1].IsNull(j) && key(j) || value(j) {
				return true
			}
		}
		return false
	}
}

func (t *texts) inStruct(v *columnar.Vector) func(i int) bool {
	fields := make([]func(int) bool, len(v.Children))
	for c, child := range v.Children {
		if fields[c] = t.child(c).rows(child); t.in([]byte(v.Type.Fields[c].Name)) {
			fields[c] = func(i int) bool { return !child.IsNull(i) }
		}
	}
	return func(i int) bool {
		for _, found := range fields {
			if found(i) {
				return true
			}
		}
		return false
	}
}
