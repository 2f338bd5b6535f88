package endtoend_test

import (
	"crypto/rand"
	"fmt"
	mathrand "math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"orderflow.example/services/platform/trial"
	"orderflow.example/services/tracker"
)

const cancellations = 60

func TestOfCancellationsGrantedBeforePackingNoneWasCharged(t *testing.T) {
	t.Parallel()
	w := &watched{trial.StartParts(t, 10), nil} // packing a parcel takes 0.1 to 0.3 s
	w.Site.Sell(t, "wavering", price, cancellations)
	luck := mathrand.New(mathrand.NewPCG(11, 2026))
	buyers := make([]*trial.Buyer, cancellations)
	var all sync.WaitGroup
	slots := make(chan struct{}, 12)
	for i := range buyers {
		after, wait := []string{"placed", "confirmed", "preparing"}[luck.IntN(3)],
			time.Duration(luck.Int64N(int64(400*time.Millisecond)))
		slots <- struct{}{}
		all.Go(func() {
			defer func() { <-slots }()
			b := w.Site.Buy(t, trial.NewBasket(trial.Line{SKU: "wavering", Quantity: 1}))
			b.Await(t, after)
			<-time.After(wait) // the time at which this customer cancels
			a, err := w.Site.Customer(b.Name).Send("POST", "/v1/orders/"+b.ID+"/cancellation", nil, "Idempotency-Key: "+rand.Text())
			if err != nil || a.Status != 202 && a.Status != 409 {
				t.Errorf("order %s: %d %s %v", b.ID, a.Status, a.Body, err)
			}
			b.Await(t, "completed", "cancelled")
			buyers[i] = b
		})
	}
	all.Wait()
	ends, left := map[string]int{}, int64(cancellations)
	for _, b := range buyers {
		status, packed := b.Order(t).Status, w.says(t, b.ID, "warehouse.packed.v1")
		want := trial.Ledger{Authorized: price, Captured: price}
		switch {
		case status == "completed":
			left--
		case packed && w.says(t, b.ID, "payment.capture_requested.v1"):
			want.Refunded = price
		default:
			want.Captured, want.Voided = 0, price
		}
		book := w.Site.Book(t, b.ID)
		if status == "cancelled" && !packed && book == (trial.Ledger{}) {
			want = book // cancelled before the call to the gateway
		}
		if book != want {
			t.Errorf("order %s is %s, packed: %v; the gateway's book says %+v, want %+v", b.ID, status, packed, book, want)
		}
		ends[fmt.Sprintf("%s, packed: %v, %+v", status, packed, book)]++
	}
	if stock := w.Site.Stock(t, "wavering"); stock != trial.Free(left) {
		t.Errorf("%d pieces should be left, the stock is %+v", left, stock)
	}
	t.Log(ends)
	if ends[fmt.Sprintf("cancelled, packed: false, %+v", trial.Ledger{Authorized: price, Voided: price})] < cancellations/10 {
		t.Errorf("too few were cancelled while money was authorised: %v", ends)
	}
}

// says reports whether the order's saga has an event of this type, once the tracker has consumed its end.
func (w *watched) says(t *testing.T, order, event string) (said bool) {
	t.Helper()
	is := func(types ...string) func(tracker.Event) bool {
		return func(e tracker.Event) bool { return slices.Contains(types, e.Type) }
	}
	trial.Await(t, "the end of "+order+" in the tracker", func() (bool, string) {
		saga := w.saga(t, order)
		said = slices.ContainsFunc(saga.Events, is(event))
		return slices.ContainsFunc(saga.Events, is("shipping.delivered.v1", "payment.voided.v1", "refund.issued.v1")),
			fmt.Sprint(saga.State)
	})
	return said
}
