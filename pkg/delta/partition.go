package delta

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/auditlake/auditlake/pkg/columnar"
)

func partitionValue(schema columnar.Schema, a *Add, column string) (columnar.Value, bool, error) {
	i := schema.Index(column)
	if i < 0 {
		return columnar.Value{}, false, fmt.Errorf("partition column %q is not in the schema", column)
	}
	v, ok, err := parsePartition(a.PartitionValues[column], schema[i].Type)
	if err != nil {
		return columnar.Value{}, false, fmt.Errorf("%w: file %s: partition column %q: %w", ErrCorrupt, a.Path, column, err)
	}
	return v, ok, nil
}

// parsePartition reads the text of a partition value (PROTOCOL.md, "Partition
// Value Serialization"); ok is false for null, which may also be spelled "".
func parsePartition(text *string, typ columnar.Type) (v columnar.Value, ok bool, err error) {
	if text == nil || *text == "" {
		return columnar.Value{}, false, nil
	}
	switch kind := typ.Kind; kind {
	case columnar.Boolean:
		b, err := strconv.ParseBool(*text)
		if b {
			return columnar.IntValue(kind, 1), true, err
		}
		return columnar.IntValue(kind, 0), true, err
	case columnar.Byte, columnar.Short, columnar.Integer, columnar.Long:
		bits := map[columnar.Kind]int{columnar.Byte: 8, columnar.Short: 16, columnar.Integer: 32, columnar.Long: 64}[kind]
		n, err := strconv.ParseInt(*text, 10, bits)
		return columnar.IntValue(kind, n), true, err
	case columnar.Date:
		t, err := time.Parse(dateFormat, *text)
		return columnar.IntValue(kind, floorDiv(t.Unix(), secondsPerDay)), true, err
	case columnar.Timestamp:
		t, err := parseTimestamp(*text)
		return columnar.IntValue(kind, t.UnixMicro()), true, err
	case columnar.TimestampNTZ:
		t, err := time.Parse("2006-01-02 15:04:05.999999999", strings.Replace(*text, "T", " ", 1))
		return columnar.IntValue(kind, t.UnixMicro()), true, err
	case columnar.Decimal:
		v, err := columnar.DecimalValue(typ, *text)
		return v, true, err
	case columnar.Float, columnar.Double:
		bits := 64
		if kind == columnar.Float {
			bits = 32
		}
		f, err := strconv.ParseFloat(*text, bits)
		return columnar.Value{Kind: kind, Float: f}, true, err
	case columnar.String, columnar.Binary:
		return columnar.Value{Kind: kind, Bytes: []byte(*text)}, true, nil
	}
	return columnar.Value{}, false, fmt.Errorf("type %s cannot be a partition column", typ)
}

// parseTimestamp takes both spellings; one without a zone is UTC, as the kernels
// take it.
func parseTimestamp(text string) (time.Time, error) {
	if strings.Contains(text, "T") {
		return time.Parse(time.RFC3339Nano, text)
	}
	return time.Parse("2006-01-02 15:04:05.999999999", text)
}
