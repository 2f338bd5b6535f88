package demo

import (
	"fmt"
	"slices"
	"time"
)

// priceList gathers the rows of a catalogue by product.
type priceList struct {
	places  map[string]int // of the products, by SKU
	entries []pricedProduct
}

// pricedProduct is one product with all its prices.
type pricedProduct struct {
	product
	line    int
	prices  []price
	shelves []shelf
}

// price is what a product costs from a time until another; zero is without an end.
type price struct {
	amount      int64
	currency    string
	from, until time.Time
	line        int
}

// shelf is the opening stock of a product in one warehouse.
type shelf struct {
	warehouse string
	quantity  int64
	line      int
}

// add adds a row. Rows of one product differ in their price or in their warehouse.
func (l *priceList) add(r catalogueRow, line int) error {
	place, known := l.places[r.sku]
	if !known {
		place = len(l.entries)
		l.places[r.sku] = place
		l.entries = append(l.entries, pricedProduct{product: r.product, line: line})
	}
	e := &l.entries[place]
	if e.description != r.description || e.backorderable != r.backorderable {
		return fmt.Errorf("line %d describes %s otherwise", e.line, r.sku)
	}
	if r.warehouse != "" {
		if i := slices.IndexFunc(e.shelves, func(s shelf) bool { return s.warehouse == r.warehouse }); i >= 0 {
			return fmt.Errorf("line %d has the stock of %s in %s", e.shelves[i].line, r.sku, r.warehouse)
		}
		e.shelves = append(e.shelves, shelf{r.warehouse, r.quantity, line})
	}
	e.prices = append(e.prices, price{r.price, r.currency, r.from, r.until, line})
	return nil
}

// check returns an error if a product has two prices at one time.
func (l *priceList) check() error {
	for i := range l.entries {
		e := &l.entries[i]
		for j, a := range e.prices {
			for _, b := range e.prices[:j] {
				if (a.amount != b.amount || a.currency != b.currency) && a.meets(b) {
					return fmt.Errorf("%s has two prices at one time, on lines %d and %d; "+
						"correct one, or give each its time in valid_from and valid_until", e.sku, b.line, a.line)
				}
			}
		}
	}
	return nil
}

// meets reports whether there is a time at which both prices are valid.
func (p price) meets(other price) bool {
	return (p.until.IsZero() || other.from.Before(p.until)) && (other.until.IsZero() || p.from.Before(other.until))
}

func (p price) validAt(at time.Time) bool {
	return !at.Before(p.from) && (p.until.IsZero() || at.Before(p.until))
}

// settle gives the catalogue each product at its price of now. A product without one is named as a fault.
func (l *priceList) settle(c *Catalogue, now time.Time) {
	for i := range l.entries {
		e := &l.entries[i]
		valid := slices.IndexFunc(e.prices, func(p price) bool { return p.validAt(now) })
		if valid < 0 {
			c.faults = append(c.faults, Malformed{e.line, fmt.Sprintf("no price of %s is valid now", e.sku)})
			continue
		}
		e.price, e.currency = e.prices[valid].amount, e.prices[valid].currency
		for _, s := range e.shelves {
			if s.quantity > 0 {
				c.opening = append(c.opening, stocked{int32(len(c.products)), s.warehouse, s.quantity})
			}
		}
		c.products, c.lines = append(c.products, e.product), append(c.lines, e.line)
	}
}
