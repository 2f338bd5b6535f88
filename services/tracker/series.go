package tracker

import (
	"cmp"
	"math"
	"slices"
	"time"

	"orderflow.example/schemas"
	"orderflow.example/schemas/payment"
	"orderflow.example/schemas/refund"
)

// The steps in which figures are kept, each with how far back. Figures are of the events' own times: a tracker that reads the
// topics anew has the same.
var (
	bySecond = window{time.Second, 15 * time.Minute}
	byMinute = window{time.Minute, 24 * time.Hour}
)

// Steps are the names of the steps.
var Steps = []string{"1s", "1m"}

type window struct{ step, back time.Duration }

// Series is figures over time.
type Series struct {
	Step   string    `json:"step"`
	From   time.Time `json:"from"` // when the first step began
	Series []Figure  `json:"series"`
	AsOf   time.Time `json:"as_of"`
}

// Figure is one of them, step by step. Durations are right within an eighth of them.
type Figure struct {
	Name   string     `json:"name"`
	Unit   string     `json:"unit,omitempty"` // s: seconds; a currency: minor units of it; empty: a count
	Values []*float64 `json:"values"`         // null: not known
}

// history has the figures of both steps.
type history struct{ seconds, minutes ring }

// ring has a place for each step that is kept. An event of a wrong time takes one place.
type ring struct {
	window
	places []*figures
}

// figures are those of one step.
type figures struct {
	n                    int64 // of the step since 1970
	began, ended, events float64
	reopened             float64
	money                map[moved]float64
	reasons              map[string]float64
	confirming, ending   durations
}

func (f *figures) cancelled(reason string) {
	if f.reasons == nil {
		f.reasons = map[string]float64{}
	}
	f.reasons[reason]++
}

// moved names a movement of money.
type moved struct{ movement, currency string }

func newHistory() history { return history{newRing(bySecond), newRing(byMinute)} }

func newRing(s window) ring { return ring{s, make([]*figures, s.back/s.step)} }

// at calls note with the figures of the steps of a time, in Unix nanoseconds.
func (h *history) at(at int64, note func(*figures)) {
	for _, r := range []*ring{&h.seconds, &h.minutes} {
		if f := r.place(at / int64(r.step)); f != nil {
			note(f)
		}
	}
}

// place is where a step is kept; nil if a later one is kept there.
func (r *ring) place(n int64) *figures {
	if n < 0 {
		return nil
	}
	place := &r.places[n%int64(len(r.places))]
	switch {
	case *place == nil || (*place).n < n:
		*place = &figures{n: n}
	case (*place).n > n:
		return nil
	}
	return *place
}

// durations counts durations by their logarithm.
type durations map[int16]float64

// A bucket is that much wider than the one before; the first begins at a millisecond.
const wider = 1.25

func (d *durations) add(took int64) {
	if *d == nil {
		*d = durations{}
	}
	(*d)[int16(math.Log(max(float64(took)/1e6, 1))/math.Log(wider))]++
}

// quantile is in seconds; nil without durations.
func (d durations) quantile(q float64) *float64 {
	var all, seen float64
	buckets := make([]int16, 0, len(d))
	for b, n := range d {
		all, buckets = all+n, append(buckets, b)
	}
	slices.Sort(buckets)
	for _, b := range buckets {
		if seen += d[b]; seen >= q*all {
			seconds := math.Pow(wider, float64(b)+.5) / 1000
			return &seconds
		}
	}
	return nil
}

// count notes the money that an event moved.
func (h *history) count(at int64, payload any) {
	var amount schemas.Money
	movement := ""
	switch d := payload.(type) {
	case payment.CapturedV1:
		movement, amount = "captured", d.Amount
	case refund.IssuedV1:
		movement, amount = "refunded", d.Amount
	default:
		return
	}
	h.at(at, func(f *figures) {
		if f.money == nil {
			f.money = map[moved]float64{}
		}
		f.money[moved{movement, amount.Currency}] += float64(amount.Amount)
	})
}

// Series are the figures up to the last step that is over.
func (x *Index) Series(step string, now time.Time) Series {
	r := &x.history.seconds
	if step == Steps[1] {
		r = &x.history.minutes
	}
	last := now.UnixNano()/int64(r.step) - 1
	first := last - int64(len(r.places)) + 2 // the place of the oldest is the one in progress
	steps := make([]*figures, 0, len(r.places))
	for n := first; n <= last; n++ {
		f := r.places[n%int64(len(r.places))]
		if f == nil || f.n != n {
			f = &figures{}
		}
		steps = append(steps, f)
	}
	s := Series{Step: step, From: time.Unix(0, first*int64(r.step)).UTC(), AsOf: now.UTC()}
	add := func(name, unit string, of func(f *figures) *float64) {
		one := Figure{Name: name, Unit: unit, Values: make([]*float64, len(steps))}
		for i, f := range steps {
			one.Values[i] = of(f)
		}
		s.Series = append(s.Series, one)
	}
	number := func(of func(f *figures) float64) func(f *figures) *float64 {
		return func(f *figures) *float64 { n := of(f); return &n }
	}
	add("orders", "", number(func(f *figures) float64 { return f.began }))
	add("ended", "", number(func(f *figures) float64 { return f.ended }))
	add("events", "", number(func(f *figures) float64 { return f.events }))
	s.Series = append(s.Series, x.openOver(steps, r.places[(last+1)%int64(len(r.places))], last+1))
	for _, q := range []struct {
		name string
		of   float64
	}{{"p50", .5}, {"p99", .99}} {
		add("confirmed_"+q.name, "s", func(f *figures) *float64 { return f.confirming.quantile(q.of) })
		add("ended_"+q.name, "s", func(f *figures) *float64 { return f.ending.quantile(q.of) })
	}
	for _, m := range keysOf(steps, func(f *figures) map[moved]float64 { return f.money }) {
		add(m.movement, m.currency, number(func(f *figures) float64 { return f.money[m] }))
	}
	for _, reason := range keysOf(steps, func(f *figures) map[string]float64 { return f.reasons }) {
		add("compensations_"+reason, "", number(func(f *figures) float64 { return f.reasons[reason] }))
	}
	return s
}

// openOver counts back from the sagas that are open now. current is the step in progress, if any event was of it.
func (x *Index) openOver(steps []*figures, current *figures, n int64) Figure {
	open := 0.0
	for s := range x.active {
		if s.ended == 0 {
			open++
		}
	}
	back := func(f *figures) { open = max(0, open-f.began+f.ended-f.reopened) }
	if current != nil && current.n == n {
		back(current)
	}
	one := Figure{Name: "open", Values: make([]*float64, len(steps))}
	for i := len(steps) - 1; i >= 0; i-- {
		then := open
		one.Values[i] = &then
		back(steps[i])
	}
	return one
}

// keysOf are the keys of maps, sorted.
func keysOf[K comparable](steps []*figures, of func(*figures) map[K]float64) (keys []K) {
	seen := map[K]bool{}
	for _, f := range steps {
		for k := range of(f) {
			if !seen[k] {
				seen[k], keys = true, append(keys, k)
			}
		}
	}
	slices.SortFunc(keys, func(a, b K) int { return cmp.Compare(textOf(a), textOf(b)) })
	return keys
}

func textOf(key any) string {
	if m, is := key.(moved); is {
		return m.movement + " " + m.currency
	}
	return key.(string)
}
