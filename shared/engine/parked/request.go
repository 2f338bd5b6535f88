package parked

import (
	"fmt"
	"strings"
	"time"
)

// Request asks for a redrive. Just one of Group, Orders and All says of what.
type Request struct {
	Group   string   `json:"group,omitempty"`
	Orders  []string `json:"orders,omitempty"`
	All     bool     `json:"all,omitempty"`
	Service string   `json:"service,omitempty"` // empty: whichever has it parked

	Steps         []int      `json:"steps,omitempty"`      // how many sagas at a time, the last again and again; nil: DefaultSteps
	PerSecond     *float64   `json:"per_second,omitempty"` // nil: DefaultRate
	Pause         string     `json:"pause,omitempty"`      // "none", or "ask" to wait for Continue after each step
	StopOnFailure *bool      `json:"stop_on_failure,omitempty"`
	DryRun        bool       `json:"dry_run,omitempty"`
	Reason        string     `json:"reason,omitempty"`
	AsOf          *time.Time `json:"as_of,omitempty"` // of the dry run: what was parked later is left alone
}

// Origin is who asks, and how the same request is known again.
type Origin struct {
	By     string
	Key    string // Idempotency-Key; empty: it is not sent again
	Digest string // of the request's body
}

// DefaultSteps and DefaultRate, in sagas per second, are what a request means that names none.
var DefaultSteps = []int{1, 2, 5, 20, 50, 100}

// DefaultRate is in sagas per second.
const DefaultRate = 10.0

const (
	maxOrders = 1000
	maxSteps  = 100
	maxStep   = 100_000
	maxRate   = 1000.0
	maxTurns  = 1000 // steps that one redrive may come to
)

// complete checks a request and fills in what it leaves open.
func (r Request) complete() (Request, error) {
	var f faults
	ways := 0
	for _, given := range []bool{r.Group != "", r.Orders != nil, r.All} {
		if given {
			ways++
		}
	}
	if ways != 1 {
		f.add("group", "say what to redrive: just one of group, orders and all")
	}
	if r.Orders != nil && len(r.Orders) == 0 || len(r.Orders) > maxOrders {
		f.add("orders", "want 1 to %d orders", maxOrders)
	}
	for i, order := range r.Orders {
		if order == "" || strings.ContainsRune(order, 0) {
			f.add(fmt.Sprintf("orders[%d]", i), "want the id of an order")
		}
	}
	if r.Steps == nil {
		r.Steps = DefaultSteps
	}
	if len(r.Steps) == 0 || len(r.Steps) > maxSteps {
		f.add("steps", "want 1 to %d steps, such as [1, 2, 5, 20]", maxSteps)
	}
	for i, step := range r.Steps {
		if step < 1 || step > maxStep {
			f.add(fmt.Sprintf("steps[%d]", i), "want 1 to %d sagas", maxStep)
		}
	}
	if r.PerSecond == nil {
		rate := DefaultRate
		r.PerSecond = &rate
	}
	if rate := *r.PerSecond; !(rate >= 0.01 && rate <= maxRate) {
		f.add("per_second", "want 0.01 to %g sagas per second", maxRate)
	}
	if r.Pause == "" {
		r.Pause = "none"
	}
	if r.Pause != "none" && r.Pause != "ask" {
		f.add("pause", "want none, or ask")
	}
	if r.StopOnFailure == nil {
		yes := true
		r.StopOnFailure = &yes
	}
	if r.AsOf != nil {
		at := r.AsOf.Truncate(time.Microsecond) // as the database keeps it
		r.AsOf = &at
	}
	if fault := reasonFault(r.Reason, false); fault != "" {
		f.add("reason", "%s", fault)
	}
	return r, f.err()
}

// words say what is to be redriven.
func (r Request) words() string {
	switch {
	case r.Group != "":
		return "group " + r.Group
	case r.All:
		return "all"
	case len(r.Orders) == 1:
		return "order " + cut(r.Orders[0], 100)
	}
	return fmt.Sprintf("%d orders", len(r.Orders))
}

// turns gives each of n sagas its step, counted from first on. The last size is repeated.
func turns(steps []int, n, first int) []int32 {
	out := make([]int32, 0, n)
	for k := 0; len(out) < n; k++ {
		for range min(steps[min(k, len(steps)-1)], n-len(out)) {
			out = append(out, int32(first+k))
		}
	}
	return out
}
