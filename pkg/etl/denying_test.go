package etl_test

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/auditlake/auditlake/pkg/store"
)

// denying is a store that refuses to read one key.
type denying struct {
	store.Store
	key string
}

func (d denying) Get(ctx context.Context, key, etag string, offset, length int64) (io.ReadCloser, store.Object, error) {
	if key == d.key {
		return nil, store.Object{}, fmt.Errorf("get %s: %w", key, store.ErrDenied)
	}
	return d.Store.Get(ctx, key, etag, offset, length)
}

// blocking refuses to write below a prefix.
type blocking struct {
	store.Store
	prefix string
}

func (b blocking) Put(ctx context.Context, key string, body []byte) (store.Object, error) {
	if strings.HasPrefix(key, b.prefix) {
		return store.Object{}, fmt.Errorf("put %s: %w", key, store.ErrUnavailable)
	}
	return b.Store.Put(ctx, key, body)
}
