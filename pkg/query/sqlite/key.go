package sqlite

import (
	"database/sql/driver"
	"encoding/binary"
	"math"
)

// appendKey adds a value to a key: those that SQLite calls equal have the same.
func appendKey(key []byte, v driver.Value) []byte {
	switch v := v.(type) {
	case int64:
		return binary.BigEndian.AppendUint64(append(key, 'n'), uint64(v))
	case float64:
		if whole := math.Trunc(v); whole == v && v >= -1<<63 && v < 1<<63 {
			return binary.BigEndian.AppendUint64(append(key, 'n'), uint64(int64(v)))
		}
		return binary.BigEndian.AppendUint64(append(key, 'f'), math.Float64bits(v))
	case string:
		return append(binary.AppendUvarint(append(key, 's'), uint64(len(v))), v...)
	case []byte:
		return append(binary.AppendUvarint(append(key, 'b'), uint64(len(v))), v...)
	}
	return append(key, '0')
}
