package layout

import (
	"fmt"
	"slices"

	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/lake"
)

// variant is today's layout with one knob turned.
type variant struct {
	name  string
	set   func(*columnar.WriterOptions) // nil: nothing
	order []string                      // nil: the corpus' own
}

// today is the variant that the others are compared with.
const today = "today"

func variantsOf(c *corpus, only []string) []variant {
	out := []variant{{name: today}}
	add := func(name string, set func(*columnar.WriterOptions)) {
		out = append(out, variant{name: name, set: set})
	}
	for _, x := range []struct {
		name string
		as   columnar.Compression
	}{{"none", columnar.Uncompressed}, {"snappy", columnar.Snappy}, {"zstd-fastest", columnar.ZstdFastest}, {"zstd-default", columnar.ZstdDefault}, {"zstd-better", columnar.ZstdBetter}} {
		add("compression="+x.name, func(o *columnar.WriterOptions) { o.Compression = x.as })
	}
	for _, k := range []int{16, 32, 64, 128, 256, 1024} {
		add(fmt.Sprintf("group=%dk", k), func(o *columnar.WriterOptions) { o.RowGroupRows = k << 10 })
	}
	for _, k := range []int{2, 4, 8, 16, 32} {
		add(fmt.Sprintf("page=%dk", k), func(o *columnar.WriterOptions) { o.PageRows = k << 10 })
	}
	for _, k := range []int{256, 1024, 4096} {
		add(fmt.Sprintf("dictionary=%dKiB", k), func(o *columnar.WriterOptions) { o.DictionaryBytes = k << 10 })
	}
	add("plain=none", func(o *columnar.WriterOptions) { o.Plain = nil })
	add("plain=all", func(o *columnar.WriterOptions) {
		o.Plain = nil
		for _, l := range c.leaves() {
			o.Plain = append(o.Plain, l.path)
		}
	})
	// What looks best of each, together.
	add("group=64k,page=16k", func(o *columnar.WriterOptions) { o.RowGroupRows, o.PageRows = 64<<10, 16<<10 })
	add("zstd-default,page=16k", func(o *columnar.WriterOptions) { o.Compression, o.PageRows = columnar.ZstdDefault, 16<<10 })
	sorted := func(name string, columns ...string) {
		out = append(out, variant{name: "order=" + name, order: append(columns, c.order...)})
	}
	sorted("workspace", "workspaceId")
	if c.table != lake.Bronze {
		sorted("action", "actionName")
		sorted("service-action", "serviceName", "actionName")
	}
	if only == nil {
		return out
	}
	return slices.DeleteFunc(out, func(v variant) bool { return v.name != today && !slices.Contains(only, v.name) })
}

func (v variant) options(c *corpus) columnar.WriterOptions {
	o := columnar.WriterOptions{Plain: c.plain, StatsColumns: c.stats, RowGroupRows: c.group}
	if v.set != nil {
		v.set(&o)
	}
	return o
}

// batches are the rows in the order of the variant, a page each.
func (v variant) batches(c *corpus) []*columnar.Batch {
	order := c.sorted(nil)
	if v.order != nil {
		order = c.sorted(v.order)
	}
	var out []*columnar.Batch
	for chunk := range slices.Chunk(order, 8192) {
		out = append(out, c.rows.Take(chunk))
	}
	return out
}
