package query

import (
	"bytes"

	"github.com/auditlake/auditlake/pkg/columnar"
)

// rewriter gives a column as it may be seen: the vector itself where nothing in it
// is hidden. What it gives is valid until the next call, but for dictionaries. It
// is for one scan.
type rewriter func(*columnar.Vector) *columnar.Vector

// rewriter makes that of a column; nil for one that stays as it is.
func (s *secrets) rewriter(t treatment, typ columnar.Type) rewriter {
	str := typ.Kind == columnar.String
	switch {
	case t == untreated:
		return nil
	case t == params && typ.Kind == columnar.Struct:
		return s.fields(typ.Fields, func(f columnar.Field) treatment {
			switch {
			case s.has([]byte(f.Name)):
				return blank
			case f.Type.Kind == columnar.String:
				return jsonText
			case f.Type.Kind < columnar.String:
				return untreated // a number
			}
			return blank
		})
	case t == params && isTextMap(typ):
		return (&textMap{secrets: s, values: texts{edit: s.text}}).rewrite
	case t == response && typ.Kind == columnar.Struct:
		return s.fields(typ.Fields, func(f columnar.Field) treatment {
			if isStatus(f.Name) {
				return untreated
			}
			return blank
		})
	case t == jsonText && str:
		return (&texts{edit: s.text}).rewrite
	case t == document && str:
		return (&texts{edit: s.document}).rewrite
	case t == reason && str:
		return (&texts{edit: cutReason}).rewrite
	case t == hashed && str && len(s.hashKey) > 0:
		return (&texts{edit: func(text []byte) ([]byte, bool) { return s.hash(text), true }}).rewrite
	}
	return hide(typ)
}

func isTextMap(t columnar.Type) bool {
	return t.Kind == columnar.Map && t.Key.Kind == columnar.String && t.Elem.Kind == columnar.String
}

// fields treats the fields of a struct one by one.
func (s *secrets) fields(schema columnar.Schema, of func(columnar.Field) treatment) rewriter {
	children := make([]rewriter, len(schema))
	untouched := true
	for i, f := range schema {
		children[i] = s.rewriter(of(f), f.Type)
		untouched = untouched && children[i] == nil
	}
	if untouched {
		return nil
	}
	return func(v *columnar.Vector) *columnar.Vector {
		out := *v
		out.Children = make([]*columnar.Vector, len(children))
		for i, r := range children {
			if out.Children[i] = v.Children[i]; r != nil {
				out.Children[i] = r(v.Children[i])
			}
		}
		return &out
	}
}

// hide makes every string Redacted and everything else null.
func hide(t columnar.Type) rewriter {
	if t.Kind != columnar.String {
		return func(v *columnar.Vector) *columnar.Vector { return columnar.Repeat(t, columnar.Value{}, v.Len) }
	}
	dict := &columnar.Bytes{}
	dict.AppendString(Redacted)
	var codes []int32
	return func(v *columnar.Vector) *columnar.Vector {
		if cap(codes) < v.Len {
			codes = make([]int32, v.Len)
		}
		codes = codes[:v.Len]
		clear(codes)
		for i, null := range v.Null {
			if null {
				codes[i] = -1
			}
		}
		return &columnar.Vector{Type: t, Len: v.Len, Null: v.Null, Codes: codes, Dict: dict}
	}
}

// cutReason hides what the reason of a quarantined line quotes of it.
func cutReason(text []byte) ([]byte, bool) {
	what, _, quotes := bytes.Cut(text, []byte(": "))
	if !quotes {
		return text, false
	}
	return append(bytes.Clone(what), ": "+Redacted...), true
}

// texts edits the strings of a column, each entry of a dictionary once.
type texts struct {
	edit func([]byte) (_ []byte, changed bool) // aliases its argument only if not changed

	from, to *columnar.Bytes // the last dictionary, and what became of it
}

func (t *texts) rewrite(v *columnar.Vector) *columnar.Vector {
	if v.Codes != nil {
		if t.from != v.Dict {
			t.from, t.to = v.Dict, t.strings(v.Dict)
		}
		if t.to == v.Dict {
			return v
		}
		out := *v
		out.Dict = t.to
		return &out
	}
	edited := t.strings(&v.Bytes)
	if edited == &v.Bytes {
		return v
	}
	out := *v
	out.Bytes = *edited
	return &out
}

// strings is the same strings edited, or b itself if none has changed.
func (t *texts) strings(b *columnar.Bytes) *columnar.Bytes {
	out := b
	for i := range b.Len() {
		s, changed := t.edit(b.At(i))
		if changed && out == b {
			out = &columnar.Bytes{Data: make([]byte, 0, len(b.Data)), Ends: make([]uint32, 0, b.Len())}
			for j := range i {
				out.Append(b.At(j))
			}
		}
		if out != b {
			out.Append(s)
		}
	}
	return out
}

// textMap hides values of a map by their keys.
type textMap struct {
	secrets *secrets
	values  texts

	dict   *columnar.Bytes // of the keys, at last
	secret []bool          // by code: is a hidden key
	code   []int32         // new code + 1 of each code of the values
}

func (m *textMap) rewrite(v *columnar.Vector) *columnar.Vector {
	keys, old := v.Children[0], v.Children[1]
	values := m.values.rewrite(old)
	from, to := int(v.Offsets[0]), int(v.Offsets[v.Len])
	if hidden := m.hidden(keys, from, to); hidden != nil {
		values = m.hide(values, hidden)
	}
	if values == old {
		return v
	}
	out := *v
	out.Children = []*columnar.Vector{keys, values}
	return &out
}

// hidden says of every entry whether its key is hidden; nil if none is. Entries
// that are not from up to to belong to no row, and all of them are.
func (m *textMap) hidden(keys *columnar.Vector, from, to int) []bool {
	if keys.Codes != nil && keys.Dict != m.dict {
		m.dict, m.secret = keys.Dict, make([]bool, keys.Dict.Len())
		for c := range m.secret {
			m.secret[c] = m.secrets.has(m.dict.At(c))
		}
	}
	var out []bool
	for j := from; j < to; j++ {
		if keys.Codes != nil && !m.secret[keys.Codes[j]] || keys.Codes == nil && !m.secrets.has(keys.Bytes.At(j)) {
			continue
		}
		if out == nil {
			out = make([]bool, keys.Len)
			for i := range out {
				out[i] = i < from || i >= to
			}
		}
		out[j] = true
	}
	return out
}

// hide makes new values. A dictionary is made anew from the entries that are still
// to be seen: the old one has the hidden texts, which other keys may share.
func (m *textMap) hide(v *columnar.Vector, hidden []bool) *columnar.Vector {
	out := &columnar.Vector{Type: v.Type, Len: v.Len, Null: v.Null}
	if v.Codes == nil {
		for j := range v.Len {
			if hidden[j] && !v.IsNull(j) {
				out.Bytes.AppendString(Redacted)
			} else {
				out.Bytes.Append(v.Bytes.At(j))
			}
		}
		return out
	}
	out.Codes, out.Dict = make([]int32, v.Len), &columnar.Bytes{}
	out.Dict.AppendString(Redacted)
	if cap(m.code) < v.Dict.Len() {
		m.code = make([]int32, v.Dict.Len())
	}
	m.code = m.code[:v.Dict.Len()]
	clear(m.code)
	for j, c := range v.Codes {
		switch {
		case c < 0:
			out.Codes[j] = -1
		case hidden[j]:
		default:
			if m.code[c] == 0 {
				out.Dict.Append(v.Dict.At(int(c)))
				m.code[c] = int32(out.Dict.Len())
			}
			out.Codes[j] = m.code[c] - 1
		}
	}
	return out
}
