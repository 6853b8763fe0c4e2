package growth

import (
	"context"
	"time"

	"github.com/auditlake/auditlake/pkg/lake"
)

// Window is one 7-day panel on one lake.
type Window struct {
	Panel     string `json:"panel"`
	Days      int    `json:"days"` // of the lake
	Events    int64  `json:"events"`
	Warm      Spread `json:"warm"`
	Cold      Spread `json:"cold"`
	Files     int64  `json:"files"`     // that were opened
	RowGroups int64  `json:"rowGroups"` // that were read
	Rows      int64  `json:"rows"`      // that were looked at
	WarmBytes int64  `json:"warmBytes"` // fetched by a warm answer
	ColdGets  int64  `json:"coldGets"`  // requests for bytes by a cold answer, log included
}

// measureWindow takes the lakes in turn, so that none is always the one after a large
// one.
func (b *bench) measureWindow(ctx context.Context) error {
	panels, err := weekPanels()
	if err != nil {
		return err
	}
	for _, p := range panels {
		warm, cold := make([][]time.Duration, len(b.lakes)), make([][]time.Duration, len(b.lakes))
		windows := make([]Window, len(b.lakes))
		for range b.cold {
			for i, m := range b.lakes {
				l, meter, err := open(ctx, m, 0)
				if err != nil {
					return err
				}
				took, _, err := answer(ctx, l, p.plan)
				if err != nil {
					return err
				}
				cold[i] = append(cold[i], took)
				windows[i].ColdGets = meter.Usage().Get.Calls
			}
		}
		opened, err := b.openAll(ctx)
		if err != nil {
			return err
		}
		for n := range b.warm + 2 {
			for i, l := range opened {
				took, stats, err := answer(ctx, l, p.plan)
				if err != nil {
					return err
				}
				if n < 2 {
					continue // it warms up: pages are kept on their second use
				}
				warm[i] = append(warm[i], took)
				w := &windows[i]
				w.Files, w.RowGroups, w.Rows, w.WarmBytes = stats.Files-stats.FilesPruned, stats.RowGroups-stats.RowGroupsPruned, stats.Rows, stats.Bytes
			}
		}
		for i, m := range b.lakes {
			w := &windows[i]
			w.Panel, w.Days, w.Events = p.name, m.Spec.Days, m.Events
			w.Warm, w.Cold = spreadOf(warm[i]), spreadOf(cold[i])
			b.Logf("%-28s %4d days: warm %s ms, cold %s ms, %d files, %d rows", w.Panel, w.Days, w.Warm, w.Cold, w.Files, w.Rows)
		}
		b.out.Window = append(b.out.Window, windows...)
	}
	return nil
}

func (b *bench) openAll(ctx context.Context) ([]*lake.Lake, error) {
	var out []*lake.Lake
	for _, m := range b.lakes {
		l, _, err := open(ctx, m, 0)
		if err != nil {
			return nil, err
		}
		out = append(out, l)
	}
	return out, nil
}
