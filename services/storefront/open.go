package storefront

import (
	"slices"

	"orderflow.example/schemas/order"
	event "orderflow.example/schemas/storefront"
)

// Open tells whether something is still to come to the order: its end, goods on their way back, or money.
func (o Order) Open() bool {
	if !o.Exists() {
		return false
	}
	arrived := o.Status == order.StatusCompleted || o.Status == order.StatusReturned
	total := o.Basket().Total.Amount
	apart := slices.ContainsFunc(o.Shipments, func(s Shipment) bool { return s.Parcel != nil })
	if !o.Final || arrived && (o.Payment.Captured == 0 && total > 0 || apart && o.Payment.Captured < total) {
		return true
	}
	owed := o.worth(o.Lost())
	if apart {
		owed += max(0, o.Payment.Captured-total) // of parcels that were kept back
	}
	for _, r := range o.Returns {
		switch r.State {
		case ReturnRequested, ReturnAuthorized:
			return true
		case ReturnReceived:
			owed += o.worth(r.Lines)
		}
	}
	if !arrived {
		owed = o.Payment.Captured
	}
	return o.Refunded < min(owed, o.Payment.Captured-o.Payment.ChargedBack)
}

// worth is what the goods were sold for, in minor units.
func (o Order) worth(lines []event.ReturnLine) (sum int64) {
	prices := make(map[string]int64, len(o.Basket().Lines))
	for _, l := range o.Basket().Lines {
		prices[l.SKU] = l.UnitPrice
	}
	for _, l := range lines {
		sum += l.Quantity * prices[l.SKU]
	}
	return sum
}
