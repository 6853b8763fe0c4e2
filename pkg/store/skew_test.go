package store_test

import (
	"testing"
	"time"

	"github.com/auditlake/auditlake/pkg/store"
)

func TestSkewComparesTheClocks(t *testing.T) {
	s := store.NewMemory("clock")
	for _, ahead := range []time.Duration{0, time.Hour, -10 * time.Minute} {
		got, err := store.Skew(t.Context(), s, "_auditlake/", func() time.Time { return time.Now().Add(-ahead) })
		check(t, err)
		if off := (got - ahead).Abs(); off > 2*time.Second {
			t.Errorf("the store is %s ahead: got %s", ahead, got)
		}
	}
	for o, err := range s.List(t.Context(), "", "") {
		t.Errorf("%s is left behind, %v", o.Key, err)
	}
}

func TestSkewNeedsTheRightToWrite(t *testing.T) {
	if _, err := store.Skew(t.Context(), store.AsReadOnly(store.NewMemory("clock")), "", time.Now); err == nil {
		t.Error("no error")
	}
}
