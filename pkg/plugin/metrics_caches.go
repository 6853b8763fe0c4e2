package plugin

import (
	"sync"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/auditlake/auditlake/pkg/lake"
	"github.com/auditlake/auditlake/pkg/plugin/answers"
)

// caches tells the state of what all open data sources keep in memory: the footers
// of their lakes, and answers. It is a prometheus.Collector.
type caches struct {
	footerHits, footerMisses, footerBytes               *prometheus.Desc
	answerHits, answerShared, answerMisses, answerBytes *prometheus.Desc

	mu      sync.Mutex
	open    map[*lake.Lake]*answers.Cache[*computed] // guarded by mu
	footers lake.CacheStats                          // of those that are not open any more; guarded by mu
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
	f, s := l.CacheStats(), a.Stats()
	c.footers.Hits += f.Hits
	c.footers.Misses += f.Misses
	c.answers.Hits += s.Hits
	c.answers.Shared += s.Shared
	c.answers.Misses += s.Misses
}

// Describe implements prometheus.Collector.
func (c *caches) Describe(to chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{
		c.footerHits, c.footerMisses, c.footerBytes, c.answerHits, c.answerShared, c.answerMisses, c.answerBytes,
	} {
		to <- d
	}
}

// Collect implements prometheus.Collector.
func (c *caches) Collect(to chan<- prometheus.Metric) {
	c.mu.Lock()
	defer c.mu.Unlock()
	footers, kept := c.footers, c.answers
	for l, a := range c.open {
		f, s := l.CacheStats(), a.Stats()
		footers.Hits += f.Hits
		footers.Misses += f.Misses
		footers.Bytes += f.Bytes
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
		{c.answerHits, prometheus.CounterValue, kept.Hits},
		{c.answerShared, prometheus.CounterValue, kept.Shared},
		{c.answerMisses, prometheus.CounterValue, kept.Misses},
		{c.answerBytes, prometheus.GaugeValue, kept.Bytes},
	} {
		to <- prometheus.MustNewConstMetric(m.desc, m.kind, float64(m.value))
	}
}
