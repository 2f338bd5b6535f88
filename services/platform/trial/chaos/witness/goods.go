package witness

import (
	"maps"
	"slices"
)

// account sums up the gateway's book for one order.
type account struct {
	open               map[string]int64 // authorised by each attempt, neither captured nor voided
	captures           int
	captured, refunded int64
	voided             int64 // without the rest of a capture
}

func (j *judge) accounts() map[string]*account {
	all := map[string]*account{}
	for _, e := range j.Book {
		a := all[e.Order]
		if a == nil {
			a = &account{open: map[string]int64{}}
			all[e.Order] = a
		}
		switch e.Kind {
		case "authorized":
			a.open[e.Attempt] += e.Amount
		case "captured":
			a.open[e.Attempt] -= e.Amount
			a.captured += e.Amount
			a.captures++
		case "voided":
			a.open[e.Attempt] -= e.Amount
			if e.Code == "" {
				a.voided += e.Amount
			}
		case "refunded":
			a.refunded += e.Amount
		}
	}
	return all
}

// money: the gateway's book agrees with each order's end, and with the events of payment and refund.
func (j *judge) money() {
	accounts := j.accounts()
	for _, id := range slices.Sorted(maps.Keys(accounts)) {
		if _, accepted := j.Accepted[id]; !accepted {
			j.found("money", id, "the gateway has entries of an order that was never placed")
		}
	}
	for _, id := range slices.Sorted(maps.Keys(j.Accepted)) {
		a := accounts[id]
		if a == nil {
			a = &account{}
		}
		for _, attempt := range slices.Sorted(maps.Keys(a.open)) {
			if left := a.open[attempt]; left != 0 {
				j.found("money", id, "attempt %s has %d set aside that were neither taken nor let go of", attempt, left)
			}
		}
		if a.captures > 1 {
			j.found("money", id, "it was charged %d times", a.captures)
		}
		said := j.said(id)
		if said.captured != a.captured || said.refunded != a.refunded || said.voided != a.voided {
			j.found("money", id, "the gateway captured %d, refunded %d, voided %d; the events say %d, %d, %d",
				a.captured, a.refunded, a.voided, said.captured, said.refunded, said.voided)
		}
		if due, status := j.due(id, said.total), j.Orders[id].Status; final(status) && a.captured-a.refunded != due {
			j.found("money", id, "it is %s, the shop keeps %d (%d captured, %d refunded) and should keep %d",
				status, a.captured-a.refunded, a.captured, a.refunded, due)
		}
	}
}

// due is the money the shop keeps of an ended order: of a completed one the total, less the returns.
func (j *judge) due(id string, total int64) int64 {
	if !arrived(j.Orders[id].Status) {
		return 0
	}
	for _, r := range j.Returns[id] {
		if r.Status == "received" {
			for _, l := range r.Lines {
				total -= l.Quantity * l.UnitPrice
			}
		}
	}
	return total
}

type amount struct{ Amount struct{ Amount int64 } }

// said is the money of an order by the events.
func (j *judge) said(id string) (s struct{ total, captured, refunded, voided int64 }) {
	for _, r := range j.events[id] {
		switch r.Type {
		case "order.confirmed.v1":
			s.total = decode[struct{ Total struct{ Amount int64 } }](r).Total.Amount
		case "payment.captured.v1":
			s.captured += decode[amount](r).Amount.Amount
		case "payment.voided.v1":
			s.voided += decode[amount](r).Amount.Amount
		case "refund.issued.v1":
			s.refunded += decode[amount](r).Amount.Amount
		}
	}
	return s
}

// goods: of each SKU, received = on hand + shipped − returned, and nothing is reserved, as no order is unfinished.
func (j *judge) goods() {
	shipped, returned, held := map[string]int64{}, map[string]int64{}, map[string]int64{}
	for _, id := range slices.Sorted(maps.Keys(j.Reservations)) {
		r := j.Reservations[id]
		for _, l := range r.Lines {
			switch r.Status {
			case "committed":
				shipped[l.SKU] += l.Quantity
			case "reserved":
				held[l.SKU] += l.Quantity
			}
		}
		if status := j.Orders[id].Status; r.Status == "reserved" && final(status) {
			j.found("goods", id, "it is %s, and goods are still reserved for it", status)
		}
	}
	for _, returns := range j.Returns {
		for _, r := range returns {
			for _, l := range r.Lines {
				if r.Status == "received" {
					returned[l.SKU] += l.Quantity
				}
			}
		}
	}
	skus := map[string]bool{}
	for sku := range j.Stock {
		skus[sku] = true
	}
	for sku := range j.Received {
		skus[sku] = true
	}
	for _, sku := range slices.Sorted(maps.Keys(skus)) {
		l := j.Stock[sku]
		if want := j.Received[sku] - shipped[sku] + returned[sku]; l.OnHand != want {
			j.found("goods", sku, "%d pieces are on hand; %d received − %d shipped + %d returned are %d",
				l.OnHand, j.Received[sku], shipped[sku], returned[sku], want)
		}
		if l.Reserved != held[sku] || l.Reserved < 0 || l.Reserved > l.OnHand {
			j.found("goods", sku, "%d pieces are reserved of %d on hand; orders hold %d", l.Reserved, l.OnHand, held[sku])
		}
	}
}
