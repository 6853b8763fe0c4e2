package landing

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"

	"github.com/klauspost/compress/gzip"
)

// MaxLine is the longest line that is read whole. Of a longer one bronze keeps
// the first HeadBytes, and the hash of it all.
const (
	MaxLine   = 64 << 20
	HeadBytes = 1 << 20
)

// Line is one delivered line without its line end. Data is valid until the next.
type Line struct {
	Data   []byte
	Hash   [16]byte // first half of SHA-256 of the whole line
	Number int64    // from 1, blank lines counted
	Cut    bool     // Data is only the head of a line over MaxLine
}

// Digest is what reading a file to its end told.
type Digest struct {
	SHA256  [32]byte // of the bytes as delivered
	Size    int64    // of the bytes as delivered
	Lines   int64
	Damaged string // why the content ends early; "" if it does not
}

// LineReader reads delivered files one after another. It keeps its buffers from
// file to file and is not safe for concurrent use.
type LineReader struct {
	delivered, content *bufio.Reader
	line               []byte
}

// NewLineReader has no file yet.
func NewLineReader() *LineReader {
	const buffer = 256 << 10
	return &LineReader{delivered: bufio.NewReaderSize(nil, buffer), content: bufio.NewReaderSize(nil, buffer)}
}

// Read calls fn for every line of r that is not blank. Gzip is recognised by its
// first bytes, a byte order mark is skipped, a carriage return before the line
// end belongs to the line end. The last line needs no line end.
//
// Content that ends early, such as a gzip stream cut short, is no error: the
// lines up to there are given to fn, the broken last one among them, then an
// empty line as a mark of the damage, and Digest.Damaged says why. No other line
// is empty. Errors are those of r and of fn.
func (lr *LineReader) Read(r io.Reader, fn func(Line) error) (Digest, error) {
	delivered := &countingHash{r: r, h: sha256.New()}
	buffered := lr.delivered
	buffered.Reset(delivered)
	defer func() { // the file is not held until the next one
		lr.delivered.Reset(nil)
		lr.content.Reset(nil)
	}()
	content, err := decompressed(buffered)
	var damaged error
	if err != nil {
		if delivered.err != nil {
			return Digest{}, delivered.err
		}
		damaged, content = err, bytes.NewReader(nil)
	}
	lines := buffered
	if content != io.Reader(buffered) {
		lines = lr.content
		lines.Reset(content)
	}
	s := splitter{r: lines, fn: fn, line: lr.line[:0]}
	err = s.run()
	if cap(s.line) <= HeadBytes {
		lr.line = s.line
	}
	if err != nil {
		switch {
		case s.fnFailed:
			return Digest{}, err
		case delivered.err != nil:
			return Digest{}, delivered.err
		}
		damaged = err
	}
	if damaged != nil {
		if err := s.mark(); err != nil {
			return Digest{}, err
		}
	}
	// What gzip did not ask for is part of the file all the same.
	if _, err := io.Copy(io.Discard, buffered); err != nil {
		return Digest{}, err
	}
	// A Peek may have met the error and another read gone on behind it.
	if delivered.err != nil {
		return Digest{}, delivered.err
	}
	d := Digest{Size: delivered.n, Lines: s.lines}
	delivered.h.Sum(d.SHA256[:0])
	if damaged != nil {
		d.Damaged = fmt.Sprintf("gzip: %v", damaged)
	}
	return d, nil
}

func decompressed(r *bufio.Reader) (io.Reader, error) {
	magic, err := r.Peek(2)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if len(magic) < 2 || magic[0] != 0x1f || magic[1] != 0x8b {
		return r, nil
	}
	return gzip.NewReader(r)
}

// countingHash hashes what passes and remembers an error of the reader below, so
// that it is told apart from damaged content.
type countingHash struct {
	r   io.Reader
	h   hash.Hash
	n   int64
	err error
}

func (c *countingHash) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	c.h.Write(p[:n])
	if err != nil && err != io.EOF {
		c.err = err
	}
	return n, err
}

// splitter cuts content into lines, of which it holds at most MaxLine bytes.
type splitter struct {
	r        *bufio.Reader
	fn       func(Line) error
	fnFailed bool

	line   []byte    // the line so far, its head only once rest is in use
	rest   hash.Hash // hashes a line longer than MaxLine
	number int64
	lines  int64
}

var byteOrderMark = []byte("\xef\xbb\xbf")

func (s *splitter) run() error {
	if bom, err := s.r.Peek(len(byteOrderMark)); err == nil && bytes.Equal(bom, byteOrderMark) {
		if _, err := s.r.Discard(len(bom)); err != nil {
			return err
		}
	}
	for {
		piece, err := s.r.ReadSlice('\n')
		ended := err == nil
		if ended {
			piece = piece[:len(piece)-1]
		}
		// A line inside one buffer is not copied.
		if ended && len(s.line) == 0 && s.rest == nil {
			if err := s.give(trimReturn(piece), nil); err != nil {
				return err
			}
			continue
		}
		s.grow(piece)
		switch {
		case ended:
			if err := s.emit(); err != nil {
				return err
			}
		case errors.Is(err, bufio.ErrBufferFull):
		case err == io.EOF:
			if len(s.line) == 0 {
				return nil
			}
			return s.emit()
		default:
			return err
		}
	}
}

func trimReturn(line []byte) []byte {
	if n := len(line); n > 0 && line[n-1] == '\r' {
		return line[:n-1]
	}
	return line
}

func (s *splitter) grow(piece []byte) {
	if s.rest == nil && len(s.line)+len(piece) > MaxLine {
		s.rest = sha256.New()
		s.rest.Write(s.line)
		s.line = s.line[:min(len(s.line), HeadBytes)]
	}
	if s.rest != nil {
		s.rest.Write(piece)
		return
	}
	s.line = append(s.line, piece...)
}

// mark gives what was collected before the content broke off, and the empty line
// under a number of its own.
func (s *splitter) mark() error {
	if len(s.line) > 0 {
		if err := s.emit(); err != nil {
			return err
		}
	}
	s.number++
	return s.call(Line{Hash: shortHash(nil), Number: s.number})
}

// emit gives the line collected so far.
func (s *splitter) emit() error {
	line, rest := s.line, s.rest
	s.line, s.rest = s.line[:0], nil
	if rest == nil {
		line = trimReturn(line)
	}
	return s.give(line, rest)
}

func (s *splitter) give(line []byte, rest hash.Hash) error {
	s.number++
	if rest == nil && len(bytes.Trim(line, " \t\r")) == 0 { // what JSON takes for white space
		return nil
	}
	l := Line{Data: line, Number: s.number}
	if rest != nil {
		l.Cut = true
		l.Hash = [16]byte(rest.Sum(nil)[:16])
	} else {
		l.Hash = shortHash(line)
	}
	return s.call(l)
}

func (s *splitter) call(l Line) error {
	s.lines++
	if err := s.fn(l); err != nil {
		s.fnFailed = true
		return err
	}
	return nil
}

func shortHash(b []byte) [16]byte {
	sum := sha256.Sum256(b)
	return [16]byte(sum[:16])
}
