package landing_test

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/auditlake/auditlake/pkg/etl/landing"
)

func zipped(t testing.TB, body string) []byte {
	t.Helper()
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	if _, err := w.Write([]byte(body)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestGzipCutAtEveryOffset(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	var lines []string
	for i := range 40 {
		lines = append(lines, fmt.Sprintf(`{"n":%d,"x":"%x"}`, i, rng.Uint64()))
	}
	body := zipped(t, strings.Join(lines[:20], "\n")+"\n")
	body = append(body, zipped(t, strings.Join(lines[20:], "\n"))...)
	lr := landing.NewLineReader()
	for n := 2; n < len(body); n++ {
		got, d := read(t, lr, bytes.NewReader(body[:n]))
		if d.SHA256 != sha256.Sum256(body[:n]) || d.Size != int64(n) || d.Lines != int64(len(got)) {
			t.Fatalf("cut at %d: digest %+v", n, d)
		}
		if n == len(zipped(t, strings.Join(lines[:20], "\n")+"\n")) {
			if d.Damaged != "" || len(got) != 20 {
				t.Errorf("cut between two members: %d lines, %q", len(got), d.Damaged)
			}
			continue
		}
		if !strings.HasPrefix(d.Damaged, "gzip: ") {
			t.Fatalf("cut at %d: damage %q", n, d.Damaged)
		}
		// Whole lines, perhaps the start of the next, the mark.
		mark := len(got) - 1
		if got[mark] != fmt.Sprintf("%d:", len(got)) {
			t.Fatalf("cut at %d: the last line is %q", n, got[mark])
		}
		for i, line := range got[:mark] {
			if whole := fmt.Sprintf("%d:%s", i+1, lines[i]); line != whole && (i != mark-1 || !strings.HasPrefix(whole, line)) {
				t.Fatalf("cut at %d: line %d is %q", n, i+1, line)
			}
		}
		if again, _ := read(t, lr, bytes.NewReader(body[:n])); !slices.Equal(got, again) {
			t.Fatalf("cut at %d: other lines when read again", n)
		}
	}
}

func TestDamagedGzip(t *testing.T) {
	good := zipped(t, "a\nb\n")
	flipped := bytes.Clone(good)
	flipped[len(flipped)-5] ^= 1 // of the checksum
	for name, tc := range map[string]struct {
		body []byte
		want []string
	}{
		"a header alone":      {good[:2], []string{"1:"}},
		"not gzip after all":  {[]byte("\x1f\x8bthis is text\n"), []string{"1:"}},
		"garbage behind":      {append(bytes.Clone(good), "garbage, and more than ten bytes"...), []string{"1:a", "2:b", "3:"}},
		"a line behind":       {append(bytes.Clone(good), "{}\n"...), []string{"1:a", "2:b", "3:"}},
		"another checksum":    {flipped, []string{"1:a", "2:b", "3:"}},
		"the second cut":      {append(bytes.Clone(good), good[:len(good)-9]...), nil},
		"an empty member too": {append(zipped(t, ""), good...), []string{"1:a", "2:b"}},
	} {
		t.Run(name, func(t *testing.T) {
			got, d := read(t, landing.NewLineReader(), bytes.NewReader(tc.body))
			if tc.want != nil {
				if diff := cmp.Diff(tc.want, got); diff != "" {
					t.Errorf("lines (-want +got):\n%s", diff)
				}
			}
			if marked := strings.HasSuffix(got[len(got)-1], ":"); marked != (d.Damaged != "") {
				t.Errorf("damage %q, lines %q", d.Damaged, got)
			}
			if d.Size != int64(len(tc.body)) || d.SHA256 != sha256.Sum256(tc.body) {
				t.Errorf("digest %+v", d)
			}
		})
	}
}

func FuzzLines(f *testing.F) {
	for _, seed := range []string{"", "\n", "a\r\nb", "\ufeffa\n\n \n\x00", "\v", "\x1f\x8b", "\xef\xbb"} {
		f.Add([]byte(seed))
		f.Add(zipped(f, seed))
	}
	lr := landing.NewLineReader()
	f.Fuzz(func(t *testing.T, body []byte) {
		got, d := read(t, lr, bytes.NewReader(body))
		if d.Size != int64(len(body)) || d.SHA256 != sha256.Sum256(body) || d.Lines != int64(len(got)) {
			t.Fatalf("digest %+v of %d bytes", d, len(body))
		}
		if again, e := read(t, landing.NewLineReader(), bytes.NewReader(body)); e != d || !slices.Equal(got, again) {
			t.Fatalf("a new reader reads %q, %+v; the used one %q, %+v", again, e, got, d)
		}
		empty := slices.IndexFunc(got, func(l string) bool { return strings.HasSuffix(l, ":") && strings.Count(l, ":") == 1 })
		if marked := empty >= 0; marked != (d.Damaged != "") || marked && empty != len(got)-1 {
			t.Fatalf("damage %q, lines %q", d.Damaged, got)
		}
		if !bytes.HasPrefix(body, []byte("\x1f\x8b")) {
			if diff := cmp.Diff(plainLines(string(body)), got); diff != "" {
				t.Fatalf("lines (-want +got):\n%s", diff)
			}
		}
	})
}

// plainLines is LineReader.Read in short and slow.
func plainLines(body string) []string {
	var out []string
	for i, line := range strings.Split(strings.TrimPrefix(body, "\ufeff"), "\n") {
		if line = strings.TrimSuffix(line, "\r"); strings.Trim(line, " \t\r") != "" {
			out = append(out, fmt.Sprintf("%d:%s", i+1, line))
		}
	}
	return out
}
