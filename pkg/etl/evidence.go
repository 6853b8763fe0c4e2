package etl

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"maps"
	"math"
	"slices"
	"time"

	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/delta"
	"github.com/auditlake/auditlake/pkg/etl/landing"
	"github.com/auditlake/auditlake/pkg/lake"
)

// Evidence is a document that says what bronze holds of every delivered file. Kept where
// nobody can change it, it proves later that nothing in the lake was, whoever could write
// to source and lake since; see docs/format.md. It is JSON, a line each:
//
//	the head        Evidence
//	a file          EvidenceFile, by date, source and key
//	…
//	the seal        evidenceSeal: SHA-256 of all bytes before it
//
// What it says of a file depends on rows alone, not on where they lie, so OPTIMIZE, VACUUM
// and rewritten checkpoints change nothing. Rows carry their batch and are never changed:
// what a lake held at the batch of a document can be told at any later time.
type Evidence struct {
	Format  string    `json:"auditlake"` // evidenceFormat
	At      time.Time `json:"at"`
	Engine  string    `json:"engine"`
	Batch   int64     `json:"batch"`             // the last whose rows are in it
	Horizon string    `json:"horizon,omitempty"` // dates before it retention has removed
	Sources []string  `json:"sources"`
	// Previous is the root of the document before, which this one was compared with; with
	// it documents are a chain.
	Previous string `json:"previous,omitempty"`

	Files []EvidenceFile `json:"-"`
	Root  string         `json:"-"`
}

const evidenceFormat = "evidence/1"

// EvidenceFile is one delivered file.
type EvidenceFile struct {
	Date   string `json:"date"`
	Source int    `json:"source"` // index into Evidence.Sources
	Key    string `json:"key"`

	// Of the newest version that was read, as it was delivered.
	ETag     string `json:"etag"`
	Size     int64  `json:"size"`
	SHA256   string `json:"sha256"`
	Versions int64  `json:"versions"`
	// Superseded counts the rows whose line the newest version lacks.
	Superseded int64 `json:"superseded,omitempty"`

	// Rows is how many bronze has, of all versions, and Content the SHA-256 of their lines'
	// SHA-256 in hexadecimal digits, sorted, each with a line feed. Of a line over 64 MiB
	// it is that of its head.
	Rows    int64  `json:"rows"`
	Content string `json:"content"`
}

type evidenceSeal struct {
	Files int64  `json:"files"`
	Rows  int64  `json:"rows"`
	Root  string `json:"root"`
}

// ErrEvidence: a document is not one of evidence, or not as it was written.
var ErrEvidence = errors.New("not a whole document of evidence")

// WriteEvidence writes the document of the lake as it is now. previous is the root of an
// earlier one, or "". It takes 32 bytes of memory for each line of one delivery date.
func WriteEvidence(ctx context.Context, l *lake.Lake, at time.Time, engine, previous string, to io.Writer) (*Evidence, error) {
	view, err := takeEvidence(ctx, l)
	if err != nil {
		return nil, err
	}
	out := &Evidence{
		Format: evidenceFormat, At: at.UTC(), Engine: engine, Batch: view.state.Batch, Horizon: horizonOf(view.bronze), Sources: view.state.Sources, Previous: previous,
	}
	sum := sha256.New()
	enc := json.NewEncoder(io.MultiWriter(to, sum))
	enc.SetEscapeHTML(false)
	if err := enc.Encode(out); err != nil {
		return nil, err
	}
	seal := evidenceSeal{}
	for f, err := range view.files(ctx, math.MaxInt64) {
		if err != nil {
			return nil, err
		}
		if f.unknown() {
			return nil, fmt.Errorf("bronze has %d rows of date %s that are of no delivered file: verify the lake", f.Rows, f.Date)
		}
		if err := enc.Encode(f); err != nil {
			return nil, err
		}
		out.Files = append(out.Files, f.EvidenceFile)
		seal.Files++
		seal.Rows += f.Rows
	}
	out.Root = hex.EncodeToString(sum.Sum(nil))
	seal.Root = out.Root
	return out, enc.Encode(seal)
}

// ReadEvidence reads a document. The error is ErrEvidence if a byte of it is not as it was
// written; that nobody has written another in its place is for where it is kept to know.
func ReadEvidence(r io.Reader) (*Evidence, error) {
	in := bufio.NewReader(r)
	sum := sha256.New()
	var out Evidence
	rows := int64(0)
	for n := 1; ; n++ {
		line, err := in.ReadBytes('\n')
		if err != nil {
			return nil, fmt.Errorf("%w: it ends in line %d, before its seal", ErrEvidence, n)
		}
		if bytes.HasPrefix(line, []byte(`{"files":`)) {
			var seal evidenceSeal
			out.Root = hex.EncodeToString(sum.Sum(nil))
			if err := json.Unmarshal(line, &seal); err != nil || seal.Root != out.Root || seal.Files != int64(len(out.Files)) || seal.Rows != rows {
				return nil, fmt.Errorf("%w: its seal does not fit, so it was changed", ErrEvidence)
			}
			if _, err := in.ReadByte(); !errors.Is(err, io.EOF) {
				return nil, fmt.Errorf("%w: something follows its seal", ErrEvidence)
			}
			return &out, nil
		}
		sum.Write(line)
		if n == 1 {
			if err := json.Unmarshal(line, &out); err != nil || out.Format != evidenceFormat {
				return nil, fmt.Errorf("%w: the first line is not that of %s", ErrEvidence, evidenceFormat)
			}
			continue
		}
		var f EvidenceFile
		if err := json.Unmarshal(line, &f); err != nil {
			return nil, fmt.Errorf("%w: line %d: %w", ErrEvidence, n, err)
		}
		out.Files = append(out.Files, f)
		rows += f.Rows
	}
}

// evidenceView is bronze and the landing state of one commit.
type evidenceView struct {
	table  *lake.Table
	bronze *delta.Snapshot
	state  *landing.State
}

func takeEvidence(ctx context.Context, l *lake.Lake) (*evidenceView, error) {
	table := l.Table(lake.Bronze)
	bronze, err := table.Snapshot(ctx)
	if err != nil {
		return nil, err
	}
	path, err := landingPath(bronze)
	if err != nil {
		return nil, err
	}
	state, err := landing.Load(ctx, l.Store(), path, nil)
	return &evidenceView{table, bronze, state}, err
}

// heldFile is a file with what bronze holds of it.
type heldFile struct {
	EvidenceFile
	id int64
}

// unknown: the rows are of a file that the landing state does not know.
func (f heldFile) unknown() bool { return f.Key == "" }

// files are the delivered files with their rows of the batches up to one, by date, source
// and key, and then the rows of files that the landing state does not know.
func (v *evidenceView) files(ctx context.Context, batch int64) iter.Seq2[heldFile, error] {
	return func(yield func(heldFile, error) bool) {
		byDate := map[string][]*delta.Add{}
		for a := range v.bronze.Files() {
			date := ""
			if p := a.PartitionValues["date"]; p != nil {
				date = *p
			}
			byDate[date] = append(byDate[date], a)
		}
		for date := range v.state.Dates {
			byDate[date] = append(byDate[date], nil...)
		}
		for _, date := range slices.Sorted(maps.Keys(byDate)) {
			files, err := v.ofDate(ctx, date, byDate[date], batch)
			if err != nil {
				yield(heldFile{}, err)
				return
			}
			for _, f := range files {
				if !yield(f, nil) {
					return
				}
			}
		}
	}
}

func (v *evidenceView) ofDate(ctx context.Context, date string, adds []*delta.Add, batch int64) ([]heldFile, error) {
	lines, err := v.lines(ctx, adds, batch)
	if err != nil {
		return nil, err
	}
	entries, err := v.state.Entries(ctx, date)
	if err != nil {
		return nil, err
	}
	var out []heldFile
	add := func(id int64, f EvidenceFile) {
		f.Date, f.Rows, f.Content = date, int64(len(lines[id])), contentOf(lines[id])
		out = append(out, heldFile{f, id})
		delete(lines, id)
	}
	for _, e := range entries {
		add(e.FileID, EvidenceFile{
			Source: e.Source, Key: e.Key, ETag: e.ETag, Size: e.Size, SHA256: e.SHA256, Versions: e.Versions, Superseded: e.Superseded,
		})
	}
	slices.SortFunc(out, func(a, b heldFile) int { return cmp.Or(cmp.Compare(a.Source, b.Source), cmp.Compare(a.Key, b.Key)) })
	for _, id := range slices.Sorted(maps.Keys(lines)) {
		add(id, EvidenceFile{})
	}
	return out, nil
}

type digest = [sha256.Size]byte

// lines are the hashes of the rows, by file.
func (v *evidenceView) lines(ctx context.Context, adds []*delta.Add, batch int64) (map[int64][]digest, error) {
	want := columnar.Schema{
		{Name: "fileId", Type: long}, {Name: "batchId", Type: long}, {Name: "raw", Type: text}, {Name: "rawBytes", Type: columnar.Of(columnar.Binary)},
	}
	out := map[int64][]digest{}
	for b, err := range v.table.ScanFiles(ctx, v.bronze, slices.Values(adds), want, nil, nil) {
		if err != nil {
			return nil, err
		}
		c := b.Columns
		for i := range b.Len {
			if c[1].Ints[i] > batch {
				continue
			}
			line := c[2].ByteAt(i)
			if !c[3].IsNull(i) {
				line = c[3].ByteAt(i)
			}
			id := c[0].Ints[i]
			out[id] = append(out[id], sha256.Sum256(line))
		}
	}
	return out, nil
}

// contentOf is EvidenceFile.Content of lines, which it sorts.
func contentOf(lines []digest) string {
	slices.SortFunc(lines, func(a, b digest) int { return bytes.Compare(a[:], b[:]) })
	sum := sha256.New()
	var text [2*sha256.Size + 1]byte
	text[2*sha256.Size] = '\n'
	for _, l := range lines {
		hex.Encode(text[:], l[:])
		sum.Write(text[:])
	}
	return hex.EncodeToString(sum.Sum(nil))
}
