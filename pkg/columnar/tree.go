package columnar

import (
	"fmt"
	"strings"

	"github.com/parquet-go/parquet-go/deprecated"
	"github.com/parquet-go/parquet-go/format"
)

// fileNode is a column, field, key, value or element of a file's schema, with
// the repeated groups that Parquet puts between taken away.
type fileNode struct {
	name     string
	typ      Type   // of Kind Invalid if this package does not know it
	original string // the Parquet type, for messages
	children []*fileNode

	def  uint8 // definition level from which the value is not null
	slot uint8 // definition level from which there is a place for a value: every list around it has an element here
	rep  uint8 // repetition levels of the lists around it

	leaf     int // index of the column chunk; -1: not a leaf
	physical format.Type
	length   int // FIXED_LEN_BYTE_ARRAY
	scale    scale
}

// scale is how a stored integer becomes ours.
type scale uint8

const (
	scaleNone     scale = iota
	scaleMillis         // x 1000
	scaleNanos          // / 1000, rounded down
	scaleUnsigned       // 32 bits without sign
)

func (s scale) apply(i int64) int64 {
	switch s {
	case scaleMillis:
		return i * 1000
	case scaleNanos:
		q := i / 1000
		if i%1000 < 0 {
			q--
		}
		return q
	case scaleUnsigned:
		return int64(uint32(i))
	}
	return i
}

// child is the field of a struct that a name means: exactly, or else in any case,
// since Delta's names differ in more than case.
func (n *fileNode) child(name string) *fileNode {
	if i := n.typ.Fields.Index(name); i >= 0 {
		return n.children[i]
	}
	if i := n.typ.Fields.IndexFold(name); i >= 0 {
		return n.children[i]
	}
	return nil
}

type treeParser struct {
	elements []format.SchemaElement
	next     int
	leaves   []*fileNode
}

// parseTree reads the depth-first list of schema elements.
func parseTree(elements []format.SchemaElement) (*fileNode, []*fileNode, error) {
	p := &treeParser{elements: elements}
	if len(elements) == 0 || !elements[0].NumChildren.Valid {
		return nil, nil, corruptf("no root in the schema")
	}
	p.next = 1
	root := &fileNode{leaf: -1}
	if err := p.fields(root, int(elements[0].NumChildren.V), 0); err != nil {
		return nil, nil, err
	}
	if p.next != len(elements) {
		return nil, nil, corruptf("%d schema elements of %d are in the tree", p.next, len(elements))
	}
	return root, p.leaves, nil
}

func (p *treeParser) fields(n *fileNode, count, depth int) error {
	n.typ.Kind = Struct
	for range count {
		c, err := p.node(place{def: n.def, slot: n.slot, rep: n.rep}, depth+1)
		if err != nil {
			return err
		}
		n.add(c)
	}
	return nil
}

func (n *fileNode) add(c *fileNode) {
	n.children = append(n.children, c)
	n.typ.Fields = append(n.typ.Fields, Field{Name: c.name, Type: c.typ})
}

// place is the levels of what lies above a node.
type place struct{ def, slot, rep uint8 }

func (p *treeParser) take() (*format.SchemaElement, error) {
	if p.next >= len(p.elements) {
		return nil, corruptf("the schema ends in the middle")
	}
	p.next++
	e := &p.elements[p.next-1]
	if n := e.NumChildren.V; n < 0 || int(n) > len(p.elements) {
		return nil, corruptf("%d children in the schema", n)
	}
	return e, nil
}

func (p *treeParser) node(at place, depth int) (*fileNode, error) {
	e, err := p.take()
	if err != nil {
		return nil, err
	}
	if depth > 40 {
		return nil, corruptf("the schema is nested too deeply")
	}
	switch e.RepetitionType.V {
	case format.Repeated: // outside LIST and MAP: a list that is never null, of elements that are never null
		list := &fileNode{name: e.Name, leaf: -1, def: at.def, slot: at.slot, rep: at.rep}
		elem, err := p.body(e, place{def: at.def + 1, slot: at.def + 1, rep: at.rep + 1}, depth)
		if err != nil {
			return nil, err
		}
		list.listOf(elem)
		return list, nil
	case format.Optional:
		at.def++
	}
	return p.body(e, at, depth)
}

func (n *fileNode) listOf(elem *fileNode) {
	n.children = []*fileNode{elem}
	n.typ = ListOf(elem.typ)
}

// body is the node of an element; at.def counts the element itself.
func (p *treeParser) body(e *format.SchemaElement, at place, depth int) (*fileNode, error) {
	n := &fileNode{name: e.Name, leaf: -1, def: at.def, slot: at.slot, rep: at.rep}
	count := int(e.NumChildren.V)
	if count == 0 {
		if !e.Type.Valid {
			return nil, corruptf("schema element %q has neither type nor children", e.Name)
		}
		n.leaf, n.physical, n.length = len(p.leaves), e.Type.V, int(e.TypeLength.V)
		n.scalar(e)
		p.leaves = append(p.leaves, n)
		return n, nil
	}
	switch {
	case isList(e) && count == 1 && p.nextRepeated():
		return n, p.list(n, depth)
	case isMap(e) && count == 1 && p.nextRepeated() && p.elements[p.next].NumChildren.V == 2:
		return n, p.mapping(n, depth)
	}
	return n, p.fields(n, count, depth)
}

func (p *treeParser) nextRepeated() bool {
	return p.next < len(p.elements) && p.elements[p.next].RepetitionType.V == format.Repeated
}

func isList(e *format.SchemaElement) bool {
	_, ok := e.LogicalType.Value.(*format.ListType)
	return ok || e.ConvertedType.Valid && e.ConvertedType.V == deprecated.List
}

func isMap(e *format.SchemaElement) bool {
	_, ok := e.LogicalType.Value.(*format.MapType)
	return ok || e.ConvertedType.Valid && (e.ConvertedType.V == deprecated.Map || e.ConvertedType.V == deprecated.MapKeyValue)
}

// list reads the repeated child of a LIST. The rules for lists of two levels are
// from parquet-format LogicalTypes.md, "Backward-compatibility rules".
func (p *treeParser) list(n *fileNode, depth int) error {
	r, err := p.take()
	if err != nil {
		return err
	}
	inside := place{def: n.def + 1, slot: n.def + 1, rep: n.rep + 1}
	var elem *fileNode
	if r.NumChildren.V != 1 || r.Name == "array" || r.Name == n.name+"_tuple" {
		elem, err = p.body(r, inside, depth+1)
	} else {
		elem, err = p.node(inside, depth+1)
	}
	if err != nil {
		return err
	}
	n.listOf(elem)
	return nil
}

func (p *treeParser) mapping(n *fileNode, depth int) error {
	if _, err := p.take(); err != nil {
		return err
	}
	inside := place{def: n.def + 1, slot: n.def + 1, rep: n.rep + 1}
	for range 2 {
		c, err := p.node(inside, depth+1)
		if err != nil {
			return err
		}
		n.children = append(n.children, c)
	}
	n.typ = MapOf(n.children[0].typ, n.children[1].typ)
	return nil
}

// scalar finds the type of a leaf.
func (n *fileNode) scalar(e *format.SchemaElement) {
	n.original = e.Type.V.String()
	if e.LogicalType.Value != nil {
		n.original += " " + e.LogicalType.String()
	} else if e.ConvertedType.Valid {
		n.original += fmt.Sprintf(" converted type %d", e.ConvertedType.V)
	}
	converted := deprecated.ConvertedType(-1)
	if e.ConvertedType.Valid {
		converted = e.ConvertedType.V
	}
	switch e.Type.V {
	case format.Boolean:
		n.typ.Kind = Boolean
	case format.Float:
		n.typ.Kind = Float
	case format.Double:
		n.typ.Kind = Double
	case format.Int96:
		n.typ.Kind = Timestamp
	case format.ByteArray:
		n.typ.Kind = Binary
	case format.Int32:
		n.typ.Kind = Integer
	case format.Int64:
		n.typ.Kind = Long
	}
	switch l := e.LogicalType.Value.(type) {
	case nil:
		switch converted {
		case deprecated.UTF8, deprecated.Enum, deprecated.Json:
			n.typ.Kind = String
		case deprecated.Date:
			n.typ.Kind = Date
		case deprecated.TimestampMicros:
			n.typ.Kind = Timestamp
		case deprecated.TimestampMillis:
			n.typ.Kind, n.scale = Timestamp, scaleMillis
		case deprecated.Int8:
			n.typ.Kind = Byte
		case deprecated.Int16, deprecated.Uint8:
			n.typ.Kind = Short
		case deprecated.Uint16:
			n.typ.Kind = Integer
		case deprecated.Uint32:
			n.typ.Kind, n.scale = Long, scaleUnsigned
		case deprecated.Uint64, deprecated.Decimal, deprecated.TimeMillis, deprecated.TimeMicros, deprecated.Interval:
			n.typ.Kind = Invalid
		}
		if converted == deprecated.Decimal {
			n.typ = decimalType(e.Precision.V, e.Scale.V)
		}
	case *format.DecimalType:
		n.typ = decimalType(l.Precision, l.Scale)
	case *format.StringType, *format.EnumType, *format.JsonType:
		n.typ.Kind = String
	case *format.BsonType:
	case *format.DateType:
		n.typ.Kind = Date
	case *format.TimestampType:
		n.typ.Kind = Timestamp
		switch l.Unit.Value.(type) {
		case *format.MilliSeconds:
			n.scale = scaleMillis
		case *format.NanoSeconds:
			n.scale = scaleNanos
		}
	case *format.IntType:
		switch {
		case l.BitWidth == 8 && l.IsSigned:
			n.typ.Kind = Byte
		case l.BitWidth == 16 && l.IsSigned, l.BitWidth == 8:
			n.typ.Kind = Short
		case l.BitWidth == 16:
			n.typ.Kind = Integer
		case l.BitWidth == 32 && !l.IsSigned:
			n.typ.Kind, n.scale = Long, scaleUnsigned
		case l.BitWidth == 64 && !l.IsSigned:
			n.typ.Kind = Invalid
		}
	default:
		n.typ.Kind = Invalid
	}
	if k := n.typ.Kind; k != Invalid && !storable(k, e.Type.V) {
		n.typ.Kind = Invalid
	}
	if n.typ.Kind == Decimal && n.physical == format.FixedLenByteArray && (n.length < 1 || n.length > maxDecimalBytes) {
		n.typ.Kind = Invalid
	}
}

// storable reports whether a file can hold the kind as the physical type: a file
// may say that a DOUBLE is a date.
func storable(k Kind, t format.Type) bool {
	if k == Decimal {
		return t == format.Int32 || t == format.Int64 || t == format.FixedLenByteArray || t == format.ByteArray
	}
	switch t {
	case format.Int96:
		return k == Timestamp
	case format.Int64:
		return k == Long || k == Timestamp
	case format.ByteArray:
		return k.InBytes()
	}
	return physicalType(k) == t || (t == format.Int32 && k == Long)
}

// fits reports whether values of one type can be given as another.
func fits(from, to Type) bool {
	have, want := from.Kind, to.Kind
	switch {
	case have == Decimal || want == Decimal:
		return have == want && from.Scale == to.Scale && from.Precision <= to.Precision
	case want == TimestampNTZ:
		return have == Timestamp // a file says of a Timestamp whether it has a zone
	case have == want:
		return have != Invalid
	case have >= Byte && want <= Long && have < want:
		return have <= Long
	case have.InBytes():
		return want.InBytes()
	}
	return have == Float && want == Double
}

// mismatch is the error for a column that cannot be read as want.
func (n *fileNode) mismatch(want Type, path []string) error {
	have := n.typ.String()
	if n.typ.Kind == Invalid {
		have = n.original
	}
	return fmt.Errorf("column %s is %s, wanted %s: %w", strings.Join(path, "."), have, want, ErrType)
}
