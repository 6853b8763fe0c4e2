package layout

import (
	"encoding/binary"
	"slices"
	"time"

	"github.com/klauspost/compress/zstd"

	"github.com/auditlake/auditlake/pkg/columnar"
)

// level is a way to compress with Zstandard. Literals are what no match was found
// for; coding them all spends a little time on pages that hardly shrink, such as
// those of hexadecimal digits.
type level struct {
	name     string
	level    zstd.EncoderLevel
	literals bool
	page     int // bytes of a page
}

func levels() []level {
	return []level{
		{"fastest, literals as they are", zstd.SpeedFastest, false, 1 << 20},
		{"fastest, literals coded", zstd.SpeedFastest, true, 1 << 20},
		{"default", zstd.SpeedDefault, true, 1 << 20},
		{"better", zstd.SpeedBetterCompression, true, 1 << 20},
		{"fastest, pages of 256 KiB", zstd.SpeedFastest, true, 256 << 10},
		{"fastest, pages of 4 MiB", zstd.SpeedFastest, true, 4 << 20},
	}
}

// levelWeight is one large column in every level: bytes, and the time to compress
// and to decompress, for each value.
type levelWeight struct {
	path           string
	size           []float64
	write, inflate []time.Duration
}

// weighLevels compresses the PLAIN pages of the columns that make up a twentieth of
// the file or more.
func weighLevels(c *corpus, columns []columnWeight, fileBytes int) ([]levelWeight, error) {
	var out []levelWeight
	for _, l := range c.leaves() {
		i := slices.IndexFunc(columns, func(w columnWeight) bool { return w.path == l.path })
		if i < 0 || columns[i].written != encPlain || columns[i].size[encPlain] < fileBytes/20 {
			continue
		}
		w := levelWeight{path: l.path}
		for _, how := range levels() {
			if err := w.weigh(l.v, how); err != nil {
				return nil, err
			}
		}
		out = append(out, w)
	}
	return out, nil
}

func (w *levelWeight) weigh(v *columnar.Vector, how level) error {
	enc, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(how.level), zstd.WithAllLitEntropyCompression(how.literals),
		zstd.WithEncoderCRC(false), zstd.WithWindowSize(how.page), zstd.WithEncoderConcurrency(1))
	if err != nil {
		return err
	}
	defer func() { _ = enc.Close() }() // only of use for streams
	dec, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1))
	if err != nil {
		return err
	}
	defer dec.Close()
	var write, inflate time.Duration
	var packed, unpacked []byte
	size, values := 0, 0
	for page, n := range plainPages(v, how.page) {
		start := time.Now()
		packed = enc.EncodeAll(page, packed[:0])
		write += time.Since(start)
		start = time.Now()
		if unpacked, err = dec.DecodeAll(packed, unpacked[:0]); err != nil {
			return err
		}
		inflate += time.Since(start)
		size += len(packed)
		values += n
	}
	n := max(values, 1)
	w.size = append(w.size, float64(size)/float64(n))
	w.write = append(w.write, write/time.Duration(n))
	w.inflate = append(w.inflate, inflate/time.Duration(n))
	return nil
}

// plainPages are pages of a column, with the number of values in each: at most
// pageValues, or so many bytes.
func plainPages(v *columnar.Vector, limit int) func(func([]byte, int) bool) {
	return func(yield func([]byte, int) bool) {
		var page []byte
		n := 0
		for i := range v.Len {
			if v.IsNull(i) {
				continue
			}
			if v.Type.Kind.InBytes() {
				s := v.ByteAt(i)
				page = append(binary.LittleEndian.AppendUint32(page, uint32(len(s))), s...)
			} else {
				page = binary.LittleEndian.AppendUint64(page, uint64(v.Ints[i]))
			}
			if n++; n < pageValues && len(page) < limit {
				continue
			}
			if !yield(page, n) {
				return
			}
			page, n = page[:0], 0
		}
		if n > 0 {
			yield(page, n)
		}
	}
}
