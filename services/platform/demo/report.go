package demo

import (
	"slices"
	"time"
)

// Report is the result of a run. Money is in pence of GBP, or cents of EUR, times are in milliseconds.
type Report struct {
	Source     string        `json:"source"`
	Format     Format        `json:"format"`
	From       time.Time     `json:"from"` // of the orders in the file
	To         time.Time     `json:"to"`
	Rows       RowReport     `json:"rows"`
	Orders     OrderReport   `json:"orders"`
	Money      MoneyReport   `json:"money"`
	Euros      *MoneyReport  `json:"money_in_euros,omitempty"` // of the orders in euros; Money is of the others
	Goods      GoodsReport   `json:"goods"`
	Latency    LatencyReport `json:"latency_ms"`
	Throughput SpeedReport   `json:"throughput"`
	Notes      []string      `json:"notes"`
}

// RowReport accounts for the rows of the file.
type RowReport struct {
	Read      int         `json:"read"`
	Ends      []Rows      `json:"ends"`
	Malformed []Malformed `json:"malformed,omitempty"` // the first ones
}

// OrderReport counts orders by how they ended.
type OrderReport struct {
	Placed       int          `json:"placed"`
	Refused      int          `json:"refused"`  // by the API; no order came of them
	Replayed     int          `json:"replayed"` // taken before, by an earlier run or a request whose answer was lost
	FilledInPart int          `json:"filled_in_part"`
	InParcels    int          `json:"in_several_parcels"`
	Waited       int          `json:"waited"`         // for goods, when the list of open orders was read
	WaitedInVain int          `json:"waited_in_vain"` // of these
	Unfinished   int          `json:"unfinished"`
	Ends         []OrderCount `json:"ends"`
	Open         []string     `json:"open,omitempty"` // ids of unfinished ones, the first ones
}

// OrderCount counts the orders with the same end, or without an end.
type OrderCount struct {
	Status   string `json:"status"`
	Reason   string `json:"reason,omitempty"`
	Currency string `json:"currency,omitempty"` // empty: GBP
	Orders   int    `json:"orders"`
	Pence    int64  `json:"pence"` // as ordered, or cents
}

// MoneyReport sums the orders of one currency, in pence or cents.
type MoneyReport struct {
	Ordered    int64 `json:"ordered"`
	Authorized int64 `json:"authorized"`
	Captured   int64 `json:"captured"`
	Refunded   int64 `json:"refunded"`

	ChargedBack int64 `json:"charged_back"`

	Kept int64 `json:"kept"`
}

// GoodsReport sums the pieces.
type GoodsReport struct {
	Products int `json:"products"`

	Received       int64 `json:"received"`        // as the answers to receipts said
	ReceivedBefore int64 `json:"received_before"` // of these by an earlier run or another importer
	NotReceived    int64 `json:"not_received"`    // the platform refused their receipt

	Ordered  int64 `json:"ordered"`
	Shipped  int64 `json:"shipped"` // and not lost
	Returned int64 `json:"returned"`
}

// LatencyReport has the latencies of a run.
type LatencyReport struct {
	HTTP      Percentiles `json:"http_place_order"`
	Confirmed Percentiles `json:"placed_to_confirmed"`
	Ended     Percentiles `json:"placed_to_ended"`
}

// Percentiles of a number of times, in milliseconds.
type Percentiles struct {
	Count int     `json:"count"`
	P50   float64 `json:"p50"`
	P99   float64 `json:"p99"`
	Max   float64 `json:"max"`
}

// SpeedReport has the throughput of a run.
type SpeedReport struct {
	Seconds        float64 `json:"seconds"` // from the first order to the end of the last saga
	PlacedPerS     float64 `json:"orders_placed_per_s"`
	RowsPerS       float64 `json:"rows_per_s"`
	PlacingSeconds float64 `json:"placing_seconds"`
}

// Whole reports whether every order ended.
func (r Report) Whole() bool { return r.Orders.Unfinished == 0 }

func percentiles(times []time.Duration) (p Percentiles) {
	if p.Count = len(times); p.Count == 0 {
		return p
	}
	slices.Sort(times)
	at := func(share float64) float64 {
		return float64(times[min(int(share*float64(len(times))), len(times)-1)].Microseconds()) / 1000
	}
	p.P50, p.P99, p.Max = at(.5), at(.99), at(1)
	return p
}

var notes = []string{
	"prices are the catalogue's: of each product the one it was sold for most often (among equals the lowest)",
	"stock: at first 60% of what is ordered in the first 31 days, then weekly 90% of what is ordered in the week to come",
	"orders of at most 10 lines are filled in full or not at all, larger ones take what is there;\n" +
		"more than 200 lines are several orders",
	"of 1,000 orders 10 are paid with tok_declined, 5 each with tok_insufficient_funds, tok_timeout, tok_slow and\n" +
		"tok_capture_fails, 50 with tok_refund_fails_once; 3 are of fraud.example, 3 parcels go to LOST 1",
	"reviews (above 10,000.00): the operator approves up to 50,000.00 and refuses what is above",
	"not goods: POST, DOT, C2, M, D, S, B, PADS, CRUK, AMAZONFEE, BANK CHARGES, ADJUST…, TEST…, gift vouchers",
}
