package columnar

// ColumnBytes is how many stored bytes the columns of want have, of which a struct may
// have some fields only, and all columns of the file.
func (f *File) ColumnBytes(want Schema) (wanted, all int64) {
	stored := make([]int64, len(f.leaves))
	for g := range f.meta.RowGroups {
		for i, c := range f.meta.RowGroups[g].Columns {
			stored[i] += c.MetaData.TotalCompressedSize
			all += c.MetaData.TotalCompressedSize
		}
	}
	return f.root.bytesOf(want, stored), all
}

func (n *fileNode) bytesOf(want Schema, stored []int64) (sum int64) {
	for _, field := range want {
		child := n.child(field.Name)
		switch {
		case child == nil:
		case field.Type.Kind == Struct && child.typ.Kind == Struct:
			sum += child.bytesOf(field.Type.Fields, stored)
		default:
			sum += child.allBytes(stored)
		}
	}
	return sum
}

func (n *fileNode) allBytes(stored []int64) (sum int64) {
	if n.leaf >= 0 {
		return stored[n.leaf]
	}
	for _, c := range n.children {
		sum += c.allBytes(stored)
	}
	return sum
}

// Size is about how many bytes the rows occupy, without dictionaries.
func (b *Batch) Size() int64 {
	n := int64(0)
	for _, c := range b.Columns {
		n += c.size()
	}
	return n
}

func (v *Vector) size() int64 {
	n := int64(len(v.Null) + 8*len(v.Ints) + 8*len(v.Floats) + len(v.Bytes.Data) + 4*len(v.Bytes.Ends) + 4*len(v.Codes) + 4*len(v.Offsets))
	for _, c := range v.Children {
		n += c.size()
	}
	return n
}
