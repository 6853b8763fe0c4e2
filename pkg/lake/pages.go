package lake

import (
	"strings"

	"github.com/auditlake/auditlake/pkg/delta"
)

// pageBytes is how much memory decoded pages of a lake may take, beside its footers:
// what the panels of some dashboards look at, or three columns of six million events.
const pageBytes = 64 << 20

// PageStats is that of decoded pages.
func (l *Lake) PageStats() CacheStats {
	if l.pages == nil {
		return CacheStats{}
	}
	return CacheStats(l.pages.Stats())
}

// sweep drops what is kept of files of the table that a snapshot has no more, if it is
// another than the last time. Who still reads an older one goes on with what it has.
func (t *Table) sweep(snap *delta.Snapshot) {
	if t.swept.Swap(snap) == snap {
		return
	}
	gone := func(key string) bool {
		path, mine := strings.CutPrefix(key, t.root)
		if !mine {
			return false
		}
		_, live := snap.File(path)
		return !live
	}
	t.footers.forget(gone)
	if t.lake.pages != nil {
		t.lake.pages.Forget(gone)
	}
}
