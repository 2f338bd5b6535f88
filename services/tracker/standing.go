package tracker

import (
	"slices"

	"orderflow.example/schemas"
	"orderflow.example/schemas/payment"
	"orderflow.example/schemas/refund"
	"orderflow.example/shared/saga"
)

// Money is what became of an order's money, in the currency in which it was ordered.
type Money struct {
	Total      schemas.Money `json:"total"`      // as it was ordered
	Authorized schemas.Money `json:"authorized"` // and not voided
	Captured   schemas.Money `json:"captured"`
	Refunded   schemas.Money `json:"refunded"` // without what was reversed
}

// Pivot is the point of no return.
type Pivot struct {
	Event string `json:"event"`       // the type of the event past which a saga only goes forward
	N     int    `json:"n,omitempty"` // of that event; 0: it has not happened
}

// Cancellable tells whether an order can still be cancelled.
type Cancellable struct {
	Yes bool   `json:"yes"`
	Why string `json:"why"`
}

// money adds up the amounts in a saga's records.
func (x *Index) money(s *story, records []Record) *Money {
	if s.currency == 0 {
		return nil
	}
	currency := x.words[s.currency]
	sums := map[string]int64{}
	for i := range records {
		k := x.kinds[x.kind(records[i].Type)]
		if k.payload == nil {
			continue
		}
		moved, sign, to := schemas.Money{}, int64(1), ""
		switch d, _ := saga.As(k.payload, records[i].Type).Decode(records[i].Data); d := d.(type) {
		case payment.AuthorizedV1:
			moved, to = d.Amount, "authorized"
		case payment.VoidedV1:
			if d.Amount != nil {
				moved, to, sign = *d.Amount, "authorized", -1
			}
		case payment.CapturedV1:
			moved, to = d.Amount, "captured"
		case refund.IssuedV1:
			moved, to = d.Amount, "refunded"
		case payment.RefundReversedV1:
			moved, to, sign = d.Amount, "refunded", -1
		}
		if moved.Currency == currency {
			sums[to] += sign * moved.Amount
		}
	}
	of := func(name string) schemas.Money { return schemas.Money{Amount: sums[name], Currency: currency} }
	return &Money{Total: schemas.Money{Amount: s.total, Currency: currency}, Authorized: of("authorized"), Captured: of("captured"),
		Refunded: of("refunded")}
}

// pivot is the point of no return of a saga; nil if no service declares one.
func (x *Index) pivot(events []Event) *Pivot {
	i := slices.IndexFunc(x.kinds, func(k *kind) bool { return k.pivot })
	if i < 0 {
		return nil
	}
	p := &Pivot{Event: x.kinds[i].name}
	if n := slices.IndexFunc(events, func(e Event) bool { return e.Type == p.Event }); n >= 0 {
		p.N = events[n].N
	}
	return p
}

// cancellable tells what would come of cancelling a saga now.
func cancellable(t Saga) Cancellable {
	passed := t.Pivot != nil && t.Pivot.N > 0
	switch {
	case passed:
		return Cancellable{false, "the goods have left: this is past the point of no return"}
	case t.State == cancelling || t.EndedAt != nil:
		return Cancellable{false, "it is " + t.State + " already"}
	}
	return Cancellable{true, "it is before the point of no return"}
}

// cancelling is the state of a saga that is being undone.
const cancelling = "cancelling"
