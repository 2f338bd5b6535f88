package demo

import (
	"fmt"
	"io"
	"slices"
	"time"
)

// The most of one order: lines, and pieces of a product.
const (
	maxLines  = 200
	maxPieces = 1_000_000
)

// maxFile is the most bytes of a file.
const maxFile = 512 << 20

// line is a quantity of one product, and how many rows of the file it stands for.
type line struct {
	sku      int32 // index of the product
	rows     int32
	at       int32 // line of the file where the first of them begins
	quantity int64
}

// order is an invoice, or a part of one, to be placed.
type order struct {
	number   int    // its place among the orders
	key      string // the invoice's number; with ·2, ·3, … for further parts, as no invoice's number can have it
	customer customer
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

// step is one of these, at its place in time.
type step struct {
	order   *order
	cancel  *cancellation
	receipt *receipt
}

// Plan is everything that will be done, in its order. It depends on nothing but the file, the limit and what the
// catalogue refuses. It also keeps the account of the rows, so it is carried out once.
type Plan struct {
	source   string // the file's name, for the report
	format   Format
	names    names
	limit    int
	draft    *draft
	products []product
	opening  []delivery
	steps    []step
	orders   []*order
	cancels  int
	account  *account
	from, to time.Time
}

// NewPlan reads a whole file of orders, uncompressed as from Open, and keeps what is needed of it. Source is its name. At
// most limit invoices become orders, 0 is no limit. Dates is the order of day and month where the file does not tell. An
// error is about the file.
func NewPlan(r io.Reader, source string, limit int, dates DateOrder) (*Plan, error) {
	raw, err := io.ReadAll(io.LimitReader(r, maxFile+1))
	switch {
	case err != nil:
		return nil, err
	case len(raw) > maxFile:
		return nil, fmt.Errorf("the file is larger than %d MiB; cut it into several", maxFile>>20)
	}
	f, err := openFile(raw, dates)
	if err != nil {
		return nil, err
	}
	d := newDraft()
	if err := f.rows(d.take, d.account.unreadable); err != nil {
		return nil, err
	}
	if d.unclear > 0 {
		return nil, fmt.Errorf("the date on line %d can be day or month first, and no row of the file tells which; say it with --dates dmy or --dates mdy", d.unclear)
	}
	slices.SortStableFunc(d.invoices, func(a, b *invoice) int { return a.at.Compare(b.at) })
	p := &Plan{source: source, format: f.format(), names: namesOf(source), limit: limit, draft: d, products: d.products()}
	return p, p.lay(nil)
}

// lay plans what is done with the rows, but for those whose product the catalogue refuses, with its reason.
func (p *Plan) lay(refusals map[int32]string) error {
	p.account, p.steps, p.orders, p.cancels = p.draft.account.clone(), nil, nil, 0
	match := newMatcher(p.account)
	sales, over := 0, false
	var beyond []*order
	for _, all := range p.draft.invoices {
		v := p.sellable(all, refusals)
		if !v.cancels {
			sales++
			over = over || p.limit > 0 && sales > p.limit
		}
		switch {
		case over:
			for _, l := range v.lines {
				if v.cancels {
					p.account.cancellation(l, leftOut, "beyond --limit")
				} else {
					p.account.sale(l, leftOut, "beyond --limit")
				}
			}
			if !v.cancels {
				beyond = append(beyond, v.orders()...)
			}
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
		return p.nothing()
	}
	p.from, p.to = p.orders[0].at, p.orders[len(p.orders)-1].at
	p.supply(slices.Concat(p.orders, beyond))
	return nil
}

// nothing says that no row can be ordered, and why the first one cannot.
func (p *Plan) nothing() error {
	why := ""
	if bad := p.account.malformed; len(bad) > 0 {
		why = fmt.Sprintf("; line %d: %s", bad[0].Line, bad[0].Reason)
	}
	return fmt.Errorf("the file has no row that can be ordered (%d rows read)%s", p.account.read, why)
}

// sellable is an invoice without the rows of refused products, which end here.
func (p *Plan) sellable(v *invoice, refusals map[int32]string) *invoice {
	if len(refusals) == 0 {
		return v
	}
	kept := *v
	kept.lines = nil
	for _, l := range v.lines {
		why, no := refusals[l.sku]
		switch {
		case !no:
			kept.lines = append(kept.lines, l)
			continue
		case v.cancels:
			p.account.cancellation(l, refused, "catalogue: "+why)
		default:
			p.account.sale(l, refused, "catalogue: "+why)
		}
		p.account.name(int(l.at), fmt.Sprintf("the catalogue refuses %s: %s", p.products[l.sku].sku, why))
	}
	return &kept
}

// invoice is what the file says of one.
type invoice struct {
	key      string
	customer customer
	country  string
	cancels  bool
	at       time.Time
	lines    []line
}

// orders merges lines of the same product and cuts the rest into orders of a size that can be placed.
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
