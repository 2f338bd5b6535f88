package notification_test

import (
	"strings"
	"testing"

	"orderflow.example/schemas"
	"orderflow.example/schemas/inventory"
	event "orderflow.example/schemas/notification"
	"orderflow.example/schemas/order"
	"orderflow.example/schemas/payment"
	"orderflow.example/schemas/refund"
	"orderflow.example/services/notification"
	"orderflow.example/shared/saga"
	"orderflow.example/shared/sagatest"
)

func TestACustomerIsToldEachThingOnceWithWhatItIsAbout(t *testing.T) {
	t.Parallel()
	d := sagatest.Given(t, silent, noted).When(isConfirmed)
	posted := d.Emitted()[0].Data.(event.PostedV1)
	if posted.CustomerID != "ann" || posted.Message.HappenedAt == "" || posted.Message.Pieces != 3 ||
		*posted.Message.Amount != pounds ||
		!strings.HasSuffix(posted.Message.ID, ":confirmed") {
		t.Errorf("%+v", posted)
	}
	d.When(isConfirmed).Then()
	d.When(isDispatched)
	if got := kinds(d.Emitted()); got != "posted dispatched" {
		t.Error(got)
	}
	d.When(isDispatched).Then()
}

func TestWhatComesBeforeItsTurnWaitsForIt(t *testing.T) {
	t.Parallel()
	back := heard(refund.Issued.Of(refund.IssuedV1{RefundID: "r1", Reason: "cancelled", Amount: pounds}))
	paid := heard(refund.Settled.Of(refund.SettledV1{SettlementID: "s1", RefundID: "r1", Reason: "cancelled", Amount: pounds}))
	again := heard(refund.Issued.Of(refund.IssuedV1{RefundID: "r2", Reason: "cancelled", Amount: pounds}))
	gone := heard(payment.RefundReversed.Of(payment.RefundReversedV1{RefundID: "r1", Amount: pounds}))
	lostToo := heard(payment.RefundReversed.Of(payment.RefundReversedV1{RefundID: "r2", Amount: pounds}))
	owed := heard(refund.Owed.Of(refund.OwedV1{RefundID: "r1", Reason: "card_closed", Amount: pounds}))
	waits := heard(inventory.Backordered.Of(inventory.BackorderedV1{
		Short: []inventory.Shortage{{SKU: "MUG", Requested: 5, Available: 2}}}))
	part := schemas.Money{Amount: 1020, Currency: "GBP"}
	reduced := heard(order.Reduced.Of(order.ReducedV1{Lines: goods, Missing: goods[:1], Total: part}))
	for name, c := range map[string][]struct {
		hears saga.Event
		says  string
	}{
		"everything before the order": {{isDelivered, "held delivered"}, {isDispatched, "held dispatched"},
			{isConfirmed, "held confirmed"},
			{placed, "noted ann, posted confirmed, posted dispatched, posted delivered"}},
		"the parcel before the confirmation": {{placed, "noted ann"}, {isDispatched, "held dispatched"}, {isDispatched, ""},
			{isConfirmed, "posted confirmed, posted dispatched"}, {isDelivered, "posted delivered"}},
		"the refund before the cancellation": {{placed, "noted ann"}, {back, "held refunded"},
			{isCancelled, "posted cancelled, posted refunded"}, {back, ""}},
		"what was owed before the cancellation": {{placed, "noted ann"}, {paid, "held settled"},
			{isCancelled, "posted cancelled, posted settled"}, {paid, ""}},
		"the order twice": {{placed, "noted ann"}, {placed, ""}},
		"goods that are waited for": {{placed, "noted ann"}, {waits, "posted backordered"}, {waits, ""},
			{isConfirmed, "posted confirmed"}},
		"that goods were waited for, afterwards": {{placed, "noted ann"}, {isConfirmed, "posted confirmed"}, {waits, ""}},
		"all about goods that came, before the order": {{isConfirmed, "held confirmed"}, {waits, "held backordered"},
			{placed, "noted ann, posted backordered, posted confirmed"}},
		"what did not arrive, before it was given back": {{placed, "noted ann"}, {isCancelled, "posted cancelled"},
			{gone, "held refund_reversed"}, {back, "posted refunded, posted refund_reversed"}, {gone, ""}},
		"another refund that did not arrive": {{placed, "noted ann"}, {isCancelled, "posted cancelled"}, {back, "posted refunded"},
			{lostToo, "held refund_reversed"}, {again, "posted refunded, posted refund_reversed"}},
		"goods left out, before the confirmation": {{placed, "noted ann"}, {reduced, "held reduced"},
			{isConfirmed, "posted confirmed, posted reduced"}, {isDispatched, "posted dispatched"}, {reduced, ""}},
		"goods left out of an order that is cancelled": {{placed, "noted ann"}, {isConfirmed, "posted confirmed"},
			{isCancelled, "posted cancelled"}, {reduced, ""}},
		"what is owed before the confirmation": {{placed, "noted ann"}, {owed, "held refund_owed"},
			{isConfirmed, "posted confirmed, posted refund_owed"}, {owed, ""}},
	} {
		d := sagatest.Given(t, silent)
		for i, step := range c {
			d.When(step.hears)
			if got := kinds(d.Emitted()); got != step.says {
				t.Errorf("%s, step %d: %q, want %q", name, i, got, step.says)
			}
		}
		if o := d.State().(notification.Order); len(o.Held) > 0 {
			t.Errorf("%s: still held: %v", name, o.Held)
		}
	}
}
