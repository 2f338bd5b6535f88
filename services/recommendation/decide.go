package recommendation

import (
	"orderflow.example/schemas/order"
	event "orderflow.example/schemas/recommendation"
	"orderflow.example/shared/saga"
)

// timeForm is how times are written, to the microsecond that rows keep.
const timeForm = "2006-01-02T15:04:05.000000Z"

// note notes the goods of an order once, in the order of its lines. One that comes from several warehouses is one good.
func note(o Order, e saga.Event, confirmed order.ConfirmedV1) []saga.Event {
	if o.Noted {
		return nil
	}
	b := event.BasketNotedV1{OrderID: e.Key, CustomerID: confirmed.CustomerID, ConfirmedAt: e.Time.UTC().Format(timeForm)}
	seen := make(map[string]bool, len(confirmed.Lines))
	for _, l := range confirmed.Lines {
		if !seen[l.SKU] {
			seen[l.SKU] = true
			b.SKUs = append(b.SKUs, l.SKU)
		}
	}
	return []saga.Event{
		event.OrderNoted.Of(event.OrderNotedV1{Goods: int64(len(b.SKUs))}),
		event.BasketNoted.About(Shop, b),
	}
}
