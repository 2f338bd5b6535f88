package witness

import (
	"encoding/json"
	"maps"
	"slices"
)

// orders: each accepted order was placed once, and no other was; each has one end, which the customer sees.
func (j *judge) orders() {
	placed := map[string]int{}
	for key, events := range j.events {
		for _, r := range events {
			if r.Type == "storefront.order_placed.v1" {
				placed[key]++
			}
		}
	}
	for _, id := range slices.Sorted(maps.Keys(placed)) {
		if _, accepted := j.Accepted[id]; !accepted {
			j.found("orders", id, "it was placed, and no request was answered with it: a second order under one idempotency key?")
		}
	}
	for _, id := range slices.Sorted(maps.Keys(j.Accepted)) {
		if placed[id] != 1 {
			j.found("orders", id, "it was accepted, and placed %d times", placed[id])
		}
		o, shown := j.Orders[id], j.Shown[id]
		switch {
		case !final(o.Status):
			j.found("orders", id, "it has no end: it is %q, the customer sees %q", o.Status, shown.Status)
			continue
		case o.Status != shown.Status:
			j.found("orders", id, "it is %s, the customer sees %q", o.Status, shown.Status)
		case shown.Open:
			j.found("orders", id, "it is %s, and still open", o.Status)
		}
		if ends := j.ends(id); !slices.Equal(ends, []string{o.Status}) && !slices.Equal(ends, []string{"completed", "returned"}) {
			j.found("orders", id, "it is %s, and its events end it as %v", o.Status, ends)
		}
		if arrived(o.Status) && !j.Accepted[id] {
			j.found("orders", id, "it is %s, and could not be: its card, its address or its customer is refused", o.Status)
		}
	}
}

func final(status string) bool {
	return status == "completed" || status == "rejected" || status == "cancelled" || status == "returned"
}

func arrived(status string) bool { return status == "completed" || status == "returned" }

// ends are the final statuses in the order service's events, in order.
func (j *judge) ends(id string) (statuses []string) {
	for _, r := range j.events[id] {
		if said := decode[struct{ Status string }](r); r.Type == "order.status_changed.v1" && final(said.Status) &&
			(len(statuses) == 0 || statuses[len(statuses)-1] != said.Status) {
			statuses = append(statuses, said.Status)
		}
	}
	return statuses
}

// decode reads the needed fields of an event. Payloads are checked against their schemas elsewhere; absent fields are zero.
func decode[T any](r *Record) (v T) {
	json.Unmarshal(r.Data, &v)
	return v
}

// onlyOnce are the events of which an order, or each of its parcels, has at most one.
var onlyOnce = []string{
	"order.validated.v1", "order.rejected.v1", "order.confirmed.v1", "order.cancelled.v1", "order.shipped.v1", "order.completed.v1",
	"inventory.reserved.v1", "inventory.rejected.v1", "inventory.released.v1", "inventory.committed.v1",
	"payment.authorization_requested.v1", "payment.authorized.v1", "payment.declined.v1", "payment.capture_requested.v1",
	"payment.captured.v1", "payment.voided.v1",
	"shipping.label_requested.v1", "shipping.prepared.v1", "shipping.dispatched.v1", "shipping.delivered.v1", "shipping.lost.v1",
	"warehouse.pick_requested.v1", "warehouse.packed.v1",
}

// parcel tells which parcel an event is about: by its shipment, or before that has an id by its number.
type parcel struct {
	ShipmentID string `json:"shipment_id"`
	Parcel     struct{ Number int64 }
}

// once: events of onlyOnce happened at most once, and the carrier collected no second parcel.
func (j *judge) once() {
	for _, key := range slices.Sorted(maps.Keys(j.events)) {
		type one struct {
			name string
			of   parcel
		}
		count, times := map[string]int{}, map[one]int{}
		for _, r := range j.events[key] {
			count[r.Type]++
			it := one{r.Type, decode[parcel](r)}
			if times[it]++; times[it] == 2 && slices.Contains(onlyOnce, r.Type) {
				j.found("once", key, "%s happened twice", r.Type)
			}
		}
		if parcels := j.Collected[key]; parcels != count["shipping.dispatched.v1"] {
			j.found("once", key, "the carrier collected %d parcels, %d were dispatched", parcels, count["shipping.dispatched.v1"])
		}
	}
}
