package inventory

import (
	"cmp"
	"slices"
	"time"

	"orderflow.example/schemas"
	event "orderflow.example/schemas/inventory"
	"orderflow.example/shared/saga"
)

// Waiter is an order that waits for goods, and how much of a SKU it needs.
type Waiter struct {
	SKU, Since, Order string
	Quantity          int64
}

// Waiting are those who wait for some SKUs: by SKU, the first who came first. It is never changed in place. What is free and
// needed by those before somebody is not for them, whether or not it is enough for those before.
type Waiting []Waiter

// Of returns those who wait for one SKU.
func (ws Waiting) Of(sku string) Waiting {
	start, _ := slices.BinarySearchFunc(ws, sku, func(w Waiter, sku string) int { return cmp.Compare(w.SKU, sku) })
	end := start
	for end < len(ws) && ws[end].SKU == sku {
		end++
	}
	return ws[start:end:end]
}

// before is what those who wait for the SKU and come before the order need of it: all of them, if it does not wait.
func (ws Waiting) before(order, sku string) (sum int64) {
	for _, w := range ws.Of(sku) {
		if w.Order == order {
			return sum
		}
		sum += w.Quantity
	}
	return sum
}

// with is a copy in which the order waits, too.
func (ws Waiting) with(order string, b event.BackorderedV1) Waiting {
	next := ws.without(order)
	for _, l := range b.Lines {
		w := Waiter{l.SKU, b.Since, order, l.Quantity}
		i, _ := slices.BinarySearchFunc(next, w, compareWaiters)
		next = slices.Insert(next, i, w)
	}
	return next
}

// without is a copy in which the order does not wait.
func (ws Waiting) without(order string) Waiting {
	return slices.DeleteFunc(slices.Clone(ws), func(w Waiter) bool { return w.Order == order })
}

// Waits lists what an order waits for, one for each line.
func (r Reservation) Waits(order string) Waiting {
	if r.Status != Backordered {
		return nil
	}
	return Waiting(nil).with(order, *r.Backorder)
}

// WaitsSince is when an order began to wait; the zero time if it does not.
func (r Reservation) WaitsSince() time.Time {
	if r.Status != Backordered {
		return time.Time{}
	}
	return moment(r.Backorder.Since)
}

// Sort sorts those who wait by SKU and place in line, in place.
func (ws Waiting) Sort() { slices.SortFunc(ws, compareWaiters) }

func compareWaiters(a, b Waiter) int {
	return cmp.Or(cmp.Compare(a.SKU, b.SKU), cmp.Compare(a.Since, b.Since), cmp.Compare(a.Order, b.Order))
}

// free is how much of a SKU the order of this state may have: what nobody has, and nobody before it waits for.
func (s State) free(sku string) int64 {
	return max(0, s.Levels.Available(sku)-s.Waiting.before(s.Key, sku))
}

// open is how much of a SKU a new order may have.
func (s State) open(sku string) int64 {
	return max(0, s.Levels.Available(sku)-s.Waiting.before("", sku))
}

// offers tell those who wait for a SKU that now there is enough for them and all before them. They take it by themselves, if all
// else is there, too: this event's order is another one's, and so may be another partition's.
func offers(before, after State, sku string) (events []saga.Event) {
	if after.Levels.Available(sku) <= 0 {
		return nil // for nobody, however many wait: else each event would look at all of them for each of them
	}
	enough := func(s State, w Waiter) bool {
		return s.Levels.Available(sku)-s.Waiting.before(w.Order, sku) >= s.Waiting.of(w.Order, sku)
	}
	told := ""
	for _, w := range after.Waiting.Of(sku) {
		waited := before.Waiting.of(w.Order, sku) > 0
		if w.Order == told || !waited || enough(before, w) || !enough(after, w) {
			continue
		}
		told = w.Order
		events = append(events, event.Offered.About(w.Order, event.OfferedV1{SKU: sku}))
	}
	return events
}

// of is what the order needs of the SKU; 0 if it does not wait.
func (ws Waiting) of(order, sku string) (sum int64) {
	for _, w := range ws.Of(sku) {
		if w.Order == order {
			sum += w.Quantity
		}
	}
	return sum
}

// mayWait tells whether the order may wait for all that is missing. Of goods that never came nobody knows whether they ever will.
func mayWait(s State, b *schemas.Backorder, short []event.Shortage) bool {
	return b != nil && !slices.ContainsFunc(short, func(missing event.Shortage) bool {
		return !slices.Contains(b.SKUs, missing.SKU) || len(s.Levels.Of(missing.SKU)) == 0
	})
}
