package fraud

import (
	"slices"
	"time"

	event "orderflow.example/schemas/fraud"
	"orderflow.example/shared/saga"
)

// MostOrders bounds how many orders are kept of one subject, and so what the rules can count.
const MostOrders = 1000

// mostOutcomes are kept, to learn of each once. They come once, and in order, from each order.
const mostOutcomes = 100

// Subject is this service's state of one subject.
type Subject struct {
	Key         string
	Seen        []Seen // the latest orders within the longest window, in the order of counting
	Orders      int64  // ever counted
	Refunds     int64
	Chargebacks int64
	Entry       int64 // how often it was put on the block list
	Listed      bool
	Outcomes    []string // the latest disputes and refunds that were learned
}

// Seen is an order that was counted.
type Seen struct {
	Order string
	At    time.Time
}

// BlankSubject is a subject without events.
func BlankSubject(key string) Subject { return Subject{Key: key} }

// EvolveSubject folds the subject's events. The windows slide with the time of counting: orders counted before the longest one of
// the event are dropped.
func EvolveSubject(s Subject, e saga.Event) Subject {
	switch d := e.Data.(type) {
	case event.OrderCountedV1:
		s.Orders++
		kept := []Seen{}
		if len(d.Windows) > 0 {
			since := e.Time.Add(-seconds(slices.Max(d.Windows)))
			kept = slices.DeleteFunc(slices.Clone(s.Seen), func(o Seen) bool { return !o.At.After(since) })
		}
		kept = append(kept, Seen{d.OrderID, e.Time})
		s.Seen = kept[max(0, len(kept)-MostOrders):]
	case event.OutcomeLearnedV1:
		s.Outcomes = append(slices.Clone(s.Outcomes[max(0, len(s.Outcomes)-mostOutcomes+1):]), d.Ref)
		if d.Outcome == byChargeback {
			s.Chargebacks++
		} else {
			s.Refunds++
		}
	case event.ListedV1:
		s.Entry, s.Listed = d.Entry, true
	case event.DelistedV1:
		s.Listed = false
	}
	return s
}

func seconds(n int64) time.Duration { return time.Duration(n) * time.Second }

// count counts an order once.
func count(s Subject, e event.OrderSeenV1) []saga.Event {
	if slices.ContainsFunc(s.Seen, func(o Seen) bool { return o.Order == e.OrderID }) {
		return nil
	}
	return []saga.Event{event.OrderCounted.Of(event.OrderCountedV1(e))}
}

// measure emits the history for the order's case. The order itself is the last one seen.
func measure(s Subject, e event.OrderCountedV1) []saga.Event {
	h := event.HistoryV1{Windows: e.Windows, Earlier: s.Orders - 1, Refunds: s.Refunds, Chargebacks: s.Chargebacks, Listed: s.Listed}
	for _, w := range e.Windows {
		since := s.Seen[len(s.Seen)-1].At.Add(-seconds(w))
		var n int64
		for _, o := range s.Seen {
			if o.At.After(since) {
				n++
			}
		}
		h.Orders = append(h.Orders, n)
	}
	return []saga.Event{event.VelocityMeasured.About(e.OrderID, event.VelocityMeasuredV1{Subject: KindOf(s.Key), History: h})}
}
