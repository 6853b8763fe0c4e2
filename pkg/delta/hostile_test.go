package delta_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/parquet-go/parquet-go"

	"github.com/auditlake/auditlake/pkg/delta"
	"github.com/auditlake/auditlake/pkg/store"
)

// A checkpoint of rows without any column of a checkpoint is not read row by row:
// how many there are is only what its footer says, and that may be 2^60.
func TestCheckpointOfRowsOfNothing(t *testing.T) {
	t.Parallel()
	type row struct {
		Other int64 `parquet:"other"`
	}
	var file bytes.Buffer
	if err := parquet.Write(&file, make([]row, 3)); err != nil {
		t.Fatal(err)
	}
	s := store.NewMemory(t.Name())
	put(t, s, checkpointAt4, file.String())
	_, err := quiet(s).Snapshot(t.Context())
	if !errors.Is(err, delta.ErrCorrupt) || !strings.Contains(err.Error(), "no column of a checkpoint") {
		t.Errorf("error %v", err)
	}
}
