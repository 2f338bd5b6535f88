package endtoend_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"orderflow.example/services/platform/trial"
)

const (
	received = 10 // pieces of each moment's product, of which two are ordered
	price    = 255
	total    = 2 * price
	costly   = 600_000 // two pieces of it go to review
)

// hold is an installation and an order that is cancelled at an exact point.
type hold struct {
	*trial.Parts
	sku   string
	price int64
	buyer *trial.Buyer
}

// buy places the order: two pieces of a product of its own.
func (h *hold) buy(t *testing.T) {
	t.Helper()
	h.buyer = h.Site.Buy(t, trial.NewBasket(trial.Line{SKU: h.sku, Quantity: 2}))
}

func (h *hold) await(t *testing.T, what string, yes func() bool) {
	t.Helper()
	trial.Await(t, what, func() (bool, string) { return yes(), fmt.Sprintf("%+v", h.buyer.Order(t)) })
}

func (h *hold) awaitReserved(t *testing.T) {
	t.Helper()
	h.await(t, "goods reserved", func() bool { return h.Site.Stock(t, h.sku).Reserved == 2 })
}

// awaitMoney waits until the gateway has authorised, or captured, whether or not a service knows.
func (h *hold) awaitMoney(t *testing.T, kind func(trial.Ledger) int64) {
	t.Helper()
	h.await(t, "the gateway's money", func() bool { return kind(h.Site.Book(t, h.buyer.ID)) > 0 })
}

func authorized(l trial.Ledger) int64 { return l.Authorized }
func captured(l trial.Ledger) int64   { return l.Captured }

// moment is a point in an order's saga at which its customer cancels, and the expected money: the shop keeps none of it
// unless the parcel has left.
type moment struct {
	name  string
	price int64
	story func(t *testing.T, h *hold)
	money []trial.Ledger // several if services resume in any order
	kept  bool           // the parcel has left
}

func either(one ...trial.Ledger) []trial.Ledger { return one }

var (
	untouched = trial.Ledger{}
	letGo     = trial.Ledger{Authorized: total, Voided: total}
	paidBack  = trial.Ledger{Authorized: total, Captured: total, Refunded: total}
	paid      = trial.Ledger{Authorized: total, Captured: total}
)

var moments = []moment{
	{name: "placed, and nobody has looked at it", money: either(untouched), story: func(t *testing.T, h *hold) {
		h.Pause(t, "order")
		h.buy(t)
		h.buyer.Cancel(t)
		h.Resume(t, "order")
	}},
	{name: "validated, nothing reserved", price: costly, money: either(untouched), story: func(t *testing.T, h *hold) {
		h.Pause(t, "inventory")
		h.buy(t)
		h.buyer.Await(t, "in_review")
		h.buyer.Cancel(t)
		h.buyer.Await(t, "cancelling")
		h.Resume(t, "inventory")
	}},
	{name: "reserved, in review", price: costly, money: either(untouched), story: func(t *testing.T, h *hold) {
		h.buy(t)
		h.buyer.Await(t, "in_review")
		h.awaitReserved(t)
		h.buyer.Cancel(t)
	}},
	{name: "reserved, the gateway not asked", money: either(untouched, letGo), story: func(t *testing.T, h *hold) {
		h.Pause(t, "payment")
		h.buy(t)
		h.awaitReserved(t)
		h.buyer.Cancel(t)
		h.buyer.Await(t, "cancelling")
		h.Resume(t, "payment")
	}},
	{name: "authorised, and the answer is lost", money: either(letGo), story: func(t *testing.T, h *hold) {
		h.Gate.Shut("/sim/gateway/v1/authorizations")
		h.buy(t)
		h.awaitMoney(t, authorized)
		h.buyer.Cancel(t)
		h.buyer.Await(t, "cancelling")
		h.Gate.Open()
	}},
	{name: "authorised, not confirmed", money: either(letGo), story: func(t *testing.T, h *hold) {
		h.Pause(t, "payment")
		h.buy(t)
		h.awaitReserved(t)
		h.Pause(t, "order")
		h.Resume(t, "payment")
		h.await(t, "authorised", func() bool { return h.buyer.Order(t).Payment.Authorized.Amount == total })
		h.buyer.Cancel(t)
		h.Resume(t, "order")
	}},
	{name: "confirmed", money: either(letGo), story: func(t *testing.T, h *hold) {
		h.Pause(t, "shipping")
		h.buy(t)
		h.buyer.Await(t, "confirmed")
		h.buyer.Cancel(t)
		h.Resume(t, "shipping")
	}},
	{name: "confirmed, and the carrier's answer is lost", money: either(letGo), story: func(t *testing.T, h *hold) {
		h.Gate.Shut("/sim/carrier/v1/labels")
		h.buy(t)
		h.buyer.Await(t, "confirmed")
		h.buyer.Cancel(t)
		h.buyer.Await(t, "cancelling")
		h.Gate.Open()
	}},
	{name: "prepared, not packed", money: either(letGo), story: func(t *testing.T, h *hold) {
		h.Pause(t, "warehouse")
		h.buy(t)
		h.buyer.Await(t, "preparing")
		h.buyer.Cancel(t)
		h.buyer.Await(t, "cancelling")
		h.Resume(t, "warehouse")
	}},
	{name: "prepared, and the floor's answer is lost", money: either(letGo), story: func(t *testing.T, h *hold) {
		h.Gate.Shut("/sim/floor/v1/picks")
		h.buy(t)
		h.buyer.Await(t, "preparing")
		h.buyer.Cancel(t)
		h.buyer.Await(t, "cancelling")
		h.Gate.Open()
	}},
	{name: "prepared, perhaps packed, not captured", money: either(letGo, paidBack), story: func(t *testing.T, h *hold) {
		h.Pause(t, "shipping")
		h.buy(t)
		h.buyer.Await(t, "confirmed")
		h.Pause(t, "payment")
		h.Resume(t, "shipping")
		h.buyer.Await(t, "preparing")
		h.buyer.Cancel(t)
		h.buyer.Await(t, "cancelling")
		h.Resume(t, "payment")
	}},
	{name: "packed, and the answer to the capture is lost", money: either(paidBack), story: func(t *testing.T, h *hold) {
		h.Gate.Shut("/sim/gateway/v1/captures")
		h.buy(t)
		h.buyer.Await(t, "preparing")
		h.awaitMoney(t, captured)
		h.buyer.Cancel(t)
		h.buyer.Await(t, "cancelling")
		h.Gate.Open()
	}},
	{name: "dispatched", money: either(paid), kept: true, story: func(t *testing.T, h *hold) {
		h.Gate.Shut("/sim/carrier/v1/tracking")
		h.buy(t)
		h.buyer.Await(t, "shipped")
		h.buyer.CancelTooLate(t)
		h.Gate.Open()
	}},
	{name: "dispatched, and the customer cannot know", money: either(paid), kept: true, story: func(t *testing.T, h *hold) {
		h.Pause(t, "warehouse")
		h.buy(t)
		h.buyer.Await(t, "preparing")
		h.Gate.Shut("/sim/carrier/v1/tracking")
		h.Pause(t, "order")
		h.Resume(t, "warehouse")
		h.await(t, "goods gone", func() bool { return h.Site.Stock(t, h.sku).OnHand == received-2 })
		h.buyer.Cancel(t)
		h.Resume(t, "order")
		h.await(t, "the refusal", func() bool { return strings.Contains(fmt.Sprint(h.buyer.Order(t).Timeline), "too late to cancel") })
		h.Gate.Open()
	}},
}

func TestACancellationAtAnyMomentKeepsNothingOrComesTooLate(t *testing.T) {
	t.Parallel()
	parts := trial.StartParts(t, 100)
	held := make([]*hold, len(moments))
	wants := make([]trial.Outcome, len(moments))
	for i, m := range moments {
		t.Run(m.name, func(t *testing.T) { held[i], wants[i] = m.play(t, parts) })
		if t.Failed() {
			t.FailNow() // a service may still be paused
		}
	}
	for i, h := range held { // much later: nothing was added
		h.buyer.Check(t, h.sku, wants[i])
	}
}

func (m moment) play(t *testing.T, parts *trial.Parts) (*hold, trial.Outcome) {
	h := &hold{Parts: parts, sku: strings.NewReplacer(" ", "-", ",", "", "'", "").Replace(m.name), price: m.price}
	if h.price == 0 {
		h.price = price
	}
	h.Site.Sell(t, h.sku, h.price, received)
	m.story(t, h)
	want := trial.Outcome{Status: "cancelled", Reason: "customer_request", Money: m.money[0], Stock: trial.Free(received)}
	if m.kept {
		want = trial.Outcome{Status: "completed", Money: m.money[0], Stock: trial.Free(received - 2)}
	}
	h.buyer.Await(t, want.Status)
	if book := h.Site.Book(t, h.buyer.ID); slices.Contains(m.money, book) {
		want.Money = book
	}
	h.buyer.AwaitOutcome(t, h.sku, want)
	return h, want
}
