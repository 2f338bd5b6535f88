package demo

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"orderflow.example/services/platform/progress"
)

// ImportOptions configure the import of a catalogue.
type ImportOptions struct {
	StorefrontURL string
	OperatorsURL  string
	Key           []byte // signs the platform's tokens

	Catalogue *Catalogue
	Empty     bool              // the shop is known to have neither products nor stock
	Patience  time.Duration     // how long the platform may be unreachable; 0 is two minutes
	Progress  progress.Progress // nil is silent
}

// Imported is the result of an import.
type Imported struct {
	Source   string `json:"source"`
	Format   Format `json:"format"`
	Rows     int    `json:"rows"`
	Products int    `json:"products"` // that the file can list
	listings
	Received      int64       `json:"received"`       // pieces of opening stock
	StockedBefore int64       `json:"stocked_before"` // pieces not received, as there had been goods in that warehouse
	Refused       []Malformed `json:"refused"`        // rows, by line
	RefusedSKUs   []Refusal   `json:"refused_skus"`   // by the platform

	orders bool
}

// Refusal is a product that the platform refuses to list or to stock.
type Refusal struct {
	SKU    string `json:"sku"`
	Reason string `json:"reason"`
}

// Whole reports whether every product of the file was imported. Rows of a file of orders that sell nothing are no fault.
func (i Imported) Whole() bool { return len(i.RefusedSKUs) == 0 && (i.orders || len(i.Refused) == 0) }

// Preview is what an import would report if the platform refused nothing and knew none of it.
func (c *Catalogue) Preview() Imported {
	i := Imported{Source: c.source, Format: c.format, Rows: c.rows, Products: len(c.products), orders: c.orders,
		Refused: slices.Concat([]Malformed{}, c.faults), RefusedSKUs: []Refusal{}}
	for _, s := range c.opening {
		i.Received += s.quantity
	}
	i.Listed = len(c.products)
	return i
}

// Import lists the products of a catalogue, and receives their opening stock in warehouses where none of them ever was.
// Repeated, it changes nothing. It returns once customers see the products.
func Import(ctx context.Context, o ImportOptions) (Imported, error) {
	run := Options{StorefrontURL: o.StorefrontURL, OperatorsURL: o.OperatorsURL, Key: o.Key, Patience: o.Patience,
		Progress: o.Progress, Plan: &Plan{}}
	run.defaults()
	c, err := newClient(run, inFlight)
	if err != nil {
		return Imported{}, err
	}
	if err := c.hello(ctx); err != nil {
		return Imported{}, err
	}
	done := o.Catalogue.Preview()
	done.Received = 0
	if o.Empty { // the stock first: a shop with products is not empty, and a killed import begins again
		if err := o.Catalogue.stockAtOnce(ctx, c, run.Progress, &done); err != nil {
			return Imported{}, err
		}
	}
	refusals, err := o.Catalogue.list(ctx, c, run.Progress, &done)
	if err != nil {
		return Imported{}, err
	}
	there := slices.Clone(o.Catalogue.products)
	for i := len(there) - 1; i >= 0; i-- {
		if _, no := refusals[int32(i)]; no {
			there = slices.Delete(there, i, i+1)
		}
	}
	if !o.Empty {
		if err := o.Catalogue.stock(ctx, c, refusals, run.Progress, &done); err != nil {
			return Imported{}, err
		}
	}
	run.Progress.Stage("waiting until customers see them", 0)
	return done, c.visible(ctx, there, run.Patience, func(offer) bool { return true })
}

// list lists the products and returns those that the platform refuses.
func (c *Catalogue) list(ctx context.Context, to *client, p progress.Progress, done *Imported) (map[int32]string, error) {
	p.Stage("listing products", len(c.products))
	done.Listed = 0
	all, refusals := make([]int32, len(c.products)), map[int32]string{}
	for i := range all {
		all[i] = int32(i)
	}
	listedSoFar := 0
	for some := range slices.Chunk(all, listed) {
		l, err := to.listAll(ctx, some, c.products, refusals)
		if err != nil {
			return nil, err
		}
		done.Listed, done.Repriced, done.Unchanged = done.Listed+l.Listed, done.Repriced+l.Repriced, done.Unchanged+l.Unchanged
		listedSoFar += len(some)
		p.Set(listedSoFar)
	}
	for i, reason := range refusals {
		if c.lines[i] > 0 {
			done.Refused = append(done.Refused, Malformed{c.lines[i], "the platform refuses it: " + reason})
		}
		done.RefusedSKUs = append(done.RefusedSKUs, Refusal{c.products[i].sku, reason})
	}
	slices.SortStableFunc(done.Refused, func(a, b Malformed) int { return a.Line - b.Line })
	return refusals, nil
}

// stockAtOnce receives the opening stock in few requests, whose keys follow from all of it.
func (c *Catalogue) stockAtOnce(ctx context.Context, to *client, p progress.Progress, done *Imported) error {
	p.Stage("receiving opening stock", len(c.opening))
	shelves := 0
	for items := range slices.Chunk(c.opening, deliveryItems) {
		d := delivery{namesOf(c.source).receiptKey("opening", shelves, items, c.products), items, true}
		if _, _, err := to.receive(ctx, d, c.products); err != nil {
			return err
		}
		done.Received += d.pieces()
		shelves += len(items)
		p.Set(shelves)
	}
	return nil
}

// stock receives the opening stock, each shelf in a request of its own: its key does not depend on the rest of the file.
func (c *Catalogue) stock(ctx context.Context, to *client, refusals map[int32]string, p progress.Progress, done *Imported) error {
	p.Stage("receiving opening stock", len(c.opening))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(inFlight)
	var mu sync.Mutex
	shelves := 0
	for _, one := range c.opening {
		if _, no := refusals[one.sku]; no {
			continue
		}
		group.Go(func() error {
			sku := c.products[one.sku].sku
			before, err := to.open(ctx, sku, one.warehouse, one.quantity)
			var no *refusal
			if err != nil && (!errors.As(err, &no) || !no.aboutContent()) {
				return err
			}
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err != nil:
				done.RefusedSKUs = append(done.RefusedSKUs, Refusal{sku, "its stock in " + one.warehouse + ": " + no.Error()})
			case before:
				done.StockedBefore += one.quantity
			default:
				done.Received += one.quantity
			}
			shelves++
			p.Set(shelves)
			return nil
		})
	}
	err := group.Wait()
	slices.SortFunc(done.RefusedSKUs, func(a, b Refusal) int {
		return cmp.Or(cmp.Compare(a.SKU, b.SKU), cmp.Compare(a.Reason, b.Reason))
	})
	return err
}

// open receives the opening stock of a product, unless there were goods of it in this warehouse before.
func (c *client) open(ctx context.Context, sku, warehouse string, quantity int64) (before bool, err error) {
	var level struct {
		Warehouses []struct {
			Warehouse string `json:"warehouse"`
		} `json:"warehouses"`
	}
	path := (&url.URL{Path: "/v1/stock/" + sku}).EscapedPath()
	_, _, err = c.ask(ctx, asked{method: http.MethodGet, url: c.operators + path, token: c.operator}, &level)
	var no *refusal
	if err != nil && (!errors.As(err, &no) || no.Status != http.StatusNotFound) {
		return false, err
	}
	for _, w := range level.Warehouses {
		if w.Warehouse == warehouse {
			return true, nil
		}
	}
	goods := delivery{"opening/" + escaped(sku) + "/" + escaped(warehouse), []stocked{{0, warehouse, quantity}}, false}
	_, before, err = c.receive(ctx, goods, []product{{sku: sku}})
	if is(err, "idempotency-key-reused") { // by an import of another quantity that runs now
		return true, nil
	}
	return before, err
}
