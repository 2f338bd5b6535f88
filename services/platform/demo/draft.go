package demo

import (
	"cmp"
	"strings"
)

// draft groups the rows of the file by invoice and by product.
type draft struct {
	account  *account
	invoices []*invoice
	byKey    map[string]*invoice
	goods    []*goods
	byCode   map[string]int32
	names    map[string]string // one copy of each text
	Shop
	unclear int32       // the line of the first row with an ambiguous date
	faults  []Malformed // all rows refused
}

// goods are the prices and descriptions of one product in the rows.
type goods struct {
	code         string
	currency     string // empty: GBP
	prices       map[int64]int
	descriptions map[string]int
}

func newDraft() *draft {
	return &draft{account: newAccount(), byKey: map[string]*invoice{}, byCode: map[string]int32{}, names: map[string]string{}}
}

// take adds a row, or refuses it.
func (d *draft) take(r row) {
	d.account.read++
	code := country(r.country)
	switch {
	case !isGoods(r.code):
		d.refuse(r, "not goods")
		return
	case r.cancels() && r.quantity >= 0:
		d.refuse(r, "positive quantity in a cancellation")
		return
	case !r.cancels() && r.quantity < 0:
		d.refuse(r, "negative quantity outside a cancellation")
		return
	case r.quantity == 0:
		d.refuse(r, "quantity of 0")
		return
	case !r.cancels() && r.quantity > maxPieces:
		d.refuse(r, "more pieces than an order takes")
		return
	case !r.cancels() && r.price <= 0:
		d.refuse(r, "no price")
		return
	case code == "":
		d.refuse(r, "unknown country")
		return
	}
	v := d.invoice(r, code)
	if v.customer != d.customer(r) || v.country != code {
		d.refuse(r, "another customer than the invoice")
		return
	}
	if r.unclear && d.unclear == 0 {
		d.unclear = r.line
	}
	sku := d.product(r, d.currency(code))
	v.lines = append(v.lines, line{sku: sku, rows: 1, at: r.line, quantity: max(r.quantity, -r.quantity)})
}

func (d *draft) refuse(r row, reason string) {
	d.account.refuse(line{rows: 1, at: r.line}, r.cancels(), reason)
	d.faults = append(d.faults, Malformed{int(r.line), reason})
}

func (d *draft) unreadable(line int, reason string) {
	d.account.unreadable(line, reason)
	d.faults = append(d.faults, Malformed{line, reason})
}

func (d *draft) invoice(r row, code string) *invoice {
	if v := d.byKey[r.invoice]; v != nil {
		return v
	}
	v := &invoice{key: strings.Clone(r.invoice), customer: d.customer(r), country: code, cancels: r.cancels(), at: r.at}
	d.byKey[v.key] = v
	d.invoices = append(d.invoices, v)
	return v
}

// customer is the row's customer; one without a number is new in each invoice, and cancels nothing.
func (d *draft) customer(r row) customer {
	switch {
	case r.customer != "":
		return customer{number: d.one(r.customer)}
	case r.cancels():
		return customer{}
	}
	return customer{guest: d.one(r.invoice)}
}

// currency is what customers of the country pay with; empty: GBP.
func (d *draft) currency(country string) string {
	if d.Euros && euroCountries[country] {
		return euro
	}
	return ""
}

// product finds the product of a row. A product has one price: sold in two currencies, it is two.
func (d *draft) product(r row, currency string) int32 {
	code := r.code
	if currency != "" {
		code += "-" + currency
	}
	i, known := d.byCode[code]
	if !known {
		i = int32(len(d.goods))
		g := &goods{code: strings.Clone(code), currency: currency, prices: map[int64]int{}, descriptions: map[string]int{}}
		d.goods = append(d.goods, g)
		d.byCode[g.code] = i
	}
	g := d.goods[i]
	if r.price > 0 && !r.cancels() {
		g.prices[r.price]++
	}
	if r.description != "" && !r.cancels() {
		g.descriptions[d.one(r.description)]++
	}
	return i
}

// one interns a text, so that its line is not kept in memory.
func (d *draft) one(text string) string {
	if known, ok := d.names[text]; ok {
		return known
	}
	text = strings.Clone(text)
	d.names[text] = text
	return text
}

// product is one product for sale.
type product struct {
	sku, description string
	price            int64  // pence; 0: never sold
	currency         string // empty: GBP
	backorderable    bool
}

// products have their most frequent price and description: among equals the lowest price, the first description.
func (d *draft) products() []product {
	all := make([]product, len(d.goods))
	for i, g := range d.goods {
		all[i] = product{sku: g.code, description: cmp.Or(printable(mostOften(g.descriptions)), g.code), price: mostOften(g.prices),
			currency: g.currency, backorderable: d.Backorders}
	}
	return all
}

func mostOften[K cmp.Ordered](counts map[K]int) (found K) {
	most := 0
	for k, n := range counts {
		if n > most || n == most && k < found {
			found, most = k, n
		}
	}
	return found
}
