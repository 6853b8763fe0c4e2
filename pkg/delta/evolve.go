package delta

import (
	"fmt"
	"slices"
	"strings"

	"github.com/auditlake/auditlake/pkg/columnar"
)

// forbiddenInNames are the characters that Spark refuses in the name of a column
// of a Parquet table without column mapping.
const forbiddenInNames = " ,;{}()\n\t="

// checkSchema says why a schema may not be written.
func checkSchema(s columnar.Schema, path string) error {
	seen := make(map[string]string, len(s))
	for _, f := range s {
		name := path + f.Name
		if f.Name == "" {
			return fmt.Errorf("a column of %q has no name", strings.TrimSuffix(path, "."))
		}
		if i := strings.IndexAny(f.Name, forbiddenInNames); i >= 0 {
			return fmt.Errorf("column %q: the name has a forbidden character %q", name, f.Name[i])
		}
		folded := strings.ToLower(f.Name)
		if other, ok := seen[folded]; ok {
			return fmt.Errorf("column %q: the name differs only in case from %q", name, path+other)
		}
		seen[folded] = f.Name
		if err := checkType(f.Type, name); err != nil {
			return err
		}
	}
	return nil
}

func checkType(t columnar.Type, name string) error {
	switch t.Kind {
	case columnar.Invalid:
		return fmt.Errorf("column %q has no type", name)
	case columnar.Struct:
		return checkSchema(t.Fields, name+".")
	case columnar.Map:
		if err := checkType(*t.Key, name+".key"); err != nil {
			return err
		}
		return checkType(*t.Elem, name+".value")
	case columnar.List:
		return checkType(*t.Elem, name+".element")
	}
	return checkKind(t, name)
}

// checkKinds is the part of checkSchema that is not about names: whether all
// columns are of types that can be written.
func checkKinds(s columnar.Schema, path string) error {
	for _, f := range s {
		if err := checkKind(f.Type, path+f.Name); err != nil {
			return err
		}
	}
	return nil
}

func checkKind(t columnar.Type, name string) error {
	switch t.Kind {
	case columnar.Struct:
		return checkKinds(t.Fields, name+".")
	case columnar.Map:
		if err := checkKind(*t.Key, name+".key"); err != nil {
			return err
		}
		return checkKind(*t.Elem, name+".value")
	case columnar.List:
		return checkKind(*t.Elem, name+".element")
	}
	if !t.Kind.Writable() {
		return fmt.Errorf("column %q is %s, which is read here and not written", name, t)
	}
	return nil
}

// checkEvolution says why files written under the schema from could not be read
// under the schema to: columns may only be added at the end of a struct.
func checkEvolution(from, to columnar.Schema, path string) error {
	for i, f := range from {
		name := path + f.Name
		if i >= len(to) || to[i].Name != f.Name {
			if to.Index(f.Name) < 0 {
				return fmt.Errorf("column %q was dropped or renamed", name)
			}
			return fmt.Errorf("column %q was moved: new columns come last", name)
		}
		if err := checkTypeEvolution(f.Type, to[i].Type, name); err != nil {
			return err
		}
	}
	return nil
}

func checkTypeEvolution(from, to columnar.Type, name string) error {
	if from.Kind != to.Kind {
		return fmt.Errorf("column %q changed its type from %s to %s", name, from, to)
	}
	switch from.Kind {
	case columnar.Struct:
		return checkEvolution(from.Fields, to.Fields, name+".")
	case columnar.Map:
		if err := checkTypeEvolution(*from.Key, *to.Key, name+".key"); err != nil {
			return err
		}
		return checkTypeEvolution(*from.Elem, *to.Elem, name+".value")
	case columnar.List:
		return checkTypeEvolution(*from.Elem, *to.Elem, name+".element")
	}
	return nil
}

// checkMetadata says why m may not follow base; base is nil for a new table.
func checkMetadata(base, m *Metadata) error {
	if len(m.Schema) == 0 {
		return fmt.Errorf("the schema has no columns")
	}
	if err := checkSchema(m.Schema, ""); err != nil {
		return err
	}
	for i, c := range m.PartitionColumns {
		j := m.Schema.Index(c)
		if j < 0 || m.Schema[j].Type.Kind >= columnar.Struct {
			return fmt.Errorf("partition column %q is not a scalar column of the schema", c)
		}
		if slices.Contains(m.PartitionColumns[:i], c) {
			return fmt.Errorf("partition column %q is named twice", c)
		}
	}
	if len(m.PartitionColumns) == len(m.Schema) {
		return fmt.Errorf("every column is a partition column")
	}
	if base == nil {
		return nil
	}
	if m.ID != base.ID {
		return fmt.Errorf("the table id changed from %s to %s", base.ID, m.ID)
	}
	if !slices.Equal(m.PartitionColumns, base.PartitionColumns) {
		return fmt.Errorf("the partition columns changed from %q to %q", base.PartitionColumns, m.PartitionColumns)
	}
	return checkEvolution(base.Schema, m.Schema, "")
}
