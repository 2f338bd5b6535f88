package bench

import (
	"slices"
	"time"
)

// Quantiles of a number of times, in milliseconds.
type Quantiles struct {
	P50 float64 `json:"p50"`
	P99 float64 `json:"p99"`
}

// Orders holds the figures of one load. Times are of orders sent in the measured time: from when an order was sent, or
// should have been by the rate, to its answer, and to when a consumer of the order service's topic had read the event.
type Orders struct {
	Lines      int       `json:"lines"`
	Callers    int       `json:"callers,omitempty"`
	Rate       float64   `json:"rate_per_second,omitempty"`
	Seconds    float64   `json:"seconds"`
	Accepted   int       `json:"accepted"` // in all, warming up included
	Shed       int       `json:"shed"`     // in all: answered 503 and Retry-After
	Ended      int       `json:"ended"`    // in the measured time
	PerSecond  float64   `json:"ended_per_second"`
	Placing    Quantiles `json:"placing_ms"`
	Refusing   Quantiles `json:"shedding_ms"`
	Confirming Quantiles `json:"placed_to_confirmed_ms"`
	Ending     Quantiles `json:"placed_to_end_ms"`
	CPU        Processes `json:"cpu_ms_per_order"`
	Machine    float64   `json:"machine_cpu_ms_per_order"` // of the whole machine, all processes; 0 if unknown
	Events     float64   `json:"events_per_order"`
	Drained    float64   `json:"drained_after_seconds"` // from the last order placed to the end of all
	Resident   Processes `json:"resident_mib"`
	Course     []Stretch `json:"course,omitempty"` // warming up included; shows whether the cost grows with the data
}

func (l *orderLoad) figures() Orders {
	seconds := l.window.Seconds()
	return Orders{Lines: l.lines, Callers: l.callers, Rate: l.rate, Seconds: seconds, Accepted: l.accepted, Shed: l.shed,
		Ended: l.endedInside, PerSecond: float64(l.endedInside) / seconds, Placing: quantiles(l.took.placing),
		Refusing: quantiles(l.took.refusing), Confirming: quantiles(l.took.confirming), Ending: quantiles(l.took.ending),
		Course: l.course}
}

func quantiles(took []time.Duration) Quantiles {
	if len(took) == 0 {
		return Quantiles{}
	}
	slices.Sort(took)
	return Quantiles{share(took, 0.5), share(took, 0.99)}
}
