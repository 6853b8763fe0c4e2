package etl

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/delta"
	"github.com/auditlake/auditlake/pkg/etl/landing"
	"github.com/auditlake/auditlake/pkg/lake"
	"github.com/auditlake/auditlake/pkg/store"
)

// landed is what one batch brought into bronze.
type landed struct {
	files, bytes, rows int64
	superseded         int64   // lines that newest versions lack
	skipped            int     // files that changed or went away while they were read
	denied             []error // files that may not be read, or never could be
	damaged            []string
	quality            Quality
}

// pending is a changed file of the batch and, unless it is large, its content.
type pending struct {
	landing.Change
	body []byte
	held bool

	id    int64
	known map[[16]byte]int32 // bronze's lines of the file; nil where not needed
	after int64              // lines up to here are known to be in bronze
}

func byDate(files []*pending) [][]*pending {
	var out [][]*pending
	for i, f := range files {
		if i == 0 || f.Date != files[i-1].Date {
			out = append(out, nil)
		}
		out[len(out)-1] = append(out[len(out)-1], f)
	}
	return out
}

// gone says that the version which was planned is not there any more. The next
// plan sees what is there instead.
func gone(err error) bool {
	return errors.Is(err, store.ErrChanged) || errors.Is(err, store.ErrNotFound)
}

// fetch reads the files that are not large, pinned to the version that was
// listed. Files that changed or went away since are left to the next plan; one
// that may not be read does not keep the others waiting.
func (s *staging) fetch(ctx context.Context, batch []landing.Change, out *landed) ([]*pending, error) {
	all := make([]*pending, len(batch))
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(s.run.limits.reads)
	var mu sync.Mutex
	for i, c := range batch {
		if c.Size > s.run.limits.largeBytes {
			all[i] = &pending{Change: c}
			continue
		}
		g.Go(func() error {
			body, err := readPinned(gctx, s.sources[c.Source], c.File)
			if err == nil {
				all[i] = &pending{Change: c, body: body, held: true}
				return nil
			}
			mu.Lock()
			defer mu.Unlock()
			return out.skip(sourceError{err})
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	return slices.DeleteFunc(all, func(p *pending) bool { return p == nil }), nil
}

// sourceError is a failure to read a delivered file. The same failure of the
// lake must not pass for it.
type sourceError struct{ error }

func (e sourceError) Unwrap() error { return e.error }

// skip decides whether a batch goes on without a file that could not be read.
func (l *landed) skip(err error) error {
	const maxDenied = 100 // then it is not this file or that
	if of := (sourceError{}); !errors.As(err, &of) {
		return err
	}
	switch {
	case gone(err):
		l.skipped++
		return nil
	case (errors.Is(err, store.ErrDenied) || errors.Is(err, store.ErrInvalidKey)) && len(l.denied) < maxDenied:
		l.denied = append(l.denied, fmt.Errorf("read delivered file: %w", err))
		return nil
	}
	return fmt.Errorf("read delivered file: %w", err)
}

func readPinned(ctx context.Context, s store.Store, f landing.File) (_ []byte, err error) {
	rc, _, err := s.Get(ctx, f.Key, f.ETag, 0, -1)
	if err != nil {
		return nil, err
	}
	defer func() {
		if cerr := rc.Close(); err == nil {
			err = cerr
		}
	}()
	buf := bytes.NewBuffer(make([]byte, 0, f.Size+bytes.MinRead))
	_, err = buf.ReadFrom(rc)
	return buf.Bytes(), err
}

func (s *staging) open(ctx context.Context, f *pending) (io.ReadCloser, error) {
	rc := io.NopCloser(bytes.NewReader(f.body))
	if !f.held {
		var err error
		if rc, _, err = s.sources[f.Source].Get(ctx, f.Key, f.ETag, 0, -1); err != nil {
			return nil, sourceError{err}
		}
	}
	return &watched{rc, ctx, s.progress.reading}, nil
}

// compare finds out, for the overwritten files of one date, what of them bronze
// has: the old version's lines where the old content is a prefix of the new one,
// else every line by its hash, read from bronze for all such files at once.
func (s *staging) compare(ctx context.Context, group []*pending) error {
	rewritten := map[int64]*pending{}
	for _, f := range group {
		if f.Old == nil {
			continue
		}
		lines, same, err := s.prefixLines(ctx, f)
		if err != nil {
			return fmt.Errorf("read %s: %w", f.Key, err)
		}
		if same {
			f.after = lines
			continue
		}
		f.known = map[[16]byte]int32{}
		rewritten[f.id] = f
	}
	if len(rewritten) == 0 {
		return nil
	}
	if err := s.run.bronzeLines(ctx, s.base, group[0].Date, rewritten); err != nil {
		return err
	}
	for _, f := range rewritten {
		found := int64(0)
		for _, n := range f.known {
			found += int64(n)
		}
		if found != f.Old.Rows() {
			return fmt.Errorf("bronze has %d lines of %s where its landing state counts %d: run auditlake verify", found, f.Key, f.Old.Rows())
		}
	}
	return nil
}

// prefixLines reports whether the file begins with its old version, and how many
// lines that had. Only whole lines count: a last line without its end may have
// been continued.
func (s *staging) prefixLines(ctx context.Context, f *pending) (lines int64, same bool, err error) {
	if f.Size < f.Old.Size || f.Old.Size == 0 || f.Old.Damaged != "" || f.Old.Superseded > 0 {
		return 0, false, nil
	}
	rc, err := s.open(ctx, f)
	if err != nil {
		return 0, false, err
	}
	defer func() {
		if cerr := rc.Close(); err == nil && cerr != nil {
			err = sourceError{cerr}
		}
	}()
	h := sha256.New()
	buf := make([]byte, 256<<10)
	var first, last byte
	for left := f.Old.Size; left > 0; {
		n, err := io.ReadFull(rc, buf[:min(left, int64(len(buf)))])
		if err != nil {
			return 0, false, sourceError{err}
		}
		if left == f.Old.Size {
			first = buf[0]
		}
		h.Write(buf[:n])
		lines += int64(bytes.Count(buf[:n], []byte{'\n'}))
		last = buf[n-1]
		left -= int64(n)
	}
	const gzipMagic = 0x1f
	same = first != gzipMagic && last == '\n' && hex.EncodeToString(h.Sum(nil)) == f.Old.SHA256
	return lines, same, nil
}

// bronzeLines counts the lines that bronze has of each file, by hash.
func (r *Runner) bronzeLines(ctx context.Context, base *delta.Snapshot, day string, files map[int64]*pending) error {
	ids := slices.Sorted(maps.Keys(files))
	want := columnar.Schema{{Name: "fileId", Type: long}, {Name: "lineHash", Type: text}}
	dayValue, err := parseDay(day)
	if err != nil {
		return err
	}
	keep := func(b columnar.Bounds) bool {
		return mayHold(b, "date", dayValue, dayValue) && mayHold(b, "fileId", ids[0], ids[len(ids)-1])
	}
	for b, err := range r.lake.Table(lake.Bronze).ScanFiles(ctx, base, base.Files(), want, keep, nil) {
		if err != nil {
			return err
		}
		for i := range b.Len {
			f, ok := files[b.Columns[0].Ints[i]]
			if !ok {
				continue
			}
			var hash [16]byte
			if _, err := hex.Decode(hash[:], b.Columns[1].ByteAt(i)); err != nil {
				return fmt.Errorf("bronze has a bad lineHash for file %d: %w", f.id, err)
			}
			f.known[hash]++
		}
	}
	return nil
}

func parseDay(day string) (int64, error) {
	t, err := time.Parse(time.DateOnly, day)
	return t.Unix() / (24 * 60 * 60), err
}

// mayHold reports whether the column can have a value from lo to hi.
func mayHold(b columnar.Bounds, column string, lo, hi int64) bool {
	bound, ok := b.Bound(column)
	if !ok {
		return true
	}
	if bound.Min.Kind != columnar.Invalid && bound.Min.Int > hi {
		return false
	}
	return bound.Max.Kind == columnar.Invalid || bound.Max.Int >= lo
}

// landFile writes the lines of the file that bronze lacks.
func (s *staging) landFile(ctx context.Context, f *pending) (landing.Entry, error) {
	e := landing.Entry{
		FileID: f.id, Key: f.Key, ETag: f.ETag, Size: f.Size, Modified: f.Modified.UTC(), Versions: 1,
	}
	if f.Old != nil {
		e.Versions, e.Sum, e.Cut = f.Old.Versions+1, f.Old.Sum, f.Old.Cut
	}
	rc, err := s.open(ctx, f)
	if err != nil {
		return e, err
	}
	day, err := parseDay(f.Date)
	if err != nil {
		return e, err
	}
	var failed error // of the lake
	digest, err := s.run.lines.Read(rc, func(l landing.Line) error {
		if l.Number <= f.after {
			return nil
		}
		if n := f.known[l.Hash]; n > 0 {
			f.known[l.Hash] = n - 1
			return nil
		}
		e.Sum.Add(l.Hash)
		if l.Cut {
			e.Cut++
		}
		failed = s.rows.add(ctx, f, day, l)
		return failed
	})
	if cerr := rc.Close(); err == nil {
		err = cerr
	}
	if failed != nil {
		return e, failed
	}
	if err != nil {
		return e, sourceError{err}
	}
	e.Lines = digest.Lines
	e.SHA256 = hex.EncodeToString(digest.SHA256[:])
	e.Size = digest.Size
	e.Damaged = digest.Damaged
	for _, n := range f.known {
		e.Superseded += int64(n)
	}
	if f.known == nil && f.Old != nil {
		e.Superseded = f.Old.Superseded
	}
	return e, nil
}
