package query_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/auditlake/auditlake/pkg/lake"
	"github.com/auditlake/auditlake/pkg/query"
	"github.com/auditlake/auditlake/pkg/store"
)

// Names of tables come from whoever asks. Those of none must not pile up.
func TestTablesThatDoNotExistLeaveNothingBehind(t *testing.T) {
	root, err := store.OpenLocal(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	l := lake.New(root, lake.Options{})
	catalog := query.OfLake(l)
	names := []string{"", "..", "a/b", "a\x00b", "\xff"}
	for i := range 10 {
		names = append(names, fmt.Sprint("none", i))
	}
	for _, name := range names {
		if _, err := catalog.Table(t.Context(), name); !errors.Is(err, query.ErrNoTable) {
			t.Errorf("%q: %v", name, err)
		}
	}
	if known := l.Known(); len(known) != 0 {
		t.Errorf("the lake keeps %q", known)
	}
}
