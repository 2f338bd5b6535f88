package refund_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"orderflow.example/schemas"
	"orderflow.example/schemas/order"
	"orderflow.example/schemas/payment"
	event "orderflow.example/schemas/refund"
	"orderflow.example/schemas/shipping"
	"orderflow.example/services/refund"
	"orderflow.example/shared/saga"
	"orderflow.example/shared/sagatest"
)

// Two parcels: s1 from LEEDS, for 600, and s2 from YORK, for 400.
var (
	leeds = at("LEEDS", "A", 2, 300)
	york  = at("YORK", "B", 4, 100)

	took1, took2   = taken("s1", 600, leeds), taken("s2", 400, york)
	noted1, noted2 = notes("s1", 600, leeds), notes("s2", 400, york)
	notesWhole     = event.Readied.Of(event.ReadiedV1{By: "cancelled"})
)

func at(warehouse, sku string, quantity, price int64) []schemas.Allocation {
	return []schemas.Allocation{{SKU: sku, Quantity: quantity, UnitPrice: price, Warehouse: warehouse}}
}

func taken(shipment string, amount int64, lines []schemas.Allocation) saga.Event {
	return payment.Captured.Of(payment.CapturedV1{Reference: "auth_1", Amount: pounds(amount), Lines: lines, ShipmentID: shipment})
}

func notes(shipment string, amount int64, lines []schemas.Allocation) saga.Event {
	return event.Readied.Of(event.ReadiedV1{By: "captured", Reference: "auth_1", Captured: ptr(pounds(amount)), Lines: lines,
		ShipmentID: shipment})
}

func cancelledOf(shipment string, lines []schemas.Allocation) saga.Event {
	return order.ParcelCancelled.Of(order.ParcelCancelledV1{ShipmentID: shipment, Lines: lines})
}

func lostOf(shipment string, lines []schemas.Allocation) saga.Event {
	return shipping.Lost.Of(shipping.LostV1{ShipmentID: shipment, Lines: lines})
}

func asks(shipment, reason, returnID string, amount int64, lines []schemas.Allocation) saga.Event {
	return event.Requested.Of(event.RequestedV1{Reason: reason, Reference: "auth_1", Amount: pounds(amount), ReturnID: returnID,
		Lines: lines, ShipmentID: shipment})
}

func TestWhatIsCapturedOfACancelledOrderGoesBackForEachParcelWheneverItIsCaptured(t *testing.T) {
	t.Parallel()
	one, two := asks("s1", "cancelled", "", 600, leeds), asks("s2", "cancelled", "", 400, york)
	sagatest.Given(t, machine).
		When(took1).Then(noted1).
		When(took1).Then().
		When(cancelled).Then(notesWhole, one).
		When(cancelled).Then().
		When(took2).Then(noted2, two).
		When(took2).Then()
	sagatest.Given(t, machine).When(cancelled).Then(notesWhole).When(took2).Then(noted2, two).When(took1).Then(noted1, one)
	d := sagatest.Given(t, machine, noted1, noted2).When(cancelled).Then(notesWhole, one, two)
	if shown := d.State().(refund.Refund).Shown(); len(shown) != 2 || shown[0].ShipmentID != "s1" || shown[1].ShipmentID != "s2" {
		t.Errorf("shown are %+v", shown)
	}
}

func TestWhatIsCapturedOfACancelledParcelGoesBackAndNoMore(t *testing.T) {
	t.Parallel()
	sagatest.Given(t, machine, noted1).
		When(cancelledOf("s2", york)).Then(event.Readied.Of(event.ReadiedV1{By: "cancelled", ShipmentID: "s2", Lines: york})).
		When(cancelledOf("s2", york)).Then().
		When(took2).Then(noted2, asks("s2", "cancelled", "", 400, york)).
		When(cancelled).Then(notesWhole, asks("s1", "cancelled", "", 600, leeds))
	sagatest.Given(t, machine, noted1, noted2).
		When(cancelledOf("s1", leeds)).Then(asks("s1", "cancelled", "", 600, leeds)).
		When(lostOf("s1", leeds)).ThenKinds(event.Readied). // nothing is left of it
		When(lostOf("s2", york)).Then(asks("s2", "lost", "", 400, york))
}

func TestALostParcelIsRefundedWhetherItIsHeardOfBeforeItsCapture(t *testing.T) {
	t.Parallel()
	d := sagatest.Given(t, machine)
	d.When(lostOf("s2", york)).Then(event.Readied.Of(event.ReadiedV1{By: "lost", Lines: york}))
	d.When(lostOf("s2", york)).Then()
	d.When(lostOf("s1", leeds)).Then(event.Readied.Of(event.ReadiedV1{By: "lost", Lines: leeds}))
	d.When(took1).Then(noted1, asks("s1", "lost", "", 600, leeds))
	d.When(took2).Then(noted2, asks("s2", "lost", "", 400, york))
	d.When(lostOf("s2", york)).Then()
}

func TestAReturnOfGoodsFromTwoParcelsIsAClaimForEach(t *testing.T) {
	t.Parallel()
	a, b := at("LEEDS", "A", 1, 300), at("YORK", "B", 3, 100)
	back := shipping.ReturnReceived.Of(shipping.ReturnReceivedV1{ReturnID: "r1", Lines: append(b[:1:1], a...)})
	one, two := asks("s1", "returned", "r1", 300, a), asks("s2", "returned", "r1", 300, b)
	d := sagatest.Given(t, machine, noted1, noted2).When(back).Then(one, two).When(back).Then()
	d.Answered(event.Requested, refund.RefundAnswer{RefundID: d.State().(refund.Refund).Claims[1].RefundID})
	if i := d.Emitted()[0].Data.(event.IssuedV1); i.ShipmentID != "s2" || i.ReturnID != "r1" || i.Amount != pounds(300) {
		t.Errorf("issued %+v", i)
	}
	notes := func(lines []schemas.Allocation) saga.Event {
		return event.Readied.Of(event.ReadiedV1{By: "returned", ReturnID: "r1", Lines: lines})
	}
	sagatest.Given(t, machine).When(back).Then(notes(a), notes(b)).When(back).Then().
		When(took2).Then(noted2, two).When(took1).Then(noted1, one)
}

func grants(id, shipment string, goodwill int64, lines ...refund.GrantLine) saga.Event {
	return refund.GrantRefund.Of(refund.Grant{ID: id, ShipmentID: shipment, Operator: "op1", Goodwill: goodwill, Lines: lines})
}

func TestAGrantIsOutOfOneParcel(t *testing.T) {
	t.Parallel()
	granted := func(id, shipment string, amount, goodwill int64, lines []schemas.Allocation) []saga.Event {
		return []saga.Event{event.Granted.Of(event.GrantedV1{GrantID: id, ShipmentID: shipment, Operator: "op1", Amount: pounds(amount),
			Goodwill: goodwill, Lines: lines}), event.Requested.Of(event.RequestedV1{Reason: "granted", GrantID: id,
			ShipmentID: shipment, Reference: "auth_1", Amount: pounds(amount), Lines: lines})}
	}
	given := func() *sagatest.Decision { return sagatest.Given(t, machine, noted1, noted2) }
	given().When(grants("g1", "s2", 400)).Then(granted("g1", "s2", 400, 400, nil)...).
		When(grants("g1", "s2", 400)).Then().
		When(grants("g2", "s2", 1)).Then().
		When(grants("g3", "", 600)).Then(granted("g3", "s1", 600, 600, nil)...)
	given().When(grants("g1", "", 100)).Then(granted("g1", "s1", 100, 100, nil)...).
		When(grants("g2", "", 501)).Then().
		When(grants("g3", "", 0, refund.GrantLine{SKU: "B", Quantity: 2})).
		Then(granted("g3", "s2", 200, 0, at("YORK", "B", 2, 100))...).
		When(grants("g4", "s1", 0, refund.GrantLine{SKU: "B", Quantity: 1})).Then().
		When(grants("g5", "", 0, refund.GrantLine{SKU: "B", Quantity: 3})).Then().
		When(lostOf("s2", york)).Then(asks("s2", "lost", "", 200, york))
	r := given().State().(refund.Refund)
	for name, c := range map[string]struct {
		g   refund.Grant
		why refund.Refusal
	}{
		"too much for one":  {refund.Grant{Goodwill: 601}, refund.NeedsShipment},
		"too much":          {refund.Grant{Goodwill: 1001}, ""},
		"too much for this": {refund.Grant{Goodwill: 401, ShipmentID: "s2"}, ""},
		"of another order":  {refund.Grant{Goodwill: 1, ShipmentID: "s3"}, refund.UnknownShipment},
		"goods of two parcels": {refund.Grant{Lines: []refund.GrantLine{{SKU: "A", Quantity: 1}, {SKU: "B", Quantity: 1}}},
			refund.NeedsShipment},
	} {
		sagatest.Given(t, machine, noted1, noted2).When(refund.GrantRefund.Of(c.g)).Then()
		if why := r.RefusesGrant(c.g); why != c.why {
			t.Errorf("%s: refused for %q, want %q", name, why, c.why)
		}
	}
	alone := sagatest.Given(t, machine, readied).State().(refund.Refund)
	if why := alone.RefusesGrant(refund.Grant{Goodwill: 1, ShipmentID: "s1"}); why != refund.UnknownShipment {
		t.Errorf("a shipment of an order of one parcel: %q", why)
	}
}

func TestADisputeIsOfAllThatWasCapturedOfAllParcels(t *testing.T) {
	t.Parallel()
	opened := payment.ChargedBack.Of(payment.ChargedBackV1{DisputeID: "d", Reference: "auth_1", Amount: pounds(700)})
	over := payment.DisputeLost.Of(payment.DisputeLostV1{DisputeID: "d", Amount: pounds(700)})
	noted := func(state string) saga.Event {
		return event.DisputeNoted.Of(event.DisputeNotedV1{DisputeID: "d", State: state, Amount: pounds(700)})
	}
	sagatest.Given(t, machine, noted1).When(opened).Then(noted("open")).
		When(cancelled).Then(notesWhole).
		When(took2).Then(noted2).
		When(over).Then(noted("lost"), asks("s1", "cancelled", "", 300, leeds)) // that is all there is
}

func TestParcelsThatAreCapturedTogetherShareOneCapture(t *testing.T) {
	t.Parallel()
	all := append(leeds[:1:1], york...)
	both := taken("", 1000, all)
	notes := notes("", 1000, all)
	sagatest.Given(t, machine).When(both).Then(notes).
		When(lostOf("s2", york)).Then(asks("", "lost", "", 400, york)).
		When(cancelledOf("s1", leeds)).Then(asks("", "cancelled", "", 600, leeds))
	sagatest.Given(t, machine).
		When(cancelledOf("s1", leeds)).ThenKinds(event.Readied).
		When(both).Then(notes, asks("", "cancelled", "", 600, leeds)).
		When(cancelled).Then(asks("", "cancelled", "", 400, nil))
	sagatest.Given(t, machine).
		When(cancelledOf("s1", leeds)).ThenKinds(event.Readied).
		When(taken("", 400, york)).ThenKinds(event.Readied) // it was not captured for
}

func TestOfSeveralParcelsMoneyIsConservedForEachWhateverIsHeardInWhateverOrder(t *testing.T) {
	t.Parallel()
	cancels, losses, refusals := 0, 0, 0
	for seed := range uint64(3000) {
		random := rand.New(rand.NewPCG(seed, 3))
		n := 2 + random.IntN(2)
		var heard []saga.Event
		isTaken, isLost := map[string]int64{}, map[string]bool{}
		var back []schemas.Allocation
		for i := range n {
			shipment, lines := fmt.Sprint("s", i), at(fmt.Sprint("W", i), fmt.Sprint("SKU", i), 3, 100)
			if random.IntN(6) > 0 {
				isTaken[shipment] = 300
				heard = append(heard, taken(shipment, 300, lines))
			}
			switch random.IntN(5) {
			case 0:
				isLost[shipment] = true
				heard = append(heard, lostOf(shipment, lines))
			case 1:
				isLost[shipment] = true
				heard = append(heard, cancelledOf(shipment, lines))
			case 2:
				heard = append(heard, shipping.ReturnReceived.Of(shipping.ReturnReceivedV1{ReturnID: "of " + shipment,
					Lines: at(lines[0].Warehouse, lines[0].SKU, 1, 100)}))
			}
			back = append(back, at(lines[0].Warehouse, lines[0].SKU, 2, 100)...)
		}
		if random.IntN(3) == 0 {
			heard = append(heard, shipping.ReturnReceived.Of(shipping.ReturnReceivedV1{ReturnID: "r", Lines: back}))
		}
		isCancelled := random.IntN(4) == 0
		if isCancelled {
			heard = append(heard, cancelled)
		}
		heard = append(heard, heard...)
		random.Shuffle(len(heard), func(i, j int) { heard[i], heard[j] = heard[j], heard[i] })
		refuses := seed%3 == 0
		w := sagatest.NewWorld(t, seed, machine)
		given := map[string]int64{} // by shipment
		sagatest.Outside(w, refund.GiveBack, func(e saga.Event, asked event.RequestedV1) (refund.RefundAnswer, bool) {
			if refuses && random.IntN(3) == 0 {
				refusals++
				return refund.RefundAnswer{RefundID: e.ID, Refused: "card_closed"}, true
			}
			given[asked.ShipmentID] += asked.Amount.Amount
			if asked.Amount.Amount <= 0 || given[asked.ShipmentID] > isTaken[asked.ShipmentID] {
				t.Fatalf("seed %d: %d given back of %q, for which %d are taken: %+v", seed, given[asked.ShipmentID], asked.ShipmentID,
					isTaken[asked.ShipmentID], asked)
			}
			return refund.RefundAnswer{RefundID: e.ID}, true
		})
		for _, e := range heard {
			w.Tell(sagatest.Order, e)
			w.Steps(random.IntN(3))
		}
		w.Settle()
		r := w.State("refund", sagatest.Order).(refund.Refund)
		if r.Pending != 0 || r.Refunded != total(given) || r.Captured != total(isTaken) {
			t.Fatalf("seed %d: %d taken, %d given back, and %+v", seed, total(isTaken), total(given), r)
		}
		for shipment, amount := range isTaken {
			if (isCancelled || isLost[shipment]) && !refuses && given[shipment] != amount {
				t.Fatalf("seed %d: %s will not arrive, and %d of %d are given back: %+v", seed, shipment, given[shipment], amount, r)
			}
			if isLost[shipment] {
				losses++
			}
		}
		if isCancelled {
			cancels++
		}
	}
	if cancels < 100 || losses < 100 || refusals < 100 {
		t.Errorf("%d cancelled, %d parcels that do not arrive, %d refusals: that is too few to tell", cancels, losses, refusals)
	}
}
