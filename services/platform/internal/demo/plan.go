package demo

import (
	"fmt"
	"io"
	"slices"
	"time"
)

// maxLines is the most lines of one order.
const maxLines = 200

// line is a quantity of one product, and how many rows of the file it stands for.
type line struct {
	sku      int32 // index of the product
	rows     int32
	quantity int64
}

// order is an invoice, or a part of one, to be placed.
type order struct {
	number   int    // its place among the orders
	key      string // the invoice's number; with -2, -3, … for further parts
	customer string
	country  string
	at       time.Time
	lines    []line
}

// cancellation takes back lines of one earlier order.
type cancellation struct {
	invoice string
	of      *order
	lines   []line
	whole   bool // all that was ordered

	asked   bool   // the platform took the cancellation; it may still come too late
	refusal string // why the platform refused the return
}

// reason is what the platform is told, and how a return is known again.
func (c *cancellation) reason() string { return "cancellation invoice " + c.invoice }

// step is one of these, at its place in time.
type step struct {
	order   *order
	cancel  *cancellation
	receipt *receipt
}

// Plan is everything that will be done, in its order. It depends on nothing but the file and the limit. It also keeps the
// account of the rows, so it is carried out once.
type Plan struct {
	source   string // the file's name, for the report
	products []product
	opening  []delivery
	steps    []step
	orders   []*order
	cancels  int
	account  *account
	from, to time.Time
}

// NewPlan reads a whole file of orders, uncompressed as from Open, and keeps what is needed of it. Source is its name. At
// most limit invoices become orders, 0 is no limit. An error is about the file.
func NewPlan(file io.Reader, source string, limit int) (*Plan, error) {
	d := newDraft()
	if err := readRows(file, d.take, d.account.unreadable); err != nil {
		return nil, err
	}
	p := &Plan{source: source, products: d.products(), account: d.account}
	match := newMatcher(p.account)
	slices.SortStableFunc(d.invoices, func(a, b *invoice) int { return a.at.Compare(b.at) })
	sales, over := 0, false
	var beyond []*order
	for _, v := range d.invoices {
		if !v.cancels {
			sales++
			over = over || limit > 0 && sales > limit
		}
		switch {
		case over && v.cancels:
			p.account.cancellation(len(v.lines), leftOut, "beyond --limit")
		case over:
			p.account.sale(len(v.lines), leftOut, "beyond --limit")
			beyond = append(beyond, v.orders()...)
		case v.cancels:
			for _, c := range match.cancel(v) {
				p.steps = append(p.steps, step{cancel: c})
				p.cancels++
			}
		default:
			for _, o := range v.orders() {
				o.number = len(p.orders)
				p.orders = append(p.orders, o)
				p.steps = append(p.steps, step{order: o})
				match.sold(o)
			}
		}
	}
	if len(p.orders) == 0 {
		return nil, fmt.Errorf("the file has no row that can be ordered (%d rows read)", p.account.read)
	}
	p.from, p.to = p.orders[0].at, p.orders[len(p.orders)-1].at
	p.supply(slices.Concat(p.orders, beyond))
	return p, nil
}

// invoice is what the file says of one.
type invoice struct {
	key, customer, country string
	cancels                bool
	at                     time.Time
	lines                  []line
}

// orders merges lines of the same product and cuts the rest into orders of a size that can be placed.
func (v *invoice) orders() (orders []*order) {
	merged := merge(v.lines)
	for part := 1; len(merged) > 0; part++ {
		n := min(len(merged), maxLines)
		o := &order{key: v.key, customer: v.customer, country: v.country, at: v.at, lines: merged[:n:n]}
		if part > 1 {
			o.key = fmt.Sprintf("%s-%d", v.key, part)
		}
		orders, merged = append(orders, o), merged[n:]
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
