// Package strictjson reads JSON as RFC 8259 has it, in valid UTF-8, and writes it
// again, compact or in canonical form.
//
//	text --> Parser.Parse --> Value --> Append, AppendCanonical
//
// A Parser looks at each byte of a text once. It notes where values are and copies
// none; only strings with escapes are written anew. All its values lie in one slice,
// in the order of the text, without pointers:
//
//	{"a":[1,2],"b":null}    object, a: array, 1, 2, b: null
//	                        next:   └────────────►┘
package strictjson

import "strconv"

// Kind is the kind of a Value.
type Kind uint8

// The kinds of values.
const (
	Null Kind = iota
	Object
	Array
	String
	Number
	True
	False
)

// String names the kind as JSON does.
func (k Kind) String() string {
	switch k {
	case Null:
		return "null"
	case Object:
		return "object"
	case Array:
		return "array"
	case String:
		return "string"
	case Number:
		return "number"
	case True:
		return "true"
	case False:
		return "false"
	}
	return "kind " + strconv.Itoa(int(k))
}

// Value is a value of a text that was parsed. The zero Value is none. It is valid until
// its Parser is used again.
type Value struct {
	p  *Parser
	at int32
}

// node is a value and, in an object, its key. Positions are in Parser.src.
type node struct {
	kind       Kind
	escaped    bool  // the text is not as it stood between its quotes
	keyEscaped bool  // nor is the key
	first      int32 // what an object or array begins with; 0: it is empty
	next       int32 // what follows in the same object or array; 0: nothing
	key, keyTo int32
	from, to   int32 // of a string between its quotes, else of all of it
}

func (v Value) node() *node { return &v.p.nodes[v.at] }

// None says that there is no value.
func (v Value) None() bool { return v.p == nil }

// IsNull says that the value is null, or none.
func (v Value) IsNull() bool { return v.p == nil || v.node().kind == Null }

// Kind is the kind of a value, Null of none.
func (v Value) Kind() Kind {
	if v.p == nil {
		return Null
	}
	return v.node().kind
}

// IsString says that the value is a string.
func (v Value) IsString() bool { return v.Kind() == String }

// IsObject says that the value is an object.
func (v Value) IsObject() bool { return v.Kind() == Object }

// Text is what a string says. It is empty for any other kind.
func (v Value) Text() []byte {
	if !v.IsString() {
		return nil
	}
	return v.Source()
}

// Source is what a string says, and any other value as it is in the text.
func (v Value) Source() []byte {
	n := v.node()
	return v.p.src[n.from:n.to:n.to]
}

// First is the first member of an object or the first element of an array, none of
// any other kind:
//
//	for m := v.First(); !m.None(); m = m.Next() {
func (v Value) First() Value {
	if v.p == nil {
		return Value{}
	}
	return v.sibling(v.node().first)
}

// Next is what follows in the same object or array.
func (v Value) Next() Value { return v.sibling(v.node().next) }

func (v Value) sibling(i int32) Value {
	if i == 0 {
		return Value{}
	}
	return Value{v.p, i}
}

// Key is the key of a member.
func (v Value) Key() []byte {
	n := v.node()
	return v.p.src[n.key:n.keyTo:n.keyTo]
}

// Get is the first member of that name, none if there is none or v is no object.
func (v Value) Get(key string) Value {
	if !v.IsObject() {
		return Value{}
	}
	m := v.First()
	for !m.None() && string(m.Key()) != key {
		m = m.Next()
	}
	return m
}
