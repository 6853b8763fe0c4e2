package growth

import (
	"context"
	"time"
)

// Latency is the dashboard over a store whose first byte takes a while, in the
// process of the harness.
type Latency struct {
	FirstByte time.Duration `json:"firstByte"`
	Cold      Refresh       `json:"cold"`
	Warm      Refresh       `json:"warm"`
}

// Refresh is one dashboard's worth of answers.
type Refresh struct {
	Wall  Spread `json:"wall"`
	Gets  int64  `json:"gets"` // requests of the last refresh
	Lists int64  `json:"lists"`
	Bytes int64  `json:"bytes"`
}

func (b *bench) measureLatency(ctx context.Context) error {
	plans, err := dashboardPlans()
	if err != nil {
		return err
	}
	for _, delay := range []time.Duration{0, b.firstByte} {
		out := Latency{FirstByte: delay}
		var cold, warm []time.Duration
		for range b.cold {
			l, meter, err := open(ctx, b.largest(), delay)
			if err != nil {
				return err
			}
			var uncounted []time.Duration
			for _, to := range []struct {
				took    *[]time.Duration
				refresh *Refresh
			}{{&cold, &out.Cold}, {&uncounted, &Refresh{}}, {&warm, &out.Warm}} { // pages are kept on their second use
				before := meter.Usage()
				took, err := refresh(ctx, l, plans)
				if err != nil {
					return err
				}
				*to.took = append(*to.took, took)
				u := meter.Usage().Minus(before)
				to.refresh.Gets, to.refresh.Lists, to.refresh.Bytes = u.Get.Calls, u.List.Calls, u.Get.Bytes
			}
		}
		out.Cold.Wall, out.Warm.Wall = spreadOf(cold), spreadOf(warm)
		b.Logf("first byte after %s: dashboard cold %s ms, %d GETs, %d LISTs; warm %s ms, %d GETs, %d LISTs", delay,
			out.Cold.Wall, out.Cold.Gets, out.Cold.Lists, out.Warm.Wall, out.Warm.Gets, out.Warm.Lists)
		b.out.Latency = append(b.out.Latency, out)
	}
	return nil
}
