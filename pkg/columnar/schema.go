package columnar

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// Type is the type of a column: a scalar kind, or a nested kind with the types
// inside it.
type Type struct {
	Kind   Kind
	Fields Schema // Struct
	Key    *Type  // Map, never null
	Elem   *Type  // Map value, List element, may be null

	// Precision is the digits of a Decimal, up to 38, and Scale those of them that
	// come after the point.
	Precision, Scale int
}

// Field is a named column. Every field is nullable.
type Field struct {
	Name string
	Type Type
}

// Schema is the fields of a table or a struct, in order. Names are unique
// without regard to case.
type Schema []Field

// Of is the scalar type of a kind.
func Of(k Kind) Type { return Type{Kind: k} }

// DecimalOf is the type of decimals of a precision and a scale.
func DecimalOf(precision, scale int) Type {
	return Type{Kind: Decimal, Precision: precision, Scale: scale}
}

// StructOf is a struct type.
func StructOf(fields ...Field) Type { return Type{Kind: Struct, Fields: fields} }

// MapOf is a map type.
func MapOf(key, value Type) Type { return Type{Kind: Map, Key: &key, Elem: &value} }

// ListOf is a list type.
func ListOf(elem Type) Type { return Type{Kind: List, Elem: &elem} }

// Index is the position of the field with exactly this name, or -1.
func (s Schema) Index(name string) int {
	for i := range s {
		if s[i].Name == name {
			return i
		}
	}
	return -1
}

// IndexFold is the position of the field with this name in any case, or -1.
func (s Schema) IndexFold(name string) int {
	for i := range s {
		if strings.EqualFold(s[i].Name, name) {
			return i
		}
	}
	return -1
}

// Lookup is the type at a path of field names, through structs only.
func (s Schema) Lookup(path ...string) (Type, bool) {
	if len(path) == 0 {
		return Type{}, false
	}
	i := s.Index(path[0])
	if i < 0 {
		return Type{}, false
	}
	if len(path) == 1 {
		return s[i].Type, true
	}
	return s[i].Type.Fields.Lookup(path[1:]...)
}

// Equal reports whether two types are the same, names and order included.
func (t Type) Equal(u Type) bool {
	if t.Kind != u.Kind {
		return false
	}
	switch t.Kind {
	case Struct:
		return t.Fields.Equal(u.Fields)
	case Map:
		return t.Key.Equal(*u.Key) && t.Elem.Equal(*u.Elem)
	case List:
		return t.Elem.Equal(*u.Elem)
	case Decimal:
		return t.Precision == u.Precision && t.Scale == u.Scale
	}
	return true
}

// Equal reports whether two schemas are the same, names and order included.
func (s Schema) Equal(o Schema) bool {
	if len(s) != len(o) {
		return false
	}
	for i := range s {
		if s[i].Name != o[i].Name || !s[i].Type.Equal(o[i].Type) {
			return false
		}
	}
	return true
}

// String is the type as Spark prints it, such as map<string,string>.
func (t Type) String() string {
	switch t.Kind {
	case Struct:
		parts := make([]string, len(t.Fields))
		for i, f := range t.Fields {
			parts[i] = f.Name + ":" + f.Type.String()
		}
		return "struct<" + strings.Join(parts, ",") + ">"
	case Map:
		return "map<" + t.Key.String() + "," + t.Elem.String() + ">"
	case List:
		return "array<" + t.Elem.String() + ">"
	case Decimal:
		return fmt.Sprintf("decimal(%d,%d)", t.Precision, t.Scale)
	}
	return t.Kind.String()
}

type structJSON struct {
	Type   string      `json:"type"`
	Fields []fieldJSON `json:"fields"`
}

type fieldJSON struct {
	Name     string          `json:"name"`
	Type     json.RawMessage `json:"type"`
	Nullable bool            `json:"nullable"`
	Metadata json.RawMessage `json:"metadata"`
}

type mapJSON struct {
	Type              string          `json:"type"`
	KeyType           json.RawMessage `json:"keyType"`
	ValueType         json.RawMessage `json:"valueType"`
	ValueContainsNull bool            `json:"valueContainsNull"`
}

type listJSON struct {
	Type         string          `json:"type"`
	ElementType  json.RawMessage `json:"elementType"`
	ContainsNull bool            `json:"containsNull"`
}

// DeltaJSON is the schema as the schemaString of a Delta metaData action
// (delta-io/delta PROTOCOL.md, "Schema Serialization Format").
func (s Schema) DeltaJSON() string {
	b, err := json.Marshal(StructOf(s...).deltaJSON())
	if err != nil {
		panic(err) // strings and booleans only
	}
	return string(b)
}

func (t Type) deltaJSON() any {
	raw := func(u Type) json.RawMessage {
		b, err := json.Marshal(u.deltaJSON())
		if err != nil {
			panic(err)
		}
		return b
	}
	switch t.Kind {
	case Struct:
		out := structJSON{Type: "struct", Fields: make([]fieldJSON, len(t.Fields))}
		for i, f := range t.Fields {
			out.Fields[i] = fieldJSON{Name: f.Name, Type: raw(f.Type), Nullable: true, Metadata: json.RawMessage("{}")}
		}
		return out
	case Map:
		return mapJSON{Type: "map", KeyType: raw(*t.Key), ValueType: raw(*t.Elem), ValueContainsNull: true}
	case List:
		return listJSON{Type: "array", ElementType: raw(*t.Elem), ContainsNull: true}
	}
	return t.String()
}

// ParseDeltaSchema reads a schemaString. A type this package does not hold, such
// as variant or void, is an error that names the column.
func ParseDeltaSchema(schemaString string) (Schema, error) {
	// Every log entry with metadata has one, so it is read once from end to end.
	var node any
	d := json.NewDecoder(strings.NewReader(schemaString))
	d.UseNumber()
	err := d.Decode(&node)
	if err == nil {
		if _, after := d.Token(); !errors.Is(after, io.EOF) {
			err = errors.New("there is more behind its end")
		}
	}
	var t Type
	if err == nil {
		t, err = typeOf(node, 1)
	}
	if err != nil {
		return nil, fmt.Errorf("parse schemaString: %w", err)
	}
	if t.Kind != Struct {
		return nil, fmt.Errorf("parse schemaString: top level is %s, not a struct", t)
	}
	return t.Fields, nil
}

// maxSchemaDepth is how deep types nest at most.
const maxSchemaDepth = 100

// typeOf is the type that a node of a schemaString stands for.
func typeOf(node any, depth int) (Type, error) {
	if depth > maxSchemaDepth {
		return Type{}, fmt.Errorf("types nest more than %d deep", maxSchemaDepth)
	}
	var kind string
	of, isObject := node.(map[string]any)
	if isObject {
		kind, _ = of["type"].(string)
	} else if name, ok := node.(string); ok {
		return primitiveOf(name)
	} else {
		return Type{}, fmt.Errorf("%v is no type", node)
	}
	switch kind {
	case "struct":
		fields, ok := of["fields"].([]any)
		if !ok && of["fields"] != nil {
			return Type{}, errors.New("the fields of a struct are no list")
		}
		t := Type{Kind: Struct, Fields: make(Schema, len(fields))}
		for i, node := range fields {
			field, _ := node.(map[string]any)
			name, ok := field["name"].(string)
			if !ok {
				return Type{}, fmt.Errorf("field %d of a struct has no name", i+1)
			}
			ft, err := typeOf(field["type"], depth+1)
			if err != nil {
				return Type{}, fmt.Errorf("column %q: %w", name, err)
			}
			t.Fields[i] = Field{Name: name, Type: ft}
		}
		return t, nil
	case "map":
		k, err := typeOf(of["keyType"], depth+1)
		if err != nil {
			return Type{}, err
		}
		v, err := typeOf(of["valueType"], depth+1)
		if err != nil {
			return Type{}, err
		}
		return MapOf(k, v), nil
	case "array":
		e, err := typeOf(of["elementType"], depth+1)
		if err != nil {
			return Type{}, err
		}
		return ListOf(e), nil
	}
	return Type{}, unsupportedType(kind)
}

func primitiveOf(name string) (Type, error) {
	for k := Boolean; k <= Binary; k++ {
		if k.String() == name {
			return Of(k), nil
		}
	}
	if t, ok := parseDecimalType(name); ok {
		return t, nil
	}
	return Type{}, unsupportedType(name)
}

func unsupportedType(name string) error {
	return fmt.Errorf("type %q is not supported: drop the column, or cast it to another type", name)
}
