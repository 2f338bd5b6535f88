package demo

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

const listed = 1000 // products in one request

// furnish lists the products and receives the opening stock. Rows of products that the catalogue refuses are removed from
// the plan. It returns once customers see both.
func (r *replay) furnish(ctx context.Context) error {
	r.o.Progress.Stage("loading the catalogue", 0)
	var onSale []int32
	for i, p := range r.plan.products {
		if p.price > 0 {
			onSale = append(onSale, int32(i))
		}
	}
	refusals := map[int32]string{}
	for some := range slices.Chunk(onSale, listed) {
		if _, err := r.client.listAll(ctx, some, r.plan.products, refusals); err != nil {
			return err
		}
	}
	if len(refusals) > 0 {
		if err := r.plan.lay(refusals); err != nil {
			return err
		}
	}
	r.begin()
	stocked := map[string]bool{}
	for _, d := range r.plan.opening {
		if err := r.takeIn(ctx, d); err != nil {
			return err
		}
		for _, s := range d.items {
			stocked[r.plan.products[s.sku].sku] = true
		}
	}
	var there []product
	for _, i := range onSale {
		if _, no := refusals[i]; !no {
			there = append(there, r.plan.products[i])
		}
	}
	// If all stock was received before, some of it may be sold out, and there is no level to wait for.
	again := r.intake.Received == r.intake.ReceivedBefore
	return r.client.visible(ctx, there, r.o.Patience, func(o offer) bool { return again || o.Available > 0 || !stocked[o.SKU] })
}

// listAll puts products on sale. A request that is refused for its content is halved, until the refused products are found.
func (c *client) listAll(ctx context.Context, some []int32, all []product, refusals map[int32]string) (l listings, err error) {
	products := make([]product, len(some))
	for i, sku := range some {
		products[i] = all[sku]
	}
	l, err = c.list(ctx, products)
	var no *refusal
	switch {
	case !errors.As(err, &no) || !no.aboutContent():
		return l, err
	case len(some) == 1:
		refusals[some[0]] = no.Error()
		return l, nil
	}
	l, err = c.listAll(ctx, some[:len(some)/2], all, refusals)
	if err != nil {
		return l, err
	}
	rest, err := c.listAll(ctx, some[len(some)/2:], all, refusals)
	return listings{l.Listed + rest.Listed, l.Repriced + rest.Repriced, l.Unchanged + rest.Unchanged}, err
}

// visible waits until customers see every product at its price and in stock.
func (c *client) visible(ctx context.Context, onSale []product, patience time.Duration, inStock func(offer) bool) error {
	for began := time.Now(); ; {
		missing := make(map[string]money, len(onSale))
		for _, p := range onSale {
			missing[p.sku] = money{p.price, cmp.Or(p.currency, "GBP")}
		}
		err := c.offers(ctx, func(o offer) {
			if missing[o.SKU] == o.Price && inStock(o) {
				delete(missing, o.SKU)
			}
		})
		switch {
		case err != nil:
			return err
		case len(missing) == 0:
			return nil
		case time.Since(began) > patience:
			return fmt.Errorf(
				"after %s customers do not see %d of %d products as they were loaded; "+
					"see /v1/obligations or /v1/parked on the operators' listener",
				patience, len(missing), len(onSale))
		}
		if !pause(ctx, 200*time.Millisecond) {
			return context.Cause(ctx)
		}
	}
}

// receive receives the goods of one day.
func (r *replay) receive(ctx context.Context, day *receipt) error {
	var faults []error
	for _, d := range day.deliveries {
		faults = append(faults, r.takeIn(ctx, d))
	}
	return errors.Join(faults...)
}

// takeIn receives one delivery and counts its pieces by the answer.
func (r *replay) takeIn(ctx context.Context, d delivery) error {
	answer, before, err := r.client.receive(ctx, d, r.plan.products)
	var no *refusal
	switch {
	case errors.As(err, &no) && no.aboutContent():
		r.intake.NotReceived += d.pieces()
		return nil
	case err != nil:
		return err
	case answer.Received+answer.Repeated != len(d.items):
		return fmt.Errorf("receipt %s: %d items were sent, and the answer counts %d", d.key, len(d.items),
			answer.Received+answer.Repeated)
	}
	r.intake.Received += d.pieces()
	if before {
		r.intake.ReceivedBefore += d.pieces()
	}
	return nil
}

// pause waits, and returns false when ctx has ended.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
