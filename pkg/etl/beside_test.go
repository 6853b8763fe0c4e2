package etl_test

import (
	"fmt"
	"testing"

	"github.com/auditlake/auditlake/pkg/etl"
)

// TestAnotherRunnerIsFasterBetweenTwoBatches lets a second run land everything
// after each batch of the first: what the first planned is out of date.
func TestAnotherRunnerIsFasterBetweenTwoBatches(t *testing.T) {
	for _, stage := range []string{"listing", "bronze", "gold"} {
		for after := 1; after <= 3; after++ {
			t.Run(fmt.Sprintf("%s %d", stage, after), func(t *testing.T) {
				w := newWorld(t)
				files := []string{file1, "workspaceId=42/date=2024-03-10/auditlogs_2.json", "workspaceId=0/date=2024-03-09/auditlogs_3.json"}
				for i, key := range files {
					w.deliver(key, event(i, "clusters", "create", ""))
				}
				w.run()
				for i, key := range files {
					w.deliver(key, event(i, "clusters", "create", ""), event(10+i, "jobs", "runNow", ""))
				}
				w.deliver("workspaceId=0/date=2024-03-10/auditlogs_4.json", event(4, "clusters", "create", ""))
				seen := 0
				r, _ := newRunner(t, w.source, w.lake, etl.Options{BatchBytes: 1, Progress: func(p etl.Progress) {
					if p.Stage == stage {
						if seen++; seen == after {
							w.run()
						}
					}
				}})
				if _, err := r.Run(t.Context()); err != nil {
					t.Fatal(err)
				}
				expectCounts(t, w.lake, map[string]int{"bronze": 7, "silver": 7, "clusters": 4, "jobs": 3})
				sound(t, w.source, w.lake)
			})
		}
	}
}
