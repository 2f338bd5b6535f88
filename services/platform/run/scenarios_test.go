package run_test

import (
	"strings"
	"testing"

	"orderflow.example/services/platform/trial"
)

const (
	received = 10 // pieces of each scenario's own product
	price    = 255
)

// scenario is the story of one order of two pieces, unless its basket says otherwise.
type scenario struct {
	name   string
	sku    string                                 // if not one of its own
	price  int64                                  // if not the usual one
	basket func(b *trial.Basket)                  // changes the usual order
	then   func(t *testing.T, buyer *trial.Buyer) // the steps after it was placed
	want   trial.Outcome
}

func paying(token string) func(*trial.Basket) {
	return func(b *trial.Basket) { b.PaymentToken = token }
}

func decideReview(approve bool) func(*testing.T, *trial.Buyer) {
	return func(t *testing.T, buyer *trial.Buyer) {
		buyer.Await(t, "in_review")
		buyer.Site.Operator("fraud").Must(t, 200, "POST", "/v1/reviews/"+buyer.ID, map[string]any{"approve": approve})
	}
}

func returning(quantities ...int64) func(*testing.T, *trial.Buyer) {
	return func(t *testing.T, buyer *trial.Buyer) {
		sku := buyer.Await(t, "completed").Lines[0].SKU
		for _, n := range quantities {
			buyer.Return(t, trial.Line{SKU: sku, Quantity: n})
		}
	}
}

const (
	total  = 2 * price
	costly = 600_000 // two pieces of it go to review
)

func cancelled(reason string, money trial.Ledger) trial.Outcome {
	return trial.Outcome{Status: "cancelled", Reason: reason, Money: money, Stock: trial.Free(received)}
}

var (
	sold = trial.Outcome{Status: "completed", Money: trial.Ledger{Authorized: total, Captured: total},
		Stock: trial.Free(received - 2)}
	letGo    = trial.Ledger{Authorized: total, Voided: total}
	paidBack = trial.Ledger{Authorized: total, Captured: total, Refunded: total}
)

var scenarios = []scenario{
	{name: "all goes well", want: sold},
	{name: "out of stock", basket: func(b *trial.Basket) { b.Lines[0].Quantity = received + 1 },
		want: cancelled("out_of_stock", trial.Ledger{})},
	{name: "only a part is there, and wanted", basket: func(b *trial.Basket) {
		b.Lines[0].Quantity, b.FillPolicy = received+1, "fill_available"
	},
		want: trial.Outcome{Status: "completed", Money: trial.Ledger{Authorized: received * price, Captured: received * price}}},
	{name: "declined", basket: paying("tok_declined"), want: cancelled("payment_declined", trial.Ledger{})},
	{name: "insufficient funds", basket: paying("tok_insufficient_funds"), want: cancelled("payment_declined", trial.Ledger{})},
	{name: "unknown to the gateway", basket: paying("tok_of_another_gateway"), want: cancelled("payment_declined", trial.Ledger{})},
	{name: "the gateway charges and times out", basket: paying("tok_timeout"), want: sold},
	{name: "the gateway is slow", basket: paying("tok_slow"), want: sold},
	{name: "fraud", basket: func(b *trial.Basket) { b.Email = "mallory@fraud.example" },
		want: cancelled("fraud_suspected", trial.Ledger{})},
	{name: "review approved", price: costly, then: decideReview(true),
		want: trial.Outcome{Status: "completed", Money: trial.Ledger{Authorized: 2 * costly, Captured: 2 * costly},
			Stock: trial.Free(received - 2)}},
	{name: "review refused", price: costly, then: decideReview(false), want: cancelled("fraud_suspected", trial.Ledger{})},
	{name: "no carrier", basket: func(b *trial.Basket) { b.ShipTo.Postcode = "NOWHERE 1" }, want: cancelled("no_carrier", letGo)},
	{name: "the capture fails after packing", basket: paying("tok_capture_fails"), want: cancelled("capture_failed", letGo)},
	{name: "the parcel is lost", basket: func(b *trial.Basket) { b.ShipTo.Postcode = "LOST 1" },
		want: trial.Outcome{Status: "cancelled", Reason: "parcel_lost", Money: paidBack, Stock: trial.Free(received - 2)}},
	{name: "goods are missing on the floor", sku: "SHORT-1", want: cancelled("short_picked", letGo)},
	{name: "one of two comes back", then: returning(1),
		want: trial.Outcome{Status: "completed", Money: trial.Ledger{Authorized: total, Captured: total, Refunded: price},
			Stock: trial.Free(received - 1)}},
	{name: "one comes back, then the other", then: returning(1, 1),
		want: trial.Outcome{Status: "returned", Money: paidBack, Stock: trial.Free(received)}},
	{name: "the refund fails once", basket: paying("tok_refund_fails_once"), then: returning(2),
		want: trial.Outcome{Status: "returned", Money: paidBack, Stock: trial.Free(received)}},
	{name: "the same product in two lines", basket: func(b *trial.Basket) {
		b.Lines[0].Quantity = 1
		b.Lines = append(b.Lines, b.Lines[0])
	}, want: sold},
	{name: "cancelled after delivery", want: sold, then: func(t *testing.T, buyer *trial.Buyer) {
		buyer.Await(t, "completed")
		buyer.CancelTooLate(t)
	}},
}

func TestEveryStoryEndsWithMoneyAndGoodsExact(t *testing.T) {
	t.Parallel()
	site := start(t).site
	ended := make([]func(*testing.T), len(scenarios))
	t.Run("stories", func(t *testing.T) {
		for i, s := range scenarios {
			t.Run(s.name, func(t *testing.T) {
				t.Parallel()
				ended[i] = s.play(t, site)
			})
		}
	})
	if t.Failed() {
		return
	}
	for _, check := range ended { // after all have ended: nothing was added since
		check(t)
	}
}

// play runs the scenario, checks the order's outcome, and returns a func that checks it again.
func (s scenario) play(t *testing.T, site *trial.Site) (again func(*testing.T)) {
	sku := s.sku
	if sku == "" {
		sku = fresh(strings.ReplaceAll(s.name, " ", "-"))
	}
	each := s.price
	if each == 0 {
		each = price
	}
	site.Sell(t, sku, each, received)
	basket := trial.NewBasket(trial.Line{SKU: sku, Quantity: 2})
	if s.basket != nil {
		s.basket(&basket)
	}
	buyer := site.Buy(t, basket)
	if s.then != nil {
		s.then(t, buyer)
	}
	want := s.want
	buyer.AwaitOutcome(t, sku, want)
	return func(t *testing.T) { buyer.Check(t, sku, want) }
}

func TestOfTwoCustomersWhoWantTheLastPieceOneGetsIt(t *testing.T) {
	t.Parallel()
	site := start(t).site
	sku := fresh("the-last-piece")
	site.Sell(t, sku, price, 1)
	basket := trial.NewBasket(trial.Line{SKU: sku, Quantity: 1})
	ends := map[string]int{}
	var buyers []*trial.Buyer
	for range 6 {
		buyers = append(buyers, site.Buy(t, basket))
	}
	for _, b := range buyers {
		o := b.Await(t, "completed", "cancelled")
		ends[o.Status+o.Reason]++
	}
	if ends["completed"] != 1 || ends["cancelledout_of_stock"] != 5 || site.Stock(t, sku) != (trial.Stock{}) {
		t.Errorf("six customers, one piece: %v, left %+v", ends, site.Stock(t, sku))
	}
}
