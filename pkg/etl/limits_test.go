package etl_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/auditlake/auditlake/pkg/etl"
)

func TestLimits(t *testing.T) {
	const mib = 1 << 20
	full := map[string]int64{
		"batchBytes": 64 * mib, "batchFiles": 20_000, "planFiles": 500_000, "largeBytes": 16 * mib, "reads": 16,
		"pageRows": 2048, "pageBytes": 4 * mib, "followRows": 250_000, "spillBytes": 128 * mib, "goldTables": 8,
		"fileBytes": 32 * mib, "openFiles": 8,
	}
	with := func(changes map[string]int64) map[string]int64 {
		out := map[string]int64{}
		for _, m := range []map[string]int64{full, changes} {
			for k, v := range m {
				out[k] = v
			}
		}
		return out
	}
	least := with(map[string]int64{
		"batchBytes": 8 * mib, "batchFiles": 2500, "planFiles": 18_000, "largeBytes": 8 * mib,
		"pageBytes": mib / 2, "followRows": 31_250, "spillBytes": 16 * mib, "fileBytes": 4 * mib, "openFiles": 4,
	})
	for name, tc := range map[string]struct {
		o    etl.Options
		want map[string]int64
	}{
		"command line":        {etl.Options{}, full},
		"more than is of use": {etl.Options{MemoryBytes: 4096 * mib}, full},
		"plugin": {etl.Options{MemoryBytes: 192 * mib}, with(map[string]int64{
			"batchBytes": 16 * mib, "batchFiles": 5000, "planFiles": 36_000, "largeBytes": 16 * mib,
			"pageBytes": mib, "followRows": 62_500, "spillBytes": 32 * mib, "fileBytes": 8 * mib, "openFiles": 4,
		})},
		"the least":              {etl.Options{MemoryBytes: 96 * mib}, least},
		"less than the least":    {etl.Options{MemoryBytes: 1}, least},
		"batches by option":      {etl.Options{BatchBytes: 500}, with(map[string]int64{"batchBytes": 500, "spillBytes": 1000})},
		"one worker, all memory": {etl.Options{Workers: 1}, full},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, etl.LimitsTable(tc.o)); diff != "" {
				t.Errorf("limits (-want +got):\n%s", diff)
			}
		})
	}
	if w := etl.Workers(etl.Options{Workers: 1}); w != 1 {
		t.Errorf("one worker is %d", w)
	}
	if w := etl.Workers(etl.Options{}); w < 8 {
		t.Errorf("without an option only %d tables are encoded at once", w)
	}
}
