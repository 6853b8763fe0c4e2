package plugin

import (
	"sync"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/auditlake/auditlake/pkg/lake"
	"github.com/auditlake/auditlake/pkg/plugin/answers"
)

// caches tells the state of what all open data sources keep in memory: the footers
// and pages of their lakes, and answers. It is a prometheus.Collector.
type caches struct {
	footerHits, footerMisses, footerBytes               *prometheus.Desc
	pageHits, pageMisses, pageBytes                     *prometheus.Desc
	answerHits, answerShared, answerMisses, answerBytes *prometheus.Desc

	mu      sync.Mutex
	open    map[*lake.Lake]*answers.Cache[*computed] // guarded by mu
	footers lake.CacheStats                          // of those that are not open any more; guarded by mu
	pages   lake.CacheStats                          // of those that are not open any more; guarded by mu
	answers answers.Stats                            // of those that are not open any more; guarded by mu
}

func newCaches() *caches {
	desc := func(name, help string) *prometheus.Desc {
		return prometheus.NewDesc("auditlake_"+name, help, nil, nil)
	}
	return &caches{
		footerHits:   desc("footer_cache_hits_total", "Parquet footers that were found in memory."),
		footerMisses: desc("footer_cache_misses_total", "Parquet footers that had to be read."),
		footerBytes:  desc("footer_cache_bytes", "Memory that parsed Parquet footers take."),
		pageHits:     desc("page_cache_hits_total", "Parquet pages that were found in memory, decoded."),
		pageMisses:   desc("page_cache_misses_total", "Parquet pages that had to be read and decoded."),
		pageBytes:    desc("page_cache_bytes", "Memory that decoded Parquet pages take."),
		answerHits:   desc("result_cache_hits_total", "Queries whose answer was found in memory."),
		answerShared: desc("result_cache_shared_total", "Queries that got the answer of an equal one at work."),
		answerMisses: desc("result_cache_misses_total", "Queries whose answer was worked out."),
		answerBytes:  desc("result_cache_bytes", "Memory that kept answers take."),
		open:         map[*lake.Lake]*answers.Cache[*computed]{},
	}
}

func (c *caches) add(l *lake.Lake, a *answers.Cache[*computed]) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.open[l] = a
}

// remove may be called twice, and with nil.
func (c *caches) remove(l *lake.Lake) {
	c.mu.Lock()
	defer c.mu.Unlock()
	a := c.open[l]
	if a == nil {
		return
	}
	delete(c.open, l)
	f, p, s := l.CacheStats(), l.PageStats(), a.Stats()
	c.footers.Hits += f.Hits
	c.footers.Misses += f.Misses
	c.pages.Hits += p.Hits
	c.pages.Misses += p.Misses
	c.answers.Hits += s.Hits
	c.answers.Shared += s.Shared
	c.answers.Misses += s.Misses
}

// Describe implements prometheus.Collector.
func (c *caches) Describe(to chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{
		c.footerHits, c.footerMisses, c.footerBytes, c.pageHits, c.pageMisses, c.pageBytes, c.answerHits, c.answerShared, c.answerMisses, c.answerBytes,
	} {
		to <- d
	}
}

// Collect implements prometheus.Collector.
func (c *caches) Collect(to chan<- prometheus.Metric) {
	c.mu.Lock()
	defer c.mu.Unlock()
	footers, pages, kept := c.footers, c.pages, c.answers
	for l, a := range c.open {
		f, p, s := l.CacheStats(), l.PageStats(), a.Stats()
		footers.Hits += f.Hits
		footers.Misses += f.Misses
		footers.Bytes += f.Bytes
		pages.Hits += p.Hits
		pages.Misses += p.Misses
		pages.Bytes += p.Bytes
		kept.Hits += s.Hits
		kept.Shared += s.Shared
		kept.Misses += s.Misses
		kept.Bytes += s.Bytes
	}
	for _, m := range []struct {
		desc  *prometheus.Desc
		kind  prometheus.ValueType
		value int64
	}{
		{c.footerHits, prometheus.CounterValue, footers.Hits},
		{c.footerMisses, prometheus.CounterValue, footers.Misses},
		{c.footerBytes, prometheus.GaugeValue, footers.Bytes},
		{c.pageHits, prometheus.CounterValue, pages.Hits},
		{c.pageMisses, prometheus.CounterValue, pages.Misses},
		{c.pageBytes, prometheus.GaugeValue, pages.Bytes},
		{c.answerHits, prometheus.CounterValue, kept.Hits},
		{c.answerShared, prometheus.CounterValue, kept.Shared},
		{c.answerMisses, prometheus.CounterValue, kept.Misses},
		{c.answerBytes, prometheus.GaugeValue, kept.Bytes},
	} {
		to <- prometheus.MustNewConstMetric(m.desc, m.kind, float64(m.value))
	}
}
