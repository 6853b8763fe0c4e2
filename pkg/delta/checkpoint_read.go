package delta

import (
	"context"
	"fmt"
	"path"
	"strings"

	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/store"
)

// readableCheckpoint is checkpointSchema with what is only read: sidecars and
// deletion vectors.
var readableCheckpoint = func() columnar.Schema {
	text := columnar.Of(columnar.String)
	dv := columnar.Field{Name: "deletionVector", Type: columnar.StructOf(
		columnar.Field{Name: "storageType", Type: text},
		columnar.Field{Name: "pathOrInlineDv", Type: text},
		columnar.Field{Name: "offset", Type: columnar.Of(columnar.Integer)},
	)}
	var s columnar.Schema
	for _, f := range checkpointSchema {
		if f.Name == "add" || f.Name == "remove" {
			fields := f.Type.Fields
			f.Type = columnar.StructOf(append(fields[:len(fields):len(fields)], dv)...)
		}
		s = append(s, f)
	}
	return append(s, columnar.Field{Name: "sidecar", Type: columnar.StructOf(columnar.Field{Name: "path", Type: text})})
}()

// readCheckpoint takes all actions of a checkpoint into ch.
func (l *Log) readCheckpoint(ctx context.Context, c *checkpointFiles, ch *changes) error {
	var sidecars []string
	for _, key := range c.keys {
		found, err := l.readCheckpointFile(ctx, key, ch)
		if err != nil {
			return err
		}
		sidecars = append(sidecars, found...)
	}
	for _, name := range sidecars {
		// Sidecars lie in one folder whatever their path says.
		key := l.dir + "_sidecars/" + path.Base(name)
		nested, err := l.readCheckpointFile(ctx, key, ch)
		if err != nil {
			return err
		}
		if len(nested) > 0 {
			return corrupt(key, "a sidecar with sidecars")
		}
	}
	return nil
}

func (l *Log) readCheckpointFile(ctx context.Context, key string, ch *changes) (sidecars []string, err error) {
	body, _, err := store.ReadAll(ctx, l.store, key)
	if err != nil {
		return nil, fmt.Errorf("read checkpoint: %w", err)
	}
	r := checkpointReader{base: l.String(), changes: ch}
	if strings.HasSuffix(key, ".json") {
		err = eachAction(key, body, r.action)
	} else {
		err = r.parquet(ctx, key, body)
	}
	return r.sidecars, err
}

// checkpointReader takes in the actions of one object of a checkpoint.
type checkpointReader struct {
	base     string
	changes  *changes
	sidecars []string
}

func (r *checkpointReader) action(a *actionJSON) error {
	ch := r.changes
	switch {
	case a.Protocol != nil:
		ch.protocol = a.Protocol.action()
	case a.MetaData != nil:
		m, err := a.MetaData.action()
		if err != nil {
			return err
		}
		ch.metadata = m
	case a.Txn != nil:
		t, err := a.Txn.action()
		if err != nil {
			return err
		}
		ch.txns[t.AppID] = t
	case a.Add != nil:
		add, err := a.Add.action(r.base)
		if err != nil {
			return err
		}
		ch.add(&add)
	case a.Remove != nil:
		remove, err := a.Remove.action(r.base)
		if err != nil {
			return err
		}
		ch.remove(&remove)
	case a.Sidecar != nil:
		name, err := decodePath(r.base, a.Sidecar.Path)
		if err != nil {
			return fmt.Errorf("sidecar: %w", err)
		}
		r.sidecars = append(r.sidecars, name)
	}
	return nil
}

// object is a whole file in memory.
type object []byte

// ReadRange implements columnar.Source.
func (o object) ReadRange(_ context.Context, offset, length int64) ([]byte, error) {
	if offset < 0 || length < 0 || offset > int64(len(o)) || length > int64(len(o))-offset {
		return nil, fmt.Errorf("range %d+%d is outside of %d bytes", offset, length, len(o))
	}
	return o[offset : offset+length], nil
}

func (r *checkpointReader) parquet(ctx context.Context, key string, body []byte) error {
	f, err := columnar.OpenFile(ctx, object(body), int64(len(body)))
	if err != nil {
		return corrupt(key, "%w", err)
	}
	if f.NumRows() > 0 && !hasActions(f.Schema()) {
		// Of a file without them all rows would be null, as many as it says.
		return corrupt(key, "it has no column of a checkpoint")
	}
	row := 0
	for b, err := range f.Read(ctx, readableCheckpoint, nil) {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			return corrupt(key, "%w", err)
		}
		for i := range b.Len {
			if err := r.row(b, i); err != nil {
				return corrupt(key, "row %d: %w", row, err)
			}
			row++
		}
	}
	return nil
}

func hasActions(have columnar.Schema) bool {
	for _, f := range readableCheckpoint {
		if have.IndexFold(f.Name) >= 0 {
			return true
		}
	}
	return false
}

// row reads the action of row i in the form in which a log entry has it.
func (r *checkpointReader) row(b *columnar.Batch, i int) error {
	var a actionJSON
	if v, ok := structAt(b, "add", i); ok {
		a.Add = &addJSON{
			Path: v.text("path"), PartitionValues: v.texts("partitionValues"), Size: v.number("size"),
			ModificationTime: v.number("modificationTime"), Stats: v.text("stats"),
			Tags: v.texts("tags"), DeletionVector: v.deletionVector(),
		}
	} else if v, ok := structAt(b, "remove", i); ok {
		a.Remove = &removeJSON{
			Path: v.text("path"), DeletionTimestamp: v.number("deletionTimestamp"),
			PartitionValues: v.texts("partitionValues"), Size: v.number("size"), DeletionVector: v.deletionVector(),
		}
	} else if v, ok := structAt(b, "txn", i); ok {
		a.Txn = &txnJSON{AppID: v.text("appId"), Version: v.number("version"), LastUpdated: v.number("lastUpdated")}
	} else if v, ok := structAt(b, "metaData", i); ok {
		a.MetaData = &metadataJSON{
			ID: v.text("id"), Name: v.text("name"), Description: v.text("description"),
			SchemaString: v.text("schemaString"), PartitionColumns: v.list("partitionColumns"),
			Configuration: v.texts("configuration"), CreatedTime: v.number("createdTime"),
		}
		if format, ok := v.structAt("format"); ok {
			a.MetaData.Format.Provider = format.text("provider")
		}
	} else if v, ok := structAt(b, "protocol", i); ok {
		a.Protocol = &protocolJSON{
			MinReaderVersion: int32(v.number("minReaderVersion")), MinWriterVersion: int32(v.number("minWriterVersion")),
			ReaderFeatures: v.list("readerFeatures"), WriterFeatures: v.list("writerFeatures"),
		}
	} else if v, ok := structAt(b, "sidecar", i); ok {
		a.Sidecar = &sidecarJSON{Path: v.text("path")}
	}
	return r.action(&a)
}

// structRow is one row of a struct column.
type structRow struct {
	v *columnar.Vector
	i int
}

func structAt(b *columnar.Batch, column string, i int) (structRow, bool) {
	v := b.Column(column)
	if v == nil || v.IsNull(i) {
		return structRow{}, false
	}
	return structRow{v, i}, true
}

func (r structRow) structAt(field string) (structRow, bool) {
	v := r.v.Field(field)
	return structRow{v, r.i}, !v.IsNull(r.i)
}

func (r structRow) text(field string) string { return string(r.v.Field(field).ByteAt(r.i)) }

func (r structRow) number(field string) int64 { return r.v.Field(field).Ints[r.i] }

func (r structRow) list(field string) []string {
	v := r.v.Field(field)
	if v.IsNull(r.i) {
		return nil
	}
	out := []string{}
	for j := v.Offsets[r.i]; j < v.Offsets[r.i+1]; j++ {
		out = append(out, string(v.Children[0].ByteAt(int(j))))
	}
	return out
}

func (r structRow) texts(field string) map[string]*string {
	v := r.v.Field(field)
	if v.IsNull(r.i) {
		return nil
	}
	keys, values := v.Children[0], v.Children[1]
	out := map[string]*string{}
	for j := int(v.Offsets[r.i]); j < int(v.Offsets[r.i+1]); j++ {
		var value *string
		if !values.IsNull(j) {
			s := string(values.ByteAt(j))
			value = &s
		}
		out[string(keys.ByteAt(j))] = value
	}
	return out
}

func (r structRow) deletionVector() *dvJSON {
	dv, ok := r.structAt("deletionVector")
	if !ok {
		return nil
	}
	out := &dvJSON{StorageType: dv.text("storageType"), PathOrInlineDv: dv.text("pathOrInlineDv")}
	if offset := dv.v.Field("offset"); !offset.IsNull(dv.i) {
		n := int32(offset.Ints[dv.i])
		out.Offset = &n
	}
	return out
}
