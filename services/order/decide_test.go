package order_test

import (
	"fmt"
	"testing"

	"orderflow.example/schemas"
	"orderflow.example/schemas/fraud"
	"orderflow.example/schemas/inventory"
	event "orderflow.example/schemas/order"
	"orderflow.example/schemas/payment"
	"orderflow.example/schemas/shipping"
	"orderflow.example/schemas/storefront"
	"orderflow.example/services/order"
	"orderflow.example/shared/saga"
	"orderflow.example/shared/sagatest"
)

var (
	machine = order.Choreography.Machine()
	pounds  = func(pence int64) schemas.Money { return schemas.Money{Amount: pence, Currency: "GBP"} }

	home    = schemas.Address{Name: "Ada", Line1: "1 Mill Lane", City: "Leeds", Postcode: "LS1 1AA", Country: "GB"}
	ordered = []schemas.Line{{SKU: "A", Quantity: 2, UnitPrice: 300}, {SKU: "B", Quantity: 1, UnitPrice: 100}}
	held    = []schemas.Allocation{{SKU: "A", Quantity: 2, UnitPrice: 300, Warehouse: "north"},
		{SKU: "B", Quantity: 1, UnitPrice: 100, Warehouse: "north"}}

	placedOrder = storefront.OrderPlacedV1{CustomerID: "c1", Lines: ordered, Total: pounds(700), ShipTo: home,
		Email: "ada@shop.example", PaymentToken: "tok_ok", FillPolicy: "fill_all"}
	placed    = storefront.OrderPlaced.Of(placedOrder)
	wantsOut  = storefront.CancellationRequested.Of(storefront.CancellationRequestedV1{Reason: "changed my mind"})
	reserved  = inventory.Reserved.Of(inventory.ReservedV1{Lines: held, Total: pounds(700), Complete: true})
	cleared   = fraud.Cleared.Of(fraud.ClearedV1{By: "rules"})
	reviewing = fraud.ReviewRequested.Of(fraud.ReviewRequestedV1{})
	paid      = payment.Authorized.Of(payment.AuthorizedV1{Amount: pounds(700)})
	released  = inventory.Released.Of(inventory.ReleasedV1{})
	voided    = payment.Voided.Of(payment.VoidedV1{Amount: new(pounds(700))})
	prepared  = shipping.Prepared.Of(shipping.PreparedV1{Carrier: "Postal", Lines: held})
	handed    = shipping.Dispatched.Of(shipping.DispatchedV1{ShipmentID: "s1", Carrier: "Postal", TrackingNumber: "T1", Lines: held})
	arrived   = shipping.Delivered.Of(shipping.DeliveredV1{ShipmentID: "s1"})
	stopped   = shipping.Withdrawn.Of(shipping.WithdrawnV1{})
	notStop   = shipping.WithdrawalRefused.Of(shipping.WithdrawalRefusedV1{Reason: "handed_over"})

	validated = event.Validated.Of(event.ValidatedV1{CustomerID: placedOrder.CustomerID, Lines: placedOrder.Lines,
		Total:  placedOrder.Total,
		ShipTo: placedOrder.ShipTo, Email: placedOrder.Email, PaymentToken: placedOrder.PaymentToken,
		FillPolicy: placedOrder.FillPolicy})
	confirmed = event.Confirmed.Of(event.ConfirmedV1{CustomerID: "c1", Lines: held, Total: pounds(700), ShipTo: home})
)

// at is the order service after these events, in this order.
func at(t *testing.T, heard ...saga.Event) *sagatest.Decision {
	t.Helper()
	d := sagatest.Given(t, machine)
	for _, e := range heard {
		d.When(e)
	}
	return d
}

var (
	toConfirmed = []saga.Event{placed, reserved, cleared, paid}
	toPreparing = append(toConfirmed[:4:4], prepared)
	toShipped   = append(toPreparing[:5:5], handed)
	toCompleted = append(toShipped[:6:6], arrived)
)

// status checks the last status that the customer was told, and whether it is final.
func status(t *testing.T, d *sagatest.Decision, want order.Status, final bool) event.StatusChangedV1 {
	t.Helper()
	var told []event.StatusChangedV1
	for _, e := range d.Emitted() {
		if s, ok := e.Data.(event.StatusChangedV1); ok {
			told = append(told, s)
		}
	}
	if len(told) == 0 {
		t.Fatalf("the customer was told nothing, want %s", want)
	}
	last := told[len(told)-1]
	if last.Status != string(want) || last.Final != final || last.Text == "" || d.State().(order.Order).Status != want {
		t.Fatalf("the customer was told %+v, want %s (final: %v)", last, want, final)
	}
	return last
}

func TestAGoodOrderIsValidatedOnce(t *testing.T) {
	t.Parallel()
	at(t, placed).Then(validated).When(placed).Then()
}

func TestAnOrderIsConfirmedOnceGoodsTrustAndMoneyAreThereInAnyOrder(t *testing.T) {
	t.Parallel()
	heard := []saga.Event{reserved, cleared, paid}
	for _, p := range [][]int{{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}} {
		d := at(t, placed)
		d.When(heard[p[0]]).ThenKinds(event.Progressed)
		d.When(heard[p[0]]).Then() // a repeat
		d.When(heard[p[1]]).ThenKinds(event.Progressed)
		d.When(heard[p[2]]).ThenKinds(event.Confirmed, event.StatusChanged)
		if d.Emitted()[0].Data.(event.ConfirmedV1).Total != pounds(700) {
			t.Fatalf("%v: confirmed %+v", p, d.Emitted()[0])
		}
		status(t, d, order.Confirmed, false)
		d.When(heard[p[2]]).Then()
	}
}

func TestWhatIsConfirmedIsWhatWasReserved(t *testing.T) {
	t.Parallel()
	part := inventory.Reserved.Of(inventory.ReservedV1{Lines: held[:1], Total: pounds(600)})
	for _, heard := range [][]saga.Event{{placed, part, cleared, paid}, {placed, cleared, paid, part}} {
		d := at(t, heard...)
		c := d.Emitted()[0].Data.(event.ConfirmedV1)
		if len(c.Lines) != 1 || c.Total != pounds(600) {
			t.Fatalf("confirmed %+v", c)
		}
		if text := status(t, d, order.Confirmed, false).Text; text != "Your order is confirmed: 2 of 3 pieces, for 6.00 GBP." {
			t.Fatal(text)
		}
	}
}

func TestAReviewExtendsTheDeadlineAndThenTheOrderGoesOn(t *testing.T) {
	t.Parallel()
	d := at(t, placed, reviewing).ThenKinds(event.Extended, event.StatusChanged)
	status(t, d, order.InReview, false)
	d.When(reviewing).Then()
	d.Expired(validated).Then()
	d.When(cleared).ThenKinds(event.Progressed, event.StatusChanged)
	d.When(reserved).ThenKinds(event.Progressed)
	status(t, d.When(paid), order.Confirmed, false)
	d.Expired(event.Extended.Of(event.ExtendedV1{})).Then()

	d = at(t, placed, reviewing).Expired(event.Extended.Of(event.ExtendedV1{}))
	d.ThenKinds(event.Cancelled, event.StatusChanged)
}

func TestAConfirmedOrderIsPreparedShippedDeliveredAndCompleted(t *testing.T) {
	t.Parallel()
	d := at(t, toConfirmed...)
	status(t, d.When(prepared), order.Preparing, false)
	d.When(prepared).Then()
	status(t, d.When(handed).ThenKinds(event.Shipped, event.StatusChanged), order.Shipped, false)
	d.When(handed).Then()
	d.When(prepared).Then() // never backward
	status(t, d.When(arrived).ThenKinds(event.Completed, event.StatusChanged, event.StatusChanged), order.Completed, true)
	d.When(arrived).Then()
}

func TestAnOrderIsRefusedForEachFaultOfItsOwnContent(t *testing.T) {
	t.Parallel()
	lines := func(l ...schemas.Line) func(*storefront.OrderPlacedV1) {
		return func(o *storefront.OrderPlacedV1) { o.Lines, o.Total.Amount = l, schemas.Total(l) }
	}
	var many []schemas.Line
	for i := range order.MaxLines + 1 {
		many = append(many, schemas.Line{SKU: fmt.Sprint(i), Quantity: 1, UnitPrice: 1})
	}
	type change = func(o *storefront.OrderPlacedV1)
	for reason, changes := range map[string][]change{
		"no_lines":       {lines()},
		"too_many_lines": {lines(many...)},
		"missing_sku":    {lines(schemas.Line{SKU: " ", Quantity: 1, UnitPrice: 1})},
		"duplicate_sku":  {lines(ordered[0], ordered[0])},
		"invalid_quantity": {lines(schemas.Line{SKU: "A", UnitPrice: 1}),
			lines(schemas.Line{SKU: "A", Quantity: order.MaxQuantity + 1, UnitPrice: 1})},
		"invalid_price":  {lines(schemas.Line{SKU: "A", Quantity: 1, UnitPrice: -1})},
		"nothing_to_pay": {lines(schemas.Line{SKU: "A", Quantity: 1})},
		"total_too_high": {lines(schemas.Line{SKU: "A", Quantity: 1, UnitPrice: order.MaxTotal + 1}),
			lines(schemas.Line{SKU: "A", Quantity: 2, UnitPrice: order.MaxTotal})},
		"total_mismatch":   {func(o *storefront.OrderPlacedV1) { o.Total.Amount++ }},
		"invalid_currency": {func(o *storefront.OrderPlacedV1) { o.Total.Currency = "gbp" }},
		"missing_customer": {func(o *storefront.OrderPlacedV1) { o.CustomerID = "" }},
		"unknown_country": {func(o *storefront.OrderPlacedV1) { o.ShipTo.Country = "UK" },
			func(o *storefront.OrderPlacedV1) { o.ShipTo.Country = "" }},
		"invalid_email": {func(o *storefront.OrderPlacedV1) { o.Email = "" },
			func(o *storefront.OrderPlacedV1) { o.Email = "ada@" }},
		"missing_payment_token": {func(o *storefront.OrderPlacedV1) { o.PaymentToken = "" }},
		"unknown_fill_policy":   {func(o *storefront.OrderPlacedV1) { o.FillPolicy = "fill_most" }},
		"invalid_text":          {func(o *storefront.OrderPlacedV1) { o.ShipTo.Line2 = "\x00" }},
		"incomplete_address": {
			func(o *storefront.OrderPlacedV1) { o.ShipTo.Name = "" }, func(o *storefront.OrderPlacedV1) { o.ShipTo.Line1 = "" },
			func(o *storefront.OrderPlacedV1) { o.ShipTo.City = " " }, func(o *storefront.OrderPlacedV1) { o.ShipTo.Postcode = "" }},
	} {
		for i, change := range changes {
			o := placedOrder
			change(&o)
			d := at(t, storefront.OrderPlaced.Of(o)).ThenKinds(event.Rejected, event.StatusChanged)
			if got := d.Emitted()[0].Data.(event.RejectedV1); got.Reason != reason || got.Detail == "" {
				t.Errorf("%s %d: rejected %+v", reason, i, got)
			}
			status(t, d, order.Rejected, true)
			d.When(wantsOut).Then()
		}
	}
}

func TestAnOrderAtItsLimitsIsAccepted(t *testing.T) {
	t.Parallel()
	o := placedOrder
	o.Lines = []schemas.Line{{SKU: "A", Quantity: order.MaxQuantity, UnitPrice: 100}, {SKU: "free", Quantity: 1}}
	o.Total.Amount, o.ShipTo.Country = order.MaxTotal, "AQ"
	at(t, storefront.OrderPlaced.Of(o)).ThenKinds(event.Validated)
}

func TestEvolveLeavesTheStateItStartsFromAlone(t *testing.T) {
	t.Parallel()
	step := func(name string) saga.Event { return event.Progressed.Of(event.ProgressedV1{Step: name}) }
	o := order.Blank(sagatest.Order)
	for _, name := range []string{"a", "b", "c"} { // so many that a slice has room to spare
		o = order.Evolve(o, step(name))
	}
	one, other := order.Evolve(o, step("one")), order.Evolve(o, step("other"))
	if one.Steps[3] != "one" || other.Steps[3] != "other" || len(o.Steps) != 3 {
		t.Fatalf("%v became %v and %v", o.Steps, one.Steps, other.Steps)
	}
}
