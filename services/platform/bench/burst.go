package bench

import (
	"context"
	"time"
)

// Burst is the result of more orders than the installation can process: first all of them, then one after another.
type Burst struct {
	Product
	Within float64 `json:"backlog_seconds"` // what the storefront's limit was
}

const (
	burstFor   = 20 * time.Second
	burstRate  = 1300 // orders a second: 26,000 in all
	burstLines = 3
	mostPlace  = 2000 // ms, the p99 of placing an order
	mostWait   = 3    // times the limit, from being placed to being confirmed
)

// RunBurst sends orders at a rate far beyond a small machine's throughput, and then some one after another.
func RunBurst(ctx context.Context, o ProductOptions) (Burst, error) {
	o.WarmUp = 0
	p, err := o.measure(ctx, []*orderLoad{{lines: burstLines, rate: burstRate, window: burstFor},
		{lines: burstLines, callers: 1, window: burstFor / 4}})
	within, _ := o.Config.Own["backlog"].(time.Duration)
	return Burst{p, within.Seconds()}, err
}

// Holds reports whether accepted orders were answered and confirmed in time, and orders were accepted again afterwards. The
// measurement itself fails unless all of them ended.
func (b Burst) Holds() bool {
	during, after := b.Loads[0], b.Loads[1]
	return during.Accepted > 0 && during.Placing.P99 < mostPlace && during.Confirming.P99 < mostWait*1000*b.Within &&
		after.Accepted > 0 && after.Shed == 0
}
