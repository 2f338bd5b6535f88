package demo

import (
	"maps"
	"slices"
	"time"
)

// The stock rule. See the package comment.
const (
	openingShare  = 60 // percent of the pieces ordered in the first days
	openingDays   = 31
	weeklyShare   = 90 // percent of the pieces ordered in the week to come
	deliveryItems = 2000
	maxReceived   = 1_000_000_000 // pieces of a product at once
)

var warehouses = [2]string{"north", "south"}

// receipt is the goods received on one day.
type receipt struct{ deliveries []delivery }

// delivery is one request about some of them.
type delivery struct {
	key   string // follows from the content
	items []stocked

	unlisted bool // it comes before its products are listed
}

type stocked struct {
	sku       int32
	warehouse string
	quantity  int64
}

// supply plans the opening stock, and the receipts between the orders, for all orders of the file: a limit does not
// change the stock.
func (p *Plan) supply(all []*order) {
	day := func(o *order) int { return int(o.at.Sub(p.from) / (24 * time.Hour)) }
	first := map[int32]int64{}
	weeks := make([]map[int32]int64, day(all[len(all)-1])/7+1)
	for _, o := range all {
		for _, l := range o.lines {
			if day(o) < openingDays {
				first[l.sku] += l.quantity
			}
			week := day(o) / 7
			if weeks[week] == nil {
				weeks[week] = map[int32]int64{}
			}
			weeks[week][l.sku] += l.quantity
		}
	}
	p.opening = p.deliveries("opening", first, openingShare)
	steps := make([]step, 0, len(p.steps)+len(weeks))
	week := 0
	for _, s := range p.steps {
		for s.order != nil && week < day(s.order)/7 {
			week++
			if weeks[week] == nil {
				continue
			}
			name := p.from.AddDate(0, 0, 7*week).Format(time.DateOnly)
			steps = append(steps, step{receipt: &receipt{p.deliveries(name, weeks[week], weeklyShare)}})
		}
		steps = append(steps, s)
	}
	p.steps = steps
}

// deliveries splits a share of a demand into requests of an accepted size.
func (p *Plan) deliveries(name string, demand map[int32]int64, percent int64) (all []delivery) {
	var items []stocked
	for _, sku := range slices.Sorted(maps.Keys(demand)) {
		n := min((demand[sku]*percent+99)/100, maxReceived)
		items = append(items, stocked{sku, warehouses[0], n - n/2})
		if n/2 > 0 {
			items = append(items, stocked{sku, warehouses[1], n / 2})
		}
	}
	for part := range slices.Chunk(items, deliveryItems) {
		all = append(all, delivery{p.names.receiptKey(name, len(all)+1, part, p.products), part, false})
	}
	return all
}
