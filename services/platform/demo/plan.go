package demo

import (
	"fmt"
	"io"
	"slices"
	"time"
)

// The limits of one order: lines, and pieces of a product.
const (
	maxLines  = 200
	maxPieces = 1_000_000
)

// maxFile is the most bytes of a file.
const maxFile = 512 << 20

// line is a quantity of one product, and the number of rows of the file that it merges.
type line struct {
	sku      int32 // index of the product
	rows     int32
	at       int32 // line of the file at which the first of them begins
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
	waits    bool // for goods that are missing, if it is filled in full or not at all
}

// cancellation cancels or returns lines of one earlier order.
type cancellation struct {
	invoice string
	of      *order
	lines   []line
	whole   bool // all that was ordered

	asked   bool   // the platform accepted the cancellation; it may still be too late
	refusal string // why the platform refused the return
}

// step is one of these, in the order of time.
type step struct {
	order   *order
	cancel  *cancellation
	receipt *receipt
}

// Plan is everything that will be done, in its order. It depends only on the file, the limit and the catalogue's
// refusals. It also keeps the account of the rows, so it is executed once.
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

// NewPlan reads a whole file of orders, uncompressed as from Open. Source is its name. At most limit invoices become
// orders, 0 is no limit. Dates is the order of day and month if the file does not decide it. An error is about the file.
func NewPlan(r io.Reader, source string, limit int, dates DateOrder) (*Plan, error) {
	return newPlan(r, source, limit, newDraft(), dates)
}

// Shop is how the shop of a plan differs from that of NewPlan.
type Shop struct {
	// Euros: customers in the countries of the euro pay in euros; what they buy is for sale as a product of its own, at as many
	// cents as others pay pence.
	Euros bool
	// Backorders: goods may be waited for, and of the orders that are filled in full or not at all a third waits.
	Backorders bool
}

// NewPlanFor is NewPlan for another shop: its orders are others than those of the file alone.
func NewPlanFor(s Shop, r io.Reader, source string, limit int, dates DateOrder) (*Plan, error) {
	d := newDraft()
	d.Shop = s
	p, err := newPlan(r, source, limit, d, dates)
	if err != nil {
		return nil, err
	}
	if s.Euros {
		source += " in euros"
	}
	if s.Backorders {
		source += " with back-orders"
	}
	p.names = namesOf(source)
	return p, nil
}

func newPlan(r io.Reader, source string, limit int, d *draft, dates DateOrder) (*Plan, error) {
	raw, err := io.ReadAll(io.LimitReader(r, maxFile+1))
	switch {
	case err != nil:
		return nil, err
	case len(raw) > maxFile:
		return nil, fmt.Errorf("the file is larger than %d MiB; split it", maxFile>>20)
	}
	f, err := openFile(raw, dates)
	if err != nil {
		return nil, err
	}
	if err := f.rows(d.take, d.unreadable); err != nil {
		return nil, err
	}
	if d.unclear > 0 {
		return nil, fmt.Errorf("the date on line %d can be day or month first, and no row of the file decides it; "+
			"give the order with --dates dmy or --dates mdy", d.unclear)
	}
	slices.SortStableFunc(d.invoices, func(a, b *invoice) int { return a.at.Compare(b.at) })
	p := &Plan{source: source, format: f.format(), names: namesOf(source), limit: limit, draft: d, products: d.products()}
	return p, p.lay(nil)
}

// lay plans the steps for all rows except those whose product the catalogue refuses, with its reason.
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
				o.number, o.waits = len(p.orders), p.draft.Backorders && o.luck("waits") < 333
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

// nothing returns the error that no row can be ordered, with the reason of the first one.
func (p *Plan) nothing() error {
	why := ""
	if bad := p.account.malformed; len(bad) > 0 {
		why = fmt.Sprintf("; line %d: %s", bad[0].Line, bad[0].Reason)
	}
	return fmt.Errorf("the file has no row that can be ordered (%d rows read)%s", p.account.read, why)
}
