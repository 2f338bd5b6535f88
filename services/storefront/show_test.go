package storefront_test

import (
	"math/rand/v2"
	"reflect"
	"testing"
	"time"

	"orderflow.example/schemas"
	"orderflow.example/schemas/catalog"
	"orderflow.example/schemas/inventory"
	orders "orderflow.example/schemas/order"
	"orderflow.example/schemas/payment"
	"orderflow.example/schemas/refund"
	"orderflow.example/schemas/shipping"
	event "orderflow.example/schemas/storefront"
	"orderflow.example/services/storefront"
	"orderflow.example/shared/saga"
	"orderflow.example/shared/sagatest"
)

func status(s, text string) saga.Event {
	return orders.StatusChanged.Of(orders.StatusChangedV1{Status: s, Text: text, Next: &orders.Next{Text: "soon", By: "us"}})
}

var (
	mugs = []schemas.Allocation{{SKU: "MUG", Quantity: 1, UnitPrice: 250, Warehouse: "A"},
		{SKU: "MUG", Quantity: 1, UnitPrice: 250, Warehouse: "B"}}
	parcel   = shipping.PreparedV1{ShipmentID: "s1", Carrier: "post", TrackingNumber: "T1", Lines: mugs}
	onItsWay = shipping.Dispatched.Of(shipping.DispatchedV1{ShipmentID: "s1", Carrier: "post", TrackingNumber: "T1", Lines: mugs})
	anOrder  = []saga.Event{
		status("placed", "again"),
		orders.Confirmed.Of(orders.ConfirmedV1{CustomerID: "12346", Lines: mugs, Total: pounds(500)}),
		status("confirmed", "All there."), status("preparing", "Being packed."), status("shipped", "On its way."),
		status("delivered", "With you."),
		orders.StatusChanged.Of(orders.StatusChangedV1{Status: "completed", Text: "Done.", Final: true}),
	}
	aPayment = []saga.Event{
		payment.Authorized.Of(payment.AuthorizedV1{Amount: pounds(500)}), payment.Captured.Of(payment.CapturedV1{Amount: pounds(500)}),
	}
	aRefund = []saga.Event{refund.Settled.Of(refund.SettledV1{SettlementID: "s", Amount: pounds(100)}),
		refund.Issued.Of(refund.IssuedV1{Amount: pounds(150)})}
	aParcel = []saga.Event{
		shipping.Prepared.Of(parcel), onItsWay,
		shipping.Delivered.Of(shipping.DeliveredV1{ShipmentID: "s1"}),
		shipping.ReturnAuthorized.Of(shipping.ReturnAuthorizedV1{ReturnID: "r1", Carrier: "post", TrackingNumber: "T2", Lines: mugs}),
		shipping.ReturnReceived.Of(shipping.ReturnReceivedV1{ReturnID: "r1", Lines: mugs}),
	}
)

// show folds the events, in this order, into a fresh order with a requested return.
func show(t *testing.T, events ...saga.Event) storefront.Order {
	t.Helper()
	d := sagatest.Given(t, machine, placed, event.ReturnRequested.Of(sendBack("r1", "MUG", 1)))
	state := d.State()
	for _, e := range events {
		state = machine.Show(state, e)
	}
	return state.(storefront.Order)
}

func TestTheOrderReadsTheSameHoweverTheTopicsInterleave(t *testing.T) {
	t.Parallel()
	topics := [][]saga.Event{anOrder, aPayment, aRefund, aParcel}
	var n int
	for i := range topics { // each event has its own time wherever it lands
		topics[i] = append([]saga.Event(nil), topics[i]...)
		for j := range topics[i] {
			n++
			topics[i][j].Time = time.Unix(int64(n), 123_456_789)
		}
	}
	var want *storefront.Order
	random := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		next := make([]int, len(topics))
		var mixed []saga.Event
		for len(mixed) < n {
			if i := random.IntN(len(topics)); next[i] < len(topics[i]) {
				mixed = append(mixed, topics[i][next[i]])
				next[i]++
			}
		}
		got := show(t, mixed...)
		if want == nil {
			want = &got
		}
		if !reflect.DeepEqual(got, *want) {
			t.Fatalf("one interleaving reads\n%+v\nanother\n%+v", got, *want)
		}
	}
	if want.Status != "completed" || !want.Final || want.Next != nil || len(want.Timeline) != 6 ||
		!want.Timeline[1].At.Equal(time.Unix(3, 123_000_000)) ||
		want.Payment != (storefront.Payment{State: "captured", Authorized: 500, Captured: 500}) || want.Refunded != 250 ||
		!reflect.DeepEqual(want.Shipments, []storefront.Shipment{{ID: "s1", Carrier: "post", TrackingNumber: "T1",
			State: "delivered"}}) ||
		want.Returns[0].State != "received" || want.Returns[0].TrackingNumber != "T2" {
		t.Fatalf("the order reads %+v", *want)
	}
}

func TestWhatWasConfirmedReplacesWhatWasOrdered(t *testing.T) {
	t.Parallel()
	o := show(t)
	if got := o.Basket(); got.Total != pounds(945) || len(got.Lines) != 2 {
		t.Fatalf("before: %+v", got)
	}
	o = show(t, anOrder...)
	if got := o.Basket(); got.Total != pounds(500) ||
		!reflect.DeepEqual(got.Lines, []schemas.Line{{SKU: "MUG", Quantity: 2, UnitPrice: 250}}) {
		t.Fatalf("after: %+v", got)
	}
	if left := o.Returnable(o.Basket().Lines); left["MUG"] != 1 || left["BAG"] != 0 {
		t.Fatalf("returnable: %v", left)
	}
	if o.Placed.Total != pounds(945) {
		t.Fatalf("the placed basket was overwritten: %+v", o.Placed)
	}
}

func TestWhatWasLeftOutIsShownNoMore(t *testing.T) {
	t.Parallel()
	reduced := orders.Reduced.Of(orders.ReducedV1{Lines: mugs[:1], Missing: mugs[1:], Total: pounds(250)})
	o := show(t, append(anOrder[:3:3], reduced)...)
	if got := o.Basket(); got.Total != pounds(250) ||
		!reflect.DeepEqual(got.Lines, []schemas.Line{{SKU: "MUG", Quantity: 1, UnitPrice: 250}}) {
		t.Fatalf("it reads %+v", got)
	}
}

func TestTheStatusNeverGoesBackward(t *testing.T) {
	t.Parallel()
	way := []string{"placed", "in_review", "confirmed", "preparing", "cancelling", "shipped", "delivered", "completed", "returned"}
	for i := range way {
		for j := range i {
			o := show(t, status(way[i], "there"), status(way[j], "back"))
			if o.Status != way[i] || o.Timeline[len(o.Timeline)-1].Text == "back" {
				t.Errorf("after %s then %s the order reads %s", way[i], way[j], o.Status)
			}
		}
	}
	if o := show(t, status("backordered", ""), status("in_review", ""), status("backordered", "")); o.Status != "backordered" {
		t.Errorf("waiting for one thing then another reads %s", o.Status)
	}
}

func TestItIsTooLateToCancelOnceTheGoodsLeftOrTheOrderEnded(t *testing.T) {
	t.Parallel()
	for s, late := range map[string]bool{"placed": false, "in_review": false, "backordered": false, "confirmed": false,
		"preparing": false, "cancelling": false, "shipped": true, "delivered": true, "completed": true,
		"cancelled": true, "rejected": true} {
		if got := show(t, status(s, "")).TooLateToCancel(); got != late {
			t.Errorf("%s: too late %v, want %v", s, got, late)
		}
	}
}

func TestAPaymentThatWasRefusedStaysDeclinedWhenNothingIsLetGo(t *testing.T) {
	t.Parallel()
	nothing := payment.Voided.Of(payment.VoidedV1{})
	if got := show(t, payment.Declined.Of(payment.DeclinedV1{}), nothing).Payment.State; got != "declined" {
		t.Errorf("refused: %s", got)
	}
	if got := show(t, payment.Authorized.Of(payment.AuthorizedV1{Amount: pounds(5)}), nothing).Payment; got.State != "voided" ||
		got.Authorized != 5 {
		t.Errorf("let go: %+v", got)
	}
}

func TestAPaymentIsVoidedOnlyWhereSomethingWasAuthorised(t *testing.T) {
	t.Parallel()
	end := func(s string) saga.Event {
		return orders.StatusChanged.Of(orders.StatusChangedV1{Status: s, Final: true})
	}
	nothing, amount := payment.Voided.Of(payment.VoidedV1{}), pounds(945)
	none := pounds(0)
	set := payment.Authorized.Of(payment.AuthorizedV1{Amount: amount})
	letGo, nothingThere := payment.Voided.Of(payment.VoidedV1{Amount: &amount}), payment.Voided.Of(payment.VoidedV1{Amount: &none})
	refused := payment.Declined.Of(payment.DeclinedV1{})
	void := storefront.Payment{State: "voided", Authorized: 945}
	for name, c := range map[string]struct {
		seen []saga.Event
		want storefront.Payment
	}{
		"placed":                             {nil, storefront.Payment{State: "pending"}},
		"cancelled before it was asked for":  {[]saga.Event{nothing, end("cancelled")}, storefront.Payment{State: "none"}},
		"the end is heard of first":          {[]saga.Event{end("cancelled"), nothing}, storefront.Payment{State: "none"}},
		"rejected":                           {[]saga.Event{end("rejected")}, storefront.Payment{State: "none"}},
		"declined":                           {[]saga.Event{end("cancelled"), refused, nothing}, storefront.Payment{State: "declined"}},
		"authorised and let go of":           {[]saga.Event{set, letGo, end("cancelled")}, void},
		"let go of after the end":            {[]saga.Event{end("cancelled"), set, letGo}, void},
		"the gateway never heard of it":      {[]saga.Event{nothingThere, end("cancelled")}, storefront.Payment{State: "none"}},
		"the gateway had, and nobody knew":   {[]saga.Event{letGo, end("cancelled")}, void},
		"completed before the money is told": {[]saga.Event{end("completed")}, storefront.Payment{State: "pending"}},
	} {
		if got := show(t, c.seen...).Payment; got != c.want {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
}

func TestAWithdrawalTakesBackOnlyWhatHasNotLeft(t *testing.T) {
	t.Parallel()
	second := parcel
	second.ShipmentID = "s2"
	o := show(t, shipping.Prepared.Of(parcel), shipping.Prepared.Of(second), onItsWay,
		shipping.Withdrawn.Of(shipping.WithdrawnV1{}), shipping.Lost.Of(shipping.LostV1{ShipmentID: "s1", Lines: mugs}))
	if o.Shipments[0].State != "lost" || o.Shipments[1].State != "withdrawn" {
		t.Fatalf("shipments read %+v", o.Shipments)
	}
}

func TestAProductIsForSaleOnceTheCatalogueSaysSoWhateverCameFirst(t *testing.T) {
	t.Parallel()
	products := storefront.Products.Machine()
	listed := catalog.ProductListed.About("MUG", catalog.ProductListedV1{Description: "Mug", Price: pounds(250),
		Backorderable: true})
	dearer := catalog.PriceChanged.About("MUG", catalog.PriceChangedV1{Price: pounds(300)})
	stock := inventory.StockChanged.About("MUG", inventory.StockChangedV1{OnHand: 9, Reserved: 2, Available: 7})
	want := storefront.Product{SKU: "MUG", Listed: true, Description: "Mug", Price: pounds(300), Backorderable: true, Available: 7}
	for _, order := range [][]saga.Event{{stock, listed, dearer}, {listed, stock, dearer}, {listed, dearer, stock}} {
		state := products.Blank("MUG")
		for _, e := range order {
			state = products.Show(state, e)
			if e.Type == inventory.StockChanged.Name() && state.(storefront.Product).Listed != (order[0].Type == listed.Type) {
				t.Error("a level alone puts a product on sale")
			}
		}
		if state != want {
			t.Errorf("reads %+v", state)
		}
	}
}
