package delta

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"

	"github.com/auditlake/auditlake/pkg/store"
)

// entry reads one commit.
func (l *Log) entry(ctx context.Context, v int64) (*Commit, error) {
	key := l.commitKey(v)
	body, obj, err := store.ReadAll(ctx, l.store, key)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return nil, &GapError{Version: v, Key: key}
	case err != nil:
		return nil, fmt.Errorf("read commit %d: %w", v, err)
	}
	c, err := parseCommit(l.String(), key, v, body)
	if err != nil {
		return nil, err
	}
	c.modified, c.etag = obj.LastModified, obj.ETag
	return c, nil
}

// newest is the snapshot of the head.
func (l *Log) newest(ctx context.Context) (*Snapshot, error) {
	if s := l.cache(); s != nil {
		return l.refresh(ctx, s)
	}
	select {
	case l.loading <- struct{}{}:
		defer func() { <-l.loading }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if s := l.cache(); s != nil { // another goroutine loaded it meanwhile
		return l.refresh(ctx, s)
	}
	s, err := l.load(ctx, math.MaxInt64)
	if err != nil {
		return nil, err
	}
	l.remember(s)
	return s, nil
}

func (l *Log) cache() *Snapshot {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.cached
}

// remember caches a snapshot unless a newer one is there.
func (l *Log) remember(s *Snapshot) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.cached == nil || l.cached.version <= s.version {
		l.cached = s
	}
}

// forget drops a snapshot from the cache if it is still the one.
func (l *Log) forget(s *Snapshot) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.cached == s {
		l.cached = nil
	}
}

// refresh brings a snapshot up to the head. One listing shows whether there is
// anything new, and whether the head is still the object it was: a log that was
// deleted and begun anew is loaded from scratch.
func (l *Log) refresh(ctx context.Context, s *Snapshot) (*Snapshot, error) {
	head := l.commitKey(s.version)
	next, checkpoint, etag, seen := s.version+1, s.checkpoint, s.etag, false
	for o, err := range l.store.List(ctx, l.dir, l.dir+versionName(s.version)+".") {
		if err != nil {
			return nil, fmt.Errorf("list log: %w", err)
		}
		name := strings.TrimPrefix(o.Key, l.dir)
		if name[0] > '9' {
			break
		}
		f, ok := parseLogName(name)
		switch {
		case !ok:
		case o.Key == head:
			seen = true
			if etag == "" {
				etag = o.ETag
			}
			if etag != o.ETag {
				return l.reload(ctx, s)
			}
		case f.commit:
			if f.version != next {
				return l.reload(ctx, s)
			}
			next++
		case f.checkpoint && f.parts <= 1:
			checkpoint = f.version
		}
	}
	if !seen && !s.headless {
		return l.reload(ctx, s)
	}
	if next == s.version+1 {
		if etag != s.etag || checkpoint != s.checkpoint {
			same := *s
			same.etag, same.checkpoint = etag, checkpoint
			s = &same
			l.remember(s)
		}
		return s, nil
	}
	ch := newChanges()
	for c, err := range l.Commits(ctx, s.version, next-1) {
		if errors.Is(err, ErrLogGap) { // cleaned up since it was listed
			return l.reload(ctx, s)
		}
		if err != nil {
			return nil, err
		}
		ch.commit(c)
	}
	fresh, err := ch.apply(s, l.opts.Now())
	if err != nil {
		return nil, fmt.Errorf("table %s: %w", l, err)
	}
	fresh.checkpoint = min(checkpoint, fresh.version)
	l.remember(fresh)
	return fresh, nil
}

func (l *Log) reload(ctx context.Context, stale *Snapshot) (*Snapshot, error) {
	l.forget(stale)
	return l.newest(ctx)
}

// at is the snapshot of a version.
func (l *Log) at(ctx context.Context, version int64) (*Snapshot, error) {
	if version < 0 {
		return nil, fmt.Errorf("version %d: %w", version, ErrNoVersion)
	}
	if s := l.cache(); s != nil && s.version == version {
		return s, nil
	}
	s, err := l.load(ctx, version)
	if errors.Is(err, ErrNoTable) { // or all that is left is newer
		if _, err := l.newest(ctx); err != nil {
			return nil, err
		}
		return nil, &GapError{Version: version, Key: l.commitKey(version)}
	}
	if err != nil {
		return nil, err
	}
	if s.version != version {
		return nil, fmt.Errorf("version %d: %w: the newest is %d", version, ErrNoVersion, s.version)
	}
	return s, nil
}

// loadAttempts is how often a load begins anew because log clean-up took away
// what it had listed.
const loadAttempts = 3

// load reads the snapshot of a version, or of the head if that is lower, from
// the log alone.
func (l *Log) load(ctx context.Context, upTo int64) (*Snapshot, error) {
	from, err := l.hint(ctx)
	if err != nil {
		return nil, err
	}
	if from > upTo {
		from = 0
	}
	for attempt := 1; ; attempt++ {
		s, err := l.loadFrom(ctx, from, upTo)
		gone := errors.Is(err, store.ErrNotFound) || errors.Is(err, ErrLogGap)
		switch {
		case from > 0 && (gone || errors.Is(err, ErrNoTable) || errors.Is(err, ErrCorrupt)):
			from = 0 // the hint may have misled
		case gone && attempt < loadAttempts:
		case err != nil:
			return nil, err
		default:
			return s, nil
		}
	}
}

func (l *Log) loadFrom(ctx context.Context, from, upTo int64) (*Snapshot, error) {
	ls, err := l.list(ctx, from, upTo)
	if err != nil {
		return nil, err
	}
	segments, err := ls.segments(l, upTo)
	if err != nil {
		return nil, err
	}
	var broken []error
	for _, seg := range segments {
		ch := newChanges()
		if seg.checkpoint != nil {
			err := l.readCheckpoint(ctx, seg.checkpoint, ch)
			if errors.Is(err, ErrCorrupt) || errors.Is(err, store.ErrNotFound) {
				broken = append(broken, err)
				continue
			}
			if err != nil {
				return nil, err
			}
		}
		s, err := l.replay(ctx, seg, ch)
		if err != nil {
			return nil, errors.Join(append(broken, err)...)
		}
		for _, err := range broken {
			l.opts.OnWarning(fmt.Errorf("went past a checkpoint: %w", err))
		}
		return s, nil
	}
	return nil, errors.Join(broken...)
}

// replay adds the commits of a segment to what its checkpoint said.
func (l *Log) replay(ctx context.Context, seg segment, ch *changes) (*Snapshot, error) {
	base := &Snapshot{version: -1, checkpoint: -1}
	if c := seg.checkpoint; c != nil {
		base.checkpoint = c.version
		ch.version, ch.timestamp, ch.headless = c.version, c.modified, !seg.head
		if c.version == seg.version && seg.head {
			head, err := l.entry(ctx, c.version) // for its time; the checkpoint has its actions
			if err != nil {
				return nil, err
			}
			ch.stamp(head)
		}
	}
	for _, v := range seg.commits {
		c, err := l.entry(ctx, v)
		if err != nil {
			return nil, err
		}
		ch.commit(c)
	}
	s, err := ch.apply(base, l.opts.Now())
	if err != nil {
		return nil, fmt.Errorf("table %s: %w", l, err)
	}
	return s, nil
}
