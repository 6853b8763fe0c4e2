package landing

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"github.com/auditlake/auditlake/pkg/store"
)

// Property is the key of bronze's table configuration that holds the path of the
// current manifest.
const Property = "auditlake.landing"

const folder = "_auditlake/landing/"

// Sum adds up 128-bit line hashes modulo 2^128: equal multisets of lines have
// equal sums, in any order.
type Sum [2]uint64

// Add counts one line hash in.
func (s *Sum) Add(hash [16]byte) {
	lo := binary.BigEndian.Uint64(hash[8:])
	s[1] += lo
	carry := uint64(0)
	if s[1] < lo {
		carry = 1
	}
	s[0] += binary.BigEndian.Uint64(hash[:8]) + carry
}

// MarshalText writes the sum as 32 hexadecimal digits.
func (s Sum) MarshalText() ([]byte, error) {
	var b [16]byte
	binary.BigEndian.PutUint64(b[:8], s[0])
	binary.BigEndian.PutUint64(b[8:], s[1])
	return hex.AppendEncode(nil, b[:]), nil
}

// UnmarshalText reads what MarshalText wrote.
func (s *Sum) UnmarshalText(text []byte) error {
	var b [16]byte
	if len(text) != 2*len(b) {
		return fmt.Errorf("a sum has 32 hexadecimal digits, not %d", len(text))
	}
	if _, err := hex.Decode(b[:], text); err != nil {
		return err
	}
	s[0], s[1] = binary.BigEndian.Uint64(b[:8]), binary.BigEndian.Uint64(b[8:])
	return nil
}

// Entry is what the lake holds of one delivered file. Bronze has Lines +
// Superseded rows of it, whose line hashes add up to Sum.
type Entry struct {
	FileID   int64     `json:"id"`
	Source   int       `json:"source"` // index into Manifest.Sources
	Key      string    `json:"key"`
	ETag     string    `json:"etag"`
	Size     int64     `json:"size"`
	Modified time.Time `json:"modified"`
	Versions int64     `json:"versions"` // how many versions were read
	SHA256   string    `json:"sha256"`   // of the newest version, as delivered
	Lines    int64     `json:"lines"`    // of the newest version, blank ones left out
	// Superseded counts the lines of earlier versions that the newest one lacks.
	// Databricks promises that there are none; bronze keeps them all the same.
	Superseded int64 `json:"superseded,omitempty"`
	Sum        Sum   `json:"sum"`
	// Cut counts the rows that keep only the head of a line over MaxLine.
	Cut int64 `json:"cut,omitempty"`
	// Damaged says why the newest version could not be read to its end.
	Damaged string `json:"damaged,omitempty"`
}

// Rows is how many rows bronze holds of the file.
func (e Entry) Rows() int64 { return e.Lines + e.Superseded }

// DateRef points to the shard of one delivery date and sums it up.
type DateRef struct {
	Path       string `json:"path"`
	Files      int64  `json:"files"`
	Lines      int64  `json:"lines"`
	Superseded int64  `json:"superseded"`
	Bytes      int64  `json:"bytes"`
}

// Manifest is the landing state of a lake at one bronze version.
type Manifest struct {
	Batch      int64              `json:"batch"` // number of the batch that wrote it, from 1
	NextFileID int64              `json:"nextFileId"`
	Sources    []string           `json:"sources"` // URLs without options, in order of appearance
	Dates      map[string]DateRef `json:"dates"`   // by delivery date, yyyy-mm-dd
}

// Totals adds up all dates.
func (m Manifest) Totals() (total DateRef) {
	for _, d := range m.Dates {
		total.Files += d.Files
		total.Lines += d.Lines
		total.Superseded += d.Superseded
		total.Bytes += d.Bytes
	}
	return total
}

// fileRef names a file across sources.
type fileRef struct {
	source int
	key    string
}

// State is a manifest with access to its shards. It is immutable but for a bounded
// cache of shards, which it shares with the states that follow it, and safe for
// concurrent use.
type State struct {
	Manifest
	shards *shards
}

// Empty is the state of a lake that has seen no delivery.
func Empty(s store.Store) *State {
	return &State{Manifest: Manifest{NextFileID: 1, Dates: map[string]DateRef{}}, shards: newShards(s)}
}

// Load reads the manifest at path. Shards are read when they are asked for; what
// prev, which may be nil, knows of them is taken over.
func Load(ctx context.Context, s store.Store, path string, prev *State) (*State, error) {
	body, _, err := store.ReadAll(ctx, s, path)
	if err != nil {
		return nil, fmt.Errorf("read landing manifest: %w", err)
	}
	st := Empty(s)
	if err := json.Unmarshal(body, &st.Manifest); err != nil {
		return nil, fmt.Errorf("read landing manifest %s: %w", path, err)
	}
	if st.Dates == nil {
		st.Dates = map[string]DateRef{}
	}
	if prev != nil {
		st.shards = prev.shards
		for date, ref := range prev.Dates {
			if st.Dates[date].Path != ref.Path {
				st.shards.drop(ref.Path)
			}
		}
	}
	return st, nil
}

// SourceIndex is the manifest's index of a source URL, a new one if it is not in
// the manifest yet.
func (m *Manifest) SourceIndex(url string) int {
	if i := slices.Index(m.Sources, url); i >= 0 {
		return i
	}
	m.Sources = append(slices.Clone(m.Sources), url)
	return len(m.Sources) - 1
}

// Entries are the files of one delivery date in order of FileID.
func (st *State) Entries(ctx context.Context, date string) ([]Entry, error) {
	var out []Entry
	for e, err := range st.each(ctx, date) {
		if err != nil {
			return nil, err
		}
		out = append(out, e)
	}
	return out, nil
}

// Next writes the state after a batch: the changed entries, by delivery date,
// replace those of the same file. It returns the new state and the path of its
// manifest, which counts only once a bronze commit names it.
func (st *State) Next(ctx context.Context, changed map[string][]Entry) (*State, string, error) {
	next := &State{Manifest: st.Manifest, shards: st.shards}
	next.Batch++
	next.Dates = maps.Clone(st.Dates)
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(shardReaders)
	var mu sync.Mutex // guards next.Dates
	for _, date := range slices.Sorted(maps.Keys(changed)) {
		for _, e := range changed[date] {
			next.NextFileID = max(next.NextFileID, e.FileID+1)
		}
		g.Go(func() error {
			ref, err := st.writeShard(gctx, date, changed[date])
			if err != nil {
				return err
			}
			mu.Lock()
			defer mu.Unlock()
			next.Dates[date] = ref
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return nil, "", err
	}
	path, err := writeManifest(ctx, st.shards.store, next.Manifest)
	if err != nil {
		return nil, "", err
	}
	return next, path, nil
}

// Since writes the state without the delivery dates before a horizon, whose rows
// retention removes. It returns the path of its manifest, which counts only once a
// bronze commit names it.
func (st *State) Since(ctx context.Context, horizon string) (path string, err error) {
	next := st.Manifest
	next.Dates = maps.Clone(st.Dates)
	maps.DeleteFunc(next.Dates, func(date string, _ DateRef) bool { return date < horizon })
	return writeManifest(ctx, st.shards.store, next)
}

func writeManifest(ctx context.Context, s store.Store, m Manifest) (path string, err error) {
	body, err := json.MarshalIndent(m, "", " ")
	if err != nil {
		return "", err
	}
	path = folder + uuid.NewString() + ".json"
	if _, err := s.Put(ctx, path, body); err != nil {
		return "", fmt.Errorf("write landing manifest: %w", err)
	}
	return path, nil
}
