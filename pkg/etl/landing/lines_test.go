package landing_test

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"github.com/auditlake/auditlake/pkg/etl/landing"
)

// read gives the lines of a file as "number:text", and its digest.
func read(t testing.TB, lr *landing.LineReader, r io.Reader) ([]string, landing.Digest) {
	t.Helper()
	var out []string
	d, err := lr.Read(r, func(l landing.Line) error {
		if full := sha256.Sum256(l.Data); [16]byte(full[:16]) != l.Hash {
			t.Errorf("line %d %q has another hash", l.Number, l.Data)
		}
		out = append(out, fmt.Sprintf("%d:%s", l.Number, l.Data))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out, d
}

func TestLinesOfAFile(t *testing.T) {
	long := strings.Repeat("x", 600<<10) // over the reader's buffer
	lr := landing.NewLineReader()
	for name, tc := range map[string]struct {
		body string
		want []string
	}{
		"empty":                             {"", nil},
		"a line end alone":                  {"\n", nil},
		"a carriage return alone":           {"\r", nil},
		"lines":                             {"a\nb\n", []string{"1:a", "2:b"}},
		"no final line end":                 {"a\nb", []string{"1:a", "2:b"}},
		"a final carriage return":           {"a\r\nb\r", []string{"1:a", "2:b"}},
		"Windows line ends":                 {"a\r\nb\r\n", []string{"1:a", "2:b"}},
		"a carriage return inside":          {"a\rb\r\r\n", []string{"1:a\rb\r"}},
		"blank lines are counted":           {"\n \t\na\n\r\n\nb\n\n", []string{"3:a", "6:b"}},
		"blanks around a line stay":         {" a \n", []string{"1: a "}},
		"a byte order mark":                 {"\ufeffa\nb\n", []string{"1:a", "2:b"}},
		"a byte order mark alone":           {"\ufeff", nil},
		"a byte order mark twice":           {"\ufeff\ufeffa", []string{"1:\ufeffa"}},
		"a byte order mark inside":          {"a\n\ufeffb", []string{"1:a", "2:\ufeffb"}},
		"two bytes of a byte order mark":    {"\xef\xbb", []string{"1:\xef\xbb"}},
		"NUL and bad UTF-8":                 {"a\x00\xff\n\x00", []string{"1:a\x00\xff", "2:\x00"}},
		"one byte of a gzip header":         {"\x1f", []string{"1:\x1f"}},
		"a line over the buffer":            {"a\n" + long + "\r\nb\n", []string{"1:a", "2:" + long, "3:b"}},
		"a line over the buffer, no end":    {long, []string{"1:" + long}},
		"a line as long as the buffer":      {long[:256<<10] + "\nb", []string{"1:" + long[:256<<10], "2:b"}},
		"a line end at the buffer's end":    {long[:256<<10-1] + "\nb", []string{"1:" + long[:256<<10-1], "2:b"}},
		"a return just before the boundary": {long[:256<<10-1] + "\r\nb", []string{"1:" + long[:256<<10-1], "2:b"}},
	} {
		t.Run(name, func(t *testing.T) {
			for how, r := range map[string]io.Reader{
				"at once":       strings.NewReader(tc.body),
				"in halves":     iotest.HalfReader(strings.NewReader(tc.body)),
				"with its end":  iotest.DataErrReader(strings.NewReader(tc.body)),
				"through gzip":  bytes.NewReader(zipped(t, tc.body)),
				"in gzip parts": io.MultiReader(bytes.NewReader(zipped(t, tc.body[:len(tc.body)/2])), bytes.NewReader(zipped(t, tc.body[len(tc.body)/2:]))),
			} {
				got, d := read(t, lr, r)
				if diff := cmp.Diff(tc.want, got); diff != "" {
					t.Errorf("%s: lines (-want +got):\n%.500s", how, diff)
				}
				if d.Lines != int64(len(tc.want)) || d.Damaged != "" {
					t.Errorf("%s: digest %+v", how, d)
				}
			}
		})
	}
}

func TestDigestIsOfTheBytesAsDelivered(t *testing.T) {
	body := "\ufeffa\r\n\r\nb"
	for name, delivered := range map[string][]byte{"plain": []byte(body), "gzip": zipped(t, body)} {
		_, d := read(t, landing.NewLineReader(), bytes.NewReader(delivered))
		if want := (landing.Digest{SHA256: sha256.Sum256(delivered), Size: int64(len(delivered)), Lines: 2}); d != want {
			t.Errorf("%s: digest %+v, want %+v", name, d, want)
		}
	}
}

func TestErrorsArePassedOn(t *testing.T) {
	broken := errors.New("the network broke")
	body := []byte("\ufeff{\"a\":1}\n{\"b\":2}\r\n\n{\"c\":3}")
	lr := landing.NewLineReader()
	for name, delivered := range map[string][]byte{"plain": body, "gzip": zipped(t, string(body))} {
		for n := range len(delivered) + 1 {
			for how, r := range map[string]io.Reader{
				"for good": io.MultiReader(bytes.NewReader(delivered[:n]), iotest.ErrReader(broken)),
				"once":     io.MultiReader(bytes.NewReader(delivered[:n]), &once{broken}, bytes.NewReader(delivered[n:])),
			} {
				if d, err := lr.Read(r, func(landing.Line) error { return nil }); !errors.Is(err, broken) {
					t.Errorf("%s, broken %s at %d: err = %v, digest %+v", name, how, n, err, d)
				}
			}
		}
		stop := errors.New("enough")
		for n := int64(1); n <= 3; n++ {
			calls := int64(0)
			_, err := lr.Read(bytes.NewReader(delivered), func(landing.Line) error {
				if calls++; calls == n {
					return stop
				}
				return nil
			})
			if !errors.Is(err, stop) || calls != n {
				t.Errorf("%s: err = %v after %d calls, want it at call %d", name, err, calls, n)
			}
		}
	}
}

// once fails one time.
type once struct{ err error }

func (o *once) Read([]byte) (int, error) {
	if err := o.err; err != nil {
		o.err = nil
		return 0, err
	}
	return 0, io.EOF
}

// letters is n times the letter x, without keeping them.
type letters int64

func (l *letters) Read(p []byte) (int, error) {
	if *l == 0 {
		return 0, io.EOF
	}
	n := int(min(int64(*l), int64(len(p))))
	for i := range n {
		p[i] = 'x'
	}
	*l -= letters(n)
	return n, nil
}

func hashOfLetters(t *testing.T, n int64) (out [16]byte) {
	t.Helper()
	h := sha256.New()
	l := letters(n)
	if _, err := io.Copy(h, &l); err != nil {
		t.Fatal(err)
	}
	return [16]byte(h.Sum(nil)[:16])
}

func TestLinesOverTheLimit(t *testing.T) {
	lr := landing.NewLineReader()
	for _, length := range []int64{landing.MaxLine, landing.MaxLine + 1, landing.MaxLine + 20<<20} {
		l := letters(length)
		var got []landing.Line
		d, err := lr.Read(io.MultiReader(strings.NewReader("first\n"), &l, strings.NewReader("\r\nlast")), func(l landing.Line) error {
			l.Data = bytes.Clone(l.Data[:min(len(l.Data), 8)])
			got = append(got, l)
			return nil
		})
		if err != nil || len(got) != 3 || d.Lines != 3 || d.Size != length+12 {
			t.Fatalf("%d letters: %d lines, digest %+v, %v", length, len(got), d, err)
		}
		if string(got[0].Data) != "first" || string(got[1].Data) != "xxxxxxxx" || string(got[2].Data) != "last" || got[2].Number != 3 {
			t.Errorf("%d letters: lines %+v", length, got)
		}
	}
}

func TestOfALineOverTheLimitTheHeadIsKeptAndTheHashOfAll(t *testing.T) {
	lr := landing.NewLineReader()
	for _, tc := range []struct{ length, kept int64 }{
		{landing.MaxLine, landing.MaxLine},
		{landing.MaxLine + 1, landing.HeadBytes},
		{2*landing.MaxLine + 1, landing.HeadBytes},
	} {
		want := hashOfLetters(t, tc.length)
		l := letters(tc.length)
		if _, err := lr.Read(&l, func(l landing.Line) error {
			if int64(len(l.Data)) != tc.kept || l.Hash != want {
				t.Errorf("%d letters: %d kept, hash right: %t", tc.length, len(l.Data), l.Hash == want)
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	}
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	if m.HeapAlloc > 32<<20 {
		t.Errorf("the reader holds on to %d MiB", m.HeapAlloc>>20)
	}
	runtime.KeepAlive(lr)
}
