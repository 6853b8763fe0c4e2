package delta

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/auditlake/auditlake/pkg/store"
)

// A segment is the objects of the log that lead to one version: a checkpoint,
// if there is any, and the commits after it.
type segment struct {
	version    int64
	checkpoint *checkpointFiles // nil: start from nothing
	commits    []int64          // after the checkpoint, without holes
	// head says whether version has a commit of its own in the log; clean-up may
	// have left only its checkpoint.
	head bool
}

// checkpointFiles is one checkpoint that is complete.
type checkpointFiles struct {
	version  int64
	keys     []string // one, or the parts in order
	modified time.Time
}

// logFile is what the name of an object in _delta_log says.
type logFile struct {
	version     int64
	commit      bool
	checkpoint  bool
	part, parts int // of a multi-part checkpoint, from 1; else 0
}

// parseLogName reads a name in _delta_log; ok is false for names that say
// nothing to this package, such as checksums and compacted commits.
func parseLogName(name string) (f logFile, ok bool) {
	parts := strings.Split(name, ".")
	if len(parts) < 2 {
		return logFile{}, false
	}
	v, ok := digits(parts[0], 20)
	if !ok {
		return logFile{}, false
	}
	f.version = v
	switch rest := parts[1:]; {
	case len(rest) == 1 && rest[0] == "json":
		f.commit = true
	case rest[0] != "checkpoint":
		return logFile{}, false
	case len(rest) == 2 && rest[1] == "parquet": // classic
		f.checkpoint = true
	case len(rest) == 3 && (rest[2] == "parquet" || rest[2] == "json"): // V2, named by a UUID
		f.checkpoint = true
	case len(rest) == 4 && rest[3] == "parquet": // multi-part
		part, ok1 := digits(rest[1], 10)
		of, ok2 := digits(rest[2], 10)
		if !ok1 || !ok2 || part < 1 || part > of {
			return logFile{}, false
		}
		f.checkpoint, f.part, f.parts = true, int(part), int(of)
	default:
		return logFile{}, false
	}
	return f, true
}

func digits(s string, n int) (int64, bool) {
	if len(s) != n || strings.Trim(s, "0123456789") != "" {
		return 0, false
	}
	v, err := strconv.ParseInt(s, 10, 64)
	return v, err == nil
}

func versionName(v int64) string { return fmt.Sprintf("%020d", v) }

func (l *Log) commitKey(v int64) string { return l.dir + versionName(v) + ".json" }

// listing is the part of a log that one listing showed.
type listing struct {
	commits     []int64 // ascending
	modified    map[int64]time.Time
	checkpoints []checkpointFiles // complete ones, ascending
}

// list reads the names in the log from a version on and up to another.
func (l *Log) list(ctx context.Context, from, upTo int64) (*listing, error) {
	out := &listing{modified: map[int64]time.Time{}}
	type group struct {
		version int64
		parts   int
	}
	parts := map[group]map[int]string{}
	start := ""
	if from > 0 {
		start = l.dir + versionName(from) + "." // before every object of this version
	}
	for o, err := range l.store.List(ctx, l.dir, start) {
		if err != nil {
			return nil, fmt.Errorf("list log: %w", err)
		}
		name := strings.TrimPrefix(o.Key, l.dir)
		if name != "" && name[0] > '9' { // _last_checkpoint, _sidecars/...: versions sort before
			break
		}
		f, ok := parseLogName(name)
		if !ok {
			continue
		}
		if f.version > upTo {
			break
		}
		switch {
		case f.commit:
			out.commits = append(out.commits, f.version)
			out.modified[f.version] = o.LastModified
		case f.parts == 0:
			out.checkpoints = append(out.checkpoints, checkpointFiles{version: f.version, keys: []string{o.Key}, modified: o.LastModified})
		default:
			g := group{f.version, f.parts}
			if parts[g] == nil {
				parts[g] = map[int]string{}
			}
			parts[g][f.part] = o.Key
			if len(parts[g]) == f.parts {
				c := checkpointFiles{version: f.version, modified: o.LastModified}
				for i := 1; i <= f.parts; i++ {
					c.keys = append(c.keys, parts[g][i])
				}
				out.checkpoints = append(out.checkpoints, c)
			}
		}
	}
	return out, nil
}

// hint is the version in _last_checkpoint, or 0: whatever is wrong with the hint,
// the log can be read without.
func (l *Log) hint(ctx context.Context) (int64, error) {
	body, _, err := store.ReadAll(ctx, l.store, l.dir+"_last_checkpoint")
	if err != nil {
		if ctx.Err() != nil {
			return 0, ctx.Err()
		}
		for _, lasting := range []error{store.ErrUnavailable, store.ErrDenied, store.ErrMisconfigured} {
			if errors.Is(err, lasting) {
				return 0, fmt.Errorf("read checkpoint hint: %w", err) // as the log would fail
			}
		}
		if !errors.Is(err, store.ErrNotFound) {
			l.opts.OnWarning(fmt.Errorf("read checkpoint hint: %w", err))
		}
		return 0, nil
	}
	var h struct {
		Version int64 `json:"version"`
	}
	if err := json.Unmarshal(body, &h); err != nil {
		l.opts.OnWarning(corrupt(l.dir+"_last_checkpoint", "%w", err))
		return 0, nil
	}
	return max(h.Version, 0), nil
}

// segments are the ways to the version upTo or, if the log ends before it, to
// its end: by the newest checkpoint first, then by older ones in case that one
// is broken.
func (ls *listing) segments(l *Log, upTo int64) ([]segment, error) {
	var head int64 = -1
	if n := len(ls.commits); n > 0 {
		head = ls.commits[n-1]
	}
	if n := len(ls.checkpoints); n > 0 {
		head = max(head, ls.checkpoints[n-1].version)
	}
	if head < 0 {
		return nil, fmt.Errorf("%w: %s", ErrNoTable, l)
	}
	head = min(head, upTo)

	var out []segment
	var firstHole error
	starts := []*checkpointFiles{nil}
	for i := range ls.checkpoints {
		starts = append(starts, &ls.checkpoints[i])
	}
	for _, c := range slices.Backward(starts) {
		s := segment{version: head, checkpoint: c, commits: ls.commits}
		next := int64(0)
		if c != nil {
			next = c.version + 1
		}
		i, _ := slices.BinarySearch(ls.commits, next)
		s.commits = ls.commits[i:]
		_, s.head = slices.BinarySearch(ls.commits, head)
		if hole, ok := firstHoleIn(s.commits, next, head); ok {
			switch {
			case firstHole != nil:
			case hole == 0 && upTo < math.MaxInt64:
				firstHole = &GapError{Version: hole, Key: l.commitKey(hole)} // cleaned up
			default:
				firstHole = corrupt(l.commitKey(hole), "the log has later versions, but not this one")
			}
			continue
		}
		out = append(out, s)
	}
	if len(out) == 0 {
		return nil, firstHole
	}
	return out, nil
}

// firstHoleIn is the first version from next up to head that is not listed.
func firstHoleIn(versions []int64, next, head int64) (int64, bool) {
	for _, v := range versions {
		if v != next {
			return next, true
		}
		next++
	}
	return next, next <= head
}
