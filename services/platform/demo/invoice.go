package demo

import (
	"fmt"
	"time"
)

// invoice is one invoice of the file.
type invoice struct {
	key      string
	customer customer
	country  string
	cancels  bool
	at       time.Time
	lines    []line
}

// orders merges lines of the same product and splits the rest into orders of a size that can be placed.
func (v *invoice) orders() (orders []*order) {
	var places []map[int32]int // of the lines of each order
	for _, l := range v.lines {
		part := 0
		for ; part < len(orders); part++ {
			if i, known := places[part][l.sku]; known && orders[part].lines[i].quantity+l.quantity <= maxPieces {
				orders[part].lines[i].quantity += l.quantity
				orders[part].lines[i].rows += l.rows
				break
			} else if !known && len(orders[part].lines) < maxLines {
				break
			}
		}
		if part == len(orders) {
			o := &order{key: v.key, customer: v.customer, country: v.country, at: v.at}
			if part > 0 {
				o.key = fmt.Sprintf("%s·%d", v.key, part+1)
			}
			orders, places = append(orders, o), append(places, map[int32]int{})
		}
		if _, known := places[part][l.sku]; !known {
			places[part][l.sku] = len(orders[part].lines)
			orders[part].lines = append(orders[part].lines, l)
		}
	}
	return orders
}

func merge(all []line) []line {
	merged := make([]line, 0, len(all))
	at := make(map[int32]int, len(all))
	for _, l := range all {
		if i, ok := at[l.sku]; ok {
			merged[i].quantity += l.quantity
			merged[i].rows += l.rows
			continue
		}
		at[l.sku] = len(merged)
		merged = append(merged, l)
	}
	return merged
}

// sellable returns an invoice without the rows of refused products, which end here.
func (p *Plan) sellable(v *invoice, refusals map[int32]string) *invoice {
	if len(refusals) == 0 {
		return v
	}
	kept := *v
	kept.lines = nil
	for _, l := range v.lines {
		why, no := refusals[l.sku]
		if !no {
			kept.lines = append(kept.lines, l)
			continue
		}
		p.account.refuse(l, v.cancels, "catalogue: "+why)
		p.account.name(int(l.at), fmt.Sprintf("the catalogue refuses %s: %s", p.products[l.sku].sku, why))
	}
	return &kept
}
