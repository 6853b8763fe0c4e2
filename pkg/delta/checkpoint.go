package delta

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/auditlake/auditlake/pkg/columnar"
)

// checkpointSchema is one column for each kind of action; in a row exactly one
// is not null (PROTOCOL.md, "Checkpoint Schema"). Types are Spark's: Photon
// refuses others. A column has all its fields or is left out as a whole, because
// the kernels look for every field of a column that is there.
var checkpointSchema = func() columnar.Schema {
	field := func(name string, t columnar.Type) columnar.Field { return columnar.Field{Name: name, Type: t} }
	var (
		text    = columnar.Of(columnar.String)
		integer = columnar.Of(columnar.Integer)
		long    = columnar.Of(columnar.Long)
		boolean = columnar.Of(columnar.Boolean)
		texts   = columnar.ListOf(text)
		textMap = columnar.MapOf(text, text)
	)
	return columnar.Schema{
		field("txn", columnar.StructOf(
			field("appId", text), field("version", long), field("lastUpdated", long))),
		field("add", columnar.StructOf(
			field("path", text), field("partitionValues", textMap), field("size", long),
			field("modificationTime", long), field("dataChange", boolean),
			field("stats", text), field("tags", textMap))),
		field("remove", columnar.StructOf(
			field("path", text), field("deletionTimestamp", long), field("dataChange", boolean),
			field("extendedFileMetadata", boolean), field("partitionValues", textMap), field("size", long))),
		field("metaData", columnar.StructOf(
			field("id", text), field("name", text), field("description", text),
			field("format", columnar.StructOf(field("provider", text), field("options", textMap))),
			field("schemaString", text), field("partitionColumns", texts),
			field("configuration", textMap), field("createdTime", long))),
		field("protocol", columnar.StructOf(
			field("minReaderVersion", integer), field("minWriterVersion", integer),
			field("readerFeatures", texts), field("writerFeatures", texts))),
	}
}()

// checkpointBatchRows bounds what is held in columns beside the snapshot itself.
const checkpointBatchRows = 8192

// checkpoint writes a snapshot as a classic checkpoint, then the hint.
func (l *Log) checkpoint(ctx context.Context, s *Snapshot) error {
	if err := s.Writable(); err != nil {
		return fmt.Errorf("write checkpoint %d: %w", s.version, err)
	}
	body, actions, err := formatCheckpoint(s, l.opts.Now())
	if err != nil {
		return fmt.Errorf("format checkpoint %d: %w", s.version, err)
	}
	// Overwriting is allowed: every writer's checkpoint of a version says the same.
	key := l.dir + versionName(s.version) + ".checkpoint.parquet"
	if _, err := l.store.Put(ctx, key, body); err != nil {
		return fmt.Errorf("write checkpoint %d: %w", s.version, err)
	}
	hint, err := json.Marshal(struct { // without "parts": some readers take one part for a multi-part checkpoint
		Version       int64 `json:"version"`
		Size          int64 `json:"size"` // actions
		SizeInBytes   int   `json:"sizeInBytes"`
		NumOfAddFiles int   `json:"numOfAddFiles"`
	}{s.version, actions, len(body), len(s.files)})
	if err != nil {
		return err
	}
	if _, err := l.store.Put(ctx, l.dir+"_last_checkpoint", hint); err != nil {
		return fmt.Errorf("write checkpoint hint %d: %w", s.version, err)
	}
	return nil
}

// formatCheckpoint is a snapshot as a Parquet file: all that counts, and the
// tombstones that are not expired.
func formatCheckpoint(s *Snapshot, now time.Time) (body []byte, actions int64, err error) {
	var buf bytes.Buffer
	w, err := columnar.NewWriter(&buf, checkpointSchema, columnar.WriterOptions{
		Compression:  columnar.Snappy, // what every reader of a checkpoint knows
		RowGroupRows: 4 * checkpointBatchRows,
		StatsColumns: []string{},
		Plain:        []string{"add.path", "add.stats", "remove.path"},
	})
	if err != nil {
		return nil, 0, err
	}
	b := newRowBuilder()
	flush := func(limit int) error {
		if b.batch.Len < limit {
			return nil
		}
		actions += int64(b.batch.Len)
		if err := w.Write(b.batch); err != nil {
			return err
		}
		b.batch.Reset()
		return nil
	}

	b.protocol(s.protocol)
	b.metadata(s.metadata)
	for _, appID := range slices.Sorted(maps.Keys(s.txns)) {
		b.txn(s.txns[appID])
		if err := flush(checkpointBatchRows); err != nil {
			return nil, 0, err
		}
	}
	for _, a := range s.files {
		b.add(a)
		if err := flush(checkpointBatchRows); err != nil {
			return nil, 0, err
		}
	}
	expired := now.Add(-tombstoneRetention(s.metadata))
	for _, r := range s.removes {
		if !r.DeletionTime.After(expired) {
			continue
		}
		b.remove(r)
		if err := flush(checkpointBatchRows); err != nil {
			return nil, 0, err
		}
	}
	if err := flush(1); err != nil {
		return nil, 0, err
	}
	if _, err := w.Close(); err != nil {
		return nil, 0, err
	}
	return buf.Bytes(), actions, nil
}

// defaultTombstoneRetention is delta.deletedFileRetentionDuration where the table
// does not set it.
const defaultTombstoneRetention = 7 * 24 * time.Hour

// tombstoneRetention is how long a removal is remembered, so that vacuum spares
// the file for readers of older versions.
func tombstoneRetention(m *Metadata) time.Duration {
	if d, err := parseInterval(m.Configuration["delta.deletedFileRetentionDuration"]); err == nil {
		return d
	}
	return defaultTombstoneRetention
}

var intervalUnits = map[string]time.Duration{
	"microsecond": time.Microsecond, "millisecond": time.Millisecond, "second": time.Second, "minute": time.Minute,
	"hour": time.Hour, "day": 24 * time.Hour, "week": 7 * 24 * time.Hour,
}

// maxInterval is where intervals end that are longer than a time.Duration has room
// for: a table that keeps something for 1,000 years keeps it for ever.
const maxInterval = 100 * 365 * 24 * time.Hour

// parseInterval reads Spark's text for a duration, such as "interval 30 days".
func parseInterval(text string) (time.Duration, error) {
	words := strings.Fields(strings.ToLower(text))
	if len(words) > 0 && words[0] == "interval" {
		words = words[1:]
	}
	if len(words) == 0 || len(words)%2 != 0 {
		return 0, errors.New("not an interval")
	}
	var sum time.Duration
	for i := 0; i < len(words); i += 2 {
		n, err := strconv.ParseUint(words[i], 10, 63)
		unit, ok := intervalUnits[strings.TrimSuffix(words[i+1], "s")]
		if err != nil || !ok {
			return 0, fmt.Errorf("not an interval: %q", text)
		}
		if n > uint64((maxInterval-sum)/unit) {
			sum = maxInterval
			continue
		}
		sum += time.Duration(n) * unit
	}
	return sum, nil
}

// rowBuilder fills a batch with one action a row.
type rowBuilder struct{ batch *columnar.Batch }

func newRowBuilder() *rowBuilder {
	return &rowBuilder{columnar.NewBatch(checkpointSchema)}
}

// row adds a row whose column action is filled by the functions, one a field.
func (b *rowBuilder) row(action string, fields ...func(*columnar.Vector)) {
	for i, f := range checkpointSchema {
		v := b.batch.Columns[i]
		if f.Name != action {
			v.AppendNull()
			continue
		}
		appendStruct(v, fields...)
	}
	b.batch.Len++
}

func appendStruct(v *columnar.Vector, fields ...func(*columnar.Vector)) {
	for i, set := range fields {
		set(v.Children[i])
	}
	v.AppendNested()
}

func (b *rowBuilder) protocol(p Protocol) {
	b.row("protocol",
		number(int64(p.MinReaderVersion)), number(int64(p.MinWriterVersion)),
		texts(p.ReaderFeatures, p.ReaderFeatures == nil), texts(p.WriterFeatures, p.WriterFeatures == nil))
}

func (b *rowBuilder) metadata(m *Metadata) {
	j := metadataAsJSON(m)
	b.row("metaData",
		text(j.ID), optionalText(j.Name), optionalText(j.Description),
		func(v *columnar.Vector) { appendStruct(v, text(j.Format.Provider), textMap(j.Format.Options)) },
		text(j.SchemaString), texts(j.PartitionColumns, false), textMap(j.Configuration), optionalNumber(j.CreatedTime))
}

func (b *rowBuilder) txn(t Txn) {
	b.row("txn", text(t.AppID), number(t.Version), optionalNumber(toMillis(t.LastUpdated)))
}

func (b *rowBuilder) add(a *Add) {
	tags := null
	if len(a.Tags) > 0 {
		tags = textMap(withPointers(a.Tags))
	}
	b.row("add",
		text(encodePath(a.Path)), textMap(a.PartitionValues), number(a.Size),
		number(toMillis(a.ModificationTime)), boolean(0), optionalText(a.Stats), tags)
}

func (b *rowBuilder) remove(r *Remove) {
	extended := int64(0)
	if r.PartitionValues != nil {
		extended = 1
	}
	b.row("remove",
		text(encodePath(r.Path)), number(toMillis(r.DeletionTime)), boolean(0),
		boolean(extended), textMap(r.PartitionValues), number(r.Size))
}

func null(v *columnar.Vector) { v.AppendNull() }

func text(s string) func(*columnar.Vector) {
	return func(v *columnar.Vector) { v.AppendString(s) }
}

func optionalText(s string) func(*columnar.Vector) {
	if s == "" {
		return null
	}
	return text(s)
}

func number(n int64) func(*columnar.Vector) {
	return func(v *columnar.Vector) { v.AppendInt(n) }
}

func boolean(n int64) func(*columnar.Vector) { return number(n) }

func optionalNumber(n int64) func(*columnar.Vector) {
	if n == 0 {
		return null
	}
	return number(n)
}

func texts(s []string, isNull bool) func(*columnar.Vector) {
	if isNull {
		return null
	}
	return func(v *columnar.Vector) {
		for _, x := range s {
			v.Children[0].AppendString(x)
		}
		v.AppendNested()
	}
}

func textMap(m map[string]*string) func(*columnar.Vector) {
	return func(v *columnar.Vector) {
		for _, k := range slices.Sorted(maps.Keys(m)) {
			v.Children[0].AppendString(k)
			if m[k] == nil {
				v.Children[1].AppendNull()
			} else {
				v.Children[1].AppendString(*m[k])
			}
		}
		v.AppendNested()
	}
}
