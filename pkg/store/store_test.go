package store_test

import (
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
		return store.NewMetered(storetest.NewFaulty(store.NewMemory("test")))
	})
}
