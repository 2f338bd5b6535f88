package notification_test

import (
	"fmt"
	"testing"

	"orderflow.example/schemas"
	event "orderflow.example/schemas/notification"
	"orderflow.example/schemas/order"
	"orderflow.example/schemas/refund"
	"orderflow.example/schemas/shipping"
	"orderflow.example/services/notification"
	"orderflow.example/shared/saga"
	"orderflow.example/shared/sagatest"
)

func leaves(n int64) saga.Event {
	return heard(shipping.Dispatched.Of(shipping.DispatchedV1{ShipmentID: fmt.Sprint("s", n), Carrier: "Post", TrackingNumber: "T",
		Lines: goods, Parcel: &schemas.Parcel{Number: n, Of: 12}}))
}

func arrives(n int64) saga.Event {
	return heard(shipping.Delivered.Of(shipping.DeliveredV1{ShipmentID: fmt.Sprint("s", n)}))
}

func isLost(n int64) saga.Event {
	return heard(shipping.Lost.Of(shipping.LostV1{ShipmentID: fmt.Sprint("s", n), Lines: goods}))
}

func keptBack(n int64) saga.Event {
	return heard(order.ParcelCancelled.Of(order.ParcelCancelledV1{ShipmentID: fmt.Sprint("s", n), Reason: "short_picked",
		Lines: goods, Total: pounds}))
}

func moneyFor(n int64, id, reason string) saga.Event {
	return heard(refund.Issued.Of(refund.IssuedV1{RefundID: id, Reason: reason, Amount: pounds, ShipmentID: fmt.Sprint("s", n)}))
}

func TestACustomerIsToldOfEachParcelOnceAndInTurn(t *testing.T) {
	t.Parallel()
	lessFor := func(shipment string) saga.Event {
		return heard(order.Reduced.Of(order.ReducedV1{Lines: goods, Missing: goods, Total: pounds, ShipmentID: shipment}))
	}
	type step struct {
		hears saga.Event
		says  string
	}
	for name, steps := range map[string][]step{
		"each of two": {{leaves(1), "posted dispatched"}, {leaves(12), "posted dispatched"}, {leaves(1), ""},
			{arrives(12), "posted delivered"}, {isLost(1), "posted lost"}, {isLost(1), ""}, {arrives(12), ""}},
		"that one arrived waits until it has left, whatever else has": {{leaves(12), "posted dispatched"},
			{arrives(1), "held delivered"}, {leaves(1), "posted dispatched, posted delivered"}},
		"money for one that was lost waits for that": {{leaves(1), "posted dispatched"}, {leaves(2), "posted dispatched"},
			{isLost(1), "posted lost"}, {moneyFor(2, "r2", "lost"), "held refunded"}, {moneyFor(1, "r1", "lost"), "posted refunded"},
			{isLost(2), "posted lost, posted refunded"}},
		"one that is not sent, and its money": {{moneyFor(2, "r2", "cancelled"), "held refunded"},
			{keptBack(1), "posted parcel_cancelled"}, {keptBack(1), ""}, {keptBack(2), "posted parcel_cancelled, posted refunded"}},
		"money for each parcel of an order that is cancelled": {{moneyFor(1, "r1", "cancelled"), "held refunded"},
			{isCancelled, "posted cancelled, posted refunded"}, {moneyFor(2, "r2", "cancelled"), "posted refunded"}},
		"goods that are missing in two": {{lessFor("s1"), "posted reduced"}, {lessFor("s2"), "posted reduced"}, {lessFor("s1"), ""}},
	} {
		d := sagatest.Given(t, silent, noted).When(isConfirmed)
		for i, s := range steps {
			d.When(s.hears)
			if got := kinds(d.Emitted()); got != s.says {
				t.Errorf("%s, step %d: %q, want %q", name, i, got, s.says)
			}
		}
		if o := d.State().(notification.Order); len(o.Held) > 0 {
			t.Errorf("%s: still held: %v", name, o.Held)
		}
	}
	sagatest.Given(t, silent, noted).When(keptBack(1)).ThenKinds(event.Held)
}

func TestAMessageNamesItsParcelWhereThereAreSeveral(t *testing.T) {
	t.Parallel()
	parcel := func(d *sagatest.Decision, e saga.Event) string {
		t.Helper()
		m := d.When(e).Emitted()[0].Data.(event.PostedV1).Message
		if m.Parcel == nil {
			return ""
		}
		return fmt.Sprint(m.Parcel.Number, " of ", m.Parcel.Of)
	}
	d := sagatest.Given(t, silent, noted).When(isConfirmed)
	for _, c := range []struct {
		hears saga.Event
		want  string
	}{{leaves(2), "2 of 12"}, {leaves(1), "1 of 12"}, {arrives(1), "1 of 12"}, {isLost(2), "2 of 12"}} {
		if got := parcel(d, c.hears); got != c.want {
			t.Errorf("%s names %q, want %q", c.hears.Type, got, c.want)
		}
	}
	alone := sagatest.Given(t, silent, noted).When(isConfirmed)
	if got := parcel(alone, isDispatched) + parcel(alone, isDelivered); got != "" {
		t.Errorf("the only one is %s", got)
	}
}

func TestTheNewsOfAParcelIsTheMessageThatIsSentOfIt(t *testing.T) {
	t.Parallel()
	d := sagatest.Given(t, silent, noted).When(isConfirmed)
	for _, e := range []saga.Event{leaves(1), leaves(2), arrives(1), isLost(2), keptBack(3), moneyFor(2, "r", "lost")} {
		e.Key = d.State().(notification.Order).ID
		message, must := notification.News(e)
		if got := d.When(e).Emitted()[0].Data.(event.PostedV1).Message.ID; got != message || !must {
			t.Errorf("%s: sent %s, the news is %s, and must be sent: %v", e.Type, got, message, must)
		}
	}
}
