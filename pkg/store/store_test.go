package store_test

import (
	"context"
	"testing"

	"github.com/auditlake/auditlake/pkg/store"
	"github.com/auditlake/auditlake/pkg/store/storetest"
)

func TestMemoryConforms(t *testing.T) {
	storetest.Conformance(t, func(*testing.T) store.Store { return store.NewMemory("test") })
}

func TestLocalConforms(t *testing.T) {
	storetest.Conformance(t, func(t *testing.T) store.Store {
		s, err := store.OpenLocal(t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		return s
	})
}

func TestDecoratorsConform(t *testing.T) {
	storetest.Conformance(t, func(*testing.T) store.Store {
		observed := store.Observe(store.NewMemory("test"), func(ctx context.Context, _ store.Op, _ string) (context.Context, store.Ended) {
			return ctx, func(int64, int64, error) {}
		})
		return store.NewMetered(storetest.NewFaulty(observed))
	})
}
