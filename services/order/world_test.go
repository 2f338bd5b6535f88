package order_test

import (
	"slices"
	"testing"

	"orderflow.example/schemas/fraud"
	"orderflow.example/schemas/inventory"
	event "orderflow.example/schemas/order"
	"orderflow.example/schemas/payment"
	"orderflow.example/schemas/refund"
	"orderflow.example/schemas/shipping"
	"orderflow.example/schemas/warehouse"
	"orderflow.example/shared/saga"
	"orderflow.example/shared/sagatest"
)

// fates are the outcomes of the services around the order service.
var fates = []string{"well", "review", "distrusted", "out of stock", "declined", "unshippable", "capture fails",
	"short", "lost", "returned"}

func TestEveryOrderEndsOnceAndItsStatusNeverGoesBackwardWhateverComesFirst(t *testing.T) {
	t.Parallel()
	ladder := []string{"placed", "in_review", "confirmed", "preparing", "cancelling", "shipped", "delivered", "completed",
		"cancelled", "returned"}
	ends := map[string]int{}
	for _, fate := range fates {
		for seed := range uint64(300) {
			w := sagatest.NewWorld(t, seed, append(around(fate), machine)...)
			w.Tell(sagatest.Order, placed)
			if early := int(seed % 60); early < 50 { // every sixth seed has no cancellation
				w.Steps(early)
				w.Tell(sagatest.Order, wantsOut)
			}
			w.Settle()
			w.ExpireAll()
			last := event.StatusChangedV1{Status: "placed"}
			for _, s := range sagatest.Said(w, event.StatusChanged) {
				if slices.Index(ladder, s.Status) < slices.Index(ladder, last.Status) || last.Final && !s.Final {
					t.Fatalf("%s, seed %d: %s after %s", fate, seed, s.Status, last.Status)
				}
				last = s
			}
			if !last.Final || len(sagatest.Said(w, event.Cancelled))+len(sagatest.Said(w, event.Shipped)) != 1 {
				t.Fatalf("%s, seed %d: ends as %s, cancelled %v, shipped %v", fate, seed, last.Status,
					sagatest.Said(w, event.Cancelled), sagatest.Said(w, event.Shipped))
			}
			ends[last.Status+" "+last.Reason]++
		}
	}
	for _, end := range []string{"completed ", "returned ", "cancelled customer_request", "cancelled parcel_lost",
		"cancelled short_picked",
		"cancelled capture_failed", "cancelled no_carrier", "cancelled payment_declined", "cancelled out_of_stock",
		"cancelled fraud_suspected"} {
		if ends[end] == 0 {
			t.Errorf("no order ended as %q: %v", end, ends)
		}
	}
}

// said is the state of a service around the order service: the types of the events it emitted.
type said []string

func (s said) has(k saga.Kind) bool { return slices.Contains(s, k.Name()) }

// on is a row that depends only on the events emitted before.
func on[E any](heard saga.Type[E], decide func(said) []saga.Event, emits ...saga.Kind) saga.Row {
	return saga.On(heard, func(s said, _ E) []saga.Event { return decide(s) }, emits...)
}

func service(name string, rows ...saga.Row) *saga.Machine {
	return saga.Choreography[said]{Service: name, Rows: rows, Blank: func(string) said { return nil },
		Evolve: func(s said, e saga.Event) said { return append(slices.Clip(s), e.Type) }}.Machine()
}

// around are the services around the order service, just rich enough to answer as the real ones do.
func around(fate string) []*saga.Machine {
	choose := func(worse string, failure saga.Event, success ...saga.Event) func(said) []saga.Event {
		return func(said) []saga.Event {
			if fate == worse {
				return []saga.Event{failure}
			}
			return success
		}
	}
	unless := func(stop saga.Kind, decide func(said) []saga.Event) func(said) []saga.Event {
		return func(s said) []saga.Event {
			if s.has(stop) {
				return nil
			}
			return decide(s)
		}
	}
	always := func(e ...saga.Event) func(said) []saga.Event { return func(said) []saga.Event { return e } }
	trust := []saga.Event{cleared}
	if fate == "review" {
		trust = []saga.Event{reviewing, cleared}
	}
	journey := []saga.Event{handed, arrived}
	switch fate {
	case "lost":
		journey = []saga.Event{handed, gone}
	case "returned":
		journey = []saga.Event{handed, arrived, cameBack("b1", held...)}
	}
	both := func(ready saga.Event, then ...saga.Event) func(said) []saga.Event {
		return func(s said) []saga.Event {
			if slices.Contains(s, ready.Type) {
				return then
			}
			return []saga.Event{ready}
		}
	}
	handOver := unless(shipping.Withdrawn, both(shipping.Readied.Of(shipping.ReadiedV1{}), journey...))
	moves := []saga.Kind{shipping.Readied, shipping.Dispatched, shipping.Delivered, shipping.Lost, shipping.ReturnReceived}
	payBack := both(refund.Readied.Of(refund.ReadiedV1{}), moneyBack)
	return []*saga.Machine{
		service("fraud",
			on(event.Validated, choose("distrusted", fraud.Rejected.Of(fraud.RejectedV1{}), trust...), fraud.ReviewRequested,
				fraud.Cleared, fraud.Rejected)),
		service("inventory",
			on(event.Validated, choose("out of stock", inventory.Rejected.Of(inventory.RejectedV1{}), reserved),
				inventory.Reserved, inventory.Rejected),
			on(event.Cancelled, always(released), inventory.Released)),
		service("payment",
			on(inventory.Reserved, unless(payment.Voided, choose("declined", payment.Declined.Of(payment.DeclinedV1{}), paid)),
				payment.Authorized, payment.Declined),
			on(shipping.Prepared, unless(payment.Voided, choose("capture fails", payment.CaptureFailed.Of(payment.CaptureFailedV1{}),
				payment.Captured.Of(payment.CapturedV1{Amount: pounds(700)}))), payment.Captured, payment.CaptureFailed),
			on(event.Cancelled, unless(payment.Captured, always(voided)), payment.Voided)),
		service("shipping",
			on(event.Confirmed, choose("unshippable", shipping.Rejected.Of(shipping.RejectedV1{}), prepared),
				shipping.Prepared, shipping.Rejected),
			on(warehouse.Packed, handOver, moves...),
			on(payment.Captured, handOver, moves...),
			on(event.Cancelled, unless(shipping.Withdrawn, always(stopped)), shipping.Withdrawn),
			on(event.WithdrawalRequested, func(s said) []saga.Event {
				if s.has(shipping.Dispatched) {
					return []saga.Event{notStop}
				}
				return []saga.Event{stopped}
			}, shipping.Withdrawn, shipping.WithdrawalRefused)),
		service("warehouse",
			on(shipping.Prepared, choose("short", warehouse.ShortPicked.Of(warehouse.ShortPickedV1{Missing: held}),
				warehouse.Packed.Of(warehouse.PackedV1{})), warehouse.Packed, warehouse.ShortPicked)),
		service("refund",
			on(payment.Captured, payBack, refund.Readied, refund.Issued),
			on(event.Cancelled, payBack, refund.Readied, refund.Issued),
			on(shipping.Lost, always(paidBack("r1", "lost", 700, held...)), refund.Issued),
			on(shipping.ReturnReceived, always(paidBack("r1", "returned", 700, held...)), refund.Issued)),
	}
}
