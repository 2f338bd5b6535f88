package storefront

import "orderflow.example/schemas/order"

// Open tells whether something is still to come to the order: its end, goods on their way back, or money.
func (o Order) Open() bool {
	if !o.Exists() {
		return false
	}
	arrived := o.Status == order.StatusCompleted || o.Status == order.StatusReturned
	if !o.Final || arrived && o.Payment.Captured == 0 && o.Basket().Total.Amount > 0 {
		return true
	}
	var owed int64
	for _, r := range o.Returns {
		switch r.State {
		case ReturnRequested, ReturnAuthorized:
			return true
		case ReturnReceived:
			owed += o.worth(r)
		}
	}
	if !arrived {
		owed = o.Payment.Captured
	}
	return o.Refunded < min(owed, o.Payment.Captured-o.Payment.ChargedBack)
}

// worth is what the goods of a return were sold for, in minor units.
func (o Order) worth(r Return) (sum int64) {
	prices := make(map[string]int64, len(o.Basket().Lines))
	for _, l := range o.Basket().Lines {
		prices[l.SKU] = l.UnitPrice
	}
	for _, l := range r.Lines {
		sum += l.Quantity * prices[l.SKU]
	}
	return sum
}
