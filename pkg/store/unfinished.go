package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"path"
	"strings"
)

// Unfinished is a store in which a writer that was killed leaves something behind
// that List does not show, nor any other method. Decorators pass it on; see
// [ListUnfinished].
type Unfinished interface {
	// ListUnfinished yields what writers with keys below the prefix have not
	// finished, whether they are at it still or died.
	ListUnfinished(ctx context.Context, prefix string) iter.Seq2[Object, error]
	// DeleteUnfinished removes what ListUnfinished named. A writer that is at it
	// still fails.
	DeleteUnfinished(ctx context.Context, keys ...string) error
}

// ListUnfinished is what killed or slow writers left in s; nothing for a store
// that keeps no such thing.
func ListUnfinished(ctx context.Context, s Store, prefix string) iter.Seq2[Object, error] {
	if u, ok := s.(Unfinished); ok {
		return u.ListUnfinished(ctx, prefix)
	}
	return func(func(Object, error) bool) {}
}

// DeleteUnfinished removes what ListUnfinished named.
func DeleteUnfinished(ctx context.Context, s Store, keys ...string) error {
	if u, ok := s.(Unfinished); ok {
		return u.DeleteUnfinished(ctx, keys...)
	}
	return nil
}

// ListUnfinished implements [Unfinished]: the temp files of Put and PutIfAbsent.
func (l *Local) ListUnfinished(ctx context.Context, prefix string) iter.Seq2[Object, error] {
	return l.list(ctx, walker{prefix: prefix, unfinished: true})
}

// DeleteUnfinished implements [Unfinished].
func (l *Local) DeleteUnfinished(ctx context.Context, keys ...string) error {
	root, err := openRoot(l.dir)
	if errors.Is(err, fs.ErrNotExist) && !l.mustExist {
		return nil
	}
	if err != nil {
		return l.fail("delete in", "", err)
	}
	defer root.Close()
	var failed []error
	for _, key := range keys {
		err := ctx.Err()
		switch {
		case err != nil:
		case !strings.HasPrefix(path.Base(key), tempPrefix):
			err = fmt.Errorf("%w %q: unfinished writes begin with %q", ErrInvalidKey, key, tempPrefix)
		default:
			err = removeFile(root, key)
		}
		if err != nil {
			failed = append(failed, l.fail("delete", key, err))
		}
	}
	return errors.Join(failed...)
}

// ListUnfinished implements [Unfinished].
func (m *Metered) ListUnfinished(ctx context.Context, prefix string) iter.Seq2[Object, error] {
	return ListUnfinished(ctx, m.inner, prefix)
}

// DeleteUnfinished implements [Unfinished].
func (m *Metered) DeleteUnfinished(ctx context.Context, keys ...string) error {
	return DeleteUnfinished(ctx, m.inner, keys...)
}

// ListUnfinished implements [Unfinished].
func (r readOnly) ListUnfinished(ctx context.Context, prefix string) iter.Seq2[Object, error] {
	return ListUnfinished(ctx, r.inner, prefix)
}

// DeleteUnfinished implements [Unfinished].
func (r readOnly) DeleteUnfinished(ctx context.Context, keys ...string) error {
	return r.Delete(ctx, keys...)
}
