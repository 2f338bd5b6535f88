package exploration

import (
	"fmt"
	"slices"
	"strings"

	"orderflow.example/services/platform/services"
	"orderflow.example/shared/saga/audit"
	"orderflow.example/shared/saga/explore"
	"orderflow.example/shared/saga/explore/gateway"
	"orderflow.example/shared/saga/model"
)

// ending is the money and goods in the states of services when nothing more can happen.
type ending struct {
	model.Ending
	goods   audit.Reservation
	levels  []audit.Level
	stocked map[string]int64
	counted []audit.Goods
	owed    int64
}

// read interprets the states by the services' models.
func read(v explore.View) ending {
	e := ending{Ending: model.Ending{View: v}}
	for _, app := range services.All {
		if app.Model.State == nil {
			continue
		}
		for _, m := range app.Model.Machines {
			if v.Has(m.String()) {
				e.take(app.Model.State(v.State(m.String())))
			}
		}
		for _, o := range app.Model.Outside {
			e.take(app.Model.State(v.State(o.Name)))
		}
	}
	return e
}

func (e *ending) take(facts []audit.Fact) {
	for _, f := range facts {
		switch f := f.(type) {
		case audit.Order:
			e.Order = f
		case audit.Refund:
			e.owed = f.Owed
		case audit.Shipments:
			e.Shipments = f
		case audit.Reservation:
			e.goods = f
		case audit.Level:
			e.levels = append(e.levels, f)
		case audit.Counted:
			e.counted = append(e.counted, f.Lines...)
		case audit.Shelves:
			e.stocked = f.Stocked
		}
	}
}

// end returns what is wrong with an order to which nothing more can happen: DESIGN, section 8, for one order, if possible
// by the records of the outside. Invariants of one service alone are checked by its model.
func end(v explore.View) string {
	e := read(v)
	open := strings.Join(v.Open(), ", ")
	if e.Order.Ending == audit.Open {
		why := fmt.Sprintf("order is %s", e.Order.Status)
		for _, app := range services.All {
			if app.Model.Role == audit.Decides {
				if waits := app.Model.End(e.Ending); waits != "" {
					why += ", " + waits
				}
			}
		}
		if open != "" {
			why += "; never answered: " + open
		}
		return why
	}
	for _, wrong := range []string{e.money(), e.stock(), e.said()} {
		if wrong != "" {
			return fmt.Sprintf("order is %s, and %s", e.Order.Status, wrong)
		}
	}
	if open != "" {
		return fmt.Sprintf("order is %s, and never answered: %s", e.Order.Status, open)
	}
	return ""
}

// said returns the fault that a service's model finds.
func (e ending) said() string {
	for _, app := range services.All {
		silent := func(m explore.Machine) bool { return !e.Has(m.String()) }
		if app.Model.End == nil || slices.ContainsFunc(slices.Concat(app.Model.Machines, app.Model.Listeners), silent) {
			continue
		}
		if wrong := app.Model.End(e.Ending); wrong != "" {
			return wrong
		}
	}
	return ""
}

// money: no authorisation stays open, and the shop keeps exactly the value of the goods the customer has, and what it owes them
// and could not give back.
func (e ending) money() string {
	sum := e.State(gateway.Name).(gateway.Book).Sum()
	if sum.Open() != 0 {
		return fmt.Sprintf("%d is still set aside", sum.Open())
	}
	want := int64(0)
	if e.Order.Ending == audit.Completed {
		for _, p := range e.Shipments.Parcels {
			if p.Fate == audit.Delivered {
				want += p.Worth
			}
		}
		for _, r := range e.Shipments.Back {
			want -= r.Worth
		}
	}
	if sum.Charged > 0 {
		want = 0 // a dispute takes all that is left
	}
	if kept := sum.Captured - sum.Refunded - sum.Charged; kept != want && kept != want+e.owed {
		return fmt.Sprintf("%d of the customer's money is kept instead of %d", kept, want)
	}
	return ""
}

// stock: on hand = stocked − shipped + returned + the differences counted, and nothing is reserved.
func (e ending) stock() string {
	want := map[string]int64{}
	for sku, n := range e.stocked {
		want[sku] = n
	}
	if e.goods.Committed {
		for _, l := range e.goods.Lines {
			want[l.SKU] -= l.Quantity
		}
	}
	for _, r := range e.Shipments.Back {
		for _, l := range r.Lines {
			want[l.SKU] += l.Quantity
		}
	}
	for _, l := range e.counted {
		want[l.SKU] += l.Quantity
	}
	for _, l := range e.levels {
		if l.Reserved != 0 {
			return fmt.Sprintf("%d of %s are still reserved", l.Reserved, l.SKU)
		}
		if l.OnHand != want[l.SKU] {
			return fmt.Sprintf("%d of %s are on hand instead of %d", l.OnHand, l.SKU, want[l.SKU])
		}
	}
	var booked int64
	if e.goods.Committed {
		booked = audit.Pieces(e.goods.Lines)
	}
	if sent := audit.Pieces(e.Shipments.Sent()); sent != booked {
		return fmt.Sprintf("%d pieces have left, and the goods are %s: %v", sent, e.goods.Status, e.goods.Lines)
	}
	return ""
}

// Order is the status of the order.
func Order(v explore.View) audit.Order { return read(v).Order }
