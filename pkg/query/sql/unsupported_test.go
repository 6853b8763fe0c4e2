package sql_test

import (
	"errors"
	"testing"

	"github.com/auditlake/auditlake/pkg/query/sql"
)

// Another engine may answer what no plan says, and no engine answers a mistake.
func TestUnsupported(t *testing.T) {
	for text, unsupported := range map[string]bool{
		"select a from silver where exists (select 1 from jobs)": true,
		"select (select 1)": true,
		"select 1":          true,
		"select actor from clusters right join jobs using (actor)":               true,
		"select actor from clusters, jobs":                                       true,
		"select c.actor from clusters c join jobs j on c.date < j.date":          true,
		"select array_agg(actor) from clusters":                                  true,
		"select max(date) over (partition by actor) from clusters":               true,
		"select ntile(2) over (order by date) from clusters":                     true,
		"select actor from clusters where actor like jobId":                      true,
		"select actor from clusters where actor not in (select actor from jobs)": true,
		"select stddev(distinct eventIndex) from silver":                         true,
		"select concat_ws(',', collect_set(actor)) from silver":                  true,
		"with recursive a as (select 1) select * from a":                         true,
		"select strftime('%Y', date_time) from silver":                           true,
		"select actor, from clusters":                                            false,
		"select actr from audit":                                                 false,
		"select lowr(actor) from silver":                                         false,
		"select actor from silver where date > 'x'":                              false,
		"insert into silver values (1)":                                          false,
		"select actor, count(*) from silver group by date":                       false,
		"select usage from system.billing.usage":                                 false,
		"select actor from silver limit -1":                                      false,
		"select actor from silver where isInteractive":                           false,
		"select c.x from (select actor as a from silver) c":                      false,
		"select percentile(eventIndex, 2) from silver":                           false,
		"select date_trunc('fortnight', date_time) from silver":                  false,
	} {
		s, err := sql.Parse(text)
		if err == nil {
			_, err = s.Plan(binding())
		}
		var at *sql.Error
		if got := errors.Is(err, sql.ErrUnsupported); got != unsupported || err != nil && !errors.As(err, &at) {
			t.Errorf("%s: %v is unsupported: %v", text, err, got)
		}
	}
}
