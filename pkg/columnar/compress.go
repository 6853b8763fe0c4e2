package columnar

import (
	"bytes"
	"fmt"
	"io"
	"sync"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/snappy"
	"github.com/klauspost/compress/zstd"
	"github.com/parquet-go/parquet-go/format"
)

// Compression is a codec and its level.
type Compression uint8

// The compressions a Writer offers.
const (
	ZstdFastest Compression = iota // the default
	ZstdDefault
	ZstdBetter
	Snappy
	Uncompressed
)

// Pages over this are refused: no writer makes them, but a broken length can.
const maxPageBytes = 512 << 20

// Encoders are stateless between calls and safe for concurrent use; they are
// shared because each keeps tables of a few hundred KiB a core. The window need
// not be larger than a page.
var zstdEncoders = [...]func() (*zstd.Encoder, error){
	ZstdFastest: zstdEncoder(zstd.SpeedFastest),
	ZstdDefault: zstdEncoder(zstd.SpeedDefault),
	ZstdBetter:  zstdEncoder(zstd.SpeedBetterCompression),
}

// zstdTextEncoder is that of the fastest level for pages of plain strings. Ids are
// hexadecimal digits, in which no match is found, and what was not matched this
// level would leave as it is. To code it makes request ids a sixth smaller for the
// same time to write (bench/layout); pages of dictionary codes are read by every
// panel, where it would save little and cost an eighth of the time.
var zstdTextEncoder = zstdEncoder(zstd.SpeedFastest, zstd.WithAllLitEntropyCompression(true))

func zstdEncoder(level zstd.EncoderLevel, more ...zstd.EOption) func() (*zstd.Encoder, error) {
	return sync.OnceValues(func() (*zstd.Encoder, error) {
		options := []zstd.EOption{
			zstd.WithEncoderLevel(level), zstd.WithEncoderCRC(false), zstd.WithWindowSize(1 << 20), zstd.WithLowerEncoderMem(true),
		}
		return zstd.NewWriter(nil, append(options, more...)...)
	})
}

var zstdDecoder = sync.OnceValues(func() (*zstd.Decoder, error) {
	return zstd.NewReader(nil, zstd.WithDecoderConcurrency(0), zstd.WithDecoderMaxMemory(maxPageBytes), zstd.WithDecoderLowmem(true), zstd.WithDecodeAllCapLimit(true))
})

// compressor is one compression made ready.
type compressor struct {
	codec   format.CompressionCodec
	zstd    *zstd.Encoder
	records bool // strings of one size go to appendRecords
}

// forText is the compressor for pages of plain strings.
func (c Compression) forText() (compressor, error) {
	if c != ZstdFastest {
		return newCompressor(c)
	}
	enc, err := zstdTextEncoder()
	return compressor{codec: format.Zstd, zstd: enc, records: true}, err
}

func newCompressor(c Compression) (compressor, error) {
	switch c {
	case ZstdFastest, ZstdDefault, ZstdBetter:
		enc, err := zstdEncoders[c]()
		return compressor{codec: format.Zstd, zstd: enc}, err
	case Snappy:
		return compressor{codec: format.Snappy}, nil
	case Uncompressed:
		return compressor{codec: format.Uncompressed}, nil
	}
	return compressor{}, fmt.Errorf("compression %d is not known", c)
}

// append adds src, compressed, to dst.
func (c compressor) append(dst, src []byte) []byte {
	switch c.codec {
	case format.Zstd:
		return c.zstd.EncodeAll(src, dst)
	case format.Snappy:
		return append(dst, snappy.Encode(nil, src)...)
	}
	return append(dst, src...)
}

// appendStrings is append for a page of plain strings, which begin at levels and are of
// the given size; 0: of many.
func (c compressor) appendStrings(dst, src []byte, levels, size int) []byte {
	if c.records {
		if out, ok := appendRecords(dst, src, levels, size); ok {
			return out
		}
	}
	return c.append(dst, src)
}

// decompress gives the size bytes that src stands for. dst is scratch memory;
// the answer is in it, or in new memory, or is src itself.
func decompress(codec format.CompressionCodec, dst, src []byte, size int) ([]byte, error) {
	if size < 0 || size > maxPageBytes {
		return nil, corruptf("page of %d bytes", size)
	}
	if size == 0 {
		return dst[:0], nil
	}
	var out []byte
	var err error
	switch codec {
	case format.Uncompressed:
		out = src
	case format.Zstd:
		var dec *zstd.Decoder
		if dec, err = zstdDecoder(); err != nil {
			return nil, err
		}
		var h zstd.Header
		if err := h.Decode(src); err != nil {
			return nil, corruptf("zstd page: %w", err)
		}
		if h.HasFCS && h.FrameContentSize > uint64(size) {
			return nil, corruptf("zstd frame of %d bytes in a page of %d", h.FrameContentSize, size)
		}
		if cap(dst) < size {
			dst = make([]byte, 0, size)
		}
		out, err = dec.DecodeAll(src, dst[:0:size]) // no more than that, whatever the frame says
	case format.Snappy:
		var n int
		if n, err = snappy.DecodedLen(src); err == nil {
			if n != size {
				return nil, corruptf("snappy block of %d bytes in a page of %d", n, size)
			}
			if cap(dst) < size {
				dst = make([]byte, size)
			}
			out, err = snappy.Decode(dst[:cap(dst)], src)
		}
	case format.Gzip:
		var r *gzip.Reader
		if r, err = gzip.NewReader(bytes.NewReader(src)); err == nil {
			out, err = io.ReadAll(io.LimitReader(r, int64(size)+1))
		}
	default:
		return nil, fmt.Errorf("compression %s is not supported", codec)
	}
	if err != nil {
		return nil, corruptf("%s page: %w", codec, err)
	}
	if len(out) != size {
		return nil, corruptf("%s page of %d bytes, header says %d", codec, len(out), size)
	}
	return out, nil
}
